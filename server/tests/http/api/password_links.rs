//! Invitations and ways back in: links with which people set their own password.

use sdk::audit_log::{AuditAction, AuditVia, ListAuditLog};
use sdk::client::{Client, ClientError};
use sdk::password_links::RedeemPasswordLink;
use sdk::users::{CreateUser, Login, Role, UpdateUser, UserStatus};

use crate::support::{TestServer, new_user, on_both};

const CHOSEN: &str = "chosen by the person alone";

fn status_of<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> Option<u16> {
    outcome.unwrap_err().status()
}

async fn redeem(server: &TestServer, token: &str, password: &str) -> Result<(), ClientError> {
    let request = RedeemPasswordLink {
        token: token.to_owned(),
        password: password.to_owned(),
    };
    server.anonymous().redeem_password_link(&request).await
}

async fn sign_in(server: &TestServer, name: &str, password: &str) -> Result<Client, ClientError> {
    let login = Login {
        email: format!("{name}@example.com"),
        password: password.to_owned(),
    };
    let session = server.anonymous().login(&login).await?;
    Ok(server.anonymous().with_token(session.session_token))
}

#[tokio::test]
async fn who_is_invited_sets_their_own_password_once() {
    on_both(async |server| {
        let admin = server.person("adam", Role::Admin).await;
        let invited = CreateUser {
            password: None,
            ..new_user("mia")
        };
        admin.create_user(&invited).await.unwrap();
        for password in ["", "correct horse battery"] {
            assert_eq!(status_of(sign_in(server, "mia", password).await), Some(401));
        }
        let link = admin.create_password_link("mia").await.unwrap();
        assert!(
            link.url
                .ends_with(&format!("/set-password?token={}", link.token))
        );
        let refused = redeem(server, &link.token, "short").await;
        assert_eq!(status_of(refused), Some(400));
        redeem(server, &link.token, CHOSEN).await.unwrap();
        sign_in(server, "mia", CHOSEN).await.unwrap();
        let again = redeem(server, &link.token, "another battery staple").await;
        assert_eq!(status_of(again), Some(404));
        sign_in(server, "mia", CHOSEN).await.unwrap();

        let log = admin
            .list_audit_log(&ListAuditLog::default())
            .await
            .unwrap();
        let set = &log.entries[0];
        assert_eq!(
            (set.action, set.actor.via, set.actor.username.as_str()),
            (AuditAction::UserSetPassword, AuditVia::PasswordLink, "mia")
        );
        let made = &log.entries[1];
        assert_eq!(
            (made.action, made.actor.username.as_str()),
            (AuditAction::UserCreatePasswordLink, "adam")
        );
        let told = serde_json::to_string(&log).unwrap();
        assert!(!told.contains(&link.token) && !told.contains(CHOSEN));
    })
    .await;
}

#[tokio::test]
async fn a_link_leads_to_the_address_of_the_page_and_not_to_that_of_agents() {
    let server = TestServer::start_with(|_, options| {
        options.access_url = Some("https://switchyard.example.com/".parse().unwrap());
    })
    .await;
    let owner = server.owner().await;
    server.member("mia").await;
    let link = owner.create_password_link("mia").await.unwrap();
    let page = "https://switchyard.example.com/set-password";
    assert_eq!(link.url, format!("{page}?token={}", link.token));
    server.stop().await;
}

#[tokio::test]
async fn a_link_ends_the_sessions_that_there_were() {
    on_both(async |server| {
        let owner = server.owner().await;
        let before = server.member("mia").await;
        let link = owner.create_password_link("mia").await.unwrap();
        redeem(server, &link.token, CHOSEN).await.unwrap();
        assert_eq!(status_of(before.get_user("me").await), Some(401));
    })
    .await;
}

#[tokio::test]
async fn a_link_is_made_by_who_manages_the_account_and_for_nobody_above() {
    on_both(async |server| {
        let owner = server.owner().await;
        let admin = server.person("adam", Role::Admin).await;
        let auditor = server.person("aude", Role::Auditor).await;
        let member = server.member("mia").await;
        let make = async |client: &Client, user| status_of(client.create_password_link(user).await);
        assert_eq!(make(&admin, "olga").await, Some(403));
        assert_eq!(make(&auditor, "mia").await, Some(403));
        assert_eq!(make(&member, "me").await, Some(403));
        assert_eq!(make(&member, "adam").await, Some(404));
        assert_eq!(make(&owner, "me").await, Some(409));
        assert_eq!(make(&admin, "nobody").await, Some(404));
        assert_eq!(make(&server.anonymous(), "mia").await, Some(401));
        assert!(admin.create_password_link("aude").await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_link_does_not_outlive_what_it_was_made_for() {
    on_both(async |server| {
        let owner = server.owner().await;
        let admin = server.person("adam", Role::Admin).await;
        server.member("mia").await;
        let raise = UpdateUser {
            role: Some(Role::Owner),
            ..UpdateUser::default()
        };
        let suspend = UpdateUser {
            status: Some(UserStatus::Suspended),
            ..UpdateUser::default()
        };
        let reactivate = UpdateUser {
            status: Some(UserStatus::Active),
            ..UpdateUser::default()
        };
        let set = UpdateUser {
            password: Some("another battery staple".to_owned()),
            ..UpdateUser::default()
        };
        // The administrator's link to a member must not become one to an owner.
        for change in [set, suspend, raise] {
            let link = admin.create_password_link("mia").await.unwrap();
            owner.update_user("mia", &change).await.unwrap();
            let late = redeem(server, &link.token, CHOSEN).await;
            assert_eq!(status_of(late), Some(404), "{change:?}");
            owner.update_user("mia", &reactivate).await.unwrap();
            let late = redeem(server, &link.token, CHOSEN).await;
            assert_eq!(status_of(late), Some(404), "{change:?}");
        }
        let one = owner.create_password_link("adam").await.unwrap();
        let two = owner.create_password_link("adam").await.unwrap();
        assert_eq!(
            status_of(redeem(server, &one.token, CHOSEN).await),
            Some(404)
        );
        let (first, second) = tokio::join!(
            redeem(server, &two.token, CHOSEN),
            redeem(server, &two.token, CHOSEN),
        );
        assert_ne!(first.is_ok(), second.is_ok(), "once");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_link_is_answered_like_one_that_was_used() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    server.member("mia").await;
    let used = owner.create_password_link("mia").await.unwrap().token;
    redeem(&server, &used, CHOSEN).await.unwrap();
    let answer = redeem(&server, &used, CHOSEN)
        .await
        .unwrap_err()
        .to_string();
    for token in ["", "x", "\0", "swy_x", &"a".repeat(10_000), "' OR 1=1"] {
        let refused = redeem(&server, token, CHOSEN).await.unwrap_err();
        assert_eq!(
            (refused.status(), refused.to_string()),
            (Some(404), answer.clone())
        );
    }
}
