//! Requests that a foreign page could make a browser send.

use reqwest::{Method, StatusCode};
use sdk::users::Login;

use crate::support::{PASSWORD, TestServer, answer};

/// Name, headers, whether the request is taken.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);

async fn cookie(server: &TestServer) -> String {
    server.owner().await;
    let login = Login {
        email: "olga@example.com".into(),
        password: PASSWORD.into(),
    };
    let session = server.anonymous().login(&login).await.unwrap();
    format!("switchyard_session={}", session.session_token)
}

#[tokio::test]
async fn a_foreign_page_cannot_use_the_cookie_to_change_something() {
    let server = TestServer::start().await;
    let cookie = cookie(&server).await;
    let own = server.base_url.clone();
    let cases: [Case<'_>; 8] = [
        ("own origin", &[("origin", &own)], true),
        ("neither header", &[], true),
        (
            "same origin by fetch metadata",
            &[("sec-fetch-site", "same-origin")],
            true,
        ),
        (
            "foreign origin",
            &[("origin", "https://evil.example")],
            false,
        ),
        (
            "own host, other port",
            &[("origin", "http://127.0.0.1:1")],
            false,
        ),
        ("sandboxed page", &[("origin", "null")], false),
        (
            "cross-site by fetch metadata",
            &[("sec-fetch-site", "cross-site")],
            false,
        ),
        (
            "same site, other origin",
            &[("sec-fetch-site", "same-site")],
            false,
        ),
    ];
    for (name, headers, is_allowed) in cases {
        let mut request = server
            .anonymous()
            .request(Method::PUT, "/api/v2/users/me/preferences")
            .unwrap()
            .header("cookie", &cookie)
            .json(&sdk::preferences::Preferences::default());
        for (header, value) in headers {
            request = request.header(*header, *value);
        }
        let status = request.send().await.unwrap().status();
        assert_eq!(status == StatusCode::OK, is_allowed, "{name}: {status}");
        assert!(
            is_allowed || status == StatusCode::FORBIDDEN,
            "{name}: {status}"
        );
    }
}

#[tokio::test]
async fn reading_with_the_cookie_needs_no_origin() {
    let server = TestServer::start().await;
    let cookie = cookie(&server).await;
    let request = server
        .anonymous()
        .request(Method::GET, "/api/v2/users/me")
        .unwrap()
        .header("cookie", cookie);
    assert_eq!(
        request
            .header("origin", "https://evil.example")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_token_in_a_header_cannot_be_sent_by_a_foreign_page_unknowingly() {
    let server = TestServer::start().await;
    let owner = server.owner().await;
    let request = owner
        .request(Method::PUT, "/api/v2/users/me/preferences")
        .unwrap();
    let request = request
        .header("origin", "https://app.example")
        .json(&sdk::preferences::Preferences::default());
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_foreign_page_cannot_sign_somebody_in() {
    let server = TestServer::start().await;
    server.owner().await;
    let login = Login {
        email: "olga@example.com".into(),
        password: PASSWORD.into(),
    };
    let request = server
        .anonymous()
        .request(Method::POST, "/api/v2/users/login")
        .unwrap();
    insta::assert_json_snapshot!(
        answer(
            request
                .header("origin", "https://evil.example")
                .json(&login)
        )
        .await
    );
}

#[tokio::test]
async fn the_access_url_is_an_origin_of_its_own() {
    let server = TestServer::start_with(|_, options| {
        options.access_url = Some("https://agents.example.com".parse().unwrap());
    })
    .await;
    let cookie = cookie(&server).await;
    let request = server
        .anonymous()
        .request(Method::POST, "/api/v2/users/logout")
        .unwrap()
        .header("cookie", cookie);
    assert_eq!(
        request
            .header("origin", "https://agents.example.com")
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
}
