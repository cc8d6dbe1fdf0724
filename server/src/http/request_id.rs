//! Every request gets an id: in the answer's `X-Request-Id`, in the log, and in the page's error messages.
//!
//! This is also the one place that logs a failed request's cause; see [`InternalCause`].

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

/// Header that carries the request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What went wrong inside, left in a response's extensions for the log. Never part of the body.
#[derive(Clone, Debug)]
pub struct InternalCause(pub String);

/// Gives the request an id and logs how it ended.
///
/// An id sent by the client is replaced: ids in the log must be unique. The id is set on the request too, where
/// server functions find it.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let value = HeaderValue::from_str(&id.to_string()).ok();
    if let Some(value) = value.clone() {
        request.headers_mut().insert(REQUEST_ID, value);
    }
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let started = Instant::now();
    let mut response = next.run(request).await;
    if let Some(value) = value {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    let elapsed_ms = started.elapsed().as_millis();
    if let Some(InternalCause(cause)) = response.extensions_mut().remove() {
        tracing::error!(request_id = %id, %method, path, status, cause, "request failed");
    } else {
        tracing::debug!(request_id = %id, %method, path, status, elapsed_ms, "request");
    }
    response
}
