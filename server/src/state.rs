//! What every handler can reach: cheap clones, built once at start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use platform::Platform;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;

use crate::connections::ConnectionLimits;
use crate::http::network::NetworkOptions;
use crate::http::site::SiteFiles;

/// State of the HTTP server.
#[derive(Clone)]
pub struct AppState {
    /// What the product can do.
    pub platform: Platform,
    /// The page's built files.
    pub site: SiteFiles,
    /// The server's place in the network.
    pub network: Arc<NetworkOptions>,
    /// Whether the page shows what is meant for developers only.
    pub is_development: bool,
    /// Cancelled when the server is asked to stop: sockets say goodbye, long answers end.
    pub shutting_down: CancellationToken,
    /// Whether a first user is known to exist. Once it is true it stays true.
    pub first_user: FirstUserSeen,
    /// What connections may take.
    pub limits: ConnectionLimits,
    /// What the page's renderer asks for.
    pub leptos_options: LeptosOptions,
    /// The API's description.
    pub documents: Arc<ApiDocuments>,
}

/// Remembers that the deployment has an owner, so that pages need not ask the database each time.
#[derive(Clone, Debug, Default)]
pub struct FirstUserSeen(Arc<AtomicBool>);

impl FirstUserSeen {
    /// Whether one was seen.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Remembers that one was seen.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The API's description in its two forms.
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

impl FromRef<AppState> for Platform {
    fn from_ref(state: &AppState) -> Self {
        state.platform.clone()
    }
}
