//! The events of an answer, item by item as OpenAI sends them: begun, written, finished with all that is in it.

use std::fmt::Write as _;

use llm::demo::play::{Beat, Play};
use llm::demo::script::{Cite, Search};
use llm::{FinishReason, Usage};
use serde_json::{Value, json};

use super::{COMPUTER, ENCRYPTED, error_body, searches};
use crate::beats::Wire;
use crate::refusal::Refusal;

/// Writes events.
#[derive(Default)]
pub(super) struct Events {
    model: String,
    sequence_number: u64,
    /// The items that are finished.
    output: Vec<Value>,
    /// What is being written.
    open: Option<Open>,
    /// Whether the call that is being written is one on the screen, which comes at once.
    is_computer: bool,
    /// Whether searches list what they found.
    lists_sources: bool,
}

/// A message or a thought that is being written.
struct Open {
    kind: &'static str,
    text: String,
    annotations: Vec<Value>,
}

impl Events {
    pub(super) fn of(model: String, lists_sources: bool) -> Self {
        Self {
            model,
            lists_sources,
            ..Self::default()
        }
    }

    fn event(&mut self, kind: &str, mut fields: Value, out: &mut String) {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("type".to_owned(), kind.into());
            fields.insert("sequence_number".to_owned(), self.sequence_number.into());
        }
        self.sequence_number += 1;
        // Writing to a string cannot fail.
        write!(out, "event: {kind}\ndata: {fields}\n\n").ok();
    }

    /// The place of the item that is being written.
    fn place(&self) -> usize {
        self.output.len()
    }

    fn item_id(&self) -> String {
        format!("item_{}", self.place())
    }

    /// An event within the item that is being written.
    fn inside(&mut self, kind: &str, mut fields: Value, out: &mut String) {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("item_id".to_owned(), self.item_id().into());
            fields.insert("output_index".to_owned(), self.place().into());
        }
        self.event(kind, fields, out);
    }

    fn begin_item(&mut self, item: &Value, out: &mut String) {
        let fields = json!({"output_index": self.place(), "item": item});
        self.event("response.output_item.added", fields, out);
    }

    fn end_item(&mut self, item: Value, out: &mut String) {
        let fields = json!({"output_index": self.place(), "item": &item});
        self.event("response.output_item.done", fields, out);
        self.output.push(item);
    }

    fn write(&mut self, kind: &'static str, text: &str, out: &mut String) {
        if self.open.as_ref().is_none_or(|open| open.kind != kind) {
            self.close(out);
            self.begin_item(&item_of(kind, &self.item_id(), None), out);
            let (event, fields) = part(kind, "added", "");
            self.inside(event, fields, out);
            self.open = Some(Open {
                kind,
                text: String::new(),
                annotations: Vec::new(),
            });
        }
        if let Some(open) = &mut self.open {
            open.text.push_str(text);
        }
        let fields = json!({index_of(kind): 0, "delta": text});
        self.inside(delta_of(kind), fields, out);
    }

    fn close(&mut self, out: &mut String) {
        let Some(Open {
            kind,
            text,
            annotations,
        }) = self.open.take()
        else {
            return;
        };
        let done = if kind == MESSAGE {
            "response.output_text.done"
        } else {
            "response.reasoning_summary_text.done"
        };
        self.inside(done, json!({index_of(kind): 0, "text": &text}), out);
        let (event, fields) = part(kind, "done", &text);
        self.inside(event, fields, out);
        let mut item = item_of(kind, &self.item_id(), Some(&text));
        if let Some(known) = item.pointer_mut("/content/0/annotations") {
            *known = annotations.into();
        }
        self.end_item(item, out);
    }

    fn cite(&mut self, cite: &Cite, out: &mut String) {
        let start = self.open.as_ref().filter(|open| open.kind == MESSAGE);
        let start = start.map_or(0, |open| open.text.chars().count());
        self.write(MESSAGE, &cite.text, out);
        let annotation = searches::annotation(cite, start);
        let mut number = 0;
        if let Some(open) = &mut self.open {
            number = open.annotations.len();
            open.annotations.push(annotation.clone());
        }
        let fields =
            json!({"content_index": 0, "annotation_index": number, "annotation": annotation});
        self.inside("response.output_text.annotation.added", fields, out);
    }

    fn search(&mut self, search: &Search, out: &mut String) {
        self.close(out);
        let id = format!("ws_{}", self.place());
        self.begin_item(&searches::begun(&id), out);
        for step in ["in_progress", "searching", "completed"] {
            let kind = format!("response.web_search_call.{step}");
            let fields = json!({"output_index": self.place(), "item_id": id});
            self.event(&kind, fields, out);
        }
        let item = searches::done(&id, search, self.lists_sources);
        self.end_item(item, out);
    }

    fn call(&mut self, id: &str, name: &str, arguments: Option<&str>, out: &mut String) -> Value {
        let status = if arguments.is_some() {
            "completed"
        } else {
            "in_progress"
        };
        let item_id = self.item_id();
        if name != COMPUTER {
            if let Some(arguments) = arguments {
                let fields = json!({"name": name, "arguments": arguments});
                self.inside("response.function_call_arguments.done", fields, out);
            }
            return json!({
                "type": "function_call",
                "id": item_id,
                "call_id": id,
                "name": name,
                "arguments": arguments.unwrap_or_default(),
                "status": status,
            });
        }
        let said: Value = serde_json::from_str(arguments.unwrap_or_default()).unwrap_or_default();
        let list = |name: &str| said.get(name).cloned().unwrap_or_else(|| json!([]));
        json!({
            "type": "computer_call",
            "id": item_id,
            "call_id": id,
            "actions": list("actions"),
            "pending_safety_checks": list("pending_safety_checks"),
            "status": status,
        })
    }

    fn response(&self, play: &Play, status: &str) -> Value {
        json!({
            "id": format!("resp_{}", play.response_id),
            "object": "response",
            "created_at": 0,
            "model": &self.model,
            "status": status,
            "output": &self.output,
            "parallel_tool_calls": true,
            "tool_choice": "auto",
            "tools": [],
        })
    }
}

const MESSAGE: &str = "message";
const REASONING: &str = "reasoning";

fn index_of(kind: &str) -> &'static str {
    if kind == MESSAGE {
        "content_index"
    } else {
        "summary_index"
    }
}

fn delta_of(kind: &str) -> &'static str {
    if kind == MESSAGE {
        "response.output_text.delta"
    } else {
        "response.reasoning_summary_text.delta"
    }
}

/// The event that begins or ends the one part of an item.
fn part(kind: &str, what: &str, text: &str) -> (&'static str, Value) {
    let is_added = what == "added";
    if kind == MESSAGE {
        let event = if is_added {
            "response.content_part.added"
        } else {
            "response.content_part.done"
        };
        let part = json!({"type": "output_text", "text": text, "annotations": []});
        return (event, json!({"content_index": 0, "part": part}));
    }
    let event = if is_added {
        "response.reasoning_summary_part.added"
    } else {
        "response.reasoning_summary_part.done"
    };
    let part = json!({"type": "summary_text", "text": text});
    (event, json!({"summary_index": 0, "part": part}))
}

/// A message or a thought: begun without a text, finished with one.
fn item_of(kind: &str, id: &str, text: Option<&str>) -> Value {
    let status = if text.is_some() {
        "completed"
    } else {
        "in_progress"
    };
    let parts = |kind: &str| -> Vec<Value> {
        let part = |text| json!({"type": kind, "text": text});
        text.into_iter().map(part).collect()
    };
    if kind == MESSAGE {
        let mut content = parts("output_text");
        for part in content.iter_mut().filter_map(Value::as_object_mut) {
            part.insert("annotations".to_owned(), json!([]));
        }
        return json!({"type": kind, "id": id, "status": status, "role": "assistant", "content": content});
    }
    let mut item = json!({"type": kind, "id": id, "summary": parts("summary_text")});
    if let Some(fields) = item.as_object_mut().filter(|_| text.is_some()) {
        fields.insert("encrypted_content".to_owned(), ENCRYPTED.into());
    }
    item
}

impl Wire for Events {
    fn begin(&mut self, play: &Play, out: &mut String) {
        let response = json!({"response": self.response(play, "in_progress")});
        self.event("response.created", response.clone(), out);
        self.event("response.in_progress", response, out);
    }

    fn beat(&mut self, beat: &Beat, out: &mut String) {
        match beat {
            Beat::Text(text) => self.write(MESSAGE, text, out),
            Beat::Reasoning(text) => self.write(REASONING, text, out),
            Beat::ReasoningEnd => self.close(out),
            Beat::CallStart { id, name, .. } => {
                self.close(out);
                self.is_computer = name == COMPUTER;
                let item = self.call(id, name, None, out);
                self.begin_item(&item, out);
            }
            Beat::CallDelta { .. } if self.is_computer => {}
            Beat::CallDelta { text, .. } => {
                let fields = json!({"delta": text});
                self.inside("response.function_call_arguments.delta", fields, out);
            }
            Beat::CallEnd {
                id,
                name,
                arguments,
                ..
            } => {
                let item = self.call(id, name, Some(arguments), out);
                self.end_item(item, out);
            }
            Beat::Search { search, .. } => self.search(search, out),
            Beat::Cite(cite) => self.cite(cite, out),
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
        let status = if cut.is_some() {
            "incomplete"
        } else {
            "completed"
        };
        let mut response = self.response(play, status);
        if let Some(fields) = response.as_object_mut() {
            let reason = cut.map(|reason| json!({"reason": reason}));
            fields.insert("incomplete_details".to_owned(), json!(reason));
            fields.insert("usage".to_owned(), usage(&play.usage));
        }
        self.event(
            &format!("response.{status}"),
            json!({"response": response}),
            out,
        );
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
