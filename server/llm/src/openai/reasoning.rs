//! Thoughts in the fields that compatible servers invented for them, and what must go back.
//!
//! DeepSeek, vLLM and llama.cpp stream `reasoning_content`, Ollama and newer vLLM `reasoning`, OpenRouter also
//! `reasoning_details` whose entries come in fragments and must be returned whole. OpenAI's own Chat Completions show no
//! thoughts. The metadata is `{"openai": {"field": …}}` or `{"openai": {"details": […]}}`.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use crate::StreamPart;

/// A thought that is being streamed.
#[derive(Debug, Default)]
pub(super) struct Thought {
    is_open: bool,
    field: Option<&'static str>,
    details: Vec<Map<String, Value>>,
}

impl Thought {
    /// Adds what a delta holds in its reasoning fields.
    pub(super) fn extend(
        &mut self,
        field: &'static str,
        text: Option<&str>,
        details: Vec<Value>,
        parts: &mut VecDeque<StreamPart>,
    ) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.is_open = true;
            self.field = Some(field);
            parts.push_back(StreamPart::ReasoningDelta {
                text: text.to_owned(),
            });
        }
        for detail in details {
            if let Value::Object(fragment) = detail {
                self.is_open = true;
                self.add_detail(fragment);
            }
        }
    }

    /// Ends the thought, if there is one.
    pub(super) fn end(&mut self, parts: &mut VecDeque<StreamPart>) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        let details = std::mem::take(&mut self.details);
        let provider_metadata = if details.is_empty() {
            self.field.map(|field| json!({"openai": {"field": field}}))
        } else {
            Some(json!({"openai": {"details": details}}))
        };
        parts.push_back(StreamPart::ReasoningEnd { provider_metadata });
    }

    /// A fragment of the entry before it continues its texts; anything else is a new entry.
    fn add_detail(&mut self, fragment: Map<String, Value>) {
        let is_same = |entry: &Map<String, Value>| {
            ["type", "index"]
                .iter()
                .all(|key| entry.get(*key) == fragment.get(*key))
        };
        match self.details.last_mut().filter(|entry| is_same(entry)) {
            Some(entry) => merge(entry, fragment),
            None => self.details.push(fragment),
        }
    }
}

fn merge(entry: &mut Map<String, Value>, fragment: Map<String, Value>) {
    for (key, value) in fragment {
        match (entry.get_mut(&key), value) {
            (Some(Value::String(text)), Value::String(more))
                if matches!(key.as_str(), "text" | "summary" | "data") =>
            {
                text.push_str(&more);
            }
            (Some(_), Value::Null) => {}
            (_, value) => {
                entry.insert(key, value);
            }
        }
    }
}

/// Puts a thought back into an assistant message. Plain text goes back only within the turn that is running: servers
/// that need it need it there, and others would count it against the context for ever.
pub(super) fn put_back(
    message: &mut Map<String, Value>,
    text: &str,
    metadata: &Value,
    is_current_turn: bool,
) {
    let Some(own) = metadata.get("openai") else {
        return;
    };
    if let Some(Value::Array(details)) = own.get("details") {
        match message.get_mut("reasoning_details") {
            Some(Value::Array(present)) => present.extend(details.iter().cloned()),
            _ => {
                message.insert("reasoning_details".to_owned(), json!(details));
            }
        }
    } else if let Some(field) = own
        .get("field")
        .and_then(Value::as_str)
        .filter(|_| is_current_turn)
    {
        let present = message
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default();
        message.insert(field.to_owned(), Value::from(format!("{present}{text}")));
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    fn metadata(fragments: Vec<Value>) -> Value {
        let mut thought = Thought::default();
        let mut parts = VecDeque::new();
        for fragment in fragments {
            thought.extend("reasoning", Some("t"), vec![fragment], &mut parts);
        }
        thought.end(&mut parts);
        match parts.pop_back() {
            Some(StreamPart::ReasoningEnd {
                provider_metadata: Some(metadata),
            }) => metadata,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn joins_the_fragments_of_an_entry() {
        let whole = metadata(vec![
            json!({"type": "reasoning.text", "index": 0, "text": "a", "signature": null}),
            json!({"type": "reasoning.text", "index": 0, "text": "b"}),
            json!({"type": "reasoning.text", "index": 0, "signature": "s", "text": null}),
            json!({"type": "reasoning.encrypted", "index": 1, "data": "x"}),
        ]);
        let expected = json!({"openai": {"details": [
            {"type": "reasoning.text", "index": 0, "text": "ab", "signature": "s"},
            {"type": "reasoning.encrypted", "index": 1, "data": "x"},
        ]}});
        assert_eq!(whole, expected);
    }

    #[test]
    fn plain_text_goes_back_within_its_turn_only() {
        let metadata = json!({"openai": {"field": "reasoning_content"}});
        let mut message = Map::new();
        put_back(&mut message, "why", &metadata, false);
        assert!(message.is_empty());
        put_back(&mut message, "why", &metadata, true);
        assert_eq!(message["reasoning_content"], "why");
        put_back(
            &mut message,
            "x",
            &json!({"anthropic": {"signature": "s"}}),
            true,
        );
        assert_eq!(message.len(), 1);
    }
}
