//! `/api/experimental/chats/providers`: connections to model providers, for who administers them; and
//! `/api/experimental/chats/user-provider-configs`: people's own keys for them.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::ids::ProviderConfigId;
use sdk::permissions::Permission;
use sdk::providers::{
    CreateProviderConfig, ProviderConfig, ProviderTest, PutUserApiKey, UpdateProviderConfig,
    UserProviderConfig,
};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(
            Access::May(Permission::ReadSettings),
            routes!(list_providers),
        )
        .add(
            Access::May(Permission::ManageSettings),
            routes!(create_provider),
        )
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_provider, delete_provider),
        )
        .add(
            Access::May(Permission::ManageSettings),
            routes!(test_provider),
        )
        .add(Access::SignedIn, routes!(list_user_providers))
        .add(
            Access::SignedIn,
            routes!(put_user_api_key, delete_user_api_key),
        )
}

/// All providers, without their keys.
#[utoipa::path(
    get, path = "/api/experimental/chats/providers", tag = "providers",
    responses((status = 200, body = Vec<ProviderConfig>))
)]
async fn list_providers(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<Vec<ProviderConfig>>, ApiError> {
    Ok(Json(platform.list_providers(&actor).await?))
}

/// Adds a provider.
#[utoipa::path(
    post, path = "/api/experimental/chats/providers", tag = "providers",
    request_body = CreateProviderConfig, responses((status = 201, body = ProviderConfig), (status = 409))
)]
async fn create_provider(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(provider): JsonBody<CreateProviderConfig>,
) -> Result<(StatusCode, Json<ProviderConfig>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(platform.create_provider(&actor, provider).await?),
    ))
}

/// Changes a provider; absent fields stay as they are.
#[utoipa::path(
    patch, path = "/api/experimental/chats/providers/{provider}", tag = "providers",
    params(("provider" = ProviderConfigId, Path)),
    request_body = UpdateProviderConfig, responses((status = 200, body = ProviderConfig), (status = 404))
)]
async fn update_provider(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(provider): PathOf<ProviderConfigId>,
    JsonBody(change): JsonBody<UpdateProviderConfig>,
) -> Result<Json<ProviderConfig>, ApiError> {
    Ok(Json(
        platform.update_provider(&actor, provider, change).await?,
    ))
}

/// Removes a provider and its models.
#[utoipa::path(
    delete, path = "/api/experimental/chats/providers/{provider}", tag = "providers",
    params(("provider" = ProviderConfigId, Path)), responses((status = 204), (status = 404))
)]
async fn delete_provider(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(provider): PathOf<ProviderConfigId>,
) -> Result<StatusCode, ApiError> {
    platform.delete_provider(&actor, provider).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the provider for its models, to see whether address and key are right.
#[utoipa::path(
    post, path = "/api/experimental/chats/providers/{provider}/test", tag = "providers",
    params(("provider" = ProviderConfigId, Path)),
    responses((status = 200, body = ProviderTest), (status = 404))
)]
async fn test_provider(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(provider): PathOf<ProviderConfigId>,
) -> Result<Json<ProviderTest>, ApiError> {
    Ok(Json(platform.test_provider(&actor, provider).await?))
}

/// The providers that the caller may bring a key for, and whether they did.
#[utoipa::path(
    get, path = "/api/experimental/chats/user-provider-configs", tag = "providers",
    responses((status = 200, body = Vec<UserProviderConfig>))
)]
async fn list_user_providers(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<Vec<UserProviderConfig>>, ApiError> {
    Ok(Json(platform.list_user_providers(&actor).await?))
}

/// Adds the caller's own key for a provider, or replaces it.
#[utoipa::path(
    put, path = "/api/experimental/chats/user-provider-configs/{provider}", tag = "providers",
    params(("provider" = ProviderConfigId, Path)), request_body = PutUserApiKey,
    responses((status = 200, body = UserProviderConfig), (status = 400), (status = 404))
)]
async fn put_user_api_key(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(provider): PathOf<ProviderConfigId>,
    JsonBody(key): JsonBody<PutUserApiKey>,
) -> Result<Json<UserProviderConfig>, ApiError> {
    Ok(Json(
        platform.put_user_api_key(&actor, provider, key).await?,
    ))
}

/// Removes the caller's own key for a provider.
#[utoipa::path(
    delete, path = "/api/experimental/chats/user-provider-configs/{provider}", tag = "providers",
    params(("provider" = ProviderConfigId, Path)),
    responses((status = 204), (status = 400), (status = 404))
)]
async fn delete_user_api_key(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(provider): PathOf<ProviderConfigId>,
) -> Result<StatusCode, ApiError> {
    platform.delete_user_api_key(&actor, provider).await?;
    Ok(StatusCode::NO_CONTENT)
}
