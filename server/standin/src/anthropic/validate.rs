//! What Anthropic refuses, in its words.

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use bytes::Bytes;
use serde_json::Value;

use super::wire::SIGNATURE;
use super::{computer, searches};
use crate::MISSING_MODEL;
use crate::convert::blocks;
use crate::refusal::Refusal;

const MOST_CACHE_MARKS: usize = 4;
const SMALLEST_BUDGET: u64 = 1_024;

/// A call's id, and the toolset that its tool is of.
type Called = (String, Option<String>);

/// The body, when Anthropic would answer it.
pub(super) fn request(body: &Bytes, headers: &HeaderMap) -> Result<Value, Refusal> {
    let body: Value = serde_json::from_slice(body).map_err(|problem| {
        Refusal::bad(format!("The request body is not valid JSON: {problem}"))
    })?;
    for field in ["model", "max_tokens", "messages"] {
        if body.get(field).is_none_or(Value::is_null) {
            return Err(Refusal::bad(format!("{field}: Field required")));
        }
    }
    if body
        .get("model")
        .is_some_and(|model| model == MISSING_MODEL)
    {
        return Err(Refusal::new(404, format!("model: {MISSING_MODEL}")));
    }
    check_options(&body)?;
    for tool in body
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        computer::check(tool, headers)?;
    }
    check_messages(&body)?;
    let marks = count_marks(&body);
    if marks > MOST_CACHE_MARKS {
        let message = format!(
            "A maximum of {MOST_CACHE_MARKS} blocks with cache_control may be provided. Found {marks}."
        );
        return Err(Refusal::bad(message));
    }
    Ok(body)
}

fn check_options(body: &Value) -> Result<(), Refusal> {
    let Some(max_tokens) = body
        .get("max_tokens")
        .and_then(Value::as_u64)
        .filter(|tokens| *tokens > 0)
    else {
        return Err(Refusal::bad(
            "max_tokens: Input should be greater than or equal to 1",
        ));
    };
    if let Some(budget) = body
        .pointer("/thinking/budget_tokens")
        .and_then(Value::as_u64)
    {
        if budget < SMALLEST_BUDGET {
            return Err(Refusal::bad(
                "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
            ));
        }
        if budget >= max_tokens {
            return Err(Refusal::bad(
                "`max_tokens` must be greater than `thinking.budget_tokens`.",
            ));
        }
        if body.get("temperature").is_some_and(|value| *value != 1) {
            return Err(Refusal::bad(
                "`temperature` may only be set to 1 when thinking is enabled.",
            ));
        }
    }
    let has_tools = body
        .get("tools")
        .and_then(Value::as_array)
        .is_some_and(|tools| !tools.is_empty());
    if body.get("tool_choice").is_some() && !has_tools {
        return Err(Refusal::bad(
            "tool_choice may only be specified while providing tools.",
        ));
    }
    match body.get("system") {
        Some(Value::Array(blocks)) => check_texts("system", blocks),
        _ => Ok(()),
    }
}

fn check_messages(body: &Value) -> Result<(), Refusal> {
    let messages = body
        .get("messages")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let Some(first) = messages.first() else {
        return Err(Refusal::bad("messages: at least one message is required"));
    };
    if first.get("role").is_some_and(|role| role == "assistant") {
        return Err(Refusal::bad(
            "messages: first message must use the \"user\" role",
        ));
    }
    let mut waiting = BTreeSet::new();
    for (number, message) in messages.iter().enumerate() {
        let is_last = number + 1 == messages.len();
        waiting = check_message(number, message, is_last, &waiting)?;
    }
    refuse_waiting(messages.len().saturating_sub(1), &waiting)?;
    searches::check_messages(messages)
}

/// Checks a message against the calls of the one before and gives back its own.
fn check_message(
    number: usize,
    message: &Value,
    is_last: bool,
    waiting: &BTreeSet<Called>,
) -> Result<BTreeSet<Called>, Refusal> {
    let role = message
        .get("role")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !matches!(role, "user" | "assistant") {
        return Err(Refusal::bad(format!(
            "messages.{number}.role: Input should be 'user' or 'assistant'"
        )));
    }
    let content = blocks(message.get("content").unwrap_or(&Value::Null));
    if content.is_empty() && !(is_last && role == "assistant") {
        let text = format!(
            "messages.{number}: all messages must have non-empty content except for the optional final assistant message"
        );
        return Err(Refusal::bad(text));
    }
    check_texts(&format!("messages.{number}.content"), &content)?;
    let last_kind = content.last().and_then(|block| block.get("type"));
    if let (true, Some(kind)) = (role == "assistant", last_kind.and_then(Value::as_str))
        && matches!(kind, "thinking" | "redacted_thinking")
    {
        return Err(Refusal::bad(format!(
            "messages.{number}: The final block in an assistant message cannot be `{kind}`."
        )));
    }
    let mut answered = BTreeSet::new();
    let mut called = BTreeSet::new();
    for (position, block) in content.iter().enumerate() {
        let place = format!("messages.{number}.content.{position}");
        match block
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
        {
            "tool_use" => {
                called.insert((checked_id(&place, block, "id")?, toolset_of(block)));
            }
            "tool_result" => {
                let id = checked_id(&place, block, "tool_use_id")?;
                let answer = (id.clone(), toolset_of(block));
                if let Some((_, toolset)) = waiting.iter().find(|(waiting, _)| *waiting == id)
                    && *toolset != answer.1
                {
                    return Err(Refusal::bad(format!(
                        "{place}: `toolset_name` must be that of the `tool_use` block {id}"
                    )));
                }
                if !waiting.contains(&answer) {
                    let text = format!(
                        "{place}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
                    );
                    return Err(Refusal::bad(text));
                }
                let is_empty = block
                    .get("content")
                    .is_none_or(|content| blocks(content).is_empty());
                if is_empty && block.get("is_error") == Some(&Value::Bool(true)) {
                    let text = format!(
                        "{place}.tool_result: content cannot be empty if `is_error` is true"
                    );
                    return Err(Refusal::bad(text));
                }
                answered.insert(answer);
            }
            "thinking"
                if block
                    .get("signature")
                    .is_none_or(|signature| signature != SIGNATURE) =>
            {
                return Err(Refusal::bad(format!(
                    "{place}: Invalid `signature` in `thinking` block"
                )));
            }
            _ => {}
        }
    }
    let unanswered: BTreeSet<Called> = waiting.difference(&answered).cloned().collect();
    refuse_waiting(number.saturating_sub(1), &unanswered)?;
    Ok(called)
}

fn toolset_of(block: &Value) -> Option<String> {
    let name = block.get("toolset_name")?.as_str()?;
    Some(name.to_owned())
}

fn checked_id(place: &str, block: &Value, field: &str) -> Result<String, Refusal> {
    let id = block.get(field).and_then(Value::as_str).unwrap_or_default();
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if id.is_empty() || !id.chars().all(is_plain) {
        let text = format!("{place}.{field}: String should match pattern '^[a-zA-Z0-9_-]+$'");
        return Err(Refusal::bad(text));
    }
    Ok(id.to_owned())
}

fn refuse_waiting(number: usize, waiting: &BTreeSet<Called>) -> Result<(), Refusal> {
    if waiting.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = waiting.iter().map(|(id, _)| id.as_str()).collect();
    Err(Refusal::bad(format!(
        "messages.{number}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        ids.join(", ")
    )))
}

fn check_texts(place: &str, blocks: &[Value]) -> Result<(), Refusal> {
    for block in blocks {
        let text = block.get("text").and_then(Value::as_str);
        if block.get("type").is_some_and(|kind| kind == "text")
            && text.is_none_or(|text| text.trim().is_empty())
        {
            return Err(Refusal::bad(format!(
                "{place}: text content blocks must be non-empty"
            )));
        }
    }
    Ok(())
}

fn count_marks(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            usize::from(fields.contains_key("cache_control"))
                + fields.values().map(count_marks).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(count_marks).sum(),
        _ => 0,
    }
}
