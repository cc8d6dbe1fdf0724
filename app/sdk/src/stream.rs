//! Events of the two sockets: `GET /{chat}/stream` (arrays of [`StreamEvent`]) and `GET /watch`
//! (one [`WatchEvent`] a frame).
//!
//! A stream is a snapshot, then a tail. Durable events (messages, queue, status, error, retry) may repeat and
//! are idempotent. Live parts carry `(history_version, generation_attempt, seq)`: `seq` counts from 0 without
//! gaps within one attempt and begins anew after a retry, an attempt's first parts are always sent again to a new reader, and parts of an
//! older pair are void. [`crate::live`] is the reader.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::chats::{Chat, ChatError, ChatStatus};
use crate::flat::FlatStreamEvent;
use crate::ids::{ChatId, DebugRunId, MessageId};
use crate::messages::{Message, QueuedMessage, Role};
use crate::parts::Part;

/// One event of a chat's stream.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FlatStreamEvent")]
pub struct StreamEvent {
    /// The chat it concerns.
    pub chat_id: ChatId,
    /// What happened.
    #[serde(flatten)]
    pub kind: StreamEventKind,
}

/// What happened in a chat.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StreamEventKind {
    /// The chat's status; first in a snapshot.
    Status {
        /// The status.
        status: StatusUpdate,
    },
    /// A live piece of the answer being generated.
    MessagePart {
        /// The piece.
        message_part: LivePart,
    },
    /// A committed message. May repeat.
    Message {
        /// The message.
        message: Box<Message>,
    },
    /// The whole queue; absent = empty.
    QueueUpdate {
        /// The queued messages in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        queued_messages: Vec<QueuedMessage>,
    },
    /// The turn failed.
    Error {
        /// Why.
        error: ChatError,
    },
    /// An attempt failed and another follows; what it streamed is void, and the next part's `seq` is 0.
    Retry {
        /// When and why.
        retry: RetryInfo,
    },
    /// The client must answer tool calls.
    ActionRequired {
        /// The calls.
        action_required: ActionRequired,
    },
    /// Live parts of pairs smaller than the given one are void.
    PreviewReset {
        /// The pair in force.
        preview_reset: PreviewReset,
    },
    /// Messages with ids above `after_id` are gone (an edit); what follows replaces them.
    HistoryReset {
        /// What remains.
        history_reset: HistoryReset,
    },
    /// Something new was recorded of a run; reading it again tells what. May be missed, may repeat.
    DebugRun {
        /// The run.
        debug_run: DebugRunUpdate,
    },
    /// Sent every 15 seconds so that a reader can tell silence from a dead connection.
    Ping,
    /// An event of a newer version; ignored.
    Unknown,
}

/// A status and since when it holds.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusUpdate {
    /// The status.
    pub status: ChatStatus,
    /// Since when, by the server's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}

/// A live piece of the answer being generated.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LivePart {
    /// `assistant` or `tool`.
    pub role: Role,
    /// A delta (text, reasoning, `args_delta`, `result_delta`) or a whole part.
    pub part: Part,
    /// The history that the generation started from.
    pub history_version: i64,
    /// Which attempt at it.
    pub generation_attempt: i64,
    /// Position within the attempt, from 0.
    pub seq: u64,
}

/// The pair in force.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PreviewReset {
    /// History version.
    pub history_version: i64,
    /// Attempt.
    pub generation_attempt: i64,
}

/// The run of which something new was recorded.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugRunUpdate {
    /// The run.
    pub run_id: DebugRunId,
}

/// What remains after an edit.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryReset {
    /// The history's new version.
    pub history_version: i64,
    /// The last message that remains; 0 = none.
    pub after_id: MessageId,
}

/// When and why the next attempt comes.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryInfo {
    /// The attempt that failed, from 1.
    pub attempt: i64,
    /// The pause before the next one.
    pub delay_ms: i64,
    /// Why it failed.
    pub error: String,
    /// Class of the error.
    #[serde(default)]
    pub kind: String,
    /// The provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// When the next attempt begins.
    pub retrying_at: DateTime<Utc>,
}

/// Tool calls that the client must answer.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRequired {
    /// The calls.
    pub tool_calls: Vec<PendingToolCall>,
}

/// A tool call that the client must answer.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingToolCall {
    /// Pairs the call with its result.
    pub tool_call_id: String,
    /// The tool.
    pub tool_name: String,
    /// Arguments as JSON text.
    pub args: String,
}

/// One event of the list's socket.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WatchEvent {
    /// What happened.
    pub kind: WatchEventKind,
    /// The chat, without files; merge the fields that `kind` concerns, never replace the row.
    pub chat: Chat,
    /// The calls that the client must answer, for [`WatchEventKind::ActionRequired`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<PendingToolCall>,
}

/// A frame of `GET /watch` that says nothing but that the connection is alive.
pub const WATCH_PING: &str = r#"{"kind":"ping"}"#;

/// What happened to a chat in the list.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchEventKind {
    /// A new chat, or one unarchived.
    Created,
    /// The status moved, or the workspace binding.
    StatusChange,
    /// A new title.
    TitleChange,
    /// The diff status moved.
    DiffStatusChange,
    /// Archived: remove it and its tree.
    Deleted,
    /// The client must answer tool calls.
    ActionRequired,
    /// The pin, the labels or the read mark. Clients of other systems of this API do not know it and pass over it.
    DetailsChange,
}
