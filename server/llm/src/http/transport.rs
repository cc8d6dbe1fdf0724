//! The seam where bytes leave the process: a trait, and reqwest behind it.

use std::error::Error as StdError;
use std::fmt::{self, Debug, Write as _};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use http::{Extensions, HeaderMap, Method, StatusCode};
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::HttpOptions;

/// A response's body as it arrives. Dropping it closes the connection.
pub type ByteStream = BoxStream<'static, Result<Bytes, TransportError>>;

/// A request on its way out. Headers that hold keys are marked sensitive.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// Its method.
    pub method: Method,
    /// Its address.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, empty for none.
    pub body: Bytes,
    /// What the caller put into [`crate::RequestMetadata::extensions`].
    pub extensions: Extensions,
}

/// A response whose head has arrived.
pub struct HttpResponse {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: ByteStream,
}

impl Debug for HttpResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Where a transfer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// No connection came about.
    Connect,
    /// The connection broke.
    Broken,
}

/// A transfer that failed; the text names no address and no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TransportError {
    /// Where it failed.
    pub kind: TransportErrorKind,
    /// The causes, outermost first.
    pub text: String,
}

/// Sends a request and gives back the response as soon as its head is there.
#[async_trait]
pub trait Transport: Debug + Send + Sync {
    /// Sends one request. Dropping the future or the response's body abandons it.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// The real network.
#[derive(Debug)]
pub(super) struct ReqwestTransport {
    /// Honours the proxy variables of the environment.
    outward: reqwest::Client,
    /// For servers on this machine, which no proxy can reach.
    local: reqwest::Client,
}

impl ReqwestTransport {
    pub(super) fn new(options: &HttpOptions) -> Result<Self, TransportError> {
        // reqwest is built without a crypto provider and panics when none is installed. An error means that one is.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let local = builder(options)
            .no_proxy()
            .tls_certs_only([])
            .build()
            .map_err(describe)?;
        let outward = builder(options).build().or_else(|problem| {
            // A machine without certificates can still reach servers that need none.
            tracing::warn!(%problem, "no certificates of the system could be loaded; https addresses will fail");
            builder(options).tls_certs_only([]).build()
        });
        Ok(Self {
            outward: outward.map_err(describe)?,
            local,
        })
    }

    fn client_for(&self, url: &Url) -> &reqwest::Client {
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if is_local && url.scheme() == "http" {
            &self.local
        } else {
            &self.outward
        }
    }
}

fn builder(options: &HttpOptions) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(format!("switchyard/{}", options.version))
        .connect_timeout(options.connect_timeout)
        .redirect(Policy::none())
        .tcp_nodelay(true)
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let client = self.client_for(&request.url);
        let mut outgoing = client
            .request(request.method, request.url)
            .headers(request.headers);
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body);
        }
        let mut response = outgoing.send().await.map_err(describe)?;
        Ok(HttpResponse {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: response.bytes_stream().map_err(describe).boxed(),
        })
    }
}

fn describe(problem: reqwest::Error) -> TransportError {
    let kind = if problem.is_connect() {
        TransportErrorKind::Connect
    } else {
        TransportErrorKind::Broken
    };
    let problem = problem.without_url();
    let mut text = problem.to_string();
    let mut cause = problem.source();
    while let Some(inner) = cause {
        // Writing to a string cannot fail.
        write!(text, ": {inner}").ok();
        cause = inner.source();
    }
    TransportError { kind, text }
}
