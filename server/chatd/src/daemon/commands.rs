//! Commands of people. Who may give them is `platform`'s business.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use sdk::ids::{ChatId, MessageId};
use sdk::messages::{BusyBehavior, Message};
use store::StoreError;
use store::chats::{self, ChatRow, Status};
use store::debug::cleanup::Edited;
use tokio::time::{Instant, timeout_at};

use super::read_cursor::ReadCursor;
use super::{Daemon, transition};
use crate::frame::Frame;
use crate::state::details::Details;
use crate::state::people::{NewChat, Outgoing, Sent};
use crate::state::{Change, StateError};
use crate::stream::{self, StreamOptions};

/// How long an archive waits for a busy chat's worker before it goes on without it.
const ARCHIVE_DEADLINE: Duration = Duration::from_secs(10);
/// Whoever waits for the root does not hear when a child has stopped, so the tree is looked at again this often.
const ARCHIVE_LOOK: Duration = Duration::from_millis(250);

impl Daemon {
    /// A new chat with its first message; its turn begins.
    pub async fn create(&self, new: NewChat) -> Result<(ChatRow, Message), StateError> {
        let shared = &self.shared;
        let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
        let (mut locked, message) = change.create(new).await?;
        shared.claim(&mut change, &mut locked).await?;
        let committed = change.close(locked).await?;
        change.commit(&shared.notices).await?;
        shared.run(committed.chat.clone());
        Ok((committed.chat, message))
    }

    /// A message; queued when the chat is busy.
    pub async fn send(
        &self,
        chat: ChatId,
        outgoing: Outgoing,
        behavior: BusyBehavior,
    ) -> Result<(Sent, ChatRow), StateError> {
        let (sent, row) = transition!(self.shared, lock_to_work(chat), |change, locked| {
            change.mend(&mut locked).await?;
            let sent = change.send(&mut locked, outgoing, behavior).await?;
            self.shared.claim(&mut change, &mut locked).await?;
            sent
        });
        self.shared.run(row.clone());
        Ok((sent, row))
    }

    /// Replaces a message and everything after it.
    pub async fn edit(
        &self,
        chat: ChatId,
        from: MessageId,
        outgoing: Outgoing,
    ) -> Result<(Message, ChatRow), StateError> {
        let (message, row) = transition!(self.shared, lock_to_work(chat), |change, locked| {
            change.mend(&mut locked).await?;
            let message = change.edit(&mut locked, from, outgoing).await?;
            self.shared.claim(&mut change, &mut locked).await?;
            message
        });
        self.shared.run(row.clone());
        let edited = Edited {
            from,
            replaced_by: message.id,
        };
        self.shared.forget_records(chat, Some(edited));
        Ok((message, row))
    }

    /// Stops the turn and those of the agents it handed work to. Idle chats stay as they are.
    pub async fn interrupt(&self, chat: ChatId) -> Result<ChatRow, StateError> {
        let row = self.interrupt_one(chat).await?;
        if row.parent_chat_id.is_none() {
            let family = chats::family(&self.shared.db, chat).await?;
            let at_work = |child: &ChatRow| child.id != chat && child.status.is_at_work();
            for child in family.into_iter().filter(at_work) {
                self.interrupt_one(child.id).await?;
            }
        }
        Ok(row)
    }

    async fn interrupt_one(&self, chat: ChatId) -> Result<ChatRow, StateError> {
        let ((), row) = transition!(self.shared, chat, |change, locked| {
            change.mend(&mut locked).await?;
            let is_stoppable =
                matches!(locked.chat.status, Status::Running | Status::RequiresAction);
            if is_stoppable {
                change.interrupt(&mut locked).await?;
                self.shared.claim(&mut change, &mut locked).await?;
            }
        });
        self.shared.run(row.clone());
        Ok(row)
    }

    /// Runs the failed turn again.
    pub async fn retry(&self, chat: ChatId) -> Result<ChatRow, StateError> {
        let ((), row) = transition!(self.shared, lock_to_work(chat), |change, locked| {
            change.mend(&mut locked).await?;
            change.retry(&mut locked).await?;
            self.shared.claim(&mut change, &mut locked).await?;
        });
        self.shared.run(row.clone());
        Ok(row)
    }

    /// Changes title, labels, pin or workspace.
    pub async fn update_details(
        &self,
        chat: ChatId,
        details: Details,
    ) -> Result<ChatRow, StateError> {
        let shared = &self.shared;
        let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
        let mut locked = change.lock_for(chat, &details).await?;
        change.update_details(&mut locked, details).await?;
        let committed = change.close(locked).await?;
        change.commit(&shared.notices).await?;
        Ok(committed.chat)
    }

    /// Puts the whole tree of a chat away, together with other changes of the chat itself. What runs is stopped
    /// first and keeps its partial work; returns when all of it is archived.
    pub async fn archive(
        &self,
        chat: ChatId,
        details: Option<Details>,
    ) -> Result<ChatRow, StateError> {
        let deadline = Instant::now() + ARCHIVE_DEADLINE;
        let root = root_of(&self.existing(chat).await?);
        let channel = self.shared.hub.channel(root);
        let mut news = channel.subscribe();
        let mut details = details.unwrap_or_default();
        loop {
            news.mark_unchanged();
            if self
                .archive_step(root, chat, std::mem::take(&mut details))
                .await?
            {
                break;
            }
            let next_look = deadline.min(Instant::now() + ARCHIVE_LOOK);
            let is_over = match timeout_at(next_look, news.changed()).await {
                Ok(told) => told.is_err(),
                Err(_) => Instant::now() >= deadline,
            };
            if is_over {
                self.archive_by_force(root).await?;
                break;
            }
        }
        for member in chats::family(&self.shared.db, root).await? {
            self.shared.forget_records(member.id, None);
        }
        self.existing(chat).await
    }

    /// Whether the root is archived after it.
    async fn archive_step(
        &self,
        root: ChatId,
        chat: ChatId,
        details: Details,
    ) -> Result<bool, StateError> {
        let shared = &self.shared;
        let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
        if !details.is_empty() {
            let mut locked = change.lock_in_tree(root, chat, &details).await?;
            change.update_details(&mut locked, details).await?;
            change.close(locked).await?;
        }
        let members = change.archive_family(root).await?;
        // What no worker owns needs nobody to stop it.
        for member in members {
            if member.chat.status == Status::Interrupting && member.chat.worker_id.is_none() {
                let mut locked = change.lock(member.chat.id).await?;
                change
                    .finish_interruption(&mut locked, None, Vec::new())
                    .await?;
                change.close(locked).await?;
            }
        }
        change.commit(&shared.notices).await?;
        Ok(self.existing(root).await?.archived)
    }

    /// The worker did not stop in time: its ownership ends here, whatever it still writes is refused.
    async fn archive_by_force(&self, root: ChatId) -> Result<(), StateError> {
        let ((), row) = transition!(self.shared, root, |change, locked| {
            if locked.chat.status == Status::Interrupting {
                let runner = locked.chat.runner_id;
                change
                    .finish_interruption(&mut locked, runner, Vec::new())
                    .await?;
            }
        });
        if !row.archived {
            self.archive_step(root, root, Details::default()).await?;
        }
        Ok(())
    }

    /// Takes the whole tree of a chat out again, together with other changes of the chat itself. A child whose parent
    /// is archived is refused.
    pub async fn unarchive(
        &self,
        chat: ChatId,
        details: Option<Details>,
    ) -> Result<ChatRow, StateError> {
        let shared = &self.shared;
        let details = details.unwrap_or_default();
        let root = root_of(&self.existing(chat).await?);
        let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
        let locked = change.lock_in_tree(root, chat, &details).await?;
        change.refuse_below_archived(&locked).await?;
        change.unarchive_family(root).await?;
        if !details.is_empty() {
            let mut locked = change.lock(chat).await?;
            change.update_details(&mut locked, details).await?;
            change.close(locked).await?;
        }
        change.commit(&shared.notices).await?;
        self.existing(chat).await
    }

    async fn existing(&self, chat: ChatId) -> Result<ChatRow, StateError> {
        chats::get(&self.shared.db, chat)
            .await?
            .ok_or(StateError::ChatNotFound)
    }

    /// The chat's stream; moves the read cursor now and when the reader goes.
    pub fn stream(
        &self,
        chat: ChatId,
        options: StreamOptions,
    ) -> impl Stream<Item = Result<Frame, Arc<StoreError>>> + Send + use<> {
        let frames = stream::open(self.shared.db.clone(), &self.shared.hub, chat, options);
        let cursor = ReadCursor::new(self, chat);
        async_stream::stream! {
            cursor.mark();
            for await frame in frames {
                yield frame;
            }
            drop(cursor);
        }
    }
}

fn root_of(chat: &ChatRow) -> ChatId {
    chat.root_chat_id.unwrap_or(chat.id)
}
