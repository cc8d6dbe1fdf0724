//! What both protocols need to turn a body into the neutral request that scripts read.

use std::collections::HashMap;
use std::sync::Arc;

use llm::{Content, Message, Purpose, Request, Role, Tool, ToolResultContent};
use serde_json::Value;

/// Builds a request message by message.
#[derive(Debug, Default)]
pub(crate) struct Converter {
    request: Request,
    /// Tool names by call id: results do not repeat them.
    tool_names: HashMap<String, String>,
}

impl Converter {
    pub(crate) fn new(model: &str) -> Self {
        Self {
            request: Request::new(model),
            tool_names: HashMap::new(),
        }
    }

    pub(crate) fn system(&mut self, text: &str) {
        self.request.system.push(llm::SystemBlock::new(text));
    }

    pub(crate) fn message(&mut self, role: Role, content: Vec<Content>) {
        if !content.is_empty() {
            Arc::make_mut(&mut self.request.messages).push(Message { role, content });
        }
    }

    pub(crate) fn tool_call(&mut self, id: &str, name: &str, arguments: String) -> Content {
        self.tool_names.insert(id.to_owned(), name.to_owned());
        Content::ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments,
        }
    }

    pub(crate) fn tool_result(&self, id: &str, text: String, is_error: bool) -> Content {
        Content::ToolResult {
            tool_call_id: id.to_owned(),
            name: self.tool_names.get(id).cloned().unwrap_or_default(),
            content: vec![ToolResultContent::Text(text)],
            is_error,
        }
    }

    pub(crate) fn tool(&mut self, name: &str, schema: &Value) {
        let tool = Tool {
            name: name.to_owned(),
            description: String::new(),
            input_schema: schema.clone(),
            ..Tool::default()
        };
        self.request.tools.push(tool);
    }

    /// The wire does not say what an answer is for; a prompt that asks for a title does.
    pub(crate) fn finish(mut self) -> Request {
        let asks_for_title = self
            .request
            .system
            .iter()
            .any(|block| block.text.to_lowercase().contains("title"));
        if self.request.tools.is_empty() && asks_for_title {
            self.request.metadata.purpose = Purpose::Title;
        }
        self.request
    }
}

/// The text of content that is a string or a list of typed blocks.
pub(crate) fn joined_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks
            .iter()
            .filter_map(|block| block.get("text")?.as_str())
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}

/// The blocks of content that is a string or a list.
pub(crate) fn blocks(content: &Value) -> Vec<Value> {
    match content {
        Value::String(text) => vec![serde_json::json!({"type": "text", "text": text})],
        Value::Array(blocks) => blocks.clone(),
        _ => Vec::new(),
    }
}

/// A field that is a list; nothing in it when it is none.
pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let items = value.get(name).and_then(Value::as_array);
    items.map(Vec::as_slice).unwrap_or_default()
}

/// A field that is a text; empty when it is none.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
