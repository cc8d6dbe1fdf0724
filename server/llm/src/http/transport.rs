//! The seam where bytes leave the process: a trait, and reqwest behind it.

use std::error::Error as StdError;
use std::fmt::{self, Debug, Write as _};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use http::{Extensions, HeaderMap, Method, StatusCode};
use reqwest::redirect::Policy;
use url::Url;

use super::HttpOptions;
use super::reach::{CheckedNames, Connections, Reach, Refusal, is_beside_proxies};

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
    /// The server may not be called. The text is for people and says what to do next.
    Refused,
}

/// A transfer that failed; the text names no key, and of the address the host at most.
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

    /// Says of an address that is about to be stored whether requests to it would be refused. Sends nothing.
    async fn check(&self, _url: &Url) -> Result<(), TransportError> {
        Ok(())
    }
}

/// The real network.
#[derive(Debug)]
pub(super) struct ReqwestTransport {
    clients: RwLock<Clients>,
    options: HttpOptions,
    reach: Arc<Reach>,
}

/// What requests are sent with; each keeps connections for the next ones.
#[derive(Clone, Debug)]
struct Clients {
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
        let reach = Arc::new(Reach::new(
            Arc::clone(&options.private_hosts),
            Arc::clone(&options.lookup),
        ));
        Ok(Self {
            clients: RwLock::new(Clients::new(options, &reach)?),
            options: options.clone(),
            reach,
        })
    }

    fn client_for(&self, url: &Url) -> reqwest::Client {
        let clients = self.clients.read().unwrap_or_else(PoisonError::into_inner);
        if is_beside_proxies(url) {
            clients.local.clone()
        } else {
            clients.outward.clone()
        }
    }

    /// Lets go of all connections that are kept; what is under way goes on.
    fn forget_connections(&self) -> Result<(), TransportError> {
        let fresh = Clients::new(&self.options, &self.reach)?;
        *self.clients.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl Clients {
    fn new(options: &HttpOptions, reach: &Arc<Reach>) -> Result<Self, TransportError> {
        let builder = || builder(options, reach);
        let local = builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .map_err(describe)?;
        let outward = builder().build().or_else(|problem| {
            // A machine without certificates can still reach servers that need none.
            tracing::warn!(%problem, "no certificates of the system could be loaded; https addresses will fail");
            builder().tls_certs_only([]).build()
        });
        Ok(Self {
            outward: outward.map_err(describe)?,
            local,
        })
    }
}

fn builder(options: &HttpOptions, reach: &Arc<Reach>) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .dns_resolver(CheckedNames(Arc::clone(reach)))
        .connect_timeout(options.connect_timeout)
        .redirect(Policy::none())
        .tcp_nodelay(true)
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if self.reach.check_request(&request.url).await? == Connections::New {
            self.forget_connections()?;
        }
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

    async fn check(&self, url: &Url) -> Result<(), TransportError> {
        Ok(self.reach.check_address(url).await?)
    }
}

impl From<Refusal> for TransportError {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::Private(_) | Refusal::Never(_) => TransportErrorKind::Refused,
            Refusal::Unknown(..) => TransportErrorKind::Connect,
        };
        Self {
            kind,
            text: refusal.to_string(),
        }
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
        if let Some(refusal) = inner.downcast_ref::<Refusal>() {
            return refusal.clone().into();
        }
        // Writing to a string cannot fail.
        write!(text, ": {inner}").ok();
        cause = inner.source();
    }
    TransportError { kind, text }
}
