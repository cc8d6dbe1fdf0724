//! A stand-in server and providers that talk to it.

use std::sync::Arc;
use std::time::Duration;

use llm::{
    CancellationToken, Error, HttpClient, Message, PartStream, Provider, ProviderConfig,
    ProviderKind, Request, Response, Timeouts, Tool, collect, connect,
};
use serde_json::json;

/// All wire protocols: Messages, Chat Completions, Responses.
pub(crate) const KINDS: [ProviderKind; 3] = [
    ProviderKind::Anthropic,
    ProviderKind::OpenAiCompatible,
    ProviderKind::OpenAi,
];

pub(crate) fn http() -> HttpClient {
    HttpClient::new(&llm::http::HttpOptions {
        version: "1.2.3".to_owned(),
        ..Default::default()
    })
    .unwrap()
}

pub(crate) fn config(kind: ProviderKind, base_url: &str) -> ProviderConfig {
    ProviderConfig {
        base_url: Some(base_url.to_owned()),
        speaks_responses: Some(kind == ProviderKind::OpenAi),
        timeouts: Timeouts {
            first_part: Duration::from_secs(20),
            silence: Duration::from_secs(20),
            ..Timeouts::default()
        },
        ..ProviderConfig::new(kind, Some("sk-test-0123456789".into()))
    }
}

pub(crate) fn provider(kind: ProviderKind, base_url: &str) -> Arc<dyn Provider> {
    connect(&http(), config(kind, base_url)).unwrap()
}

pub(crate) fn request(message: &str) -> Request {
    let tool = |name: &str| Tool {
        name: name.to_owned(),
        description: "A tool.".to_owned(),
        input_schema: json!({"type": "object"}),
        ..Tool::default()
    };
    Request {
        messages: Arc::new(vec![Message::user(message)]),
        tools: vec![tool("execute"), tool("read_file")],
        ..Request::default()
    }
}

pub(crate) fn stream(provider: &Arc<dyn Provider>, request: Request) -> PartStream {
    provider
        .model("standin-large")
        .stream(request, CancellationToken::new())
}

pub(crate) async fn answer(provider: &Arc<dyn Provider>, message: &str) -> Result<Response, Error> {
    collect(stream(provider, request(message))).await
}
