//! Writes the body of a Chat Completions call.
//!
//! The instructions become one system message, because many chat templates take only one. Tool results hold text only;
//! their pictures follow in a user message.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::reasoning;
use crate::replay::{arguments_object, object_schema, split_result, tool_call_id};
use crate::{Content, Message, ReasoningEffort, Request, Role, ToolChoice};

const LONGEST_ID: usize = 40;
const LONGEST_FOREIGN_ID: usize = 64;

/// The whole body.
pub(super) fn body(request: &Request, dialect: Dialect) -> Value {
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(request.model));
    body.insert("messages".to_owned(), json!(messages(request, dialect)));
    body.insert("stream".to_owned(), json!(true));
    if dialect.has_stream_options {
        body.insert("stream_options".to_owned(), json!({"include_usage": true}));
    }
    if let Some(ceiling) = request.max_output_tokens {
        let name = if dialect.says_max_completion_tokens {
            "max_completion_tokens"
        } else {
            "max_tokens"
        };
        body.insert(name.to_owned(), json!(ceiling));
    }
    if let Some(temperature) = request.temperature.filter(|_| dialect.has_temperature) {
        body.insert(
            "temperature".to_owned(),
            json!((f64::from(temperature) * 10_000.0).round() / 10_000.0),
        );
    }
    if let Some(effort) = request.reasoning.filter(|_| dialect.has_reasoning_effort) {
        body.insert(
            "reasoning_effort".to_owned(),
            json!(ReasoningEffort::as_str(effort)),
        );
    }
    if !request.tools.is_empty() {
        body.insert("tools".to_owned(), tools(request));
        body.insert(
            "tool_choice".to_owned(),
            json!(tool_choice(request.tool_choice)),
        );
    }
    Value::Object(body)
}

fn tools(request: &Request) -> Value {
    request
        .tools
        .iter()
        .map(|tool| {
            json!({
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": object_schema(&tool.input_schema),
                },
            })
        })
        .collect()
}

fn tool_choice(choice: ToolChoice) -> &'static str {
    match choice {
        ToolChoice::Auto => "auto",
        ToolChoice::None => "none",
        ToolChoice::Required => "required",
    }
}

fn messages(request: &Request, dialect: Dialect) -> Vec<Value> {
    let mut writer = Writer {
        dialect,
        messages: Vec::new(),
        held_images: Vec::new(),
    };
    writer.system(request);
    let last_user = request
        .messages
        .iter()
        .rposition(|message| message.role == Role::User);
    for (position, message) in request.messages.iter().enumerate() {
        match message.role {
            Role::Assistant => {
                writer.assistant(message, last_user.is_none_or(|user| position > user));
            }
            Role::User | Role::Tool => writer.user_or_tool(message),
        }
    }
    writer.flush_images();
    writer.messages
}

struct Writer {
    dialect: Dialect,
    messages: Vec<Value>,
    /// Pictures of tool results, held back until the last result of the step is written.
    held_images: Vec<Value>,
}

impl Writer {
    fn system(&mut self, request: &Request) {
        let texts: Vec<&str> = request
            .system
            .iter()
            .map(|block| block.text.as_str())
            .filter(|text| !text.trim().is_empty())
            .collect();
        if !texts.is_empty() {
            self.messages
                .push(json!({"role": "system", "content": texts.join("\n\n")}));
        }
    }

    fn assistant(&mut self, message: &Message, is_current_turn: bool) {
        self.flush_images();
        let mut fields = Map::new();
        let mut text = String::new();
        let mut calls = Vec::new();
        for content in &message.content {
            match content {
                Content::Text(more) => text.push_str(more),
                Content::Reasoning {
                    text,
                    provider_metadata: Some(metadata),
                } if !self.dialect.is_official => {
                    reasoning::put_back(&mut fields, text, metadata, is_current_turn);
                }
                Content::ToolCall { id, name, arguments } => calls.push(json!({
                    "id": self.call_id(id),
                    "type": "function",
                    "function": {"name": name, "arguments": arguments_object(arguments).to_string()},
                })),
                Content::Reasoning { .. } | Content::Image { .. } | Content::ToolResult { .. } => {}
            }
        }
        if text.is_empty() && calls.is_empty() {
            return;
        }
        fields.insert("role".to_owned(), json!("assistant"));
        if !text.is_empty() {
            fields.insert("content".to_owned(), json!(text));
        }
        if !calls.is_empty() {
            fields.insert("tool_calls".to_owned(), json!(calls));
        }
        self.messages.push(Value::Object(fields));
    }

    fn user_or_tool(&mut self, message: &Message) {
        let mut parts = Vec::new();
        for content in &message.content {
            match content {
                Content::Text(text) if !text.is_empty() => {
                    parts.push(json!({"type": "text", "text": text}));
                }
                Content::Image { media_type, data } => parts.push(image(media_type, data)),
                Content::ToolResult {
                    tool_call_id: id,
                    name,
                    content,
                    ..
                } => {
                    let (text, images) = split_result(content);
                    let id = self.call_id(id);
                    self.messages
                        .push(json!({"role": "tool", "tool_call_id": id, "content": text}));
                    if !images.is_empty() {
                        let note = format!("Images from the result of {name} ({id}):");
                        self.held_images.push(json!({"type": "text", "text": note}));
                        self.held_images.extend(
                            images
                                .into_iter()
                                .map(|(media_type, data)| image(media_type, data)),
                        );
                    }
                }
                Content::Text(_) | Content::Reasoning { .. } | Content::ToolCall { .. } => {}
            }
        }
        if message.role == Role::User {
            self.flush_images();
        }
        if !parts.is_empty() {
            self.messages
                .push(json!({"role": "user", "content": joined(parts)}));
        }
    }

    /// OpenAI's rule is strict. Other servers get their own ids back as they were, because some templates read them.
    fn call_id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        let is_printable =
            !id.is_empty() && id.chars().all(|character| character.is_ascii_graphic());
        if !self.dialect.is_official && is_printable && id.len() <= LONGEST_FOREIGN_ID {
            return Cow::Borrowed(id);
        }
        tool_call_id(id, LONGEST_ID)
    }

    fn flush_images(&mut self) {
        if !self.held_images.is_empty() {
            let parts = std::mem::take(&mut self.held_images);
            self.messages
                .push(json!({"role": "user", "content": parts}));
        }
    }
}

/// Plain text as a string: servers without vision take nothing else.
fn joined(parts: Vec<Value>) -> Value {
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| part.get("text").and_then(Value::as_str))
        .collect();
    match texts {
        Some(texts) => json!(texts.join("\n")),
        None => Value::Array(parts),
    }
}

fn image(media_type: &str, data: &Bytes) -> Value {
    json!({
        "type": "image_url",
        "image_url": {"url": format!("data:{media_type};base64,{}", STANDARD.encode(data))},
    })
}

#[cfg(test)]
#[path = "request/tests.rs"]
mod tests;
