//! What the rows of users, sessions, tokens and settings keep, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::TimeDelta;
use sdk::ids::{OrganizationId, SessionId, TokenId};
use sdk::organizations::Organization;
use sdk::users::{Role, UserStatus};

use super::*;
use crate::sessions::NewSession;
use crate::testing::for_both;
use crate::tokens::NewToken;
use crate::{Clock, organizations, sessions, settings, tokens, user_settings};

async fn organization(db: &Db) -> OrganizationId {
    let id = OrganizationId::generate();
    let created_at = Clock::system().now();
    let organization = Organization {
        id,
        name: "Default".to_owned(),
        is_default: true,
        created_at,
    };
    let mut tx = db.begin().await.unwrap();
    organizations::insert(&mut tx, &organization).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        organizations::get_default(db).await.unwrap(),
        Some(organization)
    );
    id
}

fn user(organization_id: OrganizationId, username: &str) -> UserRow {
    let now = Clock::system().now();
    UserRow {
        id: UserId::generate(),
        organization_id,
        username: username.to_owned(),
        name: String::new(),
        email: format!("{username}@example.com"),
        role: Role::Owner,
        status: UserStatus::Active,
        agents_access: true,
        password_hash: "$argon2id$".to_owned(),
        created_at: now,
        updated_at: now,
    }
}

async fn add(db: &Db, user: &UserRow) -> Result<(), StoreError> {
    let mut tx = db.begin().await.unwrap();
    insert(&mut tx, user).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_user_is_read_as_written() {
    for_both(async |test| {
        assert!(!any_exists(&test.db).await.unwrap());
        let ada = user(organization(&test.db).await, "ada");
        add(&test.db, &ada).await.unwrap();
        assert!(any_exists(&test.db).await.unwrap());
        assert_eq!(get(&test.db, ada.id).await.unwrap(), Some(ada.clone()));
        assert_eq!(
            get_by_username(&test.db, "ada").await.unwrap(),
            Some(ada.clone())
        );
        assert_eq!(
            get_by_email(&test.db, "ada@example.com").await.unwrap(),
            Some(ada.clone())
        );
        assert_eq!(get(&test.db, UserId::generate()).await.unwrap(), None);
        let listed = organizations::list_of_user(&test.db, ada.id).await.unwrap();
        assert_eq!(listed.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_is_a_unique_violation_that_names_its_column() {
    for_both(async |test| {
        let organization_id = organization(&test.db).await;
        add(&test.db, &user(organization_id, "ada")).await.unwrap();
        let twin = UserRow {
            email: "other@example.com".into(),
            ..user(organization_id, "ada")
        };
        let taken = add(&test.db, &twin)
            .await
            .unwrap_err()
            .unique_violation()
            .unwrap();
        assert!(taken.contains("username"), "{taken}");
        let twin = UserRow {
            username: "other".into(),
            ..user(organization_id, "ada")
        };
        let taken = add(&test.db, &twin)
            .await
            .unwrap_err()
            .unique_violation()
            .unwrap();
        assert!(taken.contains("email"), "{taken}");
    })
    .await;
}

#[tokio::test]
async fn users_are_listed_in_pages() {
    for_both(async |test| {
        let organization_id = organization(&test.db).await;
        let mut all = Vec::new();
        for number in 0..5 {
            let user = user(organization_id, &format!("user{number}"));
            add(&test.db, &user).await.unwrap();
            all.push(user.id);
        }
        let first = list(&test.db, None, 3).await.unwrap();
        let second = list(&test.db, first.last().map(|user| user.id), 3)
            .await
            .unwrap();
        let found: Vec<_> = first.iter().chain(&second).map(|user| user.id).collect();
        assert_eq!((first.len(), found), (3, all));
    })
    .await;
}

#[tokio::test]
async fn deleting_a_user_takes_sessions_and_tokens_along() {
    for_both(async |test| {
        let ada = user(organization(&test.db).await, "ada");
        add(&test.db, &ada).await.unwrap();
        let now = Clock::system().now();
        let session = NewSession {
            id: SessionId::generate(),
            user_id: ada.id,
            token_hash: b"session",
            user_agent: "test",
            created_at: now,
            expires_at: now,
        };
        let token = NewToken {
            id: TokenId::generate(),
            user_id: ada.id,
            name: "token",
            key_hash: b"token",
            created_at: now,
            expires_at: None,
        };
        let mut tx = test.db.begin().await.unwrap();
        sessions::insert(&mut tx, session).await.unwrap();
        tokens::insert(&mut tx, token).await.unwrap();
        tx.commit().await.unwrap();
        assert!(
            sessions::find(&test.db, b"session")
                .await
                .unwrap()
                .is_some()
        );
        assert_eq!(
            tokens::find(&test.db, b"token")
                .await
                .unwrap()
                .unwrap()
                .expires_at,
            None
        );

        let mut tx = test.db.begin().await.unwrap();
        delete(&mut tx, ada.id).await.unwrap();
        tx.commit().await.unwrap();
        assert!(
            sessions::find(&test.db, b"session")
                .await
                .unwrap()
                .is_none()
        );
        assert!(tokens::find(&test.db, b"token").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn sign_out_everywhere_can_keep_one_session_and_expiry_removes_rows() {
    for_both(async |test| {
        let ada = user(organization(&test.db).await, "ada");
        add(&test.db, &ada).await.unwrap();
        let now = Clock::system().now();
        let ids = [
            SessionId::generate(),
            SessionId::generate(),
            SessionId::generate(),
        ];
        for (number, id) in ids.into_iter().enumerate() {
            let token_hash = [u8::try_from(number).unwrap()];
            let expires_at = now + TimeDelta::hours(1);
            let session = NewSession {
                id,
                user_id: ada.id,
                token_hash: &token_hash,
                user_agent: "",
                created_at: now,
                expires_at,
            };
            let mut tx = test.db.begin().await.unwrap();
            sessions::insert(&mut tx, session).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = test.db.begin().await.unwrap();
        sessions::delete_of_user(&mut tx, ada.id, Some(ids[1]))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(sessions::find(&test.db, &[0]).await.unwrap().is_none());
        assert_eq!(
            sessions::find(&test.db, &[1]).await.unwrap().unwrap().id,
            ids[1]
        );
        assert_eq!(sessions::delete_expired(&test.db, now).await.unwrap(), 0);
        assert_eq!(
            sessions::delete_expired(&test.db, now + TimeDelta::hours(1))
                .await
                .unwrap(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn preferences_and_settings_keep_json() {
    for_both(async |test| {
        let ada = user(organization(&test.db).await, "ada");
        add(&test.db, &ada).await.unwrap();
        assert_eq!(
            get_preferences(&test.db, ada.id).await.unwrap(),
            Some(Preferences::default())
        );
        let wide = Preferences {
            sidebar_width_px: 400,
            ..Preferences::default()
        };
        set_preferences(&test.db, ada.id, &wide, ada.updated_at)
            .await
            .unwrap();
        assert_eq!(get_preferences(&test.db, ada.id).await.unwrap(), Some(wide));

        assert_eq!(
            settings::get::<Vec<i64>>(&test.db, "key").await.unwrap(),
            None
        );
        for value in [vec![1_i64], vec![2, 3]] {
            let mut tx = test.db.begin().await.unwrap();
            settings::put(&mut tx, "key", &value, ada.updated_at)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            assert_eq!(settings::get(&test.db, "key").await.unwrap(), Some(value));
        }
        let wrong = settings::get::<String>(&test.db, "key").await.unwrap_err();
        assert!(
            matches!(
                wrong,
                StoreError::Corrupt {
                    table: "settings",
                    ..
                }
            ),
            "{wrong}"
        );
    })
    .await;
}

#[tokio::test]
async fn each_person_has_settings_of_their_own() {
    for_both(async |test| {
        let organization = organization(&test.db).await;
        let (ada, eve) = (user(organization, "ada"), user(organization, "eve"));
        for person in [&ada, &eve] {
            add(&test.db, person).await.unwrap();
        }
        let put = async |key: &str, value: i64| {
            let mut tx = test.db.begin().await.unwrap();
            user_settings::put(&mut tx, ada.id, key, &value, ada.updated_at)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        for (key, value) in [("a_:1", 1), ("a_:2", 2), ("a_:2", 3), ("ab:3", 4)] {
            put(key, value).await;
        }
        let get = async |id, key| user_settings::get::<i64>(&test.db, id, key).await.unwrap();
        assert_eq!(get(ada.id, "a_:2").await, Some(3));
        assert_eq!(get(eve.id, "a_:2").await, None);
        let listed = user_settings::list(&test.db, ada.id, "a_:").await.unwrap();
        let expected = [("1".to_owned(), 1.into()), ("2".to_owned(), 3.into())];
        assert_eq!(listed, expected);
        for _ in 0..2 {
            let mut tx = test.db.begin().await.unwrap();
            user_settings::delete(&mut tx, ada.id, "a_:2")
                .await
                .unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(get(ada.id, "a_:2").await, None);
    })
    .await;
}
