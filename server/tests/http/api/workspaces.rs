//! Workspaces that really run: this server's own binary is the agent, in a sandbox where there is one.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use reqwest::Method;
use std::collections::BTreeMap;

use sdk::allowed_folders::CreateAllowedFolder;
use sdk::client::Client;
use sdk::ids::WorkspaceId;
use sdk::workspaces::{
    CreateBuild, CreateWorkspace, DeleteWorkspace, ListWorkspaces, ReadBuildLog, Transition,
    UpdateWorkspace, Workspace, WorkspaceMode, WorkspaceStatus,
};

use crate::support::{TestServer, answer};

pub(super) fn git(folder: &Path, arguments: &[&str]) {
    let identity = [
        "-c",
        "user.name=Owner",
        "-c",
        "user.email=owner@example.com",
    ];
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(identity)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(in crate::api) async fn until(
    client: &Client,
    id: WorkspaceId,
    status: WorkspaceStatus,
) -> Workspace {
    let wait = async {
        loop {
            let workspace = client.get_workspace(id).await.unwrap();
            if workspace.status == status {
                return workspace;
            }
            assert_ne!(
                workspace.status,
                WorkspaceStatus::Failed,
                "{:?}",
                workspace.status_reason
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), wait)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worktree_starts_stops_starts_again_and_is_deleted_when_nothing_is_lost() {
    let server = TestServer::start().await;
    let (owner, member) = (server.owner().await, server.member("mia").await);
    let project = server.scratch().canonicalize().unwrap().join("project");
    std::fs::create_dir(&project).unwrap();
    git(&project, &["init", "--quiet", "-b", "main"]);
    std::fs::write(project.join("readme.md"), "hello\n").unwrap();
    git(&project, &["add", "."]);
    git(&project, &["commit", "--quiet", "-m", "first"]);
    let folder = project.to_str().unwrap().to_owned();
    let request = CreateWorkspace {
        folder: Some(folder.clone()),
        ..CreateWorkspace::default()
    };
    assert_eq!(
        member
            .create_workspace(&request)
            .await
            .unwrap_err()
            .status(),
        Some(400)
    );
    owner
        .create_allowed_folder(&CreateAllowedFolder { path: folder })
        .await
        .unwrap();

    let created = member.create_workspace(&request).await.unwrap();
    assert_eq!(created.mode, WorkspaceMode::Worktree);
    let ready = until(&member, created.id, WorkspaceStatus::Ready).await;
    assert!(ready.branch.unwrap().starts_with("switchyard/"));
    assert!(ready.base_commit.is_some() && ready.sandbox.is_some());
    assert_eq!(
        std::fs::read_to_string(Path::new(&ready.working_directory).join("readme.md")).unwrap(),
        "hello\n"
    );
    let listed = member
        .list_workspaces(&ListWorkspaces::default())
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    let build = listed[0].latest_build.clone().unwrap();
    let log = member
        .get_build_log(created.id, build.id, &ReadBuildLog::default())
        .await
        .unwrap();
    assert!(log.text.contains("making the worktree"), "{}", log.text);

    let stop = CreateBuild {
        transition: Transition::Stop,
        parameters: BTreeMap::new(),
        force: false,
    };
    member.create_build(created.id, &stop).await.unwrap();
    until(&member, created.id, WorkspaceStatus::Stopped).await;
    let start = CreateBuild {
        transition: Transition::Start,
        parameters: BTreeMap::new(),
        force: false,
    };
    member.create_build(created.id, &start).await.unwrap();
    until(&member, created.id, WorkspaceStatus::Ready).await;
    let refused = member.create_build(created.id, &start).await.unwrap_err();
    assert_eq!(refused.status(), Some(409), "{refused}");
    assert_eq!(member.list_builds(created.id).await.unwrap().len(), 3);

    std::fs::write(Path::new(&ready.working_directory).join("new"), "x").unwrap();
    assert_eq!(
        member
            .get_unsaved_work(created.id)
            .await
            .unwrap()
            .uncommitted_files,
        ["new"]
    );
    let refused = member
        .delete_workspace(created.id, DeleteWorkspace { force: false })
        .await
        .unwrap_err();
    assert_eq!(refused.status(), Some(409));
    member
        .delete_workspace(created.id, DeleteWorkspace { force: true })
        .await
        .unwrap();
    assert_eq!(
        member.get_workspace(created.id).await.unwrap_err().status(),
        Some(404)
    );
    assert!(!Path::new(&ready.working_directory).exists());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_of_another_is_not_there() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let (member, stranger) = (server.member("mia").await, server.member("sam").await);
    let id = member
        .create_workspace(&CreateWorkspace::default())
        .await
        .unwrap()
        .id;
    until(&member, id, WorkspaceStatus::Ready).await;
    assert!(
        stranger
            .list_workspaces(&ListWorkspaces::default())
            .await
            .unwrap()
            .is_empty()
    );
    for status in [
        stranger.get_workspace(id).await.unwrap_err().status(),
        stranger
            .update_workspace(id, &UpdateWorkspace::default())
            .await
            .unwrap_err()
            .status(),
        stranger
            .delete_workspace(id, DeleteWorkspace { force: true })
            .await
            .unwrap_err()
            .status(),
        stranger.list_builds(id).await.unwrap_err().status(),
        stranger.get_unsaved_work(id).await.unwrap_err().status(),
    ] {
        assert_eq!(status, Some(404));
    }
    assert_eq!(owner.get_workspace(id).await.unwrap().id, id);
    owner
        .delete_workspace(id, DeleteWorkspace { force: true })
        .await
        .unwrap();
    server.stop().await;
}

#[tokio::test]
async fn an_agent_without_a_token_that_holds_is_turned_away() {
    let server = TestServer::start().await;
    for client in [
        server.anonymous(),
        server.anonymous().with_token("made-up"),
        server.owner().await,
    ] {
        let reply = answer(
            client
                .request(Method::GET, "/api/v2/agents/connect")
                .unwrap(),
        )
        .await;
        assert_eq!(reply["status"], 401, "{reply}");
    }
}
