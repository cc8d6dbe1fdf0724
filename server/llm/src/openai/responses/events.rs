//! Reads the events of a Responses stream. `response.completed` or `response.incomplete` ends an answer; events that are
//! unknown are passed over.

use std::collections::{BTreeMap, VecDeque};

use eventsource_stream::Event;
use serde::Deserialize;
use serde_json::{Value, json};

use super::computer::{self, Ids};
use super::searches;
use crate::error::{ProviderWords, Signals};
use crate::http::{Decoder, Heard};
use crate::web::Sources;
use crate::{Error, FinishReason, StreamPart, Usage};

/// Reads one answer.
#[derive(Debug)]
pub(in super::super) struct EventDecoder {
    provider: String,
    has_begun: bool,
    response_id: Option<String>,
    /// Calls of functions that are being written, by the item's place.
    calls: BTreeMap<u64, usize>,
    call_count: usize,
    has_refused: bool,
    /// Whether a part of the summary of the thought in hand was shown.
    has_summary: bool,
    /// What the message in hand cites.
    sources: Sources,
}

#[derive(Deserialize)]
struct WireEvent {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    output_index: u64,
    #[serde(default)]
    delta: Value,
    item: Option<Value>,
    annotation: Option<Value>,
    response: Option<WireResponse>,
}

#[derive(Deserialize)]
struct WireResponse {
    id: Option<String>,
    usage: Option<WireUsage>,
    incomplete_details: Option<WireIncomplete>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct WireIncomplete {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct WireUsage {
    input_tokens: Option<u64>,
    input_tokens_details: Option<WireInputDetails>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<WireOutputDetails>,
    total_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
struct WireInputDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct WireOutputDetails {
    reasoning_tokens: Option<u64>,
}

impl EventDecoder {
    pub(in super::super) fn new(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            has_begun: false,
            response_id: None,
            calls: BTreeMap::new(),
            call_count: 0,
            has_refused: false,
            has_summary: false,
            sources: Sources::default(),
        }
    }

    fn begin(&mut self, response: Option<WireResponse>, parts: &mut VecDeque<StreamPart>) {
        if !std::mem::replace(&mut self.has_begun, true) {
            parts.push_back(StreamPart::Start);
        }
        let id = response.and_then(|response| response.id);
        self.response_id = self.response_id.take().or(id);
    }

    fn start_call(&mut self, id: String, name: &str, parts: &mut VecDeque<StreamPart>) -> usize {
        let index = self.call_count;
        self.call_count += 1;
        parts.push_back(StreamPart::ToolCallStart {
            index,
            id,
            name: name.to_owned(),
        });
        index
    }

    fn add_item(&mut self, place: u64, item: &Value, parts: &mut VecDeque<StreamPart>) {
        self.has_summary = false;
        match text(item, "type") {
            "function_call" => {
                let id = text(item, "call_id").to_owned();
                let index = self.start_call(id, text(item, "name"), parts);
                self.calls.insert(place, index);
            }
            searches::ITEM => parts.push_back(searches::start(item)),
            _ => {}
        }
    }

    fn end_item(&mut self, place: u64, item: &Value, parts: &mut VecDeque<StreamPart>) {
        match text(item, "type") {
            "function_call" => {
                let id = text(item, "call_id").to_owned();
                let index = match self.calls.remove(&place) {
                    Some(index) => index,
                    None => self.start_call(id.clone(), text(item, "name"), parts),
                };
                let arguments = text(item, "arguments");
                let arguments = if arguments.trim().is_empty() {
                    "{}"
                } else {
                    arguments
                };
                parts.push_back(StreamPart::ToolCallEnd {
                    index,
                    id,
                    name: text(item, "name").to_owned(),
                    arguments: arguments.to_owned(),
                });
            }
            "computer_call" => self.computer_call(item, parts),
            searches::ITEM => searches::end(item, parts),
            "message" => {
                let contents = item.get("content").and_then(Value::as_array);
                let lists = contents.into_iter().flatten();
                let lists = lists.filter_map(|part| part.get("annotations")?.as_array());
                for citation in lists.flatten() {
                    self.sources.add(citation);
                }
                parts.extend(self.sources.take(None));
            }
            "reasoning" => {
                let encrypted = item
                    .get("encrypted_content")
                    .filter(|content| content.is_string());
                let provider_metadata =
                    encrypted.map(|content| json!({"openai": {"encrypted_content": content}}));
                if self.has_summary || provider_metadata.is_some() {
                    parts.push_back(StreamPart::ReasoningEnd { provider_metadata });
                }
                self.has_summary = false;
            }
            _ => {}
        }
    }

    /// Several actions in one call are as many calls in a conversation.
    fn computer_call(&mut self, item: &Value, parts: &mut VecDeque<StreamPart>) {
        let ids = Ids {
            call: text(item, "call_id"),
            item: text(item, "id"),
        };
        for (number, arguments) in computer::arguments(item).into_iter().enumerate() {
            let id = ids.of_action(number);
            let index = self.start_call(id.clone(), computer::NAME, parts);
            parts.push_back(StreamPart::ToolCallDelta {
                index,
                arguments_delta: arguments.clone(),
            });
            parts.push_back(StreamPart::ToolCallEnd {
                index,
                id,
                name: computer::NAME.to_owned(),
                arguments,
            });
        }
    }

    fn add_delta(&mut self, wire: WireEvent, parts: &mut VecDeque<StreamPart>) {
        let Value::String(delta) = wire.delta else {
            return;
        };
        if delta.is_empty() {
            return;
        }
        match wire.kind.as_str() {
            "response.output_text.delta" => parts.push_back(StreamPart::TextDelta { text: delta }),
            "response.refusal.delta" => {
                self.has_refused = true;
                parts.push_back(StreamPart::TextDelta { text: delta });
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.has_summary = true;
                parts.push_back(StreamPart::ReasoningDelta { text: delta });
            }
            "response.function_call_arguments.delta" => {
                if let Some(index) = self.calls.get(&wire.output_index) {
                    parts.push_back(StreamPart::ToolCallDelta {
                        index: *index,
                        arguments_delta: delta,
                    });
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, response: Option<WireResponse>, parts: &mut VecDeque<StreamPart>) {
        let (usage, incomplete) = match response {
            Some(response) => (response.usage, response.incomplete_details),
            None => (None, None),
        };
        parts.extend(self.sources.take(None));
        let usage = usage.map(Usage::from).unwrap_or_default();
        if !usage.is_empty() {
            parts.push_back(StreamPart::Usage(usage));
        }
        let cut = incomplete.and_then(|details| details.reason);
        let reason = match cut.as_deref() {
            Some("max_output_tokens") => FinishReason::Length,
            Some("content_filter") => FinishReason::ContentFilter,
            Some(_) => FinishReason::Other,
            None if self.call_count > 0 => FinishReason::ToolCalls,
            None if self.has_refused => FinishReason::ContentFilter,
            None => FinishReason::Stop,
        };
        parts.push_back(StreamPart::Finish {
            reason,
            usage,
            response_id: self.response_id.take(),
        });
    }

    fn failure(&self, error: &Value) -> Error {
        let words = ProviderWords::from_json(error);
        Error::classify_raw(&Signals {
            provider: &self.provider,
            implied_status: words
                .status
                .or_else(|| words.code.split_whitespace().find_map(status_of)),
            text: &words.text,
            code: &words.code,
            ..Signals::default()
        })
    }
}

impl Decoder for EventDecoder {
    fn decode(&mut self, event: &Event, parts: &mut VecDeque<StreamPart>) -> Result<Heard, Error> {
        let parse = |data: &str| serde_json::from_str::<WireEvent>(data);
        let wire = parse(&event.data)
            .map_err(|problem| Error::protocol(&self.provider, format!("event: {problem}")))?;
        match wire.kind.as_str() {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.begin(wire.response, parts);
                return Ok(Heard::SignOfLife);
            }
            "response.failed" => {
                let error = wire.response.and_then(|response| response.error);
                return Err(self.failure(&error.unwrap_or_default()));
            }
            "error" => {
                // Some put the words beside the type, some into a field of their own.
                let whole: Value = serde_json::from_str(&event.data).unwrap_or_default();
                let error = whole.get("error").filter(|error| error.is_object());
                return Err(self.failure(error.unwrap_or(&whole)));
            }
            _ => self.begin(None, parts),
        }
        match wire.kind.as_str() {
            "response.output_item.added" => {
                let item = wire.item.unwrap_or_default();
                self.add_item(wire.output_index, &item, parts);
            }
            "response.output_item.done" => {
                let item = wire.item.unwrap_or_default();
                self.end_item(wire.output_index, &item, parts);
            }
            "response.reasoning_summary_part.added" if self.has_summary => {
                parts.push_back(StreamPart::ReasoningDelta {
                    text: "\n\n".to_owned(),
                });
            }
            "response.output_text.annotation.added" => {
                self.sources.add(&wire.annotation.unwrap_or_default());
            }
            "response.completed" | "response.incomplete" => self.finish(wire.response, parts),
            _ => self.add_delta(wire, parts),
        }
        Ok(Heard::Content)
    }

    fn end(&mut self, _parts: &mut VecDeque<StreamPart>) -> Result<(), Error> {
        Err(Error::truncated(Some(&self.provider)))
    }
}

/// The status that each code has when it comes instead of an answer.
fn status_of(code: &str) -> Option<u16> {
    Some(match code {
        "server_error" => 500,
        "rate_limit_exceeded" => 429,
        "invalid_prompt" | "invalid_request_error" => 400,
        _ => return None,
    })
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl From<WireUsage> for Usage {
    fn from(wire: WireUsage) -> Self {
        let input = wire.input_tokens_details.unwrap_or_default();
        let cached = input
            .cached_tokens
            .unwrap_or(0)
            .saturating_add(input.cache_write_tokens.unwrap_or(0));
        let usage = Self {
            input_tokens: wire
                .input_tokens
                .map(|tokens| tokens.saturating_sub(cached)),
            output_tokens: wire.output_tokens,
            total_tokens: None,
            reasoning_tokens: wire
                .output_tokens_details
                .and_then(|details| details.reasoning_tokens),
            cache_creation_tokens: input.cache_write_tokens,
            cache_read_tokens: input.cached_tokens,
        };
        Self {
            total_tokens: wire.total_tokens.or(usage.sum_of_parts()),
            ..usage
        }
    }
}

#[cfg(test)]
#[path = "events/tests.rs"]
mod tests;
