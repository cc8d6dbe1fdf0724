//! Bytes that belong to somebody: only who may read them keeps them, and no other site shows them.

use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, header};

/// For what never changes at its address.
pub const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
/// For what may be another at the next look.
pub const CHANGING: HeaderValue = HeaderValue::from_static("no-store");

/// The bytes with what they are and how long they may be kept. What keeps them from running is said with every answer.
pub fn answer(media_type: HeaderValue, cached: HeaderValue, data: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, cached),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
    ];
    (headers, data).into_response()
}
