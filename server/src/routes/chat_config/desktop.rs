//! `…/config/desktop-enabled`: whether workspaces may have a desktop.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::DesktopEnabled;
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(get_desktop_enabled))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_desktop_enabled),
        )
}

/// Whether workspaces may have a desktop.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/desktop-enabled", tag = "chat config",
    responses((status = 200, body = DesktopEnabled))
)]
async fn get_desktop_enabled(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<DesktopEnabled>, ApiError> {
    Ok(Json(platform.get_desktop_enabled(&actor).await?))
}

/// Sets whether workspaces may have a desktop; whoever looks at one is shown out soon after it is switched off.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/desktop-enabled", tag = "chat config",
    request_body = DesktopEnabled, responses((status = 204), (status = 403))
)]
async fn update_desktop_enabled(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<DesktopEnabled>,
) -> Result<StatusCode, ApiError> {
    platform.update_desktop_enabled(&actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
