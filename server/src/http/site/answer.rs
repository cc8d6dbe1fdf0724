//! Turns a file into an answer: type, encoding, caching.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, header};

use super::{SiteFile, SiteFiles};

/// What a request says about the answer it takes.
pub(super) struct Wanted {
    has_body: bool,
    takes_brotli: bool,
    takes_gzip: bool,
    known_versions: Option<String>,
}

impl Wanted {
    /// Reads a request's headers.
    pub(super) fn of(request: &Request) -> Self {
        let headers = request.headers();
        Self {
            has_body: request.method() != Method::HEAD,
            takes_brotli: takes(headers, "br"),
            takes_gzip: takes(headers, "gzip"),
            known_versions: headers
                .get(header::IF_NONE_MATCH)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
        }
    }
}

fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offer| {
            let mut words = offer.split(';').map(str::trim);
            let is_named = words
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            is_named
                && !words.any(|word| {
                    matches!(
                        word.replace(' ', "").as_str(),
                        "q=0" | "q=0.0" | "q=0.00" | "q=0.000"
                    )
                })
        })
}

/// The answer for a path, or nothing when there is no such file.
pub(super) fn build(site: &SiteFiles, path: &str, wanted: &Wanted) -> Option<Response> {
    let (file, encoding) = choose(site, path, wanted)?;
    let etag = format!("\"{}{}\"", file.version, encoding.unwrap_or_default());
    let is_known = wanted.known_versions.as_ref().is_some_and(|known| {
        known
            .split(',')
            .any(|tag| tag.trim().trim_start_matches("W/") == etag)
    });
    let mut response = Response::builder()
        .header(header::ETAG, etag)
        .header(header::CACHE_CONTROL, cache_control(path))
        .header(header::VARY, "accept-encoding");
    if is_known {
        return response
            .status(StatusCode::NOT_MODIFIED)
            .body(Body::empty())
            .ok();
    }
    if let Some(encoding) = encoding {
        response = response.header(header::CONTENT_ENCODING, encoding);
    }
    response = response
        .header(header::CONTENT_TYPE, content_type(path))
        .header(header::CONTENT_LENGTH, file.bytes.len());
    let body = if wanted.has_body {
        Body::from(file.bytes)
    } else {
        Body::empty()
    };
    response.body(body).ok()
}

fn choose(
    site: &SiteFiles,
    path: &str,
    wanted: &Wanted,
) -> Option<(SiteFile, Option<&'static str>)> {
    let twin = |is_taken: bool, suffix: &str, encoding| {
        is_taken
            .then(|| {
                site.read(&format!("{path}.{suffix}"))
                    .map(|file| (file, Some(encoding)))
            })
            .flatten()
    };
    twin(wanted.takes_brotli, "br", "br")
        .or_else(|| twin(wanted.takes_gzip, "gz", "gzip"))
        .or_else(|| site.read(path).map(|file| (file, None)))
}

/// Files whose names carry a hash never change.
fn cache_control(path: &str) -> &'static str {
    if has_hash(path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

/// Whether the file's name, or a folder's on the way to it, ends like `-0123456789abcdef` before its ending.
fn has_hash(path: &str) -> bool {
    path.split('/').any(|name| {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        stem.rsplit_once('-').is_some_and(|(_, hash)| {
            hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
