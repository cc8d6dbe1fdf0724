//! What a person sees of where they are signed in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use chrono::TimeDelta;
use store::notices::{Heard, Notice};

use super::*;
use crate::sessions::SESSION_LIFETIME;
use crate::testing::on_both;

#[tokio::test]
async fn the_last_used_comes_first_and_what_has_ended_is_not_there() {
    on_both(async |test| {
        let owner = test.owner().await;
        let start = test.clock.now();
        let forgotten = test.sign_in("owner").await;
        test.clock.advance(TimeDelta::days(1));
        let second = test.token_of("owner").await;
        test.clock.advance(TimeDelta::days(1));
        let second = test.platform.authenticate(&second).await.unwrap().unwrap();
        let listed = test.platform.list_sessions(&second).await.unwrap();
        assert_eq!(listed.len(), 3);
        assert!(listed[0].is_current && !listed[1].is_current && !listed[2].is_current);
        assert_eq!(listed[0].created_at, start + TimeDelta::days(1));
        assert_eq!(listed[0].last_used_at, start + TimeDelta::days(2));
        assert_eq!(listed[0].expires_at, test.clock.now() + SESSION_LIFETIME);

        test.clock.advance(SESSION_LIFETIME - TimeDelta::days(2));
        let listed = test.platform.list_sessions(&second).await.unwrap();
        assert_eq!(listed.len(), 1, "{listed:?}");
        let Via::Session(forgotten) = forgotten.via else {
            panic!("no session");
        };
        let ended = test.platform.delete_session(&owner, forgotten).await;
        assert!(matches!(ended, Err(SessionError::NotFound)), "{ended:?}");
    })
    .await;
}

#[tokio::test]
async fn open_sockets_hear_of_an_ended_session() {
    on_both(async |test| {
        let owner = test.owner().await;
        let other = test.sign_in("owner").await;
        let Via::Session(id) = other.via else {
            panic!("no session");
        };
        let mut notices = test.platform.notices().subscribe();
        test.platform.delete_session(&owner, id).await.unwrap();
        let Some(Heard::Notice(heard)) = notices.next().await else {
            panic!("no notice");
        };
        let user_id = owner.user_id;
        assert_eq!(*heard, Notice::UserChanged { user_id });
        assert!(!test.platform.is_still_valid(&other).await.unwrap());
        assert!(test.platform.is_still_valid(&owner).await.unwrap());
    })
    .await;
}
