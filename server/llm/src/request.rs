//! What is asked of a model, in words that belong to no provider.
//!
//! The adapters translate this; they drop what a provider has no word for and never fail on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

/// One model call.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The model's id as the provider spells it. Left empty it means the id of the [`crate::Model`] it is given to.
    pub model: String,
    /// Instructions before the conversation, in order.
    pub system: Vec<SystemBlock>,
    /// The conversation, oldest first. Shared, because a long one would take long to copy for each call.
    pub messages: Arc<Vec<Message>>,
    /// Tools the model may call.
    pub tools: Vec<Tool>,
    /// Whether it may, must or must not call them.
    pub tool_choice: ToolChoice,
    /// Ceiling for the answer; the adapter's default where a provider demands one.
    pub max_output_tokens: Option<u32>,
    /// Sampling temperature.
    pub temperature: Option<f32>,
    /// Nucleus sampling: the share of the probability that is chosen from, 0 to 1.
    pub top_p: Option<f32>,
    /// How many of the likeliest tokens are chosen from.
    pub top_k: Option<u32>,
    /// How much tokens that were used already are avoided, -2 to 2.
    pub presence_penalty: Option<f32>,
    /// The same, by how often they were used.
    pub frequency_penalty: Option<f32>,
    /// Settings of single providers by the provider's name (`anthropic`, `openai`, `openaicompat`); each adapter reads its
    /// own. What stands here goes before the general word for the same.
    pub provider_options: Map<String, Value>,
    /// How hard the model should think; `None` leaves it to the provider.
    pub reasoning: Option<ReasoningEffort>,
    /// Offer the provider's own search of the web, where `provider_options` ask for it and the wire protocol has one.
    pub web_search: bool,
    /// Mark the stable prefix for the provider's prompt cache, where it needs marks.
    pub cache: bool,
    /// About the call, never shown to the model.
    pub metadata: RequestMetadata,
}

impl Request {
    /// A request for `model` with nothing in it yet.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            ..Self::default()
        }
    }
}

/// About a call: read by the demo model and by transports, never sent as part of the prompt.
#[derive(Clone, Debug, Default)]
pub struct RequestMetadata {
    /// What the answer is for.
    pub purpose: Purpose,
    /// Extra HTTP headers for the provider, such as the chat's id. The protocol's own win over them.
    pub headers: BTreeMap<String, String>,
    /// Typed values handed through to the [`crate::http::Transport`], such as where a recording goes.
    pub extensions: ::http::Extensions,
}

/// What the answer of a call is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A step of a conversation.
    #[default]
    Chat,
    /// A short title for a conversation.
    Title,
    /// A summary that replaces old messages.
    Summary,
}

/// A block of instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemBlock {
    /// Its text.
    pub text: String,
}

impl SystemBlock {
    /// A block with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
    /// Results of the calls of the assistant message before.
    Tool,
}

/// One message of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub content: Vec<Content>,
}

impl Message {
    /// A person's text.
    pub fn user(text: impl Into<String>) -> Self {
        Self {
            role: Role::User,
            content: vec![Content::Text(text.into())],
        }
    }

    /// A model's text.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self {
            role: Role::Assistant,
            content: vec![Content::Text(text.into())],
        }
    }

    /// The result of one tool call, as text.
    pub fn tool_result(
        id: impl Into<String>,
        name: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            role: Role::Tool,
            content: vec![Content::ToolResult {
                tool_call_id: id.into(),
                name: name.into(),
                content: vec![ToolResultContent::Text(text.into())],
                is_error: false,
            }],
        }
    }
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Plain text; empty text is not sent.
    Text(String),
    /// What the model thought.
    Reasoning {
        /// Readable text, possibly empty.
        text: String,
        /// What the provider must get back unchanged (signature, encrypted block), as [`crate::StreamPart::ReasoningEnd`] gave it.
        provider_metadata: Option<Value>,
    },
    /// A picture.
    Image {
        /// For example `image/png`.
        media_type: String,
        /// The file's bytes.
        data: Bytes,
    },
    /// The model calls a tool.
    ToolCall {
        /// Id the result refers to.
        id: String,
        /// The tool's name.
        name: String,
        /// Raw JSON as the model wrote it; what is not a JSON object is sent back as `{}`.
        arguments: String,
    },
    /// What a tool answered.
    ToolResult {
        /// Id of the call.
        tool_call_id: String,
        /// The tool's name.
        name: String,
        /// Text and pictures.
        content: Vec<ToolResultContent>,
        /// Whether the tool failed.
        is_error: bool,
    },
    /// The model used a tool that its provider runs. Other providers are not told of it.
    ProviderCall {
        /// Id the result refers to.
        id: String,
        /// The tool's name.
        name: String,
        /// Raw JSON.
        arguments: String,
        /// What the provider must get back unchanged.
        provider_metadata: Option<Value>,
    },
    /// What the provider's tool answered.
    ProviderResult {
        /// Id of the call.
        tool_call_id: String,
        /// The tool's name.
        name: String,
        /// What of the answer is meant for people.
        result: Value,
        /// Whether the tool failed.
        is_error: bool,
        /// What the provider must get back unchanged.
        provider_metadata: Option<Value>,
    },
    /// What the text before it goes back to.
    Source {
        /// Its address, `http` or `https`.
        url: String,
        /// Its title.
        title: Option<String>,
        /// What the provider must get back unchanged; with the first source of a text for all of them.
        provider_metadata: Option<Value>,
    },
}

impl Content {
    /// Bytes of its text, its arguments and its pictures; of what a provider did, also of what goes back to it.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Reasoning { text, .. } => text.len(),
            Self::Image { data, .. } => data.len(),
            Self::ToolCall {
                name, arguments, ..
            } => name.len() + arguments.len(),
            Self::ToolResult { content, .. } => content
                .iter()
                .map(|piece| match piece {
                    ToolResultContent::Text(text) => text.len(),
                    ToolResultContent::Image { data, .. } => data.len(),
                })
                .sum(),
            Self::ProviderCall {
                arguments,
                provider_metadata,
                ..
            } => arguments.len() + json_bytes(provider_metadata.as_ref()),
            Self::ProviderResult {
                result,
                provider_metadata,
                ..
            } => json_bytes(Some(result)) + json_bytes(provider_metadata.as_ref()),
            Self::Source {
                url,
                title,
                provider_metadata,
            } => {
                let title = title.as_ref().map_or(0, String::len);
                url.len() + title + json_bytes(provider_metadata.as_ref())
            }
        }
    }
}

fn json_bytes(value: Option<&Value>) -> usize {
    value.map_or(0, |value| value.to_string().len())
}

/// A piece of a tool's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolResultContent {
    /// Text, often JSON.
    Text(String),
    /// A picture, such as a screenshot.
    Image {
        /// For example `image/png`.
        media_type: String,
        /// The file's bytes.
        data: Bytes,
    },
}

/// A tool the model may call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON Schema of its arguments (an object).
    pub input_schema: Value,
    /// For the tool that works on a screen: adapters give a model the provider's own tool instead, where it has one. Calls
    /// then come with the arguments that this one describes.
    pub screen: Option<ComputerScreen>,
}

/// The screen that a tool works on, as models see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComputerScreen {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// Whether the model may, must or must not call tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// No calls.
    None,
    /// At least one call.
    Required,
}

/// How hard a model should think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReasoningEffort {
    /// Not at all.
    None,
    /// As little as the model allows.
    Minimal,
    /// A little.
    Low,
    /// The usual.
    Medium,
    /// A lot.
    High,
    /// More than a lot.
    ExtraHigh,
    /// As much as the model can.
    Max,
}

impl ReasoningEffort {
    /// Name in settings and, where the provider has efforts, on its wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::ExtraHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// Parses a name of [`Self::as_str`].
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::None,
            Self::Minimal,
            Self::Low,
            Self::Medium,
            Self::High,
            Self::ExtraHigh,
            Self::Max,
        ]
        .into_iter()
        .find(|effort| effort.as_str() == name)
    }
}
