//! `GET /api/v2/organizations`: those that the caller belongs to.

use axum::Json;
use axum::extract::State;
use platform::Platform;
use sdk::organizations::Organization;
use utoipa_axum::routes;

use crate::http::ApiError;
use crate::http::access::{Access, Routes};
use crate::http::authentication::Caller;

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new().add(Access::SignedIn, routes!(list_organizations))
}

/// The caller's organizations.
#[utoipa::path(
    get, path = "/api/v2/organizations", tag = "organizations",
    responses((status = 200, body = Vec<Organization>))
)]
async fn list_organizations(
    State(platform): State<Platform>,
    Caller(actor): Caller,
) -> Result<Json<Vec<Organization>>, ApiError> {
    Ok(Json(platform.list_organizations(&actor).await?))
}
