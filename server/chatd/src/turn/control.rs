//! Why a runner must stop: a person interrupted, somebody else owns the chat, or the server shuts down.

use std::sync::Arc;

use sdk::ids::{ChatId, RunnerId};
use store::Db;
use store::chats::{self, ChatRow, Status};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::daemon::{RunnerHandle, Shared};
use crate::hub::{Channel, News};

/// Why a runner must stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A person stopped the turn.
    Interrupted,
    /// Somebody else owns the chat or changed its history.
    Lost,
    /// The server shuts down.
    Draining,
}

/// Watches the chat for a reason to stop.
pub(crate) struct Control {
    db: Db,
    chat_id: ChatId,
    runner_id: RunnerId,
    news: watch::Receiver<News>,
    looked_at: News,
    own_version: i64,
    lost: CancellationToken,
    draining: CancellationToken,
    /// Tools that run are let end before the server stops.
    pub(crate) ignores_draining: bool,
}

impl Control {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        channel: &Channel,
        chat: &ChatRow,
        handle: &RunnerHandle,
    ) -> Self {
        Self {
            db: shared.db.clone(),
            chat_id: chat.id,
            runner_id: handle.runner_id,
            news: channel.subscribe(),
            looked_at: News::default(),
            own_version: chat.snapshot_version,
            lost: handle.lost.clone(),
            draining: shared.draining.clone(),
            ignores_draining: false,
        }
    }

    /// The runner knows the chat up to this version.
    pub(crate) fn committed(&mut self, snapshot_version: i64) {
        self.own_version = snapshot_version;
    }

    /// Waits for a reason to stop. Dropping the future loses none.
    pub(crate) async fn stopped(&mut self) -> Stop {
        loop {
            let news = *self.news.borrow();
            let is_foreign =
                news.snapshot_version > self.own_version || news.resyncs > self.looked_at.resyncs;
            if is_foreign && news != self.looked_at {
                if let Some(stop) = self.look().await {
                    return stop;
                }
                self.looked_at = news;
            }
            tokio::select! {
                changed = self.news.changed() => {
                    if changed.is_err() {
                        return Stop::Lost;
                    }
                }
                () = self.lost.cancelled() => return Stop::Lost,
                () = self.draining.cancelled(), if !self.ignores_draining => return Stop::Draining,
            }
        }
    }

    /// Waits until it is of no use to go on: somebody else owns the chat, or the server shuts down.
    pub(crate) async fn given_up(&self) {
        tokio::select! {
            () = self.lost.cancelled() => {}
            () = self.draining.cancelled() => {}
        }
    }

    async fn look(&self) -> Option<Stop> {
        match chats::get(&self.db, self.chat_id).await {
            Ok(Some(chat)) if chat.runner_id != Some(self.runner_id) => Some(Stop::Lost),
            Ok(Some(chat)) if chat.status == Status::Interrupting => Some(Stop::Interrupted),
            Ok(Some(_)) => None,
            Ok(None) => Some(Stop::Lost),
            Err(error) => {
                tracing::warn!(%error, chat = %self.chat_id, "the chat could not be looked at");
                None
            }
        }
    }
}
