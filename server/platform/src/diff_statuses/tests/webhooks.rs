//! From a signed webhook to what watchers are told.

use futures::Stream;
use hmac::{Hmac, Mac as _};
use sdk::chats::Chat;
use sdk::external_auth::CreateExternalAuthConfig;
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;
use crate::external_auth::{Delivery, ExternalAuthError};

const NAME: &str = "standin";

/// The next chat of whose branch something is told.
async fn next_diff_status(events: &mut (impl Stream<Item = WatchEvent> + Unpin)) -> Chat {
    loop {
        let WatchEvent { kind, chat, .. } = events.next().await.unwrap();
        if kind == WatchEventKind::DiffStatusChange {
            return chat;
        }
    }
}

struct Hooked {
    stage: Stage,
    secret: String,
}

impl Hooked {
    async fn of(stage: Stage) -> Self {
        let config = CreateExternalAuthConfig {
            id: Some(NAME.to_owned()),
            base_url: stage.github.base_url(),
            client_id: "c".to_owned(),
            client_secret: Some("s".to_owned()),
            ..CreateExternalAuthConfig::default()
        };
        let platform = stage.platform();
        let created = platform.create_external_auth_config(&stage.owner, config);
        created.await.unwrap();
        let made = platform.generate_webhook_secret(&stage.owner, NAME);
        let secret = made.await.unwrap().webhook_secret;
        Self { stage, secret }
    }

    async fn send(&self, event: &str, body: Value) -> Result<bool, ExternalAuthError> {
        let body = body.to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let digits = mac.finalize().into_bytes();
        let digits = digits
            .iter()
            .fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        let delivery = Delivery {
            signature: Some(&format!("sha256={digits}")),
            event: Some(event),
            id: None,
            body: body.as_bytes(),
        };
        self.stage.platform().receive_webhook(NAME, delivery).await
    }

    /// The host says that something happened to a pull request of the test's repository.
    async fn tell(&self, number: i32, branch: &str) {
        let body = json!({
            "action": "closed",
            "repository": { "full_name": "Ada/Greeter" },
            // Whatever is said here is not what is shown.
            "pull_request": {
                "number": number, "state": "closed", "merged": true, "title": "Of nobody",
                "head": { "ref": branch, "repo": { "full_name": "Ada/Greeter" } },
            },
        });
        assert!(self.send("pull_request", body).await.unwrap());
    }

    async fn settle(&self) {
        while self.stage.refresh_due().await > 0 {}
        self.stage.asked();
    }
}

fn pull(branch: &str) -> Pull {
    Pull {
        branch: branch.to_owned(),
        ..Pull::default()
    }
}

#[tokio::test]
async fn a_pull_request_of_a_webhook_comes_to_the_watchers_of_its_chat_alone() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        stage.give(&stage.member, "token-of-member").await;
        let (other, members) = (
            stage.chat_of(&stage.owner).await,
            stage.chat_of(&stage.member).await,
        );
        stage.put(7, pull("topic"));
        stage.put(8, pull("other"));
        stage.put(9, pull("members"));
        for (chat, branch) in [
            (stage.chat, "topic"),
            (other, "other"),
            (members, "members"),
        ] {
            stage.mark(chat, branch).await;
        }
        let hooked = Hooked::of(stage).await;
        hooked.settle().await;
        let stage = &hooked.stage;
        stage.platform().start().await.unwrap();
        let mut events = Box::pin(stage.platform().watch_chats(&stage.owner, None));
        let mut strangers = Box::pin(stage.platform().watch_chats(&stage.member, None));
        stage.put(
            7,
            Pull {
                draft: true,
                ..pull("topic")
            },
        );
        stage.put(
            9,
            Pull {
                draft: true,
                ..pull("members")
            },
        );
        hooked.tell(7, "topic").await;
        let found = next_diff_status(&mut events);
        let chat = tokio::time::timeout(Duration::from_secs(30), found).await;
        let chat = chat.unwrap();
        assert_eq!(chat.id, stage.chat);
        let status = chat.diff_status.unwrap();
        assert!(status.pull_request_draft, "what the host answers");
        assert_eq!(status.pull_request_state, Some(PullRequestState::Open));
        assert_ne!(status.pull_request_title, "Of nobody");
        let quiet =
            tokio::time::timeout(Duration::from_millis(50), next_diff_status(&mut strangers)).await;
        assert!(quiet.is_err(), "{quiet:?}");
        let requests = stage.github.github().take_requests();
        assert!(!requests.is_empty());
        for asked in requests {
            assert_eq!(asked.token.as_deref(), Some("token-of-owner"), "{asked:?}");
        }
        // That of another person, with their token.
        hooked.tell(9, "members").await;
        let told = next_diff_status(&mut strangers);
        let told = tokio::time::timeout(Duration::from_secs(30), told).await;
        assert_eq!(told.unwrap().id, members);
        let requests = stage.github.github().take_requests();
        for asked in requests {
            assert_eq!(asked.token.as_deref(), Some("token-of-member"), "{asked:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn only_what_is_named_is_due_and_no_sooner_than_it_does_good() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        stage.put(7, pull("topic"));
        let elsewhere = stage.chat_of(&stage.owner).await;
        let row = store::chats::get(&stage.platform().0.db, elsewhere).await;
        let (row, far) = (row.unwrap().unwrap(), format!("{}/ada/other.git", stage.github.base_url()));
        stage.platform().mark_diff_status_stale(&row, ("topic", &far), false).await;
        stage.mark(stage.chat, "topic").await;
        let hooked = Hooked::of(stage).await;
        hooked.settle().await;
        let stage = &hooked.stage;
        let fresh = stage.due_in(stage.chat).await;
        assert_eq!(fresh, 120);
        for (event, body) in [
            ("push", json!({ "ref": "refs/heads/main" })),
            ("push", json!({ "ref": "refs/tags/topic" })),
            ("issues", json!({ "ref": "refs/heads/topic" })),
            ("ping", json!({ "ref": "refs/heads/topic" })),
            ("check_suite", json!({ "check_suite": { "head_branch": "topic' OR 1=1", "pull_requests": [{ "number": 8 }] } })),
        ] {
            let mut body = body;
            body["repository"] = json!({ "full_name": "ada/greeter" });
            hooked.send(event, body).await.unwrap();
            assert_eq!(stage.due_in(stage.chat).await, fresh, "{event}");
        }
        let (of_another, push) = ("bob/greeter", "refs/heads/topic");
        let body = json!({ "ref": push, "repository": { "full_name": of_another } });
        hooked.send("push", body).await.unwrap();
        assert_eq!(stage.refresh_due().await, 0);
        // By its number alone.
        let suite = json!({ "head_branch": null, "pull_requests": [{ "number": 7 }] });
        let body = json!({ "check_suite": suite, "repository": { "full_name": "ada/greeter" } });
        hooked.send("check_suite", body.clone()).await.unwrap();
        assert_eq!(stage.due_in(stage.chat).await, 0);
        assert_eq!(stage.refresh_due().await, 1, "not the same branch elsewhere");
        // However often it comes again, there is one more look.
        for _ in 0..5 {
            hooked.send("check_suite", body.clone()).await.unwrap();
        }
        assert_eq!(stage.refresh_due().await, 0);
        assert_eq!(stage.due_in(stage.chat).await, 10);
        stage.test.clock.advance(TimeDelta::seconds(10));
        assert_eq!(stage.refresh_due().await, 1);
        assert_eq!(stage.due_in(stage.chat).await, 120);
        // A token that the host refuses is not tried again and again.
        stage
            .github
            .github()
            .fail(Fault::refusal(401, "Bad credentials", &[]));
        stage.platform().refresh_chat(stage.chat).await.unwrap_err();
        let waits = stage.due_in(stage.chat).await;
        hooked.send("check_suite", body).await.unwrap();
        assert_eq!(stage.due_in(stage.chat).await, waits);
    })
    .await;
}

#[tokio::test]
async fn a_look_that_is_under_way_does_not_hide_a_webhook() {
    on_both(async |stage| {
        stage.give(&stage.owner, "token-of-owner").await;
        stage.put(7, pull("topic"));
        stage.mark(stage.chat, "topic").await;
        let hooked = Hooked::of(stage).await;
        let stage = &hooked.stage;
        let (db, now) = (&stage.platform().0.db, stage.test.clock.now());
        let claimed = diff_statuses::claim(db, now, now + TimeDelta::minutes(5), 10).await;
        hooked.tell(7, "topic").await;
        stage.platform().refresh(&claimed.unwrap()).await.unwrap();
        assert_eq!(stage.refresh_due().await, 1);
    })
    .await;
}
