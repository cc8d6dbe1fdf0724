//! How a request travels: layers, the API's routes, the page, static files.
//!
//! [`router`] is the whole server; the tests drive exactly it. API routes are registered in [`crate::routes`]
//! through [`access::Routes`] and nowhere else.

pub mod access;
pub mod authentication;
pub mod content_disposition;
pub mod durable;
mod error;
pub mod extract;
pub mod limits;
pub mod network;
pub mod page;
pub mod private_content;
pub mod request_id;
pub mod security_headers;
pub mod site;

use std::any::Any;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};

use crate::state::AppState;

pub use error::ApiError;

/// Answers below this size are not worth compressing.
const SMALLEST_COMPRESSED_BYTES: u16 = 1024;

/// The whole server as a service. A request passes the layers from the last to the first.
pub fn router(state: AppState) -> Router {
    let (routes, _) = crate::routes::all().into_parts();
    page::router(&state)
        .merge(routes)
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(from_fn_with_state(state.clone(), authentication::layer))
        .layer(from_fn(limits::body_layer))
        .layer(from_fn_with_state(state.clone(), durable::layer))
        .layer(from_fn(limits::time_layer))
        .layer(compression())
        .layer(from_fn(security_headers::layer))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(from_fn(request_id::layer))
        .with_state(state)
}

/// What agents find at their socket: a workspace reaches nothing there but what its agent's token is for.
pub fn for_agents(router: Router) -> Router {
    router.layer(from_fn(async |request: Request, next: Next| {
        if request.uri().path().starts_with("/api/v2/agents/") {
            next.run(request).await
        } else {
            ApiError::unknown_route().into_response()
        }
    }))
}

/// Streams and what is compressed already pass as they are.
fn compression() -> CompressionLayer<impl tower_http::compression::Predicate> {
    let predicate = SizeAbove::new(SMALLEST_COMPRESSED_BYTES)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("application/x-ndjson"))
        .and(NotForContentType::const_new("font/"));
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(predicate)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the signature tower-http asks for"
)]
fn answer_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    ApiError::internal(format!("a handler panicked: {text}")).into_response()
}
