//! Reading, writing, editing and listing files.
//!
//! Paths are absolute; a relative one is refused with the working directory in the answer. What may be reached is
//! the sandbox's business, not decided here. Work happens on blocking threads, writes one at a time, so that two
//! edits of one file cannot lose each other.

mod atomic;
mod diff;
mod edit;
mod find;
mod list;
mod matching;
mod path;
mod read;
mod write;

pub use find::FileIndex;
pub use read::{read_at_most, regular_file_size};

use axum::{
    Json,
    body::Bytes,
    extract::{
        Query, State,
        rejection::{BytesRejection, JsonRejection, QueryRejection},
    },
};
use http::HeaderMap;
use serde::Deserialize;

use super::{AgentState, error::ApiError};
use crate::protocol::{
    ChatScope, EditFilesRequest, EditFilesResult, FindFilesQuery, FoundFiles, ListDirectoryRequest,
    ListDirectoryResult, ReadFileLines, ReadLinesQuery, ResolvedPath, WriteFileResult,
};

/// Largest body of a write; a little more than the largest file that can be attached.
pub const MAX_WRITE_BYTES: usize = 12 * 1024 * 1024;

/// The path of a file route.
#[derive(Deserialize)]
pub struct PathQuery {
    path: String,
}

type PathParameter = Result<Query<PathQuery>, QueryRejection>;

/// `GET /read-file`: a whole file's bytes.
pub async fn read_file(
    State(state): State<AgentState>,
    query: PathParameter,
) -> Result<Bytes, ApiError> {
    let path = path::absolute(&state, &query?.path)?;
    blocking(move || read::whole(&path)).await.map(Bytes::from)
}

/// `GET /read-file-lines`: numbered lines of a text file.
pub async fn read_file_lines(
    State(state): State<AgentState>,
    query: Result<Query<ReadLinesQuery>, QueryRejection>,
) -> Result<Json<ReadFileLines>, ApiError> {
    let query = query?.0;
    let path = path::absolute(&state, &query.path)?;
    blocking(move || read::lines(&path, query.offset, query.limit))
        .await
        .map(Json)
}

/// `POST /write-file`: replaces a file's content, creating it and its folders.
pub async fn write_file(
    State(state): State<AgentState>,
    headers: HeaderMap,
    query: PathParameter,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<WriteFileResult>, ApiError> {
    let path = path::absolute(&state, &query?.path)?;
    let body = body?;
    let name = path::shown(&state, &path);
    let lock = state.inner.write_lock.lock().await;
    let target = path.clone();
    let result = blocking(move || write::write(&target, &name, &body)).await;
    drop(lock);
    state.touched(&ChatScope::from_headers(&headers), [path]);
    result.map(Json)
}

/// `POST /edit-files`: a batch of edits, all or none.
pub async fn edit_files(
    State(state): State<AgentState>,
    headers: HeaderMap,
    body: Result<Json<EditFilesRequest>, JsonRejection>,
) -> Result<Json<EditFilesResult>, ApiError> {
    let mut files = Vec::new();
    for file in body?.0.files {
        let path = path::absolute(&state, &file.path)?;
        let shown = path::shown(&state, &path);
        files.push(edit::Target {
            path,
            shown,
            requested: file,
        });
    }
    let paths: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
    let lock = state.inner.write_lock.lock().await;
    let result = blocking(move || edit::edit(files)).await;
    drop(lock);
    state.touched(&ChatScope::from_headers(&headers), paths);
    result.map(Json)
}

/// `GET /resolve-path`: where a path really lies.
pub async fn resolve_path(
    State(state): State<AgentState>,
    query: PathParameter,
) -> Result<Json<ResolvedPath>, ApiError> {
    let path = path::absolute(&state, &query?.path)?;
    let resolved = blocking(move || path::resolve(&path)).await?;
    Ok(Json(ResolvedPath {
        resolved_path: resolved.display().to_string(),
    }))
}

/// `POST /list-directory`: a directory's entries.
pub async fn list_directory(
    State(state): State<AgentState>,
    body: Result<Json<ListDirectoryRequest>, JsonRejection>,
) -> Result<Json<ListDirectoryResult>, ApiError> {
    let request = body?.0;
    let home = state.inner.home_directory.clone();
    blocking(move || list::list(&request, &home))
        .await
        .map(Json)
}

/// `GET /find-files`: the paths below the working directory that match best.
pub async fn find_files(
    State(state): State<AgentState>,
    query: Result<Query<FindFilesQuery>, QueryRejection>,
) -> Result<Json<FoundFiles>, ApiError> {
    let inner = &state.inner;
    let query = query?.0;
    let found = inner.files.find(&inner.working_directory, &query).await;
    found.map(Json)
}

/// Does work that waits for the disk on a thread for such work.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(ApiError::failed(error.to_string())))
}
