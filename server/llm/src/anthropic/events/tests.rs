#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::http::testing::{byte_by_byte, cut, decode, event_ends, response, whole};
use crate::http::{TransportError, TransportErrorKind};
use crate::{Content, ErrorKind};

const TOOLS: &[u8] = include_bytes!("../../../testdata/anthropic-tools.sse");
const ERROR: &[u8] = include_bytes!("../../../testdata/anthropic-error.sse");

type Parts = Vec<Result<StreamPart, Error>>;

fn decoded(chunks: Vec<Result<Bytes, TransportError>>) -> Parts {
    decode(EventDecoder::new("anthropic"), chunks)
}

fn events(data: &[&str]) -> Parts {
    let body = format!("data: {}\n\n", data.join("\n\ndata: "));
    decoded(whole(body.as_bytes()))
}

#[test]
fn reads_thoughts_text_and_parallel_calls() {
    let response = response(decoded(whole(TOOLS)));
    let thought = |text: &str, metadata: Value| Content::Reasoning {
        text: text.to_owned(),
        provider_metadata: Some(json!({"anthropic": metadata})),
    };
    let call = |id: &str, name: &str, arguments: &str| Content::ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    };
    let expected = [
        thought(
            "The folder — I should look.",
            json!({"signature": "EqQBCkgI+/=="}),
        ),
        thought("", json!({"redacted_data": "EmwKAhgBEgy3va3p"})),
        Content::Text("Ich schaue mir das an: 日本語, ไทย, 👩‍🚀.\n".to_owned()),
        call("toolu_01A", "execute", "{\"command\": \"ls -la ü\"}"),
        call("toolu_01B", "process_list", "{}"),
    ];
    assert_eq!(response.content, expected);
    assert_eq!(response.finish_reason, FinishReason::ToolCalls);
    assert_eq!(response.response_id.as_deref(), Some("msg_01"));
    let usage = Usage {
        input_tokens: Some(12),
        output_tokens: Some(89),
        total_tokens: Some(4_401),
        reasoning_tokens: Some(20),
        cache_creation_tokens: Some(300),
        cache_read_tokens: Some(4_000),
    };
    assert_eq!(response.usage, usage);
}

#[test]
fn reads_the_same_byte_by_byte() {
    assert_eq!(decoded(byte_by_byte(TOOLS)), decoded(whole(TOOLS)));
}

#[test]
fn reads_the_same_with_other_line_ends_and_comments() {
    let text = std::str::from_utf8(TOOLS).unwrap();
    let carriage = text.replace('\n', "\r\n");
    let commented = text.replace("event: ", ": a comment\nevent: ");
    let tight = text.replace("data: ", "data:").replace("event: ", "event:");
    let marked = format!("\u{FEFF}{text}");
    for variant in [carriage, commented, tight, marked] {
        assert_eq!(decoded(whole(variant.as_bytes())), decoded(whole(TOOLS)));
        assert_eq!(
            decoded(byte_by_byte(variant.as_bytes())),
            decoded(whole(TOOLS))
        );
    }
}

#[test]
fn an_error_in_the_middle_keeps_what_came_and_ends_the_stream() {
    let parts = decoded(whole(ERROR));
    assert!(parts.contains(&Ok(StreamPart::TextDelta {
        text: "Half an".to_owned()
    })));
    let error = parts.last().unwrap().as_ref().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Overloaded);
    assert!(error.is_retryable);
    assert_eq!(error.detail.as_deref(), Some("Overloaded"));
    assert_eq!(error.status_code, None);
}

#[test]
fn a_body_that_ends_early_is_never_a_success() {
    for end in event_ends(TOOLS)
        .into_iter()
        .rev()
        .skip(1)
        .chain([0, 1, TOOLS.len() - 1])
    {
        let parts = decoded(whole(&TOOLS[..end]));
        let error = parts.last().unwrap().as_ref().unwrap_err();
        assert_eq!(
            (error.kind, error.is_retryable),
            (ErrorKind::Timeout, true),
            "cut at {end}"
        );
    }
}

#[test]
fn a_connection_that_breaks_is_an_error_with_its_cause() {
    let mut chunks = whole(&TOOLS[..600]);
    let text = "connection reset by peer".to_owned();
    chunks.push(Err(TransportError {
        kind: TransportErrorKind::Broken,
        text: text.clone(),
    }));
    let error = decoded(chunks).pop().unwrap().unwrap_err();
    assert_eq!(error.detail, Some(text));
    assert!(error.is_retryable);
}

#[test]
fn what_is_no_json_is_an_error() {
    for data in ["{", "[]", "null", "{\"type\": 1}", "not json"] {
        let error = events(&[data]).pop().unwrap().unwrap_err();
        assert!(error.message.contains("protocol"), "{data}: {error}");
    }
}

#[test]
fn names_the_reason_it_stopped() {
    let reasons = [
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("tool_use", FinishReason::ToolCalls),
        ("refusal", FinishReason::ContentFilter),
        ("pause_turn", FinishReason::Paused),
        ("something_new", FinishReason::Other),
    ];
    for (name, expected) in reasons {
        let delta = format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{name}"}}}}"#);
        let parts = events(&[
            r#"{"type":"message_start"}"#,
            &delta,
            r#"{"type":"message_stop"}"#,
        ]);
        assert_eq!(response(parts).finish_reason, expected, "{name}");
    }
}

#[test]
fn ends_what_a_server_left_open_and_takes_whole_inputs() {
    let start = r#"{"type":"content_block_start","index":7,"content_block":{"type":"tool_use","id":"a","name":"b","input":{"c":1}}}"#;
    let parts = events(&[
        r#"{"type":"message_start"}"#,
        start,
        r#"{"type":"message_stop"}"#,
    ]);
    let response = response(parts);
    assert_eq!(response.finish_reason, FinishReason::ToolCalls);
    assert!(
        matches!(&response.content[..], [Content::ToolCall { arguments, .. }] if arguments == "{\"c\":1}")
    );
}

#[test]
fn error_types_stand_for_their_status() {
    let cases = [
        ("rate_limit_error", ErrorKind::RateLimit),
        ("authentication_error", ErrorKind::Auth),
        ("billing_error", ErrorKind::UsageLimit),
        ("api_error", ErrorKind::Generic),
        ("timeout_error", ErrorKind::Timeout),
        ("invalid_request_error", ErrorKind::Generic),
    ];
    for (name, kind) in cases {
        let event = format!(r#"{{"type":"error","error":{{"type":"{name}","message":"x"}}}}"#);
        assert_eq!(
            events(&[&event]).pop().unwrap().unwrap_err().kind,
            kind,
            "{name}"
        );
    }
    assert!(events(&[r#"{"type":"error"}"#]).pop().unwrap().is_err());
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_parts(places in prop::collection::vec(0_usize..100_000, 0..40)) {
        prop_assert_eq!(decoded(cut(TOOLS, &places)), decoded(whole(TOOLS)));
        prop_assert_eq!(decoded(cut(ERROR, &places)), decoded(whole(ERROR)));
    }

    #[test]
    fn any_early_end_is_an_error(end in 0..TOOLS.len() - 2, places in prop::collection::vec(0_usize..100_000, 0..8)) {
        let parts = decoded(cut(&TOOLS[..end], &places));
        prop_assert!(parts.last().is_some_and(Result::is_err));
    }

    #[test]
    fn any_bytes_end_in_an_error_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let parts = decoded(whole(&body));
        prop_assert!(parts.last().is_some_and(Result::is_err));
    }
}

#[test]
fn a_member_of_the_computers_toolset_becomes_a_call_of_the_computer() {
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"left_click","input":{},"toolset_name":"computer"}}"#;
    let delta = |json: &str| {
        format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"input_json_delta","partial_json":{}}}}}"#,
            serde_json::Value::from(json)
        )
    };
    let parts = events(&[
        r#"{"type":"message_start"}"#,
        start,
        &delta("{\"coordinate\""),
        &delta(": [3, 4]}"),
        r#"{"type":"message_stop"}"#,
    ]);
    let deltas: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Ok(StreamPart::ToolCallDelta {
                arguments_delta, ..
            }) => Some(arguments_delta.as_str()),
            _ => None,
        })
        .collect();
    let whole = r#"{"action":"left_click","coordinate":[3,4]}"#;
    assert_eq!(deltas, [whole]);
    let response = response(parts);
    assert!(
        matches!(&response.content[..], [Content::ToolCall { name, arguments, .. }] if name == "computer" && arguments == whole)
    );
}
