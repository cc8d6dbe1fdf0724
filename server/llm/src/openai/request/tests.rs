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

fn body(request: &Request, dialect: Dialect) -> Value {
    serde_json::from_slice(&write(request, dialect)).unwrap()
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
        ..Request::new("gpt-5.1")
    }
}

#[test]
fn writes_a_whole_conversation() {
    insta::assert_json_snapshot!(body(&conversation(), Dialect::new(false)));
}

#[test]
fn openai_gets_no_thoughts_and_only_plain_ids() {
    let body = body(&conversation(), Dialect::new(true)).to_string();
    assert!(
        !body.contains("reasoning_content") && !body.contains("functions.execute:0"),
        "{body}"
    );
}

#[test]
fn leaves_out_what_a_dialect_has_no_word_for() {
    let request = Request {
        reasoning: Some(ReasoningEffort::High),
        ..conversation()
    };
    let official = body(&request, Dialect::new(true));
    assert_eq!(official["max_completion_tokens"], 16_000);
    assert_eq!(
        (&official["reasoning_effort"], &official["temperature"]),
        (&json!("high"), &json!(0.7))
    );
    let compatible = body(&request, Dialect::new(false));
    assert_eq!(
        (
            &compatible["max_tokens"],
            compatible.get("max_completion_tokens")
        ),
        (&json!(16_000), None)
    );
    let poor = Dialect {
        has_temperature: false,
        has_reasoning_effort: false,
        has_stream_options: false,
        ..Dialect::new(false)
    };
    let body = body(&request, poor);
    for name in ["temperature", "reasoning_effort", "stream_options"] {
        assert_eq!(body.get(name), None);
    }
}

fn with_settings() -> Request {
    let options = json!({
        "openai": {
            "reasoning_effort": "xhigh", "text_verbosity": "low", "parallel_tool_calls": false,
            "max_completion_tokens": 500, "store": true, "prompt_cache_key": "team", "service_tier": "flex",
            "max_tool_calls": 3, "web_search_enabled": true,
        },
        "openaicompat": {"reasoning_effort": "low", "extra_body": {"min_p": 0.05, "model": "other", "top_k": 1}},
        "anthropic": {"effort": "max"},
    });
    Request {
        top_p: Some(0.9),
        top_k: Some(40),
        presence_penalty: Some(0.5),
        frequency_penalty: Some(-0.25),
        provider_options: options.as_object().unwrap().clone(),
        ..conversation()
    }
}

#[test]
fn says_how_to_sample_and_what_is_set_for_its_server() {
    let request = with_settings();
    let official = body(&request, Dialect::new(true));
    for (name, value) in [
        ("top_p", json!(0.9)),
        ("presence_penalty", json!(0.5)),
        ("frequency_penalty", json!(-0.25)),
        ("reasoning_effort", json!("xhigh")),
        ("verbosity", json!("low")),
        ("parallel_tool_calls", json!(false)),
        ("max_completion_tokens", json!(500)),
        ("store", json!(true)),
        ("prompt_cache_key", json!("team")),
        ("service_tier", json!("flex")),
    ] {
        assert_eq!(official[name], value, "{name}");
    }
    for unknown in [
        "top_k",
        "max_tool_calls",
        "web_search_enabled",
        "effort",
        "min_p",
    ] {
        assert_eq!(official.get(unknown), None, "{unknown}");
    }
    let compatible = body(&request, Dialect::new(false));
    assert_eq!(
        compatible["top_k"], 40,
        "what is said goes before the extra body"
    );
    assert_eq!(compatible["min_p"], 0.05);
    assert_eq!(compatible["reasoning_effort"], "low", "its own goes first");
    assert_ne!(compatible["model"], "other");
    let poor = Dialect {
        has_sampling: false,
        ..Dialect::new(true)
    };
    let body = body(&request, poor);
    for name in ["top_p", "presence_penalty", "frequency_penalty"] {
        assert_eq!(body.get(name), None);
    }
}

#[test]
fn nothing_is_set_that_nobody_set() {
    let body = body(&conversation(), Dialect::new(true));
    for name in [
        "top_p",
        "presence_penalty",
        "store",
        "service_tier",
        "parallel_tool_calls",
        "verbosity",
    ] {
        assert_eq!(body.get(name), None, "{name}");
    }
}

#[test]
fn says_how_tools_may_be_used() {
    for (choice, name) in [
        (ToolChoice::Auto, "auto"),
        (ToolChoice::None, "none"),
        (ToolChoice::Required, "required"),
    ] {
        let request = Request {
            tool_choice: choice,
            ..conversation()
        };
        assert_eq!(body(&request, Dialect::new(true))["tool_choice"], name);
    }
    let without = Request {
        tools: Vec::new(),
        ..conversation()
    };
    assert_eq!(body(&without, Dialect::new(true)).get("tool_choice"), None);
}
