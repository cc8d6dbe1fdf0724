//! `GET /healthz`: whether the server can do its work, for whatever keeps it running.

use axum::extract::State;
use platform::Platform;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new().add(
        Access::Public {
            reason: "process supervisors and load balancers have no account",
        },
        routes!(get_health),
    )
}

/// `ok` when the database answers.
#[utoipa::path(get, path = "/healthz", tag = "server", responses((status = 200, body = String)))]
async fn get_health(State(platform): State<Platform>) -> Result<&'static str, ApiError> {
    platform.check_ready().await?;
    Ok("ok")
}
