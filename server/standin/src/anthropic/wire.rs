//! Writes an answer as events or as one message.

use std::fmt::Write as _;

use llm::demo::play::{Beat, Play};
use llm::{FinishReason, Usage};
use serde_json::{Value, json};

use super::{computer, error_body, searches};
use crate::beats::{Wire, quote};
use crate::refusal::Refusal;

/// The signature of every thought; a thought that comes back with another one is refused.
pub(super) const SIGNATURE: &str = "standin+signature/1==";

/// Writes events.
pub(super) struct Events {
    model: String,
    /// Whether actions of the computer are tools of a toolset.
    has_toolset: bool,
    open: Option<Block>,
    block_count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Text,
    Thinking,
    ToolUse,
}

impl Events {
    pub(super) fn new(model: &str, has_toolset: bool) -> Self {
        Self {
            model: model.to_owned(),
            has_toolset,
            open: None,
            block_count: 0,
        }
    }

    /// Makes sure that a block of this kind is open.
    fn within(&mut self, block: Block, start: &str, out: &mut String) {
        if self.open != Some(block) {
            self.close(out);
            self.start(block, start, out);
        }
    }

    fn start(&mut self, block: Block, start: &str, out: &mut String) {
        let index = self.block_count;
        self.block_count += 1;
        self.open = Some(block);
        event(
            out,
            "content_block_start",
            &format!(r#""index":{index},"content_block":{start}"#),
        );
    }

    fn delta(&self, delta: &str, out: &mut String) {
        let index = self.block_count.saturating_sub(1);
        event(
            out,
            "content_block_delta",
            &format!(r#""index":{index},"delta":{delta}"#),
        );
    }

    fn close(&mut self, out: &mut String) {
        let Some(block) = self.open.take() else {
            return;
        };
        if block == Block::Thinking {
            self.delta(
                &format!(
                    r#"{{"type":"signature_delta","signature":{}}}"#,
                    quote(SIGNATURE)
                ),
                out,
            );
        }
        event(
            out,
            "content_block_stop",
            &format!(r#""index":{}"#, self.block_count.saturating_sub(1)),
        );
    }
}

impl Wire for Events {
    fn begin(&mut self, play: &Play, out: &mut String) {
        let usage = usage(&Usage {
            output_tokens: Some(1),
            reasoning_tokens: None,
            ..play.usage
        });
        let message = json!({
            "id": message_id(play),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": usage,
        });
        event(out, "message_start", &format!(r#""message":{message}"#));
        out.push_str("event: ping\ndata: {\"type\": \"ping\"}\n\n");
    }

    fn beat(&mut self, beat: &Beat, out: &mut String) {
        match beat {
            Beat::Text(text) => {
                self.within(Block::Text, r#"{"type":"text","text":""}"#, out);
                self.delta(
                    &format!(r#"{{"type":"text_delta","text":{}}}"#, quote(text)),
                    out,
                );
            }
            Beat::Reasoning(text) => {
                self.within(
                    Block::Thinking,
                    r#"{"type":"thinking","thinking":"","signature":""}"#,
                    out,
                );
                self.delta(
                    &format!(r#"{{"type":"thinking_delta","thinking":{}}}"#, quote(text)),
                    out,
                );
            }
            Beat::CallStart { id, name, .. } => {
                self.close(out);
                let start = tool_use(id, name, &json!({}), self.has_toolset);
                self.start(Block::ToolUse, &start.to_string(), out);
            }
            Beat::CallDelta { text, .. } => {
                self.delta(
                    &format!(
                        r#"{{"type":"input_json_delta","partial_json":{}}}"#,
                        quote(text)
                    ),
                    out,
                );
            }
            Beat::ReasoningEnd | Beat::CallEnd { .. } => self.close(out),
            Beat::Search { id, search } => {
                self.close(out);
                self.start(
                    Block::ToolUse,
                    &searches::call(id, &json!({})).to_string(),
                    out,
                );
                let input = quote(&searches::input(search).to_string());
                let delta = format!(r#"{{"type":"input_json_delta","partial_json":{input}}}"#);
                self.delta(&delta, out);
                self.close(out);
                if let Some(result) = searches::result(id, search) {
                    self.start(Block::ToolUse, &result.to_string(), out);
                    self.close(out);
                }
            }
            Beat::Cite(cite) => {
                self.close(out);
                self.start(
                    Block::Text,
                    r#"{"citations":[],"type":"text","text":""}"#,
                    out,
                );
                let text = quote(&cite.text);
                self.delta(&format!(r#"{{"type":"text_delta","text":{text}}}"#), out);
                let citation =
                    json!({"type": "citations_delta", "citation": searches::citation(cite)});
                self.delta(&citation.to_string(), out);
                self.close(out);
            }
            Beat::Clock | Beat::Stall(_) | Beat::Fail(_) | Beat::Cut => {}
        }
    }

    fn fail(&mut self, refusal: &Refusal, out: &mut String) {
        // Writing to a string cannot fail.
        write!(out, "event: error\ndata: {}\n\n", error_body(refusal)).ok();
    }

    fn end(&mut self, play: &Play, out: &mut String) {
        self.close(out);
        let delta = json!({"stop_reason": stop_reason(play.reason), "stop_sequence": null});
        event(
            out,
            "message_delta",
            &format!(r#""delta":{delta},"usage":{}"#, whole_usage(play)),
        );
        out.push_str("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }
}

/// The whole answer as one document.
pub(super) fn whole(play: &Play, model: &str, has_toolset: bool) -> Value {
    let mut content: Vec<Value> = Vec::new();
    for beat in play.beats.iter().cloned().map(Beat::at_once) {
        match &beat {
            Beat::Text(text) => append(&mut content, "text", "text", text),
            Beat::Reasoning(text) => append(&mut content, "thinking", "thinking", text),
            Beat::CallEnd {
                id,
                name,
                arguments,
                ..
            } => {
                let input: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
                content.push(tool_use(id, name, &input, has_toolset));
            }
            Beat::Search { id, search } => {
                content.push(searches::call(id, &searches::input(search)));
                content.extend(searches::result(id, search));
            }
            Beat::Cite(cite) => {
                let citations = [searches::citation(cite)];
                content.push(json!({"type": "text", "text": cite.text, "citations": citations}));
            }
            _ => {}
        }
    }
    json!({
        "id": message_id(play),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason(play.reason),
        "stop_sequence": null,
        "usage": whole_usage(play),
    })
}

fn tool_use(id: &str, name: &str, input: &Value, has_toolset: bool) -> Value {
    let mut block = json!({"type": "tool_use", "id": id, "name": name, "input": input});
    if has_toolset
        && computer::MEMBERS.contains(&name)
        && let Some(fields) = block.as_object_mut()
    {
        fields.insert("toolset_name".to_owned(), computer::NAME.into());
    }
    block
}

/// Continues the last block or begins one.
fn append(content: &mut Vec<Value>, kind: &str, field: &str, text: &str) {
    match content
        .last_mut()
        .filter(|block| block.get("type").is_some_and(|last| last == kind))
    {
        Some(block) => {
            let whole = format!(
                "{}{text}",
                block.get(field).and_then(Value::as_str).unwrap_or_default()
            );
            if let Some(fields) = block.as_object_mut() {
                fields.insert(field.to_owned(), Value::from(whole));
            }
        }
        None if kind == "thinking" => {
            content.push(json!({"type": kind, "thinking": text, "signature": SIGNATURE}));
        }
        None => content.push(json!({"type": kind, "text": text})),
    }
}

fn event(out: &mut String, name: &str, fields: &str) {
    // Writing to a string cannot fail.
    write!(
        out,
        "event: {name}\ndata: {{\"type\":\"{name}\",{fields}}}\n\n"
    )
    .ok();
}

fn message_id(play: &Play) -> String {
    format!("msg_{}", play.response_id)
}

fn stop_reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::ToolCalls => "tool_use",
        FinishReason::Length => "max_tokens",
        FinishReason::ContentFilter => "refusal",
        FinishReason::Paused => "pause_turn",
        FinishReason::Stop | FinishReason::Other => "end_turn",
    }
}

fn whole_usage(play: &Play) -> Value {
    let mut document = usage(&play.usage);
    let count = searches::count(play);
    if let Some(fields) = document.as_object_mut().filter(|_| count > 0) {
        let searches = json!({ "web_search_requests": count });
        fields.insert("server_tool_use".to_owned(), searches);
    }
    document
}

fn usage(usage: &Usage) -> Value {
    let mut document = json!({
        "input_tokens": usage.input_tokens.unwrap_or(0),
        "output_tokens": usage.output_tokens.unwrap_or(0),
        "cache_creation_input_tokens": usage.cache_creation_tokens.unwrap_or(0),
        "cache_read_input_tokens": usage.cache_read_tokens.unwrap_or(0),
    });
    if let (Some(tokens), Some(fields)) = (usage.reasoning_tokens, document.as_object_mut()) {
        fields.insert(
            "output_tokens_details".to_owned(),
            json!({"thinking_tokens": tokens}),
        );
    }
    document
}
