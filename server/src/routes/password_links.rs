//! Links with which people set their own password, once.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use http::request::Parts;
use platform::Platform;
use sdk::password_links::{PasswordLink, RedeemPasswordLink};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};
use crate::state::AppState;

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(create_password_link))
        .add(
            Access::Public {
                reason: "the link is what lets one in, before one can sign in",
            },
            routes!(redeem_password_link),
        )
}

/// Makes a link with which somebody sets their own password, for those who manage their account. It holds for 7 days and once.
#[utoipa::path(
    post, path = "/api/v2/users/{user}/password-link", tag = "users",
    params(("user" = String, Path, description = "Id or user name")),
    responses((status = 201, body = PasswordLink), (status = 403), (status = 404), (status = 409))
)]
async fn create_password_link(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(user): PathOf<String>,
) -> Result<(StatusCode, Json<PasswordLink>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(platform.create_password_link(&actor, &user).await?),
    ))
}

/// Sets the password of whose link it is, and ends their sessions.
#[utoipa::path(
    post, path = "/api/v2/password-links", tag = "users",
    request_body = RedeemPasswordLink, responses((status = 204), (status = 400), (status = 404))
)]
async fn redeem_password_link(
    State(state): State<AppState>,
    parts: Parts,
    JsonBody(request): JsonBody<RedeemPasswordLink>,
) -> Result<StatusCode, ApiError> {
    let client = state.network.client_info(&parts);
    state
        .platform
        .redeem_password_link(request, &client)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
