//! API tokens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::*;
use crate::testing::on_both;

fn named(name: &str, lifetime_seconds: Option<i64>) -> CreateToken {
    CreateToken {
        token_name: name.to_owned(),
        lifetime_seconds,
    }
}

#[tokio::test]
async fn a_token_acts_for_its_owner_until_it_is_revoked() {
    on_both(async |test| {
        let owner = test.owner().await;
        let created = test
            .platform
            .create_token(&owner, "me", named("laptop", None))
            .await
            .unwrap();
        assert!(created.key.starts_with("swy_"), "{}", created.key);
        let actor = test
            .platform
            .authenticate(&created.key)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (actor.user_id, actor.via),
            (owner.user_id, Via::Token(created.id))
        );
        let listed = test.platform.list_tokens(&owner, "me").await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(
            (listed[0].id, listed[0].token_name.as_str()),
            (created.id, "laptop")
        );
        assert_eq!(listed[0].last_used_at, Some(test.clock.now()));
        assert!(test.platform.is_still_valid(&actor).await.unwrap());

        test.platform
            .delete_token(&owner, "me", created.id)
            .await
            .unwrap();
        assert!(
            test.platform
                .authenticate(&created.key)
                .await
                .unwrap()
                .is_none()
        );
        assert!(!test.platform.is_still_valid(&actor).await.unwrap());
        let again = test
            .platform
            .delete_token(&owner, "me", created.id)
            .await
            .unwrap_err();
        assert_eq!(again.kind(), FailureKind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_token_expires_to_the_second() {
    on_both(async |test| {
        let owner = test.owner().await;
        let key = test
            .platform
            .create_token(&owner, "me", named("short", Some(60)))
            .await
            .unwrap()
            .key;
        test.clock
            .advance(TimeDelta::seconds(60) - TimeDelta::microseconds(1));
        assert!(test.platform.authenticate(&key).await.unwrap().is_some());
        test.clock.advance(TimeDelta::microseconds(1));
        assert!(test.platform.authenticate(&key).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn names_are_unique_per_user_and_fields_have_limits() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        test.platform
            .create_token(&owner, "me", named("ci", None))
            .await
            .unwrap();
        let twin = test
            .platform
            .create_token(&owner, "me", named(" ci ", None))
            .await
            .unwrap_err();
        assert!(matches!(twin, TokenError::NameTaken), "{twin:?}");
        test.platform
            .create_token(&member, "me", named("ci", None))
            .await
            .unwrap();
        for (name, lifetime, field) in [
            ("", None, "token_name"),
            (" \t", None, "token_name"),
            ("a\nb", None, "token_name"),
            (&*"a".repeat(65), None, "token_name"),
            ("ok", Some(0), "lifetime_seconds"),
            ("ok", Some(-5), "lifetime_seconds"),
            ("ok", Some(i64::MAX), "lifetime_seconds"),
        ] {
            let refusal = test
                .platform
                .create_token(&owner, "me", named(name, lifetime))
                .await
                .unwrap_err();
            assert_eq!(
                refusal.validations()[0].field,
                field,
                "{name:?} {lifetime:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_makes_tokens_for_others_or_sees_them_as_a_member() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let of_member = test
            .platform
            .create_token(&member, "me", named("m", None))
            .await
            .unwrap();
        let of_owner = test
            .platform
            .create_token(&owner, "me", named("o", None))
            .await
            .unwrap();

        let refusal = test
            .platform
            .create_token(&owner, "member", named("x", None))
            .await
            .unwrap_err();
        assert_eq!(refusal.kind(), FailureKind::Forbidden);
        let refusal = test
            .platform
            .create_token(&member, "owner", named("x", None))
            .await
            .unwrap_err();
        assert_eq!(refusal.kind(), FailureKind::NotFound);
        let refusal = test
            .platform
            .list_tokens(&member, "owner")
            .await
            .unwrap_err();
        assert_eq!(refusal.kind(), FailureKind::NotFound);
        let refusal = test
            .platform
            .delete_token(&member, "me", of_owner.id)
            .await
            .unwrap_err();
        assert_eq!(refusal.kind(), FailureKind::NotFound);

        assert_eq!(
            test.platform
                .list_tokens(&owner, "member")
                .await
                .unwrap()
                .len(),
            1
        );
        test.platform
            .delete_token(&owner, "member", of_member.id)
            .await
            .unwrap();
        assert!(
            test.platform
                .authenticate(&of_member.key)
                .await
                .unwrap()
                .is_none()
        );
    })
    .await;
}

#[tokio::test]
async fn a_command_may_make_a_token_for_anybody() {
    on_both(async |test| {
        let owner = test.owner().await;
        let command = test.platform.command_line_actor().await.unwrap();
        let created = test
            .platform
            .create_token(&command, "owner", named("cli", None))
            .await
            .unwrap();
        let actor = test
            .platform
            .authenticate(&created.key)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(actor.user_id, owner.user_id);
    })
    .await;
}

#[tokio::test]
async fn a_user_has_at_most_a_hundred_tokens() {
    on_both(async |test| {
        let owner = test.owner().await;
        for number in 0..100 {
            let request = named(&format!("token {number}"), None);
            test.platform
                .create_token(&owner, "me", request)
                .await
                .unwrap();
        }
        let refusal = test
            .platform
            .create_token(&owner, "me", named("one more", None))
            .await
            .unwrap_err();
        assert!(matches!(refusal, TokenError::TooMany));
        assert_eq!(
            test.platform.list_tokens(&owner, "me").await.unwrap().len(),
            100
        );
    })
    .await;
}
