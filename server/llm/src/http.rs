//! The one HTTP client of the model providers: addresses, deadlines, event streams, errors.
//!
//! Everything that leaves the process passes through a [`Transport`], on which another can be put
//! ([`HttpClient::with_transport`]); a call whose caller asks for it is recorded on the way ([`Recording`]). Redirects are never followed, because they would carry the key elsewhere.
//! Which servers are called at all is decided in `reach`.

mod address;
mod body;
mod endpoint;
mod exchange;
mod faults;
mod headers;
mod learning;
mod lines;
mod networks;
mod private_hosts;
mod reach;
mod recording;
pub mod redaction;
mod retry_after;
#[cfg(test)]
pub(crate) mod testing;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use url::Url;

use crate::{Error, ErrorKind};

pub(crate) use address::BaseUrl;
pub(crate) use body::{json, write_body};
pub(crate) use endpoint::Endpoint;
pub(crate) use exchange::{Call, Decoder, Heard, open_stream};
use headers::custom_headers;
pub(crate) use headers::secret_header;
pub(crate) use learning::{Learner, ask_until_taken, failed};
pub use private_hosts::{PrivateHost, PrivateHostError, PrivateHosts};
pub use reach::{NameLookup, SystemLookup};
pub use recording::{Attempt, LONGEST_RECORDED_BYTES, Recording, TRUNCATED};
pub use retry_after::retry_after_ms;
pub use transport::{
    ByteStream, HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind,
};

/// Deadlines of a provider's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the request to the first content of the answer; that the provider accepted the call is not enough.
    pub first_part: Duration,
    /// Longest time without a byte once the answer has begun; a provider's keep-alive counts as bytes.
    pub silence: Duration,
    /// Longest time without content once the answer has begun. Providers hold long arguments of a tool call back
    /// until they are whole and send keep-alives meanwhile, so it must leave room for a whole file.
    pub stall: Duration,
    /// For a whole short call, such as listing models.
    pub short_call: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_part: Duration::from_mins(1),
            silence: Duration::from_mins(2),
            stall: Duration::from_mins(10),
            short_call: Duration::from_secs(15),
        }
    }
}

/// How the client is built.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Product version for the user agent, `switchyard/<version>`.
    pub version: String,
    /// Deadline for reaching a server: name look-up, TCP and TLS.
    pub connect_timeout: Duration,
    /// Which hosts may be at private addresses.
    pub private_hosts: Arc<dyn PrivateHosts>,
    /// How names are looked up.
    pub lookup: Arc<dyn NameLookup>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            connect_timeout: Duration::from_secs(10),
            private_hosts: Arc::new(PrivateHost::usual()),
            lookup: Arc::new(SystemLookup),
        }
    }
}

/// A cheap clone of the process's one client.
#[derive(Clone, Debug)]
pub struct HttpClient {
    transport: Arc<dyn Transport>,
    user_agent: HeaderValue,
}

impl HttpClient {
    /// Builds the client. Call once and clone.
    pub fn new(options: &HttpOptions) -> Result<Self, Error> {
        let not_built = |problem: String| {
            let message = "The HTTP client could not be built.";
            Error::new(ErrorKind::Config, None)
                .with_message(message)
                .with_detail(problem)
        };
        let transport = transport::ReqwestTransport::new(options);
        let transport = transport.map_err(|problem| not_built(problem.to_string()))?;
        let user_agent = HeaderValue::try_from(format!("switchyard/{}", options.version));
        Ok(Self {
            transport: Arc::new(transport),
            user_agent: user_agent.map_err(|problem| not_built(problem.to_string()))?,
        })
    }

    /// A client that sends through `transport`, as this crate's version.
    pub fn with_transport(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            user_agent: HeaderValue::from_static(concat!("switchyard/", env!("CARGO_PKG_VERSION"))),
        }
    }

    /// Sends one request, recorded when its caller put a [`Recording`] into its extensions.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        recording::send(&*self.transport, request).await
    }

    /// Refuses an address whose host may not be called: at a private address without being allowed to, or where nothing is
    /// ever called. A name is looked up for that, which may take some seconds. The text says what to do. What is no
    /// address at all is for [`crate::connect`] to refuse.
    pub async fn check_address(&self, base_url: &str) -> Result<(), String> {
        let Ok(url) = Url::parse(base_url.trim()) else {
            return Ok(());
        };
        let checked = self.transport.check(&url).await;
        checked.map_err(|error| error.text)
    }

    /// What it sends through, to put something around it.
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.transport)
    }
}
