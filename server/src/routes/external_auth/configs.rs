//! `/api/v2/external-auth/configs`: as whom git hosts know this deployment. For who sees the settings.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::external_auth::{CreateExternalAuthConfig, ExternalAuthConfig, UpdateExternalAuthConfig};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

pub(super) fn routes() -> Routes {
    Routes::new()
        .add(
            Access::May(Permission::ReadSettings),
            routes!(list_external_auth_configs),
        )
        .add(
            Access::May(Permission::ManageSettings),
            routes!(create_external_auth_config),
        )
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_external_auth_config, delete_external_auth_config),
        )
}

/// All configurations, without their secrets.
#[utoipa::path(
    get, path = "/api/v2/external-auth/configs", tag = "external auth",
    responses((status = 200, body = Vec<ExternalAuthConfig>))
)]
async fn list_external_auth_configs(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<Vec<ExternalAuthConfig>>, ApiError> {
    Ok(Json(platform.list_external_auth_configs(&actor).await?))
}

/// Sets up signing in at a host.
#[utoipa::path(
    post, path = "/api/v2/external-auth/configs", tag = "external auth",
    request_body = CreateExternalAuthConfig,
    responses((status = 201, body = ExternalAuthConfig), (status = 400), (status = 409))
)]
async fn create_external_auth_config(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(config): JsonBody<CreateExternalAuthConfig>,
) -> Result<(StatusCode, Json<ExternalAuthConfig>), ApiError> {
    let created = platform.create_external_auth_config(&actor, config).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Changes a configuration. One of the server's environment cannot be changed here.
#[utoipa::path(
    patch, path = "/api/v2/external-auth/configs/{config}", tag = "external auth",
    params(("config" = String, Path, description = "Its short name")),
    request_body = UpdateExternalAuthConfig,
    responses((status = 200, body = ExternalAuthConfig), (status = 400), (status = 404), (status = 409))
)]
async fn update_external_auth_config(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(config): PathOf<String>,
    JsonBody(change): JsonBody<UpdateExternalAuthConfig>,
) -> Result<Json<ExternalAuthConfig>, ApiError> {
    let changed = platform.update_external_auth_config(&actor, &config, change);
    Ok(Json(changed.await?))
}

/// Removes a configuration. People keep their links, which can no longer be renewed.
#[utoipa::path(
    delete, path = "/api/v2/external-auth/configs/{config}", tag = "external auth",
    params(("config" = String, Path, description = "Its short name")),
    responses((status = 204), (status = 404), (status = 409))
)]
async fn delete_external_auth_config(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(config): PathOf<String>,
) -> Result<StatusCode, ApiError> {
    platform
        .delete_external_auth_config(&actor, &config)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
