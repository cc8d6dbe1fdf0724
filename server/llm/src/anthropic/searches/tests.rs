#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "tests_of_accounts.rs"]
mod accounts;
#[path = "tests_of_limits.rs"]
mod limits;
#[path = "tests_of_stops.rs"]
mod stops;

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::computer::Form;
use super::super::events::EventDecoder;
use super::super::request::write;
use super::*;
use crate::http::TransportError;
use crate::http::testing::{self, byte_by_byte, cut, decode, event_ends, whole};
use crate::{Accumulator, Error, FinishReason, Message, Response, Tool};

const SEARCH: &[u8] = include_bytes!("../../../testdata/anthropic-search.sse");

fn decoded(chunks: Vec<Result<Bytes, TransportError>>) -> Vec<Result<StreamPart, Error>> {
    decode(EventDecoder::new("anthropic"), chunks)
}

fn response(body: &[u8]) -> Response {
    testing::response(decoded(whole(body)))
}

fn events(data: &[Value]) -> Response {
    let events: Vec<_> = data.iter().map(Value::to_string).collect();
    let body = format!("data: {}\n\n", events.join("\n\ndata: "));
    response(body.as_bytes())
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.to_owned(),
        ..Tool::default()
    }
}

/// A request that offers the search, with these settings beside the switch.
fn offering(settings: &Value, messages: Vec<Message>) -> Request {
    let mut own = json!({"web_search_enabled": true});
    let fields = own.as_object_mut().unwrap();
    fields.extend(settings.as_object().unwrap().clone());
    Request {
        provider_options: Map::from_iter([("anthropic".to_owned(), own)]),
        messages: Arc::new(messages),
        web_search: true,
        max_output_tokens: Some(10),
        ..Request::new("claude-sonnet-4-5")
    }
}

fn written(request: &Request) -> String {
    String::from_utf8(write(request, Form::Function, None)).unwrap()
}

fn body(request: &Request) -> Value {
    serde_json::from_str(&written(request)).unwrap()
}

fn said(content: Vec<Content>) -> Message {
    Message {
        role: Role::Assistant,
        content,
    }
}

#[test]
fn the_tool_is_sent_as_it_is_set() {
    let hello = || vec![Message::user("hi")];
    let request = offering(&json!({"allowed_domains": ["docs.rs"]}), hello());
    assert_eq!(
        written(&request),
        r#"{"model":"claude-sonnet-4-5","stream":true,"max_tokens":10,"tool_choice":{"type":"auto"},"tools":[{"allowed_domains":["docs.rs"],"max_uses":8,"name":"web_search","type":"web_search_20250305"}],"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}"#
    );
    let domains = |settings| {
        let tools = body(&offering(&settings, hello()))["tools"].clone();
        (
            tools[0]["allowed_domains"].clone(),
            tools[0]["blocked_domains"].clone(),
        )
    };
    let blocked = json!({"allowed_domains": [], "blocked_domains": ["bad.example"]});
    assert_eq!(domains(blocked), (Value::Null, json!(["bad.example"])));
    let both = json!({"allowed_domains": ["a.example"], "blocked_domains": ["b.example"]});
    assert_eq!(domains(both), (json!(["a.example"]), Value::Null));
}

#[test]
fn the_tool_is_sent_only_where_it_is_wanted_and_allowed() {
    let has_search = |request: &Request| written(request).contains(KIND);
    let wanted = offering(&json!({}), vec![Message::user("hi")]);
    assert!(has_search(&wanted));
    let forbidden = Request {
        web_search: false,
        ..wanted.clone()
    };
    let unset = Request {
        provider_options: Map::new(),
        ..wanted.clone()
    };
    let of_another = Request {
        provider_options: Map::from_iter([(
            "openai".to_owned(),
            json!({"web_search_enabled": true}),
        )]),
        ..wanted.clone()
    };
    let taken = Request {
        tools: vec![tool(web::SEARCH)],
        ..wanted
    };
    for request in [forbidden, unset, of_another, taken] {
        assert!(!has_search(&request), "{request:?}");
    }
}

#[test]
fn a_search_and_its_sources_are_read() {
    let response = response(SEARCH);
    let [
        Content::Text(before),
        Content::ProviderCall {
            id,
            name,
            arguments,
            ..
        },
        Content::ProviderResult {
            tool_call_id,
            result,
            is_error: false,
            ..
        },
        Content::Text(text),
        Content::Source { url, title, .. },
        Content::Source { url: second, .. },
    ] = &response.content[..]
    else {
        panic!("{response:?}")
    };
    assert_eq!(before, "Ich suche: 日本語.\n");
    assert_eq!((id.as_str(), name.as_str()), ("srvtoolu_01", "web_search"));
    assert_eq!(tool_call_id, id);
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    assert_eq!(arguments, json!({"query": "rust größer 👩‍🚀"}));
    // What goes back to the provider is not for people, nor is an address that is none of the web.
    let pages = json!({"sources": [
        {"url": "https://www.rust-lang.org/", "title": "Rust", "page_age": "April 30, 2026"},
        {"url": "http://example.com/ü?a=b"},
    ]});
    assert_eq!(*result, pages);
    assert_eq!(text, "Gefunden: Rust ist schön und schnell. Ende.");
    assert_eq!(
        (url.as_str(), title.as_deref()),
        ("https://www.rust-lang.org/", Some("Rust"))
    );
    assert_eq!(second, "http://example.com/ü?a=b");
    assert_eq!(response.finish_reason, FinishReason::Stop);
}

#[test]
fn what_was_said_goes_back_as_it_came() {
    let answer = response(SEARCH).content;
    let request = offering(
        &json!({}),
        vec![
            Message::user("hi"),
            said(answer.clone()),
            Message::user("and?"),
        ],
    );
    let whole = body(&request);
    let blocks = whole["messages"][1]["content"].as_array().unwrap();
    let call = json!({
        "type": "server_tool_use", "id": "srvtoolu_01", "name": "web_search",
        "input": {"query": "rust größer 👩‍🚀"}, "caller": {"type": "direct"},
    });
    assert_eq!(blocks[1], call);
    assert_eq!(blocks[2]["type"], RESULT);
    assert_eq!(blocks[2]["tool_use_id"], "srvtoolu_01");
    assert_eq!(
        blocks[2]["content"][0]["encrypted_content"],
        "EqgfCioIARgB+/=="
    );
    assert_eq!(blocks[2]["content"].as_array().unwrap().len(), 3);
    let texts: Vec<_> = blocks[3..]
        .iter()
        .map(|block| {
            let citations = block
                .get("citations")
                .map_or(0, |list| list.as_array().unwrap().len());
            (block["text"].as_str().unwrap(), citations)
        })
        .collect();
    // A block of spaces alone would be refused.
    let expected = [
        ("Gefunden: ", 0),
        ("Rust ist schön", 1),
        (" und schnell", 2),
        (". Ende.", 0),
    ];
    assert_eq!(texts, expected);
    assert_eq!(blocks[4]["citations"][0]["encrypted_index"], "Eo8BCioIARgB");

    // Whatever is said next, what was said stays byte for byte.
    let begin = |messages: Vec<Message>| {
        let text = written(&offering(&json!({}), messages));
        let end = text
            .find(r#",{"role":"user","content":[{"type":"text","text":"and?"}"#)
            .unwrap();
        text[..end].to_owned()
    };
    let short = vec![Message::user("hi"), said(answer), Message::user("and?")];
    let mut long = short.clone();
    long.extend([Message::assistant("So."), Message::user("fine")]);
    assert_eq!(begin(short), begin(long));
}

#[test]
fn nothing_goes_back_where_no_search_is_offered() {
    let messages = vec![
        Message::user("hi"),
        said(response(SEARCH).content),
        Message::user("and?"),
    ];
    let request = Request {
        web_search: false,
        ..offering(&json!({}), messages)
    };
    let content = body(&request)["messages"][1]["content"].clone();
    let expected = json!([
        {"type": "text", "text": "Ich suche: 日本語.\n"},
        {"type": "text", "text": "Gefunden: Rust ist schön und schnell. Ende."},
    ]);
    assert_eq!(content, expected);
}

fn started(id: &str) -> Content {
    let block = json!({"type": CALL, "id": id, "name": web::SEARCH, "input": {"query": "x"}});
    Content::ProviderCall {
        id: id.to_owned(),
        name: web::SEARCH.to_owned(),
        arguments: "{}".to_owned(),
        provider_metadata: Some(json!({"anthropic": {"block": block}})),
    }
}

fn found(id: &str, is_own: bool) -> Content {
    let block = json!({"type": RESULT, "tool_use_id": id, "content": []});
    Content::ProviderResult {
        tool_call_id: id.to_owned(),
        name: web::SEARCH.to_owned(),
        result: Value::Null,
        is_error: !is_own,
        provider_metadata: is_own.then(|| json!({"anthropic": {"block": block}})),
    }
}

fn run(id: &str) -> Content {
    Content::ToolCall {
        id: id.to_owned(),
        name: "execute".to_owned(),
        arguments: "{}".to_owned(),
    }
}

fn text(words: &str) -> Content {
    Content::Text(words.to_owned())
}

/// The types of the blocks of all messages.
fn kinds(messages: Vec<Message>) -> Vec<String> {
    let body = body(&offering(&json!({}), messages));
    let messages = body["messages"].as_array().unwrap().iter();
    let blocks = messages.flat_map(|message| message["content"].as_array().unwrap().clone());
    blocks
        .map(|block| block["type"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_search_without_an_answer_goes_back_only_while_the_answer_goes_on() {
    let hi = || Message::user("hi");
    let done = || Message::tool_result("a", "execute", "done");
    // The provider paused, or waits for a result of ours.
    assert_eq!(kinds(vec![hi(), said(vec![started("s")])]), ["text", CALL]);
    let waiting = || said(vec![started("s"), run("a")]);
    let going_on = kinds(vec![hi(), waiting(), done()]);
    assert_eq!(going_on, ["text", CALL, "tool_use", "tool_result"]);
    // The result begins the next answer.
    let answered = vec![
        hi(),
        waiting(),
        done(),
        said(vec![found("s", true), text("so")]),
        hi(),
    ];
    let expected = [
        "text",
        CALL,
        "tool_use",
        "tool_result",
        RESULT,
        "text",
        "text",
    ];
    assert_eq!(kinds(answered), expected);
    // Never answered: a person spoke, the model went on without it, or it was stopped.
    assert_eq!(
        kinds(vec![hi(), said(vec![text("I"), started("s")]), hi()]),
        ["text", "text", "text"]
    );
    let forgotten = vec![
        hi(),
        waiting(),
        done(),
        said(vec![run("b")]),
        Message::tool_result("b", "execute", "x"),
    ];
    assert_eq!(
        kinds(forgotten),
        ["text", "tool_use", "tool_result", "tool_use", "tool_result"]
    );
    let stopped = said(vec![text("I"), started("s"), found("s", false)]);
    assert_eq!(kinds(vec![hi(), stopped]), ["text", "text"]);
}

#[test]
fn results_without_a_call_and_doubles_stay_behind() {
    let hi = || Message::user("hi");
    let orphan = said(vec![found("s", true), text("so")]);
    assert_eq!(kinds(vec![hi(), orphan, hi()]), ["text", "text", "text"]);
    let twice = vec![
        started("s"),
        started("s"),
        found("s", true),
        found("s", true),
        text("so"),
    ];
    assert_eq!(
        kinds(vec![hi(), said(twice), hi()]),
        ["text", CALL, RESULT, "text", "text"]
    );
    let of_another = Content::ProviderCall {
        id: "ws_1".to_owned(),
        name: web::SEARCH.to_owned(),
        arguments: "{}".to_owned(),
        provider_metadata: Some(json!({"openai": {"item": {}}})),
    };
    assert_eq!(
        kinds(vec![hi(), said(vec![of_another, text("so")]), hi()]),
        ["text", "text", "text"]
    );
}

#[test]
fn citations_of_another_text_are_left_out() {
    let metadata = |start: u64, end: u64| json!({"anthropic": {"cited": [{"start": start, "end": end, "citations": []}]}});
    for (start, end) in [(9, 0), (1, 2), (3, 2)] {
        assert_eq!(cited("aé!", &metadata(start, end)), None, "{start} {end}");
    }
    let citations = json!([]);
    let whole = vec![("aé!", Some(&citations)), ("", None)];
    assert_eq!(cited("aé!", &metadata(4, 0)), Some(whole));
    assert_eq!(cited("a", &json!({"openai": {}})), None);
}

#[test]
fn a_failed_search_says_why() {
    for code in [
        "max_uses_exceeded",
        "unavailable",
        "too_many_requests",
        "query_too_long",
        "new_one",
    ] {
        let content = json!({"type": "web_search_tool_result_error", "error_code": code});
        let response = events(&[
            json!({"type": "message_start"}),
            json!({"type": "content_block_start", "index": 0, "content_block": {
                "type": CALL, "id": "s", "name": web::SEARCH, "input": {"query": "x"}}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "content_block_start", "index": 1, "content_block": {
                "type": RESULT, "tool_use_id": "s", "content": content}}),
            json!({"type": "content_block_stop", "index": 1}),
            json!({"type": "message_stop"}),
        ]);
        let [
            Content::ProviderCall { arguments, .. },
            Content::ProviderResult {
                result, is_error, ..
            },
        ] = &response.content[..]
        else {
            panic!("{response:?}")
        };
        assert_eq!(arguments, r#"{"query":"x"}"#);
        assert!(*is_error && result["error_code"] == code, "{result}");
        assert!(result["error"].as_str().unwrap().ends_with('.'));
        let sent = body(&offering(
            &json!({}),
            vec![Message::user("hi"), said(response.content)],
        ));
        assert_eq!(sent["messages"][1]["content"][1]["content"], content);
    }
}

#[test]
fn a_pause_is_told_with_the_search_that_is_under_way() {
    let response = events(&[
        json!({"type": "message_start"}),
        json!({"type": "content_block_start", "index": 0, "content_block": {
            "type": CALL, "id": "s", "name": web::SEARCH, "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {
            "type": "input_json_delta", "partial_json": "{\"query\":"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "pause_turn"}}),
        json!({"type": "message_stop"}),
    ]);
    assert_eq!(response.finish_reason, FinishReason::Paused);
    assert!(
        matches!(&response.content[..], [Content::ProviderCall { arguments, .. }] if arguments == "{}")
    );
}

#[test]
fn tools_of_the_provider_that_were_not_offered_are_passed_over() {
    let response = events(&[
        json!({"type": "message_start"}),
        json!({"type": "content_block_start", "index": 0, "content_block": {
            "type": CALL, "id": "s", "name": "web_fetch", "input": {}}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {
            "type": "web_fetch_tool_result", "tool_use_id": "s", "content": {}}}),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "message_stop"}),
    ]);
    assert_eq!(response.content, []);
}

#[test]
fn what_came_before_a_cut_is_whole_blocks() {
    let ends = event_ends(SEARCH);
    for end in ends.iter().rev().skip(1) {
        let parts = decoded(whole(&SEARCH[..*end]));
        assert!(parts.last().unwrap().is_err());
        let mut accumulator = Accumulator::default();
        for part in parts.iter().flatten() {
            accumulator.push(part).unwrap();
        }
        // Whatever was kept of it can be sent.
        let messages = vec![
            Message::user("hi"),
            said(accumulator.content()),
            Message::user("and?"),
        ];
        let kinds = kinds(messages);
        let count = |kind: &str| kinds.iter().filter(|known| *known == kind).count();
        assert_eq!(count(CALL), count(RESULT), "{kinds:?}");
    }
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_parts(places in prop::collection::vec(0_usize..100_000, 0..40)) {
        prop_assert_eq!(decoded(cut(SEARCH, &places)), decoded(whole(SEARCH)));
        prop_assert_eq!(decoded(byte_by_byte(SEARCH)), decoded(whole(SEARCH)));
    }

    #[test]
    fn any_early_end_is_an_error(end in 0..SEARCH.len() - 2) {
        prop_assert!(decoded(whole(&SEARCH[..end])).last().is_some_and(Result::is_err));
    }
}
