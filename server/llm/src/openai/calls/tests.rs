#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;

/// Feeds pieces and gives back `(id, name, arguments)` of the whole calls.
fn joined(pieces: &[Value]) -> Vec<(String, String, String)> {
    let mut calls = Calls::new(|| "made".to_owned());
    let mut parts = VecDeque::new();
    for piece in pieces {
        calls.extend(serde_json::from_value(piece.clone()).unwrap(), &mut parts);
    }
    calls.end(&mut parts);
    let ends = parts.into_iter().filter_map(|part| match part {
        StreamPart::ToolCallEnd {
            id,
            name,
            arguments,
            ..
        } => Some((id, name, arguments)),
        _ => None,
    });
    ends.collect()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "literals read better without a borrow"
)]
fn piece(index: Option<u64>, id: Option<&str>, name: Option<&str>, arguments: Value) -> Value {
    json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}})
}

fn expected(calls: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    calls
        .iter()
        .map(|(id, name, arguments)| {
            (
                (*id).to_owned(),
                (*name).to_owned(),
                (*arguments).to_owned(),
            )
        })
        .collect()
}

#[test]
fn joins_by_index() {
    let pieces = [
        piece(Some(0), Some("a"), Some("x"), json!("")),
        piece(Some(1), Some("b"), Some("y"), json!("{\"n\"")),
        piece(Some(0), None, None, json!("{}")),
        piece(Some(1), None, None, json!(":1}")),
    ];
    assert_eq!(
        joined(&pieces),
        expected(&[("a", "x", "{}"), ("b", "y", "{\"n\":1}")])
    );
}

#[test]
fn takes_whole_calls_that_all_claim_index_zero() {
    let pieces = [
        piece(Some(0), Some("a"), Some("x"), json!("{}")),
        piece(Some(0), Some("b"), Some("x"), json!("{\"n\":2}")),
    ];
    assert_eq!(
        joined(&pieces),
        expected(&[("a", "x", "{}"), ("b", "x", "{\"n\":2}")])
    );
}

#[test]
fn a_repeated_id_or_name_continues_its_call() {
    let pieces = [
        piece(Some(0), Some("a"), Some("x"), json!("{")),
        piece(Some(0), Some("a"), Some("x"), json!("}")),
        piece(Some(0), Some(""), Some(""), Value::Null),
    ];
    assert_eq!(joined(&pieces), expected(&[("a", "x", "{}")]));
}

#[test]
fn joins_without_an_index() {
    let pieces = [
        piece(None, Some("a"), Some("x"), json!("{")),
        piece(None, None, None, json!("}")),
        piece(None, Some("b"), Some("y"), json!("{}")),
        piece(None, None, Some("z"), json!({"n": 3})),
    ];
    assert_eq!(
        joined(&pieces),
        expected(&[
            ("a", "x", "{}"),
            ("b", "y", "{}"),
            ("made", "z", "{\"n\":3}")
        ])
    );
}

#[test]
fn empty_arguments_become_an_empty_object() {
    assert_eq!(
        joined(&[piece(Some(0), Some("a"), Some("x"), Value::Null)]),
        expected(&[("a", "x", "{}")])
    );
    assert_eq!(
        joined(&[json!({"index": 0, "id": "a", "function": {"name": "x"}})]),
        expected(&[("a", "x", "{}")])
    );
    assert_eq!(joined(&[json!({})]), expected(&[("made", "", "{}")]));
}
