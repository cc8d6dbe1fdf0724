//! Reads the chunks of a Chat Completions stream.
//!
//! An answer is whole when a finish reason came and then `[DONE]`; compatible servers may leave `[DONE]` out and
//! simply end the connection. Fields that are unknown are passed over, wrong types where servers differ are taken.

use std::collections::VecDeque;

use eventsource_stream::Event;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::calls::{Calls, WireCall};
use super::reasoning::Thought;
use crate::error::{ProviderWords, Signals};
use crate::http::{Decoder, Heard};
use crate::{Error, FinishReason, StreamPart, Usage};

/// Reads one answer.
#[derive(Debug)]
pub(super) struct EventDecoder {
    provider: String,
    /// Whether `[DONE]` must come.
    needs_done: bool,
    has_begun: bool,
    response_id: Option<String>,
    thought: Thought,
    calls: Calls,
    has_called: bool,
    usage: Usage,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct WireChunk {
    id: Option<String>,
    #[serde(default)]
    choices: Vec<WireChoice>,
    usage: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct WireChoice {
    #[serde(default)]
    index: u64,
    delta: Option<WireDelta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct WireDelta {
    #[serde(default)]
    content: Value,
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    reasoning_details: Option<Vec<Value>>,
    tool_calls: Option<Vec<WireCall>>,
}

#[derive(Deserialize)]
struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<WirePromptDetails>,
    completion_tokens_details: Option<WireCompletionDetails>,
    /// DeepSeek's word for the cached part.
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
struct WirePromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct WireCompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl WireChoice {
    /// Whether the answer moves on. Many servers open with a chunk that names the role alone, and some send empty
    /// chunks to keep the connection alive.
    fn has_content(&self) -> bool {
        self.finish_reason.is_some() || self.delta.as_ref().is_some_and(WireDelta::has_content)
    }
}

impl WireDelta {
    fn has_content(&self) -> bool {
        let is_said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        let is_content = match &self.content {
            Value::String(text) => !text.is_empty(),
            Value::Array(pieces) => !pieces.is_empty(),
            _ => false,
        };
        is_content
            || is_said(&self.refusal)
            || is_said(&self.reasoning_content)
            || is_said(&self.reasoning)
            || self
                .reasoning_details
                .as_ref()
                .is_some_and(|details| !details.is_empty())
            || self
                .tool_calls
                .as_ref()
                .is_some_and(|calls| !calls.is_empty())
    }
}

impl EventDecoder {
    pub(super) fn new(provider: &str, needs_done: bool) -> Self {
        Self::with_ids(provider, needs_done, || {
            format!("call_{}", Uuid::new_v4().simple())
        })
    }

    /// A decoder that takes ids for calls without one from `new_id`.
    pub(super) fn with_ids(provider: &str, needs_done: bool, new_id: fn() -> String) -> Self {
        Self {
            provider: provider.to_owned(),
            needs_done,
            has_begun: false,
            response_id: None,
            thought: Thought::default(),
            calls: Calls::new(new_id),
            has_called: false,
            usage: Usage::default(),
            finish_reason: None,
        }
    }

    fn begin(&mut self, id: Option<String>, parts: &mut VecDeque<StreamPart>) {
        if !std::mem::replace(&mut self.has_begun, true) {
            parts.push_back(StreamPart::Start);
        }
        if self.response_id.is_none() {
            self.response_id = id.filter(|id| !id.is_empty());
        }
    }

    fn add_choice(&mut self, choice: WireChoice, parts: &mut VecDeque<StreamPart>) {
        if choice.index != 0 {
            return;
        }
        if let Some(delta) = choice.delta {
            self.add_delta(delta, parts);
        }
        self.finish_reason = choice
            .finish_reason
            .filter(|reason| !reason.is_empty())
            .or(self.finish_reason.take());
    }

    fn add_delta(&mut self, delta: WireDelta, parts: &mut VecDeque<StreamPart>) {
        let (field, thought) = match (&delta.reasoning_content, &delta.reasoning) {
            (Some(text), _) if !text.is_empty() => ("reasoning_content", Some(text.as_str())),
            (_, text) => ("reasoning", text.as_deref()),
        };
        self.thought.extend(
            field,
            thought,
            delta.reasoning_details.unwrap_or_default(),
            parts,
        );
        for text in [
            content_text(delta.content),
            delta.refusal.unwrap_or_default(),
        ] {
            if !text.is_empty() {
                self.thought.end(parts);
                parts.push_back(StreamPart::TextDelta { text });
            }
        }
        for call in delta.tool_calls.unwrap_or_default() {
            self.thought.end(parts);
            self.calls.extend(call, parts);
        }
    }

    fn add_usage(&mut self, usage: Option<WireUsage>, parts: &mut VecDeque<StreamPart>) {
        let Some(usage) = usage
            .map(Usage::from)
            .filter(|usage| !usage.is_empty() && *usage != self.usage)
        else {
            return;
        };
        self.usage = usage;
        parts.push_back(StreamPart::Usage(usage));
    }

    fn finish(&mut self, parts: &mut VecDeque<StreamPart>) -> Result<(), Error> {
        self.thought.end(parts);
        self.has_called |= !self.calls.is_empty();
        self.calls.end(parts);
        let reason = match self.finish_reason.as_deref() {
            // OpenRouter's way to say that the model behind it broke off.
            Some("error") => return Err(Error::truncated(Some(&self.provider))),
            Some("length") => FinishReason::Length,
            Some("content_filter") => FinishReason::ContentFilter,
            // Several servers say `stop` although they call.
            _ if self.has_called => FinishReason::ToolCalls,
            Some("stop" | "tool_calls" | "function_call") | None => FinishReason::Stop,
            Some(_) => FinishReason::Other,
        };
        parts.push_back(StreamPart::Finish {
            reason,
            usage: self.usage,
            response_id: self.response_id.take(),
        });
        Ok(())
    }

    fn failure(&self, error: &Value) -> Error {
        let words = ProviderWords::from_json(error);
        Error::classify_raw(&Signals {
            provider: &self.provider,
            implied_status: words.status,
            text: &words.text,
            code: &words.code,
            ..Signals::default()
        })
    }
}

impl Decoder for EventDecoder {
    fn decode(&mut self, event: &Event, parts: &mut VecDeque<StreamPart>) -> Result<Heard, Error> {
        if event.data.trim() == "[DONE]" {
            return match (
                self.has_begun,
                self.finish_reason.is_some() || !self.needs_done,
            ) {
                (true, true) => self.finish(parts).map(|()| Heard::Content),
                _ => Err(Error::truncated(Some(&self.provider))),
            };
        }
        let chunk: WireChunk = serde_json::from_str(&event.data)
            .map_err(|problem| Error::protocol(&self.provider, format!("chunk: {problem}")))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(self.failure(&error));
        }
        self.begin(chunk.id, parts);
        let heard = if chunk.choices.iter().any(WireChoice::has_content) {
            Heard::Content
        } else {
            Heard::SignOfLife
        };
        for choice in chunk.choices {
            self.add_choice(choice, parts);
        }
        self.add_usage(chunk.usage, parts);
        Ok(heard)
    }

    fn end(&mut self, parts: &mut VecDeque<StreamPart>) -> Result<(), Error> {
        if self.finish_reason.is_some() && !self.needs_done {
            return self.finish(parts);
        }
        Err(Error::truncated(Some(&self.provider)))
    }
}

/// Content as a string or, at Mistral, as a list of typed pieces.
fn content_text(content: Value) -> String {
    match content {
        Value::String(text) => text,
        Value::Array(pieces) => pieces
            .iter()
            .filter_map(|piece| piece.get("text")?.as_str())
            .collect(),
        _ => String::new(),
    }
}

impl From<WireUsage> for Usage {
    fn from(wire: WireUsage) -> Self {
        let prompt = wire.prompt_tokens_details.unwrap_or_default();
        let cache_read_tokens = prompt.cached_tokens.or(wire.prompt_cache_hit_tokens);
        let cached = cache_read_tokens
            .unwrap_or(0)
            .saturating_add(prompt.cache_write_tokens.unwrap_or(0));
        let usage = Self {
            input_tokens: wire
                .prompt_tokens
                .map(|tokens| tokens.saturating_sub(cached)),
            output_tokens: wire.completion_tokens,
            total_tokens: None,
            reasoning_tokens: wire
                .completion_tokens_details
                .and_then(|details| details.reasoning_tokens),
            cache_creation_tokens: prompt.cache_write_tokens,
            cache_read_tokens,
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
