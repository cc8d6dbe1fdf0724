//! What changed in the workspace's repositories: one snapshot, or a stream of them.
//!
//! A chat sees the repository of the working directory and those in which its tools, and the tools of the chats above
//! and below it, touched files or ran commands. The git panel is driven by [`watch`]; a scan runs when a tool touched
//! something, when the file system tells of a change, when asked, and every half minute.

mod content;
mod diff;
mod folders;
mod notices;
mod place;
mod remote;
mod repository;
mod scanner;
mod status;
mod stream;
mod ticks;
mod touched;
mod untracked;

pub use content::{file, lines};
pub use remote::without_credentials;
pub use scanner::Scanner;

use axum::{
    Json,
    body::Body,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::{HeaderMap, header::CONTENT_TYPE};

use super::{AgentState, error::ApiError};
use crate::protocol::{Acknowledged, ChatScope, GitChanges, GitChangesQuery};

/// `GET /git/changes`: a snapshot.
pub async fn changes(
    State(state): State<AgentState>,
    Query(query): Query<GitChangesQuery>,
    headers: HeaderMap,
) -> Result<Json<GitChanges>, ApiError> {
    let scanner = &state.inner.scanner;
    let scope = ChatScope::from_headers(&headers);
    let max_age = if query.may_be_known {
        scanner::KEPT_FOR
    } else {
        scanner::SCAN_PAUSE
    };
    let scanned = scanner.scan(&scope, max_age).await;
    let mut repositories = Vec::with_capacity(scanned.repositories.len());
    for (_, repository) in scanned.repositories {
        let repository = repository.map_err(|error| ApiError::failed(error.to_string()))?;
        repositories.push(repository.as_ref().clone());
    }
    Ok(Json(GitChanges {
        scanned_at: Utc::now(),
        repositories,
        left_out_repositories: scanned.left_out,
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
