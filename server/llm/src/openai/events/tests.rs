#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::http::TransportError;
use crate::http::testing::{byte_by_byte, cut, decode, event_ends, response, whole};
use crate::{Content, ErrorKind};

const PARALLEL: &[u8] = include_bytes!("../../../testdata/openai-parallel.sse");
const LOOSE: &[u8] = include_bytes!("../../../testdata/compatible-loose.sse");
const ERROR: &[u8] = include_bytes!("../../../testdata/openai-error.sse");

type Parts = Vec<Result<StreamPart, Error>>;
type Chunks = Vec<Result<Bytes, TransportError>>;

fn decoded(chunks: Chunks) -> Parts {
    decode(
        EventDecoder::with_ids("p", false, || "made".to_owned()),
        chunks,
    )
}

fn strictly(chunks: Chunks) -> Parts {
    decode(
        EventDecoder::with_ids("p", true, || "made".to_owned()),
        chunks,
    )
}

fn chunks(data: &[&str]) -> Parts {
    let body = format!("data: {}\n\n", data.join("\n\ndata: "));
    decoded(whole(body.as_bytes()))
}

fn delta(delta: &str, finish_reason: &str) -> String {
    format!(r#"{{"choices":[{{"delta":{delta},"finish_reason":{finish_reason}}}]}}"#)
}

fn call(id: &str, name: &str, arguments: &str) -> Content {
    Content::ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

#[test]
fn reads_text_and_interleaved_calls() {
    let response = response(strictly(whole(PARALLEL)));
    let expected = [
        Content::Text("Ich schaue: 日本語 👩‍🚀\n".to_owned()),
        call("call_A", "execute", "{\"command\": \"ls ü\"}"),
        call("call_B", "process_list", "{}"),
    ];
    assert_eq!(response.content, expected);
    assert_eq!(response.finish_reason, FinishReason::ToolCalls);
    assert_eq!(response.response_id.as_deref(), Some("chatcmpl-1"));
    let usage = Usage {
        input_tokens: Some(12),
        output_tokens: Some(89),
        total_tokens: Some(4_401),
        reasoning_tokens: Some(20),
        cache_creation_tokens: Some(300),
        cache_read_tokens: Some(4_000),
    };
    assert_eq!(
        response.usage, usage,
        "cached tokens are taken out of the input"
    );
}

#[test]
fn reads_a_compatible_server_that_is_loose_with_the_protocol() {
    let response = response(decoded(whole(LOOSE)));
    let expected = [
        Content::Reasoning {
            text: "Let me see…".to_owned(),
            provider_metadata: Some(json!({"openai": {"field": "reasoning_content"}})),
        },
        Content::Text("Fine.".to_owned()),
        call("made", "execute", "{\"command\":\"ls\"}"),
        call("made", "read_file", "{\"path\":\"/a\"}"),
    ];
    assert_eq!(response.content, expected);
    assert_eq!(
        response.finish_reason,
        FinishReason::ToolCalls,
        "it said `stop` although it called"
    );
    assert_eq!(response.usage.total_tokens, Some(16));
}

#[test]
fn reads_the_same_byte_by_byte() {
    for body in [PARALLEL, LOOSE, ERROR] {
        assert_eq!(decoded(byte_by_byte(body)), decoded(whole(body)));
    }
}

#[test]
fn an_error_in_the_middle_keeps_what_came_and_ends_the_stream() {
    let parts = decoded(whole(ERROR));
    assert!(parts.contains(&Ok(StreamPart::TextDelta {
        text: "Half".to_owned()
    })));
    let error = parts.last().unwrap().as_ref().unwrap_err();
    assert_eq!((error.kind, error.is_retryable), (ErrorKind::Timeout, true));
    assert_eq!(error.detail.as_deref(), Some("Upstream failed"));
}

#[test]
fn a_body_that_ends_early_is_never_a_success() {
    let ends = event_ends(PARALLEL);
    for end in ends.iter().rev().skip(1).copied().chain([0, 1]) {
        let error = strictly(whole(&PARALLEL[..end]))
            .pop()
            .unwrap()
            .unwrap_err();
        assert!(error.is_retryable, "cut at {end}");
    }
    // Before the chunk with the finish reason even a lenient reader knows that something is missing.
    let before_finish = ends[ends.len() - 4];
    assert!(
        decoded(whole(&PARALLEL[..before_finish]))
            .pop()
            .unwrap()
            .is_err()
    );
    let done_alone = decoded(whole(b"data: [DONE]\n\n"));
    assert!(done_alone.last().unwrap().is_err());
    assert!(
        strictly(whole(b"data: {\"choices\":[]}\n\ndata: [DONE]\n\n"))
            .pop()
            .unwrap()
            .is_err()
    );
}

#[test]
fn a_finish_reason_is_enough_where_done_may_be_missing() {
    let end = event_ends(PARALLEL)[7];
    assert_eq!(
        response(decoded(whole(&PARALLEL[..end]))).finish_reason,
        FinishReason::ToolCalls
    );
    assert!(strictly(whole(&PARALLEL[..end])).pop().unwrap().is_err());
}

#[test]
fn names_the_reason_it_stopped() {
    let reasons = [
        ("\"stop\"", FinishReason::Stop),
        ("\"length\"", FinishReason::Length),
        ("\"content_filter\"", FinishReason::ContentFilter),
        ("\"tool_calls\"", FinishReason::Stop),
        ("\"eos\"", FinishReason::Other),
        ("null", FinishReason::Stop),
    ];
    for (name, expected) in reasons {
        let response = response(chunks(&[&delta(r#"{"content":"x"}"#, name), "[DONE]"]));
        assert_eq!(response.finish_reason, expected, "{name}");
    }
    assert!(
        chunks(&[&delta("{}", "\"error\""), "[DONE]"])
            .pop()
            .unwrap()
            .is_err()
    );
}

#[test]
fn takes_content_in_other_forms() {
    let pieces = delta(
        r#"{"content":[{"type":"text","text":"a"},{"type":"other"}]}"#,
        "null",
    );
    let refusal = delta(r#"{"content":null,"refusal":"no"}"#, "\"stop\"");
    assert_eq!(
        response(chunks(&[&pieces, &refusal, "[DONE]"])).text(),
        "ano"
    );
}

#[test]
fn ignores_other_choices() {
    let other = r#"{"choices":[{"index":1,"delta":{"content":"no"},"finish_reason":"length"}]}"#;
    let own = delta(r#"{"content":"yes"}"#, "\"stop\"");
    let response = response(chunks(&[other, &own, "[DONE]"]));
    assert_eq!(
        (response.text().as_str(), response.finish_reason),
        ("yes", FinishReason::Stop)
    );
}

#[test]
fn what_is_no_json_is_an_error() {
    for data in ["{", "[1]", "3", "DONE", "{\"choices\": 3}"] {
        assert!(chunks(&[data]).pop().unwrap().is_err(), "{data}");
    }
    let error = chunks(&[r#"{"error":"model 'x' not found"}"#])
        .pop()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config);
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_parts(places in prop::collection::vec(0_usize..100_000, 0..40)) {
        for body in [PARALLEL, LOOSE, ERROR] {
            prop_assert_eq!(decoded(cut(body, &places)), decoded(whole(body)));
        }
    }

    #[test]
    fn any_early_end_is_an_error_at_openai(end in 0..PARALLEL.len() - 2) {
        prop_assert!(strictly(whole(&PARALLEL[..end])).last().is_some_and(Result::is_err));
    }

    #[test]
    fn any_bytes_end_in_an_error_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(decoded(whole(&body)).last().is_some_and(Result::is_err));
    }
}
