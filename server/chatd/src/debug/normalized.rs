//! What is asked and answered, in words that belong to no provider. Texts are as they were, but cut; of files only their
//! kind and size is told.

use llm::http::Recording;
use llm::{
    Content, FinishReason, Message, Request, Role, Tool, ToolChoice, ToolResultContent, Usage,
};
use serde_json::{Map, Value, json};

/// Characters of one text.
const LONGEST_TEXT: usize = 10_000;
/// Bytes of all that was answered.
const LONGEST_ANSWER_BYTES: usize = 50_000;

/// A request as JSON text.
pub(super) fn request(request: &Request) -> Vec<u8> {
    let system = request
        .system
        .iter()
        .map(|block| json!({ "role": "system", "parts": [text("text", &block.text)] }));
    let messages = request.messages.iter().map(message);
    let mut options = Map::new();
    if let Some(most) = request.max_output_tokens {
        options.insert("max_output_tokens".to_owned(), most.into());
    }
    for (name, number) in [
        ("temperature", request.temperature),
        ("top_p", request.top_p),
        ("presence_penalty", request.presence_penalty),
        ("frequency_penalty", request.frequency_penalty),
    ] {
        options.extend(number.map(|number| (name.to_owned(), json!(number))));
    }
    options.extend(
        request
            .top_k
            .map(|top_k| ("top_k".to_owned(), top_k.into())),
    );
    if let Some(effort) = request.reasoning {
        options.insert("reasoning_effort".to_owned(), effort.as_str().into());
    }
    let own = request.provider_options.values();
    let own: usize = own.filter_map(Value::as_object).map(Map::len).sum();
    let provider_option_count = usize::from(request.cache) + own;
    let whole = json!({
        "messages": system.chain(messages).collect::<Vec<_>>(),
        "tools": request.tools.iter().map(tool).collect::<Vec<_>>(),
        "options": options,
        "tool_choice": match request.tool_choice {
            ToolChoice::Auto => "auto",
            ToolChoice::None => "none",
            ToolChoice::Required => "required",
        },
        "provider_option_count": provider_option_count,
    });
    whole.to_string().into_bytes()
}

/// An answer as JSON text, without the secrets that it was asked for with.
pub(super) fn response(
    content: &[Content],
    reason: Option<FinishReason>,
    counted: Option<&Usage>,
    recording: &Recording,
) -> Vec<u8> {
    let mut left = LONGEST_ANSWER_BYTES;
    let parts: Vec<Value> = content
        .iter()
        .map(|content| {
            let mut part = part(content);
            clean(&mut part, recording, &mut left);
            part
        })
        .collect();
    let mut whole = json!({ "content": parts, "warnings": [] });
    if let Value::Object(fields) = &mut whole {
        if let Some(reason) = reason {
            fields.insert("finish_reason".to_owned(), reason.as_str().into());
        }
        if let Some(counted) = counted {
            fields.insert("usage".to_owned(), usage(counted));
        }
    }
    whole.to_string().into_bytes()
}

/// Tokens; what the provider did not count is zero.
pub(super) fn usage(usage: &Usage) -> Value {
    let total = usage.total_tokens.unwrap_or_else(|| usage.context_tokens());
    json!({
        "input_tokens": usage.input_tokens.unwrap_or(0),
        "output_tokens": usage.output_tokens.unwrap_or(0),
        "total_tokens": total,
        "reasoning_tokens": usage.reasoning_tokens.unwrap_or(0),
        "cache_creation_tokens": usage.cache_creation_tokens.unwrap_or(0),
        "cache_read_tokens": usage.cache_read_tokens.unwrap_or(0),
    })
}

/// A failure.
pub(super) fn error(error: &llm::Error, recording: &Recording) -> Value {
    let mut fields = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    let text = |text: &str| Some(Value::String(recording.redact(text)));
    let is_late = matches!(
        error.kind,
        llm::ErrorKind::StartupTimeout | llm::ErrorKind::StreamSilence
    );
    set("message", text(&error.message));
    set("detail", error.detail.as_deref().and_then(text));
    set("type", Some(error.kind.as_str().into()));
    set(
        "context_error",
        match (error.is_cancelled, is_late) {
            (true, _) => Some("canceled".into()),
            (_, true) => Some("deadline".into()),
            _ => None,
        },
    );
    set("provider_title", error.provider.clone().map(Value::String));
    set("provider_status", error.status_code.map(Value::from));
    set("is_retryable", Some(error.is_retryable.into()));
    Value::Object(fields)
}

fn message(message: &Message) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    json!({ "role": role, "parts": message.content.iter().map(part).collect::<Vec<_>>() })
}

fn part(content: &Content) -> Value {
    match content {
        Content::Text(words) => text("text", words),
        Content::Reasoning { text: words, .. } => text("reasoning", words),
        Content::Image { media_type, data } => json!({
            "type": "file", "media_type": media_type, "text": file(media_type, data.len()),
        }),
        Content::ToolCall {
            id,
            name,
            arguments,
        } => json!({
            "type": "tool_call", "tool_call_id": id, "tool_name": name,
            "arguments": cut(arguments), "input_length": arguments.chars().count(),
        }),
        Content::ToolResult {
            tool_call_id,
            name,
            content,
            is_error,
        } => {
            let pieces = content.iter().map(|piece| match piece {
                ToolResultContent::Text(words) => words.clone(),
                ToolResultContent::Image { media_type, data } => file(media_type, data.len()),
            });
            let result = pieces.collect::<Vec<_>>().join("\n");
            json!({
                "type": "tool_result", "tool_call_id": tool_call_id, "tool_name": name, "is_error": is_error,
                "result": cut(&result), "text_length": result.chars().count(),
            })
        }
        Content::ProviderCall {
            id,
            name,
            arguments,
            ..
        } => json!({
            "type": "tool_call", "tool_call_id": id, "tool_name": name, "provider_executed": true,
            "arguments": cut(arguments), "input_length": arguments.chars().count(),
        }),
        Content::ProviderResult {
            tool_call_id,
            name,
            result,
            is_error,
            ..
        } => {
            let result = result.to_string();
            json!({
                "type": "tool_result", "tool_call_id": tool_call_id, "tool_name": name, "is_error": is_error,
                "provider_executed": true, "result": cut(&result), "text_length": result.chars().count(),
            })
        }
        Content::Source { url, title, .. } => {
            json!({ "type": "source", "url": cut(url), "title": title.as_deref().map(cut) })
        }
    }
}

fn text(kind: &str, words: &str) -> Value {
    json!({ "type": kind, "text": cut(words), "text_length": words.chars().count() })
}

fn file(media_type: &str, bytes: usize) -> String {
    format!("[{media_type}, {bytes} bytes]")
}

fn tool(tool: &Tool) -> Value {
    json!({
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "has_input_schema": !tool.input_schema.is_null(),
        "input_schema": tool.input_schema,
    })
}

fn cut(words: &str) -> String {
    match words.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words.to_owned(),
    }
}

/// Takes secrets out of all texts, and what is too long in sum.
fn clean(value: &mut Value, recording: &Recording, left: &mut usize) {
    match value {
        Value::String(words) => {
            let mut clean = recording.redact(words);
            if clean.len() > *left {
                clean.truncate(clean.floor_char_boundary(*left));
                clean.push('…');
            }
            *left = left.saturating_sub(clean.len());
            *words = clean;
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| clean(item, recording, left)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| clean(field, recording, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
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

    use std::sync::Arc;

    use super::*;

    fn read(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn a_request_is_told_in_the_words_of_no_provider() {
        let asked = Request {
            system: vec![llm::SystemBlock::new("be good")],
            messages: Arc::new(vec![
                Message {
                    role: Role::User,
                    content: vec![
                        Content::Text("ä".repeat(LONGEST_TEXT + 5)),
                        Content::Image {
                            media_type: "image/png".to_owned(),
                            data: b"bytes of a picture".to_vec().into(),
                        },
                    ],
                },
                Message::tool_result("c1", "read_file", "found"),
            ]),
            tools: vec![Tool {
                name: "read_file".to_owned(),
                input_schema: json!({"type": "object"}),
                ..Tool::default()
            }],
            temperature: Some(0.5),
            top_p: Some(0.75),
            top_k: Some(40),
            provider_options: Map::from_iter([("openai".to_owned(), json!({"store": true}))]),
            cache: true,
            ..Request::new("m")
        };
        let told = read(&request(&asked));
        assert_eq!(
            told["messages"][0],
            json!({"role": "system", "parts": [
            {"type": "text", "text": "be good", "text_length": 7}]})
        );
        let long = &told["messages"][1]["parts"][0];
        assert_eq!(long["text_length"], LONGEST_TEXT + 5);
        assert_eq!(
            long["text"].as_str().unwrap().chars().count(),
            LONGEST_TEXT + 1
        );
        assert_eq!(
            told["messages"][1]["parts"][1]["text"],
            "[image/png, 18 bytes]"
        );
        assert_eq!(told["messages"][2]["parts"][0]["result"], "found");
        assert_eq!(told["tools"][0]["has_input_schema"], true);
        let options = json!({"temperature": 0.5, "top_p": 0.75, "top_k": 40});
        assert_eq!(told["options"], options);
        assert_eq!(
            (&told["tool_choice"], &told["provider_option_count"]),
            (&json!("auto"), &json!(2))
        );
        assert!(!told.to_string().contains("bytes of a picture"));
    }

    #[test]
    fn an_answer_is_cut_in_sum() {
        let content = vec![Content::Text("é".repeat(LONGEST_TEXT)); 9];
        let told = response(
            &content,
            Some(FinishReason::Stop),
            Some(&Usage::default()),
            &Recording::default(),
        );
        assert!(told.len() < LONGEST_ANSWER_BYTES + 2_000, "{}", told.len());
        let told = read(&told);
        assert_eq!(told["content"].as_array().unwrap().len(), 9);
        assert_eq!(told["finish_reason"], "stop");
        for key in [
            "input_tokens",
            "output_tokens",
            "total_tokens",
            "reasoning_tokens",
            "cache_creation_tokens",
            "cache_read_tokens",
        ] {
            assert_eq!(told["usage"][key], 0, "{key}");
        }
    }

    #[test]
    fn a_failure_says_what_it_was() {
        let told = error(&llm::Error::cancelled(Some("p")), &Recording::default());
        assert_eq!(told["context_error"], "canceled");
        let late = llm::Error::new(llm::ErrorKind::StreamSilence, None);
        let told = error(&late, &Recording::default());
        assert_eq!(
            (&told["context_error"], &told["type"]),
            (&json!("deadline"), &json!("stream_silence"))
        );
        assert!(told.get("provider_status").is_none());
    }
}
