//! `…/config/private-provider-hosts`: which hosts at private addresses providers may be at.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::chat_config::{PrivateProviderHosts, UpdatePrivateProviderHosts};
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this part. It does not exist for others than those who see the settings, so `platform` turns them away there.
pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(get_private_provider_hosts))
        .add(
            Access::May(Permission::ManageSettings),
            routes!(update_private_provider_hosts),
        )
}

/// The hosts at private addresses that providers may be at, for who sees the settings.
#[utoipa::path(
    get, path = "/api/experimental/chats/config/private-provider-hosts", tag = "chat config",
    responses((status = 200, body = PrivateProviderHosts), (status = 404))
)]
async fn get_private_provider_hosts(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<PrivateProviderHosts>, ApiError> {
    Ok(Json(platform.get_private_provider_hosts(&actor).await?))
}

/// Sets those that hold besides the ones that the server was started with, from the next call of a model on.
#[utoipa::path(
    put, path = "/api/experimental/chats/config/private-provider-hosts", tag = "chat config",
    request_body = UpdatePrivateProviderHosts, responses((status = 204), (status = 400), (status = 403))
)]
async fn update_private_provider_hosts(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(change): JsonBody<UpdatePrivateProviderHosts>,
) -> Result<StatusCode, ApiError> {
    platform
        .update_private_provider_hosts(&actor, change)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
