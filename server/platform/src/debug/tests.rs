//! What becomes of records while time passes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use sdk::chat_config::DebugRetentionDays;
use sdk::chats::{CreateChat, UpdateChat};
use sdk::parts::InputPart;
use store::testing::for_both;

use super::*;
use crate::testing::{TestPlatform, open};

async fn on_both_recorded(test: impl AsyncFn(TestPlatform, Actor)) {
    for_both(async |database| {
        let recorded = |options: &mut crate::PlatformOptions| {
            options.chat_debug_logging_enabled = true;
        };
        let opened = open(database, recorded).await;
        opened.platform.start().await.unwrap();
        let owner = opened.owner().await;
        test(opened, owner).await;
    })
    .await;
}

async fn chat(test: &TestPlatform, owner: &Actor, script: &str) -> ChatId {
    let request = CreateChat {
        content: vec![InputPart::Text {
            text: script.to_owned(),
        }],
        ..CreateChat::default()
    };
    test.platform.create_chat(owner, request).await.unwrap().id
}

/// The chat's turn, as soon as it is as wished.
async fn turn(
    test: &TestPlatform,
    owner: &Actor,
    chat: ChatId,
    wished: impl Fn(&DebugRun) -> bool,
) -> DebugRun {
    let is_there = async {
        loop {
            let runs = test.platform.list_debug_runs(owner, chat).await.unwrap();
            let mut runs = runs.into_iter();
            if let Some(run) = runs.find(|run| run.kind == "chat_turn" && wished(run)) {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), is_there)
        .await
        .expect("the turn is not recorded so")
}

#[tokio::test]
async fn records_go_after_the_days_that_an_owner_set() {
    on_both_recorded(async |test, owner| {
        let platform = &test.platform;
        let chat = chat(&test, &owner, "!text \"hello\"").await;
        turn(&test, &owner, chat, |run| run.finished_at.is_some()).await;
        test.clock.advance(TimeDelta::days(31));
        for (debug_retention_days, is_kept) in [(0, true), (32, true), (30, false)] {
            let days = DebugRetentionDays {
                debug_retention_days,
            };
            let changed = platform.update_debug_retention_days(&owner, days);
            changed.await.unwrap();
            platform.keep_debug_records().await.unwrap();
            let runs = platform.list_debug_runs(&owner, chat).await.unwrap();
            let is_left = runs.iter().any(|run| run.kind == "chat_turn");
            assert_eq!(is_left, is_kept, "{debug_retention_days}");
        }
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn what_gives_no_sign_of_life_is_interrupted() {
    on_both_recorded(async |test, owner| {
        let platform = &test.platform;
        let chat = chat(&test, &owner, "!stall 300s").await;
        let run = turn(&test, &owner, chat, |_| true).await;
        for (minutes, status) in [(14, "in_progress"), (2, "interrupted")] {
            test.clock.advance(TimeDelta::minutes(minutes));
            platform.keep_debug_records().await.unwrap();
            let all = ReadDebugRun::default();
            let found = platform.get_debug_run(&owner, chat, run.id, all).await;
            let found = found.unwrap();
            assert_eq!(found.run.status, status);
            assert!(found.steps.iter().all(|step| step.status == status));
        }
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn an_archived_chat_keeps_no_records() {
    on_both_recorded(async |test, owner| {
        let platform = &test.platform;
        let chat = chat(&test, &owner, "!text \"hello\"").await;
        turn(&test, &owner, chat, |run| run.finished_at.is_some()).await;
        let archived = UpdateChat {
            archived: Some(true),
            ..UpdateChat::default()
        };
        platform.update_chat(&owner, chat, archived).await.unwrap();
        test.clock.advance(TimeDelta::seconds(31));
        platform.keep_debug_records().await.unwrap();
        let runs = platform.list_debug_runs(&owner, chat).await.unwrap();
        assert!(runs.iter().all(|run| run.kind != "chat_turn"), "{runs:?}");
        test.platform.shut_down().await;
    })
    .await;
}
