//! Reads a Messages conversation.

use llm::{Content, Request, Role};
use serde_json::Value;

use super::{computer, searches};
use crate::convert::{Converter, blocks, joined_text, list};

/// The neutral request of a checked body.
pub(super) fn request(body: &Value) -> Request {
    let model = body
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut converter = Converter::new(model);
    let system = joined_text(body.get("system").unwrap_or(&Value::Null));
    if !system.is_empty() {
        converter.system(&system);
    }
    for tool in list(body, "tools") {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
        converter.tool(name, tool.get("input_schema").unwrap_or(&Value::Null));
    }
    if computer::has_toolset(body) {
        for name in computer::MEMBERS {
            converter.tool(name, &Value::Null);
        }
    }
    for message in list(body, "messages") {
        add_message(&mut converter, message);
    }
    converter.finish()
}

/// Results and the person's words share a message on the wire and are two messages here.
fn add_message(converter: &mut Converter, message: &Value) {
    let is_assistant = message.get("role").is_some_and(|role| role == "assistant");
    let mut said = Vec::new();
    let mut results = Vec::new();
    for block in blocks(message.get("content").unwrap_or(&Value::Null)) {
        let field = |name: &str| {
            block
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        match field("type").as_str() {
            "text" => said.push(Content::Text(field("text"))),
            "thinking" => said.push(Content::Reasoning {
                text: field("thinking"),
                provider_metadata: None,
            }),
            "image" => said.push(Content::Image {
                media_type: "image/png".to_owned(),
                data: bytes::Bytes::new(),
            }),
            "tool_use" => {
                let arguments = block.get("input").map(Value::to_string).unwrap_or_default();
                said.push(converter.tool_call(&field("id"), &field("name"), arguments));
            }
            // A step of an answer that goes on.
            searches::CALL => said.push(Content::ProviderCall {
                id: field("id"),
                name: field("name"),
                arguments: String::new(),
                provider_metadata: None,
            }),
            "tool_result" => {
                let text = joined_text(block.get("content").unwrap_or(&Value::Null));
                let is_error = block
                    .get("is_error")
                    .and_then(Value::as_bool)
                    .unwrap_or_default();
                results.push(converter.tool_result(&field("tool_use_id"), text, is_error));
            }
            _ => {}
        }
    }
    converter.message(Role::Tool, results);
    converter.message(
        if is_assistant {
            Role::Assistant
        } else {
            Role::User
        },
        said,
    );
}
