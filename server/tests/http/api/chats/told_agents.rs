//! What an agent is told of itself: whether another agent handed it its work, whether it has a workspace, and whether it plans.

use std::fmt::Write as _;

use sdk::chats::{ChatStatus, CreateChat, PlanMode};
use sdk::client::Client;
use sdk::ids::ModelConfigId;
use sdk::providers::ProviderKind;
use serde_json::Value;
use standin::{Handle, RecordedRequest};

use super::adapters::{model_of, model_of_named};
use super::git_watch::{delete, workspace};
use super::{follow, new_chat};
use crate::support::TestServer;

/// Hands work to an agent of a type, and waits for it.
fn hands_over(kind: &str) -> String {
    format!(
        "!call spawn_agent {{\"type\": \"{kind}\", \"title\": \"Part\", \"prompt\": \"!text \\\"mine\\\"\"}}\n!then\n\
         !call wait_agent {{\"chat_id\": \"{{{{1.chat_id}}}}\"}}\n!then\n!text \"done\""
    )
}

/// The first call of the chat itself, or of the agent that it handed work to. That of a title says so in its instructions.
fn first_call(provider: &Handle, of_agent: bool) -> RecordedRequest {
    let mut requests = provider.traffic().requests.into_iter();
    let is_wanted = |request: &RecordedRequest| {
        request.headers.contains_key("x-coder-subchat-id") == of_agent
            && !request.json()["system"]
                .to_string()
                .contains("Write a title")
    };
    requests.find(is_wanted).unwrap()
}

/// Instructions and tools of a call. What is built in stands at the beginning of them all.
fn told(request: &RecordedRequest) -> String {
    let body = request.json();
    let mut told = String::new();
    for block in body["system"].as_array().unwrap() {
        let text = block["text"].as_str().unwrap();
        let is_built_in = text.starts_with("You are a coding agent in Switchyard.");
        writeln!(told, "{}\n", if is_built_in { "[built in]" } else { text }).unwrap();
    }
    let tools = body["tools"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names: Vec<&str> = tools.iter().map(name).collect();
    write!(told, "Tools: {}", names.join(", ")).unwrap();
    told
}

fn name(tool: &Value) -> &str {
    tool["name"].as_str().unwrap()
}

async fn play(owner: &Client, new: CreateChat, model: ModelConfigId) {
    let new = CreateChat {
        model_config_id: Some(model),
        ..new
    };
    let chat = owner.create_chat(&new).await.unwrap();
    let live = follow(owner, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_know_who_hands_them_work_and_what_they_have() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    for (case, kind, plan_mode) in [
        ("general", "general", PlanMode::Off),
        ("explore", "explore", PlanMode::Off),
        ("planning", "general", PlanMode::Plan),
    ] {
        let provider = standin::start().await.unwrap();
        let named = (ProviderKind::Anthropic, Some(case));
        let model = model_of_named(&owner, named, &provider.base_url()).await;
        let new = CreateChat {
            plan_mode: Some(plan_mode),
            ..new_chat(&hands_over(kind))
        };
        play(&owner, new, model).await;
        let (chat, agent) = (first_call(&provider, false), first_call(&provider, true));
        insta::assert_snapshot!(format!("{case}_without_workspace"), told(&agent));
        if kind == "general" {
            insta::assert_snapshot!(format!("{case}_chat_without_workspace"), told(&chat));
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_in_a_workspace_is_told_of_it_and_of_its_tools() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let workspace = workspace(&owner).await;
    let provider = standin::start().await.unwrap();
    let model = model_of(&owner, ProviderKind::Anthropic, &provider.base_url()).await;
    let new = CreateChat {
        workspace_id: Some(workspace.id),
        ..new_chat(&hands_over("general"))
    };
    play(&owner, new, model).await;
    let told = told(&first_call(&provider, true));
    assert!(
        told.contains("Another agent handed you this work"),
        "{told}"
    );
    assert!(told.contains(&workspace.working_directory), "{told}");
    assert!(!told.contains("no workspace"), "{told}");
    assert!(
        told.contains("Tools: read_file, write_file, edit_files"),
        "{told}"
    );
    assert!(!told.contains("spawn_agent"), "{told}");
    delete(&owner, &workspace).await;
    server.stop().await;
}
