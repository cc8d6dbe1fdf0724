//! What a server function finds around it: the platform, who asks, and the answer it may shape. Server only.

use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use platform::{Actor, ClientInfo, Failure, FailureKind, Platform};
use sdk::errors::Validation;

use crate::error::{AppError, ErrorCode};

/// Set by the server on each request.
const REQUEST_ID: &str = "x-request-id";

/// The platform.
pub(crate) fn platform() -> Result<Platform, AppError> {
    use_context::<Platform>().ok_or_else(|| {
        tracing::error!("a server function ran without the platform in its context");
        AppError::new(
            ErrorCode::Internal,
            "Something went wrong on the server. Try again.",
        )
    })
}

/// The platform and who asks.
pub(crate) fn signed_in() -> Result<(Platform, Actor), AppError> {
    let actor = use_context::<Option<Actor>>().flatten().ok_or_else(|| {
        set_status(StatusCode::UNAUTHORIZED);
        AppError::new(
            ErrorCode::Unauthenticated,
            "You are signed out. Sign in and try again.",
        )
    })?;
    Ok((platform()?, actor))
}

/// Where the request comes from, for the limits on signing in.
pub(crate) fn client() -> ClientInfo {
    use_context::<ClientInfo>().unwrap_or_default()
}

/// Turns a failure into the page's error and sets the answer's status. What went wrong inside goes to the log.
pub(crate) fn failed(failure: impl Failure) -> AppError {
    let kind = failure.kind();
    let request_id = request_id();
    if kind == FailureKind::Internal {
        tracing::error!(
            request_id,
            cause = chain_of(&failure),
            "a server function failed"
        );
    }
    let (code, status) = code_of(kind);
    set_status(status);
    AppError {
        code,
        message: failure.message(),
        detail: failure.detail(),
        validations: failure.validations(),
        request_id: matches!(kind, FailureKind::Internal | FailureKind::Unavailable)
            .then_some(request_id)
            .flatten(),
    }
}

fn code_of(kind: FailureKind) -> (ErrorCode, StatusCode) {
    match kind {
        FailureKind::Invalid => (ErrorCode::Invalid, StatusCode::BAD_REQUEST),
        FailureKind::Unauthenticated => (ErrorCode::Unauthenticated, StatusCode::UNAUTHORIZED),
        FailureKind::Forbidden => (ErrorCode::Forbidden, StatusCode::FORBIDDEN),
        FailureKind::NotFound => (ErrorCode::NotFound, StatusCode::NOT_FOUND),
        FailureKind::Conflict => (ErrorCode::Conflict, StatusCode::CONFLICT),
        FailureKind::TooLarge => (ErrorCode::TooLarge, StatusCode::PAYLOAD_TOO_LARGE),
        FailureKind::TooMany { .. } => (ErrorCode::TooMany, StatusCode::TOO_MANY_REQUESTS),
        FailureKind::Unavailable => (ErrorCode::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
        FailureKind::Internal => (ErrorCode::Internal, StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn request_id() -> Option<String> {
    let parts = use_context::<Parts>()?;
    parts
        .headers
        .get(REQUEST_ID)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// Sets the status of a call whose arguments could not be read.
pub(crate) fn misunderstood() {
    set_status(StatusCode::BAD_REQUEST);
}

/// A plain form is led back to its page, which tells the error; its answer keeps the status of a redirect.
fn set_status(status: StatusCode) {
    if is_plain_form() {
        return;
    }
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

fn is_plain_form() -> bool {
    use_context::<Parts>().is_some_and(|parts| {
        let accept = parts
            .headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok());
        parts.uri.path().starts_with("/api/")
            && accept.is_some_and(|accept| accept.contains("text/html"))
    })
}

/// Fields that were refused before the platform was asked.
pub(crate) fn refused(validations: Vec<Validation>) -> AppError {
    set_status(StatusCode::BAD_REQUEST);
    AppError {
        validations,
        ..AppError::new(
            ErrorCode::Invalid,
            "Some fields are not right. Correct them and try again.",
        )
    }
}

/// Leads a plain form to a page of ours; a page that has come to life goes there by itself, without loading anew.
pub(crate) fn redirect_plain_form(next: &str) {
    if is_plain_form() {
        redirect(next);
    }
}

/// Leads the browser to a page of ours after the answer; anything else leads to the chats.
pub(crate) fn redirect(next: &str) {
    leptos_axum::redirect(if is_own_path(next) { next } else { "/agents" });
}

/// A path on this server: neither another host (`//host`, `/\host`) nor something that cannot stand in a header.
fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/api/")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
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
    fn leads_to_own_pages_only() {
        assert!(is_own_path("/agents/1?tab=git"));
        for foreign in [
            "",
            "agents",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb",
            "/ä",
            "/api/v2/x",
        ] {
            assert!(!is_own_path(foreign), "{foreign:?}");
        }
    }
}
