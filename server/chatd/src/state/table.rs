//! The states and the transitions between them, as data.

use store::chats::Status;

/// A chat's execution state: status × whether the queue is empty × whether it is archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// No chat.
    N,
    /// Waiting.
    W,
    /// Error, nothing queued.
    E0,
    /// Error, messages queued.
    E1,
    /// Running, nothing queued.
    R0,
    /// Running, messages queued.
    R1,
    /// Interrupting, nothing queued.
    I0,
    /// Interrupting, messages queued.
    I1,
    /// A client must act, nothing queued.
    A0,
    /// A client must act, messages queued.
    A1,
    /// Archived.
    XW,
    /// Archived after an error, nothing queued.
    XE0,
    /// Archived after an error or while messages were queued.
    XE1,
    /// A combination that must not be.
    Invalid,
}

impl Code {
    /// The valid states of a chat that exists.
    pub const EXISTING: [Self; 12] = [
        Self::W,
        Self::E0,
        Self::E1,
        Self::R0,
        Self::R1,
        Self::I0,
        Self::I1,
        Self::A0,
        Self::A1,
        Self::XW,
        Self::XE0,
        Self::XE1,
    ];

    /// The state that a row and its queue are in.
    pub const fn of(status: Status, has_queue: bool, archived: bool) -> Self {
        match (status, has_queue, archived) {
            (Status::Waiting, false, false) => Self::W,
            (Status::Error, false, false) => Self::E0,
            (Status::Error, true, false) => Self::E1,
            (Status::Running, false, false) => Self::R0,
            (Status::Running, true, false) => Self::R1,
            (Status::Interrupting, false, false) => Self::I0,
            (Status::Interrupting, true, false) => Self::I1,
            (Status::RequiresAction, false, false) => Self::A0,
            (Status::RequiresAction, true, false) => Self::A1,
            (Status::Waiting, false, true) => Self::XW,
            (Status::Error, false, true) => Self::XE0,
            (Status::Error, true, true) => Self::XE1,
            _ => Self::Invalid,
        }
    }
}

/// A named transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Its name.
    pub name: &'static str,
    /// The states it accepts.
    pub accepts: &'static [Code],
    /// The states it lands in.
    pub lands: &'static [Code],
}

macro_rules! transitions {
    ($($(#[$meta:meta])* $constant:ident = $name:literal: [$($from:ident)*] => [$($to:ident)*];)*) => {
        $($(#[$meta])* pub const $constant: Transition = Transition {
            name: $name,
            accepts: &[$(Code::$from),*],
            lands: &[$(Code::$to),*],
        };)*

        /// All transitions.
        pub const ALL: &[Transition] = &[$($constant),*];
    };
}

transitions! {
    /// A new chat with its first message.
    CREATE = "create": [N] => [R0];
    /// A message that waits when the chat is busy.
    SEND_QUEUE = "send, queue": [W E0 E1 R0 R1 I0 I1 A0 A1] => [R0 R1 I1 A1];
    /// A message that stops what runs.
    SEND_INTERRUPT = "send, interrupt": [W E0 E1 R0 R1 I0 I1 A0 A1] => [R0 R1 I1];
    /// Replaces a message and everything after it.
    EDIT = "edit message": [W E0 E1 R0 R1 I0 I1 A0 A1] => [R0];
    /// Removes a queued message.
    DELETE_QUEUED = "delete queued": [E1 R1 I1 A1] => [E0 E1 R0 R1 I0 I1 A0 A1];
    /// Moves a queued message to the front.
    PROMOTE_QUEUED = "promote queued": [E1 R1 I1 A1] => [R0 R1 I1];
    /// Changes a queued message or its place.
    EDIT_QUEUED = "edit queued": [E1 R1 I1 A1] => [E1 R1 I1 A1];
    /// Stops the turn.
    INTERRUPT = "interrupt": [R0 R1 A0 A1] => [I0 I1 R0 R1];
    /// Runs the failed turn again.
    RETRY = "retry turn": [E0 E1] => [R0 R1];
    /// A client answered its calls.
    COMPLETE_ACTION = "complete requires-action": [A0 A1] => [R0 R1];
    /// The history is to be replaced by a summary.
    REQUEST_COMPACTION = "request compaction": [W E0 E1] => [R0 R1];
    /// The model forgets what was said.
    CLEAR_CONTEXT = "clear context": [W E0] => [W];
    /// Puts a chat away.
    ARCHIVE = "archive": [W E0 E1] => [XW XE0 XE1];
    /// Stops the turn so that the chat can be put away.
    REQUEST_ARCHIVE = "request archive": [R0 R1 I0 I1 A0 A1] => [I0 I1];
    /// Takes it out again.
    UNARCHIVE = "unarchive": [XW XE0 XE1] => [W E0 E1];
    /// A worker takes the chat.
    ACQUIRE = "acquire": [R0 R1 I0 I1 A0 A1] => [R0 R1 I0 I1 A0 A1];
    /// A worker gives it back.
    ABANDON = "abandon": [R0 R1 I0 I1 A0 A1] => [R0 R1 I0 I1 A0 A1];
    /// An answer or the results of its calls.
    COMMIT_STEP = "commit step": [R0 R1] => [R0 R1];
    /// The client must act.
    ENTER_ACTION = "enter requires-action": [R0 R1] => [A0 A1];
    /// The client did not act in time.
    CANCEL_ACTION = "cancel requires-action": [A0 A1] => [R0 R1];
    /// The next attempt begins.
    RECORD_ATTEMPT = "record generation attempt": [R0 R1] => [R0 R1];
    /// An attempt failed and another will follow.
    RECORD_RETRY = "record retry state": [R0 R1] => [R0 R1];
    /// The turn is over.
    FINISH_TURN = "finish turn": [R0 R1] => [W R0 R1];
    /// The turn has stopped.
    FINISH_INTERRUPTION = "finish interruption": [I0 I1] => [W R0 R1 XW XE1];
    /// The turn failed.
    FINISH_ERROR = "finish error": [W R0 R1] => [E0 E1];
    /// A combination that must not be becomes an error that says what to do.
    RECONCILE = "reconcile invalid state": [Invalid] => [E0 E1];
}
