//! The web search that a provider makes itself, over both protocols that have one: what is found, and what goes back.

use std::sync::Arc;

use llm::{
    CancellationToken, Content, FinishReason, Message, ProviderKind, Request, Response, Role,
    StreamPart, Tool, collect,
};
use serde_json::{Map, Value, json};

use crate::setup::provider;

const FOUND: &str = r#"!search {"query": "rust größer", "pages": [{"url": "https://www.rust-lang.org/", "title": "Rust"}, {"url": "javascript:alert(1)", "title": "Evil"}]}"#;
const CITED: &str =
    r#"!cite {"text": "Rust ist schön", "url": "https://www.rust-lang.org/", "title": "Rust"}"#;
const KINDS: [(ProviderKind, &str); 2] = [
    (ProviderKind::Anthropic, "anthropic"),
    (ProviderKind::OpenAi, "openai"),
];

fn request(messages: Vec<Message>) -> Request {
    let on = || json!({"web_search_enabled": true});
    let options = ["anthropic", "openai"].map(|name| (name.to_owned(), on()));
    Request {
        messages: Arc::new(messages),
        tools: vec![Tool {
            name: "execute".to_owned(),
            ..Tool::default()
        }],
        provider_options: Map::from_iter(options),
        web_search: true,
        cache: true,
        ..Request::new("standin-large")
    }
}

async fn ask(kind: ProviderKind, base_url: &str, request: Request) -> Response {
    let stream = provider(kind, base_url)
        .model("standin-large")
        .stream(request, CancellationToken::new());
    collect(stream).await.unwrap()
}

fn said(content: &[Content]) -> Message {
    Message {
        role: Role::Assistant,
        content: content.to_vec(),
    }
}

#[tokio::test]
async fn what_is_found_is_told_and_goes_back() {
    for (kind, name) in KINDS {
        let server = standin::start().await.unwrap();
        let script = format!("!text \"I look. \"\n{FOUND}\n!text \"Also: \"\n{CITED}\n!text \".\"");
        let asked = vec![Message::user(script)];
        let first = ask(kind, &server.base_url(), request(asked.clone())).await;
        let outline: Vec<_> = first
            .content
            .iter()
            .map(|content| match content {
                Content::Text(text) => format!("says {text}"),
                Content::ProviderCall { arguments, .. } => format!("searches {arguments}"),
                Content::ProviderResult { result, .. } => {
                    format!("finds {}", result["sources"][0]["url"])
                }
                Content::Source { url, title, .. } => format!("cites {url} {title:?}"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            outline,
            [
                "says I look. ",
                "searches {\"query\":\"rust größer\"}",
                "finds \"https://www.rust-lang.org/\"",
                "says Also: Rust ist schön.",
                "cites https://www.rust-lang.org/ Some(\"Rust\")",
            ],
            "{name}"
        );
        assert_eq!(first.finish_reason, FinishReason::Stop);

        // The server refuses what was not given out by it.
        let mut second = asked;
        second.extend([said(&first.content), Message::user("!text \"two\"")]);
        let answer = ask(kind, &server.base_url(), request(second.clone())).await;
        assert_eq!(answer.text(), "two", "{name}");
        second.extend([said(&answer.content), Message::user("!text \"three\"")]);
        let answer = ask(kind, &server.base_url(), request(second)).await;
        assert_eq!(answer.text(), "three", "{name}");
        let bodies: Vec<Value> = server
            .traffic()
            .requests
            .iter()
            .map(standin::RecordedRequest::json)
            .collect();
        let (second, third) = (conversation(&bodies[1]), conversation(&bodies[2]));
        assert_eq!(
            third[..second.len()],
            second[..],
            "{name}: what was said stays"
        );
        let told = json!(second).to_string();
        let kept = ["server_tool_use", "encrypted_content", "encrypted_index"];
        match kind {
            ProviderKind::Anthropic => {
                assert!(kept.iter().all(|name| told.contains(name)), "{told}");
            }
            _ => assert!(told.contains("web_search_call"), "{told}"),
        }
    }
}

fn conversation(body: &Value) -> Vec<Value> {
    standin::conversation(body).unwrap()
}

#[tokio::test]
async fn a_change_of_the_provider_leaves_searches_behind() {
    let server = standin::start().await.unwrap();
    let script = format!("{FOUND}\n{CITED}");
    for (kind, other) in [
        (ProviderKind::Anthropic, ProviderKind::OpenAi),
        (ProviderKind::OpenAi, ProviderKind::Anthropic),
        (ProviderKind::Anthropic, ProviderKind::OpenAiCompatible),
    ] {
        let asked = Message::user(script.as_str());
        let first = ask(kind, &server.base_url(), request(vec![asked.clone()])).await;
        let next = vec![asked, said(&first.content), Message::user("!text \"on\"")];
        let answer = ask(other, &server.base_url(), request(next)).await;
        assert_eq!(answer.text(), "on", "{kind:?} → {other:?}");
    }
    let asked = server.traffic().requests;
    let last = asked.last().unwrap().json().to_string();
    assert!(
        !last.contains("web_search") && !last.contains("encrypted"),
        "{last}"
    );
}

#[tokio::test]
async fn a_search_that_waits_for_a_result_of_ours_is_made_with_the_next_request() {
    let server = standin::start().await.unwrap();
    let script = "!search {\"query\": \"x\"}\n!call execute {}\n!then\n!text \"went on\"";
    let asked = Message::user(script);
    let first = ask(
        ProviderKind::Anthropic,
        &server.base_url(),
        request(vec![asked.clone()]),
    )
    .await;
    let [Content::ProviderCall { .. }, Content::ToolCall { id, .. }] = &first.content[..] else {
        panic!("{first:?}")
    };
    assert_eq!(first.finish_reason, FinishReason::ToolCalls);
    let result = Message::tool_result(id.as_str(), "execute", "done");
    let going_on = vec![asked.clone(), said(&first.content), result.clone()];
    let second = ask(
        ProviderKind::Anthropic,
        &server.base_url(),
        request(going_on.clone()),
    )
    .await;
    assert_eq!(second.text(), "went on");
    let sent = server.traffic().requests.last().unwrap().json();
    assert_eq!(sent["messages"][1]["content"][0]["type"], "server_tool_use");
    // It was never answered; the server would refuse it now.
    let mut over = going_on;
    over.extend([said(&second.content), Message::user("!text \"over\"")]);
    let third = ask(ProviderKind::Anthropic, &server.base_url(), request(over)).await;
    assert_eq!(third.text(), "over");
}

#[tokio::test]
async fn a_paused_answer_goes_on() {
    let server = standin::start().await.unwrap();
    for found in [FOUND, "!search {\"query\": \"x\"}"] {
        let asked = Message::user(format!("{found}\n!finish paused\n!then\n!text \"done\""));
        let base_url = server.base_url();
        let first = ask(
            ProviderKind::Anthropic,
            &base_url,
            request(vec![asked.clone()]),
        )
        .await;
        assert_eq!(first.finish_reason, FinishReason::Paused);
        let going_on = request(vec![asked, said(&first.content)]);
        let second = ask(ProviderKind::Anthropic, &base_url, going_on).await;
        assert_eq!(second.text(), "done");
    }
}

#[tokio::test]
async fn the_scripted_model_tells_of_searches_alike() {
    use futures::StreamExt;
    let script =
        format!("{FOUND}\n!search {{\"query\": \"y\", \"error\": \"unavailable\"}}\n{CITED}");
    let demo = llm::demo::Demo::with_pace(std::time::Duration::ZERO);
    let model = llm::Provider::model(&demo, llm::demo::MODEL);
    let parts = model.stream(
        request(vec![Message::user(script)]),
        CancellationToken::new(),
    );
    let parts: Vec<_> = parts.map(Result::unwrap).collect().await;
    let names: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            StreamPart::ProviderCallStart { .. } => Some("start"),
            StreamPart::ProviderCallEnd { .. } => Some("end"),
            StreamPart::ProviderResult { is_error, .. } => {
                Some(if *is_error { "error" } else { "result" })
            }
            StreamPart::Source { .. } => Some("source"),
            _ => None,
        })
        .collect();
    assert_eq!(
        names,
        ["start", "end", "result", "start", "end", "error", "source"]
    );
}
