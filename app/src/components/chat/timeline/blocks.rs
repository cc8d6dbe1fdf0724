//! The conversation in blocks: what is loaded comes and goes in whole ones at either end, so that nothing within a block
//! is ever moved by it. Browsers keep the reader's place while an element in it stays where it is in the document.

use std::sync::Arc;

use sdk::ids::MessageId;
use sdk::messages::{Message, Role};
use sdk::parts::Part;

use super::Entry;

/// How many messages a block has, except the last one while it is written, and one without a place to end.
const BLOCK_MESSAGES: usize = 50;
/// How many entries of a long chat are held at least. The lowest ones together are still taller than several windows, so
/// what is let go at one end never stands near a reader at the other.
const HELD_ENTRIES: usize = 300;
/// How many more there may be while the reader follows the end.
const SLACK: usize = 100;

/// A stretch of the conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Its first message, by which it is known; nothing when the chat has no message yet.
    pub start: Option<MessageId>,
    /// What it shows.
    pub entries: Vec<Entry>,
}

/// Where blocks begin, given where they began before: what came in front and behind gets blocks of its own.
pub fn block_starts(messages: &[Arc<Message>], before: &[MessageId]) -> Vec<MessageId> {
    let position_of = |id: &MessageId| messages.binary_search_by_key(id, |message| message.id);
    let mut starts: Vec<MessageId> = messages
        .first()
        .map(|message| message.id)
        .into_iter()
        .collect();
    let kept = before
        .iter()
        .filter(|id| position_of(id).is_ok() && !starts.contains(id));
    starts.extend(kept.copied().collect::<Vec<_>>());
    let last = starts.last().and_then(|id| position_of(id).ok());
    let Some(rest) = last.and_then(|last| messages.get(last..)) else {
        return starts;
    };
    let mut count = 0;
    for message in rest {
        if count >= BLOCK_MESSAGES && may_begin(message) {
            starts.push(message.id);
            count = 0;
        }
        count += 1;
    }
    starts
}

/// Whether a block may begin with a message: calls of steps that follow each other stand in one card.
fn may_begin(message: &Message) -> bool {
    match message.role {
        Role::User => true,
        Role::Assistant => !matches!(message.content.first(), None | Some(Part::ToolCall(_))),
        Role::Tool | Role::System => false,
    }
}

/// The messages of each block.
pub fn blocks_of<'messages>(
    messages: &'messages [Arc<Message>],
    starts: &'messages [MessageId],
) -> impl Iterator<Item = &'messages [Arc<Message>]> {
    let position = |id: Option<&MessageId>| {
        id.map_or(messages.len(), |id| {
            messages.partition_point(|message| message.id < *id)
        })
    };
    (0..starts.len()).map(move |number| {
        let (from, to) = (
            position(starts.get(number)),
            position(starts.get(number + 1)),
        );
        messages.get(from..to).unwrap_or_default()
    })
}

/// The first message to let go, when the end of so many entries is far from a reader at their begin.
pub fn end_of_window(blocks: &[Block]) -> Option<MessageId> {
    let mut held = 0;
    for block in blocks {
        if held >= HELD_ENTRIES {
            return block.start;
        }
        held += block.entries.len();
    }
    None
}

/// The first message to keep, when the begin of so many entries is far from a reader at their end.
pub fn begin_of_window(blocks: &[Block]) -> Option<MessageId> {
    kept_from(blocks, HELD_ENTRIES)
}

/// The same for a reader who follows the end of a chat that grows.
pub fn begin_of_growing_window(blocks: &[Block]) -> Option<MessageId> {
    let count: usize = blocks.iter().map(|block| block.entries.len()).sum();
    begin_of_window(blocks).filter(|_| count > HELD_ENTRIES + SLACK)
}

fn kept_from(blocks: &[Block], at_least: usize) -> Option<MessageId> {
    let mut held = 0;
    let mut later = blocks.iter().rev();
    for block in later.by_ref() {
        held += block.entries.len();
        if held >= at_least {
            return later.next().and(block.start);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use chrono::{DateTime, Utc};
    use sdk::ids::ChatId;
    use sdk::parts::ToolCallPart;
    use uuid::Uuid;

    use super::super::history;
    use super::*;

    fn message(id: i64, role: Role, part: Part) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId(id),
            chat_id: ChatId(Uuid::nil()),
            created_by: None,
            model_config_id: None,
            created_at: DateTime::<Utc>::UNIX_EPOCH,
            role,
            content: vec![part],
            usage: None,
            cut_short: None,
            runtime_ms: None,
            rendered: Vec::new(),
        })
    }

    fn said(ids: std::ops::RangeInclusive<i64>) -> Vec<Arc<Message>> {
        ids.map(|id| message(id, Role::User, Part::text("x")))
            .collect()
    }

    fn starts(messages: &[Arc<Message>], before: &[i64]) -> Vec<i64> {
        let before: Vec<_> = before.iter().copied().map(MessageId).collect();
        let starts = block_starts(messages, &before);
        starts.into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn blocks_stay_when_pages_come_and_go_at_either_end() {
        assert_eq!(starts(&said(101..=150), &[]), [101]);
        assert_eq!(starts(&said(51..=150), &[101]), [51, 101]);
        assert_eq!(starts(&said(51..=170), &[51, 101]), [51, 101, 151]);
        assert_eq!(starts(&said(101..=170), &[51, 101, 151]), [101, 151]);
        assert_eq!(starts(&said(51..=120), &[51, 101, 151]), [51, 101]);
        assert!(starts(&[], &[51]).is_empty());
    }

    #[test]
    fn a_block_does_not_end_between_calls_that_stand_in_one_card() {
        let call = || Part::ToolCall(ToolCallPart::default());
        let mut messages = said(1..=1);
        messages.extend((2..=80).map(|id| message(id, Role::Assistant, call())));
        messages.push(message(81, Role::Assistant, Part::text("done")));
        assert_eq!(starts(&messages, &[]), [1, 81]);
        let found = block_starts(&messages, &[]);
        let counts: Vec<_> = blocks_of(&messages, &found).map(<[_]>::len).collect();
        assert_eq!(counts, [80, 1]);
    }

    #[test]
    fn windows_hold_whole_blocks() {
        let messages = said(1..=450);
        let found = block_starts(&messages, &[]);
        let blocks = history(&messages, &found, false, 0);
        assert_eq!(blocks.len(), 9);
        assert_eq!(end_of_window(&blocks), Some(MessageId(301)));
        assert_eq!(begin_of_window(&blocks), Some(MessageId(151)));
        assert_eq!(begin_of_growing_window(&blocks), Some(MessageId(151)));
        let fewer = blocks.get(..8).unwrap();
        assert_eq!(begin_of_growing_window(fewer), Some(MessageId(101)));
        assert_eq!(begin_of_growing_window(blocks.get(..7).unwrap()), None);
        assert_eq!(end_of_window(blocks.get(..6).unwrap()), None);
        assert_eq!(begin_of_window(blocks.get(..6).unwrap()), None);
    }
}
