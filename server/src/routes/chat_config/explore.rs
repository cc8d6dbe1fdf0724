//! `…/config/explore-model-override`: the model of agents that only explore.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::{ExploreModelOverride, UpdateExploreModelOverride};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this part. It does not exist for others than owners, so `platform` turns them away there.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(get_explore_model_override))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_explore_model_override),
        )
}

/// The model of agents that only explore, for who sees the settings.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/explore-model-override", tag = "chat config",
    responses((status = 200, body = ExploreModelOverride), (status = 404))
)]
async fn get_explore_model_override(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<ExploreModelOverride>, ApiError> {
    Ok(Json(platform.get_explore_model_override(&actor).await?))
}

/// Sets the model of agents that only explore, from the next one on; null leaves them that of the chat that hands the
/// work over.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/explore-model-override", tag = "chat config",
    request_body = UpdateExploreModelOverride, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_explore_model_override(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<UpdateExploreModelOverride>,
) -> Result<StatusCode, ApiError> {
    platform
        .update_explore_model_override(&actor, change)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
