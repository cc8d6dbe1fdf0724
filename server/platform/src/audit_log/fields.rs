//! What an entry shows: the fields that differ, never a secret, and no more of a long text than what changed.

use std::collections::BTreeMap;

use sdk::audit_log::AuditFields;
use serde_json::{Value, json};

/// Bytes of a text that are kept as they are.
const WHOLE_BYTES: usize = 4096;
/// Bytes that are kept of what changed in a longer one.
const LONGEST_BYTES: usize = 16 * 1024;
/// Bytes before and after what changed.
const AROUND_BYTES: usize = 200;

/// The fields of a thing.
#[derive(Debug, Default)]
pub(crate) struct Fields(BTreeMap<String, Field>);

#[derive(Debug, PartialEq)]
enum Field {
    Shown(Value),
    /// Compared, and never written.
    Hidden(Vec<u8>),
}

impl Fields {
    /// A field that everybody who reads the log may read. What is in an object becomes fields of their own; nothing is none.
    pub(crate) fn show(mut self, name: &str, value: Value) -> Self {
        self.flatten(name.to_owned(), value);
        self
    }

    /// A secret, sealed or hashed; nothing is none.
    pub(crate) fn hide(mut self, name: &str, secret: &[u8]) -> Self {
        if !secret.is_empty() {
            self.0
                .insert(name.to_owned(), Field::Hidden(secret.to_vec()));
        }
        self
    }

    fn flatten(&mut self, name: String, value: Value) {
        match value {
            Value::Null => {}
            Value::Object(fields) => {
                for (inner, value) in fields {
                    self.flatten(format!("{name}.{inner}"), value);
                }
            }
            value => {
                self.0.insert(name, Field::Shown(value));
            }
        }
    }
}

/// The fields that differ, as they were and as they are.
pub(super) fn changed(mut before: Fields, mut after: Fields) -> (AuditFields, AuditFields) {
    let (mut was, mut is) = (AuditFields::new(), AuditFields::new());
    let names: Vec<String> = before.0.keys().chain(after.0.keys()).cloned().collect();
    for name in names {
        let (old, new) = (before.0.remove(&name), after.0.remove(&name));
        if old == new {
            continue;
        }
        let (old, new) = shown(old, new);
        was.extend(old.map(|value| (name.clone(), value)));
        is.extend(new.map(|value| (name, value)));
    }
    (was, is)
}

fn shown(old: Option<Field>, new: Option<Field>) -> (Option<Value>, Option<Value>) {
    let set = json!({ "secret": "set" });
    match (old, new) {
        (Some(Field::Hidden(_)), None) => (Some(set), Some(json!({ "secret": "removed" }))),
        (Some(Field::Hidden(_)), Some(Field::Hidden(_))) => {
            (Some(set), Some(json!({ "secret": "replaced" })))
        }
        (None, Some(Field::Hidden(_))) => (None, Some(set)),
        (Some(Field::Shown(old)), Some(Field::Shown(new))) => {
            let (old, new) = shortened(old, new);
            (Some(old), Some(new))
        }
        (old, new) => (old.map(alone), new.map(alone)),
    }
}

fn alone(field: Field) -> Value {
    match field {
        Field::Shown(value) => shortened(value, Value::Null).0,
        Field::Hidden(_) => json!({ "secret": "set" }),
    }
}

/// Long texts are kept from where they begin to differ to where they end to.
fn shortened(old: Value, new: Value) -> (Value, Value) {
    let text = |value: Value| match value {
        Value::String(text) => Ok(text),
        value => Err(value),
    };
    match (text(old), text(new)) {
        (Ok(old), Ok(new)) if old.len().max(new.len()) > WHOLE_BYTES => {
            let start = old.bytes().zip(new.bytes());
            let start = start.take_while(|(old, new)| old == new).count();
            let room = old.len().min(new.len()) - start;
            let ends = old.bytes().rev().zip(new.bytes().rev());
            let end = ends.take_while(|(old, new)| old == new).count().min(room);
            (part(&old, start, end).into(), part(&new, start, end).into())
        }
        (old, new) => (whole(old), whole(new)),
    }
}

fn whole(value: Result<String, Value>) -> Value {
    value.map_or_else(|other| other, |text| part(&text, 0, 0).into())
}

/// A text without what is the same at its start and its end, and not too much of the rest.
fn part(text: &str, same_at_start: usize, same_at_end: usize) -> String {
    let start = text.floor_char_boundary(same_at_start.saturating_sub(AROUND_BYTES));
    let changed_to = text.len() - same_at_end.min(text.len());
    let end = (changed_to + AROUND_BYTES).min(start + LONGEST_BYTES);
    let end = text.floor_char_boundary(end).max(start);
    let shown = text.get(start..end).unwrap_or_default();
    let rest = text.len() - end;
    let why = if end < changed_to {
        "not kept"
    } else {
        "as before"
    };
    let before = (start > 0).then(|| format!("[{start} bytes as before] … "));
    let after = (rest > 0).then(|| format!(" … [{rest} bytes {why}]"));
    [
        before.unwrap_or_default(),
        shown.to_owned(),
        after.unwrap_or_default(),
    ]
    .concat()
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

    fn text(text: &str) -> Fields {
        Fields::default().show("text", json!(text))
    }

    fn texts(before: &str, after: &str) -> (String, String) {
        let (was, is) = changed(text(before), text(after));
        let read = |fields: &AuditFields| fields["text"].as_str().unwrap().to_owned();
        (read(&was), read(&is))
    }

    #[test]
    fn tells_what_differs_alone() {
        let before = Fields::default()
            .show("name", json!("a"))
            .show("prices", json!({ "input": "1", "output": "2" }));
        let after = Fields::default()
            .show("name", json!("a"))
            .show("prices", json!({ "input": "3", "cached": "4" }));
        let (was, is) = changed(before, after);
        assert_eq!(
            json!(was),
            json!({ "prices.input": "1", "prices.output": "2" })
        );
        assert_eq!(
            json!(is),
            json!({ "prices.input": "3", "prices.cached": "4" })
        );
    }

    #[test]
    fn says_of_secrets_only_what_became_of_them() {
        let with = |key: &str| Fields::default().hide("key", key.as_bytes());
        let told = |before: &str, after: &str| json!(changed(with(before), with(after)));
        assert_eq!(
            told("", "sk-1"),
            json!([{}, { "key": { "secret": "set" } }])
        );
        assert_eq!(
            told("sk-1", "sk-2"),
            json!([{ "key": { "secret": "set" } }, { "key": { "secret": "replaced" } }])
        );
        assert_eq!(
            told("sk-1", ""),
            json!([{ "key": { "secret": "set" } }, { "key": { "secret": "removed" } }])
        );
        assert_eq!(told("sk-1", "sk-1"), json!([{}, {}]));
    }

    #[test]
    fn keeps_of_a_long_text_what_changed() {
        let filler = "ä".repeat(5000);
        let (was, is) = texts(
            &format!("{filler}old{filler}"),
            &format!("{filler}newer{filler}"),
        );
        assert!(was.contains("old") && is.contains("newer"), "{was}\n{is}");
        assert!(was.len() < 1000 && is.len() < 1000);
        assert!(is.starts_with("[9800 bytes as before]"), "{is}");
        assert!(is.ends_with("[9800 bytes as before]"), "{is}");
    }

    #[test]
    fn texts_that_repeat_themselves_are_cut_once() {
        let (was, is) = texts(&"a".repeat(5000), &"a".repeat(5001));
        assert!(was.len() < 1000 && is.len() < 1000);
        let (was, is) = texts("", &"b".repeat(100_000));
        assert_eq!(was, "");
        assert!(
            is.ends_with("bytes not kept]") && is.len() < 20_000,
            "{}",
            is.len()
        );
        let (was, _) = texts(&"ä".repeat(4000), "ö");
        assert!(was.starts_with('ä'));
    }
}
