#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use futures::stream;
use serde_json::json;

use super::*;

fn text(text: &str) -> StreamPart {
    StreamPart::TextDelta {
        text: text.to_owned(),
    }
}

fn thought(text: &str) -> StreamPart {
    StreamPart::ReasoningDelta {
        text: text.to_owned(),
    }
}

fn finish() -> StreamPart {
    let usage = Usage {
        output_tokens: Some(3),
        ..Usage::default()
    };
    StreamPart::Finish {
        reason: FinishReason::Stop,
        usage,
        response_id: Some("r".to_owned()),
    }
}

fn call_start(index: usize) -> StreamPart {
    StreamPart::ToolCallStart {
        index,
        id: format!("c{index}"),
        name: "execute".to_owned(),
    }
}

fn call_end(index: usize) -> StreamPart {
    StreamPart::ToolCallEnd {
        index,
        id: format!("c{index}"),
        name: "execute".to_owned(),
        arguments: format!("{{\"n\":{index}}}"),
    }
}

fn tool_call(index: usize) -> Content {
    Content::ToolCall {
        id: format!("c{index}"),
        name: "execute".to_owned(),
        arguments: format!("{{\"n\":{index}}}"),
    }
}

async fn collected(parts: Vec<Result<StreamPart, Error>>) -> Result<Response, Error> {
    collect(stream::iter(parts).boxed()).await
}

#[tokio::test]
async fn joins_deltas_in_the_order_the_blocks_began() {
    let end = StreamPart::ReasoningEnd {
        provider_metadata: Some(json!({"signature": "s"})),
    };
    let parts = vec![
        StreamPart::Start,
        thought("a"),
        thought("b"),
        end,
        text("c"),
        text("d"),
        finish(),
    ];
    let response = collected(parts.into_iter().map(Ok).collect())
        .await
        .unwrap();
    let reasoning = Content::Reasoning {
        text: "ab".to_owned(),
        provider_metadata: Some(json!({"signature": "s"})),
    };
    assert_eq!(
        response.content,
        [reasoning, Content::Text("cd".to_owned())]
    );
    assert_eq!(response.text(), "cd");
    assert_eq!(response.usage.output_tokens, Some(3));
}

#[tokio::test]
async fn keeps_parallel_calls_apart() {
    let delta = |index, text: &str| StreamPart::ToolCallDelta {
        index,
        arguments_delta: text.to_owned(),
    };
    let parts = vec![
        call_start(0),
        call_start(1),
        delta(1, "{"),
        delta(0, "{"),
        call_end(1),
        call_end(0),
        finish(),
    ];
    let response = collected(parts.into_iter().map(Ok).collect())
        .await
        .unwrap();
    assert_eq!(response.content, [tool_call(0), tool_call(1)]);
}

#[tokio::test]
async fn a_stream_without_an_end_is_an_error() {
    let error = collected(vec![Ok(text("half"))]).await.unwrap_err();
    assert!(error.is_retryable);
    let broken = Error::truncated(Some("p"));
    assert_eq!(
        collected(vec![Ok(text("half")), Err(broken.clone())])
            .await
            .unwrap_err(),
        broken
    );
}

#[test]
fn partial_content_has_the_text_and_the_whole_calls_only() {
    let mut accumulator = Accumulator::default();
    for part in [text("half"), call_start(0), call_end(0), call_start(1)] {
        accumulator.push(&part).unwrap();
    }
    assert_eq!(
        accumulator.content(),
        [Content::Text("half".to_owned()), tool_call(0)]
    );
    assert_eq!(accumulator.finish(), None);
}

#[test]
fn two_thoughts_stay_two_blocks() {
    let mut accumulator = Accumulator::default();
    let sealed = |name: &str| StreamPart::ReasoningEnd {
        provider_metadata: Some(json!(name)),
    };
    for part in [
        thought("a"),
        sealed("1"),
        thought("b"),
        sealed("2"),
        sealed("hidden"),
    ] {
        accumulator.push(&part).unwrap();
    }
    let block = |text: &str, metadata: &str| Content::Reasoning {
        text: text.to_owned(),
        provider_metadata: Some(json!(metadata)),
    };
    assert_eq!(
        accumulator.content(),
        [block("a", "1"), block("b", "2"), block("", "hidden")]
    );
}

#[tokio::test]
async fn an_endless_answer_is_an_error() {
    let endless = |part: StreamPart| stream::repeat(Ok::<_, Error>(part)).take(1_000_000).boxed();
    let kilobytes = || "x".repeat(64 * 1024);
    let parts = [
        text(&kilobytes()),
        thought(&kilobytes()),
        call_start(0),
        call_end(0),
        StreamPart::ToolCallDelta {
            index: 0,
            arguments_delta: kilobytes(),
        },
        StreamPart::ReasoningEnd {
            provider_metadata: Some(json!("sealed")),
        },
    ];
    for part in parts {
        let error = collect(endless(part.clone())).await.unwrap_err();
        assert!(
            !error.is_retryable && error.message.contains("16 MB"),
            "{error}: {part:?}"
        );
    }
}

#[test]
fn what_came_before_the_limit_is_kept() {
    let mut accumulator = Accumulator::default();
    accumulator.push(&text("kept")).unwrap();
    accumulator.push(&text(&"x".repeat(MAX_BYTES))).unwrap_err();
    assert_eq!(accumulator.content(), [Content::Text("kept".to_owned())]);
}
