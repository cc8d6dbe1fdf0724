//! What every provider behind HTTP holds: the client, its configuration, its address; and how a call is put together.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use super::{BaseUrl, Call, HttpClient, HttpRequest, custom_headers};
use crate::RequestMetadata;
use crate::provider::ProviderConfig;

/// A provider's place and how it is reached.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) http: HttpClient,
    pub(crate) config: ProviderConfig,
    pub(crate) base: BaseUrl,
}

impl Endpoint {
    /// The provider's name.
    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    /// A call with the headers that the protocol asks for; they win over the caller's own.
    pub(crate) fn call(
        &self,
        (method, url): (Method, Url),
        body: Vec<u8>,
        metadata: &RequestMetadata,
        own_headers: HeaderMap,
    ) -> Call {
        let mut headers = custom_headers(&metadata.headers);
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("text/event-stream, application/json"),
        );
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, self.http.user_agent.clone());
        headers.extend(own_headers);
        Call {
            http: self.http.clone(),
            provider: self.config.name.clone(),
            api_key: self.config.api_key.clone(),
            timeouts: self.config.timeouts,
            request: HttpRequest {
                method,
                url,
                headers,
                body: Bytes::from(body),
                extensions: metadata.extensions.clone(),
            },
        }
    }
}
