//! A long history is never held whole: what lies far from the reader is let go and read again when they come back to it.
//! The stream goes on meanwhile; of messages behind the loaded ones only the newest id is kept, as the cursor.

use super::{Applied, LiveChat};
use crate::ids::MessageId;
use crate::messages::{Message, MessagePage};

/// What was loaded when a page was asked for. A page that comes when that has changed would leave a gap, or bring back
/// what an edit removed; it is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    /// The oldest loaded message.
    pub first: MessageId,
    /// The newest loaded message.
    pub last: MessageId,
    /// The newest message of the chat that was heard of.
    pub newest: MessageId,
}

impl LiveChat {
    /// What is loaded now.
    pub fn edges(&self) -> Edges {
        let id_of = |message: Option<&Message>| message.map_or(MessageId(0), |message| message.id);
        Edges {
            first: id_of(self.messages.first()),
            last: id_of(self.messages.last()),
            newest: self.cursor(),
        }
    }

    /// Adds the page before the loaded messages.
    pub fn prepend(&mut self, page: MessagePage, asked: Edges) {
        if self.edges().first == asked.first {
            self.has_older = page.has_more;
            self.insert_page(page);
        }
    }

    /// Lets go of everything before a message.
    pub fn let_go_before(&mut self, first: MessageId) {
        let count = self.messages.len();
        self.messages.retain(|message| message.id >= first);
        self.has_older |= self.messages.len() < count;
    }

    /// Lets go of a message and everything behind it.
    pub fn let_go_from(&mut self, first: MessageId) {
        let newest = self.cursor();
        self.messages.retain(|message| message.id < first);
        if self.cursor() < newest {
            self.newest_beyond = Some(newest);
        }
    }

    /// Adds the page behind the loaded messages.
    pub fn append(&mut self, page: MessagePage, asked: Edges) {
        if self.edges().last == asked.last {
            let has_more = page.has_more;
            self.insert_newer(page, asked, has_more);
        }
    }

    /// Puts the newest page in the place of what is loaded.
    pub fn show_newest(&mut self, page: MessagePage, asked: Edges) {
        if self.is_as_long_as(asked) {
            self.messages.clear();
            self.has_older = page.has_more;
            self.insert_newer(page, asked, false);
        }
    }

    /// Puts an older page in the place of what is loaded.
    pub fn show_page(&mut self, page: MessagePage, asked: Edges) {
        if self.edges() == asked {
            self.messages.clear();
            self.has_older = page.has_more;
            self.insert_page(page);
            let newest = asked.newest;
            self.newest_beyond = (self.edges().last < newest).then_some(newest);
        }
    }

    fn insert_newer(&mut self, page: MessagePage, asked: Edges, has_more: bool) {
        if self.is_as_long_as(asked) {
            self.insert_page(page);
            // What came after the question may be missing in the answer.
            let is_whole = !has_more && self.newest_beyond == Some(asked.newest);
            self.newest_beyond = self.newest_beyond.filter(|_| !is_whole);
        }
    }

    fn is_as_long_as(&self, asked: Edges) -> bool {
        self.newest_beyond
            .is_some_and(|newest| newest >= asked.newest)
    }

    fn insert_page(&mut self, page: MessagePage) {
        for message in page.messages {
            self.insert_message(message);
        }
    }

    /// Takes a message that the stream tells of.
    pub(super) fn hear_message(&mut self, message: Message) -> Applied {
        let is_before = self
            .messages
            .first()
            .is_some_and(|first| message.id < first.id);
        if self.has_older && is_before {
            // It stands in a page that is read when the reader comes to it.
            return Applied::Unchanged;
        }
        let is_behind = self.messages.last().is_none_or(|last| message.id > last.id);
        match &mut self.newest_beyond {
            Some(newest) if is_behind => {
                if message.id <= *newest {
                    return Applied::Unchanged;
                }
                *newest = message.id;
                Applied::Changed
            }
            _ => self.insert_message(message),
        }
    }

    /// Everything above an id is gone, also behind the loaded messages. `is_cut` tells whether loaded ones went; the answer,
    /// whether something behind them did.
    pub(super) fn shorten_beyond(&mut self, after_id: MessageId, is_cut: bool) -> bool {
        let before = self.newest_beyond;
        let last = self.edges().last;
        self.newest_beyond = before
            .map(|newest| newest.min(after_id))
            .filter(|newest| !is_cut && *newest > last);
        self.newest_beyond != before
    }
}
