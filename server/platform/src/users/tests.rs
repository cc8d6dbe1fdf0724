//! Accounts on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use sdk::users::{CreateFirstUser, FirstUserCreated, Login, UpdateUser};

use super::*;
use crate::ClientInfo;
use crate::testing::{PASSWORD, TestPlatform, on_both};

fn first(username: &str) -> CreateFirstUser {
    CreateFirstUser {
        email: format!("{username}@example.com"),
        username: username.to_owned(),
        name: None,
        password: PASSWORD.to_owned(),
    }
}

fn change(change: impl FnOnce(&mut UpdateUser)) -> UpdateUser {
    let mut request = UpdateUser::default();
    change(&mut request);
    request
}

fn new(email: &str, username: &str) -> CreateUser {
    CreateUser {
        email: email.to_owned(),
        username: username.to_owned(),
        name: None,
        password: Some(PASSWORD.to_owned()),
        role: None,
        agents_access: None,
    }
}

async fn can_sign_in(test: &TestPlatform, username: &str, password: &str) -> bool {
    let login = Login {
        email: format!("{username}@example.com"),
        password: password.to_owned(),
    };
    test.platform
        .login(login, &ClientInfo::default())
        .await
        .is_ok()
}

async fn create_first(test: &TestPlatform, username: &str) -> Result<FirstUserCreated, UserError> {
    let client = ClientInfo::default();
    let request = first(username);
    test.platform.create_first_user(request, &client).await
}

#[tokio::test]
async fn the_first_user_is_an_owner_and_there_is_one_only() {
    on_both(async |test| {
        assert!(!test.platform.has_first_user().await.unwrap());
        let created = create_first(&test, "ada").await.unwrap();
        assert!(test.platform.has_first_user().await.unwrap());
        let refusal = create_first(&test, "eve").await.unwrap_err();
        assert!(matches!(refusal, UserError::FirstUserExists));
        assert_eq!(refusal.kind(), FailureKind::Conflict);
        let ada = test.sign_in("ada").await;
        assert_eq!(
            (ada.user_id, ada.organization_id),
            (created.user_id, created.organization_id)
        );
        assert!(test.platform.get_user(&ada, "me").await.unwrap().is_owner());
        let organizations = test.platform.list_organizations(&ada).await.unwrap();
        assert_eq!(organizations.len(), 1);
        assert!(organizations[0].is_default);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_first_users_at_once_one_is_made() {
    on_both(async |test| {
        let (one, two) = tokio::join!(create_first(&test, "ada"), create_first(&test, "eve"),);
        let outcomes = [one, two];
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let refusal = outcomes.into_iter().find_map(Result::err).unwrap();
        assert!(matches!(refusal, UserError::FirstUserExists), "{refusal:?}");
    })
    .await;
}

#[tokio::test]
async fn taken_names_and_addresses_are_refused_in_any_case() {
    on_both(async |test| {
        let owner = test.owner().await;
        let refusal = test
            .platform
            .create_user(&owner, new("Owner@EXAMPLE.com", "other"))
            .await
            .unwrap_err();
        assert!(matches!(refusal, UserError::EmailTaken), "{refusal:?}");
        assert_eq!(refusal.validations()[0].field, "email");
        let refusal = test
            .platform
            .create_user(&owner, new("o@example.com", "OWNER"))
            .await
            .unwrap_err();
        assert!(matches!(refusal, UserError::UsernameTaken), "{refusal:?}");
        let (one, two) = tokio::join!(
            test.platform
                .create_user(&owner, new("twin@example.com", "one")),
            test.platform
                .create_user(&owner, new("TWIN@example.com", "two")),
        );
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    })
    .await;
}

#[tokio::test]
async fn members_see_themselves_only_and_change_no_roles() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        for name in [
            "owner",
            &owner.user_id.to_string(),
            "nobody",
            &UserId::generate().to_string(),
        ] {
            let hidden = test.platform.get_user(&member, name).await.unwrap_err();
            assert!(matches!(hidden, UserError::NotFound), "{name}");
            let hidden = test
                .platform
                .update_user(&member, name, UpdateUser::default())
                .await
                .unwrap_err();
            assert!(matches!(hidden, UserError::NotFound), "{name}");
            let hidden = test.platform.delete_user(&member, name).await.unwrap_err();
            assert!(matches!(hidden, UserError::NotFound), "{name}");
        }
        for name in ["me", "MEMBER", &member.user_id.to_string()] {
            assert_eq!(
                test.platform
                    .get_user(&member, name)
                    .await
                    .unwrap()
                    .username,
                "member"
            );
        }
        let promote = change(|request| request.role = Some(Role::Owner));
        let refusal = test
            .platform
            .update_user(&member, "me", promote)
            .await
            .unwrap_err();
        assert!(matches!(refusal, UserError::Forbidden));
        let listed = test
            .platform
            .list_users(&member, ListUsers::default())
            .await;
        assert!(matches!(listed, Err(UserError::NotFound)));
        let created = test
            .platform
            .create_user(&member, new("x@example.com", "x"))
            .await;
        assert!(matches!(created, Err(UserError::Forbidden)));
        let deleted = test.platform.delete_user(&member, "me").await;
        assert!(matches!(deleted, Err(UserError::Forbidden)));
    })
    .await;
}

#[tokio::test]
async fn owners_list_users_in_pages() {
    on_both(async |test| {
        let owner = test.owner().await;
        for name in ["a", "b", "c"] {
            test.add(&owner, name, Role::Member).await;
        }
        let page = |after_id, limit| ListUsers {
            after_id,
            limit: Some(limit),
        };
        let one = test
            .platform
            .list_users(&owner, page(None, 3))
            .await
            .unwrap();
        let two = test
            .platform
            .list_users(&owner, page(Some(one[2].id), 3))
            .await
            .unwrap();
        let names: Vec<_> = one
            .iter()
            .chain(&two)
            .map(|user| user.username.as_str())
            .collect();
        assert_eq!(names, ["owner", "a", "b", "c"]);
        for limit in [0, -1, 1001] {
            let refusal = test
                .platform
                .list_users(&owner, page(None, limit))
                .await
                .unwrap_err();
            assert_eq!(refusal.kind(), FailureKind::Invalid);
        }
    })
    .await;
}

#[tokio::test]
async fn the_last_active_owner_stays_an_active_owner() {
    on_both(async |test| {
        let owner = test.owner().await;
        let demote = || change(|request| request.role = Some(Role::Member));
        let suspend = || change(|request| request.status = Some(UserStatus::Suspended));
        for request in [demote(), suspend()] {
            let refusal = test
                .platform
                .update_user(&owner, "me", request)
                .await
                .unwrap_err();
            assert!(matches!(refusal, UserError::LastOwner), "{refusal:?}");
        }
        assert!(matches!(
            test.platform.delete_user(&owner, "me").await,
            Err(UserError::LastOwner)
        ));

        test.add(&owner, "second", Role::Owner).await;
        test.platform
            .update_user(&owner, "second", suspend())
            .await
            .unwrap();
        let refusal = test
            .platform
            .update_user(&owner, "me", demote())
            .await
            .unwrap_err();
        assert!(
            matches!(refusal, UserError::LastOwner),
            "a suspended owner administers nothing"
        );

        let activate = change(|request| request.status = Some(UserStatus::Active));
        test.platform
            .update_user(&owner, "second", activate)
            .await
            .unwrap();
        assert!(
            !test
                .platform
                .update_user(&owner, "me", demote())
                .await
                .unwrap()
                .is_owner()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_who_demote_each_other_at_once_leave_one() {
    on_both(async |test| {
        let owner = test.owner().await;
        test.add(&owner, "second", Role::Owner).await;
        let second = test.sign_in("second").await;
        let demote = || change(|request| request.role = Some(Role::Member));
        let (one, two) = tokio::join!(
            test.platform.update_user(&owner, "second", demote()),
            test.platform.update_user(&second, "owner", demote()),
        );
        assert_eq!(
            usize::from(one.is_ok()) + usize::from(two.is_ok()),
            1,
            "{one:?} {two:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_the_other_sessions() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let elsewhere = test.token_of("member").await;
        let set = |old: Option<&str>| {
            change(|request| {
                request.password = Some("another password".to_owned());
                request.old_password = old.map(str::to_owned);
            })
        };
        for old in [None, Some("wrong")] {
            let refusal = test
                .platform
                .update_user(&member, "me", set(old))
                .await
                .unwrap_err();
            assert_eq!(refusal.validations()[0].field, "old_password");
        }
        test.platform
            .update_user(&member, "me", set(Some(PASSWORD)))
            .await
            .unwrap();
        assert!(
            test.platform
                .authenticate(&elsewhere)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            test.platform.is_still_valid(&member).await.unwrap(),
            "the own session goes on"
        );
        assert!(!can_sign_in(&test, "member", PASSWORD).await);
        assert!(can_sign_in(&test, "member", "another password").await);

        test.platform
            .update_user(&owner, "member", set(None))
            .await
            .unwrap();
        assert!(
            !test.platform.is_still_valid(&member).await.unwrap(),
            "the owner ended it"
        );
        let own = test
            .platform
            .update_user(&owner, "me", set(None))
            .await
            .unwrap_err();
        assert_eq!(
            own.kind(),
            FailureKind::Invalid,
            "an owner's own password needs the old one too"
        );
    })
    .await;
}

#[tokio::test]
async fn refused_fields_change_nothing() {
    on_both(async |test| {
        let owner = test.owner().await;
        let request = change(|request| {
            request.name = Some("New Name".to_owned());
            request.email = Some("nonsense".to_owned());
            request.password = Some("short".to_owned());
        });
        let refusal = test
            .platform
            .update_user(&owner, "me", request)
            .await
            .unwrap_err();
        let fields: Vec<_> = refusal
            .validations()
            .into_iter()
            .map(|one| one.field)
            .collect();
        assert_eq!(fields, ["email", "password"]);
        assert_eq!(test.platform.get_user(&owner, "me").await.unwrap().name, "");
        let request = change(|request| {
            request.name = Some(" Ada ".to_owned());
            request.username = Some("Ada".to_owned());
        });
        let ada = test
            .platform
            .update_user(&owner, "me", request)
            .await
            .unwrap();
        assert_eq!((ada.name.as_str(), ada.username.as_str()), ("Ada", "ada"));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_user_is_out_at_once() {
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let token = test.token_of("member").await;
        test.platform.delete_user(&owner, "member").await.unwrap();
        assert!(test.platform.authenticate(&token).await.unwrap().is_none());
        assert!(!test.platform.is_still_valid(&member).await.unwrap());
        assert!(!can_sign_in(&test, "member", PASSWORD).await);
        assert!(matches!(
            test.platform.delete_user(&owner, "member").await,
            Err(UserError::NotFound)
        ));
    })
    .await;
}

#[tokio::test]
async fn a_command_works_beside_the_server_and_is_nobody_in_particular() {
    on_both(async |test| {
        let mut options = test.options.clone();
        options.is_command = true;
        let command = Platform::open(options).await.unwrap();
        let actor = command.command_line_actor().await.unwrap();
        command
            .create_user(&actor, new("cli@example.com", "cli"))
            .await
            .unwrap();
        command.shut_down().await;
        assert!(can_sign_in(&test, "cli", PASSWORD).await);
        assert!(matches!(
            test.platform.get_user(&actor, "me").await,
            Err(UserError::NotFound)
        ));
    })
    .await;
}

#[tokio::test]
async fn preferences_are_ones_own_and_have_limits() {
    use sdk::preferences::{Preferences, Theme};
    on_both(async |test| {
        let owner = test.owner().await;
        let member = test.member(&owner).await;
        let dark = Preferences {
            theme: Theme::Dark,
            ..Preferences::default()
        };
        test.platform
            .update_preferences(&owner, dark.clone())
            .await
            .unwrap();
        assert_eq!(test.platform.get_preferences(&owner).await.unwrap(), dark);
        assert_eq!(
            test.platform.get_preferences(&member).await.unwrap(),
            Preferences::default()
        );
        let absurd = Preferences {
            sidebar_width_px: 0,
            panel_width_px: u32::MAX,
            ..dark
        };
        let refusal = test
            .platform
            .update_preferences(&owner, absurd)
            .await
            .unwrap_err();
        assert_eq!(refusal.validations().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_session_is_no_way_to_guess_the_password() {
    on_both(async |test| {
        let owner = test.owner().await;
        let guess = || {
            change(|request| {
                request.password = Some("another password".to_owned());
                request.old_password = Some("a guess".to_owned());
            })
        };
        for _ in 0..11 {
            let refusal = test
                .platform
                .update_user(&owner, "me", guess())
                .await
                .unwrap_err();
            assert_eq!(refusal.kind(), FailureKind::Invalid);
        }
        let refusal = test
            .platform
            .update_user(&owner, "me", guess())
            .await
            .unwrap_err();
        assert!(
            matches!(refusal.kind(), FailureKind::TooMany { .. }),
            "{refusal:?}"
        );
    })
    .await;
}
