//! The server as a plain HTTP client sees it. The adapters' tests and the official SDKs drive the rest.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};
use standin::{Handle, Options};

fn client() -> Client {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap()
}

async fn chat(server: &Handle, message: &str, is_stream: bool) -> Response {
    let body = json!({
        "model": "standin-large",
        "messages": [{"role": "user", "content": message}],
        "stream": is_stream,
    });
    let url = format!("{}/v1/chat/completions", server.base_url());
    client()
        .post(url)
        .bearer_auth("k")
        .body(body.to_string())
        .send()
        .await
        .unwrap()
}

async fn json(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn streams_events_and_ends_with_done() {
    let server = standin::start().await.unwrap();
    let response = chat(&server, "!text a b", true).await;
    assert_eq!(
        response.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let body = response.text().await.unwrap();
    assert!(body.ends_with("data: [DONE]\n\n"));
    assert_eq!(body.matches("\"content\":\"a \"").count(), 1);
}

#[tokio::test]
async fn errors_have_the_form_of_their_provider() {
    let server = standin::start().await.unwrap();
    let response = chat(&server, "!error 429 retry_after=1.5 \"slow\"", false).await;
    assert_eq!(response.status(), 429);
    assert_eq!(
        (
            &response.headers()["retry-after"],
            &response.headers()["retry-after-ms"]
        ),
        (&"2".parse().unwrap(), &"1500".parse().unwrap())
    );
    let expected = json!({"message": "slow", "type": "requests", "param": null, "code": "rate_limit_exceeded"});
    assert_eq!(json(response).await["error"], expected);

    let url = format!("{}/v1/messages", server.base_url());
    let response = client()
        .post(url)
        .header("x-api-key", "k")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    let body = json(response).await;
    assert_eq!(
        (&body["type"], &body["error"]["type"]),
        (&json!("error"), &json!("invalid_request_error"))
    );
}

#[tokio::test]
async fn refuses_bodies_that_are_no_json() {
    let server = standin::start().await.unwrap();
    for body in ["", "{", "[]", "\u{0}"] {
        for path in ["/v1/chat/completions", "/v1/messages"] {
            let url = format!("{}{path}", server.base_url());
            let request = client()
                .post(url)
                .bearer_auth("k")
                .header("anthropic-version", "2023-06-01");
            assert_eq!(
                request.body(body).send().await.unwrap().status(),
                400,
                "{path} {body:?}"
            );
        }
    }
}

#[tokio::test]
async fn asks_for_a_key_unless_told_otherwise() {
    let strict = standin::start().await.unwrap();
    let loose = standin::start_with(Options {
        requires_key: false,
        ..Options::default()
    })
    .await
    .unwrap();
    for (server, status) in [(&strict, 401), (&loose, 200)] {
        let response = client()
            .get(format!("{}/v1/models", server.base_url()))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status);
    }
}

#[tokio::test]
async fn keeps_the_last_requests_only_and_forgets_on_demand() {
    let server = standin::start_with(Options {
        kept_requests: 2,
        ..Options::default()
    })
    .await
    .unwrap();
    for number in 0..3 {
        chat(&server, &format!("!text {number}"), false).await;
    }
    let url = format!("{}/__requests", server.base_url());
    let seen = json(client().get(&url).send().await.unwrap()).await;
    assert_eq!(
        (&seen["count"], seen["requests"].as_array().unwrap().len()),
        (&json!(3), 2)
    );
    assert_eq!(
        seen["requests"][1]["body"]["messages"][0]["content"],
        "!text 2"
    );
    client().delete(&url).send().await.unwrap();
    assert_eq!(server.traffic().count, 0);
}

#[tokio::test]
async fn asks_for_a_title_get_one() {
    let server = standin::start().await.unwrap();
    let body = json!({
        "model": "standin-small",
        "messages": [
            {"role": "system", "content": "Write a title for this conversation."},
            {"role": "user", "content": "Please fix the flaky tests in the parser"},
        ],
    });
    let url = format!("{}/v1/chat/completions", server.base_url());
    let response = client()
        .post(url)
        .bearer_auth("k")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(
        json(response).await["choices"][0]["message"]["content"],
        "Please fix the flaky tests in"
    );
}

#[tokio::test]
async fn stops_when_its_handle_is_dropped() {
    let server = standin::start().await.unwrap();
    let url = format!("{}/api/version", server.base_url());
    assert!(
        client()
            .get(&url)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    drop(server);
    for _ in 0..200 {
        if client().get(&url).send().await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it still answers");
}
