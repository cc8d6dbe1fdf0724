//! Signing in, staying in, and being out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::net::{IpAddr, Ipv4Addr};

use sdk::permissions::Permission;
use sdk::users::{Role, UpdateUser};

use super::*;
use crate::testing::{PASSWORD, TestPlatform, on_both, open};
use store::testing::TestDb;

fn from(last: u8) -> ClientInfo {
    let address = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
    ClientInfo {
        address,
        user_agent: "test".to_owned(),
    }
}

async fn attempt(
    test: &TestPlatform,
    email: &str,
    password: &str,
    client: &ClientInfo,
) -> Result<LoggedIn, SessionError> {
    let login = Login {
        email: email.to_owned(),
        password: password.to_owned(),
    };
    test.platform.login(login, client).await
}

#[tokio::test]
async fn a_session_holds_until_sign_out() {
    on_both(async |test| {
        let owner = test.owner().await;
        let token = test.token_of("owner").await;
        assert_eq!(token.len(), 43, "32 random bytes");
        let actor = test.platform.authenticate(&token).await.unwrap().unwrap();
        assert_eq!(actor.user_id, owner.user_id);
        test.platform.logout(&actor).await.unwrap();
        assert!(test.platform.authenticate(&token).await.unwrap().is_none());
        test.platform.logout(&actor).await.unwrap();
        assert!(
            test.platform.is_still_valid(&owner).await.unwrap(),
            "another session ended too"
        );
    })
    .await;
}

#[tokio::test]
async fn nonsense_is_nobody() {
    on_both(async |test| {
        test.owner().await;
        for token in [
            "",
            "swy_",
            "swy_nonsense",
            "nonsense",
            "\0",
            &"a".repeat(100_000),
        ] {
            assert!(test.platform.authenticate(token).await.unwrap().is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_thirty_days_after_its_last_use() {
    on_both(async |test| {
        test.owner().await;
        let (used, unused) = (test.token_of("owner").await, test.token_of("owner").await);
        test.clock.advance(TimeDelta::days(20));
        assert!(test.platform.authenticate(&used).await.unwrap().is_some());
        test.clock.advance(TimeDelta::days(10));
        assert!(test.platform.authenticate(&unused).await.unwrap().is_none());
        test.clock
            .advance(TimeDelta::days(20) - TimeDelta::microseconds(1));
        let actor = test.platform.authenticate(&used).await.unwrap().unwrap();
        assert!(test.platform.is_still_valid(&actor).await.unwrap());
        test.clock.advance(TimeDelta::days(30));
        assert!(!test.platform.is_still_valid(&actor).await.unwrap());
        assert!(test.platform.authenticate(&used).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn use_is_noted_once_a_minute() {
    on_both(async |test| {
        test.owner().await;
        let token = test.token_of("owner").await;
        let hash = credentials::hash(&token);
        let start = test.clock.now();
        let noted = async || {
            test.platform.authenticate(&token).await.unwrap().unwrap();
            let row = sessions::find(&test.platform.0.db, &hash)
                .await
                .unwrap()
                .unwrap();
            row.last_used_at.unwrap()
        };
        test.clock.advance(TimeDelta::seconds(59));
        assert_eq!(noted().await, start);
        test.clock.advance(TimeDelta::seconds(1));
        assert_eq!(noted().await, start + TimeDelta::minutes(1));
    })
    .await;
}

#[tokio::test]
async fn the_token_itself_is_stored_nowhere() {
    let database = TestDb::sqlite().await;
    let test = open(&database, |_| {}).await;
    test.owner().await;
    let token = test.token_of("owner").await;
    test.platform.shut_down().await;
    let file = std::fs::read(database.folder().join("switchyard.db")).unwrap();
    let holds = |needle: &[u8]| file.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"owner@example.com"), "the file was not read");
    assert!(!holds(token.as_bytes()));
    assert!(!holds(PASSWORD.as_bytes()));
}

#[tokio::test]
async fn sign_out_everywhere_ends_all_sessions_of_one_user() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let elsewhere = test.token_of("member").await;
        test.platform.sign_out_everywhere(&member).await.unwrap();
        assert!(
            test.platform
                .authenticate(&elsewhere)
                .await
                .unwrap()
                .is_none()
        );
        assert!(!test.platform.is_still_valid(&member).await.unwrap());
        assert!(test.platform.is_still_valid(&owner).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_suspended_user_is_out_at_once_and_comes_back_by_signing_in() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let session = test.token_of("member").await;
        let request = sdk::tokens::CreateToken {
            token_name: "t".to_owned(),
            lifetime_seconds: None,
        };
        let key = test
            .platform
            .create_token(&member, "me", request)
            .await
            .unwrap()
            .key;
        let set = |status| UpdateUser {
            status: Some(status),
            ..UpdateUser::default()
        };
        test.platform
            .update_user(&owner, "member", set(UserStatus::Suspended))
            .await
            .unwrap();
        assert!(
            test.platform
                .authenticate(&session)
                .await
                .unwrap()
                .is_none()
        );
        assert!(test.platform.authenticate(&key).await.unwrap().is_none());
        assert!(!test.platform.is_still_valid(&member).await.unwrap());
        let refusal = attempt(&test, "member@example.com", PASSWORD, &from(1))
            .await
            .unwrap_err();
        assert!(matches!(refusal, SessionError::WrongCredentials));

        test.platform
            .update_user(&owner, "member", set(UserStatus::Active))
            .await
            .unwrap();
        assert!(
            test.platform
                .authenticate(&session)
                .await
                .unwrap()
                .is_none(),
            "sessions do not come back"
        );
        assert!(
            test.platform.authenticate(&key).await.unwrap().is_some(),
            "tokens do"
        );
        attempt(&test, "member@example.com", PASSWORD, &from(1))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_changed_role_holds_for_the_next_request_and_ends_old_sockets() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let token = test.token_of("member").await;
        let promote = UpdateUser {
            role: Some(Role::Admin),
            agents_access: None,
            ..UpdateUser::default()
        };
        test.platform
            .update_user(&owner, "member", promote)
            .await
            .unwrap();
        assert!(
            test.platform
                .authenticate(&token)
                .await
                .unwrap()
                .unwrap()
                .may(Permission::ManageUsers)
        );
        assert!(!test.platform.is_still_valid(&member).await.unwrap());
    })
    .await;
}

/// Who managed the account before may have made a token of it, or know its session.
#[tokio::test]
async fn who_becomes_an_owner_signs_in_anew_and_has_no_old_tokens() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let session = test.token_of("member").await;
        let token = sdk::tokens::CreateToken {
            token_name: "planted".to_owned(),
            lifetime_seconds: None,
        };
        let created = test.platform.create_token(&member, "me", token).await;
        let key = created.unwrap().key;
        let promote = UpdateUser {
            role: Some(Role::Owner),
            ..UpdateUser::default()
        };
        let raised = test.platform.update_user(&owner, "member", promote);
        assert_eq!(raised.await.unwrap().role(), Role::Owner);
        for old in [session, key] {
            assert!(test.platform.authenticate(&old).await.unwrap().is_none());
        }
        assert!(test.sign_in("member").await.may(Permission::ManageOwners));
    })
    .await;
}

#[tokio::test]
async fn every_wrong_sign_in_gets_the_same_answer() {
    on_both(async |test| {
        test.owner().await;
        let mut answers = Vec::new();
        for (email, password) in [
            ("owner@example.com", "wrong password"),
            ("nobody@example.com", PASSWORD),
            ("nonsense", ""),
            ("", PASSWORD),
        ] {
            let refusal = attempt(&test, email, password, &from(1)).await.unwrap_err();
            assert_eq!(refusal.kind(), FailureKind::Unauthenticated);
            answers.push(refusal.message());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn the_address_is_compared_without_case_and_spaces() {
    on_both(async |test| {
        test.owner().await;
        attempt(&test, " OWNER@Example.com ", PASSWORD, &from(1))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn guessing_is_slowed_down_by_account_and_address() {
    let database = TestDb::sqlite().await;
    let test = open(&database, |_| {}).await;
    test.owner().await;
    let email = "owner@example.com";
    for _ in 0..11 {
        let refusal = attempt(&test, email, "wrong password", &from(1))
            .await
            .unwrap_err();
        assert!(matches!(refusal, SessionError::WrongCredentials));
    }
    let refusal = attempt(&test, email, PASSWORD, &from(1)).await.unwrap_err();
    assert_eq!(
        refusal.kind(),
        FailureKind::TooMany { retry_after_s: 6 },
        "even the right one waits"
    );
    attempt(&test, email, PASSWORD, &from(2))
        .await
        .expect("another address is not in the way");
    let refusal = attempt(&test, "other@example.com", PASSWORD, &from(1))
        .await
        .unwrap_err();
    assert!(
        matches!(refusal, SessionError::WrongCredentials),
        "another account is looked at"
    );
    test.clock.advance(TimeDelta::seconds(6));
    attempt(&test, email, PASSWORD, &from(1))
        .await
        .expect("the wait is over");
}

#[tokio::test]
async fn signing_in_rightly_is_never_too_often() {
    let database = TestDb::sqlite().await;
    let test = open(&database, |_| {}).await;
    test.owner().await;
    for _ in 0..30 {
        attempt(&test, "owner@example.com", PASSWORD, &from(1))
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_that_wait_in_line_together_are_not_all_looked_at() {
    let database = TestDb::sqlite().await;
    let test = open(&database, |_| {}).await;
    test.owner().await;
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..40 {
        let platform = test.platform.clone();
        let login = Login {
            email: "owner@example.com".to_owned(),
            password: format!("wrong {number}"),
        };
        guesses.spawn(async move { platform.login(login, &from(1)).await.unwrap_err().kind() });
    }
    let kinds = guesses.join_all().await;
    let looked_at = kinds
        .iter()
        .filter(|kind| **kind == FailureKind::Unauthenticated)
        .count();
    assert!(looked_at <= 14, "{looked_at} guesses were looked at");
}

#[tokio::test]
async fn addresses_that_no_account_can_have_are_not_remembered() {
    on_both(async |test| {
        test.owner().await;
        let long = format!("{}@example.com", "a".repeat(100_000));
        for email in [long.as_str(), "owner@example.com\0"] {
            for _ in 0..20 {
                let refusal = attempt(&test, email, PASSWORD, &from(1)).await.unwrap_err();
                assert_eq!(refusal.kind(), FailureKind::Unauthenticated);
            }
        }
        assert_eq!(test.platform.0.attempts.remembered(), 0);
    })
    .await;
}

#[test]
fn strangers_cannot_fill_the_memory_with_names() {
    let clock = store::Clock::manual(Utc::now());
    let attempts = attempts::Attempts::new(&clock);
    for number in 0..60_000_u32 {
        clock.advance(TimeDelta::milliseconds(50));
        let address = IpAddr::V4(Ipv4Addr::from(number));
        let name = format!("{number}@example.com");
        attempts.begin(&name, Some(address)).unwrap().failed();
    }
    assert!(attempts.remembered() <= 30_000, "{}", attempts.remembered());
}

#[test]
fn one_address_cannot_go_through_many_accounts() {
    let clock = store::Clock::manual(Utc::now());
    let attempts = attempts::Attempts::new(&clock);
    let [one, other] = [1, 2].map(|last| from(last).address);
    let mut allowed = 0;
    for number in 0..1000 {
        let name = format!("{number}@example.com");
        if let Ok(attempt) = attempts.begin(&name, one) {
            attempt.failed();
            allowed += 1;
        }
    }
    assert_eq!(allowed, 301);
    attempts
        .begin("owner@example.com", other)
        .expect("another address is not in the way");
    clock.advance(TimeDelta::seconds(1));
    attempts
        .begin("owner@example.com", one)
        .expect("the wait is over");
}

#[tokio::test]
async fn a_password_that_was_replaced_while_it_was_looked_at_opens_no_session() {
    on_both(async |test| {
        let owner = test.owner().await;
        test.member(&owner).await;
        let platform = &test.platform;
        let client = from(1);
        let login = || Login {
            email: "member@example.com".to_owned(),
            password: PASSWORD.to_owned(),
        };
        let checked = platform.check_login(login(), &client).await.unwrap();
        let link = platform.create_password_link(&owner, "member").await;
        let redeem = sdk::password_links::RedeemPasswordLink {
            token: link.unwrap().token,
            // The same password is another one: who set it ends what was before.
            password: PASSWORD.to_owned(),
        };
        platform
            .redeem_password_link(redeem, &client)
            .await
            .unwrap();
        let late = platform.begin_session(&checked, &client).await;
        assert!(matches!(late, Err(SessionError::WrongCredentials)));

        let checked = platform.check_login(login(), &client).await.unwrap();
        let suspend = UpdateUser {
            status: Some(UserStatus::Suspended),
            ..UpdateUser::default()
        };
        platform
            .update_user(&owner, "member", suspend)
            .await
            .unwrap();
        let late = platform.begin_session(&checked, &client).await;
        assert!(matches!(late, Err(SessionError::WrongCredentials)));
        let activate = UpdateUser {
            status: Some(UserStatus::Active),
            ..UpdateUser::default()
        };
        platform
            .update_user(&owner, "member", activate)
            .await
            .unwrap();
        assert!(platform.login(login(), &client).await.is_ok());
    })
    .await;
}
