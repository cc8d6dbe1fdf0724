//! `…/config/retention-days` and `…/config/debug-retention-days`: how long archived chats and what models were asked are kept.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::{DebugRetentionDays, RetentionDays};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(get_retention_days))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_retention_days),
        )
        .add(Access::SignedIn, routes!(get_debug_retention_days))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_debug_retention_days),
        )
}

/// How long archived chats are kept.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/retention-days", tag = "chat config",
    responses((status = 200, body = RetentionDays))
)]
async fn get_retention_days(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<RetentionDays>, ApiError> {
    Ok(Json(platform.get_retention_days(&actor).await?))
}

/// Sets how long archived chats are kept; those that are older go within the hour, with their messages.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/retention-days", tag = "chat config",
    request_body = RetentionDays, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_retention_days(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<RetentionDays>,
) -> Result<StatusCode, ApiError> {
    platform.update_retention_days(&actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How long what models were asked is kept.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/debug-retention-days", tag = "chat config",
    responses((status = 200, body = DebugRetentionDays))
)]
async fn get_debug_retention_days(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<DebugRetentionDays>, ApiError> {
    Ok(Json(platform.get_debug_retention_days(&actor).await?))
}

/// Sets how long what models were asked is kept; what is older goes within the hour.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/debug-retention-days", tag = "chat config",
    request_body = DebugRetentionDays, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_debug_retention_days(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<DebugRetentionDays>,
) -> Result<StatusCode, ApiError> {
    platform.update_debug_retention_days(&actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
