//! The contract of files, on both databases. Links need chats; `platform` tests them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::{TimeDelta, TimeZone};
use sdk::organizations::Organization;
use sdk::users::{Role, UserStatus};

use super::*;
use crate::testing::for_both;
use crate::users::UserRow;
use crate::{organizations, users};

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap()
}

async fn organization(db: &Db) -> OrganizationId {
    let organization = Organization {
        id: OrganizationId::generate(),
        name: "Default".to_owned(),
        is_default: true,
        created_at: now(),
    };
    let mut tx = db.begin().await.unwrap();
    organizations::insert(&mut tx, &organization).await.unwrap();
    tx.commit().await.unwrap();
    organization.id
}

async fn person(db: &Db, organization_id: OrganizationId, name: &str) -> UserRow {
    let user = UserRow {
        id: UserId::generate(),
        organization_id,
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
    let mut tx = db.begin().await.unwrap();
    users::insert(&mut tx, &user).await.unwrap();
    tx.commit().await.unwrap();
    user
}

fn content(media_type: &str, data: &[u8]) -> Content {
    Content {
        media_type: media_type.to_owned(),
        data: data.to_vec(),
    }
}

fn picture() -> NewFile {
    NewFile {
        name: "a.png".to_owned(),
        content: content("image/png", b"\0large\xff"),
        variants: vec![(Variant::Thumbnail, content("image/jpeg", b"small"))],
    }
}

async fn add(db: &Db, owner: &UserRow, created_at: DateTime<Utc>) -> ChatFile {
    let new = picture();
    let file = ChatFile {
        id: FileId::generate(),
        owner_id: owner.id,
        organization_id: owner.organization_id,
        name: new.name.clone(),
        mime_type: new.content.media_type.clone(),
        created_at,
    };
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, &file, &new).await.unwrap();
    tx.commit().await.unwrap();
    file
}

#[tokio::test]
async fn a_file_is_its_owners_alone() {
    for_both(async |database| {
        let db = &database.db;
        let organization = organization(db).await;
        let (ada, bob) = (
            person(db, organization, "ada").await,
            person(db, organization, "bob").await,
        );
        let file = add(db, &ada, now()).await;
        let id = file.id;
        let whole = read(db, id, ada.id).await.unwrap().unwrap();
        assert_eq!(whole.name, "a.png");
        assert_eq!(whole.content, picture().content);
        let small = read_variant(db, id, ada.id, Variant::Thumbnail)
            .await
            .unwrap();
        assert_eq!(small.unwrap().content, content("image/jpeg", b"small"));
        let none = read_variant(db, id, ada.id, Variant::Model).await.unwrap();
        assert_eq!(none, None);
        assert_eq!(
            owned(db, ada.id, &[id, FileId::generate()]).await.unwrap(),
            [file]
        );

        assert_eq!(read(db, id, bob.id).await.unwrap(), None);
        let foreign = read_variant(db, id, bob.id, Variant::Thumbnail)
            .await
            .unwrap();
        assert_eq!(foreign, None);
        assert_eq!(owned(db, bob.id, &[id]).await.unwrap(), []);
        assert!(!delete_unsent(db, id, bob.id).await.unwrap());
        assert!(delete_unsent(db, id, ada.id).await.unwrap());
        assert_eq!(read(db, id, ada.id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn files_in_no_chat_are_counted_and_go_when_they_are_old() {
    for_both(async |database| {
        let db = &database.db;
        let organization = organization(db).await;
        let (ada, bob) = (
            person(db, organization, "ada").await,
            person(db, organization, "bob").await,
        );
        add(db, &ada, now()).await;
        let kept = add(db, &ada, now() + TimeDelta::days(1)).await;
        add(db, &bob, now() - TimeDelta::days(1)).await;
        let mut tx = db.begin().await.unwrap();
        assert_eq!(count_unsent(&mut tx, ada.id).await.unwrap(), 2);
        drop(tx);
        let before = now() + TimeDelta::hours(1);
        assert_eq!(delete_old(db, before, 1).await.unwrap(), 1);
        assert_eq!(delete_old(db, before, 10).await.unwrap(), 1);
        assert_eq!(delete_old(db, before, 10).await.unwrap(), 0);
        assert!(read(db, kept.id, ada.id).await.unwrap().is_some());
    })
    .await;
}
