//! How a call can fail.

use reqwest::Response;

use crate::errors::ErrorBody;

/// Longest text of an answer that is not JSON.
const LONGEST_TEXT_CHARACTERS: usize = 300;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server refused, and said why.
    #[error("{} ({status})", body.message)]
    Api {
        /// HTTP status.
        status: u16,
        /// The server's words.
        body: ErrorBody,
        /// Seconds after which it may work, on 429.
        retry_after_s: Option<u64>,
    },
    /// The server was not reached, or the connection broke.
    #[error("the server could not be reached: {0}")]
    Transport(#[source] reqwest::Error),
    /// A socket could not be opened, or broke.
    #[error("the socket failed: {0}")]
    Socket(String),
    /// The answer is not what this version of the client knows.
    #[error("the server's answer was not understood: {0}")]
    Decode(#[source] serde_json::Error),
    /// The address or the query cannot be written as a URL.
    #[error("not a usable address: {0}")]
    Address(String),
}

impl ClientError {
    /// The HTTP status, when the server answered with one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The server's words, when it refused.
    pub fn body(&self) -> Option<&ErrorBody> {
        match self {
            Self::Api { body, .. } => Some(body),
            _ => None,
        }
    }

    pub(crate) async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let retry_after_s = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let text = response.text().await.unwrap_or_default();
        Self::Api {
            status,
            body: body_of(&text),
            retry_after_s,
        }
    }
}

/// The error body, or the text itself when something between the server and us answered.
pub(crate) fn body_of(text: &str) -> ErrorBody {
    serde_json::from_str(text).unwrap_or_else(|_| {
        ErrorBody::new(
            text.chars()
                .take(LONGEST_TEXT_CHARACTERS)
                .collect::<String>(),
        )
    })
}
