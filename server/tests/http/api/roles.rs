//! Who may make whom what: nobody reaches above their own role.

use sdk::allowed_folders::CreateAllowedFolder;
use sdk::audit_log::ListAuditLog;
use sdk::chat_config::DesktopEnabled;
use sdk::client::{Client, ClientError};
use sdk::costs::ListUserCosts;
use sdk::tokens::CreateToken;
use sdk::users::{CreateUser, ListUsers, Role, UpdateUser, User, UserStatus};

use crate::support::{PASSWORD, TestServer, new_user, on_both};

fn role(role: Role) -> UpdateUser {
    UpdateUser {
        role: Some(role),
        ..UpdateUser::default()
    }
}

fn access(agents_access: bool) -> UpdateUser {
    UpdateUser {
        agents_access: Some(agents_access),
        ..UpdateUser::default()
    }
}

fn with_role(name: &str, role: Role) -> CreateUser {
    CreateUser {
        role: Some(role),
        ..new_user(name)
    }
}

fn status_of<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> Option<u16> {
    outcome.unwrap_err().status()
}

async fn token_of(client: &Client) -> (Client, sdk::ids::TokenId) {
    let token = CreateToken {
        token_name: "script".to_owned(),
        lifetime_seconds: None,
    };
    let created = client.create_token("me", &token).await.unwrap();
    (client.clone().with_token(created.key), created.id)
}

/// Every change of an account, one by one.
fn changes() -> Vec<UpdateUser> {
    let mut changes: Vec<UpdateUser> = Role::ALL.map(role).into();
    changes.push(access(true));
    changes.push(access(false));
    for status in [UserStatus::Active, UserStatus::Suspended] {
        changes.push(UpdateUser {
            status: Some(status),
            ..UpdateUser::default()
        });
    }
    changes.push(UpdateUser {
        name: Some("Taken over".to_owned()),
        ..UpdateUser::default()
    });
    changes.push(UpdateUser {
        email: Some("taken@example.com".to_owned()),
        ..UpdateUser::default()
    });
    changes.push(UpdateUser {
        password: Some("another battery staple".to_owned()),
        ..UpdateUser::default()
    });
    changes
}

#[tokio::test]
async fn an_administrator_cannot_touch_an_owner() {
    on_both(async |server| {
        let owner = server.owner().await;
        let admin = server.person("adam", Role::Admin).await;
        let (script, token) = token_of(&owner).await;
        let before = owner.get_user("me").await.unwrap();
        for change in changes() {
            let refused = admin.update_user("olga", &change).await;
            assert_eq!(status_of(refused), Some(403), "{change:?}");
        }
        assert_eq!(status_of(admin.delete_user("olga").await), Some(403));
        let revoked = admin.delete_token("olga", token).await;
        assert_eq!(status_of(revoked), Some(403));
        assert_eq!(owner.get_user("me").await.unwrap(), before);
        assert!(script.get_user("me").await.is_ok());
        server.sign_in("olga@example.com").await;
    })
    .await;
}

#[tokio::test]
async fn an_administrator_makes_no_owner() {
    on_both(async |server| {
        let admin = server.person("adam", Role::Admin).await;
        server.member("mia").await;
        let created = admin.create_user(&with_role("eve", Role::Owner)).await;
        assert_eq!(status_of(created), Some(403));
        for user in ["mia", "me", "adam"] {
            let raised = admin.update_user(user, &role(Role::Owner)).await;
            assert_eq!(status_of(raised), Some(403), "{user}");
        }
        let owners = |users: Vec<User>| users.iter().filter(|user| user.is_owner()).count();
        let users = admin.list_users(&ListUsers::default()).await.unwrap();
        assert_eq!((users.len(), owners(users)), (3, 1));
    })
    .await;
}

#[tokio::test]
async fn an_administrator_manages_everybody_else() {
    on_both(async |server| {
        let admin = server.person("adam", Role::Admin).await;
        for (name, of) in [
            ("abe", Role::Admin),
            ("aude", Role::Auditor),
            ("mia", Role::Member),
        ] {
            let created = admin.create_user(&with_role(name, of)).await.unwrap();
            assert_eq!((created.role(), created.agents_access), (of, true));
            let mut person = server.sign_in(&format!("{name}@example.com")).await;
            let (script, token) = token_of(&person).await;
            admin.delete_token(name, token).await.unwrap();
            assert_eq!(status_of(script.get_user("me").await), Some(401));
            for change in changes() {
                if change.role != Some(Role::Owner) {
                    admin.update_user(name, &change).await.unwrap();
                }
            }
            // It was suspended, and got another address and password.
            assert_eq!(status_of(person.get_user("me").await), Some(401));
            let back = UpdateUser {
                status: Some(UserStatus::Active),
                email: Some(format!("{name}@example.com")),
                password: Some(PASSWORD.to_owned()),
                ..role(of)
            };
            admin.update_user(name, &back).await.unwrap();
            person = server.sign_in(&format!("{name}@example.com")).await;
            assert_eq!(person.get_user("me").await.unwrap().role(), of);
            admin.delete_user(name).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_raises_themselves() {
    on_both(async |server| {
        for (name, from) in [("mia", Role::Member), ("aude", Role::Auditor)] {
            let person = server.person(name, from).await;
            let mut management = changes();
            management.retain(|change| {
                change.role.is_some() || change.status.is_some() || change.agents_access.is_some()
            });
            for change in management {
                let refused = person.update_user("me", &change).await;
                assert_eq!(status_of(refused), Some(403), "{name}: {change:?}");
            }
        }
        // Down one may go.
        let admin = server.person("adam", Role::Admin).await;
        let down = admin.update_user("me", &role(Role::Member)).await.unwrap();
        assert_eq!(down.role(), Role::Member);
        let up_again = admin.update_user("me", &role(Role::Admin)).await;
        assert_eq!(status_of(up_again), Some(403));
    })
    .await;
}

#[tokio::test]
async fn an_auditor_reads_and_changes_nothing() {
    on_both(async |server| {
        let member = server.member("mia").await;
        let auditor = server.person("aude", Role::Auditor).await;
        let (_, token) = token_of(&member).await;
        assert_eq!(
            auditor
                .list_users(&ListUsers::default())
                .await
                .unwrap()
                .len(),
            3
        );
        assert_eq!(auditor.list_tokens("mia").await.unwrap().len(), 1);
        let log = auditor.list_audit_log(&ListAuditLog::default()).await;
        assert!(!log.unwrap().entries.is_empty());
        assert!(
            auditor
                .list_user_costs(&ListUserCosts::default())
                .await
                .is_ok()
        );
        assert!(auditor.get_system_prompt().await.is_ok());
        for provider in auditor.list_providers().await.unwrap() {
            let shown = serde_json::to_value(&provider).unwrap();
            assert!(shown.get("api_key").is_none(), "{shown}");
        }

        for change in changes() {
            let refused = auditor.update_user("mia", &change).await;
            assert_eq!(status_of(refused), Some(403), "{change:?}");
        }
        let created = auditor.create_user(&new_user("eve")).await;
        assert_eq!(status_of(created), Some(403));
        assert_eq!(status_of(auditor.delete_user("mia").await), Some(403));
        let revoked = auditor.delete_token("mia", token).await;
        assert_eq!(status_of(revoked), Some(403));
        let on = DesktopEnabled {
            enable_desktop: true,
        };
        let switched = auditor.update_desktop_enabled(&on).await;
        assert_eq!(status_of(switched), Some(403));
        let folder = CreateAllowedFolder {
            path: "/srv".to_owned(),
        };
        let allowed = auditor.create_allowed_folder(&folder).await;
        assert_eq!(status_of(allowed), Some(403));
    })
    .await;
}

#[tokio::test]
async fn a_token_of_who_was_demoted_may_no_more() {
    on_both(async |server| {
        let owner = server.owner().await;
        let admin = server.person("adam", Role::Admin).await;
        server.member("mia").await;
        let (script, _) = token_of(&admin).await;
        assert!(script.list_users(&ListUsers::default()).await.is_ok());
        owner
            .update_user("adam", &role(Role::Auditor))
            .await
            .unwrap();
        for client in [&script, &admin] {
            assert!(client.list_users(&ListUsers::default()).await.is_ok());
            let refused = client.update_user("mia", &access(false)).await;
            assert_eq!(status_of(refused), Some(403));
        }
        owner
            .update_user("adam", &role(Role::Member))
            .await
            .unwrap();
        for client in [&script, &admin] {
            let listed = client.list_users(&ListUsers::default()).await;
            assert_eq!(status_of(listed), Some(404));
            let refused = client.update_user("mia", &access(false)).await;
            assert_eq!(status_of(refused), Some(404));
            assert_eq!(client.get_user("me").await.unwrap().role(), Role::Member);
        }
    })
    .await;
}

#[tokio::test]
async fn the_last_owner_stays_whatever_they_would_be() {
    on_both(async |server| {
        let owner = server.owner().await;
        server.person("adam", Role::Admin).await;
        for other in [Role::Admin, Role::Auditor, Role::Member] {
            let refused = owner.update_user("me", &role(other)).await;
            assert_eq!(status_of(refused), Some(409), "{other:?}");
        }
        owner.update_user("adam", &role(Role::Owner)).await.unwrap();
        let stepped_down = owner.update_user("me", &role(Role::Admin)).await;
        assert_eq!(stepped_down.unwrap().role(), Role::Admin);
        let taken_back = owner.update_user("me", &role(Role::Owner)).await;
        assert_eq!(status_of(taken_back), Some(403));
    })
    .await;
}

#[tokio::test]
async fn owners_always_may_use_agents() {
    on_both(async |server| {
        let owner = server.owner().await;
        let refused = owner.update_user("me", &access(false)).await;
        assert_eq!(status_of(refused), Some(400));
        let without = CreateUser {
            agents_access: Some(false),
            ..with_role("eve", Role::Owner)
        };
        assert_eq!(status_of(owner.create_user(&without).await), Some(400));
        server.member("mia").await;
        let both = UpdateUser {
            role: Some(Role::Owner),
            ..access(false)
        };
        let refused = owner.update_user("mia", &both).await;
        assert_eq!(status_of(refused), Some(400));

        // What was switched off before is off again afterwards.
        let of = |user: User| (user.role(), user.agents_access);
        let changed = owner.update_user("mia", &access(false)).await.unwrap();
        assert_eq!(of(changed), (Role::Member, false));
        let raised = owner.update_user("mia", &role(Role::Owner)).await.unwrap();
        assert_eq!(of(raised), (Role::Owner, true));
        let lowered = owner.update_user("mia", &role(Role::Member)).await.unwrap();
        assert_eq!(of(lowered), (Role::Member, false));
    })
    .await;
}

#[tokio::test]
async fn roles_that_there_are_none_of_are_refused() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    server.member("mia").await;
    for body in [
        r#"{"role":"root"}"#,
        r#"{"role":"Admin"}"#,
        r#"{"role":["owner"]}"#,
        r#"{"agents_access":"yes"}"#,
        r#"{"agents_access":1}"#,
    ] {
        let request = owner
            .request(reqwest::Method::PATCH, "/api/v2/users/mia")
            .unwrap();
        let request = request
            .header("content-type", "application/json")
            .body(body);
        let status = request.send().await.unwrap().status().as_u16();
        assert_eq!(status, 400, "{body}");
    }
    let mia = owner.get_user("mia").await.unwrap();
    assert_eq!((mia.role(), mia.agents_access), (Role::Member, true));
}
