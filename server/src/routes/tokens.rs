//! `/api/v2/users/{user}/keys/tokens`: API tokens.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::ids::TokenId;
use sdk::tokens::{CreateToken, CreatedToken, Token};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::{JsonBody, PathOf};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_tokens, create_token))
        .add(Access::SignedIn, routes!(delete_token))
}

/// The tokens of a user, without their keys.
#[utoipa::path(
    get, path = "/api/v2/users/{user}/keys/tokens", tag = "tokens",
    params(("user" = String, Path, description = "Id, user name or `me`")),
    responses((status = 200, body = Vec<Token>), (status = 404))
)]
async fn list_tokens(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(user): PathOf<String>,
) -> Result<Json<Vec<Token>>, ApiError> {
    Ok(Json(platform.list_tokens(&actor, &user).await?))
}

/// Creates a token. Its key is in this answer and never again.
#[utoipa::path(
    post, path = "/api/v2/users/{user}/keys/tokens", tag = "tokens",
    params(("user" = String, Path, description = "Id, user name or `me`")),
    request_body = CreateToken, responses((status = 201, body = CreatedToken), (status = 409))
)]
async fn create_token(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(user): PathOf<String>,
    JsonBody(token): JsonBody<CreateToken>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(platform.create_token(&actor, &user, token).await?),
    ))
}

/// Revokes a token.
#[utoipa::path(
    delete, path = "/api/v2/users/{user}/keys/tokens/{token}", tag = "tokens",
    params(("user" = String, Path, description = "Id, user name or `me`"), ("token" = TokenId, Path)),
    responses((status = 204), (status = 404))
)]
async fn delete_token(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf((user, token)): PathOf<(String, TokenId)>,
) -> Result<StatusCode, ApiError> {
    platform.delete_token(&actor, &user, token).await?;
    Ok(StatusCode::NO_CONTENT)
}
