use reqwest::Method;
use sdk::build_info::DatabaseKind;

use crate::support::{TestServer, answer};

#[tokio::test]
async fn tells_everyone_what_is_running() {
    let server = TestServer::start().await;
    let info = server.anonymous().get_build_info().await.unwrap();
    assert_eq!(info.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(info.database, DatabaseKind::Sqlite);
}

#[tokio::test]
async fn answers_health_checks() {
    let server = TestServer::start().await;
    let health = answer(server.anonymous().request(Method::GET, "/healthz").unwrap()).await;
    assert_eq!(health, serde_json::json!({ "status": 200, "body": "ok" }));
}

#[tokio::test]
async fn unknown_paths_and_methods_below_api_are_json() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    for path in [
        "/api",
        "/api/",
        "/api/v2/nonsense",
        "/api/experimental/nonsense/x",
    ] {
        let reply = answer(client.request(Method::GET, path).unwrap()).await;
        assert_eq!(reply["status"], 404, "{path}");
        assert!(reply["body"]["message"].is_string(), "{path}: {reply}");
    }
    insta::assert_json_snapshot!(
        answer(client.request(Method::PUT, "/api/v2/buildinfo").unwrap()).await
    );
    insta::assert_json_snapshot!(
        answer(client.request(Method::GET, "/api/v2/nonsense").unwrap()).await
    );
}

#[tokio::test]
async fn every_answer_carries_an_id_of_its_own_and_safe_headers() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    let mut ids = std::collections::HashSet::new();
    for path in [
        "/api/v2/buildinfo",
        "/api/v2/users/me",
        "/api/nonsense",
        "/login",
    ] {
        let request = client
            .request(Method::GET, path)
            .unwrap()
            .header("x-request-id", "mine");
        let response = request.send().await.unwrap();
        let headers = response.headers();
        let id = headers["x-request-id"].to_str().unwrap();
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{path}: {id}");
        assert!(ids.insert(id.to_owned()));
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert!(headers.contains_key("content-security-policy"), "{path}");
        assert!(headers.contains_key("permissions-policy"), "{path}");
    }
}
