//! What the token of a workspace's agent is good for: to dial in as that agent, while it runs, and for nothing else.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Method;
use sdk::chats::ListChats;
use sdk::client::Client;
use sdk::ids::WorkspaceId;
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
