//! `/api/v2/external-auth`: what the caller signs in to git hosts with. Secrets go in and never come out here.
//!
//! `configs` is what owners set up so that people can sign in at a host, `flows` how they do it, `webhooks` what hosts say by themselves.

mod configs;
mod flows;
mod webhooks;

use axum::Json;
use axum::extract::State;
use platform::Platform;
use sdk::external_auth::{ExternalAuth, ExternalAuthDeleted, ExternalAuthLink, PutExternalAuth};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_external_auth))
        .add(
            Access::SignedIn,
            routes!(put_external_auth, delete_external_auth),
        )
        .merge(configs::routes())
        .merge(flows::routes())
        .merge(webhooks::routes())
}

/// The caller's links, without their tokens, and where they can sign in.
#[utoipa::path(
    get, path = "/api/v2/external-auth", tag = "external auth",
    responses((status = 200, body = ExternalAuth))
)]
async fn list_external_auth(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<ExternalAuth>, ApiError> {
    Ok(Json(platform.list_external_auth(&actor).await?))
}

/// Adds the caller's token for a host, or replaces it.
#[utoipa::path(
    put, path = "/api/v2/external-auth/{host}", tag = "external auth",
    params(("host" = String, Path, description = "`git.example.com`, with a port where it is not 443")),
    request_body = PutExternalAuth,
    responses((status = 200, body = ExternalAuthLink), (status = 400), (status = 409))
)]
async fn put_external_auth(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(host): PathOf<String>,
    JsonBody(link): JsonBody<PutExternalAuth>,
) -> Result<Json<ExternalAuthLink>, ApiError> {
    Ok(Json(platform.put_external_auth(&actor, &host, link).await?))
}

/// Forgets the caller's token for a host, and has the host take back what it gave itself. The link is gone in any case; whether
/// the host did, the answer says.
#[utoipa::path(
    delete, path = "/api/v2/external-auth/{host}", tag = "external auth",
    params(("host" = String, Path, description = "As it is listed")),
    responses((status = 200, body = ExternalAuthDeleted), (status = 404))
)]
async fn delete_external_auth(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(host): PathOf<String>,
) -> Result<Json<ExternalAuthDeleted>, ApiError> {
    Ok(Json(platform.delete_external_auth(&actor, &host).await?))
}
