#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use llm::Accumulator;
use sdk::ids::ChatId;
use serde_json::{Value, json};
use store::Clock;

use super::super::publisher::Publisher;
use super::*;
use crate::hub::Hub;
use crate::prompt::Prompt;

fn parts_of(prompt: &Prompt, stream: Vec<StreamPart>) -> (Vec<Part>, Vec<String>) {
    let (chat, pair) = (ChatId::generate(), (1, 1));
    let channel = Hub::default().channel(chat);
    channel.live.begin(pair);
    let clock = Clock::system();
    let mut publisher = Publisher::new(&channel, chat, pair, &clock, prompt);
    let mut accumulator = Accumulator::default();
    for part in stream {
        let part = publisher.push(part);
        accumulator.push(&part).unwrap();
    }
    publisher.flush();
    let sent = channel.live.batch_after(pair, 0).events;
    let sent = sent.iter().map(ToString::to_string).collect();
    (publisher.parts(accumulator.content()), sent)
}

fn start(id: &str) -> StreamPart {
    StreamPart::ProviderCallStart {
        id: id.to_owned(),
        name: "web_search".to_owned(),
    }
}

fn end(id: &str) -> StreamPart {
    StreamPart::ProviderCallEnd {
        id: id.to_owned(),
        name: "web_search".to_owned(),
        arguments: r#"{"query":"x"}"#.to_owned(),
        provider_metadata: Some(json!({"anthropic": {"block": {"id": id}}})),
    }
}

fn result(id: &str) -> StreamPart {
    StreamPart::ProviderResult {
        tool_call_id: id.to_owned(),
        name: "web_search".to_owned(),
        result: json!({"sources": []}),
        is_error: false,
        provider_metadata: Some(json!({"anthropic": {"block": "secret page"}})),
    }
}

fn source(url: &str) -> StreamPart {
    StreamPart::Source {
        url: url.to_owned(),
        title: None,
        provider_metadata: Some(json!("secret place")),
    }
}

fn text(words: &str) -> StreamPart {
    StreamPart::TextDelta {
        text: words.to_owned(),
    }
}

#[test]
fn a_search_is_kept_whole_and_told_without_what_only_the_provider_reads() {
    let stream = vec![
        start("s"),
        end("s"),
        result("s"),
        text("so"),
        source("https://a.example"),
        source("https://b.example"),
    ];
    let (parts, sent) = parts_of(&Prompt::default(), stream);
    let [
        Part::ToolCall(call),
        Part::ToolResult(result),
        Part::Text { .. },
        Part::Source(first),
        Part::Source(second),
    ] = &parts[..]
    else {
        panic!("{parts:?}")
    };
    assert!(call.provider_executed && result.provider_executed);
    assert_eq!(call.args, Some(json!({"query": "x"})));
    assert_eq!(result.tool_call_id, call.tool_call_id);
    assert!(call.created_at.is_some() && result.created_at.is_some());
    assert!(call.provider_metadata.is_some() && result.provider_metadata.is_some());
    let ids = [first, second].map(|source| source.source_id.as_deref());
    assert_eq!(ids, [Some("source-1"), Some("source-2")]);

    let sent = sent.join("\n");
    assert!(
        sent.contains("source-2") && sent.contains("provider_executed"),
        "{sent}"
    );
    assert!(
        !sent.contains("secret") && !sent.contains("provider_metadata"),
        "{sent}"
    );
    for part in parts {
        let told = serde_json::to_string(&part.for_client()).unwrap();
        assert!(!told.contains("provider_metadata"), "{told}");
    }
}

#[test]
fn an_id_that_is_taken_is_replaced_for_the_result_too() {
    let mut prompt = Prompt::default();
    prompt.call_ids.insert("s".to_owned());
    let (parts, _) = parts_of(&prompt, vec![start("s"), end("s"), result("s")]);
    let [Part::ToolCall(call), Part::ToolResult(result)] = &parts[..] else {
        panic!("{parts:?}")
    };
    assert_ne!(call.tool_call_id, "s");
    assert_eq!(result.tool_call_id, call.tool_call_id);
    // What goes back has the provider's own.
    let kept = call.provider_metadata.as_ref().unwrap();
    assert_eq!(kept["anthropic"]["block"]["id"], "s");
}

#[test]
fn a_result_of_the_answer_before_keeps_its_id() {
    let (parts, _) = parts_of(&Prompt::default(), vec![result("earlier")]);
    assert!(matches!(&parts[..], [Part::ToolResult(result)] if result.tool_call_id == "earlier"));
}

#[test]
fn what_the_provider_did_not_answer_is_closed_once() {
    let stream = vec![start("a"), end("a"), result("a"), start("b"), end("b")];
    let (mut parts, _) = parts_of(&Prompt::default(), stream);
    let now = Clock::system().now();
    close(&mut parts, STOPPED, now);
    close(&mut parts, STOPPED, now);
    assert_eq!(parts.len(), 4);
    let Some(Part::ToolResult(closed)) = parts.last() else {
        panic!("{parts:?}")
    };
    assert_eq!(
        (closed.tool_call_id.as_str(), closed.tool_name.as_str()),
        ("b", "web_search")
    );
    assert!(closed.is_error && closed.interrupted && closed.provider_executed);
    assert_eq!(closed.provider_metadata, None);
    assert_eq!(
        closed
            .result
            .as_ref()
            .and_then(|told| told["error"].as_str()),
        Some(STOPPED)
    );
    let mut own = vec![
        Part::ToolCall(ToolCallPart::default()),
        Part::text(Value::Null.to_string()),
    ];
    close(&mut own, STOPPED, now);
    assert_eq!(own.len(), 2, "calls of ours are not closed here");
}
