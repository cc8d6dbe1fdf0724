//! `…/config/user-compaction-thresholds`: when the caller wants histories summarized.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::{CompactionThreshold, CompactionThresholds, UpdateCompactionThreshold};
use sdk::ids::ModelConfigId;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

/// Routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_compaction_thresholds))
        .add(
            Access::SignedIn,
            routes!(update_compaction_threshold, delete_compaction_threshold),
        )
}

/// The caller's own thresholds.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/user-compaction-thresholds", tag = "chat config",
    responses((status = 200, body = CompactionThresholds))
)]
async fn list_compaction_thresholds(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<CompactionThresholds>, ApiError> {
    Ok(Json(platform.list_compaction_thresholds(&actor).await?))
}

/// Sets the caller's own threshold for a model.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/user-compaction-thresholds/{model_config}", tag = "chat config",
    params(("model_config" = ModelConfigId, Path)), request_body = UpdateCompactionThreshold,
    responses((status = 200, body = CompactionThreshold), (status = 400), (status = 404))
)]
async fn update_compaction_threshold(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(model_config): PathOf<ModelConfigId>,
    JsonBody(change): JsonBody<UpdateCompactionThreshold>,
) -> Result<Json<CompactionThreshold>, ApiError> {
    let threshold = platform.update_compaction_threshold(&actor, model_config, change);
    Ok(Json(threshold.await?))
}

/// Lets the model's own threshold hold again; fine when it does already.
#[utoipa::path(
    delete, path = "/api/experimental/chats/config/user-compaction-thresholds/{model_config}", tag = "chat config",
    params(("model_config" = ModelConfigId, Path)), responses((status = 204))
)]
async fn delete_compaction_threshold(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(model_config): PathOf<ModelConfigId>,
) -> Result<StatusCode, ApiError> {
    platform
        .delete_compaction_threshold(&actor, model_config)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
