//! What the agent asks the control plane besides its connection, with its own token: a request each.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderValue, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use sdk::errors::ErrorBody;
use serde::Serialize;
use tokio::{net::TcpStream, time::timeout};
use url::Url;

use super::AgentOptions;

const DEADLINE: Duration = Duration::from_secs(30);
const LONGEST_ANSWER_BYTES: usize = 64 * 1024;

/// Why there is no answer, in words for people.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The server is not there, or has trouble of its own.
    #[error("{0}")]
    Away(String),
    /// It does not do it.
    #[error("{0}")]
    Refused(String),
}

/// Where the agent's server is, and what the agent shows there.
pub struct ControlPlane {
    server: Url,
    token: String,
}

impl ControlPlane {
    pub fn new(options: &AgentOptions) -> Self {
        Self {
            server: options.server_url.clone(),
            token: options.token.clone(),
        }
    }

    /// The answer's body, when it is a success.
    pub async fn post(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Bytes, AskError> {
        let answer = timeout(DEADLINE, self.send(path, body)).await;
        let answer = answer.map_err(|_| {
            AskError::Away(format!(
                "The server did not answer within {} s. Try again.",
                DEADLINE.as_secs()
            ))
        })?;
        let (status, body) = answer.map_err(|error| {
            tracing::warn!(%error, path, "the server cannot be asked");
            AskError::Away("The server cannot be reached. Try again in a moment.".to_owned())
        })?;
        if status.is_success() {
            return Ok(body);
        }
        let error: Result<ErrorBody, _> = serde_json::from_slice(&body);
        let words = error.map_or_else(
            |_| format!("The server refuses with {status}."),
            |error| error.message,
        );
        Err(if status.is_server_error() {
            AskError::Away(words)
        } else {
            AskError::Refused(words)
        })
    }

    async fn send(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<(StatusCode, Bytes), BoxError> {
        let server = &self.server;
        let host = server
            .host_str()
            .ok_or("the server's address has no host")?;
        let port = server
            .port_or_known_default()
            .ok_or("the server's address has no port")?;
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends when the sender is dropped.
        tokio::spawn(connection);
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", self.token))?;
        authorization.set_sensitive(true);
        let prefix = server.path().trim_end_matches('/');
        let request = Request::post(format!("{prefix}{path}"))
            .header(HOST, format!("{host}:{port}"))
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(serde_json::to_vec(body)?)))?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER_BYTES);
        Ok((status, body.collect().await?.to_bytes()))
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
