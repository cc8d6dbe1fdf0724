//! `GET /api/v2/openapi.json`: the API's description, made from the handlers' own annotations.
//!
//! The experimental routes are left out unless `?experimental=true` asks for them.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::routes;

use crate::http::access::{Access, Routes};
use crate::http::extract::QueryOf;
use crate::state::{ApiDocuments, AppState};

const EXPERIMENTAL: &str = "/api/experimental/";

/// Routes of this feature.
pub fn routes() -> Routes {
    Routes::new().add(
        Access::Public {
            reason: "it describes the API and holds nothing of anyone",
        },
        routes!(get_openapi),
    )
}

#[derive(Debug, Deserialize)]
struct Query {
    #[serde(default)]
    experimental: bool,
}

/// The API's description as an OpenAPI document.
#[utoipa::path(
    get, path = "/api/v2/openapi.json", tag = "server",
    params(("experimental" = Option<bool>, Query, description = "Add the experimental routes")),
    responses((status = 200, description = "An OpenAPI 3.1 document"))
)]
async fn get_openapi(
    State(state): State<AppState>,
    QueryOf(query): QueryOf<Query>,
) -> Json<OpenApi> {
    let documents = &state.documents;
    Json(if query.experimental {
        documents.with_experimental.clone()
    } else {
        documents.stable.clone()
    })
}

/// Both descriptions.
pub fn documents() -> ApiDocuments {
    let (_, mut all) = super::all().into_parts();
    "Switchyard".clone_into(&mut all.info.title);
    env!("CARGO_PKG_VERSION").clone_into(&mut all.info.version);
    all.info.description = Some("Errors answer with `{message, detail?, validations?}`.".into());
    let components = all.components.get_or_insert_default();
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(
            app::cookie::SESSION_COOKIE,
        ))),
    );
    let mut stable = all.clone();
    stable
        .paths
        .paths
        .retain(|path, _| !path.starts_with(EXPERIMENTAL));
    ApiDocuments {
        stable,
        with_experimental: all,
    }
}
