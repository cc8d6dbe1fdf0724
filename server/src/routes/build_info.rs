//! `GET /api/v2/buildinfo`: what is running.

use axum::Json;
use axum::extract::State;
use platform::Platform;
use sdk::build_info::BuildInfo;
use utoipa_axum::routes;

use crate::http::access::{Access, Routes};

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new().add(
        Access::Public {
            reason: "clients ask for the version before they sign in",
        },
        routes!(get_build_info),
    )
}

/// The server's version, commit and database.
#[utoipa::path(get, path = "/api/v2/buildinfo", tag = "server", responses((status = 200, body = BuildInfo)))]
async fn get_build_info(State(platform): State<Platform>) -> Json<BuildInfo> {
    Json(BuildInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        commit: option_env!("SWITCHYARD_COMMIT").unwrap_or("unknown").into(),
        database: platform.database_kind(),
    })
}
