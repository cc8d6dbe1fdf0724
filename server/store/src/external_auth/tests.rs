//! The contract of the rows, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::{TimeDelta, TimeZone, Utc};
use sdk::ids::OrganizationId;
use sdk::organizations::Organization;
use sdk::users::{Role, UserStatus};

use super::*;
use crate::testing::for_both;
use crate::users::UserRow;
use crate::{organizations, users};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap()
}

async fn people(db: &Db) -> [UserId; 2] {
    let organization = Organization {
        id: OrganizationId::generate(),
        name: "Default".to_owned(),
        is_default: true,
        created_at: now(),
    };
    let user = |name: &str| UserRow {
        id: UserId::generate(),
        organization_id: organization.id,
        username: name.to_owned(),
        name: String::new(),
        email: format!("{name}@example.com"),
        role: Role::Member,
        status: UserStatus::Active,
        agents_access: true,
        password_hash: "$argon2id$".to_owned(),
        created_at: now(),
        updated_at: now(),
    };
    let (ada, ben) = (user("ada"), user("ben"));
    let mut tx = db.begin().await.unwrap();
    organizations::insert(&mut tx, &organization).await.unwrap();
    users::insert(&mut tx, &ada).await.unwrap();
    users::insert(&mut tx, &ben).await.unwrap();
    tx.commit().await.unwrap();
    [ada.id, ben.id]
}

fn link(user_id: UserId, host: &str) -> NewLink<'_> {
    NewLink {
        id: ExternalAuthLinkId::generate(),
        user_id,
        host,
        kind: ExternalAuthKind::Token,
        username: "x-access-token",
        token_sealed: b"sealed",
        config: None,
        refresh_token_sealed: None,
        expires_at: None,
        now: now(),
    }
}

async fn add(db: &Db, link: NewLink<'_>) -> Result<(), StoreError> {
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, link).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_link_is_read_as_written_replaced_used_and_forgotten() {
    for_both(async |test| {
        let db = &test.db;
        let [ada, _] = people(db).await;
        let added = link(ada, "git.example.com");
        add(db, added).await.unwrap();
        let read = get(db, ada, "git.example.com").await.unwrap().unwrap();
        assert_eq!(
            (read.id, &read.token_sealed[..]),
            (added.id, &b"sealed"[..])
        );
        assert_eq!(read.link.username, "x-access-token");
        assert_eq!(
            (read.link.created_at, read.link.last_used_at),
            (now(), None)
        );
        let later = now() + TimeDelta::hours(1);
        touch(db, added.id, later).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let replaced = NewLink {
            username: "ada",
            token_sealed: b"other",
            now: later,
            ..added
        };
        update(&mut tx, replaced).await.unwrap();
        assert_eq!(count(&mut tx, ada).await.unwrap(), 1);
        let inside = get_in(&mut tx, ada, "git.example.com").await.unwrap();
        tx.commit().await.unwrap();
        let read = get(db, ada, "git.example.com").await.unwrap().unwrap();
        assert_eq!(inside, Some(read.clone()));
        assert_eq!(
            (&read.token_sealed[..], &*read.link.username),
            (&b"other"[..], "ada")
        );
        assert_eq!((read.link.created_at, read.link.updated_at), (now(), later));
        assert_eq!(read.link.last_used_at, Some(later));
        assert!(forget(db, ada, "git.example.com").await);
        assert!(!forget(db, ada, "git.example.com").await);
        assert_eq!(list(db, ada, 10).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn each_person_has_one_for_a_host_and_sees_none_of_others() {
    for_both(async |test| {
        let db = &test.db;
        let [ada, ben] = people(db).await;
        for host in ["git.example.com:8443", "git.example.com"] {
            add(db, link(ada, host)).await.unwrap();
        }
        add(db, link(ben, "git.example.com")).await.unwrap();
        let twice = add(db, link(ada, "git.example.com")).await.unwrap_err();
        assert!(twice.unique_violation().is_some());
        let hosts = |rows: Vec<LinkRow>| rows.into_iter().map(|row| row.link.host);
        let adas: Vec<_> = hosts(list(db, ada, 10).await.unwrap()).collect();
        assert_eq!(adas, ["git.example.com", "git.example.com:8443"]);
        assert_eq!(get(db, ben, "git.example.com:8443").await.unwrap(), None);
        assert!(!forget(db, ben, "git.example.com:8443").await);
        assert_eq!(list(db, ada, 10).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn one_at_a_time_refreshes_and_loses_its_claim_when_the_link_is_replaced() {
    for_both(async |test| {
        let db = &test.db;
        let [ada, _] = people(db).await;
        let ends = now() + TimeDelta::hours(8);
        let added = NewLink {
            kind: ExternalAuthKind::Oauth,
            config: Some("github"),
            refresh_token_sealed: Some(b"sealed too"),
            expires_at: Some(ends),
            ..link(ada, "git.example.com")
        };
        add(db, added).await.unwrap();
        let claim = async |at: DateTime<Utc>, until: DateTime<Utc>| {
            claim_refresh(db, added.id, at, (at, until)).await.unwrap()
        };
        let soon = TimeDelta::seconds(40);
        assert!(!claim(now(), now() + soon).await, "it holds for hours");
        assert!(claim(ends, ends + soon).await);
        assert!(!claim(ends, ends + soon).await);
        // Its process is gone.
        let (later, until) = (ends + soon, ends + soon + soon);
        assert!(claim(later, until).await);
        let refreshed = Refreshed {
            token_sealed: b"newer",
            refresh_token_sealed: Some(b"newer too"),
            expires_at: Some(ends + TimeDelta::hours(8)),
        };
        assert!(
            !finish_refresh(db, added.id, ends + soon, refreshed)
                .await
                .unwrap()
        );
        assert!(
            finish_refresh(db, added.id, until, refreshed)
                .await
                .unwrap()
        );
        let read = get(db, ada, "git.example.com").await.unwrap().unwrap();
        assert_eq!(read.token_sealed, b"newer");
        assert_eq!(
            (read.refresh_ends_at, read.link.config.as_deref()),
            (None, Some("github"))
        );

        let later = ends + TimeDelta::hours(9);
        let until = later + soon;
        assert!(claim(later, until).await);
        let mut tx = db.begin().await.unwrap();
        update(&mut tx, link_with(added.id, ada)).await.unwrap();
        tx.commit().await.unwrap();
        assert!(
            !finish_refresh(db, added.id, until, refreshed)
                .await
                .unwrap()
        );
        end_refresh(db, added.id, until, Some("gone"))
            .await
            .unwrap();
        let read = get(db, ada, "git.example.com").await.unwrap().unwrap();
        assert_eq!(
            (&read.token_sealed[..], read.link.problem),
            (&b"sealed"[..], None)
        );
        assert_eq!((read.refresh_token_sealed, read.expires_at), (None, None));
        assert!(
            !claim(later, until).await,
            "a token that was entered does not end"
        );
    })
    .await;
}

fn link_with(id: ExternalAuthLinkId, user: UserId) -> NewLink<'static> {
    NewLink {
        id,
        ..link(user, "git.example.com")
    }
}

async fn forget(db: &Db, user: UserId, host: &str) -> bool {
    let mut tx = db.begin().await.unwrap();
    let is_gone = delete(&mut tx, user, host).await.unwrap();
    tx.commit().await.unwrap();
    is_gone
}
