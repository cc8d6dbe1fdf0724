//! Reads a Chat Completions conversation.

use llm::{Content, Request, Role};
use serde_json::Value;

use crate::convert::{Converter, joined_text, list};

/// The neutral request of a checked body.
pub(super) fn request(body: &Value) -> Request {
    let model = body
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut converter = Converter::new(model);
    for tool in list(body, "tools") {
        let name = tool
            .pointer("/function/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        converter.tool(
            name,
            tool.pointer("/function/parameters").unwrap_or(&Value::Null),
        );
    }
    for message in list(body, "messages") {
        add_message(&mut converter, message);
    }
    converter.finish()
}

fn add_message(converter: &mut Converter, message: &Value) {
    let text = joined_text(message.get("content").unwrap_or(&Value::Null));
    match message
        .get("role")
        .and_then(Value::as_str)
        .unwrap_or_default()
    {
        "system" | "developer" => converter.system(&text),
        "assistant" => {
            let mut content = vec![Content::Text(text)];
            for call in list(message, "tool_calls") {
                let field = |path: &str| {
                    call.pointer(path)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                };
                let arguments = field("/function/arguments").to_owned();
                content.push(converter.tool_call(field("/id"), field("/function/name"), arguments));
            }
            converter.message(Role::Assistant, content);
        }
        "tool" => {
            let id = message
                .get("tool_call_id")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let result = converter.tool_result(id, text, false);
            converter.message(Role::Tool, vec![result]);
        }
        _ => add_user(converter, message, text),
    }
}

/// Pictures of tool results come in a user message of their own; that is no new turn of the person.
fn add_user(converter: &mut Converter, message: &Value, text: String) {
    let is_picture_note = text.starts_with("Images from the result of ");
    if !is_picture_note {
        let pictures = list(message, "content")
            .iter()
            .filter(|part| part.get("image_url").is_some())
            .count();
        let picture = || Content::Image {
            media_type: "image/png".to_owned(),
            data: bytes::Bytes::new(),
        };
        let mut content = vec![Content::Text(text)];
        content.extend(std::iter::repeat_with(picture).take(pictures));
        converter.message(Role::User, content);
    }
}
