//! Responses, without anything stored: each call brings the whole conversation.
//!
//! What is said is checked as OpenAI does it: each output belongs to a call before it, and a thought comes back as it was
//! given out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use llm::demo::play::{Beat, Play};
use llm::{Content, FinishReason, Request, Role, Usage};
use serde_json::{Value, json};

use super::{error_body, key_refusal, refuse};
use crate::beats::Wire;
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
    Ok(beats::stream(state, play, Events::default()))
}

fn checked(body: &Bytes) -> Result<Value, Refusal> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| Refusal::bad("We could not parse the JSON body of your request."))?;
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

fn check_tool(tool: &Value) -> Result<(), Refusal> {
    match text(tool, "type") {
        COMPUTER => Ok(()),
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
        let name = tool.get("name").and_then(Value::as_str).unwrap_or(COMPUTER);
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
        "computer_call_output" => {
            let output = "a picture".to_owned();
            (Role::Tool, converter.tool_result(call_id, output, false))
        }
        _ => return None,
    })
}

/// Writes events.
#[derive(Default)]
struct Events {
    sequence_number: u64,
    /// How many items were begun.
    item_count: u64,
    /// Whether the last one is a message that is being written, or a thought.
    open: Option<&'static str>,
}

impl Events {
    fn event(&mut self, kind: &str, mut fields: Value, out: &mut String) {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("type".to_owned(), kind.into());
            fields.insert("sequence_number".to_owned(), self.sequence_number.into());
        }
        self.sequence_number += 1;
        // Writing to a string cannot fail.
        write!(out, "event: {kind}\ndata: {fields}\n\n").ok();
    }

    fn place(&self) -> u64 {
        self.item_count.saturating_sub(1)
    }

    fn begin_item(&mut self, item: &Value, out: &mut String) {
        self.item_count += 1;
        let fields = json!({"output_index": self.place(), "item": item});
        self.event("response.output_item.added", fields, out);
    }

    fn end_item(&mut self, item: &Value, out: &mut String) {
        let fields = json!({"output_index": self.place(), "item": item});
        self.event("response.output_item.done", fields, out);
    }

    fn within(&mut self, kind: &'static str, out: &mut String) {
        if self.open != Some(kind) {
            self.close(out);
            self.open = Some(kind);
            self.begin_item(
                &json!({"type": kind, "id": format!("item_{}", self.item_count)}),
                out,
            );
        }
    }

    fn close(&mut self, out: &mut String) {
        let Some(kind) = self.open.take() else { return };
        let mut item = json!({"type": kind, "status": "completed"});
        if let Some(fields) = item.as_object_mut().filter(|_| kind == "reasoning") {
            fields.insert("encrypted_content".to_owned(), ENCRYPTED.into());
        }
        self.end_item(&item, out);
    }

    fn call(&mut self, id: &str, name: &str, arguments: &str, out: &mut String) {
        if name != COMPUTER {
            let item = json!({"type": "function_call", "call_id": id, "name": name, "arguments": arguments, "status": "completed"});
            self.end_item(&item, out);
            return;
        }
        let arguments: Value = serde_json::from_str(arguments).unwrap_or_default();
        let item = json!({
            "type": "computer_call",
            "id": format!("cu_{id}"),
            "call_id": id,
            "actions": arguments.get("actions"),
            "pending_safety_checks": arguments.get("pending_safety_checks").cloned().unwrap_or_else(|| json!([])),
            "status": "completed",
        });
        self.end_item(&item, out);
    }
}

impl Wire for Events {
    fn begin(&mut self, play: &Play, out: &mut String) {
        let response = json!({"response": {"id": format!("resp_{}", play.response_id), "status": "in_progress"}});
        self.event("response.created", response.clone(), out);
        self.event("response.in_progress", response, out);
    }

    fn beat(&mut self, beat: &Beat, out: &mut String) {
        match beat {
            Beat::Text(text) => {
                self.within("message", out);
                let fields =
                    json!({"output_index": self.place(), "content_index": 0, "delta": text});
                self.event("response.output_text.delta", fields, out);
            }
            Beat::Reasoning(text) => {
                self.within("reasoning", out);
                let fields =
                    json!({"output_index": self.place(), "summary_index": 0, "delta": text});
                self.event("response.reasoning_summary_text.delta", fields, out);
            }
            Beat::ReasoningEnd => self.close(out),
            Beat::CallStart { id, name, .. } => {
                self.close(out);
                let item = if name == COMPUTER {
                    json!({"type": "computer_call", "call_id": id})
                } else {
                    json!({"type": "function_call", "call_id": id, "name": name, "arguments": ""})
                };
                self.begin_item(&item, out);
            }
            Beat::CallDelta { text, .. } => {
                let fields = json!({"output_index": self.place(), "delta": text});
                self.event("response.function_call_arguments.delta", fields, out);
            }
            Beat::CallEnd {
                id,
                name,
                arguments,
                ..
            } => self.call(id, name, arguments, out),
            Beat::Clock | Beat::Stall(_) | Beat::Fail(_) | Beat::Cut => {}
        }
    }

    fn fail(&mut self, refusal: &Refusal, out: &mut String) {
        let error = error_body(refusal);
        let mut fields = error.get("error").cloned().unwrap_or_default();
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("status".to_owned(), refusal.status.into());
        }
        self.event("error", json!({"error": fields}), out);
    }

    fn end(&mut self, play: &Play, out: &mut String) {
        self.close(out);
        let cut = match play.reason {
            FinishReason::Length => Some("max_output_tokens"),
            FinishReason::ContentFilter => Some("content_filter"),
            _ => None,
        };
        let response = json!({
            "id": format!("resp_{}", play.response_id),
            "status": if cut.is_some() { "incomplete" } else { "completed" },
            "incomplete_details": cut.map(|reason| json!({"reason": reason})),
            "usage": usage(&play.usage),
        });
        let kind = if cut.is_some() {
            "response.incomplete"
        } else {
            "response.completed"
        };
        self.event(kind, json!({"response": response}), out);
    }
}

/// OpenAI counts cached tokens inside the input.
fn usage(usage: &Usage) -> Value {
    let cached = usage.cache_read_tokens.unwrap_or(0);
    let written = usage.cache_creation_tokens.unwrap_or(0);
    let input = usage.input_tokens.unwrap_or(0) + cached + written;
    let output = usage.output_tokens.unwrap_or(0);
    json!({
        "input_tokens": input,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens.unwrap_or(0)},
        "total_tokens": input + output,
    })
}
