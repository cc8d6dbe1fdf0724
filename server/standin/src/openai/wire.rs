//! Writes an answer as chunks or as one completion.

use std::fmt::Write as _;

use llm::demo::play::{Beat, Play};
use llm::{FinishReason, Usage};
use serde_json::{Value, json};

use super::error_body;
use crate::beats::{Wire, quote};
use crate::refusal::Refusal;

/// A fixed moment: answers are the same every time.
pub(super) const CREATED: u64 = 1_793_491_200;

/// Writes chunks.
pub(super) struct Chunks {
    /// Everything before the choices, the same in each chunk.
    head: String,
    has_usage: bool,
}

impl Chunks {
    pub(super) fn new(play: &Play, model: &str, has_usage: bool) -> Self {
        let id = quote(&format!("chatcmpl-{}", play.response_id));
        let model = quote(model);
        let head = format!(
            r#"data: {{"id":{id},"object":"chat.completion.chunk","created":{CREATED},"model":{model},"system_fingerprint":"standin","#
        );
        Self { head, has_usage }
    }

    fn chunk(&self, delta: &str, finish_reason: &str, out: &mut String) {
        let usage = if self.has_usage {
            r#","usage":null"#
        } else {
            ""
        };
        // Writing to a string cannot fail.
        write!(
            out,
            "{}\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish_reason}}}]{usage}}}\n\n",
            self.head
        )
        .ok();
    }

    fn delta(&self, delta: &str, out: &mut String) {
        self.chunk(delta, "null", out);
    }
}

impl Wire for Chunks {
    fn begin(&mut self, _play: &Play, out: &mut String) {
        self.delta(r#"{"role":"assistant","content":"","refusal":null}"#, out);
    }

    fn beat(&mut self, beat: &Beat, out: &mut String) {
        match beat {
            Beat::Text(text) => self.delta(&format!(r#"{{"content":{}}}"#, quote(text)), out),
            // This API searches nothing and cites nothing.
            Beat::Cite(cite) => {
                self.delta(&format!(r#"{{"content":{}}}"#, quote(&cite.text)), out);
            }
            Beat::Reasoning(text) => {
                self.delta(&format!(r#"{{"reasoning_content":{}}}"#, quote(text)), out);
            }
            Beat::CallStart { index, id, name } => {
                let function = format!(r#"{{"name":{},"arguments":""}}"#, quote(name));
                let call = format!(
                    r#"{{"index":{index},"id":{},"type":"function","function":{function}}}"#,
                    quote(id)
                );
                self.delta(&format!(r#"{{"tool_calls":[{call}]}}"#), out);
            }
            Beat::CallDelta { index, text } => {
                let call = format!(
                    r#"{{"index":{index},"function":{{"arguments":{}}}}}"#,
                    quote(text)
                );
                self.delta(&format!(r#"{{"tool_calls":[{call}]}}"#), out);
            }
            Beat::ReasoningEnd
            | Beat::CallEnd { .. }
            | Beat::Search { .. }
            | Beat::Clock
            | Beat::Stall(_)
            | Beat::Fail(_)
            | Beat::Cut => {}
        }
    }

    fn fail(&mut self, refusal: &Refusal, out: &mut String) {
        // Writing to a string cannot fail.
        write!(out, "data: {}\n\n", error_body(refusal)).ok();
    }

    fn end(&mut self, play: &Play, out: &mut String) {
        self.chunk("{}", &quote(finish_reason(play.reason)), out);
        if self.has_usage {
            // Writing to a string cannot fail.
            write!(
                out,
                "{}\"choices\":[],\"usage\":{}}}\n\n",
                self.head,
                usage(&play.usage)
            )
            .ok();
        }
        out.push_str("data: [DONE]\n\n");
    }
}

/// The whole answer as one document.
pub(super) fn whole(play: &Play, model: &str) -> Value {
    let mut text = String::new();
    let mut reasoning = String::new();
    let mut calls = Vec::new();
    for beat in play.beats.iter().cloned().map(Beat::at_once) {
        match &beat {
            Beat::Text(piece) => text.push_str(piece),
            Beat::Cite(cite) => text.push_str(&cite.text),
            Beat::Reasoning(piece) => reasoning.push_str(piece),
            Beat::CallEnd {
                id,
                name,
                arguments,
                ..
            } => {
                calls.push(json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}));
            }
            _ => {}
        }
    }
    let content = if text.is_empty() && !calls.is_empty() {
        Value::Null
    } else {
        Value::from(text)
    };
    let mut message = json!({"role": "assistant", "content": content, "refusal": null});
    if let Some(fields) = message.as_object_mut() {
        if !calls.is_empty() {
            fields.insert("tool_calls".to_owned(), Value::from(calls));
        }
        if !reasoning.is_empty() {
            fields.insert("reasoning_content".to_owned(), Value::from(reasoning));
        }
    }
    json!({
        "id": format!("chatcmpl-{}", play.response_id),
        "object": "chat.completion",
        "created": CREATED,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(play.reason)}],
        "usage": usage(&play.usage),
        "system_fingerprint": "standin",
    })
}

fn finish_reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Length => "length",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::Stop | FinishReason::Paused | FinishReason::Other => "stop",
    }
}

/// OpenAI counts cached tokens inside the prompt.
fn usage(usage: &Usage) -> Value {
    let cached = usage.cache_read_tokens.unwrap_or(0);
    let written = usage.cache_creation_tokens.unwrap_or(0);
    let prompt = usage.input_tokens.unwrap_or(0) + cached + written;
    let completion = usage.output_tokens.unwrap_or(0);
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens.unwrap_or(0),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}
