//! The typed client of the API, one method per endpoint, named as the `platform` method behind it.
//!
//! A third party would use it as the tests do. It holds no state but the address and the token. Methods stand in
//! one file per feature below; sockets are opened by [`Client::subscribe`].

mod accounts;
mod administration;
mod audit_log;
mod chat_config;
mod chats;
mod costs;
mod debug;
mod desktop;
mod error;
mod external_auth;
mod files;
mod socket;
mod templates;
mod terminals;
mod workspaces;

use std::fmt::Write as _;

use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use desktop::{Desktop, DesktopFrame};
pub use error::ClientError;
pub use files::FileContent;
pub use socket::Subscription;
pub use terminals::{Terminal, TerminalFrame};

/// Speaks to one Switchyard server.
#[derive(Clone)]
pub struct Client {
    base_url: Url,
    token: Option<String>,
    http: reqwest::Client,
}

crate::secrets::shows_only! {
    Client { base_url }
}

impl Client {
    /// A client of the server at `base_url`, not signed in.
    pub fn new(base_url: &str) -> Result<Self, ClientError> {
        // reqwest is built without a TLS provider of its own; a process that has named one keeps it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut base_url =
            Url::parse(base_url).map_err(|error| ClientError::Address(error.to_string()))?;
        if !base_url.path().ends_with('/') {
            base_url.set_path(&format!("{}/", base_url.path()));
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            // A server of ours sends browsers elsewhere, never a client with its token.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(ClientError::Transport)?;
        Ok(Self {
            base_url,
            token: None,
            http,
        })
    }

    /// The same client signed in by an API token or a session token.
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The server's address.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// A request to a path such as `/api/v2/users`, for calls that have no method here.
    pub fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, ClientError> {
        let request = self.http.request(method, self.url(path)?);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    fn url(&self, path: &str) -> Result<Url, ClientError> {
        self.base_url
            .join(path.trim_start_matches('/'))
            .map_err(|error| ClientError::Address(error.to_string()))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        read(send(self.request(Method::GET, path)?).await?).await
    }

    pub(crate) async fn get_with<Q: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        query: &Q,
    ) -> Result<T, ClientError> {
        let query = serde_urlencoded::to_string(query)
            .map_err(|error| ClientError::Address(error.to_string()))?;
        self.get(&format!("{path}?{query}")).await
    }

    pub(crate) async fn call<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        read(send(self.request(method, path)?.json(body)).await?).await
    }

    pub(crate) async fn call_for_nothing<B: Serialize + Sync>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<(), ClientError> {
        send(self.request(method, path)?.json(body)).await.map(drop)
    }

    pub(crate) async fn post_nothing<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, ClientError> {
        read(send(self.request(Method::POST, path)?).await?).await
    }

    /// `None` when the answer has no body.
    pub(crate) async fn post_nothing_for_some<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, ClientError> {
        let response = send(self.request(Method::POST, path)?).await?;
        match response.status() {
            StatusCode::OK => read(response).await.map(Some),
            _ => Ok(None),
        }
    }

    pub(crate) async fn post_for_nothing(&self, path: &str) -> Result<(), ClientError> {
        send(self.request(Method::POST, path)?).await.map(drop)
    }

    pub(crate) async fn delete_for<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, ClientError> {
        read(send(self.request(Method::DELETE, path)?).await?).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), ClientError> {
        send(self.request(Method::DELETE, path)?).await.map(drop)
    }
}

async fn send(request: RequestBuilder) -> Result<Response, ClientError> {
    let response = request.send().await.map_err(ClientError::Transport)?;
    if response.status().is_success() {
        Ok(response)
    } else {
        Err(ClientError::of(response).await)
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, ClientError> {
    let body = response.bytes().await.map_err(ClientError::Transport)?;
    serde_json::from_slice(&body).map_err(ClientError::Decode)
}

/// A path segment with everything escaped that would end it.
pub(crate) fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
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

    use super::*;

    #[test]
    fn keeps_the_base_path_of_a_server_behind_a_proxy() {
        let client = Client::new("https://example.com/switchyard").unwrap();
        assert_eq!(
            client.url("/api/v2/users").unwrap().as_str(),
            "https://example.com/switchyard/api/v2/users"
        );
    }

    #[test]
    fn a_name_cannot_leave_its_segment() {
        assert_eq!(segment("a/../b?c#d"), "a%2F..%2Fb%3Fc%23d");
    }
}
