//! The page's built files, from a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use app::site::SiteManifest;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

/// Where the built files are.
#[derive(Clone, Debug, Default)]
pub struct SiteFiles {
    folder: Option<Arc<Path>>,
}

impl SiteFiles {
    /// Files of a folder; none when it is absent.
    pub fn open(folder: Option<PathBuf>) -> Self {
        Self { folder: folder.map(Arc::from) }
    }

    /// The bundle's file names; empty when nothing was built.
    pub fn manifest(&self) -> SiteManifest {
        let Some(folder) = &self.folder else { return SiteManifest::default() };
        std::fs::read(folder.join("pkg/manifest.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// The file a request asks for, or nothing when there is none.
    pub async fn respond(&self, request: &Request) -> Option<Response> {
        let folder = self.folder.as_ref()?;
        let mut ask = http::Request::builder().method(request.method()).uri(request.uri().path());
        if let Some(headers) = ask.headers_mut() {
            headers.clone_from(request.headers());
        }
        let ask = ask.body(axum::body::Body::empty()).ok()?;
        let files = ServeDir::new(folder).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
        let response = files.oneshot(ask).await.ok()?;
        (response.status() != http::StatusCode::NOT_FOUND).then(|| response.into_response())
    }
}
