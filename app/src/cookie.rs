//! The session cookie, set by server functions and by the API's login with the same attributes. Server only.

use axum::http::{HeaderValue, header};
use leptos::context::use_context;
use leptos_axum::ResponseOptions;

/// Name of the cookie that carries the session token.
pub const SESSION_COOKIE: &str = "switchyard_session";

/// Seconds that a browser keeps the cookie; the session itself may end sooner.
const LIFETIME_SECONDS: u32 = 30 * 24 * 60 * 60;

/// Whether the browser's connection is over TLS. The server provides it by context for every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecureTransport(pub bool);

/// The `Set-Cookie` value that signs a browser in. `None` when the token cannot stand in a header.
pub fn session_cookie(token: &str, is_secure: bool) -> Option<HeaderValue> {
    header_value(token, LIFETIME_SECONDS, is_secure)
}

/// The `Set-Cookie` value that signs a browser out.
pub fn cleared_session_cookie(is_secure: bool) -> Option<HeaderValue> {
    header_value("", 0, is_secure)
}

/// Signs the browser in with the answer of the running server function.
pub fn set_session_cookie(token: &str) {
    append(session_cookie(token, is_secure()));
}

/// Signs the browser out with the answer of the running server function.
pub fn clear_session_cookie() {
    append(cleared_session_cookie(is_secure()));
}

fn is_secure() -> bool {
    use_context::<SecureTransport>().is_some_and(|SecureTransport(is_secure)| is_secure)
}

fn append(value: Option<HeaderValue>) {
    if let (Some(response), Some(value)) = (use_context::<ResponseOptions>(), value) {
        response.append_header(header::SET_COOKIE, value);
    }
}

fn header_value(token: &str, lifetime_seconds: u32, is_secure: bool) -> Option<HeaderValue> {
    if !token
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    {
        return None;
    }
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!(
        "{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={lifetime_seconds}{secure}"
    );
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
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
    fn keeps_the_cookie_from_scripts_and_foreign_pages() {
        let value = session_cookie("abc_123", true).unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            "switchyard_session=abc_123; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000; Secure"
        );
        assert!(value.is_sensitive());
        assert!(session_cookie("abc; Domain=evil.example", false).is_none());
        assert!(
            cleared_session_cookie(false)
                .unwrap()
                .to_str()
                .unwrap()
                .contains("Max-Age=0")
        );
    }
}
