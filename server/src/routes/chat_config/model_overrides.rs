//! `…/config/explore-model-override` and those of titles and summaries: models for work beside a chat's own.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::{ModelOverride, ModelPurpose, UpdateModelOverride};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this part. It does not exist for others than those who see the settings, so `platform` turns them away there.
pub(super) fn routes() -> Routes {
    let change = Access::May(Permission::ManageSettings);
    Routes::new()
        .add(Access::SignedIn, routes!(get_explore_model_override))
        .add(change, routes!(update_explore_model_override))
        .add(Access::SignedIn, routes!(get_title_model_override))
        .add(change, routes!(update_title_model_override))
        .add(Access::SignedIn, routes!(get_summary_model_override))
        .add(change, routes!(update_summary_model_override))
}

/// The model of agents that only explore, for who sees the settings.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/explore-model-override", tag = "chat config",
    responses((status = 200, body = ModelOverride), (status = 404))
)]
async fn get_explore_model_override(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<ModelOverride>, ApiError> {
    let purpose = ModelPurpose::Explore;
    Ok(Json(platform.get_model_override(&actor, purpose).await?))
}

/// Sets the model of agents that only explore, from the next time on; null leaves them that of their chat.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/explore-model-override", tag = "chat config",
    request_body = UpdateModelOverride, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_explore_model_override(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<UpdateModelOverride>,
) -> Result<StatusCode, ApiError> {
    let changes = [(ModelPurpose::Explore, change)];
    platform.update_model_overrides(&actor, &changes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The model of titles of chats, for who sees the settings.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/title-model-override", tag = "chat config",
    responses((status = 200, body = ModelOverride), (status = 404))
)]
async fn get_title_model_override(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<ModelOverride>, ApiError> {
    let purpose = ModelPurpose::Title;
    Ok(Json(platform.get_model_override(&actor, purpose).await?))
}

/// Sets the model of titles of chats, from the next time on; null leaves them that of their chat.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/title-model-override", tag = "chat config",
    request_body = UpdateModelOverride, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_title_model_override(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<UpdateModelOverride>,
) -> Result<StatusCode, ApiError> {
    let changes = [(ModelPurpose::Title, change)];
    platform.update_model_overrides(&actor, &changes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The model of summaries of histories that are too long, for who sees the settings.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/summary-model-override", tag = "chat config",
    responses((status = 200, body = ModelOverride), (status = 404))
)]
async fn get_summary_model_override(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<ModelOverride>, ApiError> {
    let purpose = ModelPurpose::Summary;
    Ok(Json(platform.get_model_override(&actor, purpose).await?))
}

/// Sets the model of summaries of histories that are too long, from the next time on; null leaves them that of their chat.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/summary-model-override", tag = "chat config",
    request_body = UpdateModelOverride, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_summary_model_override(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<UpdateModelOverride>,
) -> Result<StatusCode, ApiError> {
    let changes = [(ModelPurpose::Summary, change)];
    platform.update_model_overrides(&actor, &changes).await?;
    Ok(StatusCode::NO_CONTENT)
}
