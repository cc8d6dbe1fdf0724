//! `…/config/template-allowlist` and `…/config/workspace-ttl`: what workspaces agents may make, and for how long.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::{TemplateAllowlist, WorkspaceTtl};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this part. There is no list for others than owners, so `platform` turns them away there.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(
            Access::SignedIn,
            routes!(get_template_allowlist, update_template_allowlist),
        )
        .add(Access::SignedIn, routes!(get_workspace_ttl))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_workspace_ttl),
        )
}

/// The templates that agents may use, for who sees the settings; all when there are none.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/template-allowlist", tag = "chat config",
    responses((status = 200, body = TemplateAllowlist), (status = 404))
)]
async fn get_template_allowlist(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<TemplateAllowlist>, ApiError> {
    Ok(Json(platform.get_template_allowlist(&actor).await?))
}

/// Sets the templates that agents may use; people may use all of them as before.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/template-allowlist", tag = "chat config",
    request_body = TemplateAllowlist, responses((status = 204), (status = 400), (status = 404))
)]
async fn update_template_allowlist(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    body: Result<JsonBody<TemplateAllowlist>, ApiError>,
) -> Result<StatusCode, ApiError> {
    platform.require_template_allowlist_change(&actor)?;
    let JsonBody(change) = body?;
    platform.update_template_allowlist(&actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// When workspaces are stopped whose template does not say.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/workspace-ttl", tag = "chat config",
    responses((status = 200, body = WorkspaceTtl))
)]
async fn get_workspace_ttl(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<WorkspaceTtl>, ApiError> {
    Ok(Json(platform.get_workspace_ttl(&actor).await?))
}

/// Sets when workspaces are stopped whose template does not say.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/workspace-ttl", tag = "chat config",
    request_body = WorkspaceTtl, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_workspace_ttl(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<WorkspaceTtl>,
) -> Result<StatusCode, ApiError> {
    platform.update_workspace_ttl(&actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
