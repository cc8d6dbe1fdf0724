//! `/api/v2/deployment/settings`: where the deployment's settings come from.

use axum::Json;
use axum::extract::State;
use platform::Platform;
use sdk::deployment::DeploymentSettings;
use sdk::permissions::Permission;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new().add(
        Access::May(Permission::ReadSettings),
        routes!(get_deployment_settings),
    )
}

/// The options of the server and the settings in its database, each with where its value comes from. Secrets are left out.
#[utoipa::path(
    get, path = "/api/v2/deployment/settings", tag = "server",
    responses((status = 200, body = DeploymentSettings), (status = 404))
)]
async fn get_deployment_settings(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<DeploymentSettings>, ApiError> {
    Ok(Json(platform.get_deployment_settings(&actor).await?))
}
