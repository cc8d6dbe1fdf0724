//! `/api/v2/workspaces`: where agents work, and their builds.

mod shares;
mod terminals;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::ids::{BuildId, WorkspaceId};
use sdk::workspaces::{
    Build, BuildLog, CreateBuild, CreateWorkspace, DeleteWorkspace, ListWorkspaces, ReadBuildLog,
    UnsavedWork, UpdateWorkspace, Workspace,
};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf, QueryOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_workspaces, create_workspace))
        .add(
            Access::SignedIn,
            routes!(get_workspace, update_workspace, delete_workspace),
        )
        .add(Access::SignedIn, routes!(get_unsaved_work))
        .add(Access::SignedIn, routes!(list_builds, create_build))
        .add(Access::SignedIn, routes!(get_build_log))
        .merge(shares::routes())
        .merge(terminals::routes())
}

/// One's own workspaces, newest first; with `shared` those that others share.
#[utoipa::path(
    get, path = "/api/v2/workspaces", tag = "workspaces", params(ListWorkspaces),
    responses((status = 200, body = Vec<Workspace>))
)]
async fn list_workspaces(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    QueryOf(query): QueryOf<ListWorkspaces>,
) -> Result<Json<Vec<Workspace>>, ApiError> {
    Ok(Json(platform.list_workspaces(&actor, &query).await?))
}

/// Makes a workspace and begins to start it.
#[utoipa::path(
    post, path = "/api/v2/workspaces", tag = "workspaces", request_body = CreateWorkspace,
    responses((status = 201, body = Workspace), (status = 400), (status = 409))
)]
async fn create_workspace(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(workspace): JsonBody<CreateWorkspace>,
) -> Result<(StatusCode, Json<Workspace>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(platform.create_workspace(&actor, workspace).await?),
    ))
}

/// A workspace.
#[utoipa::path(
    get, path = "/api/v2/workspaces/{workspace}", tag = "workspaces", params(("workspace" = WorkspaceId, Path)),
    responses((status = 200, body = Workspace), (status = 404))
)]
async fn get_workspace(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
) -> Result<Json<Workspace>, ApiError> {
    Ok(Json(platform.get_workspace(&actor, workspace).await?))
}

/// Gives a workspace another name.
#[utoipa::path(
    patch, path = "/api/v2/workspaces/{workspace}", tag = "workspaces", params(("workspace" = WorkspaceId, Path)),
    request_body = UpdateWorkspace, responses((status = 200, body = Workspace), (status = 404), (status = 409))
)]
async fn update_workspace(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
    JsonBody(change): JsonBody<UpdateWorkspace>,
) -> Result<Json<Workspace>, ApiError> {
    Ok(Json(
        platform.update_workspace(&actor, workspace, change).await?,
    ))
}

/// Stops a workspace and removes what Switchyard made of it; 409 when work would be lost.
#[utoipa::path(
    delete, path = "/api/v2/workspaces/{workspace}", tag = "workspaces",
    params(("workspace" = WorkspaceId, Path), DeleteWorkspace),
    responses((status = 204), (status = 404), (status = 409))
)]
async fn delete_workspace(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
    QueryOf(query): QueryOf<DeleteWorkspace>,
) -> Result<StatusCode, ApiError> {
    platform
        .delete_workspace(&actor, workspace, query.force)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What deleting a workspace would lose.
#[utoipa::path(
    get, path = "/api/v2/workspaces/{workspace}/unsaved-work", tag = "workspaces",
    params(("workspace" = WorkspaceId, Path)), responses((status = 200, body = UnsavedWork), (status = 404))
)]
async fn get_unsaved_work(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
) -> Result<Json<UnsavedWork>, ApiError> {
    Ok(Json(platform.get_unsaved_work(&actor, workspace).await?))
}

/// A workspace's builds, newest first.
#[utoipa::path(
    get, path = "/api/v2/workspaces/{workspace}/builds", tag = "workspaces",
    params(("workspace" = WorkspaceId, Path)), responses((status = 200, body = Vec<Build>), (status = 404))
)]
async fn list_builds(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
) -> Result<Json<Vec<Build>>, ApiError> {
    Ok(Json(platform.list_builds(&actor, workspace).await?))
}

/// Begins to start, stop or delete a workspace.
#[utoipa::path(
    post, path = "/api/v2/workspaces/{workspace}/builds", tag = "workspaces",
    params(("workspace" = WorkspaceId, Path)), request_body = CreateBuild,
    responses((status = 201, body = Build), (status = 404), (status = 409))
)]
async fn create_build(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
    JsonBody(build): JsonBody<CreateBuild>,
) -> Result<(StatusCode, Json<Build>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(platform.create_build(&actor, workspace, build).await?),
    ))
}

/// A build's log from an offset on; with `wait_seconds` it waits for more.
#[utoipa::path(
    get, path = "/api/v2/workspaces/{workspace}/builds/{build}/log", tag = "workspaces",
    params(("workspace" = WorkspaceId, Path), ("build" = BuildId, Path), ReadBuildLog),
    responses((status = 200, body = BuildLog), (status = 404))
)]
async fn get_build_log(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf((workspace, build)): PathOf<(WorkspaceId, BuildId)>,
    QueryOf(query): QueryOf<ReadBuildLog>,
) -> Result<Json<BuildLog>, ApiError> {
    Ok(Json(
        platform
            .get_build_log(&actor, workspace, build, query)
            .await?,
    ))
}
