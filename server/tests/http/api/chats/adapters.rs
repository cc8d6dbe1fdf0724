//! Whole turns through the real adapters of both wire formats, against a server that refuses what the real providers
//! refuse: reasoning, parallel calls, their results, a second step, and what all of it used.

use sdk::chats::{ChatStatus, CreateChat};
use sdk::client::Client;
use sdk::ids::ModelConfigId;
use sdk::messages::{Message, MessageUsage, Role};
use sdk::models::CreateModelConfig;
use sdk::parts::Part;
use sdk::providers::{CreateProviderConfig, ProviderKind};
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};
use serde_json::Value;
use standin::Handle;

use super::{follow, new_chat};
use crate::support::TestServer;

const SCRIPT: &str = "!reason \"I should look.\"\n!text \"Looking.\"\n\
    !call execute {\"command\": \"echo one\"}\n!call execute {\"command\": \"echo two\"}\n\
    !usage input=100 output=20 cache_read=30 cache_write=40 reasoning=5\n\
    !then\n!reason \"Both are there.\"\n!text \"Done.\"\n\
    !usage input=10 output=7 cache_read=170 cache_write=0 reasoning=2";

const CONTEXT_LIMIT: i64 = 100_000;

/// A model behind a provider of this kind that the stand-in plays.
pub(super) async fn model_of(owner: &Client, kind: ProviderKind, base_url: &str) -> ModelConfigId {
    model_of_named(owner, (kind, None), base_url).await
}

/// The same of a provider with a name of its own, for tests with several of a kind.
pub(super) async fn model_of_named(
    owner: &Client,
    (kind, name): (ProviderKind, Option<&str>),
    base_url: &str,
) -> ModelConfigId {
    let provider = CreateProviderConfig {
        provider: kind,
        display_name: name.map(str::to_owned),
        base_url: Some(base_url.to_owned()),
        api_key: Some("sk-test".to_owned()),
        enabled: None,
        key_policy: sdk::providers::UpdateKeyPolicy::default(),
    };
    let provider = owner.create_provider(&provider).await.unwrap();
    let model = CreateModelConfig {
        provider_config_id: provider.id,
        model: "standin-large".to_owned(),
        display_name: None,
        enabled: None,
        is_default: None,
        context_limit: CONTEXT_LIMIT,
        compression_threshold: None,
        model_config: None,
    };
    owner.create_model_config(&model).await.unwrap().id
}

/// What a message holds, at a glance.
fn outline(message: &Message) -> Vec<String> {
    let shown = |part: &Part| match part {
        Part::Reasoning(reasoning) => format!("thinks {:?}", reasoning.text),
        Part::Text { text } => format!("says {text:?}"),
        Part::ToolCall(call) => format!("calls {} {}", call.tool_name, call.args.as_ref().unwrap()),
        Part::ToolResult(result) => {
            format!("gets {}", result.result.as_ref().unwrap()["output"])
        }
        other => panic!("{other:?}"),
    };
    message.content.iter().map(shown).collect()
}

fn usage(input: i64, output: i64, read: i64, written: i64, reasoning: i64) -> MessageUsage {
    MessageUsage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        total_tokens: Some(input + output + read + written),
        reasoning_tokens: Some(reasoning),
        cache_creation_tokens: Some(written),
        cache_read_tokens: Some(read),
        context_limit: Some(CONTEXT_LIMIT),
    }
}

/// Runs the script; gives the bodies of the turn's calls. A title's call offers no tools.
async fn plays(
    server: &TestServer,
    provider: &Handle,
    kind: ProviderKind,
    path: &str,
) -> Vec<Value> {
    let owner = server.owner().await;
    let base_url = format!("{}{path}", provider.base_url());
    let new = CreateChat {
        model_config_id: Some(model_of(&owner, kind, &base_url).await),
        new_workspace: Some(CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..CreateWorkspace::default()
        }),
        ..new_chat(SCRIPT)
    };
    let chat = owner.create_chat(&new).await.unwrap();
    let live = follow(&owner, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);

    let [_, step, one, two, end] = live.messages.as_slice() else {
        panic!("{:?}", live.messages)
    };
    assert_eq!(
        outline(step),
        [
            "thinks \"I should look.\"",
            "says \"Looking.\"",
            "calls execute {\"command\":\"echo one\"}",
            "calls execute {\"command\":\"echo two\"}",
        ]
    );
    assert_eq!(outline(one), ["gets \"one\\n\""]);
    assert_eq!(outline(two), ["gets \"two\\n\""]);
    assert_eq!(
        outline(end),
        ["thinks \"Both are there.\"", "says \"Done.\""]
    );
    assert_eq!(
        (one.role, two.role, end.role),
        (Role::Tool, Role::Tool, Role::Assistant)
    );
    assert_eq!(step.usage, Some(usage(100, 20, 30, 40, 5)));
    assert_eq!(end.usage, Some(usage(10, 7, 170, 0, 2)));
    assert_eq!((one.usage, two.usage), (None, None));

    let has_tools = |body: &Value| body["tools"].is_array();
    let bodies = provider.traffic().requests.into_iter();
    bodies
        .map(|request| request.json())
        .filter(has_tools)
        .collect()
}

#[tokio::test]
async fn a_turn_of_two_steps_over_anthropic_messages() {
    let provider = standin::start().await.unwrap();
    let server = TestServer::start().await;
    let calls = plays(&server, &provider, ProviderKind::Anthropic, "").await;
    assert_eq!(calls.len(), 2);
    let last: Vec<&Value> = calls[1]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .take(2)
        .collect();
    let kinds = |message: &Value| -> Vec<Value> {
        let blocks = message["content"].as_array().unwrap();
        blocks.iter().map(|block| block["type"].clone()).collect()
    };
    assert_eq!(kinds(last[1]), ["thinking", "text", "tool_use", "tool_use"]);
    assert_eq!(kinds(last[0]), ["tool_result", "tool_result"]);
    // The provider takes its own signature back only; any other would have been refused.
    assert!(last[1]["content"][0]["signature"].is_string());
    server.stop().await;
}

#[tokio::test]
async fn a_turn_of_two_steps_over_openai_chat_completions() {
    let provider = standin::start().await.unwrap();
    let server = TestServer::start().await;
    let calls = plays(&server, &provider, ProviderKind::OpenAiCompatible, "/v1").await;
    assert_eq!(calls.len(), 2);
    let messages = calls[1]["messages"].as_array().unwrap();
    let [.., step, one, two] = messages.as_slice() else {
        panic!("{messages:?}")
    };
    let ids: Vec<&Value> = step["tool_calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["id"])
        .collect();
    assert_eq!(ids, [&one["tool_call_id"], &two["tool_call_id"]]);
    assert_eq!(step["reasoning_content"], "I should look.");
    assert_eq!(
        (&one["role"], &two["role"]),
        (&"tool".into(), &"tool".into())
    );
    server.stop().await;
}
