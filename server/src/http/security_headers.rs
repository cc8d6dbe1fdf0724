//! Headers that tell browsers what a page of this server may do.
//!
//! A page's inline scripts carry a nonce that is new with every request; answers of the API may do nothing at all.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderName, HeaderValue, header};

use super::network::host_of;

/// The request's nonce, in its extensions. Given to Leptos as its own.
#[derive(Clone, Debug)]
pub struct CspNonce(pub String);

const FIXED: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
];

const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Sets the headers, and the nonce for the page's renderer.
pub async fn layer(request: Request, next: Next) -> Response {
    let nonce = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
    let (mut parts, body) = request.into_parts();
    let host = host_of(&parts).filter(|host| is_plain_host(host));
    parts.extensions.insert(CspNonce(nonce.clone()));
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"));
    let policy = if is_page {
        page_policy(&nonce, host.as_deref())
    } else {
        API_POLICY.to_owned()
    };
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_page {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

fn page_policy(nonce: &str, host: Option<&str>) -> String {
    let sockets = host
        .map(|host| format!(" ws://{host} wss://{host}"))
        .unwrap_or_default();
    format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data: blob:; connect-src 'self'{sockets}; frame-ancestors 'self'; object-src 'none'; \
         base-uri 'self'; form-action 'self'"
    )
}

/// The host stands in the policy as the client sent it, so it must not be able to end the directive.
fn is_plain_host(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    #[test]
    fn a_host_cannot_add_to_the_policy() {
        assert!(is_plain_host("localhost:3000") && is_plain_host("[::1]:3000"));
        assert!(!is_plain_host("x; script-src *") && !is_plain_host("x *") && !is_plain_host(""));
    }

    #[test]
    fn scripts_need_the_nonce() {
        let policy = page_policy("abc", Some("h:1"));
        assert!(policy.contains("script-src 'self' 'nonce-abc' 'wasm-unsafe-eval';"));
        assert!(policy.contains("connect-src 'self' ws://h:1 wss://h:1;"));
        assert!(!policy.contains("unsafe-inline"));
    }
}
