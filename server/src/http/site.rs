//! The page's built files: from a folder, or from the program's own file.
//!
//! Names that carry a hash of the content are kept by browsers for ever; everything else is asked for again and
//! answered by its `ETag`. A `.br` or `.gz` beside a file is sent instead where the browser
//! takes it.

mod answer;
mod packed;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use app::site::SiteManifest;
use axum::extract::Request;
use axum::response::Response;
use http::Method;

pub use packed::PackedSite;

/// Where the built files are.
#[derive(Clone, Debug)]
pub enum SiteFiles {
    /// In a folder, read anew each time: a rebuilt page shows without a restart.
    Folder(Arc<Path>),
    /// Behind the program in its own file.
    Packed(Arc<PackedSite>),
    /// Nowhere: pages work by server rendering alone.
    Missing,
}

/// A file as it is sent.
pub(crate) struct SiteFile {
    bytes: Vec<u8>,
    /// Changes whenever the bytes do.
    version: String,
}

impl SiteFiles {
    /// The files of a folder, or those behind the program when no folder is named.
    pub fn open(folder: Option<PathBuf>) -> Self {
        if let Some(folder) = folder {
            return Self::Folder(Arc::from(folder));
        }
        let program = std::env::current_exe().map_err(anyhow::Error::from);
        match program.and_then(|program| PackedSite::behind(&program)) {
            Ok(Some(site)) => Self::Packed(Arc::new(site)),
            Ok(None) => Self::Missing,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the page cannot be read");
                Self::Missing
            }
        }
    }

    /// Names of the bundle's files; empty when nothing was built.
    pub fn manifest(&self) -> SiteManifest {
        self.read("pkg/manifest.json")
            .and_then(|file| serde_json::from_slice(&file.bytes).ok())
            .unwrap_or_default()
    }

    /// Whether there is a bundle that brings the page to life.
    pub fn has_bundle(&self) -> bool {
        !self.manifest().js.is_empty()
    }

    /// The file a request asks for, or nothing when there is none.
    pub fn respond(
        &self,
        request: &Request,
    ) -> impl Future<Output = Option<Response>> + Send + use<> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let path = plain_path(request.uri().path()).filter(|_| is_read);
        let wanted = answer::Wanted::of(request);
        let site = self.clone();
        async move {
            let path = path?;
            tokio::task::spawn_blocking(move || answer::build(&site, &path, &wanted))
                .await
                .ok()
                .flatten()
        }
    }

    fn read(&self, path: &str) -> Option<SiteFile> {
        match self {
            Self::Folder(folder) => read_from_folder(folder, path),
            Self::Packed(site) => site.read(path),
            Self::Missing => None,
        }
    }
}

fn read_from_folder(folder: &Path, path: &str) -> Option<SiteFile> {
    let file = folder.join(path);
    let metadata = std::fs::metadata(&file)
        .ok()
        .filter(std::fs::Metadata::is_file)?;
    let modified = metadata
        .modified()
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    let bytes = std::fs::read(&file).ok()?;
    let version = format!("{:x}-{:x}", modified.as_nanos(), bytes.len());
    Some(SiteFile { bytes, version })
}

/// The path below the site's root; nothing when it is empty, escapes the root or holds escapes at all (no file of
/// the site needs any).
fn plain_path(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let is_plain = !path.is_empty()
        && !path.contains(['%', '\\', '\0'])
        && Path::new(path)
            .components()
            .all(|component| matches!(component, Component::Normal(_)));
    is_plain.then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use axum::body::{Body, to_bytes};
    use http::header;

    use super::*;

    fn site() -> (tempfile::TempDir, SiteFiles) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("pkg/switchyard-0123456789abcdef")).unwrap();
        for (name, content) in [
            (
                "pkg/manifest.json",
                r#"{"js": "switchyard-0123456789abcdef/switchyard.js", "wasm": "switchyard-0123456789abcdef/switchyard_bg.wasm", "css": "main-0123456789abcdef.css"}"#,
            ),
            ("pkg/switchyard-0123456789abcdef/switchyard.js", "script"),
            ("pkg/switchyard-0123456789abcdef/switchyard.js.br", "brotli"),
            ("favicon.svg", "<svg/>"),
        ] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let files = SiteFiles::open(Some(folder.path().to_owned()));
        (folder, files)
    }

    fn get(path: &str, headers: &[(header::HeaderName, &str)]) -> Request {
        let mut request = http::Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn sends_the_compressed_twin_to_browsers_that_take_it() {
        let (_folder, site) = site();
        let plain = site
            .respond(&get("/pkg/switchyard-0123456789abcdef/switchyard.js", &[]))
            .await
            .unwrap();
        assert_eq!(
            plain.headers()[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(
            plain.headers()[header::CONTENT_TYPE],
            "text/javascript; charset=utf-8"
        );
        assert_eq!(to_bytes(plain.into_body(), 99).await.unwrap(), "script");
        let twin = site
            .respond(&get(
                "/pkg/switchyard-0123456789abcdef/switchyard.js",
                &[(header::ACCEPT_ENCODING, "gzip, br")],
            ))
            .await
            .unwrap();
        assert_eq!(twin.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(twin.headers()[header::VARY], "accept-encoding");
        assert_eq!(to_bytes(twin.into_body(), 99).await.unwrap(), "brotli");
        let refused = site
            .respond(&get(
                "/pkg/switchyard-0123456789abcdef/switchyard.js",
                &[(header::ACCEPT_ENCODING, "br;q=0")],
            ))
            .await
            .unwrap();
        assert!(!refused.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn answers_a_known_version_without_a_body() {
        let (folder, site) = site();
        let first = site.respond(&get("/favicon.svg", &[])).await.unwrap();
        assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache");
        let etag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let again = site
            .respond(&get("/favicon.svg", &[(header::IF_NONE_MATCH, &etag)]))
            .await
            .unwrap();
        assert_eq!(again.status(), http::StatusCode::NOT_MODIFIED);
        std::fs::write(folder.path().join("favicon.svg"), "<svg></svg>").unwrap();
        let changed = site
            .respond(&get("/favicon.svg", &[(header::IF_NONE_MATCH, &etag)]))
            .await
            .unwrap();
        assert_eq!(changed.status(), http::StatusCode::OK);
    }

    #[tokio::test]
    async fn never_leaves_its_folder() {
        let (_folder, site) = site();
        for path in [
            "/",
            "/pkg",
            "/../etc/passwd",
            "/pkg/../../etc/passwd",
            "/%2e%2e/etc/passwd",
            "//etc/passwd",
            "/absent",
        ] {
            assert!(site.respond(&get(path, &[])).await.is_none(), "{path}");
        }
    }

    #[test]
    fn reads_the_names_of_the_bundle() {
        let (_folder, site) = site();
        assert!(site.has_bundle());
        assert_eq!(
            site.manifest().wasm,
            "switchyard-0123456789abcdef/switchyard_bg.wasm"
        );
        assert_eq!(SiteFiles::Missing.manifest(), SiteManifest::default());
        assert!(!SiteFiles::Missing.has_bundle());
    }
}
