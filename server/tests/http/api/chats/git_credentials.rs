//! Git of a chat's commands signs in with the token of the chat's owner for exactly the host, through a real git.

use std::path::Path;
use std::process::Command;

use sdk::chats::{Chat, CreateChat};
use sdk::client::Client;
use sdk::external_auth::PutExternalAuth;
use sdk::ids::WorkspaceId;
use sdk::messages::ListMessages;
use sdk::templates::CreateTemplate;
use sdk::workspace_shares::{UpdateWorkspaceAcl, WorkspacePermission};
use sdk::workspaces::{CreateWorkspace, WorkspaceMode, WorkspaceStatus};
use serde_json::json;
use store::{Db, OpenOptions, diff_statuses};

use super::{follow, message, new_chat, tool_results};
use crate::api::workspaces::until;
use crate::support::TestServer;
use crate::support::git_host::GitHost;

pub const TOKEN: &str = "glpat-a-very-private-token";

pub async fn give(client: &Client, host: &str) {
    let link = PutExternalAuth {
        token: TOKEN.to_owned(),
        username: None,
    };
    client.put_external_auth(host, &link).await.unwrap();
}

/// A chat in this workspace, or in a new empty one.
pub async fn chat_in(client: &Client, workspace: Option<WorkspaceId>) -> Chat {
    let chat = CreateChat {
        workspace_id: workspace,
        new_workspace: workspace.is_none().then(|| CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..CreateWorkspace::default()
        }),
        ..new_chat("!text \"hello\"")
    };
    let chat = client.create_chat(&chat).await.unwrap();
    follow(client, chat.id).await;
    chat
}

/// Exit code and output of a command that the chat's agent runs.
pub async fn execute(client: &Client, chat: &Chat, command: &str) -> (i64, String) {
    let call = json!({ "command": command, "timeout": "2m" });
    let script = format!("!call execute {call}\n!then\n!text \"the end\"");
    client
        .send_message(chat.id, &message(&script))
        .await
        .unwrap();
    let live = follow(client, chat.id).await;
    let results = tool_results(&live);
    let value = results.last().unwrap().result.clone().unwrap();
    let output = value["output"]
        .as_str()
        .unwrap_or_else(|| panic!("{value}"));
    (value["exit_code"].as_i64().unwrap(), output.to_owned())
}

/// Files below a folder that hold the token.
fn files_with_token(folder: &Path) -> String {
    let found = Command::new("grep")
        .args([
            "--recursive",
            "--files-with-matches",
            "--fixed-strings",
            TOKEN,
        ])
        .arg(folder)
        .output()
        .unwrap();
    String::from_utf8(found.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_clones_commits_and_pushes_and_the_token_is_nowhere_but_in_git() {
    let host = GitHost::start(TOKEN).await;
    let server = TestServer::start_with(|platform, _| host.open_to_workspaces(platform)).await;
    let mia = server.member("mia").await;
    give(&mia, &host.name).await;
    let address = host.address("http://127.0.0.1");
    let chat = chat_in(&mia, None).await;
    let work = format!(
        "git clone --quiet {address} project && cd project && cat readme.md && git switch --quiet --create topic \
         && echo more > more.txt && git add . && git commit --quiet --message=more && git push --quiet origin topic \
         && env && GIT_TRACE_CURL=1 GIT_TRACE_REDACT=0 git fetch origin 2>&1"
    );
    let (code, output) = execute(&mia, &chat, &work).await;
    assert_eq!(code, 0, "{output}");
    assert!(output.starts_with("private\n"), "{output}");
    assert!(
        output.contains("Authorization: Basic [REDACTED]"),
        "{output}"
    );
    assert!(host.git(&["log", "--oneline", "topic"]).contains("more"));
    let shown = host.shown();
    let expected = ("x-access-token".to_owned(), TOKEN.to_owned());
    assert!(
        !shown.is_empty() && shown.iter().all(|shown| *shown == expected),
        "{shown:?}"
    );

    // Also when somebody asks for it to be printed, at once or in pieces, or beyond what is told.
    let ask = format!("\"$GIT_ASKPASS\" \"Password for 'http://{}': \"", host.name);
    let print = format!(
        "{ask}; {ask} | while read -r -n 5 piece; do printf %s \"$piece\"; sleep 0.01; done; seq 20000; {ask}"
    );
    let (code, output) = execute(&mia, &chat, &print).await;
    assert_eq!(code, 0, "{output}");
    assert!(output.starts_with("[REDACTED]\n[REDACTED]"), "{output}");
    let messages = mia
        .list_messages(chat.id, &ListMessages::default())
        .await
        .unwrap();
    assert!(!serde_json::to_string(&messages).unwrap().contains(TOKEN));
    assert_eq!(files_with_token(&server.data_dir()), "");

    let links = mia.list_external_auth().await.unwrap().links;
    assert!(links[0].last_used_at.is_some());
    let database = OpenOptions::SqliteFile(server.data_dir().join("switchyard.db"));
    let db = Db::open_beside(&database).await.unwrap();
    let status = diff_statuses::get(&db, chat.id).await.unwrap().unwrap();
    assert_eq!(
        (&*status.git_branch, &*status.git_remote_origin),
        ("topic", &*address)
    );
    // What is only read afterwards is not what the chat works on; what is pushed then is.
    let branch = async |work: &str| {
        let (code, output) = execute(&mia, &chat, work).await;
        assert_eq!(code, 0, "{output}");
        diff_statuses::get(&db, chat.id).await.unwrap().unwrap()
    };
    let read = branch("cd project && git switch --quiet - && git pull --quiet").await;
    assert_eq!(
        (&*read.git_branch, read.marks > status.marks),
        ("topic", true)
    );
    let next = "cd project && git switch --quiet --create next && git -c push.default=current push --quiet origin next";
    assert_eq!(branch(next).await.git_branch, "next");
    db.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_host_gets_anything() {
    let host = GitHost::start(TOKEN).await;
    let server = TestServer::start_with(|platform, _| host.open_to_workspaces(platform)).await;
    let mia = server.member("mia").await;
    give(&mia, &host.name).await;
    let chat = chat_in(&mia, None).await;
    let other = host.address("http://localhost");
    let (code, output) = execute(&mia, &chat, &format!("git ls-remote {other}")).await;
    assert_ne!(code, 0);
    assert!(output.contains("no token for localhost:"), "{output}");
    assert!(output.contains("Settings → Git hosts"), "{output}");
    let asked = "for prompt in 'http://git.example.com' 'https://127.0.0.1' 'file:///etc' ''; do \
                 \"$GIT_ASKPASS\" \"Password for '$prompt': \" && echo GIVEN; done; \
                 SWITCHYARD_CHAT_ID= \"$GIT_ASKPASS\" \"Username for 'http://127.0.0.1:1': \"; \
                 \"$GIT_ASKPASS\"";
    let (_, output) = execute(&mia, &chat, asked).await;
    assert!(!output.contains("GIVEN"), "{output}");
    assert!(output.contains("SWITCHYARD_CHAT_ID is not set"), "{output}");
    assert_eq!(host.shown(), []);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_of_another_gets_nothing_unless_it_works_in_the_same_workspace() {
    let host = GitHost::start(TOKEN).await;
    let server = TestServer::start_with(|platform, _| host.open_to_workspaces(platform)).await;
    let (mia, sam) = (server.member("mia").await, server.member("sam").await);
    give(&mia, &host.name).await;
    let address = host.address("http://127.0.0.1");
    let mias = chat_in(&mia, None).await;
    let own = chat_in(&sam, None).await;
    let (code, output) = execute(&sam, &own, &format!("git ls-remote {address}")).await;
    assert!(
        code != 0 && output.contains("no token for 127.0.0.1:"),
        "{output}"
    );
    let lie = format!("SWITCHYARD_CHAT_ID={} git ls-remote {address}", mias.id);
    let (code, output) = execute(&sam, &own, &lie).await;
    assert!(
        code != 0 && output.contains("does not work in this workspace"),
        "{output}"
    );
    assert_eq!(host.shown(), []);

    // What a workspace can get is what the owners of its chats have: so docs/security.md says.
    let workspace = mia.get_chat(mias.id).await.unwrap().workspace_id.unwrap();
    let change = UpdateWorkspaceAcl {
        user_permissions: [("sam".to_owned(), vec![WorkspacePermission::Ssh])].into(),
    };
    mia.update_workspace_acl(workspace, &change).await.unwrap();
    let shared = chat_in(&sam, Some(workspace)).await;
    let (code, output) = execute(&sam, &shared, &format!("git ls-remote {address}")).await;
    assert!(
        code != 0 && output.contains("no token for 127.0.0.1:"),
        "{output}"
    );
    let (code, output) = execute(&sam, &shared, &lie).await;
    assert_eq!(code, 0, "{output}");
    mia.archive_chat(mias.id).await.unwrap();
    let (code, output) = execute(&sam, &shared, &lie).await;
    assert!(
        code != 0 && output.contains("does not work in this workspace"),
        "{output}"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_templates_private_repository_is_cloned_with_the_token_of_whose_workspace_it_is() {
    let host = GitHost::start(TOKEN).await;
    let server = TestServer::start_with(|platform, _| host.open_to_workspaces(platform)).await;
    let (owner, mia, sam) = (
        server.owner().await,
        server.member("mia").await,
        server.member("sam").await,
    );
    give(&mia, &host.name).await;
    let template = CreateTemplate {
        name: "private".to_owned(),
        repository_url: Some(host.address("http://127.0.0.1")),
        ..CreateTemplate::default()
    };
    let template = owner.create_template(&template).await.unwrap();
    let from = CreateWorkspace {
        template_id: Some(template.id),
        ..CreateWorkspace::default()
    };
    let made = mia.create_workspace(&from).await.unwrap();
    let ready = until(&mia, made.id, WorkspaceStatus::Ready).await;
    let readme = Path::new(&ready.working_directory).join("readme.md");
    assert_eq!(std::fs::read_to_string(readme).unwrap(), "private\n");
    assert_eq!(files_with_token(&server.data_dir()), "");
    let shown = host.shown().len();

    let refused = sam.create_workspace(&from).await.unwrap();
    let reason = loop {
        let workspace = sam.get_workspace(refused.id).await.unwrap();
        if workspace.status == WorkspaceStatus::Failed {
            break workspace.status_reason.unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(reason.contains("no token for 127.0.0.1:"), "{reason}");
    assert!(reason.contains("Settings → Git hosts"), "{reason}");
    assert_eq!(host.shown().len(), shown);
    server.stop().await;
}
