use sdk::ids::UserId;
use sdk::users::{ListUsers, Role, UpdateUser, UserStatus};

use crate::support::{PASSWORD, TestServer, new_user, refusal};

#[tokio::test]
async fn an_owner_creates_changes_and_deletes_a_user() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let created = owner.create_user(&new_user("mia")).await.unwrap();
    assert_eq!(created.roles, [Role::Member]);
    let change = UpdateUser {
        name: Some("Mia Member".into()),
        ..UpdateUser::default()
    };
    let changed = owner.update_user("mia", &change).await.unwrap();
    assert_eq!(
        (changed.id, changed.display_name()),
        (created.id, "Mia Member")
    );
    let names: Vec<String> = owner
        .list_users(&ListUsers::default())
        .await
        .unwrap()
        .into_iter()
        .map(|user| user.username)
        .collect();
    assert!(names.contains(&"mia".to_owned()) && names.contains(&"olga".to_owned()));
    owner.delete_user(&created.id.to_string()).await.unwrap();
    assert_eq!(owner.get_user("mia").await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn a_member_sees_only_themselves() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    assert_eq!(member.get_user("me").await.unwrap().username, "mia");
    assert_eq!(member.get_user("mia").await.unwrap().username, "mia");
    assert_eq!(
        member.get_user("olga").await.unwrap_err().status(),
        Some(404)
    );
    insta::assert_json_snapshot!(
        "member_lists_users",
        refusal(member.list_users(&ListUsers::default()).await)
    );
    insta::assert_json_snapshot!(
        "member_creates_user",
        refusal(member.create_user(&new_user("x")).await)
    );
}

#[tokio::test]
async fn a_member_cannot_raise_their_own_role() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    let change = UpdateUser {
        role: Some(Role::Owner),
        ..UpdateUser::default()
    };
    let refused = member.update_user("me", &change).await.unwrap_err();
    assert_eq!(refused.status(), Some(403));
    assert_eq!(member.get_user("me").await.unwrap().roles, [Role::Member]);
}

#[tokio::test]
async fn refused_fields_are_named() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let mut user = new_user("mia");
    user.email = "not an address".into();
    user.password = Some("short".into());
    insta::assert_json_snapshot!(refusal(owner.create_user(&user).await));
}

#[tokio::test]
async fn names_and_addresses_are_unique() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    owner.create_user(&new_user("mia")).await.unwrap();
    insta::assert_json_snapshot!(refusal(owner.create_user(&new_user("mia")).await));
}

#[tokio::test]
async fn unknown_users_are_not_found() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    for user in ["nobody", &UserId::generate().to_string(), "../me", "%00"] {
        assert_eq!(
            owner.get_user(user).await.unwrap_err().status(),
            Some(404),
            "{user}"
        );
    }
}

#[tokio::test]
async fn a_suspended_user_is_out_at_once() {
    let server = TestServer::start().await;
    let member = server.member("mia").await;
    let suspend = UpdateUser {
        status: Some(UserStatus::Suspended),
        ..UpdateUser::default()
    };
    server
        .owner()
        .await
        .update_user("mia", &suspend)
        .await
        .unwrap();
    assert_eq!(member.get_user("me").await.unwrap_err().status(), Some(401));
    let login = sdk::users::Login {
        email: "mia@example.com".into(),
        password: PASSWORD.into(),
    };
    assert_eq!(
        server.anonymous().login(&login).await.unwrap_err().status(),
        Some(401)
    );
}

#[tokio::test]
async fn the_last_owner_stays() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let step_down = UpdateUser {
        role: Some(Role::Member),
        ..UpdateUser::default()
    };
    let refused = owner.update_user("me", &step_down).await.unwrap_err();
    assert!(
        matches!(refused.status(), Some(400 | 403 | 409)),
        "{refused:?}"
    );
    assert!(owner.get_user("me").await.unwrap().is_owner());
}
