//! What changed in the workspace's repositories: one snapshot, or a stream of them.
//!
//! A chat sees the repository of the working directory and the repositories of the files its tools touched. The
//! git panel is driven by [`watch`]; a scan runs when a tool touched something, when asked, and every half minute.

mod diff;
mod remote;
mod repository;
mod scanner;
mod stream;

pub use scanner::Scanner;

use axum::{
    Json,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::{HeaderMap, header::CONTENT_TYPE};

use super::{AgentState, error::ApiError};
use crate::protocol::{Acknowledged, ChatScope, GitChanges};

/// `GET /git/changes`: a snapshot.
pub async fn changes(
    State(state): State<AgentState>,
    headers: HeaderMap,
) -> Result<Json<GitChanges>, ApiError> {
    let repositories = state
        .inner
        .scanner
        .scan(&ChatScope::from_headers(&headers))
        .await
        .map_err(|error| ApiError::failed(error.to_string()))?;
    let repositories = repositories
        .iter()
        .map(|repository| repository.as_ref().clone())
        .collect();
    Ok(Json(GitChanges {
        scanned_at: Utc::now(),
        repositories,
    }))
}

/// `POST /git/refresh`: makes the streams scan now.
pub async fn refresh(State(state): State<AgentState>) -> Json<Acknowledged> {
    state.inner.scanner.notice();
    Json(Acknowledged {
        message: "a scan follows".into(),
    })
}

/// `GET /git/watch`: a line of JSON for every change.
pub async fn watch(State(state): State<AgentState>, headers: HeaderMap) -> Response {
    let lines = stream::lines(state, ChatScope::from_headers(&headers));
    (
        [(CONTENT_TYPE, "application/x-ndjson")],
        Body::from_stream(lines),
    )
        .into_response()
}
