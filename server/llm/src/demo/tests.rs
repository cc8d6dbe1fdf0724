#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::Arc;

use futures::StreamExt;
use serde_json::{Value, json};

use super::play::NOTICE;
use super::*;
use crate::{
    Accumulator, Content, ErrorKind, FinishReason, Message, Purpose, Response, Role, StreamPart,
    Tool, Usage, collect,
};

fn demo() -> Demo {
    Demo::with_pace(Duration::ZERO)
}

fn request(message: &str) -> Request {
    Request {
        messages: Arc::new(vec![Message::user(message)]),
        ..Request::default()
    }
}

async fn answer_of(demo: &Demo, request: Request) -> Result<Response, Error> {
    collect(demo.model(MODEL).stream(request, CancellationToken::new())).await
}

async fn answer(request: Request) -> Response {
    answer_of(&demo(), request).await.unwrap()
}

fn tools(names: &[&str]) -> Vec<Tool> {
    let tool = |name: &&str| Tool {
        name: (*name).to_owned(),
        description: String::new(),
        input_schema: json!({"type": "object"}),
        ..Tool::default()
    };
    names.iter().map(tool).collect()
}

fn calls(response: &Response) -> Vec<(String, Value)> {
    let calls = response.content.iter().filter_map(|content| match content {
        Content::ToolCall {
            name, arguments, ..
        } => Some((name.clone(), serde_json::from_str(arguments).unwrap())),
        _ => None,
    });
    calls.collect()
}

/// Plays a turn against tools that answer by name, and gives back the answers of the model.
async fn turn(message: &str, tool_names: &[&str], tool: impl Fn(&str) -> String) -> Vec<Response> {
    let mut request = Request {
        tools: tools(tool_names),
        ..request(message)
    };
    let mut responses = Vec::new();
    for _ in 0..20 {
        let response = answer(request.clone()).await;
        Arc::make_mut(&mut request.messages).push(Message {
            role: Role::Assistant,
            content: response.content.clone(),
        });
        for content in &response.content {
            if let Content::ToolCall { id, name, .. } = content {
                Arc::make_mut(&mut request.messages).push(Message::tool_result(
                    id,
                    name,
                    tool(name),
                ));
            }
        }
        let is_last = response.finish_reason != FinishReason::ToolCalls;
        responses.push(response);
        if is_last {
            return responses;
        }
    }
    panic!("the turn does not end");
}

fn workspace(tool: &str) -> String {
    match tool {
        "execute" => json!({"success": true, "output": "/work/repo\nCargo.toml\nREADME.md\nsrc\n", "exit_code": 0}),
        "read_file" => json!({"content": "1\t\n2\t# Trains\n3\tmore", "total_lines": 3}),
        _ => json!({"ok": true}),
    }
    .to_string()
}

#[tokio::test]
async fn without_tools_it_talks_and_says_what_it_is() {
    let response = answer(request("Please fix the tests")).await;
    let text = response.text();
    assert!(
        text.starts_with(NOTICE) && text.contains("Please fix the tests"),
        "{text}"
    );
    assert!(text.contains("\n- ") && text.contains("```"));
    assert_eq!(response.finish_reason, FinishReason::Stop);
    assert!(matches!(response.content[0], Content::Reasoning { .. }));
    assert!(response.usage.output_tokens.unwrap() > 50);
}

#[tokio::test]
async fn with_tools_it_lists_reads_changes_checks_and_sums_up() {
    let all = ["execute", "read_file", "write_file", "edit_files"];
    let responses = turn("Go on", &all, workspace).await;
    let names: Vec<Vec<String>> = responses
        .iter()
        .map(|response| calls(response).into_iter().map(|(name, _)| name).collect())
        .collect();
    let expected: [&[&str]; 5] = [
        &["execute"],
        &["read_file"],
        &["edit_files", "write_file"],
        &["execute"],
        &[],
    ];
    assert_eq!(names, expected);
    assert_eq!(calls(&responses[1])[0].1["path"], "/work/repo/README.md");
    let edit = &calls(&responses[2])[0].1["files"][0];
    assert_eq!(edit["edits"][0]["search"], "# Trains");
    assert_eq!(
        calls(&responses[2])[1].1["path"],
        "/work/repo/SWITCHYARD_DEMO.md"
    );
    let summary = responses.last().unwrap().text();
    assert!(
        summary.contains(NOTICE)
            && summary.contains("- `edit_files` ran")
            && summary.contains("```text\n/work/repo")
    );
    assert!(responses.first().unwrap().text().contains(NOTICE));
}

#[tokio::test]
async fn follows_the_schema_of_the_edit_tool() {
    let mut request = Request {
        tools: tools(&["execute", "read_file", "edit_files"]),
        ..request("x")
    };
    request.tools[2].input_schema =
        json!({"properties": {"files": {"items": {"properties": {"old_text": {}}}}}});
    let call = |name: &str| Content::ToolCall {
        id: name.to_owned(),
        name: name.to_owned(),
        arguments: "{}".to_owned(),
    };
    for name in ["execute", "read_file"] {
        Arc::make_mut(&mut request.messages).push(Message {
            role: Role::Assistant,
            content: vec![call(name)],
        });
        Arc::make_mut(&mut request.messages).push(Message::tool_result(
            name,
            name,
            workspace(name),
        ));
    }
    let response = answer(request).await;
    assert_eq!(
        calls(&response)[0].1["files"][0]["edits"][0]["old_text"],
        "# Trains"
    );
    assert_eq!(
        calls(&response)[1].0,
        "execute",
        "without a tool to write, a command writes"
    );
}

#[tokio::test]
async fn copes_with_an_empty_folder_and_with_tools_that_fail() {
    let all = ["execute", "read_file", "write_file", "edit_files"];
    let responses = turn("x", &all, |_| json!({"output": "/w\n"}).to_string()).await;
    assert_eq!(responses.len(), 5);
    let mut request = Request {
        tools: tools(&all),
        ..request("x")
    };
    let first = answer(request.clone()).await;
    Arc::make_mut(&mut request.messages).push(Message {
        role: Role::Assistant,
        content: first.content,
    });
    let mut result = Message::tool_result("demo_1_0", "execute", "no workspace");
    if let Content::ToolResult { is_error, .. } = &mut result.content[0] {
        *is_error = true;
    }
    Arc::make_mut(&mut request.messages).push(result);
    let response = answer(request).await;
    assert_eq!(response.finish_reason, FinishReason::Stop);
    assert!(response.text().contains("no workspace"));
}

#[tokio::test]
async fn plays_scripted_steps_and_then_says_that_they_are_over() {
    let message = "!reason hm\n!text one\n!call a {\"n\":1}\n!call b\n!then\n!results\n!call c\n!usage input=10 output=2";
    let responses = turn(message, &[], |name| format!("result of {name}")).await;
    assert_eq!(responses.len(), 3);
    let ids: Vec<&str> = responses[0]
        .content
        .iter()
        .filter_map(|content| match content {
            Content::ToolCall { id, .. } => Some(id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(ids, ["demo_1_0", "demo_1_1"]);
    assert!(
        responses[1]
            .text()
            .contains("a answered: result of a\nb answered: result of b\n")
    );
    assert_eq!(
        responses[1].usage,
        Usage {
            input_tokens: Some(10),
            output_tokens: Some(2),
            total_tokens: Some(12),
            ..Usage::default()
        }
    );
    assert_eq!(
        responses[2].text(),
        format!("{NOTICE}: the script has ended.")
    );
}

#[tokio::test]
async fn is_the_same_every_time() {
    for message in ["hello", "!tokens 40\n!call a {}", "!reason x"] {
        assert_eq!(
            answer(request(message)).await,
            answer(request(message)).await
        );
    }
}

#[tokio::test]
async fn every_scripted_answer_ends_with_the_notice() {
    let text = answer(request("!text Hello")).await.text();
    assert_eq!(text, format!("Hello\n\n({NOTICE}.)"));
    // What comes after a step without a call is not reached.
    let text = answer(request("!text Hello\n!then\n!text more"))
        .await
        .text();
    assert_eq!(text, format!("Hello\n\n({NOTICE}.)"));
}

#[tokio::test]
async fn an_answer_ends_for_the_reason_that_the_script_gives() {
    for (name, reason) in [
        ("length", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("paused", FinishReason::Paused),
    ] {
        let answer = answer(request(&format!("!text Hello\n!finish {name}"))).await;
        assert_eq!(answer.finish_reason, reason);
    }
    let text = answer(request("!finish soon")).await.text();
    assert!(text.contains("length, content_filter or paused"), "{text}");
}

#[tokio::test]
async fn a_wrong_directive_is_explained() {
    let text = answer(request("!dance")).await.text();
    assert!(
        text.contains("line 1: !dance") && text.contains(NOTICE),
        "{text}"
    );
}

#[tokio::test]
async fn fails_as_often_as_it_is_told() {
    let demo = demo();
    let message = request("!error 429 retry_after=2 times=2 \"slow\"\n!text fine");
    for _ in 0..2 {
        for _ in 0..2 {
            let error = answer_of(&demo, message.clone()).await.unwrap_err();
            assert_eq!(
                (error.kind, error.status_code),
                (ErrorKind::RateLimit, Some(429))
            );
            assert_eq!(
                (error.retry_after_ms, error.detail.as_deref()),
                (Some(2_000), Some("slow"))
            );
        }
        assert!(
            answer_of(&demo, message.clone())
                .await
                .unwrap()
                .text()
                .starts_with("fine")
        );
    }
}

#[tokio::test]
async fn an_error_after_text_comes_in_the_middle() {
    let mut stream = demo()
        .model(MODEL)
        .stream(request("!text half\n!error 500"), CancellationToken::new());
    let mut accumulator = Accumulator::default();
    let error = loop {
        match stream.next().await.unwrap() {
            Ok(part) => accumulator.push(&part).unwrap(),
            Err(error) => break error,
        }
    };
    assert_eq!(accumulator.content(), [Content::Text("half".to_owned())]);
    assert_eq!((error.status_code, error.is_retryable), (None, true));
    assert!(stream.next().await.is_none());
    assert!(
        answer_of(&demo(), request("!text half\n!cut"))
            .await
            .unwrap_err()
            .is_retryable
    );
}

#[tokio::test(start_paused = true)]
async fn keeps_its_pace_and_stalls_into_the_deadlines() {
    let start = tokio::time::Instant::now();
    answer(request("!pace 1s\n!tokens 10")).await;
    assert!(start.elapsed() >= Duration::from_secs(10));
    let kind = |message| async move {
        answer_of(&demo(), request(message))
            .await
            .map_err(|error| error.kind)
    };
    assert_eq!(
        kind("!stall 2m\n!text x").await,
        Err(ErrorKind::StartupTimeout)
    );
    assert_eq!(
        kind("!text x\n!stall 5m").await,
        Err(ErrorKind::StreamSilence)
    );
    assert!(kind("!text x\n!stall 30s\n!text y").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn can_be_cancelled_while_it_waits_and_while_it_runs() {
    for message in ["!stall 30s", "!pace 10s\n!tokens 100", "!tokens 1000000"] {
        let cancel = CancellationToken::new();
        let mut stream = demo().model(MODEL).stream(request(message), cancel.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            cancel.cancel();
        });
        let mut last = None;
        while let Some(part) = stream.next().await {
            last = Some(part);
        }
        // The fast one may be through before the timer rings; then it ends well.
        let ended_by_cancel = matches!(&last, Some(Err(error)) if error.is_cancelled);
        assert!(
            ended_by_cancel
                || matches!(last, Some(Ok(StreamPart::Finish { .. })) if message.starts_with("!tokens"))
        );
    }
}

#[tokio::test]
async fn titles_come_from_the_first_words() {
    let title = |message: &str| {
        let mut request = request(message);
        request.metadata.purpose = Purpose::Title;
        async move { answer(request).await.text() }
    };
    assert_eq!(
        title("Please fix the flaky tests in CI, now!").await,
        "Please fix the flaky tests in"
    );
    assert_eq!(title("Fix it.").await, "Fix it");
    assert_eq!(
        title("!text x\n!title \"Set by hand\"").await,
        "Set by hand"
    );
    assert_eq!(title("!text x").await, "Scripted demo");
    assert_eq!(title("").await, "Scripted demo");
}

#[tokio::test]
async fn offers_one_model_that_is_named_as_what_it_is() {
    let models = demo().list_models().await.unwrap();
    assert_eq!((models.len(), models[0].id.as_str()), (1, "demo"));
    assert!(models[0].display_name.contains("not an AI"));
    assert!(
        demo()
            .test_connection()
            .await
            .unwrap()
            .message
            .contains("script")
    );
}
