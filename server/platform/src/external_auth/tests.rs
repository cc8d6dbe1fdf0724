//! Who gets a git token, and what is noted when git asks for one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod revoke;
mod sign_in;

use chrono::TimeDelta;
use sdk::chats::{CreateChat, UpdateChat};
use sdk::external_auth::{AskExternalAuth, ExternalAuthCredential, GitPush};
use sdk::ids::{AgentId, ChatId, WorkspaceId};
use sdk::parts::InputPart;
use sdk::users::{UpdateUser, UserStatus};
use sdk::workspace_shares::{UpdateWorkspaceAcl, WorkspacePermission};
use sdk::workspaces::CreateWorkspace;
use store::diff_statuses;
use store::workspaces::agents::{self, NewAgent};
use store::workspaces::builds;

use super::*;
use crate::testing::{TestPlatform, on_both};

struct Stage {
    test: TestPlatform,
    admin: Actor,
    member: Actor,
    workspace: WorkspaceId,
    agent: AgentId,
    chat: ChatId,
}

impl Stage {
    /// The member's workspace with an agent, in which a chat of the administrator works.
    async fn of(test: TestPlatform) -> Self {
        test.platform.start().await.unwrap();
        let admin = test.owner().await;
        let member = test.member(&admin).await;
        let platform = &test.platform;
        let made = platform.create_workspace(&member, CreateWorkspace::default());
        let workspace = made.await.unwrap().id;
        // The agent of this test platform is /bin/false, so the start ends soon.
        let build = loop {
            let workspace = platform.get_workspace(&member, workspace).await.unwrap();
            let build = workspace.latest_build.unwrap();
            if build.finished_at.is_some() {
                break build.id;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        let agent = AgentId::generate();
        let db = &platform.0.db;
        let mut tx = db.begin().await.unwrap();
        let new = NewAgent {
            id: agent,
            workspace_id: workspace,
            build_id: build,
            token_hash: &crate::credentials::hash("its token"),
            created_at: test.clock.now(),
        };
        agents::insert(&mut tx, new).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!builds::list(db, workspace, 1).await.unwrap().is_empty());
        let stage = Self {
            chat: ChatId::generate(),
            test,
            admin,
            member,
            workspace,
            agent,
        };
        stage.share(&[WorkspacePermission::Ssh]).await;
        let chat = CreateChat {
            content: vec![InputPart::Text {
                text: "!text \"hello\"".to_owned(),
            }],
            workspace_id: Some(workspace),
            ..CreateChat::default()
        };
        let chat = stage.platform().create_chat(&stage.admin, chat).await;
        let chat = chat.unwrap().id;
        Self { chat, ..stage }
    }

    fn platform(&self) -> &Platform {
        &self.test.platform
    }

    async fn share(&self, permissions: &[WorkspacePermission]) {
        let change = UpdateWorkspaceAcl {
            user_permissions: [("owner".to_owned(), permissions.to_vec())].into(),
        };
        self.platform()
            .update_workspace_acl(&self.member, self.workspace, change)
            .await
            .unwrap();
    }

    async fn put(&self, actor: &Actor, host: &str, token: &str) -> ExternalAuthLink {
        let link = PutExternalAuth {
            token: token.to_owned(),
            username: None,
        };
        let put = self.platform().put_external_auth(actor, host, link);
        put.await.unwrap()
    }

    async fn ask(&self, url: &str, branch: &str) -> Result<ExternalAuthCredential, String> {
        let question = AskExternalAuth {
            chat_id: self.chat,
            url: url.to_owned(),
            git_branch: branch.to_owned(),
            git_remote_origin: "https://git.example.com/x.git".to_owned(),
            is_fetch: false,
        };
        let answer = self.platform().credential_for(self.agent, &question).await;
        answer.map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn the_token_is_that_of_the_chats_owner_for_exactly_that_host_and_is_stored_sealed() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        stage
            .put(&stage.member, "git.example.com", "the-members-token")
            .await;
        let refused = stage.ask("https://git.example.com", "").await.unwrap_err();
        assert!(
            refused.contains("no token for git.example.com"),
            "{refused}"
        );
        stage
            .put(&stage.admin, "git.example.com", "the-admins-token")
            .await;
        let given = stage
            .ask("https://git.example.com/x.git", "")
            .await
            .unwrap();
        assert_eq!(
            (&*given.username, &*given.access_token),
            (USUAL_USERNAME, "the-admins-token")
        );
        assert!(!format!("{given:?}").contains("the-admins"));
        for url in [
            "https://git.example.com:8443",
            "https://example.com",
            "https://git.example.com.evil.example",
            "https://git.example.com\\@evil.example",
            "http://git.example.com",
            "ssh://git@git.example.com",
        ] {
            assert!(stage.ask(url, "").await.is_err(), "{url}");
        }
        let rows = external_auth::list(&stage.platform().0.db, stage.admin.user_id, 10).await;
        let sealed = rows.unwrap().remove(0).token_sealed;
        assert!(!sealed.windows(10).any(|window| window == b"the-admins"));
        stage.platform().shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn who_may_not_work_in_the_workspace_any_more_gets_nothing_there() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        let url = "https://git.example.com";
        stage
            .put(&stage.admin, "git.example.com", "the-admins-token")
            .await;
        stage.ask(url, "").await.unwrap();
        stage.share(&[WorkspacePermission::Read]).await;
        assert_eq!(
            stage.ask(url, "").await.unwrap_err(),
            "The workspace is no longer shared with the chat's owner. Tell the user to ask for it."
        );
        stage.share(&[WorkspacePermission::Ssh]).await;
        let (platform, admin) = (stage.platform(), &stage.admin);
        let second = stage
            .test
            .add(admin, "second", sdk::users::Role::Owner)
            .await;
        let second = stage.test.sign_in(&second.username).await;
        let status = async |status| {
            let change = UpdateUser {
                status: Some(status),
                ..UpdateUser::default()
            };
            platform
                .update_user(&second, "owner", change)
                .await
                .unwrap();
        };
        status(UserStatus::Suspended).await;
        assert!(stage.ask(url, "").await.unwrap_err().contains("suspended"));
        status(UserStatus::Active).await;
        let archived = UpdateChat {
            archived: Some(true),
            ..UpdateChat::default()
        };
        stage.ask(url, "").await.unwrap();
        platform
            .update_chat(admin, stage.chat, archived)
            .await
            .unwrap();
        assert!(
            stage
                .ask(url, "")
                .await
                .unwrap_err()
                .contains("does not work in this workspace")
        );
        agents::stop_all(&platform.0.db, stage.workspace, stage.test.clock.now())
            .await
            .unwrap();
        assert!(
            stage
                .ask(url, "")
                .await
                .unwrap_err()
                .contains("no longer needed")
        );
        platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn the_chats_branch_is_marked_as_out_of_date_and_the_use_noted_to_the_minute() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        let (url, clock) = ("https://git.example.com", &stage.test.clock);
        let db = &stage.platform().0.db;
        let status = async || diff_statuses::get(db, stage.chat).await.unwrap();
        // Also without a token, but only what can be a branch.
        for branch in ["", "a\nb", &"x".repeat(256)] {
            stage.ask(url, branch).await.unwrap_err();
            assert_eq!(status().await, None);
        }
        stage.ask(url, "topic").await.unwrap_err();
        let first = status().await.unwrap();
        assert_eq!(
            (&*first.git_branch, &*first.git_remote_origin),
            ("topic", "https://git.example.com/x.git")
        );
        // Whoever looks at the host may have taken the row already, which moves its time.
        assert_eq!((first.marks, first.updated_at), (1, clock.now()));
        stage
            .put(&stage.admin, "git.example.com", "the-admins-token")
            .await;
        let used = async || {
            let listed = stage.platform().list_external_auth(&stage.admin).await;
            listed.unwrap().links.remove(0).last_used_at
        };
        assert_eq!(used().await, None);
        let begin = clock.now();
        for (seconds, noted) in [(0, 0), (59, 0), (1, 60)] {
            clock.advance(TimeDelta::seconds(seconds));
            stage.ask(url, "other").await.unwrap();
            assert_eq!(used().await, Some(begin + TimeDelta::seconds(noted)));
        }
        let last = status().await.unwrap();
        assert_eq!(
            (&*last.git_branch, last.created_at),
            ("other", first.created_at)
        );
        assert_eq!(last.updated_at, clock.now());
        // A new reference without a part keeps what is known of it.
        let partial = diff_statuses::StaleReference {
            chat_id: stage.chat,
            git_branch: "",
            git_remote_origin: "",
            is_fetch: false,
            stale_at: clock.now(),
            now: clock.now(),
        };
        diff_statuses::mark_stale(db, partial).await.unwrap();
        let kept = status().await.unwrap();
        assert_eq!(
            (kept.git_branch, kept.marks),
            (last.git_branch, last.marks + 1)
        );
        stage.platform().shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_push_with_whatever_credentials_concerns_the_chat_that_made_it_in_its_workspace() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        let (platform, db) = (stage.platform(), &stage.platform().0.db);
        let note = async |branch: &str, origin: &str| {
            let push = GitPush {
                chat_id: stage.chat,
                git_branch: branch.to_owned(),
                git_remote_origin: origin.to_owned(),
            };
            platform.note_git_push(stage.agent, &push).await
        };
        let known = async || {
            let row = diff_statuses::get(db, stage.chat).await.unwrap();
            row.map(|row| (row.git_branch, row.git_remote_origin))
        };
        for origin in ["/srv/git/x.git", "", "file:///srv/x.git", "no address"] {
            assert!(note("topic", origin).await.is_err(), "{origin}");
        }
        for branch in ["", "a\nb"] {
            note(branch, "git@git.example.com:a/x.git").await.unwrap();
        }
        assert_eq!(known().await, None);
        for (branch, origin) in [
            ("topic", "git@git.example.com:a/x.git"),
            ("another/branch", "ssh://git@git.example.com:2222/a/x.git"),
        ] {
            note(branch, origin).await.unwrap();
            assert_eq!(known().await, Some((branch.to_owned(), origin.to_owned())));
        }
        // Of a workspace that its owner may not work in any more.
        let before = known().await;
        stage.share(&[WorkspacePermission::Read]).await;
        note("third", "git@git.example.com:a/x.git")
            .await
            .unwrap_err();
        assert_eq!(known().await, before);
        platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_token_that_was_sealed_with_another_key_is_told_and_replaced() {
    on_both(async |test| {
        let stage = Stage::of(test).await;
        stage
            .put(&stage.admin, "git.example.com", "the-admins-token")
            .await;
        let db = &stage.platform().0.db;
        let row = external_auth::list(db, stage.admin.user_id, 1)
            .await
            .unwrap()
            .remove(0);
        let mut tx = db.begin().await.unwrap();
        let broken = NewLink {
            id: row.id,
            user_id: stage.admin.user_id,
            host: "git.example.com",
            kind: ExternalAuthKind::Token,
            username: "x",
            token_sealed: &[1; 60],
            config: None,
            refresh_token_sealed: None,
            expires_at: None,
            now: stage.test.clock.now(),
        };
        external_auth::update(&mut tx, broken).await.unwrap();
        tx.commit().await.unwrap();
        let told = stage.ask("https://git.example.com", "").await.unwrap_err();
        assert!(
            told.contains("cannot be read") && told.contains("enter the secret again"),
            "{told}"
        );
        stage
            .put(&stage.admin, "git.example.com", "another-token")
            .await;
        let given = stage.ask("https://git.example.com", "").await.unwrap();
        assert_eq!(given.access_token, "another-token");
        stage.platform().shut_down().await;
    })
    .await;
}
