//! Whoever is told that a change was made can rely on it: the answer goes when the change survives a loss of power.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::ApiError;
use crate::state::AppState;

/// Holds the answers to requests that may have changed something. Open pages and workers have heard of it before.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_change = !request.method().is_safe();
    let response = next.run(request).await;
    if !is_change || !response.status().is_success() {
        return response;
    }
    match state.platform.durable().await {
        Ok(()) => response,
        Err(error) => ApiError::from(error).into_response(),
    }
}
