//! The tool that works on a screen, in each form that Anthropic knows.

use std::sync::Arc;

use llm::{
    CancellationToken, ComputerScreen, Content, Message, ProviderKind, Request, Response, Role,
    Tool, ToolResultContent, collect,
};
use serde_json::json;

use crate::setup::provider;

const CLICK: &str = r#"{"action":"left_click","coordinate":[3,4]}"#;

fn request(model: &str, messages: Vec<Message>) -> Request {
    let screen = ComputerScreen {
        width: 1280,
        height: 720,
    };
    let tool = Tool {
        name: "computer".to_owned(),
        description: "Works on the desktop.".to_owned(),
        input_schema: json!({"type": "object"}),
        screen: Some(screen),
    };
    Request {
        messages: Arc::new(messages),
        tools: vec![tool],
        ..Request::new(model)
    }
}

fn calls(response: &Response) -> Vec<(&str, &str)> {
    let calls = response.content.iter().filter_map(|content| match content {
        Content::ToolCall {
            name, arguments, ..
        } => Some((name.as_str(), arguments.as_str())),
        _ => None,
    });
    calls.collect()
}

#[tokio::test]
async fn a_call_has_one_form_whatever_the_model_was_trained_on() {
    let server = standin::start().await.unwrap();
    let call = format!("!call computer {CLICK}\n!then\n!text done");
    let member = "!call left_click {\"coordinate\": [3, 4]}\n!then\n!text done".to_owned();
    let actions =
        r#"!call computer {"actions": [{"type": "click", "button": "left", "x": 3, "y": 4}]}"#;
    let actions = format!("{actions}\n!then\n!text done");
    for (kind, model, script) in [
        (ProviderKind::Anthropic, "claude-sonnet-4-5", &call),
        (ProviderKind::Anthropic, "claude-opus-4-6", &call),
        (ProviderKind::Anthropic, "claude-opus-5-5", &member),
        (ProviderKind::Anthropic, "standin-large", &call),
        (ProviderKind::OpenAiCompatible, "standin-large", &call),
        (ProviderKind::OpenAi, "standin-large", &actions),
    ] {
        let provider = provider(kind, &server.base_url());
        let ask = async |messages| {
            let request = request(model, messages);
            let stream = provider
                .model(model)
                .stream(request, CancellationToken::new());
            collect(stream).await.unwrap()
        };
        let first = ask(vec![Message::user(script)]).await;
        assert_eq!(calls(&first), [("computer", CLICK)], "{model}");
        let Some(Content::ToolCall { id, .. }) = first.content.last() else {
            panic!("{first:?}");
        };
        let result = Content::ToolResult {
            tool_call_id: id.clone(),
            name: "computer".to_owned(),
            content: vec![
                ToolResultContent::Text("Done.".to_owned()),
                ToolResultContent::Image {
                    media_type: "image/png".to_owned(),
                    data: vec![1, 2, 3].into(),
                },
            ],
            is_error: false,
        };
        let said = |role, content| Message { role, content };
        let conversation = vec![
            Message::user(script),
            said(Role::Assistant, first.content.clone()),
            said(Role::Tool, vec![result]),
        ];
        assert_eq!(ask(conversation).await.text(), "done", "{model}");
    }
}

#[tokio::test]
async fn a_refused_tool_is_left_out_of_the_next_request() {
    let server = standin::start().await.unwrap();
    let provider = provider(ProviderKind::Anthropic, &server.base_url());
    let model = "claude-opus-4-6";
    let message = format!(
        "!error-once 400 \"Input tag 'computer_20251124' found using 'type'\"\n!call computer {CLICK}"
    );
    let request = request(model, vec![Message::user(message)]);
    let stream = provider
        .model(model)
        .stream(request, CancellationToken::new());
    let response = collect(stream).await.unwrap();
    assert_eq!(calls(&response), [("computer", CLICK)]);
}

#[tokio::test]
async fn a_server_without_the_responses_api_is_called_by_the_other() {
    let server = standin::start().await.unwrap();
    let provider = provider(ProviderKind::OpenAi, &server.base_url());
    for message in [
        "!error-once 404 \"404 page not found\"\n!text through",
        "!text through",
    ] {
        let request = Request {
            messages: Arc::new(vec![Message::user(message)]),
            ..Request::new("standin-large")
        };
        let model = provider.model("standin-large");
        let stream = model.stream(request, CancellationToken::new());
        assert_eq!(collect(stream).await.unwrap().text(), "through");
    }
    let paths: Vec<_> = server
        .traffic()
        .requests
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(
        paths,
        [
            "/v1/responses",
            "/v1/chat/completions",
            "/v1/chat/completions"
        ]
    );
}
