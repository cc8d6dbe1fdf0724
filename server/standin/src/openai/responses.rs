//! Responses, without anything stored: each call brings the whole conversation.
//!
//! What is said is checked as OpenAI does it: each output belongs to a call before it, and a thought comes back as it was
//! given out. `events` writes the answer.

mod events;
mod searches;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use llm::{Content, Request, Role};
use serde_json::{Value, json};

use self::events::Events;
use super::{error_body, key_refusal, refuse};
use crate::convert::{Converter, joined_text, list, text};
use crate::refusal::Refusal;
use crate::state::Standin;
use crate::{MISSING_MODEL, auth, beats};

/// Every thought in its encrypted form.
const ENCRYPTED: &str = "standin+encrypted/1==";
const COMPUTER: &str = "computer";

/// `POST /v1/responses`.
pub(crate) async fn create(
    State(state): State<Arc<Standin>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    state.record.add("/v1/responses", &headers, &body);
    match answer(&state, &headers, &body).await {
        Ok(response) => response,
        Err(refusal) => refuse(refusal),
    }
}

async fn answer(
    state: &Arc<Standin>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Refusal> {
    auth::check_openai(state, headers).map_err(key_refusal)?;
    let body = checked(body)?;
    let request = converted(&body);
    let mut play = state.player.play(&request);
    beats::prelude(state, &mut play).await?;
    let model = text(&body, "model").to_owned();
    let lists_sources = searches::are_sources_included(&body);
    Ok(beats::stream(state, play, Events::of(model, lists_sources)))
}

fn checked(body: &Bytes) -> Result<Value, Refusal> {
    let mut body: Value = serde_json::from_slice(body)
        .map_err(|_| Refusal::bad("We could not parse the JSON body of your request."))?;
    write_out(&mut body);
    match body.get("model").and_then(Value::as_str) {
        None | Some("") => {
            return Err(
                Refusal::bad("Missing required parameter: 'model'.").with_parameter("model")
            );
        }
        Some(MISSING_MODEL) => {
            let message = format!(
                "The model `{MISSING_MODEL}` does not exist or you do not have access to it."
            );
            return Err(Refusal::new(404, message).with_code("model_not_found"));
        }
        Some(_) => {}
    }
    if body.get("stream") != Some(&Value::Bool(true))
        || body.get("store") != Some(&Value::Bool(false))
    {
        return Err(
            Refusal::bad("The stand-in answers streams and stores nothing.")
                .with_parameter("store"),
        );
    }
    for tool in list(&body, "tools") {
        check_tool(tool)?;
    }
    let mut open = BTreeMap::new();
    for (number, item) in list(&body, "input").iter().enumerate() {
        check_item(number, item, &mut open)?;
    }
    match open.keys().next() {
        None => Ok(body),
        Some(id) => Err(
            Refusal::bad(format!("No tool output found for function call {id}."))
                .with_parameter("input"),
        ),
    }
}

/// What may be said in short is written out: a text for one message, and texts for lists of parts.
fn write_out(body: &mut Value) {
    let Some(input) = body.get_mut("input") else {
        return;
    };
    if let Value::String(said) = input {
        *input = json!([{"role": "user", "content": said}]);
    }
    for item in input.as_array_mut().into_iter().flatten() {
        let Some(fields) = item
            .as_object_mut()
            .filter(|fields| fields.contains_key("role"))
        else {
            continue;
        };
        fields.insert("type".to_owned(), "message".into());
        let is_own = fields.get("role") == Some(&json!("assistant"));
        if let Some(content) = fields.get_mut("content")
            && let Value::String(said) = content
        {
            let kind = if is_own { "output_text" } else { "input_text" };
            *content = json!([{"type": kind, "text": said}]);
        }
    }
}

fn check_tool(tool: &Value) -> Result<(), Refusal> {
    match text(tool, "type") {
        COMPUTER => Ok(()),
        searches::TOOL => searches::check_tool(tool),
        "function"
            if !text(tool, "name").is_empty()
                && tool.get("parameters").is_some_and(Value::is_object) =>
        {
            Ok(())
        }
        kind => Err(Refusal::bad(format!(
            "Invalid value: '{kind}'. Supported values are: 'function' and 'computer'."
        ))
        .with_parameter("tools[0].type")),
    }
}

fn check_item(
    number: usize,
    item: &Value,
    open: &mut BTreeMap<String, bool>,
) -> Result<(), Refusal> {
    let place = |field: &str| format!("input[{number}].{field}");
    match text(item, "type") {
        "message" => {
            let wanted = if text(item, "role") == "assistant" {
                "output_text"
            } else {
                "input_"
            };
            let is_right = |part: &Value| text(part, "type").starts_with(wanted);
            match list(item, "content").iter().find(|part| !is_right(part)) {
                None => Ok(()),
                Some(part) => Err(Refusal::bad(format!(
                    "Invalid value: '{}'.",
                    text(part, "type")
                ))
                .with_parameter(place("content"))),
            }
        }
        "reasoning" if text(item, "encrypted_content") == ENCRYPTED => Ok(()),
        "reasoning" => Err(Refusal::bad("The encrypted content could not be verified.")
            .with_code("invalid_encrypted_content")),
        kind @ ("function_call" | "computer_call") => {
            let is_computer = kind == "computer_call";
            if text(item, "call_id").is_empty() || (is_computer && text(item, "id").is_empty()) {
                return Err(Refusal::bad(format!(
                    "Missing required parameter: '{}'.",
                    place("call_id")
                )));
            }
            open.insert(text(item, "call_id").to_owned(), is_computer);
            Ok(())
        }
        kind @ ("function_call_output" | "computer_call_output") => {
            let id = text(item, "call_id");
            let is_computer = kind == "computer_call_output";
            if open.remove(id) != Some(is_computer) {
                return Err(Refusal::bad(format!(
                    "No tool call found for {kind} with call_id {id}."
                ))
                .with_parameter("input"));
            }
            let image = item.pointer("/output/image_url").and_then(Value::as_str);
            if is_computer && !image.is_some_and(|image| image.starts_with("data:image/")) {
                return Err(Refusal::bad(format!(
                    "Missing required parameter: '{}'.",
                    place("output.image_url")
                )));
            }
            Ok(())
        }
        searches::ITEM => searches::check_item(item, &place("action")),
        kind => {
            Err(Refusal::bad(format!("Invalid value: '{kind}'.")).with_parameter(place("type")))
        }
    }
}

fn converted(body: &Value) -> Request {
    let mut converter = Converter::new(text(body, "model"));
    let instructions = text(body, "instructions");
    if !instructions.is_empty() {
        converter.system(instructions);
    }
    for tool in list(body, "tools") {
        let kind = Some(text(tool, "type")).filter(|kind| *kind != "function");
        let name = kind.unwrap_or_else(|| text(tool, "name"));
        converter.tool(name, tool.get("parameters").unwrap_or(&Value::Null));
    }
    // What one side says and calls in one go is one message.
    let mut said: Option<(Role, Vec<Content>)> = None;
    for item in list(body, "input") {
        let Some((role, content)) = said_in(&mut converter, item) else {
            continue;
        };
        match &mut said {
            Some((last, contents)) if *last == role && role != Role::User => contents.push(content),
            _ => {
                if let Some((role, contents)) = said.replace((role, vec![content])) {
                    converter.message(role, contents);
                }
            }
        }
    }
    if let Some((role, contents)) = said {
        converter.message(role, contents);
    }
    converter.finish()
}

fn said_in(converter: &mut Converter, item: &Value) -> Option<(Role, Content)> {
    let call_id = text(item, "call_id");
    Some(match text(item, "type") {
        "message" => {
            let said = joined_text(item.get("content").unwrap_or(&Value::Null));
            // What came of a call on the screen is no new turn of the person.
            if said.starts_with("[what came of it: ") {
                return None;
            }
            let role = if text(item, "role") == "assistant" {
                Role::Assistant
            } else {
                Role::User
            };
            (role, Content::Text(said))
        }
        "function_call" => {
            let arguments = text(item, "arguments").to_owned();
            let call = converter.tool_call(call_id, text(item, "name"), arguments);
            (Role::Assistant, call)
        }
        "computer_call" => {
            let arguments = json!({"actions": item.get("actions")}).to_string();
            let call = converter.tool_call(call_id, COMPUTER, arguments);
            (Role::Assistant, call)
        }
        "function_call_output" => {
            let output = joined_text(item.get("output").unwrap_or(&Value::Null));
            (Role::Tool, converter.tool_result(call_id, output, false))
        }
        searches::ITEM => (Role::Assistant, searches::content(item)),
        "computer_call_output" => {
            let output = "a picture".to_owned();
            (Role::Tool, converter.tool_result(call_id, output, false))
        }
        _ => return None,
    })
}
