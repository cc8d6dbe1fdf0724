#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::super::dialect::Dialect;
use super::super::events::EventDecoder;
use super::super::request::write;
use super::*;
use crate::http::TransportError;
use crate::http::testing::{self, byte_by_byte, cut, decode, whole};
use crate::{Error, Message, ReasoningEffort, Request, Response, Role};

const SEARCH: &[u8] = include_bytes!("../../../../testdata/openai-search.sse");

fn decoded(chunks: Vec<Result<Bytes, TransportError>>) -> Vec<Result<StreamPart, Error>> {
    decode(EventDecoder::new("openai"), chunks)
}

fn response() -> Response {
    testing::response(decoded(whole(SEARCH)))
}

fn offering(messages: Vec<Message>) -> Request {
    let own = json!({
        "web_search_enabled": true, "search_context_size": "low", "allowed_domains": ["docs.rs"],
        "blocked_domains": ["no word for it"],
    });
    Request {
        provider_options: Map::from_iter([("openai".to_owned(), own)]),
        messages: Arc::new(messages),
        web_search: true,
        ..Request::new("gpt-5.1")
    }
}

fn written(request: &Request) -> String {
    String::from_utf8(write(request, Dialect::new(true))).unwrap()
}

#[test]
fn the_tool_is_sent_as_it_is_set() {
    let request = offering(vec![Message::user("hi")]);
    assert_eq!(
        written(&request),
        r#"{"model":"gpt-5.1","stream":true,"include":["reasoning.encrypted_content","web_search_call.action.sources"],"store":false,"tool_choice":"auto","tools":[{"filters":{"allowed_domains":["docs.rs"]},"search_context_size":"low","type":"web_search"}],"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}"#
    );
    let forbidden = Request {
        web_search: false,
        ..request.clone()
    };
    // OpenAI refuses the two together.
    let hardly_thinking = Request {
        reasoning: Some(ReasoningEffort::Minimal),
        ..request.clone()
    };
    assert!(!written(&hardly_thinking).contains("web_search"));
    let plain = Request {
        provider_options: Map::from_iter([(
            "openai".to_owned(),
            json!({"web_search_enabled": true}),
        )]),
        ..request
    };
    assert!(!written(&forbidden).contains("web_search"));
    assert!(written(&plain).contains(r#""tools":[{"type":"web_search"}]"#));
}

#[test]
fn chat_completions_knows_no_search() {
    let request = offering(vec![
        Message::user("hi"),
        Message {
            role: Role::Assistant,
            content: response().content,
        },
        Message::user("and?"),
    ]);
    let body = super::super::super::request::write(&request, Dialect::new(true));
    let body = String::from_utf8(body).unwrap();
    assert!(
        !body.contains("web_search") && !body.contains("allowed_domains"),
        "{body}"
    );
}

#[test]
fn searches_and_their_sources_are_read() {
    let response = response();
    let [
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
        Content::ProviderCall {
            arguments: opened, ..
        },
        Content::ProviderResult {
            result: failed,
            is_error: true,
            ..
        },
        Content::Text(text),
        Content::Source { url, title, .. },
        Content::Source { url: second, .. },
    ] = &response.content[..]
    else {
        panic!("{response:?}")
    };
    assert_eq!((id.as_str(), name.as_str()), ("ws_1", "web_search"));
    assert_eq!(tool_call_id, id);
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let queries = json!({"query": "rust größer", "queries": ["rust größer", "rust"]});
    assert_eq!(read(arguments), queries);
    assert_eq!(
        *result,
        json!({"sources": [{"url": "https://www.rust-lang.org/"}]})
    );
    assert_eq!(
        read(opened),
        json!({"action": "open_page", "url": "https://example.com/"})
    );
    assert!(failed["error"].is_string());
    assert!(text.starts_with("Rust ist schön (["), "{text}");
    let told = ("https://www.rust-lang.org/?utm_source=openai", Some("Rust"));
    assert_eq!((url.as_str(), title.as_deref()), told);
    assert_eq!(second, "https://example.com/second");
}

#[test]
fn what_was_searched_for_goes_back_without_what_is_stored_nowhere() {
    let content = response().content;
    let conversation = |more: &[&str]| {
        let answer = Message {
            role: Role::Assistant,
            content: content.clone(),
        };
        let more = more.iter().map(|words| Message::user(*words));
        offering(
            [Message::user("hi"), answer]
                .into_iter()
                .chain(more)
                .collect(),
        )
    };
    let whole: Value = serde_json::from_str(&written(&conversation(&["and?"]))).unwrap();
    let expected = json!([
        {"type": "web_search_call", "status": "completed",
            "action": {"type": "search", "queries": ["rust größer", "rust"]}},
        {"type": "web_search_call", "status": "failed",
            "action": {"type": "open_page", "url": "https://example.com/"}},
    ]);
    assert_eq!(
        whole["input"].as_array().unwrap()[1..3],
        expected.as_array().unwrap()[..]
    );
    assert_eq!(whole["input"][3]["role"], "assistant");
    let (short, long) = (
        written(&conversation(&["and?"])),
        written(&conversation(&["and?", "so?"])),
    );
    assert!(long.starts_with(short.trim_end_matches("]}")), "{long}");

    let forbidden = Request {
        web_search: false,
        ..conversation(&["and?"])
    };
    assert!(!written(&forbidden).contains(ITEM));
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
