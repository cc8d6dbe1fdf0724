//! Terminals through the real server, and its own binary as the agent.

use std::collections::BTreeMap;
use std::time::Duration;

use sdk::client::{Client, Terminal, TerminalFrame};
use sdk::ids::WorkspaceId;
use sdk::terminals::{CLOSED_REFUSED, OpenTerminal, TerminalMessage, TerminalRequest};
use sdk::workspace_shares::{UpdateWorkspaceAcl, WorkspacePermission};
use sdk::workspaces::{
    CreateBuild, CreateWorkspace, DeleteWorkspace, Transition, WorkspaceMode, WorkspaceStatus,
};
use uuid::Uuid;

use super::workspaces::until;
use crate::support::{TestServer, refusal};

const PATIENCE: Duration = Duration::from_mins(1);

fn terminal(id: Uuid, control: bool) -> OpenTerminal {
    OpenTerminal {
        reconnect: Some(id),
        width: 90,
        height: 20,
        control,
    }
}

async fn workspace(client: &Client) -> WorkspaceId {
    let empty = CreateWorkspace {
        mode: Some(WorkspaceMode::Empty),
        ..CreateWorkspace::default()
    };
    let id = client.create_workspace(&empty).await.unwrap().id;
    until(client, id, WorkspaceStatus::Ready).await;
    id
}

async fn delete(client: &Client, id: WorkspaceId) {
    let force = DeleteWorkspace { force: true };
    client.delete_workspace(id, force).await.unwrap();
}

async fn share(client: &Client, id: WorkspaceId, permissions: &[WorkspacePermission]) {
    let change = UpdateWorkspaceAcl {
        user_permissions: [("sam".to_owned(), permissions.to_vec())].into(),
    };
    client.update_workspace_acl(id, &change).await.unwrap();
}

async fn type_in(terminal: &mut Terminal, keys: &str) {
    let request = TerminalRequest {
        data: Some(keys.to_owned()),
        ..TerminalRequest::default()
    };
    terminal.send(&request).await.unwrap();
}

async fn next(terminal: &mut Terminal) -> TerminalFrame {
    let frame = tokio::time::timeout(PATIENCE, terminal.next()).await;
    frame.expect("nothing comes").expect("the connection broke")
}

/// Reads on until this is shown; what was shown.
async fn until_shown(terminal: &mut Terminal, text: &str) -> String {
    let mut shown = String::new();
    while !shown.contains(text) {
        match next(terminal).await {
            TerminalFrame::Output(output) => shown.push_str(&String::from_utf8_lossy(&output)),
            TerminalFrame::Message(_) => {}
            closed @ TerminalFrame::Closed { .. } => {
                panic!("{closed:?} before {text:?}: {shown:?}")
            }
        }
    }
    shown
}

/// The code and reason with which it closes, and what was told before.
async fn end(terminal: &mut Terminal) -> (u16, String, Vec<TerminalMessage>) {
    let mut told = Vec::new();
    loop {
        match next(terminal).await {
            TerminalFrame::Output(_) => {}
            TerminalFrame::Message(message) => told.push(message),
            TerminalFrame::Closed { code, reason } => return (code, reason, told),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_is_typed_in_resized_found_again_and_ended() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    let workspace = workspace(&member).await;
    let id = Uuid::now_v7();
    let mut one = member
        .open_terminal(workspace, &terminal(id, false))
        .await
        .unwrap();
    // Put together by the shell, so that the line that is typed does not hold it.
    type_in(&mut one, "stty size; kept='he''re'; echo $kept-'a''nd'\r").await;
    let shown = until_shown(&mut one, "here-and").await;
    assert!(shown.contains("20 90"), "{shown:?}");
    let larger = TerminalRequest {
        width: Some(120),
        height: Some(33),
        ..TerminalRequest::default()
    };
    one.send(&larger).await.unwrap();
    type_in(
        &mut one,
        "while [ \"$(stty size)\" != '33 120' ]; do :; done; echo resi'zed'\r",
    )
    .await;
    until_shown(&mut one, "resized").await;
    drop(one);

    let mut again = member
        .open_terminal(workspace, &terminal(id, true))
        .await
        .unwrap();
    let first = next(&mut again).await;
    let TerminalFrame::Message(TerminalMessage::ScrollBack { bytes }) = first else {
        panic!("{first:?}")
    };
    let TerminalFrame::Output(past) = next(&mut again).await else {
        panic!("no past")
    };
    assert_eq!(past.len() as u64, bytes);
    let past = String::from_utf8_lossy(&past).into_owned();
    assert!(
        past.contains("here-and") && past.contains("resized"),
        "{past:?}"
    );
    type_in(&mut again, "exit $(( ${#kept} + 1 ))\r").await;
    let (code, reason, told) = end(&mut again).await;
    assert_eq!(
        (code, reason.as_str()),
        (1000, "The shell ended with exit code 5.")
    );
    assert_eq!(told, [TerminalMessage::Ended { exit_code: 5 }]);
    delete(&member, workspace).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_need_to_be_let_in_with_ssh() {
    let server = TestServer::start_with(|_, options| {
        options.limits.socket_check_interval = Duration::from_millis(50);
    })
    .await;
    let (member, stranger) = (server.member("mia").await, server.member("sam").await);
    let workspace = workspace(&member).await;
    let id = Uuid::now_v7();
    let wanted = terminal(id, false);
    let refused = async || refusal(stranger.open_terminal(workspace, &wanted).await.map(drop));
    assert_eq!(refused().await["status"], 404);
    share(
        &member,
        workspace,
        &[
            WorkspacePermission::Read,
            WorkspacePermission::ApplicationConnect,
        ],
    )
    .await;
    let without = refused().await;
    assert_eq!(without["status"], 403);
    assert!(
        without["body"]["message"].as_str().unwrap().contains("ssh"),
        "{without}"
    );
    share(&member, workspace, &[WorkspacePermission::Ssh]).await;
    let mut guest = stranger.open_terminal(workspace, &wanted).await.unwrap();
    type_in(&mut guest, "echo gu'est'\r").await;
    until_shown(&mut guest, "guest").await;
    // What was given is taken away, also from who is inside.
    share(&member, workspace, &[WorkspacePermission::Read]).await;
    let (code, reason, _) = end(&mut guest).await;
    assert_eq!(code, 1008, "{reason}");
    assert!(reason.contains("no longer"), "{reason}");
    assert_eq!(refused().await["status"], 403);
    delete(&member, workspace).await;
    assert_eq!(
        refusal(member.open_terminal(workspace, &wanted).await.map(drop))["status"],
        404
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_is_stopped_says_so() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    let workspace = workspace(&member).await;
    let wanted = terminal(Uuid::now_v7(), false);
    let mut open = member.open_terminal(workspace, &wanted).await.unwrap();
    type_in(&mut open, "echo be'gun'\r").await;
    until_shown(&mut open, "begun").await;
    let stop = CreateBuild {
        transition: Transition::Stop,
        parameters: BTreeMap::new(),
        force: false,
    };
    member.create_build(workspace, &stop).await.unwrap();
    let (code, reason, _) = end(&mut open).await;
    // Either the shell was heard to end, or the agent went first.
    assert!([1000, 1013].contains(&code), "{code}: {reason}");
    until(&member, workspace, WorkspaceStatus::Stopped).await;
    let refused = refusal(member.open_terminal(workspace, &wanted).await.map(drop));
    insta::assert_json_snapshot!(refused, @r#"
    {
      "body": {
        "message": "The workspace is stopped. Start it and try again."
      },
      "status": 409
    }
    "#);
    delete(&member, workspace).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_is_still_there_after_the_server_was_away() {
    let mut server = TestServer::start().await;
    let member = server.member("mia").await;
    let workspace = workspace(&member).await;
    let wanted = terminal(Uuid::now_v7(), false);
    let mut open = member.open_terminal(workspace, &wanted).await.unwrap();
    type_in(&mut open, "kept=safe; echo be'gun'\r").await;
    until_shown(&mut open, "begun").await;
    server = server.restart().await;
    let member = server.sign_in("mia@example.com").await;
    until(&member, workspace, WorkspaceStatus::Ready).await;
    let mut open = member.open_terminal(workspace, &wanted).await.unwrap();
    type_in(&mut open, "echo still-$kept\r").await;
    let shown = until_shown(&mut open, "still-safe").await;
    assert!(shown.contains("begun"), "the past: {shown:?}");
    delete(&member, workspace).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_opened_is_told_in_the_goodbye() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    let workspace = workspace(&member).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        let wanted = terminal(Uuid::now_v7(), false);
        let mut shell = member.open_terminal(workspace, &wanted).await.unwrap();
        type_in(&mut shell, "echo be'gun'\r").await;
        until_shown(&mut shell, "begun").await;
        open.push(shell);
    }
    let wanted = terminal(Uuid::now_v7(), false);
    let mut one_more = member.open_terminal(workspace, &wanted).await.unwrap();
    let (code, reason, _) = end(&mut one_more).await;
    assert_eq!(code, CLOSED_REFUSED);
    insta::assert_snapshot!(reason, @"20 terminals are open in this workspace; close one of them first.");
    // A closed one makes room.
    let close = TerminalRequest {
        end: true,
        ..TerminalRequest::default()
    };
    let mut last = open.pop().unwrap();
    last.send(&close).await.unwrap();
    assert_eq!(end(&mut last).await.0, 1000);
    let mut one_more = member.open_terminal(workspace, &wanted).await.unwrap();
    type_in(&mut one_more, "echo fi'ts'\r").await;
    until_shown(&mut one_more, "fits").await;
    // What is no message of a terminal is said, too.
    one_more.send_text("{\"data\": 3}").await.unwrap();
    let (code, reason, _) = end(&mut one_more).await;
    assert_eq!(code, 1007, "{reason}");
    delete(&member, workspace).await;
    server.stop().await;
}

#[tokio::test]
async fn a_foreign_page_cannot_open_a_terminal_with_the_cookie() {
    let server = TestServer::start().await;
    server.owner().await;
    let login = sdk::users::Login {
        email: "olga@example.com".into(),
        password: crate::support::PASSWORD.into(),
    };
    let session = server.anonymous().login(&login).await.unwrap();
    let status = async |origin: &str| {
        let path = format!("/api/v2/workspaces/{}/pty", Uuid::now_v7());
        let request = server
            .anonymous()
            .request(reqwest::Method::GET, &path)
            .unwrap()
            .header(
                "cookie",
                format!("switchyard_session={}", session.session_token),
            )
            .header("origin", origin)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "c3dpdGNoeWFyZC1kb2NzIQ==");
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status("http://127.0.0.1:1").await, 403);
    assert_eq!(status("null").await, 403);
    assert_eq!(status(&server.base_url).await, 404, "no such workspace");
}
