//! `…/workspaces/{workspace}/acl`: with whom a workspace is shared.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::ids::WorkspaceId;
use sdk::workspace_shares::{UpdateWorkspaceAcl, WorkspaceAcl};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new().add(
        Access::SignedIn,
        routes!(
            get_workspace_acl,
            update_workspace_acl,
            delete_workspace_acl
        ),
    )
}

/// With whom a workspace is shared, for its owner.
#[utoipa::path(
    get, path = "/api/v2/workspaces/{workspace}/acl", tag = "workspaces", params(("workspace" = WorkspaceId, Path)),
    responses((status = 200, body = WorkspaceAcl), (status = 403), (status = 404))
)]
async fn get_workspace_acl(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
) -> Result<Json<WorkspaceAcl>, ApiError> {
    Ok(Json(platform.get_workspace_acl(&actor, workspace).await?))
}

/// Sets what people may do with a workspace; those that are not named keep what they have.
#[utoipa::path(
    patch, path = "/api/v2/workspaces/{workspace}/acl", tag = "workspaces", params(("workspace" = WorkspaceId, Path)),
    request_body = UpdateWorkspaceAcl,
    responses((status = 204), (status = 400), (status = 403), (status = 404))
)]
async fn update_workspace_acl(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
    JsonBody(change): JsonBody<UpdateWorkspaceAcl>,
) -> Result<StatusCode, ApiError> {
    platform
        .update_workspace_acl(&actor, workspace, change)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shares a workspace with nobody any more.
#[utoipa::path(
    delete, path = "/api/v2/workspaces/{workspace}/acl", tag = "workspaces", params(("workspace" = WorkspaceId, Path)),
    responses((status = 204), (status = 403), (status = 404))
)]
async fn delete_workspace_acl(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(workspace): PathOf<WorkspaceId>,
) -> Result<StatusCode, ApiError> {
    platform.delete_workspace_acl(&actor, workspace).await?;
    Ok(StatusCode::NO_CONTENT)
}
