#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::{Content, Message, ReasoningEffort, Request, SystemBlock, Tool, ToolResultContent};

fn body(request: &Request) -> Value {
    serde_json::from_slice(&write(request, Form::Function, None)).unwrap()
}

/// Two turns, the first with another provider: thoughts of both, broken arguments, a strange id, pictures both ways.
fn conversation() -> Request {
    let thought = |text: &str, metadata: serde_json::Value| Content::Reasoning {
        text: text.to_owned(),
        provider_metadata: Some(metadata),
    };
    let call = |id: &str, arguments: &str| Content::ToolCall {
        id: id.to_owned(),
        name: "execute".to_owned(),
        arguments: arguments.to_owned(),
    };
    let result = |id: &str, content: Vec<ToolResultContent>, is_error: bool| Message {
        role: Role::Tool,
        content: vec![Content::ToolResult {
            tool_call_id: id.to_owned(),
            name: "execute".to_owned(),
            content,
            is_error,
        }],
    };
    let image = || Bytes::from_static(b"\x89PNG");
    let text = |text: &str| Content::Text(text.to_owned());
    Request {
        system: vec![
            SystemBlock::new("You are an agent."),
            SystemBlock::new("  "),
            SystemBlock::new("The folder is /w."),
        ],
        messages: Arc::new(vec![
            Message {
                role: Role::User,
                content: vec![
                    text("Look at this"),
                    Content::Image {
                        media_type: "image/png".to_owned(),
                        data: image(),
                    },
                ],
            },
            Message {
                role: Role::Assistant,
                content: vec![
                    thought("signed", json!({"anthropic": {"signature": "s=="}})),
                    thought("", json!({"anthropic": {"redacted_data": "hidden"}})),
                    thought("plain", json!({"openai": {"field": "reasoning_content"}})),
                    text(""),
                    call("functions.execute:0", "{\"command\": \"ls\"}"),
                    call("call_2", "{\"command\": "),
                ],
            },
            result(
                "functions.execute:0",
                vec![
                    ToolResultContent::Text("{\"output\":\"a\"}".to_owned()),
                    ToolResultContent::Image {
                        media_type: "image/png".to_owned(),
                        data: image(),
                    },
                ],
                false,
            ),
            result("call_2", vec![ToolResultContent::Text(String::new())], true),
            Message {
                role: Role::Assistant,
                content: vec![text("Done.")],
            },
            Message {
                role: Role::User,
                content: vec![text(""), text("Once more"), text("please")],
            },
            Message {
                role: Role::Assistant,
                content: vec![
                    thought("now", json!({"openai": {"field": "reasoning_content"}})),
                    call("call_3", ""),
                ],
            },
            result(
                "call_3",
                vec![ToolResultContent::Text("ok".to_owned())],
                false,
            ),
        ]),
        tools: vec![
            Tool {
                name: "execute".to_owned(),
                description: "Runs a command.".to_owned(),
                input_schema: json!({"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}),
                ..Tool::default()
            },
            Tool {
                name: "odd".to_owned(),
                description: String::new(),
                input_schema: json!(null),
                ..Tool::default()
            },
        ],
        max_output_tokens: Some(16_000),
        temperature: Some(0.7),
        cache: true,
        ..Request::new("claude-sonnet-4-5")
    }
}

#[test]
fn writes_a_whole_conversation() {
    insta::assert_json_snapshot!(body(&conversation()));
}

#[test]
fn marks_the_last_system_block_and_the_last_two_messages() {
    let body = body(&conversation());
    let marks = |value: &Value| value.to_string().matches("cache_control").count();
    assert_eq!(marks(&body), 3);
    assert!(body["system"][1].get("cache_control").is_some());
    let messages = body["messages"].as_array().unwrap();
    assert!(
        messages
            .iter()
            .rev()
            .take(2)
            .all(|message| marks(message) == 1)
    );
    let unmarked = self::body(&Request {
        cache: false,
        ..conversation()
    });
    assert_eq!(marks(&unmarked), 0);
}

#[test]
fn says_how_to_sample_and_what_is_set_for_it() {
    let options =
        json!({"anthropic": {"disable_parallel_tool_use": true}, "openai": {"store": true}});
    let request = Request {
        top_p: Some(0.9),
        top_k: Some(40),
        presence_penalty: Some(1.0),
        frequency_penalty: Some(1.0),
        provider_options: options.as_object().unwrap().clone(),
        ..conversation()
    };
    let plain = body(&request);
    assert_eq!(
        (&plain["top_p"], &plain["top_k"]),
        (&json!(0.9), &json!(40))
    );
    let choice = json!({"type": "auto", "disable_parallel_tool_use": true});
    assert_eq!(plain["tool_choice"], choice);
    for unknown in ["presence_penalty", "frequency_penalty", "store"] {
        assert_eq!(plain.get(unknown), None, "{unknown}");
    }
    // A model that thinks samples as it does, and its settings go before the general effort.
    let options = json!({"anthropic": {"thinking": {"budget_tokens": 2048}}});
    let thinks = body(&Request {
        provider_options: options.as_object().unwrap().clone(),
        reasoning: Some(ReasoningEffort::High),
        ..request.clone()
    });
    assert_eq!(
        thinks["thinking"],
        json!({"type": "enabled", "budget_tokens": 2048})
    );
    assert_eq!((thinks.get("top_p"), thinks.get("top_k")), (None, None));
    let options = json!({"anthropic": {"effort": "max"}});
    let newer = body(&Request {
        model: "claude-opus-4-6".to_owned(),
        provider_options: options.as_object().unwrap().clone(),
        ..request
    });
    assert_eq!(newer["output_config"], json!({"effort": "max"}));
}

#[test]
fn thoughts_of_earlier_turns_can_stay_here() {
    let thought = || Content::Reasoning {
        text: "hm".to_owned(),
        provider_metadata: Some(json!({"anthropic": {"signature": "s"}})),
    };
    let said = |content| Message {
        role: Role::Assistant,
        content: vec![thought(), content],
    };
    let call = Content::ToolCall {
        id: "call".to_owned(),
        name: "execute".to_owned(),
        arguments: "{}".to_owned(),
    };
    let messages = vec![
        Message::user("One"),
        said(Content::Text("Answer".to_owned())),
        Message::user("Two"),
        said(call),
        Message::tool_result("call", "execute", "done"),
    ];
    let sent = |options: Value| {
        let request = Request {
            messages: messages.clone().into(),
            provider_options: options.as_object().unwrap().clone(),
            ..Request::new("claude-sonnet-4-5")
        };
        body(&request)
            .to_string()
            .matches("\"thinking\":\"hm\"")
            .count()
    };
    assert_eq!(sent(json!({})), 2);
    assert_eq!(sent(json!({"anthropic": {"send_reasoning": true}})), 2);
    assert_eq!(
        sent(json!({"anthropic": {"send_reasoning": false}})),
        1,
        "that of this turn"
    );
}

#[test]
fn thinking_rules_out_temperature_and_forced_calls() {
    let request = Request {
        reasoning: Some(ReasoningEffort::Medium),
        tool_choice: ToolChoice::Required,
        ..conversation()
    };
    let body = body(&request);
    assert_eq!(
        body["thinking"],
        json!({"type": "enabled", "budget_tokens": 10_240})
    );
    assert_eq!(body.get("temperature"), None);
    assert_eq!(body["tool_choice"], json!({"type": "auto"}));
    let calm = self::body(&Request {
        reasoning: None,
        ..request
    });
    assert_eq!(calm["temperature"], 0.7);
    assert_eq!(calm["tool_choice"], json!({"type": "any"}));
}

#[test]
fn puts_results_before_words_and_names_a_ceiling() {
    let call = Content::ToolCall {
        id: "a".to_owned(),
        name: "execute".to_owned(),
        arguments: "{}".to_owned(),
    };
    let messages = vec![
        Message::user("go"),
        Message {
            role: Role::Assistant,
            content: vec![call],
        },
        Message::user("and this"),
        Message::tool_result("a", "execute", "ok"),
    ];
    let body = body(&Request {
        messages: Arc::new(messages),
        ..Request::new("claude-opus-4-6")
    });
    let last = &body["messages"][2]["content"];
    assert_eq!(
        (&last[0]["type"], &last[1]["text"]),
        (&json!("tool_result"), &json!("and this"))
    );
    assert_eq!(body["max_tokens"], 32_000);
    assert_eq!(
        (
            body.get("tools"),
            body.get("tool_choice"),
            body.get("system")
        ),
        (None, None, None)
    );
}

#[test]
fn an_empty_request_is_a_body_all_the_same() {
    assert_eq!(body(&Request::new("m"))["messages"], json!([]));
}

#[test]
fn a_computer_is_written_in_the_form_that_the_model_knows() {
    let clicked = r#"{"action":"left_click","coordinate":[3,4]}"#;
    let call = |id: &str, arguments: &str| Content::ToolCall {
        id: id.to_owned(),
        name: "computer".to_owned(),
        arguments: arguments.to_owned(),
    };
    let answered = |id: &str| {
        let text = ToolResultContent::Text("Done.".to_owned());
        Content::ToolResult {
            tool_call_id: id.to_owned(),
            name: "computer".to_owned(),
            content: vec![text],
            is_error: false,
        }
    };
    let said = |role, content| Message { role, content };
    let request = Request {
        messages: Arc::new(vec![
            Message::user("click"),
            said(Role::Assistant, vec![call("a", clicked), call("b", "{}")]),
            said(Role::Tool, vec![answered("a"), answered("b")]),
        ]),
        tools: vec![Tool {
            name: "computer".to_owned(),
            description: "Works on the desktop.".to_owned(),
            input_schema: json!({"type": "object"}),
            screen: Some(crate::ComputerScreen {
                width: 1280,
                height: 720,
            }),
        }],
        ..Request::new("m")
    };
    let in_form = |form| -> Value { serde_json::from_slice(&write(&request, form, None)).unwrap() };

    let function = in_form(Form::Function);
    assert_eq!(function["tools"][0]["input_schema"]["type"], "object");
    let use_ = &function["messages"][1]["content"][0];
    assert_eq!(
        (&use_["name"], &use_["input"]["action"]),
        (&json!("computer"), &json!("left_click"))
    );

    let dated = in_form(Form::Tool {
        kind: "computer_20251124",
        beta: "computer-use-2025-11-24",
    });
    assert_eq!(
        dated["tools"],
        json!([{"type": "computer_20251124", "name": "computer", "display_width_px": 1280, "display_height_px": 720}])
    );
    assert_eq!(dated["messages"], function["messages"]);

    let toolset = in_form(Form::Toolset);
    assert_eq!(
        toolset["tools"],
        json!([{"type": "computer_toolset_20260801", "configs": {"zoom": {"enabled": false}}}])
    );
    assert_eq!(
        toolset["messages"][1]["content"],
        json!([
            {"type": "tool_use", "id": "a", "name": "left_click", "input": {"coordinate": [3, 4]}, "toolset_name": "computer"},
            {"type": "tool_use", "id": "b", "name": "screenshot", "input": {}, "toolset_name": "computer"},
        ])
    );
    assert_eq!(
        toolset["messages"][2]["content"][0]["toolset_name"],
        "computer"
    );
}
