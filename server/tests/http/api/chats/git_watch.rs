//! The git watch of a chat, with the agent that really looks: which repositories it tells of, whom it tells, and what it
//! says when the agent is away or the workspace is no more.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sdk::chats::{Chat, CreateChat};
use sdk::client::{Client, Subscription};
use sdk::git::{GitWatchMessage, GitWatchProblem, GitWatchRequest, RepositoryChanges};
use sdk::ids::ChatId;
use sdk::workspace_shares::{UpdateWorkspaceAcl, WorkspacePermission};
use sdk::workspaces::{
    CreateBuild, CreateWorkspace, DeleteWorkspace, Transition, Workspace, WorkspaceMode,
    WorkspaceStatus,
};

use super::{PATIENCE, follow, message, new_chat, status};
use crate::api::workspaces::{git, until};
use crate::support::{TestServer, on_both};

type Watch = Subscription<GitWatchMessage>;

pub(super) async fn workspace(client: &Client) -> Workspace {
    let empty = CreateWorkspace {
        mode: Some(WorkspaceMode::Empty),
        ..CreateWorkspace::default()
    };
    let made = client.create_workspace(&empty).await.unwrap();
    until(client, made.id, WorkspaceStatus::Ready).await
}

pub(super) async fn chat_in(client: &Client, workspace: &Workspace, script: &str) -> Chat {
    let new = CreateChat {
        workspace_id: Some(workspace.id),
        ..new_chat(script)
    };
    let chat = client.create_chat(&new).await.unwrap();
    follow(client, chat.id).await;
    chat
}

async fn next(watch: &mut Watch) -> Option<GitWatchMessage> {
    let next = tokio::time::timeout(PATIENCE, watch.next()).await.unwrap();
    next.map(Result::unwrap)
}

/// The first repository of the next message that tells of any.
async fn changed(watch: &mut Watch) -> RepositoryChanges {
    loop {
        match next(watch).await.unwrap() {
            GitWatchMessage::Changes { repositories, .. } => {
                if let Some(first) = repositories.into_iter().next() {
                    return first;
                }
            }
            GitWatchMessage::Error { message, .. } => panic!("{message}"),
        }
    }
}

async fn problem(watch: &mut Watch) -> (Option<GitWatchProblem>, String) {
    loop {
        if let GitWatchMessage::Error {
            message, reason, ..
        } = next(watch).await.unwrap()
        {
            return (reason, message);
        }
    }
}

async fn run_in(client: &Client, chat: ChatId, command: &str) {
    let call = serde_json::json!({ "command": command });
    let script = format!("!call execute {call}\n!then\n!text \"the end\"");
    client.send_message(chat, &message(&script)).await.unwrap();
    follow(client, chat).await;
}

pub(super) async fn share(
    owner: &Client,
    workspace: &Workspace,
    with: &str,
    given: &[WorkspacePermission],
) {
    let change = UpdateWorkspaceAcl {
        user_permissions: [(with.to_owned(), given.to_vec())].into(),
    };
    owner
        .update_workspace_acl(workspace.id, &change)
        .await
        .unwrap();
}

pub(super) async fn delete(client: &Client, workspace: &Workspace) {
    let force = DeleteWorkspace { force: true };
    client.delete_workspace(workspace.id, force).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_repository_appears_when_a_tool_touched_it_and_outside_changes_are_told() {
    on_both(async |server| {
        let member = server.member("mia").await;
        let workspace = workspace(&member).await;
        let chat = chat_in(&member, &workspace, "!text \"hello\"").await;
        let mut watch = member.watch_git(chat.id).await.unwrap();
        let own = changed(&mut watch).await;
        assert_eq!(own.repo_root, workspace.working_directory);

        // Nobody's tool: it is heard of from the file system.
        let folder = PathBuf::from(&workspace.working_directory);
        std::fs::write(folder.join("outside"), "1\n").unwrap();
        let now = changed(&mut watch).await;
        assert_eq!(
            (now.additions, now.untracked_files, now.uncommitted_files),
            (1, 1, 1)
        );
        assert!(now.unified_diff.unwrap().contains("b/outside"));

        let root = format!("/tmp/other-{}", chat.id);
        let command = format!("git init -q -b trunk {root}");
        run_in(&member, chat.id, &command).await;
        let write = serde_json::json!({"path": format!("{root}/file"), "content": "x\n"});
        let script = format!("!call write_file {write}\n!then\n!text \"the end\"");
        member
            .send_message(chat.id, &message(&script))
            .await
            .unwrap();
        follow(&member, chat.id).await;
        let second = loop {
            let seen = changed(&mut watch).await;
            if seen.repo_root != own.repo_root {
                break seen;
            }
        };
        assert_eq!((second.branch.as_str(), second.changed_files), ("trunk", 1));
        delete(&member, &workspace).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_sees_what_the_chat_above_it_touched() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    let workspace = workspace(&member).await;
    let parent = chat_in(&member, &workspace, "!text \"hello\"").await;
    let stranger = chat_in(&member, &workspace, "!text \"hello\"").await;
    let script = "!call execute {\"command\": \"git init -q /tmp/above && touch /tmp/above/file\"}\n!then\n\
                  !call execute {\"command\": \"true\", \"workdir\": \"/tmp/above\"}\n!then\n!text \"the end\"";
    member
        .send_message(parent.id, &message(script))
        .await
        .unwrap();
    follow(&member, parent.id).await;
    let child = child_of(&server, parent.id).await;
    let roots = async |chat: ChatId| {
        let mut watch = member.watch_git(chat).await.unwrap();
        let GitWatchMessage::Changes { repositories, .. } = next(&mut watch).await.unwrap() else {
            panic!("changes come first")
        };
        let roots = repositories.into_iter().map(|seen| seen.repo_root);
        roots.collect::<Vec<_>>()
    };
    let both = [workspace.working_directory.clone(), "/tmp/above".to_owned()];
    assert_eq!(roots(parent.id).await, both);
    assert_eq!(roots(child).await, both);
    assert_eq!(roots(stranger.id).await, both[..1]);
    delete(&member, &workspace).await;
}

/// A chat that this one spawned, as its row says.
async fn child_of(server: &TestServer, parent: ChatId) -> ChatId {
    let options = store::OpenOptions::from_url(None, &server.data_dir()).unwrap();
    let db = store::Db::open_beside(&options).await.unwrap();
    let mut row = store::chats::get(&db, parent).await.unwrap().unwrap();
    row.id = ChatId::generate();
    (row.parent_chat_id, row.root_chat_id) = (Some(parent), Some(parent));
    let mut tx = db.begin().await.unwrap();
    store::chats::insert(&mut tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    row.id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_message_is_answered_and_the_socket_stays_open() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    let workspace = workspace(&member).await;
    let chat = chat_in(&member, &workspace, "!text \"hello\"").await;
    let mut watch = member.watch_git(chat.id).await.unwrap();
    changed(&mut watch).await;
    let unknown = serde_json::json!({"type": "dance"});
    watch.send(&unknown).await.unwrap();
    let (reason, said) = problem(&mut watch).await;
    assert!(reason.is_none() && said.contains("refresh"), "{said}");
    // What git alone is told of is in no watched folder's list; a request has it looked at.
    let folder = PathBuf::from(&workspace.working_directory);
    git(
        &folder,
        &[
            "config",
            "remote.origin.url",
            "https://u:secret@example.com/a.git",
        ],
    );
    watch.send(&GitWatchRequest::Refresh).await.unwrap();
    let origin = changed(&mut watch).await.remote_origin;
    assert_eq!(origin.as_deref(), Some("https://example.com/a.git"));
    delete(&member, &workspace).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watch_says_that_the_agent_is_away_goes_on_when_it_is_back_and_ends_with_the_workspace()
{
    on_both(async |server| {
        let member = server.member("mia").await;
        let workspace = workspace(&member).await;
        let chat = chat_in(&member, &workspace, "!text \"hello\"").await;
        let mut watch = member.watch_git(chat.id).await.unwrap();
        changed(&mut watch).await;
        server.agents.disconnect_all();
        let GitWatchMessage::Error { reason, since, .. } = next(&mut watch).await.unwrap() else {
            panic!("the lost connection is told")
        };
        assert_eq!(reason, Some(GitWatchProblem::Reconnecting));
        assert!(since.is_some());
        // A whole snapshot, then what changes.
        assert_eq!(changed(&mut watch).await.changed_files, 0);
        let folder = PathBuf::from(&workspace.working_directory);
        std::fs::write(folder.join("after"), "").unwrap();
        assert_eq!(changed(&mut watch).await.changed_files, 1);

        let stop = CreateBuild {
            transition: Transition::Stop,
            parameters: BTreeMap::new(),
            force: false,
        };
        member.create_build(workspace.id, &stop).await.unwrap();
        let (reason, said) = loop {
            let told = problem(&mut watch).await;
            if told.0 != Some(GitWatchProblem::Reconnecting) {
                break told;
            }
        };
        assert_eq!(reason, Some(GitWatchProblem::Stopped));
        assert!(said.contains("next message"), "{said}");
        assert!(next(&mut watch).await.is_none(), "the socket is closed");

        until(&member, workspace.id, WorkspaceStatus::Stopped).await;
        let refused = member.watch_git(chat.id).await.err().unwrap();
        assert_eq!(refused.status(), Some(503));
        assert!(refused.to_string().contains("stopped"), "{refused}");
        delete(&member, &workspace).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_workspace_is_not_shared_with_any_more_sees_nothing_more() {
    on_both(async |server| {
        let (member, guest) = (server.member("mia").await, server.member("sam").await);
        let workspace = workspace(&member).await;
        share(&member, &workspace, "sam", &[WorkspacePermission::Ssh]).await;
        let chat = chat_in(&guest, &workspace, "!text \"hello\"").await;
        assert_eq!(
            status_of_watch(&member, chat.id).await,
            404,
            "not their chat"
        );
        let mut watch = guest.watch_git(chat.id).await.unwrap();
        changed(&mut watch).await;

        share(
            &member,
            &workspace,
            "sam",
            &[WorkspacePermission::ApplicationConnect],
        )
        .await;
        let folder = PathBuf::from(&workspace.working_directory);
        std::fs::write(folder.join("shown"), "").unwrap();
        assert_eq!(changed(&mut watch).await.changed_files, 1);

        share(&member, &workspace, "sam", &[WorkspacePermission::Read]).await;
        std::fs::write(folder.join("secret"), "").unwrap();
        let (reason, said) = problem(&mut watch).await;
        assert_eq!(reason, Some(GitWatchProblem::Refused));
        assert!(said.contains("shared with you without"), "{said}");
        assert!(next(&mut watch).await.is_none(), "the socket is closed");
        assert_eq!(status_of_watch(&guest, chat.id).await, 403);

        share(&member, &workspace, "sam", &[]).await;
        assert_eq!(status_of_watch(&guest, chat.id).await, 404);
        delete(&member, &workspace).await;
    })
    .await;
}

async fn status_of_watch(client: &Client, chat: ChatId) -> u16 {
    status(async { client.watch_git(chat).await.map(|_| ()) }).await
}
