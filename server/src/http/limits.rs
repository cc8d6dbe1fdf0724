//! Bounds on every request: the size of its body and the time until the answer begins.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use http_body_util::Limited;

use super::error::ApiError;

/// Longest request body.
pub const LONGEST_BODY_BYTES: usize = 256 * 1024;

/// Longest time until the answer begins. Streams and sockets begin at once and then last as long as they like.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Refuses bodies over the limit, by their declared length at once and otherwise while they are read.
pub async fn body_layer(request: Request, next: Next) -> Response {
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > LONGEST_BODY_BYTES) {
        // Nobody reads the body, so the connection cannot carry another request.
        let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
        return (close, ApiError::body_too_large(LONGEST_BODY_BYTES)).into_response();
    }
    let request = request.map(|body| Body::new(Limited::new(body, LONGEST_BODY_BYTES)));
    next.run(request).await
}

/// Ends requests that take too long to answer.
pub async fn time_layer(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST_WAIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!(
                "The server did not answer within {} seconds. Try again.",
                LONGEST_WAIT.as_secs()
            ),
        )
        .into_response(),
    }
}
