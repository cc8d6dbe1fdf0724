//! What OpenAI refuses, in its words.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::Value;

use crate::refusal::Refusal;
use crate::{MISSING_MODEL, STRICT_MODEL};

const ROLES: &[&str] = &[
    "system",
    "developer",
    "user",
    "assistant",
    "tool",
    "function",
];
const LONGEST_ID: usize = 40;

/// The body, when OpenAI would answer it.
pub(super) fn request(body: &Bytes) -> Result<Value, Refusal> {
    let body: Value = serde_json::from_slice(body).map_err(|_| {
        Refusal::bad("We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)")
    })?;
    check_model(&body)?;
    check_options(&body)?;
    check_messages(&body)?;
    Ok(body)
}

fn check_model(body: &Value) -> Result<(), Refusal> {
    match body.get("model").and_then(Value::as_str) {
        None | Some("") => Err(Refusal::bad("you must provide a model parameter")),
        Some(MISSING_MODEL) => {
            let message = format!(
                "The model `{MISSING_MODEL}` does not exist or you do not have access to it."
            );
            Err(Refusal::new(404, message).with_code("model_not_found"))
        }
        Some(STRICT_MODEL) => check_strict(body),
        Some(_) => Ok(()),
    }
}

/// Reasoning models refuse the older spellings.
fn check_strict(body: &Value) -> Result<(), Refusal> {
    if body.get("max_tokens").is_some() {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        return Err(Refusal::bad(message)
            .with_code("unsupported_parameter")
            .with_parameter("max_tokens"));
    }
    if body.get("temperature").is_some_and(|value| *value != 1) {
        let message = "Unsupported value: 'temperature' does not support this value with this model. Only the default (1) value is supported.";
        return Err(Refusal::bad(message)
            .with_code("unsupported_value")
            .with_parameter("temperature"));
    }
    Ok(())
}

fn check_options(body: &Value) -> Result<(), Refusal> {
    let has = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
    if has("max_tokens") && has("max_completion_tokens") {
        return Err(Refusal::bad(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        ));
    }
    if has("stream_options") && body.get("stream") != Some(&Value::Bool(true)) {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(Refusal::bad(message).with_parameter("stream_options"));
    }
    let tools = body
        .get("tools")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    if has("tools") && tools == 0 {
        return Err(Refusal::bad("Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.").with_parameter("tools"));
    }
    if has("tool_choice") && tools == 0 {
        let message = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.";
        return Err(Refusal::bad(message).with_parameter("tool_choice"));
    }
    Ok(())
}

fn check_messages(body: &Value) -> Result<(), Refusal> {
    let Some(messages) = body.get("messages").and_then(Value::as_array) else {
        return Err(Refusal::bad("Missing required parameter: 'messages'.")
            .with_code("missing_required_parameter")
            .with_parameter("messages"));
    };
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
        return Err(Refusal::bad(message)
            .with_code("empty_array")
            .with_parameter("messages"));
    }
    let mut waiting = BTreeSet::new();
    for (number, message) in messages.iter().enumerate() {
        check_message(number, message, &mut waiting)?;
    }
    no_call_waits(&waiting, messages.len())
}

fn check_message(
    number: usize,
    message: &Value,
    waiting: &mut BTreeSet<String>,
) -> Result<(), Refusal> {
    let role = message
        .get("role")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !ROLES.contains(&role) {
        let message = format!(
            "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
        );
        return Err(Refusal::bad(message)
            .with_code("invalid_value")
            .with_parameter(format!("messages[{number}].role")));
    }
    if role == "tool" {
        let id = message
            .get("tool_call_id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !waiting.remove(id) {
            let message = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
            return Err(Refusal::bad(message).with_parameter(format!("messages.[{number}].role")));
        }
        return Ok(());
    }
    no_call_waits(waiting, number)?;
    waiting.clear();
    let calls = message
        .get("tool_calls")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let has_content = message
        .get("content")
        .is_some_and(|content| !content.is_null());
    if !has_content && calls.is_empty() {
        let text = format!(
            "Invalid value for 'content': expected a string, got null. (messages[{number}])"
        );
        return Err(Refusal::bad(text).with_parameter(format!("messages.[{number}].content")));
    }
    for (position, call) in calls.iter().enumerate() {
        waiting.insert(check_call(number, position, call)?);
    }
    Ok(())
}

fn check_call(number: usize, position: usize, call: &Value) -> Result<String, Refusal> {
    let place = format!("messages[{number}].tool_calls[{position}]");
    let id = call.get("id").and_then(Value::as_str).unwrap_or_default();
    if id.is_empty() || call.get("type").is_none_or(|kind| kind != "function") {
        return Err(
            Refusal::bad(format!("Missing required parameter: '{place}.id'."))
                .with_parameter(place),
        );
    }
    if id.len() > LONGEST_ID {
        let message = format!(
            "Invalid '{place}.id': string too long. Expected a string with maximum length {LONGEST_ID}, but got a string with length {} instead.",
            id.len()
        );
        return Err(Refusal::bad(message)
            .with_code("string_above_max_length")
            .with_parameter(format!("{place}.id")));
    }
    if call
        .pointer("/function/arguments")
        .and_then(Value::as_str)
        .is_none()
    {
        let message = format!("Invalid type for '{place}.function.arguments': expected a string.");
        return Err(Refusal::bad(message)
            .with_code("invalid_type")
            .with_parameter(place));
    }
    Ok(id.to_owned())
}

fn no_call_waits(waiting: &BTreeSet<String>, number: usize) -> Result<(), Refusal> {
    if waiting.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = waiting.iter().map(String::as_str).collect();
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        ids.join(", ")
    );
    Err(Refusal::bad(message).with_parameter(format!("messages.[{number}].role")))
}
