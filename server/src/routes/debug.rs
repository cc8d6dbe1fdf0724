//! `/api/experimental/chats/{chat}/debug`: what models were asked and what they answered.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use platform::Platform;
use sdk::debug::{
    DebugExport, DebugRun, DebugRunDetail, DebugStepDetail, ExportDebugRuns, ReadDebugRun,
};
use sdk::ids::{ChatId, DebugRunId};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{PathOf, QueryOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_debug_runs))
        .add(Access::SignedIn, routes!(get_debug_run))
        .add(Access::SignedIn, routes!(get_debug_step))
        .add(Access::SignedIn, routes!(export_debug_runs))
}

/// The newest runs of a chat, the newest first, at most 100.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/debug/runs", tag = "debug",
    params(("chat" = ChatId, Path)),
    responses((status = 200, body = Vec<DebugRun>), (status = 404))
)]
async fn list_debug_runs(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
) -> Result<Json<Vec<DebugRun>>, ApiError> {
    Ok(Json(platform.list_debug_runs(&actor, chat).await?))
}

/// A run with its steps: all of them, or the newest of a long one.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/debug/runs/{run}", tag = "debug",
    params(
        ("chat" = ChatId, Path), ("run" = DebugRunId, Path),
        ("before_step" = Option<i32>, Query, description = "only steps with smaller numbers"),
        ("outline" = Option<bool>, Query, description = "without what was asked and answered, and without bodies"),
    ),
    responses((status = 200, body = DebugRunDetail), (status = 400), (status = 404))
)]
async fn get_debug_run(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf((chat, run)): PathOf<(ChatId, DebugRunId)>,
    QueryOf(query): QueryOf<ReadDebugRun>,
) -> Result<Json<DebugRunDetail>, ApiError> {
    let run = platform.get_debug_run(&actor, chat, run, query).await?;
    Ok(Json(run))
}

/// A step of a run, with what changed since the call before it and what it cost.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/debug/runs/{run}/steps/{step}", tag = "debug",
    params(
        ("chat" = ChatId, Path), ("run" = DebugRunId, Path),
        ("step" = i32, Path, description = "its number in the run, from 1"),
    ),
    responses((status = 200, body = DebugStepDetail), (status = 400), (status = 404))
)]
async fn get_debug_step(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf((chat, run, step)): PathOf<(ChatId, DebugRunId, i32)>,
) -> Result<Json<DebugStepDetail>, ApiError> {
    let step = platform.get_debug_step(&actor, chat, run, step).await?;
    Ok(Json(step))
}

/// Everything that is recorded of a chat, or one run of it, as a file.
#[utoipa::path(
    get, path = "/api/experimental/chats/{chat}/debug/export", tag = "debug",
    params(
        ("chat" = ChatId, Path),
        ("run" = Option<DebugRunId>, Query, description = "this run alone"),
    ),
    responses((status = 200, body = DebugExport), (status = 400), (status = 404))
)]
async fn export_debug_runs(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(chat): PathOf<ChatId>,
    QueryOf(query): QueryOf<ExportDebugRuns>,
) -> Result<Response, ApiError> {
    let export = platform.export_debug_runs(&actor, chat, query).await?;
    let name = format!("attachment; filename=\"debug-{chat}.json\"");
    let headers = [(header::CONTENT_DISPOSITION, name)];
    Ok((headers, Json(export)).into_response())
}
