//! `/api/v2/users/me/preferences`: what the caller set about the page.

use axum::Json;
use axum::extract::State;
use platform::Platform;
use sdk::preferences::Preferences;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;
use crate::http::extract::JsonBody;

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new().add(
        Access::SignedIn,
        routes!(get_preferences, update_preferences),
    )
}

/// The caller's preferences.
#[utoipa::path(
    get, path = "/api/v2/users/me/preferences", tag = "preferences",
    responses((status = 200, body = Preferences))
)]
async fn get_preferences(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<Preferences>, ApiError> {
    Ok(Json(platform.get_preferences(&actor).await?))
}

/// Replaces the caller's preferences.
#[utoipa::path(
    put, path = "/api/v2/users/me/preferences", tag = "preferences",
    request_body = Preferences, responses((status = 200, body = Preferences))
)]
async fn update_preferences(
    State(platform): State<Platform>,
    Caller(actor): Caller,
    JsonBody(preferences): JsonBody<Preferences>,
) -> Result<Json<Preferences>, ApiError> {
    Ok(Json(
        platform.update_preferences(&actor, preferences).await?,
    ))
}
