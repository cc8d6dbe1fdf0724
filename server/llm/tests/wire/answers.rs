//! What works.

use std::sync::Arc;

use futures::StreamExt;
use llm::{
    Content, FinishReason, Message, ProviderKind, ReasoningEffort, Request, Role, StreamPart,
    SystemBlock, ToolChoice, ToolResultContent, Usage, collect,
};

use crate::setup::{KINDS, answer, provider, request, stream};

#[tokio::test]
async fn streams_text_with_its_usage() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        let message = "!text \"Grüße, 日本語 👩‍🚀\\n\\\"quoted\\\"\"\n!usage input=10 output=5 cache_read=3 cache_write=2 reasoning=1";
        let response = answer(&provider, message).await.unwrap();
        assert_eq!(response.text(), "Grüße, 日本語 👩‍🚀\n\"quoted\"");
        assert_eq!(response.finish_reason, FinishReason::Stop);
        let usage = Usage {
            input_tokens: Some(10),
            output_tokens: Some(5),
            total_tokens: Some(20),
            reasoning_tokens: Some(1),
            cache_creation_tokens: Some(2),
            cache_read_tokens: Some(3),
        };
        assert_eq!(response.usage, usage, "{kind:?}");
        assert!(response.response_id.is_some());
    }
}

#[tokio::test]
async fn parts_come_in_order_and_finish_is_last() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        let parts: Vec<_> = stream(
            &provider,
            request("!reason think\n!text a b\n!call execute {\"n\":1}"),
        )
        .collect()
        .await;
        let parts: Vec<StreamPart> = parts.into_iter().map(Result::unwrap).collect();
        assert_eq!(parts.first(), Some(&StreamPart::Start));
        assert!(matches!(
            parts.last(),
            Some(StreamPart::Finish {
                reason: FinishReason::ToolCalls,
                ..
            })
        ));
        let position = |wanted: fn(&StreamPart) -> bool| parts.iter().position(wanted).unwrap();
        let thought = position(|part| matches!(part, StreamPart::ReasoningEnd { .. }));
        let text = position(|part| matches!(part, StreamPart::TextDelta { .. }));
        let call = position(|part| matches!(part, StreamPart::ToolCallStart { index: 0, .. }));
        let end = position(|part| matches!(part, StreamPart::ToolCallEnd { index: 0, .. }));
        assert!(thought < text && text < call && call < end, "{parts:?}");
    }
}

#[tokio::test]
async fn a_turn_with_parallel_calls_goes_around() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        let script = "!reason why\n!call execute {\"command\": \"ls ü\"}\n!call read_file {\"path\": \"/a\"}\n!then\n!results";
        let mut request = Request {
            reasoning: Some(ReasoningEffort::Low),
            cache: true,
            ..request(script)
        };
        request.system.push(SystemBlock::new("You are a test."));
        let first = collect(stream(&provider, request.clone())).await.unwrap();
        assert_eq!(first.finish_reason, FinishReason::ToolCalls);
        let calls: Vec<(String, String, String)> = first
            .content
            .iter()
            .filter_map(|content| match content {
                Content::ToolCall {
                    id,
                    name,
                    arguments,
                } => Some((id.clone(), name.clone(), arguments.clone())),
                _ => None,
            })
            .collect();
        assert_eq!(calls.len(), 2);
        assert_eq!(
            (calls[0].1.as_str(), calls[0].2.as_str()),
            ("execute", "{\"command\": \"ls ü\"}")
        );
        assert_ne!(calls[0].0, calls[1].0);
        Arc::make_mut(&mut request.messages).push(Message {
            role: Role::Assistant,
            content: first.content,
        });
        for (id, name, _) in calls {
            Arc::make_mut(&mut request.messages).push(Message::tool_result(
                id,
                &name,
                format!("result of {name}"),
            ));
        }
        // The server refuses a thought that does not come back with its signature, and calls without results.
        let second = collect(stream(&provider, request)).await.unwrap();
        assert_eq!(
            second.text(),
            "execute answered: result of execute\nread_file answered: result of read_file\n"
        );
    }
}

#[tokio::test]
async fn sends_what_the_protocols_want() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        let mut request = Request {
            max_output_tokens: Some(4_000),
            temperature: Some(0.2),
            tool_choice: ToolChoice::Auto,
            cache: true,
            ..request("!text ok")
        };
        request
            .metadata
            .headers
            .insert("x-switchyard-chat-id".to_owned(), "c1".to_owned());
        request
            .metadata
            .headers
            .insert("not a header".to_owned(), "x".to_owned());
        collect(stream(&provider, request)).await.unwrap();
        let sent = server.traffic().requests.pop().unwrap();
        assert_eq!(sent.headers["user-agent"], "switchyard/1.2.3");
        assert_eq!(sent.headers["x-switchyard-chat-id"], "c1");
        insta::assert_json_snapshot!(format!("body_{}", kind.as_str()), sent.json());
    }
}

#[tokio::test]
async fn images_and_failed_results_are_taken() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        let image = || bytes::Bytes::from_static(b"\x89PNG\r\n");
        let mut request = request("!call execute {}\n!then\n!text seen");
        Arc::make_mut(&mut request.messages)[0]
            .content
            .push(Content::Image {
                media_type: "image/png".to_owned(),
                data: image(),
            });
        let first = collect(stream(&provider, request.clone())).await.unwrap();
        Arc::make_mut(&mut request.messages).push(Message {
            role: Role::Assistant,
            content: first.content,
        });
        let content = vec![ToolResultContent::Image {
            media_type: "image/png".to_owned(),
            data: image(),
        }];
        Arc::make_mut(&mut request.messages).push(Message {
            role: Role::Tool,
            content: vec![Content::ToolResult {
                tool_call_id: "demo_1_0".to_owned(),
                name: "execute".to_owned(),
                content,
                is_error: true,
            }],
        });
        assert_eq!(
            collect(stream(&provider, request)).await.unwrap().text(),
            "seen",
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn learns_the_dialect_of_a_strict_model_once() {
    let server = standin::start().await.unwrap();
    let provider = provider(ProviderKind::OpenAiCompatible, &server.base_url());
    for expected_calls in [3, 4] {
        let request = Request {
            model: standin::STRICT_MODEL.to_owned(),
            max_output_tokens: Some(100),
            temperature: Some(0.5),
            ..request("!text fine")
        };
        assert_eq!(
            collect(stream(&provider, request)).await.unwrap().text(),
            "fine"
        );
        assert_eq!(
            server.traffic().count,
            expected_calls,
            "two refusals, then never again"
        );
    }
}

#[tokio::test]
async fn reuses_its_connection() {
    let server = standin::start().await.unwrap();
    for kind in KINDS {
        let provider = provider(kind, &server.base_url());
        for _ in 0..5 {
            answer(&provider, "!tokens 3").await.unwrap();
        }
    }
    let traffic = server.traffic();
    assert_eq!(
        (
            traffic.count,
            traffic.open_streams,
            traffic.abandoned_streams
        ),
        (KINDS.len() * 5, 0, 0)
    );
    assert_eq!(traffic.connections, KINDS.len(), "one for each client");
}
