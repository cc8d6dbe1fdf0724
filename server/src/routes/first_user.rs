//! `/api/v2/users/first`: the owner that a new deployment begins with.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use http::request::Parts;
use platform::Platform;
use sdk::users::{CreateFirstUser, FirstUserCreated};
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::extract::JsonBody;
use crate::state::AppState;

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new().add(
        Access::Public {
            reason: "nobody can sign in before the first user exists",
        },
        routes!(get_first_user, create_first_user),
    )
}

/// Whether the deployment has an owner: 200, or 404 while it has none.
#[utoipa::path(get, path = "/api/v2/users/first", tag = "users", responses((status = 200), (status = 404)))]
async fn get_first_user(
    State(platform): State<Platform>,
) -> Result<Json<serde_json::Value>, ApiError> {
    if platform.has_first_user().await? {
        return Ok(Json(
            serde_json::json!({ "message": "The first user has been created." }),
        ));
    }
    Err(ApiError::new(
        StatusCode::NOT_FOUND,
        "There is no user yet. Create the first one with POST /api/v2/users/first.",
    ))
}

/// Creates the first owner; 409 once there is one.
#[utoipa::path(
    post, path = "/api/v2/users/first", tag = "users",
    request_body = CreateFirstUser, responses((status = 201, body = FirstUserCreated))
)]
async fn create_first_user(
    State(state): State<AppState>,
    parts: Parts,
    JsonBody(user): JsonBody<CreateFirstUser>,
) -> Result<(StatusCode, Json<FirstUserCreated>), ApiError> {
    let client = state.network.client_info(&parts);
    let created = state.platform.create_first_user(user, &client).await?;
    Ok((StatusCode::CREATED, Json(created)))
}
