//! What goes wrong around a turn, with real commands in a real workspace: floods, bytes that are no text, commands
//! without an end, a folder that vanishes, a provider that is down. The answer always says what happened.

use sdk::chats::{Chat, ChatStatus, CreateChat};
use sdk::client::Client;
use sdk::ids::MessageId;
use sdk::live::{Applied, LiveChat};
use sdk::models::CreateModelConfig;
use sdk::parts::ToolResultPart;
use sdk::providers::{CreateProviderConfig, ProviderKind};
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};
use serde_json::{Value, json};

use super::{follow, message, new_chat, next, tool_results};
use crate::support::TestServer;

const GIBIBYTE: u64 = 1024 * 1024 * 1024;

fn in_workspace(script: &str) -> CreateChat {
    CreateChat {
        new_workspace: Some(CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..CreateWorkspace::default()
        }),
        ..new_chat(script)
    }
}

fn execute(arguments: &Value) -> String {
    format!("!call execute {arguments}")
}

/// The results of a turn that ends well.
async fn run(owner: &Client, script: &str) -> (Chat, Vec<ToolResultPart>) {
    let chat = owner.create_chat(&in_workspace(script)).await.unwrap();
    let live = follow(owner, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
    assert!(live.messages.last().unwrap().text().contains("the end"));
    (chat, tool_results(&live))
}

#[tokio::test]
async fn a_command_that_prints_a_gigabyte_is_answered_with_its_head_and_its_tail() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    // Lines of 1024 bytes: what costs time in a build for tests is the number of lines.
    let command = "echo begin; yes $(printf %01023d 7) | head -c 1G; echo end";
    let call = execute(&json!({"command": command, "timeout": "3m"}));
    let (_, results) = run(&owner, &format!("{call}\n!then\n!text \"the end\"")).await;
    let result = results[0].result.as_ref().unwrap();
    assert_eq!(result["exit_code"], 0, "{}", result["error"]);
    let output = result["output"].as_str().unwrap();
    assert!(output.starts_with("begin\n00000"), "{}", &output[..100]);
    assert!(
        output.ends_with("0007\nend\n"),
        "{}",
        &output[output.len() - 100..]
    );
    assert!(output.len() < 64 * 1024, "{}", output.len());
    let truncated = &result["truncated"];
    let whole = GIBIBYTE + "begin\nend\n".len() as u64;
    assert_eq!(truncated["original_bytes"], whole, "{truncated}");
    assert!(truncated["omitted_bytes"].as_u64().unwrap() > GIBIBYTE - 64 * 1024);
    server.stop().await;
}

#[tokio::test]
async fn bytes_that_are_no_text_and_a_command_without_an_end_are_answers() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let binary = execute(&json!({"command": "printf 'a\\377\\376b'"}));
    let endless = execute(&json!({"command": "echo begun; sleep 1000", "timeout": "1s"}));
    let script =
        format!("{binary}\n{endless}\n!then\n!call process_list {{}}\n!then\n!text \"the end\"");
    let (_, results) = run(&owner, &script).await;
    let [binary, endless, list] = results.as_slice() else {
        panic!("{results:?}")
    };
    assert!(!binary.is_error, "{binary:?}");
    assert_eq!(
        binary.result.as_ref().unwrap()["output"],
        "a\u{fffd}\u{fffd}b"
    );
    let endless = endless.result.as_ref().unwrap();
    assert_eq!(endless["output"], "begun\n");
    assert!(endless["error"].as_str().unwrap().contains("Still running"));
    let id = endless["background_process_id"].clone();
    let processes = list.result.as_ref().unwrap()["processes"]
        .as_array()
        .unwrap()
        .clone();
    let process = processes.iter().find(|process| process["id"] == id);
    assert_eq!(process.unwrap()["running"], true, "{processes:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reaches_the_server_and_is_nobody_there() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let ask = |options: &str| {
        let base = &server.base_url;
        format!("curl -s -w '%{{http_code}} ' -o /dev/null {base}/api/{options}; ")
    };
    let command = [
        ask("experimental/chats"),
        ask("v2/workspaces -H 'Authorization: Bearer guessed'"),
        ask("v2/agents/connect"),
    ]
    .concat();
    let call = execute(&json!({ "command": command }));
    let (_, results) = run(&owner, &format!("{call}\n!then\n!text \"the end\"")).await;
    let output = &results[0].result.as_ref().unwrap()["output"];
    assert_eq!(output, "401 401 401 ");
    server.stop().await;
}

#[tokio::test]
async fn a_workspace_whose_folder_was_removed_says_so() {
    // In a sandbox the folder stays mounted, and the commands themselves say what is missing.
    let server = TestServer::start_with(|platform, _| platform.use_sandbox = false).await;
    let owner = server.owner().await;
    let call = execute(&json!({"command": "pwd"}));
    let script = format!("{call}\n!then\n!text \"the end\"");
    let (chat, results) = run(&owner, &script).await;
    assert!(!results[0].is_error, "{results:?}");
    let workspace = owner
        .get_workspace(chat.workspace_id.unwrap())
        .await
        .unwrap();
    std::fs::remove_dir_all(&workspace.working_directory).unwrap();

    owner
        .send_message(chat.id, &message(&script))
        .await
        .unwrap();
    let live = follow(&owner, chat.id).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting), "{:?}", live.error);
    let failed = tool_results(&live).pop().unwrap();
    assert!(failed.is_error, "{failed:?}");
    let text = failed.result.as_ref().unwrap()["error"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(text.contains(&workspace.working_directory), "{text}");
    server.stop().await;
}

#[tokio::test]
async fn a_provider_that_is_down_is_named_while_it_is_waited_for() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let provider = CreateProviderConfig {
        provider: ProviderKind::OpenAiCompatible,
        display_name: Some("Workshop".into()),
        base_url: Some("http://127.0.0.1:9/v1".into()),
        api_key: None,
        enabled: None,
        key_policy: sdk::providers::UpdateKeyPolicy::default(),
    };
    let provider = owner.create_provider(&provider).await.unwrap();
    let model = CreateModelConfig {
        provider_config_id: provider.id,
        model: "workshop-1".into(),
        display_name: None,
        enabled: None,
        is_default: None,
        context_limit: 8192,
        compression_threshold: None,
        model_config: None,
    };
    let new = CreateChat {
        model_config_id: Some(owner.create_model_config(&model).await.unwrap().id),
        ..new_chat("hello")
    };
    let chat = owner.create_chat(&new).await.unwrap().id;
    let mut live = LiveChat::default();
    let mut stream = owner.stream_chat(chat, MessageId(0)).await.unwrap();
    while live.retry.is_none() {
        for event in next(&mut stream).await {
            assert_ne!(live.apply(event), Applied::Resync);
        }
    }
    let retry = live.retry.unwrap();
    assert_eq!(retry.kind, "timeout");
    assert!(
        retry.error.contains("cannot be reached at 127.0.0.1:9"),
        "{}",
        retry.error
    );
    assert_eq!(live.status, Some(ChatStatus::Running));

    owner.interrupt_chat(chat).await.unwrap();
    let live = follow(&owner, chat).await;
    assert_eq!(live.status, Some(ChatStatus::Waiting));
    server.stop().await;
}
