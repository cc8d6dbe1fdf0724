//! What every handler can reach: cheap clones, built once at start.

use std::sync::Arc;

use app::site::SiteManifest;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use utoipa::openapi::OpenApi;

use crate::http::site::SiteFiles;

/// State of the HTTP server.
#[derive(Clone)]
pub struct AppState {
    /// The page's built files.
    pub site: SiteFiles,
    /// Names of the page's bundle.
    pub manifest: SiteManifest,
    /// What the page's renderer asks for.
    pub leptos_options: LeptosOptions,
    /// The API's description, without the experimental routes and with them.
    pub documents: Arc<ApiDocuments>,
}

/// The API's description in its two forms.
#[derive(Debug, Default)]
pub struct ApiDocuments {
    /// Stable routes alone.
    pub stable: OpenApi,
    /// All routes.
    pub with_experimental: OpenApi,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}
