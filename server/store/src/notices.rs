//! Notices that something was committed, sent after the commit and best effort.
//!
//! A notice carries ids and versions only; whoever hears it reads the database. Within one process it travels by a
//! broadcast channel; on PostgreSQL it also reaches the other replicas by `LISTEN`/`NOTIFY` (`postgres`). A
//! receiver that may have missed something is told [`Heard::Resync`] and reads everything it watches again.

mod outlet;
mod postgres;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "test-support"))]
pub mod unreliable;

use std::sync::Arc;

use sdk::ids::{ChatId, DebugRunId, UserId};
use sdk::stream::WatchEventKind;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use uuid::Uuid;

use self::outlet::Outlet;
use crate::{Db, StoreError};

/// What was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// A chat moved to new versions: its stream reads on.
    ChatChanged {
        /// The chat.
        chat_id: ChatId,
        /// Whose it is.
        owner_id: UserId,
        /// The row's versions after the commit.
        versions: ChatVersions,
    },
    /// A chat changed in a way that lists show.
    ChatWatch {
        /// The chat.
        chat_id: ChatId,
        /// Whose list.
        owner_id: UserId,
        /// What happened.
        event: WatchEventKind,
    },
    /// What is known of a chat's branch at its git host is out of date.
    DiffStatusStale {
        /// The chat.
        chat_id: ChatId,
    },
    /// Something was recorded of a chat's run.
    DebugRunChanged {
        /// The chat.
        chat_id: ChatId,
        /// Whose it is.
        owner_id: UserId,
        /// The run.
        run_id: DebugRunId,
    },
    /// A chat waits for a worker.
    OwnershipWake {
        /// The chat.
        chat_id: ChatId,
    },
    /// A deployment-wide setting changed: caches read again.
    ConfigChanged {
        /// Which kind.
        config: ConfigKind,
        /// The row, when it is one.
        id: Option<Uuid>,
    },
    /// A user's role, status or sessions changed: open sockets check again whether they may go on.
    UserChanged {
        /// The user.
        user_id: UserId,
    },
    /// A workspace's row or agent connection changed.
    WorkspaceChanged {
        /// The workspace.
        workspace_id: sdk::ids::WorkspaceId,
        /// Whose it is.
        owner_id: UserId,
    },
}

/// A chat row's versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatVersions {
    /// Grows with every transition.
    pub snapshot_version: i64,
    /// `snapshot_version` when messages last changed.
    pub history_version: i64,
    /// `snapshot_version` when the queue last changed.
    pub queue_version: i64,
    /// `snapshot_version` when the retry state last changed.
    pub retry_state_version: i64,
    /// Attempt at the current history.
    pub generation_attempt: i64,
}

/// Kinds of deployment-wide configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigKind {
    /// A provider's address, key or state.
    Providers,
    /// A model configuration or the default model.
    Models,
    /// The folders that workspaces may use.
    AllowedFolders,
    /// What workspaces are made from.
    Templates,
    /// Any key of `settings`.
    Settings,
}

/// What a subscription hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A notice.
    Notice(Arc<Notice>),
    /// Notices may be missing: read everything again.
    Resync,
}

/// What a subscription is about when it does not want to hear everything: a thousand open sockets must not all be woken
/// by each commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// What a person's list shows: [`Notice::ChatWatch`].
    List(UserId),
    /// Whether a person may go on: [`Notice::UserChanged`].
    Access(UserId),
}

impl Notice {
    const fn topic(&self) -> Option<Topic> {
        match self {
            Self::ChatWatch { owner_id, .. } => Some(Topic::List(*owner_id)),
            Self::UserChanged { user_id } => Some(Topic::Access(*user_id)),
            _ => None,
        }
    }
}

/// Where notices are published and heard. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Notices {
    outlet: Arc<Outlet>,
    postgres: Option<Arc<postgres::Link>>,
    #[cfg(any(test, feature = "test-support"))]
    faulty: Option<tokio::sync::mpsc::UnboundedSender<Arc<Notice>>>,
}

/// One receiver. It hears what is published after it was made.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Heard>,
}

impl Notices {
    /// Notices that stay in this process.
    pub fn in_process() -> Self {
        Self {
            outlet: Arc::default(),
            postgres: None,
            #[cfg(any(test, feature = "test-support"))]
            faulty: None,
        }
    }

    /// Notices for this database: in the process on SQLite, between all replicas on PostgreSQL. Must be called
    /// within a tokio runtime; returns when the listener listens.
    pub async fn start(db: &Db) -> Result<Self, StoreError> {
        let mut notices = Self::in_process();
        if let Db::Postgres(pool) = db {
            let link = postgres::Link::start(pool.clone(), Arc::clone(&notices.outlet)).await?;
            notices.postgres = Some(Arc::new(link));
        }
        Ok(notices)
    }

    /// Tells every receiver. Call it after the commit; it never waits and never fails.
    pub fn publish(&self, notice: Notice) {
        let notice = Arc::new(notice);
        #[cfg(any(test, feature = "test-support"))]
        if let Some(faulty) = &self.faulty {
            let _ = faulty.send(notice);
            return;
        }
        if let Some(link) = &self.postgres {
            link.send(Arc::clone(&notice));
        }
        self.outlet.tell(&Heard::Notice(notice));
    }

    /// Begins to hear everything.
    pub fn subscribe(&self) -> Subscription {
        Subscription {
            receiver: self.outlet.subscribe(),
        }
    }

    /// Begins to hear what is about the topic, and resyncs.
    pub fn subscribe_to(&self, topic: Topic) -> Subscription {
        Subscription {
            receiver: self.outlet.subscribe_to(topic),
        }
    }
}

impl Subscription {
    /// Waits for the next notice; `None` when everything is shut down. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.receiver.recv().await {
            Ok(heard) => Some(heard),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Heard::Resync),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
