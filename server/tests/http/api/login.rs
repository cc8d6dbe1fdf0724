use reqwest::Method;
use sdk::users::Login;

use crate::support::{PASSWORD, TestServer, answer, first_user, refusal};

fn login(email: &str, password: &str) -> Login {
    Login {
        email: email.into(),
        password: password.into(),
    }
}

#[tokio::test]
async fn the_first_user_is_created_once() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    assert!(!client.has_first_user().await.unwrap());
    let created = client.create_first_user(&first_user()).await.unwrap();
    assert!(client.has_first_user().await.unwrap());
    let me = server.owner().await.get_user("me").await.unwrap();
    assert_eq!(me.id, created.user_id);
    assert!(me.is_owner());
    assert_eq!(me.organization_ids, [created.organization_id]);
    insta::assert_json_snapshot!(refusal(client.create_first_user(&first_user()).await));
}

#[tokio::test]
async fn every_wrong_sign_in_gets_the_same_answer() {
    let server = TestServer::start().await;
    server.owner().await;
    let client = server.anonymous();
    let wrong_password = refusal(
        client
            .login(&login("olga@example.com", "wrong password"))
            .await,
    );
    let unknown_user = refusal(client.login(&login("nobody@example.com", PASSWORD)).await);
    assert_eq!(wrong_password, unknown_user);
    insta::assert_json_snapshot!(wrong_password);
}

#[tokio::test]
async fn too_many_wrong_sign_ins_must_wait() {
    let server = TestServer::start().await;
    server.owner().await;
    let client = server.anonymous();
    let mut last = None;
    for _ in 0..60 {
        match client
            .login(&login("olga@example.com", "wrong password"))
            .await
        {
            Err(error) if error.status() == Some(401) => {}
            other => {
                last = Some(other);
                break;
            }
        }
    }
    let Some(Err(sdk::client::ClientError::Api {
        status,
        retry_after_s,
        body,
    })) = last
    else {
        panic!("never refused: {last:?}");
    };
    assert_eq!(status, 429);
    assert!(retry_after_s.unwrap() > 0);
    assert!(!body.message.is_empty());
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let server = TestServer::start().await;
    server.owner().await;
    let client = server.anonymous();
    let request = client.request(Method::POST, "/api/v2/users/login").unwrap();
    let response = request
        .json(&login("olga@example.com", PASSWORD))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let cookie = response.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .to_owned();
    let (value, attributes) = cookie.split_once(';').unwrap();
    let (name, token) = value.split_once('=').unwrap();
    assert_eq!(name, "switchyard_session");
    insta::assert_snapshot!(attributes, @" Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000");
    let body: sdk::users::LoggedIn = response.json().await.unwrap();
    assert_eq!(body.session_token, token);
    let me = client
        .request(Method::GET, "/api/v2/users/me")
        .unwrap()
        .header("cookie", value)
        .send()
        .await
        .unwrap();
    assert_eq!(me.status(), 200);
}

#[tokio::test]
async fn the_cookie_travels_over_tls_only_where_there_is_tls() {
    let server = TestServer::start_with(|_, options| {
        options.access_url = Some("https://agents.example.com".parse().unwrap());
    })
    .await;
    server.owner().await;
    let request = server
        .anonymous()
        .request(Method::POST, "/api/v2/users/login")
        .unwrap();
    let response = request
        .json(&login("olga@example.com", PASSWORD))
        .send()
        .await
        .unwrap();
    assert!(
        response.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .ends_with("; Secure")
    );
}

#[tokio::test]
async fn a_session_ends_at_sign_out() {
    let server = TestServer::start().await;
    let first = server.owner().await;
    let second = server.owner().await;
    first.logout().await.unwrap();
    assert_eq!(first.get_user("me").await.unwrap_err().status(), Some(401));
    assert!(second.get_user("me").await.is_ok());
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session() {
    let server = TestServer::start().await;
    let first = server.owner().await;
    let second = server.owner().await;
    first.sign_out_everywhere().await.unwrap();
    for client in [first, second] {
        assert_eq!(client.get_user("me").await.unwrap_err().status(), Some(401));
    }
}

#[tokio::test]
async fn tokens_are_taken_from_either_header() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let token = sdk::tokens::CreateToken {
        token_name: "ci".into(),
        lifetime_seconds: None,
    };
    let key = owner.create_token("me", &token).await.unwrap().key;
    let client = server.anonymous();
    for (header, value) in [
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("bearer {key}")),
        ("coder-session-token", key.clone()),
    ] {
        let me = client
            .request(Method::GET, "/api/v2/users/me")
            .unwrap()
            .header(header, value);
        assert_eq!(me.send().await.unwrap().status(), 200, "{header}");
    }
    for value in ["Bearer nonsense", "Bearer ", "Basic b2xnYTp4", ""] {
        let me = client
            .request(Method::GET, "/api/v2/users/me")
            .unwrap()
            .header("authorization", value);
        assert_eq!(me.send().await.unwrap().status(), 401, "{value}");
    }
    insta::assert_json_snapshot!(
        answer(client.request(Method::GET, "/api/v2/users/me").unwrap()).await
    );
}
