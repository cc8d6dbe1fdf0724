//! `/api/experimental/chats/model-configs` and `/models`: the models that can be chosen.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::ids::ModelConfigId;
use sdk::models::{CreateModelConfig, ListPrice, ModelCatalogue, ModelConfig, UpdateModelConfig};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_models))
        .add(Access::SignedIn, routes!(list_model_configs))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(create_model_config),
        )
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_model_config, delete_model_config),
        )
        .add(Access::May(Permission::ReadSettings), routes!(list_prices))
}

/// What the caller can choose from, by provider.
#[utoipa::path(
    get, path = "/api/experimental/chats/models", tag = "models",
    responses((status = 200, body = ModelCatalogue))
)]
async fn list_models(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<ModelCatalogue>, ApiError> {
    Ok(Json(platform.list_models(&actor).await?))
}

/// Model configurations: all for those who see the settings, the enabled ones for others.
#[utoipa::path(
    get, path = "/api/experimental/chats/model-configs", tag = "models",
    responses((status = 200, body = Vec<ModelConfig>))
)]
async fn list_model_configs(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<Vec<ModelConfig>>, ApiError> {
    Ok(Json(platform.list_model_configs(&actor).await?))
}

/// Adds a model.
#[utoipa::path(
    post, path = "/api/experimental/chats/model-configs", tag = "models",
    request_body = CreateModelConfig, responses((status = 201, body = ModelConfig))
)]
async fn create_model_config(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(model): JsonBody<CreateModelConfig>,
) -> Result<(StatusCode, Json<ModelConfig>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(platform.create_model_config(&actor, model).await?),
    ))
}

/// Changes a model; absent fields stay as they are.
#[utoipa::path(
    patch, path = "/api/experimental/chats/model-configs/{model_config}", tag = "models",
    params(("model_config" = ModelConfigId, Path)),
    request_body = UpdateModelConfig, responses((status = 200, body = ModelConfig), (status = 404))
)]
async fn update_model_config(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(model_config): PathOf<ModelConfigId>,
    JsonBody(change): JsonBody<UpdateModelConfig>,
) -> Result<Json<ModelConfig>, ApiError> {
    Ok(Json(
        platform
            .update_model_config(&actor, model_config, change)
            .await?,
    ))
}

/// Removes a model.
#[utoipa::path(
    delete, path = "/api/experimental/chats/model-configs/{model_config}", tag = "models",
    params(("model_config" = ModelConfigId, Path)), responses((status = 204), (status = 404))
)]
async fn delete_model_config(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(model_config): PathOf<ModelConfigId>,
) -> Result<StatusCode, ApiError> {
    platform.delete_model_config(&actor, model_config).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What providers ask of everybody, as far as this version knows. No call is priced with it.
#[utoipa::path(
    get, path = "/api/v2/list-prices", tag = "models",
    responses((status = 200, body = Vec<ListPrice>))
)]
async fn list_prices(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<&'static [ListPrice]>, ApiError> {
    Ok(Json(platform.list_prices(&actor)?))
}
