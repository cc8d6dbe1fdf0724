//! The desktop of a chat's workspace through the real server, with a real screen: RFB is spoken far enough to see a pixel.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sdk::chat_config::DesktopEnabled;
use sdk::client::{Client, Desktop, DesktopFrame};
use sdk::desktop::{CLOSED_PROGRAMS_MISSING, INSTALL_COMMAND};
use sdk::ids::ChatId;
use sdk::templates::{CreateTemplate, TemplateBackend};
use sdk::workspace_shares::WorkspacePermission;
use sdk::workspaces::{CreateBuild, CreateWorkspace, Transition, WorkspaceStatus};
use uuid::Uuid;

use super::git_watch::{chat_in, delete, share, workspace};
use super::{PATIENCE, new_chat, status};
use crate::api::workspaces::until;
use crate::support::{PASSWORD, TestServer, on_both, refusal};

const BACKGROUND: [u8; 3] = [0x2f, 0x36, 0x40];
const ON: DesktopEnabled = DesktopEnabled {
    enable_desktop: true,
};
const OFF: DesktopEnabled = DesktopEnabled {
    enable_desktop: false,
};

/// Somebody who looks.
struct Viewer {
    desktop: Desktop,
    unread: VecDeque<u8>,
}

impl Viewer {
    async fn open(client: &Client, chat: ChatId) -> Self {
        Self {
            desktop: client.open_desktop(chat).await.unwrap(),
            unread: VecDeque::new(),
        }
    }

    async fn next(&mut self) -> DesktopFrame {
        let frame = tokio::time::timeout(PATIENCE, self.desktop.next()).await;
        frame.expect("nothing comes").expect("the connection broke")
    }

    async fn read(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count {
            match self.next().await {
                DesktopFrame::Bytes(bytes) => self.unread.extend(bytes),
                closed @ DesktopFrame::Closed { .. } => panic!("{closed:?}"),
            }
        }
        self.unread.drain(..count).collect()
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.desktop.send(bytes.to_vec()).await.unwrap();
    }

    /// The handshake; the screen's size and the desktop's name.
    async fn shake_hands(&mut self) -> (u16, u16, String) {
        assert_eq!(self.read(12).await, b"RFB 003.008\n");
        self.send(b"RFB 003.008\n").await;
        let count = self.read(1).await[0];
        assert_eq!(self.read(count.into()).await, [1], "no password");
        self.send(&[1]).await;
        assert_eq!(self.read(4).await, [0; 4]);
        self.send(&[1]).await;
        let begin = self.read(24).await;
        let number = |at: usize| u16::from_be_bytes([begin[at], begin[at + 1]]);
        let length = u32::from_be_bytes(begin[20..].try_into().unwrap());
        let name = self.read(length.try_into().unwrap()).await;
        (number(0), number(2), String::from_utf8(name).unwrap())
    }

    /// The colour of a part of the screen, from raw pixels; all must have the same.
    async fn colour(&mut self, [x, y, width, height]: [u16; 4]) -> [u8; 3] {
        self.send(&[2, 0, 0, 1, 0, 0, 0, 0]).await;
        let place: Vec<u8> = [x, y, width, height]
            .into_iter()
            .flat_map(u16::to_be_bytes)
            .collect();
        self.send(&[&[3, 0], &place[..]].concat()).await;
        let update = self.read(4).await;
        assert_eq!(update[..2], [0, 0], "an update");
        let parts = u16::from_be_bytes([update[2], update[3]]);
        let mut colours = BTreeSet::new();
        let mut count = 0;
        for _ in 0..parts {
            let part = self.read(12).await;
            assert_eq!(part[8..], [0; 4], "raw");
            let number = |at: usize| usize::from(u16::from_be_bytes([part[at], part[at + 1]]));
            let pixels = self.read(number(4) * number(6) * 4).await;
            let pixels = pixels.as_chunks::<4>().0.iter();
            count += pixels.len();
            colours.extend(pixels.map(|[blue, green, red, _]| [*red, *green, *blue]));
        }
        assert_eq!(count, usize::from(width) * usize::from(height));
        assert_eq!(colours.len(), 1, "{colours:?}");
        colours.pop_first().unwrap()
    }

    /// The code and reason with which it closes.
    async fn end(&mut self) -> (u16, String) {
        loop {
            if let DesktopFrame::Closed { code, reason } = self.next().await {
                return (code, reason);
            }
        }
    }
}

async fn refused(client: &Client, chat: ChatId) -> (u64, String) {
    let refused = refusal(client.open_desktop(chat).await.map(drop));
    let message = refused["body"]["message"].as_str().unwrap_or_default();
    (refused["status"].as_u64().unwrap(), message.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_is_seen_by_whom_the_workspace_belongs_to_when_owners_switched_it_on() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        let workspace = workspace(&member).await;
        let chat = chat_in(&member, &workspace, "!text \"hello\"").await.id;
        let (code, message) = refused(&member, chat).await;
        assert_eq!(code, 403);
        assert!(message.contains("switched off"), "{message}");

        owner.update_desktop_enabled(&ON).await.unwrap();
        let mut viewer = Viewer::open(&member, chat).await;
        assert_eq!(
            viewer.shake_hands().await,
            (1920, 1080, "Switchyard".to_owned())
        );
        // More than goes through in one piece; above the middle, where the pointer is drawn as soon as the window manager
        // has given it a form.
        assert_eq!(viewer.colour([0, 0, 1920, 500]).await, BACKGROUND);
        let mut other = Viewer::open(&member, chat).await;
        other.shake_hands().await;
        assert_eq!(other.colour([5, 5, 1, 1]).await, BACKGROUND);

        // What is no RFB frame at all.
        other.desktop.send_text("hello").await.unwrap();
        assert_eq!(other.end().await.0, 1003);
        assert_eq!(viewer.colour([5, 5, 1, 1]).await, BACKGROUND, "goes on");
        delete(&member, &workspace).await;
    })
    .await;
}

#[tokio::test]
async fn the_switch_is_for_owners_to_turn_and_for_all_to_know() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        assert_eq!(member.get_desktop_enabled().await.unwrap(), OFF);
        assert_eq!(status(member.update_desktop_enabled(&ON)).await, 403);
        owner.update_desktop_enabled(&ON).await.unwrap();
        assert_eq!(member.get_desktop_enabled().await.unwrap(), ON);
        owner.update_desktop_enabled(&OFF).await.unwrap();
        assert_eq!(member.get_desktop_enabled().await.unwrap(), OFF);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_told_in_its_order() {
    let server = TestServer::start().await;
    let (owner, member) = (server.owner().await, server.member("mia").await);
    let stranger = server.member("sam").await;
    let without = member
        .create_chat(&new_chat("!text \"hello\""))
        .await
        .unwrap()
        .id;
    let unknown = ChatId(Uuid::now_v7());
    assert_eq!(refused(&member, unknown).await.0, 404);
    // Whether there is such a chat is nobody else's business, switched on or off.
    assert_eq!(refused(&stranger, without).await.0, 404);
    owner.update_desktop_enabled(&ON).await.unwrap();
    assert_eq!(refused(&stranger, without).await.0, 404);
    let (code, message) = refused(&member, without).await;
    assert_eq!(
        (code, message.as_str()),
        (400, "This chat has no workspace.")
    );

    let workspace = workspace(&member).await;
    let chat = chat_in(&member, &workspace, "!text \"hello\"").await.id;
    let stop = CreateBuild {
        transition: Transition::Stop,
        parameters: BTreeMap::new(),
        force: false,
    };
    member.create_build(workspace.id, &stop).await.unwrap();
    until(&member, workspace.id, WorkspaceStatus::Stopped).await;
    let (code, message) = refused(&member, chat).await;
    assert_eq!(code, 503);
    assert!(message.contains("stopped"), "{message}");
    delete(&member, &workspace).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_need_to_be_let_in_and_are_shown_out() {
    let server = TestServer::start_with(|_, options| {
        options.limits.socket_check_interval = Duration::from_millis(50);
    })
    .await;
    let owner = server.owner().await;
    owner.update_desktop_enabled(&ON).await.unwrap();
    let (member, guest) = (server.member("mia").await, server.member("sam").await);
    let workspace = workspace(&member).await;
    share(&member, &workspace, "sam", &[WorkspacePermission::Ssh]).await;
    let chat = chat_in(&guest, &workspace, "!text \"hello\"").await.id;
    share(&member, &workspace, "sam", &[WorkspacePermission::Read]).await;
    assert_eq!(refused(&guest, chat).await.0, 403);
    for enough in [
        WorkspacePermission::Ssh,
        WorkspacePermission::ApplicationConnect,
    ] {
        share(&member, &workspace, "sam", &[enough]).await;
        let mut viewer = Viewer::open(&guest, chat).await;
        viewer.shake_hands().await;
        share(&member, &workspace, "sam", &[WorkspacePermission::Read]).await;
        let (code, reason) = viewer.end().await;
        assert_eq!(code, 1008, "{reason}");
        assert!(reason.contains("no longer"), "{reason}");
    }
    // So does the switch.
    share(&member, &workspace, "sam", &[WorkspacePermission::Ssh]).await;
    let mut viewer = Viewer::open(&guest, chat).await;
    viewer.shake_hands().await;
    owner.update_desktop_enabled(&OFF).await.unwrap();
    let (code, reason) = viewer.end().await;
    assert_eq!(code, 1008);
    assert!(reason.contains("switched off"), "{reason}");
    delete(&member, &workspace).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_without_the_programs_says_so_in_its_goodbye() {
    let server = TestServer::start().await;
    let (owner, member) = (server.owner().await, server.member("mia").await);
    owner.update_desktop_enabled(&ON).await.unwrap();
    let template = CreateTemplate {
        name: "bare".into(),
        backend: TemplateBackend::Local,
        environment: [("DESKTOP_PROGRAMS_PATH".to_owned(), "/nowhere".to_owned())].into(),
        ..CreateTemplate::default()
    };
    let template = owner.create_template(&template).await.unwrap();
    let made = CreateWorkspace {
        template_id: Some(template.id),
        ..CreateWorkspace::default()
    };
    let made = member.create_workspace(&made).await.unwrap();
    let workspace = until(&member, made.id, WorkspaceStatus::Ready).await;
    let chat = chat_in(&member, &workspace, "!text \"hello\"").await.id;
    let mut viewer = Viewer::open(&member, chat).await;
    let (code, reason) = viewer.end().await;
    assert_eq!(code, CLOSED_PROGRAMS_MISSING);
    assert!(reason.contains("no programs for a desktop"), "{reason}");
    assert!(INSTALL_COMMAND.contains("tigervnc-standalone-server"));
    delete(&member, &workspace).await;
    server.stop().await;
}

#[tokio::test]
async fn a_foreign_page_cannot_look_at_a_desktop_with_the_cookie() {
    let server = TestServer::start().await;
    server.owner().await;
    let login = sdk::users::Login {
        email: "olga@example.com".into(),
        password: PASSWORD.into(),
    };
    let session = server.anonymous().login(&login).await.unwrap();
    for path in ["desktop", "stream/desktop"] {
        let status = async |origin: &str| {
            let path = format!("/api/experimental/chats/{}/{path}", Uuid::now_v7());
            let cookie = format!("switchyard_session={}", session.session_token);
            let request = server
                .anonymous()
                .request(reqwest::Method::GET, &path)
                .unwrap()
                .header("cookie", cookie)
                .header("origin", origin)
                .header("connection", "upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "c3dpdGNoeWFyZC1kb2NzIQ==");
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!(status("http://127.0.0.1:1").await, 403);
        assert_eq!(status("null").await, 403);
        assert_eq!(status(&server.base_url).await, 404, "no such chat");
    }
}
