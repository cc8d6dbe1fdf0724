//! The whole way from a mark to what watchers are told, against the stand-in of a git host.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod hosts;
mod tokens;
mod webhooks;

use std::time::Duration;

use forge::{ForgeKind, HostConfig};
use futures::StreamExt as _;
use sdk::chats::{CreateChat, ListChats, UpdateChat};
use sdk::diff_statuses::{CheckState, PullRequestState};
use sdk::external_auth::PutExternalAuth;
use sdk::parts::InputPart;
use sdk::stream::{WatchEvent, WatchEventKind};
use standin::github::{CheckRun, Fault, Pull};
use store::testing::for_both;

use super::*;
use crate::Actor;
use crate::testing::{TestPlatform, open};

const REPOSITORY: (&str, &str) = ("ada", "greeter");

struct Stage {
    test: TestPlatform,
    github: standin::Handle,
    owner: Actor,
    member: Actor,
    /// The owner's.
    chat: ChatId,
}

impl Stage {
    fn platform(&self) -> &Platform {
        &self.test.platform
    }

    fn origin(&self) -> String {
        format!("{}/ada/greeter.git", self.github.base_url())
    }

    fn host(&self) -> String {
        self.github.base_url().replace("http://", "")
    }

    async fn give(&self, actor: &Actor, token: &str) {
        let link = PutExternalAuth {
            token: token.to_owned(),
            username: None,
        };
        let host = self.host();
        let put = self.platform().put_external_auth(actor, &host, link);
        put.await.unwrap();
    }

    async fn chat_of(&self, actor: &Actor) -> ChatId {
        chat_of(self.platform(), actor).await
    }

    async fn mark(&self, chat: ChatId, branch: &str) {
        let row = store::chats::get(&self.platform().0.db, chat)
            .await
            .unwrap();
        let origin = self.origin();
        let mark =
            self.platform()
                .mark_diff_status_stale(row.as_ref().unwrap(), (branch, &origin), false);
        mark.await;
    }

    async fn refresh_due(&self) -> usize {
        self.platform().refresh_due().await.unwrap()
    }

    async fn known(&self, chat: ChatId) -> DiffStatusRow {
        diff_statuses::get(&self.platform().0.db, chat)
            .await
            .unwrap()
            .unwrap()
    }

    async fn due_in(&self, chat: ChatId) -> i64 {
        (self.known(chat).await.stale_at - self.test.clock.now()).num_seconds()
    }

    fn put(&self, number: i32, pull: Pull) {
        self.github.github().put_pull(REPOSITORY, number, pull);
    }

    fn asked(&self) -> usize {
        self.github.github().take_requests().len()
    }
}

async fn chat_of(platform: &Platform, actor: &Actor) -> ChatId {
    let chat = CreateChat {
        content: vec![InputPart::Text {
            text: "!text \"hello\"".to_owned(),
        }],
        ..CreateChat::default()
    };
    platform.create_chat(actor, chat).await.unwrap().id
}

/// On both databases. Nothing runs by itself unless the test starts it.
async fn on_both(test: impl AsyncFn(Stage)) {
    for_both(async |database| {
        let github = standin::start().await.unwrap();
        let host = HostConfig::new(ForgeKind::Github, &github.base_url(), None).unwrap();
        let opened = open(database, |options| options.git_hosts = vec![host.clone()]).await;
        opened.platform.start_presets().await.unwrap();
        let owner = opened.owner().await;
        let member = opened.member(&owner).await;
        let chat = chat_of(&opened.platform, &owner).await;
        let platform = opened.platform.clone();
        let stage = Stage {
            test: opened,
            github,
            owner,
            member,
            chat,
        };
        Box::pin(test(stage)).await;
        platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_push_comes_to_the_watchers_as_a_pull_request() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        stage.give(&stage.member, "token-of-member").await;
        let other = stage.chat_of(&stage.owner).await;
        stage.put(
            7,
            Pull {
                draft: true,
                check_runs: vec![CheckRun {
                    status: "queued".to_owned(),
                    conclusion: None,
                }],
                ..Pull::default()
            },
        );
        stage.platform().start().await.unwrap();
        let mut events = Box::pin(stage.platform().watch_chats(&stage.owner, None));
        let mut strangers = Box::pin(stage.platform().watch_chats(&stage.member, None));
        let mut told = async |is_it: &dyn Fn(&DiffStatus) -> bool| {
            let found = async {
                loop {
                    let WatchEvent { kind, chat, .. } = events.next().await.unwrap();
                    if kind != WatchEventKind::DiffStatusChange {
                        continue;
                    }
                    assert_eq!(chat.id, stage.chat, "only the chat that pushed");
                    let status = *chat.diff_status.unwrap();
                    if is_it(&status) {
                        return status;
                    }
                }
            };
            tokio::time::timeout(Duration::from_secs(30), found)
                .await
                .unwrap()
        };
        stage.mark(stage.chat, "topic").await;
        let status = told(&|status| status.pr_number == Some(7)).await;
        assert!(status.pull_request_draft);
        assert_eq!(status.pull_request_state, Some(PullRequestState::Open));
        assert_eq!(status.check_state, Some(CheckState::Pending));
        assert_eq!(
            (status.additions, status.deletions, status.changed_files),
            (12, 3, 2)
        );
        let page = format!("{}/ada/greeter/pull/7", stage.github.base_url());
        assert_eq!(status.url, Some(page));
        stage.put(
            7,
            Pull {
                merged: true,
                ..Pull::default()
            },
        );
        stage.mark(stage.chat, "topic").await;
        told(&|status| status.pull_request_state == Some(PullRequestState::Merged)).await;

        let read = stage
            .platform()
            .get_chat(&stage.owner, stage.chat)
            .await
            .unwrap();
        assert_eq!(read.diff_status.unwrap().pr_number, Some(7));
        let listed = stage
            .platform()
            .list_chats(&stage.owner, ListChats::default())
            .await
            .unwrap();
        for chat in listed {
            let expected = (chat.id == stage.chat).then_some(7);
            assert_eq!(
                chat.diff_status.and_then(|status| status.pr_number),
                expected,
                "{}",
                chat.id
            );
        }
        assert_ne!(other, stage.chat);
        let requests = stage.github.github().take_requests();
        assert!(
            requests
                .iter()
                .all(|asked| asked.token.as_deref() == Some("token-of-owner"))
        );
        let quiet = tokio::time::timeout(Duration::from_millis(50), strangers.next()).await;
        assert!(quiet.is_err(), "{quiet:?}");
    })
    .await;
}

#[tokio::test]
async fn when_a_row_is_due_again_hangs_on_what_was_found() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        let branch = Pull {
            branch: "main".to_owned(),
            ..Pull::default()
        };
        stage.put(1, branch);
        stage.mark(stage.chat, "topic").await;
        assert_eq!(stage.refresh_due().await, 1);
        assert_eq!(stage.due_in(stage.chat).await, 15, "right after a push");
        let page = format!("{}/ada/greeter/tree/topic", stage.github.base_url());
        assert_eq!(stage.known(stage.chat).await.url, Some(page));
        assert_eq!(stage.refresh_due().await, 0);
        stage.test.clock.advance(TimeDelta::minutes(2));
        stage.refresh_due().await;
        assert_eq!(stage.due_in(stage.chat).await, 300);
        stage.put(7, Pull::default());
        stage.test.clock.advance(TimeDelta::minutes(5));
        stage.refresh_due().await;
        assert_eq!(stage.due_in(stage.chat).await, 120);
        stage.put(
            7,
            Pull {
                state: "closed".to_owned(),
                ..Pull::default()
            },
        );
        stage.test.clock.advance(TimeDelta::minutes(2));
        stage.refresh_due().await;
        assert_eq!(stage.due_in(stage.chat).await, 1800);

        stage.mark(stage.chat, "topic").await;
        for seconds in [120, 240, 480, 960, 1800, 1800] {
            stage
                .github
                .github()
                .fail(Fault::refusal(502, "Bad gateway", &[]));
            stage.test.clock.advance(TimeDelta::hours(1));
            stage.refresh_due().await;
            assert_eq!(stage.due_in(stage.chat).await, seconds);
        }
        let row = stage.known(stage.chat).await;
        assert_eq!(row.problem.as_deref(), Some("unreachable"));
        assert!(row.pull_request.is_some(), "what was known stays");
        stage.test.clock.advance(TimeDelta::hours(1));
        stage.refresh_due().await;
        let row = stage.known(stage.chat).await;
        assert_eq!((row.problem, row.failures), (None, 0));
        let archive = UpdateChat {
            archived: Some(true),
            ..UpdateChat::default()
        };
        stage
            .platform()
            .update_chat(&stage.owner, stage.chat, archive)
            .await
            .unwrap();
        stage.test.clock.advance(TimeDelta::hours(1));
        assert_eq!(
            stage.refresh_due().await,
            0,
            "archived chats are left alone"
        );
    })
    .await;
}

#[tokio::test]
async fn chats_of_one_branch_are_asked_for_once_and_each_person_with_their_own_token() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        stage.give(&stage.member, "token-of-member").await;
        stage
            .github
            .github()
            .set_readers(REPOSITORY, &["token-of-member"]);
        stage.put(7, Pull::default());
        let mut chats = Vec::new();
        for _ in 0..3 {
            let chat = stage.chat_of(&stage.member).await;
            stage.mark(chat, "topic").await;
            chats.push(chat);
        }
        stage.mark(stage.chat, "topic").await;
        assert_eq!(stage.refresh_due().await, 4);
        for chat in chats {
            assert_eq!(stage.known(chat).await.pull_request.unwrap().number, 7);
        }
        let row = stage.known(stage.chat).await;
        assert_eq!(
            (row.problem.as_deref(), row.pull_request),
            (Some("not_found"), None)
        );
        // Five for the member's three chats together, one for the owner, who may not know of it.
        assert_eq!(stage.asked(), 6);
    })
    .await;
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_and_hits_nobody_else() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        stage.give(&stage.member, "token-of-member").await;
        stage.put(7, Pull::default());
        let mut chats = vec![stage.chat];
        for _ in 0..3 {
            chats.push(stage.chat_of(&stage.owner).await);
        }
        for (number, chat) in chats.iter().enumerate() {
            stage.mark(*chat, &format!("topic-{number}")).await;
        }
        let limit = Fault::refusal(
            403,
            "You have exceeded a secondary rate limit.",
            &[("retry-after", "900")],
        );
        stage.github.github().fail(limit);
        stage.platform().refresh_chat(stage.chat).await.unwrap_err();
        assert_eq!(stage.asked(), 1);
        stage.refresh_due().await;
        assert_eq!(stage.asked(), 0, "nothing more with this token");
        for chat in &chats {
            assert_eq!(
                stage.known(*chat).await.problem.as_deref(),
                Some("rate_limited")
            );
            assert!((900..910).contains(&stage.due_in(*chat).await));
        }
        let members = stage.chat_of(&stage.member).await;
        stage.mark(members, "topic").await;
        stage.refresh_due().await;
        assert!(stage.known(members).await.pull_request.is_some());
        stage.asked();
        stage.test.clock.advance(TimeDelta::seconds(910));
        stage.refresh_due().await;
        assert!(stage.asked() > 0);
        assert_eq!(stage.known(stage.chat).await.problem, None);
    })
    .await;
}

#[tokio::test]
async fn the_diff_is_that_of_the_newest_pull_request_and_else_of_the_branch() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        let diff = async || {
            stage
                .platform()
                .get_chat_diff(&stage.owner, stage.chat)
                .await
        };
        let nothing = diff().await.unwrap();
        assert_eq!(
            (nothing.branch, nothing.remote_origin, nothing.diff),
            (None, None, None)
        );
        stage.put(
            1,
            Pull {
                branch: "other".to_owned(),
                ..Pull::default()
            },
        );
        stage.mark(stage.chat, "topic").await;
        assert_eq!(diff().await.unwrap().diff, None, "not pushed yet");
        stage
            .github
            .github()
            .put_comparison(REPOSITORY, "main...topic", "of the branch");
        let of_branch = diff().await.unwrap();
        assert_eq!(
            (of_branch.diff.as_deref(), of_branch.pull_request_url),
            (Some("of the branch"), None)
        );
        assert_eq!(of_branch.provider.as_deref(), Some("github"));
        stage.put(
            7,
            Pull {
                diff: "of the request".to_owned(),
                ..Pull::default()
            },
        );
        let of_request = diff().await.unwrap();
        assert_eq!(of_request.diff.as_deref(), Some("of the request"));
        assert!(
            of_request
                .pull_request_url
                .unwrap()
                .ends_with("/ada/greeter/pull/7")
        );
        assert_eq!(
            stage.known(stage.chat).await.pull_request.unwrap().number,
            7
        );

        let stranger = stage
            .platform()
            .get_chat_diff(&stage.member, stage.chat)
            .await;
        assert!(matches!(stranger, Err(crate::chats::ChatFailure::NotFound)));
        stage
            .github
            .github()
            .fail(Fault::refusal(401, "Bad credentials", &[]));
        let refused = diff().await.unwrap_err();
        assert!(
            refused.to_string().contains("replace it under Settings"),
            "{refused}"
        );
        assert!(!refused.to_string().contains("token-of-owner"));
    })
    .await;
}

#[tokio::test]
async fn what_no_notice_told_is_told_later() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        stage.put(7, Pull::default());
        // The chat itself is old news.
        stage.test.clock.advance(TimeDelta::minutes(1));
        let since = stage.test.clock.now();
        stage.mark(stage.chat, "topic").await;
        stage.refresh_due().await;
        let mut events = Box::pin(stage.platform().watch_chats(&stage.owner, Some(since)));
        let told = async {
            loop {
                let event = events.next().await.unwrap();
                if event.kind == WatchEventKind::DiffStatusChange {
                    return event.chat.diff_status.unwrap().pr_number;
                }
            }
        };
        let told = tokio::time::timeout(Duration::from_secs(30), told).await;
        assert_eq!(told.unwrap(), Some(7));
    })
    .await;
}
