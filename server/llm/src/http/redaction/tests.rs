#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use bytes::Bytes;
use http::{Extensions, Method};
use serde_json::json;

use super::*;

const KEY: &str = "the-key-of-this-request";

fn redactor() -> Redactor {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {KEY}").parse().unwrap());
    Redactor::of(&HttpRequest {
        method: Method::POST,
        url: "https://models.example/v1/chat".parse().unwrap(),
        headers,
        body: Bytes::new(),
        extensions: Extensions::new(),
    })
}

fn header(name: &str) -> String {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::try_from(name).unwrap(), "12".parse().unwrap());
    redactor().headers(&headers)[name].clone()
}

fn json_body(body: &str) -> String {
    redactor().body(Some("application/json; charset=utf-8"), body.as_bytes())
}

#[test]
fn headers_that_carry_secrets_are_hidden() {
    for name in [
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "ocp-apim-api_key",
        "my-apikey",
        "x-auth-token",
        "x-amz-security-token",
        "client-secret",
        "x-bearer",
        // Not known by their whole names.
        "anthropic-ratelimit-tokens",
        "anthropic-ratelimit-tokens-limit-new",
        "anthropic-ratelimit-image-tokens-limit",
        "anthropic-priority-tokens-limit",
        "x-ratelimit-limit-image-tokens",
        "x-ratelimit-used-tokens",
    ] {
        assert_eq!(header(name), REPLACEMENT, "{name}");
    }
}

#[test]
fn headers_that_count_or_describe_are_kept() {
    let mut names: Vec<String> = ["content-type", "retry-after", "request-id", "user-agent"]
        .map(str::to_owned)
        .to_vec();
    for left in ["limit", "remaining", "reset"] {
        for counted in ["requests", "tokens", "input-tokens", "output-tokens"] {
            names.push(format!("anthropic-ratelimit-{counted}-{left}"));
        }
        for counted in ["input-tokens", "output-tokens"] {
            names.push(format!("anthropic-priority-{counted}-{left}"));
            names.push(format!("anthropic-fast-{counted}-{left}"));
        }
        for counted in ["requests", "tokens"] {
            names.push(format!("x-ratelimit-{left}-{counted}"));
        }
    }
    for name in names {
        assert_eq!(header(&name), "12", "{name}");
    }
}

#[test]
fn values_marked_as_secret_are_hidden_whatever_their_name() {
    let mut value = HeaderValue::from_static("0123456789");
    value.set_sensitive(true);
    let headers = HeaderMap::from_iter([(HeaderName::from_static("x-plain"), value)]);
    assert_eq!(redactor().headers(&headers)["x-plain"], REPLACEMENT);
}

#[test]
fn several_values_of_a_header_are_joined() {
    let mut headers = HeaderMap::new();
    headers.append("vary", "a".parse().unwrap());
    headers.append("vary", "b".parse().unwrap());
    headers.append("set-cookie", "a=1".parse().unwrap());
    headers.append("set-cookie", "b=2".parse().unwrap());
    let clean = redactor().headers(&headers);
    assert_eq!(clean["vary"], "a, b");
    assert_eq!(clean["set-cookie"], "[REDACTED], [REDACTED]");
}

#[test]
fn keys_of_json_that_name_secrets_are_hidden() {
    for key in [
        "secret",
        "client_secret",
        "clientSecret",
        "password",
        "db_password",
        "PASSWORD",
        "authorization",
        "proxyAuthorization",
        "credential",
        "awsCredentials",
        "token",
        "Token",
        "access_token",
        "accessToken",
        "ACCESS_TOKEN",
        "refresh_token",
        "refreshToken",
        "id_token",
        "idToken",
        "api_token",
        "apiToken",
        "api_key",
        "apiKey",
        "api-key",
        "APIKEY",
        "x-api-key",
        "xApiKey",
        "auth_token",
        "authToken",
        "bearer_token",
        "bearerToken",
        "session_token",
        "sessionToken",
        "security_token",
        "securityToken",
        "private_key",
        "privateKey",
        "signing_key",
        "signingKey",
        "secret_key",
        "secretKey",
    ] {
        for value in [json!("v"), json!(1), json!({"inner": "v"}), json!(["v"])] {
            let body = json!({ "outer": [{ key: value }] }).to_string();
            let expected = json!({ "outer": [{ key: REPLACEMENT }] }).to_string();
            assert_eq!(json_body(&body), expected, "{key}");
        }
    }
}

#[test]
fn usage_and_limits_are_no_secrets() {
    for key in [
        "input_tokens",
        "output_tokens",
        "inputTokens",
        "total_tokens",
        "max_tokens",
        "maxOutputTokens",
        "max_completion_tokens",
        "cache_read_input_tokens",
        "reasoning_tokens",
        "prompt_tokens",
        "token_count",
        "tokens",
        "tokenizer",
        "author",
        "key",
        "keys",
        "public_key",
    ] {
        let body = json!({ key: 12 }).to_string();
        assert_eq!(json_body(&body), body, "{key}");
    }
}

#[test]
fn what_people_and_models_write_is_kept() {
    let body =
        json!({ "messages": [{ "role": "user", "content": "my password is sk-12345678901234" }] })
            .to_string();
    assert_eq!(json_body(&body), body);
}

#[test]
fn the_requests_own_key_is_hidden_wherever_it_stands() {
    let body =
        json!({ "messages": [{ "content": format!("you sent {KEY}!") }], KEY: 1 }).to_string();
    let clean = json_body(&body);
    assert!(
        !clean.contains(KEY) && clean.contains("you sent [REDACTED]!"),
        "{clean}"
    );
    for kind in [
        "text/plain",
        "text/html",
        "text/event-stream",
        "application/x-ndjson",
        "image/png",
    ] {
        let body = format!("data: {{\"text\":\"{KEY}\"}}\n{KEY}");
        let clean = redactor().body(Some(kind), body.as_bytes());
        assert!(!clean.contains(KEY), "{kind}: {clean}");
    }
}

#[test]
fn what_is_not_what_it_says_is_hidden_whole() {
    let cases = [
        (Some("application/json"), "{\"token\": \"a"),
        (Some("application/json"), "token=abc"),
        (Some("application/problem+json"), "token=abc"),
        (None, "token=abc"),
        (Some(""), "<html>token</html>"),
        (Some("application/json"), "{\"a\":1}{\"token\":\"b\"}"),
        (Some("application/json"), "{\"a\":1}\n{\"token\":\"b\"}"),
    ];
    for (kind, body) in cases {
        assert_eq!(
            redactor().body(kind, body.as_bytes()),
            NOT_JSON,
            "{kind:?} {body}"
        );
    }
    for kind in [
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "image/png",
        "nonsense",
    ] {
        assert_eq!(
            redactor().body(Some(kind), b"token=abc"),
            UNKNOWN_KIND,
            "{kind}"
        );
    }
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    assert_eq!(json_body(&deep), NOT_JSON);
}

#[test]
fn json_without_a_declared_type_is_read() {
    assert_eq!(
        redactor().body(None, b"{\"token\":1,\"a\":2}"),
        "{\"a\":2,\"token\":\"[REDACTED]\"}"
    );
    assert_eq!(redactor().body(None, b""), "");
}

#[test]
fn lines_of_json_are_read_one_by_one() {
    let body = "{\"a\":1}\n{\"token\":\"b\"}\nnot json\n";
    assert_eq!(
        redactor().body(Some("application/x-ndjson"), body.as_bytes()),
        format!("{{\"a\":1}}\n{{\"token\":\"[REDACTED]\"}}\n{NOT_JSON}\n")
    );
}

#[test]
fn events_keep_their_shape_and_lose_their_secrets() {
    let body = "event: delta\r\ndata: {\"text\":\"hi\",\"access_token\":\"b\"}\r\n\r\n: a comment with a token\n\
                data: {\"a\":\ndata: 1}\n\nid: 5\ndata: bare words\n\ntoken: field\ndata: [DONE]\n\n";
    let expected = format!(
        "event: delta\ndata: {{\"access_token\":\"[REDACTED]\",\"text\":\"hi\"}}\n\n: [REDACTED]\n\
         data: {{\"a\":1}}\n\nid: 5\ndata: {NOT_JSON}\n\n[REDACTED]\ndata: [DONE]\n\n\n"
    );
    let clean = redactor().body(Some("text/event-stream"), body.as_bytes());
    assert_eq!(clean, expected);
}

#[test]
fn addresses_lose_user_names_and_secrets() {
    for (address, expected) in [
        (
            "https://u:p@host.example/v1?x=1#frag",
            "https://host.example/v1?x=1",
        ),
        (
            "https://host.example/v1?api_key=abc&x=1&access_token=d&key=e&sig=f",
            "https://host.example/v1?api_key=%5BREDACTED%5D&x=1&access_token=%5BREDACTED%5D&key=%5BREDACTED%5D&sig=%5BREDACTED%5D",
        ),
        (
            "https://host.example/the-key-of-this-request/v1",
            "https://host.example/[REDACTED]/v1",
        ),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
    ] {
        assert_eq!(
            redactor().url(&address.parse().unwrap()),
            expected,
            "{address}"
        );
    }
}

#[test]
fn texts_of_errors_lose_keys_and_what_addresses_hide() {
    for (text, expected) in [
        ("it broke", "it broke"),
        ("bad key the-key-of-this-request.", "bad key [REDACTED]."),
        ("no sk-proj-0123456789abcdef here", "no [REDACTED] here"),
        (
            "(https://u:p@host.example/v1?token=abc) failed",
            "(https://host.example/v1?token=%5BREDACTED%5D) failed",
        ),
        ("redis://:pw@ is no address", "[REDACTED] is no address"),
    ] {
        assert_eq!(redactor().text(text), expected, "{text}");
    }
}
