//! Content of version 0, as it was written before parts had their present form. Its three forms are told apart by
//! structure, never by what happens to parse:
//!
//! - a JSON string: the text of the message;
//! - an array of envelopes, `{"type": …, "data": {…}}`: the fields of a part lie inside of `data`;
//! - an array of bare tool results, `{"tool_call_id": …, "result": …}` without a type.
//!
//! A present part has its fields beside its type. Only a file has `data` there, and that is a text.

use serde_json::{Map, Value, json};

/// Turns content of version 0 into an array of present parts; what is present already stays as it is.
pub(super) fn modernize(content: Value) -> Value {
    match content {
        Value::String(text) => json!([{"type": "text", "text": text}]),
        Value::Array(items) => items.into_iter().map(modernize_item).collect(),
        other => other,
    }
}

fn modernize_item(item: Value) -> Value {
    match item {
        Value::Object(fields) if is_envelope(&fields) => opened(fields),
        Value::Object(mut fields) if is_bare_result(&fields) => {
            fields.insert("type".to_owned(), "tool-result".into());
            fields.entry("tool_name").or_insert_with(|| "".into());
            Value::Object(fields)
        }
        present => present,
    }
}

/// Whether the fields of a part lie inside of `data`.
fn is_envelope(fields: &Map<String, Value>) -> bool {
    fields.get("type").is_some_and(Value::is_string)
        && fields.get("data").is_some_and(Value::is_object)
}

/// Whether it is a tool's result from before parts had types.
fn is_bare_result(fields: &Map<String, Value>) -> bool {
    !fields.contains_key("type") && fields.get("tool_call_id").is_some_and(Value::is_string)
}

fn opened(mut fields: Map<String, Value>) -> Value {
    let kind = fields.remove("type").unwrap_or_default();
    let Some(Value::Object(mut part)) = fields.remove("data") else {
        return Value::Object(fields);
    };
    match kind.as_str() {
        // Arguments were JSON inside of a text.
        Some("tool-call") => {
            if let Some(Value::String(input)) = part.remove("input") {
                let args = serde_json::from_str(&input).unwrap_or(Value::String(input));
                part.insert("args".to_owned(), args);
            }
        }
        Some("tool-result") => {
            if let Some(Value::Object(mut output)) = part.remove("output") {
                let is_error = output.get("type").and_then(Value::as_str) == Some("error");
                let answer = output.remove("data").unwrap_or_default();
                part.insert("result".to_owned(), answer);
                part.insert("is_error".to_owned(), is_error.into());
            }
            part.entry("tool_name").or_insert_with(|| "".into());
        }
        _ => {}
    }
    part.insert("type".to_owned(), kind);
    Value::Object(part)
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

    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;
    use sdk::ids::FileId;
    use sdk::parts::{
        DiffComment, DiffSide, FilePart, LineReference, Part, ReasoningPart, SourcePart,
        ToolCallPart, ToolResultPart,
    };

    use super::*;

    fn read(content: Value) -> Vec<Part> {
        serde_json::from_value(modernize(content)).unwrap()
    }

    #[test]
    fn reads_a_plain_text() {
        assert_eq!(read(json!("hello")), [Part::text("hello")]);
    }

    #[test]
    fn reads_envelopes() {
        let content = json!([
            {"type": "text", "data": {"text": "Looking."}},
            {"type": "reasoning", "data": {"text": "because"}},
            {"type": "tool-call", "data": {"tool_call_id": "a", "tool_name": "execute", "input": "{\"command\":\"ls\"}"}},
            {"type": "tool-result", "data": {"tool_call_id": "a", "output": {"type": "text", "data": {"text": "src"}}}},
            {"type": "tool-result", "data": {"tool_call_id": "b", "output": {"type": "error", "data": {"error": "no"}}}},
            {"type": "from-tomorrow", "data": {"x": 1}},
        ]);
        let call = ToolCallPart {
            tool_call_id: "a".into(),
            tool_name: "execute".into(),
            args: Some(json!({"command": "ls"})),
            ..ToolCallPart::default()
        };
        let result = |id: &str, result: Value, is_error: bool| {
            Part::ToolResult(ToolResultPart {
                tool_call_id: id.into(),
                result: Some(result),
                is_error,
                ..ToolResultPart::default()
            })
        };
        let reasoning = ReasoningPart {
            text: "because".into(),
            ..ReasoningPart::default()
        };
        assert_eq!(
            read(content),
            [
                Part::text("Looking."),
                Part::Reasoning(reasoning),
                Part::ToolCall(call),
                result("a", json!({"text": "src"}), false),
                result("b", json!({"error": "no"}), true),
                Part::Unknown,
            ]
        );
    }

    #[test]
    fn reads_bare_results() {
        let content =
            json!([{"tool_call_id": "a", "tool_name": "execute", "result": {"output": "src"}}]);
        let parts = read(content);
        let [Part::ToolResult(result)] = parts.as_slice() else {
            panic!("no result");
        };
        assert_eq!(result.result, Some(json!({"output": "src"})));
        assert!(!result.is_error);
    }

    #[test]
    fn arguments_that_are_no_json_are_kept_as_text() {
        let content = json!([{"type": "tool-call", "data": {"tool_call_id": "a", "tool_name": "x", "input": "{"}}]);
        let parts = read(content);
        let [Part::ToolCall(call)] = parts.as_slice() else {
            panic!("no call");
        };
        assert_eq!(call.args, Some(json!("{")));
    }

    /// JSON as a tool may answer it, also such that looks like an older form.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            "[a-z]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            let key = prop_oneof![Just("type"), Just("data"), Just("tool_call_id"), Just("x")];
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Value::from),
                vec((key, inner), 0..4).prop_map(|fields| {
                    let fields = fields
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value));
                    Value::Object(fields.collect())
                }),
            ]
        })
    }

    fn any_part() -> impl Strategy<Value = Part> {
        let text = || "[a-z{}\":]{0,8}";
        let call = (
            text(),
            text(),
            option::of(any_json()),
            option::of(any_json()),
        );
        let call = call.prop_map(|(id, name, args, metadata)| {
            Part::ToolCall(ToolCallPart {
                tool_call_id: id,
                tool_name: name,
                args,
                provider_metadata: metadata,
                ..ToolCallPart::default()
            })
        });
        let result = (text(), text(), option::of(any_json()), any::<bool>());
        let result = result.prop_map(|(id, name, result, is_error)| {
            Part::ToolResult(ToolResultPart {
                tool_call_id: id,
                tool_name: name,
                result,
                is_error,
                ..ToolResultPart::default()
            })
        });
        let file = (text(), option::of(text()), any::<bool>());
        let file = file.prop_map(|(media_type, data, is_stored)| {
            Part::File(FilePart {
                media_type,
                file_id: is_stored.then(FileId::generate),
                name: None,
                data,
            })
        });
        let lines = (text(), text()).prop_map(|(file_name, content)| LineReference {
            file_name,
            start_line: 1,
            end_line: 2,
            content,
        });
        prop_oneof![
            text().prop_map(Part::text),
            (text(), option::of(any_json())).prop_map(|(text, metadata)| {
                Part::Reasoning(ReasoningPart {
                    text,
                    provider_metadata: metadata,
                    ..ReasoningPart::default()
                })
            }),
            call,
            result,
            file,
            lines.clone().prop_map(Part::FileReference),
            (lines, option::of(text())).prop_map(|(lines, quoted)| {
                Part::DiffComment(DiffComment {
                    file_name: lines.file_name,
                    start_line: 1,
                    end_line: 1,
                    side: DiffSide::New,
                    content: lines.content,
                    repo_root: quoted.clone(),
                    blob: quoted.clone(),
                    diff_hunk: quoted,
                })
            }),
            (text(), option::of(text())).prop_map(|(url, title)| Part::Source(SourcePart {
                url,
                title,
                ..SourcePart::default()
            })),
            (text(), any::<bool>()).prop_map(|(path, is_cut)| Part::ContextFile {
                context_file_path: path,
                context_file_truncated: is_cut,
            }),
            (text(), text()).prop_map(|(name, description)| Part::Skill {
                skill_name: name,
                skill_description: description,
            }),
            Just(Part::Unknown),
        ]
    }

    proptest! {
        /// A part of today is never taken for one of yesterday.
        #[test]
        fn present_parts_stay_as_they_are(parts in vec(any_part(), 0..4)) {
            let stored = serde_json::to_value(&parts).unwrap();
            prop_assert_eq!(modernize(stored.clone()), stored);
        }
    }
}
