//! Writes the body of a Messages call.
//!
//! Messages of the same side are joined (tool results belong to the user's side), results come first in their
//! message, and empty text is left out, because the API refuses it. Cache marks go on the last system block and on the
//! last two messages: with three of the four marks allowed, the prefix of the last step and of this one are found.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::thinking;
use crate::replay::{arguments_object, object_schema, tool_call_id};
use crate::{Content, Message, Request, Role, ToolChoice, ToolResultContent, limits};

/// Ceiling of an answer when the caller names none; the API demands one.
const DEFAULT_MAX_TOKENS: u64 = 32_000;
const LONGEST_ID: usize = 64;
const IMAGE_TYPES: &[&str] = &["image/jpeg", "image/png", "image/gif", "image/webp"];

/// The whole body.
pub(super) fn body(request: &Request) -> Value {
    let max_tokens = request
        .max_output_tokens
        .unwrap_or_else(|| default_max_tokens(&request.model));
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(request.model));
    body.insert("max_tokens".to_owned(), json!(max_tokens));
    body.insert("stream".to_owned(), json!(true));
    let system = system(request);
    if !system.is_empty() {
        body.insert("system".to_owned(), json!(system));
    }
    body.insert("messages".to_owned(), json!(messages(request)));
    let thinks = thinking::apply(&mut body, &request.model, request.reasoning, max_tokens);
    if let Some(temperature) = request.temperature.filter(|_| !thinks) {
        body.insert(
            "temperature".to_owned(),
            rounded(temperature.clamp(0.0, 1.0)),
        );
    }
    if !request.tools.is_empty() {
        body.insert("tools".to_owned(), tools(request));
        body.insert(
            "tool_choice".to_owned(),
            tool_choice(request.tool_choice, thinks),
        );
    }
    Value::Object(body)
}

fn default_max_tokens(model: &str) -> u32 {
    u32::try_from(
        limits::known(model)
            .max_output_tokens
            .min(DEFAULT_MAX_TOKENS),
    )
    .unwrap_or(u32::MAX)
}

/// `0.7_f32` is `0.699999988…` as `f64`; the API should see what the admin typed.
fn rounded(number: f32) -> Value {
    json!((f64::from(number) * 10_000.0).round() / 10_000.0)
}

fn system(request: &Request) -> Vec<Value> {
    let mut blocks: Vec<Value> = request
        .system
        .iter()
        .filter_map(|block| text_block(&block.text))
        .collect();
    if request.cache {
        mark_last(&mut blocks);
    }
    blocks
}

fn tools(request: &Request) -> Value {
    request
        .tools
        .iter()
        .map(|tool| {
            json!({
                "name": tool.name,
                "description": tool.description,
                "input_schema": object_schema(&tool.input_schema),
            })
        })
        .collect()
}

/// A model that thinks cannot be forced to call.
fn tool_choice(choice: ToolChoice, thinks: bool) -> Value {
    match choice {
        ToolChoice::None => json!({"type": "none"}),
        ToolChoice::Required if !thinks => json!({"type": "any"}),
        ToolChoice::Auto | ToolChoice::Required => json!({"type": "auto"}),
    }
}

fn messages(request: &Request) -> Vec<Value> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in request.messages.iter() {
        let role = if message.role == Role::Assistant {
            "assistant"
        } else {
            "user"
        };
        let blocks = blocks(message);
        match turns.last_mut() {
            Some((last_role, last_blocks)) if *last_role == role => last_blocks.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    turns.retain(|(_, blocks)| !blocks.is_empty());
    for (role, blocks) in &mut turns {
        if *role == "user" {
            // The API wants the results of a turn's calls before anything else is said.
            blocks.sort_by_key(|block| block.get("type").is_some_and(|kind| kind != "tool_result"));
        }
    }
    if request.cache {
        for (_, blocks) in turns.iter_mut().rev().take(2) {
            mark_last(blocks);
        }
    }
    turns
        .into_iter()
        .map(|(role, content)| json!({"role": role, "content": content}))
        .collect()
}

fn blocks(message: &Message) -> Vec<Value> {
    message
        .content
        .iter()
        .filter_map(|content| block(message.role, content))
        .collect()
}

fn block(role: Role, content: &Content) -> Option<Value> {
    match content {
        Content::Text(text) => text_block(text),
        Content::Reasoning {
            text,
            provider_metadata,
        } if role == Role::Assistant => thinking_block(text, provider_metadata.as_ref()?),
        Content::Reasoning { .. } => None,
        Content::Image { media_type, data } => Some(image_block(media_type, data)),
        Content::ToolCall {
            id,
            name,
            arguments,
        } => Some(json!({
            "type": "tool_use",
            "id": tool_call_id(id, LONGEST_ID),
            "name": name,
            "input": arguments_object(arguments),
        })),
        Content::ToolResult {
            tool_call_id: id,
            content,
            is_error,
            ..
        } => Some(result_block(id, content, *is_error)),
    }
}

fn text_block(text: &str) -> Option<Value> {
    (!text.trim().is_empty()).then(|| json!({"type": "text", "text": text}))
}

/// Thoughts go back exactly as they came; those of other providers have no signature and cannot.
fn thinking_block(text: &str, metadata: &Value) -> Option<Value> {
    let own = metadata.get("anthropic")?;
    if let Some(data) = own.get("redacted_data") {
        return Some(json!({"type": "redacted_thinking", "data": data}));
    }
    let signature = own.get("signature")?;
    Some(json!({"type": "thinking", "thinking": text, "signature": signature}))
}

fn image_block(media_type: &str, data: &Bytes) -> Value {
    if !IMAGE_TYPES.contains(&media_type) || data.is_empty() {
        return json!({"type": "text", "text": format!("[An image of type {media_type} that cannot be shown.]")});
    }
    json!({
        "type": "image",
        "source": {"type": "base64", "media_type": media_type, "data": STANDARD.encode(data)},
    })
}

fn result_block(id: &str, content: &[ToolResultContent], is_error: bool) -> Value {
    let pieces: Vec<Value> = content
        .iter()
        .filter_map(|piece| match piece {
            ToolResultContent::Text(text) => text_block(text),
            ToolResultContent::Image { media_type, data } => Some(image_block(media_type, data)),
        })
        .collect();
    let mut block = json!({"type": "tool_result", "tool_use_id": tool_call_id(id, LONGEST_ID)});
    if let Some(fields) = block.as_object_mut() {
        if is_error {
            fields.insert("is_error".to_owned(), json!(true));
        }
        if !pieces.is_empty() {
            fields.insert("content".to_owned(), json!(pieces));
        } else if is_error {
            // An error without a word is refused.
            fields.insert(
                "content".to_owned(),
                json!("The tool failed and said nothing."),
            );
        }
    }
    block
}

/// Thoughts cannot carry a mark.
fn mark_last(blocks: &mut [Value]) {
    let markable = blocks.iter_mut().rev().find(|block| {
        !block
            .get("type")
            .is_some_and(|kind| kind == "thinking" || kind == "redacted_thinking")
    });
    if let Some(fields) = markable.and_then(Value::as_object_mut) {
        fields.insert("cache_control".to_owned(), json!({"type": "ephemeral"}));
    }
}

#[cfg(test)]
#[path = "request/tests.rs"]
mod tests;
