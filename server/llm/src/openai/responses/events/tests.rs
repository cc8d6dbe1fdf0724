#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::http::TransportError;
use crate::http::testing::{byte_by_byte, cut, decode, event_ends, response, whole};
use crate::{Content, ErrorKind};

fn events(data: &[Value]) -> Vec<Result<StreamPart, Error>> {
    let mut decoder = EventDecoder::new("openai");
    let mut parts = VecDeque::new();
    let mut read = Vec::new();
    for one in data {
        let event = Event {
            data: one.to_string(),
            ..Event::default()
        };
        let outcome = decoder.decode(&event, &mut parts);
        read.extend(parts.drain(..).map(Ok));
        if let Err(error) = outcome {
            read.push(Err(error));
        }
    }
    read
}

fn completed() -> Value {
    json!({"type": "response.completed", "response": {"id": "resp_1", "usage": {
        "input_tokens": 30, "input_tokens_details": {"cached_tokens": 20}, "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 35,
    }}})
}

#[test]
fn thoughts_text_and_calls_come_with_what_must_go_back() {
    let response = response(events(&[
        json!({"type": "response.created", "response": {"id": "resp_1"}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "id": "rs_1"}}),
        json!({"type": "response.reasoning_summary_part.added", "output_index": 0}),
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "First."}),
        json!({"type": "response.reasoning_summary_part.added", "output_index": 0}),
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "Then."}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": {"type": "reasoning", "encrypted_content": "xyz"}}),
        json!({"type": "response.output_text.delta", "output_index": 1, "delta": "I "}),
        json!({"type": "response.output_text.delta", "output_index": 1, "delta": "look."}),
        json!({"type": "response.output_item.added", "output_index": 2, "item": {"type": "function_call", "call_id": "call_1", "name": "read_file"}}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{\"path\":"}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "\"/a\"}"}),
        json!({"type": "response.output_item.done", "output_index": 2, "item": {"type": "function_call", "call_id": "call_1", "name": "read_file", "arguments": "{\"path\":\"/a\"}"}}),
        json!({"type": "response.something.new", "delta": {"x": 1}}),
        completed(),
    ]));
    let [
        Content::Reasoning {
            text,
            provider_metadata,
        },
        Content::Text(said),
        Content::ToolCall { id, arguments, .. },
    ] = &response.content[..]
    else {
        panic!("{response:?}");
    };
    assert_eq!(text, "First.\n\nThen.");
    assert_eq!(
        provider_metadata.as_ref().unwrap()["openai"]["encrypted_content"],
        "xyz"
    );
    assert_eq!(
        (said.as_str(), id.as_str(), arguments.as_str()),
        ("I look.", "call_1", "{\"path\":\"/a\"}")
    );
    assert_eq!(response.finish_reason, FinishReason::ToolCalls);
    let usage = response.usage;
    assert_eq!(
        (
            usage.input_tokens,
            usage.cache_read_tokens,
            usage.output_tokens
        ),
        (Some(10), Some(20), Some(5))
    );
    assert_eq!(
        (usage.reasoning_tokens, usage.total_tokens),
        (Some(2), Some(35))
    );
    assert_eq!(response.response_id.as_deref(), Some("resp_1"));
}

#[test]
fn each_action_on_a_screen_is_a_call() {
    let response = response(events(&[
        json!({"type": "response.created", "response": {"id": "resp_1"}}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": {
            "type": "computer_call", "id": "cu_1", "call_id": "call_1", "pending_safety_checks": [],
            "actions": [{"type": "click", "button": "left", "x": 3, "y": 4}, {"type": "screenshot"}],
        }}),
        completed(),
    ]));
    let calls: Vec<_> = response
        .content
        .iter()
        .map(|content| match content {
            Content::ToolCall {
                id,
                name,
                arguments,
            } => (id.as_str(), name.as_str(), arguments.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        calls,
        [
            (
                "call_1|cu_1|0",
                "computer",
                r#"{"action":"left_click","coordinate":[3,4]}"#
            ),
            ("call_1|cu_1|1", "computer", r#"{"action":"screenshot"}"#),
        ]
    );
    assert_eq!(response.finish_reason, FinishReason::ToolCalls);
}

#[test]
fn an_answer_that_was_cut_says_why() {
    for (reason, expected) in [
        ("max_output_tokens", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("something_new", FinishReason::Other),
    ] {
        let response = response(events(&[
            json!({"type": "response.created", "response": {"id": "resp_1"}}),
            json!({"type": "response.output_text.delta", "delta": "half"}),
            json!({"type": "response.incomplete", "response": {"id": "resp_1", "incomplete_details": {"reason": reason}}}),
        ]));
        assert_eq!(response.finish_reason, expected);
    }
}

#[test]
fn failures_have_the_kind_of_their_code() {
    let failed = |code: &str| json!({"type": "response.failed", "response": {"error": {"code": code, "message": "no"}}});
    let flat = json!({"type": "error", "code": "rate_limit_exceeded", "message": "slow down"});
    let nested =
        json!({"type": "error", "error": {"code": "rate_limit_exceeded", "message": "slow down"}});
    for (event, kind) in [
        (failed("server_error"), ErrorKind::Generic),
        (failed("rate_limit_exceeded"), ErrorKind::RateLimit),
        (flat, ErrorKind::RateLimit),
        (nested, ErrorKind::RateLimit),
    ] {
        let error = events(std::slice::from_ref(&event))
            .pop()
            .unwrap()
            .unwrap_err();
        assert_eq!(error.kind, kind, "{event}");
    }
    let mut decoder = EventDecoder::new("openai");
    assert!(decoder.end(&mut VecDeque::new()).is_err(), "cut off");
}

/// What the stand-in says and OpenAI's own SDK takes.
const WHOLE: &[u8] = include_bytes!("../../../../testdata/openai-responses.sse");

type Parts = Vec<Result<StreamPart, Error>>;

fn decoded(chunks: Vec<Result<Bytes, TransportError>>) -> Parts {
    decode(EventDecoder::new("openai"), chunks)
}

/// The same with other line ends, and with signs of life between the events.
fn loose() -> Vec<u8> {
    let text = String::from_utf8_lossy(WHOLE).replace("\n\n", "\n\n: still here\n\n");
    text.replace('\n', "\r\n").into_bytes()
}

#[test]
fn a_recorded_answer_is_read_byte_by_byte() {
    let parts = decoded(byte_by_byte(WHOLE));
    assert_eq!(parts, decoded(whole(WHOLE)));
    assert_eq!(parts, decoded(byte_by_byte(&loose())));
    let response = response(parts);
    let [
        Content::Reasoning { .. },
        Content::Text(said),
        Content::ToolCall { arguments, .. },
        Content::ToolCall { .. },
    ] = &response.content[..]
    else {
        panic!("{response:?}")
    };
    assert_eq!(said.trim(), "Grüße 👩‍🚀, I look.");
    assert_eq!(arguments, r#"{"command": "ls ü"}"#);
    assert_eq!(response.usage.cache_read_tokens, Some(3));
}

#[test]
fn an_error_in_the_middle_is_the_last_that_is_read() {
    let middle = event_ends(WHOLE)[8];
    let mut body = WHOLE[..middle].to_vec();
    body.extend_from_slice(b"event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"no\"}\n\n");
    body.extend_from_slice(&WHOLE[middle..]);
    let parts = decoded(whole(&body));
    assert!(parts.len() > 1);
    let (last, before) = parts.split_last().unwrap();
    assert!(
        last.is_err() && before.iter().all(Result::is_ok),
        "{parts:?}"
    );
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_parts(places in prop::collection::vec(0_usize..100_000, 0..40)) {
        for body in [WHOLE, &loose()] {
            prop_assert_eq!(decoded(cut(body, &places)), decoded(whole(body)));
        }
    }

    #[test]
    fn any_early_end_is_an_error(end in 0..WHOLE.len() - 2) {
        prop_assert!(decoded(whole(&WHOLE[..end])).last().is_some_and(Result::is_err));
    }

    #[test]
    fn any_bytes_end_in_an_error_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(decoded(whole(&body)).last().is_some_and(Result::is_err));
    }
}
