//! The JSON text of a message's parts, safe for both databases.
//!
//! PostgreSQL's `jsonb` cannot hold NUL characters, which commands do print. They are escaped reversibly: the
//! private-use character U+E000 followed by `0` stands for NUL, followed by `1` for itself.

use sdk::ids::MessageId;
use sdk::parts::{CONTENT_VERSION, Part};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::types::Json;

use crate::StoreError;

mod older;

const ESCAPE: char = '\u{e000}';

/// Parts as they are bound to a statement.
pub fn encode(parts: &[Part]) -> Result<Json<Box<RawValue>>, StoreError> {
    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        table: "chat_messages",
        detail: error.to_string(),
    };
    let mut text = serde_json::to_string(parts).map_err(corrupt)?;
    if text.contains("\\u0000") || text.contains(ESCAPE) {
        let mut value: Value = serde_json::from_str(&text).map_err(corrupt)?;
        map_strings(&mut value, &escape);
        text = value.to_string();
    }
    RawValue::from_string(text).map(Json).map_err(corrupt)
}

/// Ids of messages with their parts, of rows that hold both in the present version.
pub fn decode_rows(rows: Vec<(i64, String)>) -> Result<Vec<(MessageId, Vec<Part>)>, StoreError> {
    let read = |(id, parts): (i64, String)| {
        let parts = decode("chat_messages", CONTENT_VERSION.into(), &parts)?;
        Ok((MessageId(id), parts))
    };
    rows.into_iter().map(read).collect()
}

/// Parts as they were stored, in the present version or an older one.
pub fn decode(table: &'static str, version: i32, text: &str) -> Result<Vec<Part>, StoreError> {
    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        table,
        detail: error.to_string(),
    };
    let is_older = version < i32::from(CONTENT_VERSION);
    let is_escaped = text.contains(ESCAPE) || text.contains("\\ue000");
    if !is_older && !is_escaped {
        return serde_json::from_str(text).map_err(corrupt);
    }
    let mut value: Value = serde_json::from_str(text).map_err(corrupt)?;
    if is_escaped {
        map_strings(&mut value, &restore);
    }
    if is_older {
        value = older::modernize(value);
    }
    serde_json::from_value(value).map_err(corrupt)
}

fn map_strings(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| map_strings(item, change)),
        Value::Object(fields) => {
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(key, mut field)| {
                    map_strings(&mut field, change);
                    (change(&key), field)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\0' => escaped.extend([ESCAPE, '0']),
            ESCAPE => escaped.extend([ESCAPE, '1']),
            other => escaped.push(other),
        }
    }
    escaped
}

fn restore(text: &str) -> String {
    let mut restored = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != ESCAPE {
            restored.push(letter);
            continue;
        }
        match letters.next() {
            Some('0') => restored.push('\0'),
            Some('1') | None => restored.push(ESCAPE),
            Some(other) => restored.extend([ESCAPE, other]),
        }
    }
    restored
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

    use proptest::prelude::*;

    use super::*;

    fn survives(text: &str) {
        let parts = vec![Part::text(text)];
        let stored = encode(&parts).unwrap().0.get().to_owned();
        assert!(!stored.contains("\\u0000"), "{stored}");
        assert_eq!(decode("chat_messages", 1, &stored).unwrap(), parts);
    }

    #[test]
    fn keeps_nul_and_the_escape_character_itself() {
        for text in [
            "",
            "plain",
            "a\0b",
            "\u{e000}",
            "\u{e000}0",
            "\0\u{e000}1\0",
            "\\u0000 in words",
        ] {
            let parts = vec![Part::text(text)];
            let stored = encode(&parts).unwrap().0.get().to_owned();
            assert_eq!(
                decode("chat_messages", 1, &stored).unwrap(),
                parts,
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn keeps_any_text(text in "[\\x00a\u{e000}01\u{1F600}\"]{0,12}") {
            survives(&text);
        }
    }

    #[test]
    fn reads_the_older_version() {
        let stored = "\"a\u{e000}0b\"";
        let parts = decode("chat_messages", 0, stored).unwrap();
        assert_eq!(parts, [Part::text("a\0b")]);
        assert!(decode("chat_messages", 1, stored).is_err());
    }

    #[test]
    fn refuses_what_is_no_part_array() {
        assert!(decode("chat_messages", 1, "{\"type\":\"text\"}").is_err());
    }
}
