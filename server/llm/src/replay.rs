//! Makes a model's own words acceptable to a provider that gets them back.
//!
//! A conversation may have begun with another provider, so ids and arguments are not trusted to be in this one's form.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

use crate::ToolResultContent;

/// Arguments as a JSON object; anything else the model wrote becomes an empty one.
pub(crate) fn arguments_object(raw: &str) -> Value {
    match serde_json::from_str(raw) {
        Ok(object @ Value::Object(_)) => object,
        _ => Value::Object(serde_json::Map::new()),
    }
}

/// An id of letters, digits, `_` and `-`, at most `longest` bytes. An id that is already so stays as it is; another
/// one gets a hash of itself, so that two different ids stay different and a call still finds its result.
pub(crate) fn tool_call_id(id: &str, longest: usize) -> Cow<'_, str> {
    let is_allowed =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if !id.is_empty() && id.len() <= longest && id.chars().all(is_allowed) {
        return Cow::Borrowed(id);
    }
    let hash = format!("{:016x}", fnv1a(id.as_bytes()));
    let kept = longest.saturating_sub(hash.len() + 1);
    let stem: String = id
        .chars()
        .map(|character| {
            if is_allowed(character) {
                character
            } else {
                '_'
            }
        })
        .take(kept)
        .collect();
    Cow::Owned(if stem.is_empty() {
        format!("call_{hash}")
    } else {
        format!("{stem}_{hash}")
    })
}

/// A tool result cut into its text (pieces joined by line ends) and its pictures.
pub(crate) fn split_result(content: &[ToolResultContent]) -> (String, Vec<(&str, &Bytes)>) {
    let mut text = String::new();
    let mut images = Vec::new();
    for piece in content {
        match piece {
            ToolResultContent::Text(more) => {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(more);
            }
            ToolResultContent::Image { media_type, data } => {
                images.push((media_type.as_str(), data));
            }
        }
    }
    (text, images)
}

/// A schema that is an object schema, whatever was given.
pub(crate) fn object_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) if fields.get("type").is_some_and(|kind| kind == "object") => {
            schema.clone()
        }
        Value::Object(fields) if !fields.contains_key("type") => {
            let mut fields = fields.clone();
            fields.insert("type".to_owned(), Value::from("object"));
            Value::Object(fields)
        }
        _ => serde_json::json!({"type": "object", "properties": {}}),
    }
}

/// FNV-1a, 64 bits: stable across runs and builds, which the standard hasher is not.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
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

    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_objects_and_empties_everything_else() {
        assert_eq!(arguments_object(r#" {"a": [1]} "#), json!({"a": [1]}));
        for raw in ["", "{", "[1]", "null", "\"x\"", "{\"a\":1}}", "{'a':1}"] {
            assert_eq!(arguments_object(raw), json!({}), "{raw}");
        }
    }

    #[test]
    fn ids_become_plain_and_stay_different() {
        assert_eq!(tool_call_id("toolu_01-A", 64), "toolu_01-A");
        let long = "x".repeat(80);
        for id in ["", "a.b", "functions.execute:0", "é", long.as_str()] {
            let plain = tool_call_id(id, 40);
            assert!(!plain.is_empty() && plain.len() <= 40, "{id} → {plain}");
            assert!(
                plain
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || "_-".contains(character))
            );
            assert_eq!(
                tool_call_id(&plain, 40),
                plain,
                "a second pass changes nothing"
            );
        }
        assert_ne!(tool_call_id("a.b", 40), tool_call_id("a:b", 40));
    }

    #[test]
    fn every_schema_becomes_an_object_schema() {
        assert_eq!(
            object_schema(&json!({"properties": {}})),
            json!({"type": "object", "properties": {}})
        );
        for schema in [
            json!(null),
            json!([]),
            json!({"type": "string"}),
            json!({"type": null}),
        ] {
            assert_eq!(object_schema(&schema)["type"], "object", "{schema}");
        }
    }
}
