//! One title of a chat is made at a time, whichever process makes it.

use std::sync::Arc;

use async_trait::async_trait;
use chatd::sources::ModelSource;
use chatd::state::people::NewChat;
use chatd::{ResolvedModel, TitleError};
use chrono::TimeDelta;
use sdk::chats::ChatError;
use sdk::ids::ModelConfigId;
use sdk::messages::BusyBehavior;
use sdk::parts::{LineReference, Part};
use store::Clock;
use store::chats::ChatRow;
use store::chats::title_locks::{is_held, release, take};
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use crate::harness::{Bench, DemoModels, PATIENCE, TestTools, daemon, daemon_with, on_both};

/// Models that are there when they are let go.
#[derive(Debug)]
struct Held {
    models: DemoModels,
    asked: Notify,
    passes: Semaphore,
}

#[async_trait]
impl ModelSource for Held {
    async fn resolve(
        &self,
        id: ModelConfigId,
        owner: sdk::ids::UserId,
    ) -> Result<ResolvedModel, ChatError> {
        self.asked.notify_one();
        self.passes.acquire().await.unwrap().forget();
        self.models.resolve(id, owner).await
    }
}

fn held() -> Arc<Held> {
    Arc::new(Held {
        models: DemoModels::default(),
        asked: Notify::new(),
        passes: Semaphore::new(0),
    })
}

async fn until_released(bench: &Bench, chat: sdk::ids::ChatId) {
    let released = async {
        while bench.daemon.is_making_title(chat).await.unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, released).await.unwrap();
}

#[tokio::test]
async fn no_process_makes_a_title_that_another_one_makes() {
    on_both(async |bench| {
        let chat = bench.create("!text \"hello\"").await;
        bench.until_idle(chat).await;
        let models = held();
        let tools = TestTools::default();
        let here = daemon_with(&bench.db, &bench.notices, &tools, models.clone());
        let there = daemon(&bench.db, &bench.notices, &tools);
        let making = tokio::spawn({
            let here = here.clone();
            async move { here.propose_title(chat).await }
        });
        models.asked.notified().await;
        assert!(there.is_making_title(chat).await.unwrap());
        let refused = there.regenerate_title(chat).await;
        assert!(
            matches!(refused, Err(TitleError::InProgress)),
            "{refused:?}"
        );
        models.passes.add_permits(1);
        making.await.unwrap().unwrap();
        assert!(!there.is_making_title(chat).await.unwrap());
        there.regenerate_title(chat).await.unwrap();

        // Who asked has gone before the title was there.
        let making = tokio::spawn({
            let here = here.clone();
            async move { here.propose_title(chat).await }
        });
        models.asked.notified().await;
        making.abort();
        until_released(&bench, chat).await;
        there.propose_title(chat).await.unwrap();
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_lock_of_a_process_that_died_expires() {
    on_both(async |bench| {
        let chat = bench.create("!text \"hello\"").await;
        let (db, now) = (&bench.db, Clock::system().now());
        let (dead, next) = (Uuid::now_v7(), Uuid::now_v7());
        let minute = TimeDelta::minutes(1);
        assert!(take(db, chat, dead, now, now + minute).await.unwrap());
        let early = now + minute / 2;
        assert!(!take(db, chat, next, early, early + minute).await.unwrap());
        let late = now + minute;
        assert!(!is_held(db, chat, late).await.unwrap());
        assert!(take(db, chat, next, late, late + minute).await.unwrap());
        // What comes too late gives nothing away.
        release(db, chat, dead).await.unwrap();
        assert!(is_held(db, chat, late).await.unwrap());
        release(db, chat, next).await.unwrap();
        assert!(!is_held(db, chat, late).await.unwrap());
        bench.until_idle(chat).await;
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_chat_that_begins_without_a_word_gets_its_title_from_the_first_that_comes() {
    on_both(async |bench| {
        let picture = LineReference {
            file_name: "a.png".to_owned(),
            ..LineReference::default()
        };
        let new = NewChat {
            content: vec![Part::FileReference(picture)],
            ..bench.new_chat("")
        };
        let chat = bench.daemon.create(new).await.unwrap().0.id;
        bench.until_idle(chat).await;
        assert_eq!(bench.row(chat).await.title, "New Chat");
        let words = "!title \"What the picture shows\"\n!text \"A cat.\"";
        bench.send(chat, words, BusyBehavior::Queue).await;
        let has_title = |row: &ChatRow| !row.is_title_fallback;
        let row = bench.until(chat, "a title", has_title).await;
        assert_eq!(row.title, "What the picture shows");
        bench.until_idle(chat).await;
        bench.end().await;
    })
    .await;
}
