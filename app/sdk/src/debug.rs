//! What was asked of models and what they answered, for chats whose owner has it recorded.
//!
//! A run is one thing that was to be done (a turn, a title, a summary), a step is one call of a model for it, an attempt one
//! HTTP request of a step. Prompts and answers are in it as they were; keys and tokens are not.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{ChatId, DebugRunId, DebugStepId, MessageId, ModelConfigId};

/// What a run is for. On the wire it is text, because newer servers may know more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugRunKind {
    /// A turn of the chat.
    ChatTurn,
    /// A title.
    TitleGeneration,
    /// A summary that replaces the history for the model.
    Compaction,
}

impl DebugRunKind {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChatTurn => "chat_turn",
            Self::TitleGeneration => "title_generation",
            Self::Compaction => "compaction",
        }
    }
}

/// How far a run or a step is. It never moves back: only to one that stands later in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DebugStatus {
    /// It goes on.
    InProgress,
    /// Somebody stopped it, or the server went away.
    Interrupted,
    /// It failed.
    Error,
    /// It is done.
    Completed,
}

impl DebugStatus {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [
        Self::InProgress,
        Self::Interrupted,
        Self::Error,
        Self::Completed,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Interrupted => "interrupted",
            Self::Error => "error",
            Self::Completed => "completed",
        }
    }

    /// Its place in the order.
    pub const fn rank(self) -> i32 {
        self as i32
    }

    /// Whether nothing comes after it.
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::InProgress)
    }
}

/// A run in the list.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DebugRun {
    /// Its id.
    pub id: DebugRunId,
    /// The chat.
    pub chat_id: ChatId,
    /// What it is for: `chat_turn`, `title_generation`, `compaction`.
    pub kind: String,
    /// How far it is: `in_progress`, `interrupted`, `error`, `completed`.
    pub status: String,
    /// Name of the model's provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's identifier of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Counts and labels: `first_message`, `step_count`, `total_input_tokens`, `endpoint_label` and more.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub summary: Value,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When anything of it changed last, or a sign of life came.
    pub updated_at: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

/// A run with its steps.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DebugRunDetail {
    /// What the list tells of it.
    #[serde(flatten)]
    pub run: DebugRun,
    /// The chat at the top of the chat's tree, when it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_chat_id: Option<ChatId>,
    /// The chat that handed work to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_chat_id: Option<ChatId>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_config_id: Option<ModelConfigId>,
    /// The message of the person that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_message_id: Option<MessageId>,
    /// The chat's newest message when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_tip_message_id: Option<MessageId>,
    /// Its steps, the first one first. Of a long run these are the newest; `before_step` asks for earlier ones.
    #[serde(default)]
    pub steps: Vec<DebugStep>,
    /// Whether there are steps before the first of `steps`.
    #[serde(default)]
    pub has_earlier_steps: bool,
}

/// One call of a model.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DebugStep {
    /// Its id.
    pub id: DebugStepId,
    /// The run.
    pub run_id: DebugRunId,
    /// The chat.
    pub chat_id: ChatId,
    /// Its place in the run, from 1.
    pub step_number: i32,
    /// `stream` or `generate`.
    pub operation: String,
    /// How far it is.
    pub status: String,
    /// The chat's newest message when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_tip_message_id: Option<MessageId>,
    /// The message that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant_message_id: Option<MessageId>,
    /// What was asked: `messages`, `tools`, `options`, `tool_choice`, `provider_option_count`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub normalized_request: Value,
    /// What was answered: `content`, `finish_reason`, `usage`, `warnings`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub normalized_response: Option<Value>,
    /// Tokens, as the provider counted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub usage: Option<Value>,
    /// Its HTTP requests, the first one first.
    #[serde(default)]
    pub attempts: Vec<DebugAttempt>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub error: Option<Value>,
    /// What was counted while the answer came: `part_count`, `text_delta_count`, `first_part_ms`, `duration_ms` and more.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Value,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When anything of it changed last.
    pub updated_at: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

/// One HTTP request of a step, without keys and tokens.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugAttempt {
    /// Its place in the step, from 1.
    pub number: i32,
    /// `completed` when the exchange was whole, also with a refusal; else `failed`.
    pub status: String,
    /// Its method.
    pub method: String,
    /// Its address.
    pub url: String,
    /// The address's path.
    pub path: String,
    /// When it was sent.
    pub started_at: DateTime<Utc>,
    /// When the last byte came, or the failure.
    pub finished_at: DateTime<Utc>,
    /// From the one to the other.
    pub duration_ms: i64,
    /// From the request to the first byte of the answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<i64>,
    /// Headers of the request.
    pub request_headers: BTreeMap<String, String>,
    /// Headers of the answer.
    pub response_headers: BTreeMap<String, String>,
    /// Body of the request in base64; longer than 50,000 bytes it is the text `[TRUNCATED]`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_body: String,
    /// Body of the answer in base64, as that of the request.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub response_body: String,
    /// Status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_status: Option<u16>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The class of the failure that another attempt followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_classification: Option<String>,
    /// The pause before that attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_delay_ms: Option<i64>,
}

/// Answer of `GET /{chat}/debug/runs/{run}/steps/{step}`: one step, and how it stands to the call before it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DebugStepDetail {
    /// The step.
    pub step: DebugStep,
    /// What of its request is as in the call before; absent when nothing is recorded of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<DebugChange>,
    /// What it cost at the model's present prices, in millionths of a dollar; absent without a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<i64>,
    /// What it cost less because the provider had read a part of it before; absent without both prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_saving_micros: Option<i64>,
}

/// How a request stands to the one before it. Providers read it from its beginning (tools, then messages), and what they
/// kept in a cache ends at the first place that differs.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugChange {
    /// The run of the call before.
    pub previous_run_id: DebugRunId,
    /// The call's place in it.
    pub previous_step_number: i32,
    /// Messages from the first that are the same in both.
    pub kept_message_count: u32,
    /// Messages of the call before.
    pub previous_message_count: u32,
    /// Messages of this call.
    pub message_count: u32,
    /// Characters of this call from the first that are the same in both.
    pub kept_characters: u64,
    /// Characters of this call.
    pub characters: u64,
    /// The first place that differs; absent when something was added at the end and nothing else changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_difference: Option<DebugDifference>,
    /// Names of options that differ, the tool policy among them.
    #[serde(default)]
    pub changed_options: Vec<String>,
}

/// A place at which two requests differ.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugDifference {
    /// `tool` or `message`.
    pub place: String,
    /// Its place among the tools or messages, from 1.
    pub number: u32,
    /// The tool's name, or the message's role.
    pub name: String,
    /// Characters before the place in it, as JSON.
    pub character: u64,
    /// What stood there; empty when it is new.
    pub before: String,
    /// What stands there now; empty when it is gone.
    pub after: String,
}

/// Query of `GET /{chat}/debug/runs/{run}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadDebugRun {
    /// Only steps with smaller numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_step: Option<i32>,
    /// Without what was asked and answered, and without bodies.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub outline: bool,
}

/// Query of `GET /{chat}/debug/export`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExportDebugRuns {
    /// This run alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<DebugRunId>,
}

/// Answer of `GET /{chat}/debug/export`: every run of a chat, newest first, as far as it fits.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DebugExport {
    /// The chat.
    pub chat_id: ChatId,
    /// When it was made.
    pub exported_at: DateTime<Utc>,
    /// Its runs with their steps.
    pub runs: Vec<DebugRunDetail>,
    /// Whether runs or steps were left out because the file would have become too large.
    pub is_partial: bool,
}
