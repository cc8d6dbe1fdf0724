//! What the token of a workspace's agent is good for: to dial in as that agent, while it runs, and for nothing else.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Method;
use sdk::chats::{CreateChat, ListChats};
use sdk::client::Client;
use sdk::external_auth::{AskExternalAuth, GitPush, PutExternalAuth};
use sdk::ids::{ChatId, WorkspaceId};
use sdk::parts::InputPart;
use sdk::workspaces::{CreateWorkspace, DeleteWorkspace, ListWorkspaces};

use crate::support::{TestServer, answer};

/// Keeps the token that the server hands over, and dials nowhere.
const AGENT: &str = "#!/bin/sh\n\
    cat > \"$SWITCHYARD_AGENT_STATE_DIRECTORY/received\"\n\
    cd \"$SWITCHYARD_AGENT_STATE_DIRECTORY\" && mv received token\n\
    exec sleep 1000\n";

async fn server_with_a_false_agent(folder: &tempfile::TempDir) -> TestServer {
    let program = folder.path().join("agent");
    std::fs::write(&program, AGENT).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    TestServer::start_with(|platform, _| platform.executable = program).await
}

/// Makes a workspace and takes its agent's token.
async fn token_of_a_new_workspace(server: &TestServer, owner: &Client) -> (WorkspaceId, String) {
    let created = owner.create_workspace(&CreateWorkspace::default()).await;
    let id = created.unwrap().id;
    let file: PathBuf = server
        .data_dir()
        .join(format!("workspaces/{id}/state/token"));
    let token = async {
        loop {
            if let Ok(token) = std::fs::read_to_string(&file) {
                return token.trim().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    (
        id,
        tokio::time::timeout(Duration::from_mins(1), token)
            .await
            .unwrap(),
    )
}

/// The status of a request that does not ask for a WebSocket.
async fn dial(client: &Client) -> u64 {
    let request = client.request(Method::GET, "/api/v2/agents/connect");
    answer(request.unwrap()).await["status"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_an_agent_acts_for_nobody_and_ends_with_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_with_a_false_agent(&folder).await;
    let (mia, sam) = (server.member("mia").await, server.member("sam").await);
    let (own, token) = token_of_a_new_workspace(&server, &mia).await;
    let (other, others_token) = token_of_a_new_workspace(&server, &sam).await;
    assert_ne!(token, others_token);
    let agent = server.anonymous().with_token(&token);

    // It names its agent by itself: there is no place to name another workspace or a chat.
    assert_eq!(dial(&server.anonymous()).await, 401);
    assert_ne!(dial(&agent).await, 401);
    let force = || DeleteWorkspace { force: true };
    for status in [
        agent.get_workspace(own).await.unwrap_err().status(),
        agent.get_workspace(other).await.unwrap_err().status(),
        agent
            .delete_workspace(other, force())
            .await
            .unwrap_err()
            .status(),
        agent
            .list_workspaces(&ListWorkspaces::default())
            .await
            .unwrap_err()
            .status(),
        agent
            .list_chats(&ListChats::default())
            .await
            .unwrap_err()
            .status(),
        agent.get_user("me").await.unwrap_err().status(),
    ] {
        assert_eq!(status, Some(401));
    }

    sam.delete_workspace(other, force()).await.unwrap();
    let ended = server.anonymous().with_token(&others_token);
    assert!([401, 410].contains(&dial(&ended).await));
    assert_ne!(dial(&agent).await, 401);
    mia.delete_workspace(own, force()).await.unwrap();
    assert!([401, 410].contains(&dial(&agent).await));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_agent_of_the_chats_own_workspace_is_given_a_git_token() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_with_a_false_agent(&folder).await;
    let (mia, sam) = (server.member("mia").await, server.member("sam").await);
    let (own, token) = token_of_a_new_workspace(&server, &mia).await;
    let (_, others_token) = token_of_a_new_workspace(&server, &sam).await;
    let link = PutExternalAuth {
        token: "a-private-token".to_owned(),
        username: Some("mia".to_owned()),
    };
    mia.put_external_auth("git.example.com", &link)
        .await
        .unwrap();
    let chat = CreateChat {
        content: vec![InputPart::Text {
            text: "!text \"hello\"".to_owned(),
        }],
        workspace_id: Some(own),
        ..CreateChat::default()
    };
    let chat = mia.create_chat(&chat).await.unwrap().id;
    let question = |chat_id, url: &str| AskExternalAuth {
        chat_id,
        url: url.to_owned(),
        git_branch: String::new(),
        git_remote_origin: String::new(),
        is_fetch: false,
    };
    let sound = question(chat, "https://git.example.com");
    let agent = server.anonymous().with_token(&token);
    let given = agent.ask_external_auth(&sound).await.unwrap();
    assert_eq!(
        (&*given.username, &*given.access_token),
        ("mia", "a-private-token")
    );
    let status = async |client: &Client, question: &AskExternalAuth| {
        let refused = client.ask_external_auth(question).await.unwrap_err();
        refused.status().unwrap()
    };
    // The agent's token names no person, and no person's token names an agent.
    assert_eq!(
        agent.list_external_auth().await.unwrap_err().status(),
        Some(401)
    );
    for stranger in [&server.anonymous(), &mia, &server.owner().await] {
        assert_eq!(status(stranger, &sound).await, 401);
    }
    let other = server.anonymous().with_token(&others_token);
    assert_eq!(status(&other, &sound).await, 404);
    for wrong in [
        question(ChatId::generate(), "https://git.example.com"),
        question(chat, "https://git.example.com:8443"),
        question(chat, "https://git.example.com.evil.example"),
        question(chat, "http://git.example.com"),
        question(chat, "git.example.com"),
        question(chat, ""),
    ] {
        assert_eq!(status(&agent, &wrong).await, 404, "{wrong:?}");
    }
    // What it tells of pushes is taken in the same way.
    let push = |chat_id, origin: &str| GitPush {
        chat_id,
        git_branch: "topic".to_owned(),
        git_remote_origin: origin.to_owned(),
    };
    let pushed = push(chat, "git@git.example.com:a/b.git");
    agent.note_git_push(&pushed).await.unwrap();
    let known = mia.get_chat(chat).await.unwrap().diff_status.unwrap();
    assert_eq!(known.git_branch, "topic");
    let refused = async |client: &Client, push: &GitPush| {
        let refused = client.note_git_push(push).await.unwrap_err();
        refused.status().unwrap()
    };
    for stranger in [&server.anonymous(), &mia] {
        assert_eq!(refused(stranger, &pushed).await, 401);
    }
    assert_eq!(refused(&other, &pushed).await, 404);
    let foreign = push(ChatId::generate(), "git@git.example.com:a/b.git");
    assert_eq!(refused(&agent, &foreign).await, 404);
    assert_eq!(refused(&agent, &push(chat, "/srv/b.git")).await, 404);
    let force = DeleteWorkspace { force: true };
    mia.delete_workspace(own, force).await.unwrap();
    assert!([401, 410].contains(&status(&agent, &sound).await));
    server.stop().await;
}
