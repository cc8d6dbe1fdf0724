//! Reads the events of a Messages stream.
//!
//! Blocks come one after another, each with its index; `message_stop` alone ends an answer. Events and blocks that are
//! unknown are passed over, because the API promises to add some.

use std::collections::{BTreeMap, VecDeque};

use eventsource_stream::Event;
use serde::Deserialize;
use serde_json::{Value, json};

use super::computer;
use super::searches::{self, TextRun};
use crate::error::{ProviderWords, Signals};
use crate::http::{Decoder, Heard};
use crate::{Error, FinishReason, StreamPart, Usage, web};

/// Arguments, signatures and citations of one answer.
const MAX_HELD_BYTES: usize = 16 * 1024 * 1024;

/// Reads one answer.
#[derive(Debug)]
pub(super) struct EventDecoder {
    provider: String,
    response_id: Option<String>,
    blocks: BTreeMap<u64, Block>,
    text: TextRun,
    tool_call_count: usize,
    has_searched: bool,
    usage: Usage,
    /// What was read when the answer began.
    read_at_first: Option<u64>,
    /// Bytes of what is told only when it is whole.
    held_bytes: usize,
    stop_reason: Option<String>,
}

#[derive(Debug)]
enum Block {
    Text,
    Thinking {
        signature: String,
    },
    ToolUse {
        call: usize,
        id: String,
        name: String,
        input: Value,
        arguments: String,
        /// Whether it is a member of the computer's toolset.
        is_member: bool,
    },
    /// A search of Anthropic's own.
    Search {
        /// As it began.
        block: Value,
        input: String,
    },
}

#[derive(Deserialize)]
struct WireEvent {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    index: u64,
    message: Option<WireMessage>,
    content_block: Option<Value>,
    delta: Option<WireDelta>,
    usage: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct WireMessage {
    id: Option<String>,
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct WireBlock {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    thinking: String,
    #[serde(default)]
    signature: String,
    #[serde(default)]
    data: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    input: Value,
    toolset_name: Option<String>,
}

#[derive(Deserialize)]
struct WireDelta {
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    citation: Option<Value>,
    partial_json: Option<String>,
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct WireUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens_details: Option<WireOutputDetails>,
    /// With tools of Anthropic's own the counts are sums over the calls of the model within one answer: these are the calls.
    iterations: Option<Vec<Self>>,
}

impl From<&WireUsage> for Usage {
    fn from(wire: &WireUsage) -> Self {
        let details = wire.output_tokens_details.as_ref();
        let mut usage = Self {
            input_tokens: wire.input_tokens,
            output_tokens: wire.output_tokens,
            cache_creation_tokens: wire.cache_creation_input_tokens,
            cache_read_tokens: wire.cache_read_input_tokens,
            reasoning_tokens: details.and_then(|details| details.thinking_tokens),
            total_tokens: None,
        };
        usage.total_tokens = usage.sum_of_parts();
        usage
    }
}

#[derive(Deserialize)]
struct WireOutputDetails {
    thinking_tokens: Option<u64>,
}

impl EventDecoder {
    pub(super) fn new(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            response_id: None,
            blocks: BTreeMap::new(),
            text: TextRun::default(),
            tool_call_count: 0,
            has_searched: false,
            usage: Usage::default(),
            read_at_first: None,
            held_bytes: 0,
            stop_reason: None,
        }
    }

    fn start_message(&mut self, message: Option<WireMessage>, parts: &mut VecDeque<StreamPart>) {
        parts.push_back(StreamPart::Start);
        if let Some(message) = message {
            self.response_id = message.id;
            self.add_usage(message.usage, parts);
            let output_tokens = self.usage.output_tokens.unwrap_or_default();
            let read = self.usage.total_tokens;
            self.read_at_first = read.map(|total| total.saturating_sub(output_tokens));
        }
    }

    fn begin_block(
        &mut self,
        index: u64,
        block: Value,
        parts: &mut VecDeque<StreamPart>,
    ) -> Result<(), Error> {
        let text = |name: &str| block.get(name).and_then(Value::as_str);
        match text("type") {
            Some(searches::CALL) if text("name") == Some(web::SEARCH) => {
                self.start_search(index, block, parts);
            }
            Some(searches::CALL) => {}
            Some(searches::RESULT) => {
                self.text.end(parts);
                parts.push_back(searches::result(&block));
            }
            _ => {
                let block = serde_json::from_value(block).map_err(|problem| {
                    Error::protocol(&self.provider, format!("content_block_start: {problem}"))
                })?;
                self.start_block(index, block, parts);
            }
        }
        Ok(())
    }

    fn start_search(&mut self, index: u64, block: Value, parts: &mut VecDeque<StreamPart>) {
        self.text.end(parts);
        self.has_searched = true;
        let id = block.get("id").and_then(Value::as_str);
        parts.push_back(StreamPart::ProviderCallStart {
            id: id.unwrap_or_default().to_owned(),
            name: web::SEARCH.to_owned(),
        });
        let input = String::new();
        self.blocks.insert(index, Block::Search { block, input });
    }

    fn start_block(&mut self, index: u64, block: WireBlock, parts: &mut VecDeque<StreamPart>) {
        match block.kind.as_str() {
            "text" => {
                self.text.begin();
                self.text.add(&block.text);
                push_text(block.text, parts);
                self.blocks.insert(index, Block::Text);
            }
            "thinking" => {
                self.text.end(parts);
                push_thought(block.thinking, parts);
                self.blocks.insert(
                    index,
                    Block::Thinking {
                        signature: block.signature,
                    },
                );
            }
            "redacted_thinking" => {
                self.text.end(parts);
                let provider_metadata = Some(json!({"anthropic": {"redacted_data": block.data}}));
                parts.push_back(StreamPart::ReasoningEnd { provider_metadata });
            }
            "tool_use" => {
                self.text.end(parts);
                let call = self.tool_call_count;
                self.tool_call_count += 1;
                let (id, name) = (block.id, block.name);
                let is_member = block.toolset_name.as_deref() == Some(computer::NAME);
                parts.push_back(StreamPart::ToolCallStart {
                    index: call,
                    id: id.clone(),
                    name: called(&name, is_member),
                });
                let arguments = String::new();
                self.blocks.insert(
                    index,
                    Block::ToolUse {
                        call,
                        id,
                        name,
                        input: block.input,
                        arguments,
                        is_member,
                    },
                );
            }
            _ => {}
        }
    }

    fn extend_block(
        &mut self,
        index: u64,
        delta: WireDelta,
        parts: &mut VecDeque<StreamPart>,
    ) -> Result<(), Error> {
        let held = [&delta.partial_json, &delta.signature]
            .into_iter()
            .flatten();
        self.held_bytes += held.map(String::len).sum::<usize>();
        if let Some(citation) = &delta.citation {
            self.held_bytes += citation.to_string().len();
        }
        if self.held_bytes > MAX_HELD_BYTES {
            return Err(Error::too_long(MAX_HELD_BYTES));
        }
        match self.blocks.get_mut(&index) {
            Some(Block::Text) => {
                let text = delta.text.unwrap_or_default();
                self.text.add(&text);
                push_text(text, parts);
                if let Some(citation) = delta.citation {
                    self.text.cite(citation);
                }
            }
            Some(Block::Search { input, .. }) => {
                input.push_str(&delta.partial_json.unwrap_or_default());
            }
            Some(Block::Thinking { signature }) => {
                push_thought(delta.thinking.unwrap_or_default(), parts);
                signature.push_str(&delta.signature.unwrap_or_default());
            }
            Some(Block::ToolUse {
                call,
                arguments,
                is_member,
                ..
            }) => {
                let arguments_delta = delta.partial_json.unwrap_or_default();
                arguments.push_str(&arguments_delta);
                // A member's are told when they are whole: its name comes before them.
                if !arguments_delta.is_empty() && !*is_member {
                    parts.push_back(StreamPart::ToolCallDelta {
                        index: *call,
                        arguments_delta,
                    });
                }
            }
            None => {}
        }
        Ok(())
    }

    fn end_block(&mut self, index: u64, parts: &mut VecDeque<StreamPart>) {
        match self.blocks.remove(&index) {
            Some(Block::Thinking { signature }) => {
                let provider_metadata =
                    (!signature.is_empty()).then(|| json!({"anthropic": {"signature": signature}}));
                parts.push_back(StreamPart::ReasoningEnd { provider_metadata });
            }
            Some(Block::ToolUse {
                call,
                id,
                name,
                input,
                mut arguments,
                is_member,
            }) => {
                if arguments.is_empty() {
                    arguments = whole_input(&input);
                }
                if is_member {
                    arguments = computer::from_member(&name, &arguments);
                    parts.push_back(StreamPart::ToolCallDelta {
                        index: call,
                        arguments_delta: arguments.clone(),
                    });
                }
                parts.push_back(StreamPart::ToolCallEnd {
                    index: call,
                    id,
                    name: called(&name, is_member),
                    arguments,
                });
            }
            Some(Block::Search { block, input }) => {
                let input = searches::input(&block, &input);
                parts.push_back(searches::call(block, input));
            }
            Some(Block::Text) | None => {}
        }
    }

    /// Counts are cumulative; one that a later event leaves out keeps its value.
    fn add_usage(&mut self, usage: Option<WireUsage>, parts: &mut VecDeque<StreamPart>) {
        let Some(wire) = usage else { return };
        let told = Usage::from(&wire);
        let usage = &mut self.usage;
        usage.input_tokens = told.input_tokens.or(usage.input_tokens);
        usage.output_tokens = told.output_tokens.or(usage.output_tokens);
        usage.cache_creation_tokens = told.cache_creation_tokens.or(usage.cache_creation_tokens);
        usage.cache_read_tokens = told.cache_read_tokens.or(usage.cache_read_tokens);
        usage.reasoning_tokens = told.reasoning_tokens.or(usage.reasoning_tokens);
        // Sums are what an answer costs. What it left in the context is what its last call of the model read and wrote.
        let after_searches = || {
            let last = wire.iterations.as_ref().and_then(|calls| calls.last());
            let last = last.and_then(|call| Usage::from(call).total_tokens);
            last.or(Some(
                self.read_at_first? + usage.output_tokens.unwrap_or_default(),
            ))
        };
        let searched = self.has_searched.then(after_searches).flatten();
        usage.total_tokens = searched.or_else(|| usage.sum_of_parts());
        parts.push_back(StreamPart::Usage(*usage));
    }

    fn finish(&mut self, parts: &mut VecDeque<StreamPart>) {
        let open: Vec<u64> = self.blocks.keys().copied().collect();
        for index in open {
            self.end_block(index, parts);
        }
        self.text.end(parts);
        let reason = match self.stop_reason.as_deref() {
            Some("tool_use") => FinishReason::ToolCalls,
            Some("max_tokens" | "model_context_window_exceeded") => FinishReason::Length,
            Some("refusal") => FinishReason::ContentFilter,
            Some("pause_turn") => FinishReason::Paused,
            Some("end_turn" | "stop_sequence") => FinishReason::Stop,
            Some(_) => FinishReason::Other,
            None if self.tool_call_count > 0 => FinishReason::ToolCalls,
            None => FinishReason::Stop,
        };
        let response_id = self.response_id.take();
        parts.push_back(StreamPart::Finish {
            reason,
            usage: self.usage,
            response_id,
        });
    }

    fn failure(&self, error: Option<&Value>) -> Error {
        let words = error.map(ProviderWords::from_json).unwrap_or_default();
        Error::classify_raw(&Signals {
            provider: &self.provider,
            implied_status: status_of(&words.code).or(words.status),
            text: &words.text,
            code: &words.code,
            ..Signals::default()
        })
    }
}

impl Decoder for EventDecoder {
    fn decode(&mut self, event: &Event, parts: &mut VecDeque<StreamPart>) -> Result<Heard, Error> {
        let wire: WireEvent = serde_json::from_str(&event.data).map_err(|problem| {
            Error::protocol(&self.provider, format!("event {}: {problem}", event.event))
        })?;
        let heard = match wire.kind.as_str() {
            "message_start" | "ping" => Heard::SignOfLife,
            _ => Heard::Content,
        };
        match wire.kind.as_str() {
            "message_start" => self.start_message(wire.message, parts),
            "content_block_start" => {
                if let Some(block) = wire.content_block {
                    self.begin_block(wire.index, block, parts)?;
                }
            }
            "content_block_delta" => {
                if let Some(delta) = wire.delta {
                    self.extend_block(wire.index, delta, parts)?;
                }
            }
            "content_block_stop" => self.end_block(wire.index, parts),
            "message_delta" => {
                self.stop_reason = wire
                    .delta
                    .and_then(|delta| delta.stop_reason)
                    .or(self.stop_reason.take());
                self.add_usage(wire.usage, parts);
            }
            "message_stop" => self.finish(parts),
            "error" => return Err(self.failure(wire.error.as_ref())),
            _ => {}
        }
        Ok(heard)
    }

    fn end(&mut self, _parts: &mut VecDeque<StreamPart>) -> Result<(), Error> {
        Err(Error::truncated(Some(&self.provider)))
    }
}

fn push_text(text: String, parts: &mut VecDeque<StreamPart>) {
    if !text.is_empty() {
        parts.push_back(StreamPart::TextDelta { text });
    }
}

fn push_thought(text: String, parts: &mut VecDeque<StreamPart>) {
    if !text.is_empty() {
        parts.push_back(StreamPart::ReasoningDelta { text });
    }
}

/// A tool's name in conversations.
fn called(name: &str, is_member: bool) -> String {
    let name = if is_member { computer::NAME } else { name };
    name.to_owned()
}

/// Some compatible servers put the whole input into the start of the block.
fn whole_input(input: &Value) -> String {
    if input.is_object() {
        input.to_string()
    } else {
        "{}".to_owned()
    }
}

/// The status that each error type has when it comes instead of an answer.
fn status_of(error_type: &str) -> Option<u16> {
    Some(match error_type {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "api_error" => 500,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => return None,
    })
}

#[cfg(test)]
#[path = "events/tests.rs"]
mod tests;
