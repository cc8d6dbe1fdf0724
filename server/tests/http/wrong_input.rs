//! What a client must never send, and what it is told.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{TestServer, answer};

#[tokio::test]
async fn bodies_that_are_no_json_say_where() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let whole = r#"{"email": "a@example.com", "username": "a", "password": "12345678"}"#;
    let trailing = format!("{whole} {whole}");
    for (name, body) in [
        ("broken", "{\"email\": \"a"),
        ("empty", ""),
        ("trailing", &trailing),
        ("not_json", "hello"),
    ] {
        let request = owner.request(Method::POST, "/api/v2/users").unwrap();
        let reply = answer(
            request
                .header("content-type", "application/json")
                .body(body.to_owned()),
        )
        .await;
        insta::assert_json_snapshot!(name, reply);
    }
}

#[tokio::test]
async fn wrong_and_missing_fields_are_named() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let bodies = [
        (
            "missing_field",
            json!({ "email": "a@example.com", "name": "a" }),
        ),
        (
            "wrong_type",
            json!({ "email": 7, "username": "a", "password": "12345678" }),
        ),
        (
            "unknown_variant",
            json!({ "email": "a@example.com", "username": "a", "password": "12345678", "role": "king" }),
        ),
        ("array", json!([])),
        ("null", json!(null)),
    ];
    for (name, body) in bodies {
        let reply = answer(
            owner
                .request(Method::POST, "/api/v2/users")
                .unwrap()
                .json(&body),
        )
        .await;
        insta::assert_json_snapshot!(name, reply);
    }
}

#[tokio::test]
async fn bodies_of_another_type_are_refused() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let plain = owner.request(Method::POST, "/api/v2/users").unwrap();
    insta::assert_json_snapshot!(answer(plain.body("{}")).await);
    let form = owner
        .request(Method::POST, "/api/v2/users")
        .unwrap()
        .body("email=a%40example.com");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(
        form.send().await.unwrap().status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let large = json!({ "email": "a".repeat(300 * 1024) });
    let declared = owner
        .request(Method::POST, "/api/v2/users")
        .unwrap()
        .json(&large);
    insta::assert_json_snapshot!(answer(declared).await);
    // Without a length the limit is met while the body is read.
    let pieces =
        futures::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>(" ".repeat(8 * 1024))));
    let streamed = owner
        .request(Method::POST, "/api/v2/users")
        .unwrap()
        .header("content-type", "application/json")
        .body(reqwest::Body::wrap_stream(pieces));
    assert_eq!(
        streamed.send().await.unwrap().status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn ids_that_are_none_are_refused() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    for path in [
        "/api/experimental/chats/providers/7",
        "/api/experimental/chats/model-configs/not-a-uuid",
    ] {
        let reply = answer(owner.request(Method::DELETE, path).unwrap()).await;
        assert_eq!(reply["status"], 400, "{path}: {reply}");
        assert!(reply["body"]["message"].is_string(), "{path}: {reply}");
    }
    let reply = answer(
        owner
            .request(Method::DELETE, "/api/v2/users/me/keys/tokens/7")
            .unwrap(),
    )
    .await;
    insta::assert_json_snapshot!(reply);
}

#[tokio::test]
async fn queries_that_are_none_are_refused() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    for query in ["limit=many", "limit=-1", "limit=0", "after_id=7"] {
        let reply = answer(
            owner
                .request(Method::GET, &format!("/api/v2/users?{query}"))
                .unwrap(),
        )
        .await;
        assert_eq!(reply["status"], 400, "{query}: {reply}");
        assert!(reply["body"]["message"].is_string(), "{query}: {reply}");
    }
}

#[tokio::test]
async fn a_stranger_learns_nothing_from_a_wrong_body() {
    let server = TestServer::start().await;
    server.owner().await;
    let request = server
        .anonymous()
        .request(Method::POST, "/api/v2/users")
        .unwrap()
        .body("{");
    assert_eq!(
        request.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn forms_may_be_as_long_as_their_letters_make_them() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let save = async |letters: usize| {
        let request = owner
            .request(Method::POST, "/api/page/update_user_prompt")
            .unwrap()
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("custom_prompt={}", "%C3%A4".repeat(letters)));
        request.send().await.unwrap()
    };
    assert_eq!(save(65_536).await.status(), StatusCode::OK);
    let refused = save(131_072).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let error: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(error["code"], "too_large");
}
