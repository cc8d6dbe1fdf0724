//! `/api/v2/users/me/sessions`: where the caller is signed in. Signing in and out is in `login`.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use platform::Platform;
use sdk::ids::SessionId;
use sdk::sessions::Session;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::PathOf;

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new()
        .add(Access::SignedIn, routes!(list_sessions))
        .add(Access::SignedIn, routes!(delete_session))
        .add(Access::SignedIn, routes!(sign_out_elsewhere))
}

/// The caller's sessions, last used first, at most 100.
#[utoipa::path(
    get, path = "/api/v2/users/me/sessions", tag = "users",
    responses((status = 200, body = Vec<Session>))
)]
async fn list_sessions(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<Vec<Session>>, ApiError> {
    Ok(Json(platform.list_sessions(&actor).await?))
}

/// Ends one of the caller's sessions.
#[utoipa::path(
    delete, path = "/api/v2/users/me/sessions/{session}", tag = "users",
    params(("session" = SessionId, Path)), responses((status = 204), (status = 404))
)]
async fn delete_session(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    PathOf(session): PathOf<SessionId>,
) -> Result<StatusCode, ApiError> {
    platform.delete_session(&actor, session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of the caller but the one that the request came with; with an API token, all of them.
#[utoipa::path(post, path = "/api/v2/users/me/sign-out-elsewhere", tag = "users", responses((status = 204)))]
async fn sign_out_elsewhere(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<StatusCode, ApiError> {
    platform.sign_out_elsewhere(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
