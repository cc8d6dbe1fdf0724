//! `…/config/debug-logging` and `…/config/user-debug-logging`: whether the calls of models are recorded.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::{
    DebugLogging, UpdateDebugLogging, UpdateUserDebugLogging, UserDebugLogging,
};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(get_debug_logging))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_debug_logging),
        )
        .add(
            Access::SignedIn,
            routes!(get_user_debug_logging, update_user_debug_logging),
        )
}

/// Whether people may choose, for who sees the settings.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/debug-logging", tag = "chat config",
    responses((status = 200, body = DebugLogging), (status = 404))
)]
async fn get_debug_logging(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<DebugLogging>, ApiError> {
    Ok(Json(platform.get_debug_logging(&actor).await?))
}

/// Sets whether people may choose.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/debug-logging", tag = "chat config",
    request_body = UpdateDebugLogging, responses((status = 204), (status = 403))
)]
async fn update_debug_logging(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<UpdateDebugLogging>,
) -> Result<StatusCode, ApiError> {
    platform.update_debug_logging(&actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the caller's calls are recorded, and whether they may choose.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/user-debug-logging", tag = "chat config",
    responses((status = 200, body = UserDebugLogging))
)]
async fn get_user_debug_logging(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<UserDebugLogging>, ApiError> {
    Ok(Json(platform.get_user_debug_logging(&actor).await?))
}

/// Sets whether the caller's calls are recorded: 403 when owners do not allow the choice, 409 when the deployment made
/// it; both whatever the body is.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/user-debug-logging", tag = "chat config",
    request_body = UpdateUserDebugLogging, responses((status = 204), (status = 403), (status = 409))
)]
async fn update_user_debug_logging(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    body: Result<JsonBody<UpdateUserDebugLogging>, ApiError>,
) -> Result<StatusCode, ApiError> {
    platform.require_debug_logging_choice(&actor).await?;
    let JsonBody(change) = body?;
    platform.update_user_debug_logging(&actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
