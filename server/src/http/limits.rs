//! Bounds on every request: the size of its body and the time until the answer begins.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};

use super::error::ApiError;
use super::page::server_functions;

/// Longest request body.
pub const LONGEST_BODY_BYTES: usize = 256 * 1024;
/// Longest body of a form, which writes most bytes of letters that are not English as three.
const LONGEST_FORM_BYTES: usize = 3 * LONGEST_BODY_BYTES;

/// Longest webhook of a git host.
pub const LONGEST_DELIVERY_BYTES: usize = platform::external_auth::LONGEST_DELIVERY_BYTES;

/// Where files are uploaded. They may be larger than anything else, and take their time.
const UPLOADS: &str = "/api/experimental/chats/files";

#[allow(clippy::cast_possible_truncation, reason = "10 MiB")]
/// Longest file.
pub const LONGEST_FILE_BYTES: usize = sdk::files::MAX_FILE_BYTES as usize;
/// As much of a file that is too large is taken and thrown away.
const UNREAD_UPLOAD_BYTES: usize = 10 * LONGEST_FILE_BYTES;
/// For a large file on a slow line.
const LONGEST_UPLOAD: Duration = Duration::from_mins(10);

/// Longest time until the answer begins. Streams and sockets begin at once and then last as long as they like.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Refuses bodies over the limit, by their declared length at once and otherwise while they are read.
pub async fn body_layer(request: Request, next: Next) -> Response {
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let longest = if is_upload(&request) {
        LONGEST_FILE_BYTES
    } else if is_webhook(&request) {
        LONGEST_DELIVERY_BYTES
    } else {
        longest_body_bytes(request.headers())
    };
    if declared.is_some_and(|length: usize| length > longest) {
        if is_upload(&request) {
            return refuse_upload(request.into_body(), longest).await;
        }
        // Nobody reads the body, so the connection cannot carry another request.
        let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
        let refusal = server_functions::too_large(request.uri().path())
            .unwrap_or_else(|| ApiError::body_too_large(longest).into_response());
        return (close, refusal).into_response();
    }
    let request = request.map(|body| Body::new(Limited::new(body, longest)));
    next.run(request).await
}

/// Who is in the middle of sending a large file would not read an answer, so it is taken to its end first, unless it is out
/// of all bounds.
async fn refuse_upload(body: Body, longest: usize) -> Response {
    let mut left = Limited::new(body, UNREAD_UPLOAD_BYTES);
    while let Some(Ok(_)) = left.frame().await {}
    ApiError::body_too_large(longest).into_response()
}

fn is_upload(request: &Request) -> bool {
    request.method() == Method::POST && request.uri().path() == UPLOADS
}

fn is_webhook(request: &Request) -> bool {
    let config = request.uri().path().strip_prefix("/api/v2/external-auth/");
    let config = config.and_then(|rest| rest.strip_suffix("/webhook"));
    request.method() == Method::POST && config.is_some_and(|config| !config.contains('/'))
}

fn longest_body_bytes(headers: &HeaderMap) -> usize {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_form =
        content_type.is_some_and(|name| name.starts_with("application/x-www-form-urlencoded"));
    if is_form {
        LONGEST_FORM_BYTES
    } else {
        LONGEST_BODY_BYTES
    }
}

/// Ends requests that take too long to answer.
pub async fn time_layer(request: Request, next: Next) -> Response {
    let longest = if is_upload(&request) {
        LONGEST_UPLOAD
    } else {
        LONGEST_WAIT
    };
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!(
                "The server did not answer within {} seconds. Try again.",
                longest.as_secs()
            ),
        )
        .into_response(),
    }
}
