//! Commands of people. Who may give them is `platform`'s business.

use std::time::Duration;

use futures::Stream;
use sdk::ids::{ChatId, MessageId};
use sdk::messages::{BusyBehavior, Message};
use store::StoreError;
use store::chats::{self, ChatRow, Status};
use tokio::time::{Instant, timeout_at};

use super::{Daemon, transition};
use crate::state::details::Details;
use crate::state::people::{NewChat, Outgoing, Sent};
use crate::state::{Change, StateError};
use crate::stream::{self, StreamOptions};

/// How long an archive waits for a busy chat's worker before it goes on without it.
const ARCHIVE_DEADLINE: Duration = Duration::from_secs(10);

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
        let (sent, row) = transition!(self.shared, chat, |change, locked| {
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
        message: MessageId,
        outgoing: Outgoing,
    ) -> Result<(Message, ChatRow), StateError> {
        let (message, row) = transition!(self.shared, chat, |change, locked| {
            change.mend(&mut locked).await?;
            let message = change.edit(&mut locked, message, outgoing).await?;
            self.shared.claim(&mut change, &mut locked).await?;
            message
        });
        self.shared.run(row.clone());
        Ok((message, row))
    }

    /// Stops the turn. Idle chats stay as they are.
    pub async fn interrupt(&self, chat: ChatId) -> Result<ChatRow, StateError> {
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
        let ((), row) = transition!(self.shared, chat, |change, locked| {
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

    /// Puts a root chat and everything it spawned away together with other changes of it. What runs is stopped
    /// first and keeps its partial work; returns when all of it is archived.
    pub async fn archive(
        &self,
        chat: ChatId,
        details: Option<Details>,
    ) -> Result<ChatRow, StateError> {
        let deadline = Instant::now() + ARCHIVE_DEADLINE;
        let channel = self.shared.hub.channel(chat);
        let mut news = channel.subscribe();
        let mut details = details;
        loop {
            news.mark_unchanged();
            let row = self.archive_step(chat, details.take()).await?;
            if row.archived {
                return Ok(row);
            }
            match timeout_at(deadline, news.changed()).await {
                Ok(Ok(())) => {}
                _ => return self.archive_by_force(chat).await,
            }
        }
    }

    async fn archive_step(
        &self,
        chat: ChatId,
        details: Option<Details>,
    ) -> Result<ChatRow, StateError> {
        let shared = &self.shared;
        let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
        if let Some(details) = details {
            let mut locked = change.lock_for(chat, &details).await?;
            change.update_details(&mut locked, details).await?;
            change.close(locked).await?;
        }
        let members = change.archive_family(chat).await?;
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
        chats::get(&shared.db, chat)
            .await?
            .ok_or(StateError::ChatNotFound)
    }

    /// The worker did not stop in time: its ownership ends here, whatever it still writes is refused.
    async fn archive_by_force(&self, chat: ChatId) -> Result<ChatRow, StateError> {
        let ((), row) = transition!(self.shared, chat, |change, locked| {
            if locked.chat.status == Status::Interrupting {
                let runner = locked.chat.runner_id;
                change
                    .finish_interruption(&mut locked, runner, Vec::new())
                    .await?;
            }
        });
        if row.archived {
            Ok(row)
        } else {
            self.archive_step(chat, None).await
        }
    }

    /// Takes a root chat and everything it spawned out again, together with other changes of it.
    pub async fn unarchive(
        &self,
        chat: ChatId,
        details: Option<Details>,
    ) -> Result<ChatRow, StateError> {
        let shared = &self.shared;
        let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
        if let Some(details) = &details {
            change.lock_for(chat, details).await?;
        }
        change.unarchive_family(chat).await?;
        if let Some(details) = details {
            let mut locked = change.lock_for(chat, &details).await?;
            change.update_details(&mut locked, details).await?;
            change.close(locked).await?;
        }
        change.commit(&shared.notices).await?;
        chats::get(&shared.db, chat)
            .await?
            .ok_or(StateError::ChatNotFound)
    }

    /// The chat's stream; moves the read cursor now and when the reader goes. Each item is one frame of JSON text.
    pub fn stream(
        &self,
        chat: ChatId,
        options: StreamOptions,
    ) -> impl Stream<Item = Result<String, StoreError>> + Send + use<> {
        let frames = stream::open(self.shared.db.clone(), &self.shared.hub, chat, options);
        let cursor = ReadCursor {
            daemon: self.clone(),
            chat,
        };
        async_stream::stream! {
            cursor.mark();
            for await frame in frames {
                yield frame;
            }
            drop(cursor);
        }
    }
}

/// Marks the chat as read when the reader comes and when it goes.
struct ReadCursor {
    daemon: Daemon,
    chat: ChatId,
}

impl ReadCursor {
    fn mark(&self) {
        let db = self.daemon.shared.db.clone();
        let chat = self.chat;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = chats::details::mark_read(&db, chat).await {
                    tracing::warn!(%error, %chat, "the read cursor could not be moved");
                }
            });
        }
    }
}

impl Drop for ReadCursor {
    fn drop(&mut self) {
        self.mark();
    }
}
