//! Why a transition did not happen.

use sdk::errors::Validation;
use store::StoreError;

use super::table::Code;

/// Why a transition did not happen. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is no such chat.
    #[error("this chat does not exist")]
    ChatNotFound,
    /// The state does not accept the transition.
    #[error("{transition} is not possible while the chat is {state:?}")]
    Refused {
        /// The transition's name.
        transition: &'static str,
        /// The state the chat is in.
        state: Code,
    },
    /// The worker's view is out of date: somebody else owns or changed the chat.
    #[error("the chat changed meanwhile")]
    Stale,
    /// The chat is archived or about to be.
    #[error("this chat is archived; unarchive it first")]
    Archived,
    /// The chat is not archived.
    #[error("this chat is not archived")]
    NotArchived,
    /// A child whose parent is archived stays archived.
    #[error("the chat that started this one is archived; unarchive that one")]
    ParentArchived,
    /// The queue is full.
    #[error("at most {limit} messages can wait; delete one or wait until the turn is over")]
    QueueFull {
        /// Its length.
        limit: i64,
    },
    /// As many agents of one chat are at work as may be.
    #[error("{limit} agents of this chat are at work already; wait for one of them")]
    TooManySubagents {
        /// How many may be.
        limit: usize,
    },
    /// A chat that is being stopped, or has ended, begins no work of others.
    #[error("the chat that hands this work over was stopped; send it a message to go on")]
    ParentStopped,
    /// There is no such message, or it was removed.
    #[error("this message does not exist")]
    MessageNotFound,
    /// Only a person's messages can be edited.
    #[error("only messages that a person wrote can be edited")]
    NotAUserMessage,
    /// There is no such queued message.
    #[error("this message does not wait in the queue any more")]
    QueuedNotFound,
    /// The answers do not fit the calls that wait for them.
    #[error("the results do not fit the calls that are waited for")]
    WrongToolResults(Vec<Validation>),
    /// A transition landed where it must not; a defect.
    #[error("{transition} landed in {state:?}")]
    WrongLanding {
        /// The transition's name.
        transition: &'static str,
        /// Where it landed.
        state: Code,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
