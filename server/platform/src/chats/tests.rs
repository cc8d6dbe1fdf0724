//! Chats through the platform: what is refused, and what failures leave behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::time::Duration;

use sdk::ids::QueuedMessageId;
use sdk::parts::InputPart;
use sdk::workspaces::{CreateWorkspace, ListWorkspaces, WorkspaceMode};
use sqlx::{Connection as _, Executor as _};
use store::testing::TestDb;

use super::*;
use crate::testing::{TestPlatform, on_both, open};
use crate::{Failure as _, FailureKind};

fn hello() -> CreateChat {
    CreateChat {
        content: vec![InputPart::Text {
            text: "!text \"hello\"".to_owned(),
        }],
        ..CreateChat::default()
    }
}

async fn owner_with_models(test: &TestPlatform) -> Actor {
    test.platform.start().await.unwrap();
    test.owner().await
}

fn refused_field(error: &ChatFailure) -> String {
    assert_eq!(error.kind(), FailureKind::Invalid, "{error:?}");
    error.validations()[0].field.clone()
}

#[tokio::test]
async fn nul_characters_are_refused_by_field() {
    on_both(async |test| {
        let owner = owner_with_models(&test).await;
        let nul = || "a\0b".to_owned();
        let labels = || [("key".to_owned(), nul())].into();
        let labelled = CreateChat {
            labels: labels(),
            ..hello()
        };
        let prompted = CreateChat {
            system_prompt: Some(nul()),
            ..hello()
        };
        for (field, request) in [("labels", labelled), ("system_prompt", prompted)] {
            let refusal = test.platform.create_chat(&owner, request).await;
            assert_eq!(refused_field(&refusal.unwrap_err()), field);
        }
        let chat = test.platform.create_chat(&owner, hello()).await.unwrap();
        let titled = UpdateChat {
            title: Some(nul()),
            ..UpdateChat::default()
        };
        let labelled = UpdateChat {
            labels: Some(labels()),
            ..UpdateChat::default()
        };
        for (field, request) in [("title", titled), ("labels", labelled)] {
            let refusal = test.platform.update_chat(&owner, chat.id, request).await;
            assert_eq!(refused_field(&refusal.unwrap_err()), field);
        }
        let query = ListChats {
            q: Some(nul()),
            ..ListChats::default()
        };
        let refusal = test.platform.list_chats(&owner, query).await.unwrap_err();
        assert_eq!(refused_field(&refusal), "q");
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_not_in_the_queue_is_deleted_already() {
    on_both(async |test| {
        let owner = owner_with_models(&test).await;
        let chat = test.platform.create_chat(&owner, hello()).await.unwrap();
        let deleted = test
            .platform
            .delete_queued_message(&owner, chat.id, QueuedMessageId(7))
            .await;
        deleted.unwrap();
        test.platform.shut_down().await;
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_away_is_unavailable_and_says_so() {
    on_both(async |test| {
        let owner = owner_with_models(&test).await;
        test.platform.shut_down().await;
        let query = ListChats::default();
        let error = test.platform.list_chats(&owner, query).await.unwrap_err();
        assert_eq!(error.kind(), FailureKind::Unavailable, "{error:?}");
        assert!(
            error.message().contains("database does not answer"),
            "{}",
            error.message()
        );
    })
    .await;
}

#[tokio::test]
async fn a_chat_that_cannot_be_made_leaves_no_workspace() {
    let database = TestDb::sqlite().await;
    let test = open(&database, |_| {}).await;
    let owner = owner_with_models(&test).await;
    let file = database.folder().join("switchyard.db");
    let mut beside = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    beside
        .execute(
            "CREATE TRIGGER no_chats BEFORE INSERT ON chats BEGIN SELECT RAISE(ABORT, 'refused by the test'); END",
        )
        .await
        .unwrap();
    beside.close().await.unwrap();
    let request = CreateChat {
        new_workspace: Some(CreateWorkspace {
            mode: Some(WorkspaceMode::Empty),
            ..CreateWorkspace::default()
        }),
        ..hello()
    };
    let error = test
        .platform
        .create_chat(&owner, request)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), FailureKind::Internal, "{error:?}");
    let workspaces = async || {
        let query = ListWorkspaces::default();
        test.platform.list_workspaces(&owner, &query).await.unwrap()
    };
    let is_gone = async {
        while !workspaces().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), is_gone)
        .await
        .expect("the workspace stays");
    test.platform.shut_down().await;
}

#[tokio::test]
async fn archived_chats_go_after_the_days_that_an_owner_set() {
    on_both(async |test| {
        let owner = owner_with_models(&test).await;
        let platform = &test.platform;
        let chat = platform.create_chat(&owner, hello()).await.unwrap().id;
        let is_busy = async || {
            let chat = platform.get_chat(&owner, chat).await.unwrap();
            chat.status.is_busy()
        };
        while is_busy().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let archived = UpdateChat {
            archived: Some(true),
            ..UpdateChat::default()
        };
        platform.update_chat(&owner, chat, archived).await.unwrap();
        test.clock.advance(chrono::TimeDelta::days(3));
        for (days, deleted) in [(0, 0), (4, 0), (2, 1), (2, 0)] {
            let change = sdk::chat_config::RetentionDays {
                retention_days: days,
            };
            let changed = platform.update_retention_days(&owner, change);
            changed.await.unwrap();
            assert_eq!(
                platform.delete_old_chats().await.unwrap(),
                deleted,
                "{days}"
            );
        }
        let gone = platform.get_chat(&owner, chat).await.unwrap_err();
        assert_eq!(gone.kind(), FailureKind::NotFound);
        test.platform.shut_down().await;
    })
    .await;
}
