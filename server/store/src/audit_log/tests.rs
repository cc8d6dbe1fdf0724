//! The contract of the rows, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::{TimeDelta, TimeZone as _};
use serde_json::json;

use super::*;
use crate::testing::{TestDb, for_both};

fn entry(minute: i64, action: AuditAction, target_kind: AuditTargetKind) -> NewEntry {
    let first = Utc.with_ymd_and_hms(2026, 1, 2, 3, 0, 0).unwrap();
    NewEntry {
        at: first + TimeDelta::minutes(minute),
        actor_id: None,
        via: AuditVia::CommandLine,
        token_id: None,
        address: String::new(),
        action,
        target: AuditTarget {
            kind: target_kind,
            id: minute.to_string(),
            name: "it".to_owned(),
        },
        before: AuditFields::new(),
        after: AuditFields::from([("is_there".to_owned(), json!({ "deep": [1, "two"] }))]),
    }
}

async fn add(test: &TestDb, entries: impl IntoIterator<Item = NewEntry>) {
    let mut tx = test.db.begin().await.unwrap();
    for entry in entries {
        insert(&mut tx, &entry).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn ids(test: &TestDb, filter: Filter, limit: i64) -> Vec<String> {
    let found = list(&test.db, &filter, limit).await.unwrap();
    found.into_iter().map(|entry| entry.target.id).collect()
}

#[tokio::test]
async fn lists_newest_first_in_pages() {
    for_both(async |test| {
        let made = (0..5)
            .map(|minute| entry(minute, AuditAction::SettingUpdate, AuditTargetKind::Setting));
        add(test, made).await;
        let newest = list(&test.db, &Filter::default(), 2).await.unwrap();
        assert_eq!(newest[0].target.id, "4");
        assert_eq!(newest[0].after["is_there"], json!({ "deep": [1, "two"] }));
        assert_eq!(newest[0].actor.id, None);
        let older = Filter {
            before_id: Some(newest[1].id),
            ..Filter::default()
        };
        assert_eq!(ids(test, older, 10).await, ["2", "1", "0"]);
    })
    .await;
}

#[tokio::test]
async fn narrows_by_action_kind_and_a_half_open_range() {
    for_both(async |test| {
        add(
            test,
            [
                entry(0, AuditAction::UserCreate, AuditTargetKind::User),
                entry(1, AuditAction::UserUpdate, AuditTargetKind::User),
                entry(2, AuditAction::ModelUpdate, AuditTargetKind::Model),
            ],
        )
        .await;
        let action = Filter {
            action: Some(AuditAction::UserUpdate),
            ..Filter::default()
        };
        assert_eq!(ids(test, action, 10).await, ["1"]);
        let kind = Filter {
            target_kind: Some(AuditTargetKind::User),
            ..Filter::default()
        };
        assert_eq!(ids(test, kind, 10).await, ["1", "0"]);
        let range = Filter {
            from: Some(entry(1, AuditAction::UserCreate, AuditTargetKind::User).at),
            to: Some(entry(2, AuditAction::UserCreate, AuditTargetKind::User).at),
            ..Filter::default()
        };
        assert_eq!(ids(test, range, 10).await, ["1"]);
        let nobody = Filter {
            actor_name: Some("olga".to_owned()),
            ..Filter::default()
        };
        assert!(ids(test, nobody, 10).await.is_empty());
    })
    .await;
}
