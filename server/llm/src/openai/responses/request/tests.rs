#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use super::*;
use crate::{ComputerScreen, Message, ReasoningEffort, SystemBlock, Tool};

fn written(request: &Request, dialect: Dialect) -> Value {
    serde_json::from_slice(&write(request, dialect)).unwrap()
}

fn dialect() -> Dialect {
    Dialect::new(true)
}

fn call(id: &str, name: &str, arguments: &str) -> Content {
    Content::ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

fn result(id: &str, name: &str, content: Vec<ToolResultContent>, is_error: bool) -> Content {
    Content::ToolResult {
        tool_call_id: id.to_owned(),
        name: name.to_owned(),
        content,
        is_error,
    }
}

fn words(text: &str) -> ToolResultContent {
    ToolResultContent::Text(text.to_owned())
}

fn picture() -> ToolResultContent {
    ToolResultContent::Image {
        media_type: "image/png".to_owned(),
        data: Bytes::from_static(b"abc"),
    }
}

fn said(role: Role, content: Vec<Content>) -> Message {
    Message { role, content }
}

#[test]
fn a_whole_conversation_goes_with_each_call() {
    let thought = |metadata| Content::Reasoning {
        text: "hm".to_owned(),
        provider_metadata: Some(metadata),
    };
    let request = Request {
        system: vec![
            SystemBlock::new("Be kind."),
            SystemBlock::new(" "),
            SystemBlock::new("Be short."),
        ],
        messages: Arc::new(vec![
            said(
                Role::User,
                vec![
                    Content::Text("look".to_owned()),
                    Content::Image {
                        media_type: "image/png".to_owned(),
                        data: Bytes::from_static(b"abc"),
                    },
                ],
            ),
            said(
                Role::Assistant,
                vec![
                    thought(json!({"openai": {"encrypted_content": "secret"}})),
                    thought(json!({"anthropic": {"signature": "s"}})),
                    Content::Text("I look.".to_owned()),
                    call("call_1", "read_file", "{\"path\":\"/a\"}"),
                    call("call_2", "odd", "no json"),
                ],
            ),
            said(
                Role::Tool,
                vec![
                    result("call_1", "read_file", vec![words("text")], false),
                    result("call_2", "odd", vec![words("see"), picture()], false),
                ],
            ),
        ]),
        tools: vec![Tool {
            name: "read_file".to_owned(),
            description: "Reads.".to_owned(),
            input_schema: json!({"type": "object"}),
            ..Tool::default()
        }],
        max_output_tokens: Some(100),
        temperature: Some(0.7),
        reasoning: Some(ReasoningEffort::Low),
        ..Request::new("gpt-5.4")
    };
    insta::assert_json_snapshot!(written(&request, dialect()));

    let plain = Dialect {
        has_temperature: false,
        has_reasoning_effort: false,
        has_encrypted_reasoning: false,
        ..dialect()
    };
    let body = written(&request, plain);
    for field in ["temperature", "reasoning", "include"] {
        assert!(body.get(field).is_none(), "{field}");
    }
    assert!(!body.to_string().contains("secret"));
}

#[test]
fn says_what_is_set_for_openai() {
    let options = json!({"openai": {
        "reasoning_effort": "high", "reasoning_summary": "detailed", "text_verbosity": "low", "max_tool_calls": 3,
        "parallel_tool_calls": false, "max_completion_tokens": 500, "store": true, "prompt_cache_key": "team",
        "service_tier": "flex",
    }});
    let request = Request {
        tools: vec![Tool {
            name: "read_file".to_owned(),
            input_schema: json!({"type": "object"}),
            ..Tool::default()
        }],
        top_p: Some(0.9),
        top_k: Some(40),
        presence_penalty: Some(1.0),
        frequency_penalty: Some(1.0),
        provider_options: options.as_object().unwrap().clone(),
        ..Request::new("gpt-5.4")
    };
    let body = written(&request, dialect());
    for (name, value) in [
        ("top_p", json!(0.9)),
        (
            "reasoning",
            json!({"effort": "high", "summary": "detailed"}),
        ),
        ("text", json!({"verbosity": "low"})),
        ("max_tool_calls", json!(3)),
        ("parallel_tool_calls", json!(false)),
        ("max_output_tokens", json!(500)),
        ("store", json!(true)),
        ("prompt_cache_key", json!("team")),
        ("service_tier", json!("flex")),
    ] {
        assert_eq!(body[name], value, "{name}");
    }
    for unknown in ["top_k", "presence_penalty", "frequency_penalty"] {
        assert_eq!(body.get(unknown), None, "{unknown}");
    }
}

fn at_the_screen(messages: Vec<Message>) -> Request {
    Request {
        messages: Arc::new(messages),
        tools: vec![Tool {
            name: "computer".to_owned(),
            input_schema: json!({"type": "object"}),
            screen: Some(ComputerScreen {
                width: 1280,
                height: 720,
            }),
            ..Tool::default()
        }],
        ..Request::new("gpt-5.4")
    }
}

const CLICK: &str = r#"{"action":"left_click","coordinate":[3,4]}"#;

#[test]
fn actions_of_one_call_go_back_as_one_and_are_answered_with_the_last_picture() {
    let request = at_the_screen(vec![
        said(
            Role::Assistant,
            vec![
                call("c|i|0", "computer", CLICK),
                call("c|i|1", "computer", r#"{"action":"wait"}"#),
                call("call_9", "execute", "{}"),
            ],
        ),
        said(
            Role::Tool,
            vec![
                result("c|i|0", "computer", vec![words("Done."), picture()], false),
                result("c|i|1", "computer", vec![words("It is stuck.")], true),
                result("call_9", "execute", vec![words("ok")], false),
            ],
        ),
    ]);
    let body = written(&request, dialect());
    assert_eq!(body["tools"], json!([{"type": "computer"}]));
    assert_eq!(
        body["input"],
        json!([
            {"type": "computer_call", "id": "i", "call_id": "c", "status": "completed", "pending_safety_checks": [],
             "actions": [{"type": "click", "button": "left", "x": 3, "y": 4, "keys": []}, {"type": "wait"}]},
            {"type": "function_call", "call_id": "call_9", "name": "execute", "arguments": "{}"},
            {"type": "computer_call_output", "call_id": "c",
             "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,YWJj"}},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "[what came of it: It is stuck.]"}]},
            {"type": "function_call_output", "call_id": "call_9", "output": "ok"},
        ])
    );
}

#[test]
fn a_call_without_a_picture_is_told_in_words() {
    let request = at_the_screen(vec![
        said(Role::Assistant, vec![call("c|i|0", "computer", CLICK)]),
        said(
            Role::Tool,
            vec![result(
                "c|i|0",
                "computer",
                vec![words("No desktop.")],
                true,
            )],
        ),
    ]);
    let body = written(&request, dialect());
    let texts: Vec<_> = body["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["content"][0]["text"])
        .collect();
    assert_eq!(
        texts,
        [
            &json!(format!("[done on the computer: {CLICK}]")),
            &json!("[what came of it: No desktop.]")
        ]
    );
}

#[test]
fn a_model_without_the_tool_gets_one_like_any_other() {
    let request = at_the_screen(vec![
        said(Role::Assistant, vec![call("c|i|0", "computer", CLICK)]),
        said(
            Role::Tool,
            vec![result(
                "c|i|0",
                "computer",
                vec![words("Done."), picture()],
                false,
            )],
        ),
    ]);
    let without = Dialect {
        has_computer: false,
        ..dialect()
    };
    let body = written(&request, without);
    assert_eq!(body["tools"][0]["type"], "function");
    let input = &body["input"];
    assert_eq!(input[0]["type"], "function_call");
    assert_eq!(input[0]["call_id"], input[1]["call_id"]);
    assert_eq!(input[1]["output"][1]["type"], "input_image");
}
