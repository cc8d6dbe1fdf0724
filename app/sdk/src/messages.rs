//! Messages of a chat, its queue, and the bodies that send, edit and page them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::chats::PlanMode;
use crate::ids::{ChatId, McpServerId, MessageId, ModelConfigId, QueuedMessageId, UserId};
use crate::parts::{InputPart, Part, text_of};

/// Who a message is from.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions; never shown.
    System,
    /// A person.
    User,
    /// The model.
    Assistant,
    /// A tool's answer.
    Tool,
}

impl Role {
    /// Name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    /// Parses a name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::System, Self::User, Self::Assistant, Self::Tool]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// Tokens that a call used. Absent = the provider did not say.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageUsage {
    /// Input that was neither read from nor written to a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<i64>,
    /// Output, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<i64>,
    /// As the provider counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_tokens: Option<i64>,
    /// Part of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<i64>,
    /// Input written to the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation_tokens: Option<i64>,
    /// Input read from the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_tokens: Option<i64>,
    /// Context window of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_limit: Option<i64>,
}

/// A committed message.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Grows with each commit; the reader's cursor.
    pub id: MessageId,
    /// The chat.
    pub chat_id: ChatId,
    /// Who wrote it, on user messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// The model that wrote it, or that a user message was sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_config_id: Option<ModelConfigId>,
    /// When it was committed.
    pub created_at: DateTime<Utc>,
    /// Who it is from.
    pub role: Role,
    /// Its parts.
    pub content: Vec<Part>,
    /// Tokens used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<MessageUsage>,
    /// Why an answer has no end; absent of a whole one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<CutShort>,
    /// How long the step took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_ms: Option<i64>,
    /// Sanitized HTML of each part that has text, in the order of `content`. Only when asked for with
    /// `render=html`; the page asks so that it carries neither a Markdown renderer nor a highlighter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rendered: Vec<Option<String>>,
}

impl Message {
    /// All text parts, joined by blank lines.
    pub fn text(&self) -> String {
        text_of(&self.content)
    }
}

/// Why an answer is the beginning of one whose end never came.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutShort {
    /// Somebody stopped it.
    Stopped,
    /// It reached the model's output limit.
    Length,
    /// The provider withheld the rest.
    ContentFilter,
}

impl CutShort {
    /// Name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
        }
    }

    /// The opposite of [`Self::as_str`].
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Stopped, Self::Length, Self::ContentFilter];
        all.into_iter().find(|one| one.as_str() == name)
    }
}

/// Query of `GET /{chat}/prompts`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ListPrompts {
    /// Only prompts with smaller ids; absent or 0 = the newest page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_id: Option<i64>,
    /// 1 to 2,000; 500 when absent or 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// Answer of `GET /{chat}/prompts`: newest first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptPage {
    /// Prompts, newest first.
    pub prompts: Vec<Prompt>,
    /// Whether older prompts exist.
    pub has_more: bool,
}

/// What a person wrote to the agent; messages without a text are none.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The message's id.
    pub id: MessageId,
    /// Its text parts, joined by blank lines.
    pub text: String,
}

/// A message that waits until the running turn is over.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueuedMessage {
    /// Its id.
    pub id: QueuedMessageId,
    /// The chat.
    pub chat_id: ChatId,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// The model it will be sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_config_id: Option<ModelConfigId>,
    /// Its parts.
    pub content: Vec<Part>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
}

/// What a message does when the chat is busy.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BusyBehavior {
    /// Wait for the turn's end.
    #[default]
    Queue,
    /// Interrupt the turn, then run.
    Interrupt,
}

/// Body of `POST /{chat}/messages`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CreateMessage {
    /// Must not be empty.
    pub content: Vec<InputPart>,
    /// The model to use from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_config_id: Option<ModelConfigId>,
    /// `queue` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_behavior: Option<BusyBehavior>,
    /// Whether the chat's agent only plans from here on; as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_mode: Option<PlanMode>,
    /// The MCP servers that the chat may use from here on, each of which must exist; as they are when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_server_ids: Option<Vec<McpServerId>>,
}

/// Answer of `POST /{chat}/messages`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreatedMessage {
    /// The committed message, unless it was queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// The queued message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_message: Option<QueuedMessage>,
    /// Whether it was queued.
    pub queued: bool,
    /// Things that went wrong without stopping the send.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Body of `PATCH /{chat}/messages/{message}`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EditMessage {
    /// The new content.
    pub content: Vec<InputPart>,
    /// The model to use from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_config_id: Option<ModelConfigId>,
}

/// Body of `PATCH /{chat}/queue/{queued_message}`; an absent field stays as it is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EditQueuedMessage {
    /// The new content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<InputPart>>,
    /// The model it will be sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_config_id: Option<ModelConfigId>,
    /// Its new place in the queue, from 0; past the end means the last place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
}

/// Body of `POST /{chat}/tool-results`: an answer to each call that is waited for.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SubmitToolResults {
    /// One for each open call, in any order.
    pub results: Vec<ClientToolResult>,
}

/// A client's answer to one of its tool calls.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClientToolResult {
    /// The call it answers.
    pub tool_call_id: String,
    /// The answer, any JSON.
    pub output: serde_json::Value,
    /// Whether the tool failed.
    #[serde(default)]
    pub is_error: bool,
}

/// Query of `GET /{chat}/messages`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ListMessages {
    /// Only messages with smaller ids; absent or 0 = the newest page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_id: Option<i64>,
    /// Only messages with larger ids: the oldest of them, or with `before_id` the newest between both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_id: Option<i64>,
    /// 1 to 200; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// `html` adds [`Message::rendered`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub render: Option<String>,
}

/// Answer of `GET /{chat}/messages`: newest first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessagePage {
    /// Messages, newest first.
    pub messages: Vec<Message>,
    /// The queue, on the newest page only.
    pub queued_messages: Vec<QueuedMessage>,
    /// Whether older messages exist.
    pub has_more: bool,
}
