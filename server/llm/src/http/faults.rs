//! Everything that can go wrong on the way to a provider, as errors that name it and hide the secrets of the call.

use std::time::Duration;

use chrono::Utc;
use eventsource_stream::EventStreamError;
use futures::StreamExt;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;

use super::HttpClient;
use super::lines::ReadError;
use super::redaction::Redactor;
use super::retry_after::retry_after_ms;
use super::transport::{ByteStream, HttpRequest, HttpResponse, TransportError, TransportErrorKind};
use crate::error::{ProviderWords, Signals, redact};
use crate::{Error, ErrorKind};

/// Longest error body that is read.
const LONGEST_ERROR_BYTES: usize = 256 * 1024;

/// Makes errors that name the provider and hide what the call was made with: errors are kept and shown.
pub(super) struct Faults {
    pub provider: String,
    api_key: Option<SecretString>,
    redactor: Redactor,
}

impl Faults {
    /// Those of one call.
    pub(super) fn new(
        provider: String,
        api_key: Option<SecretString>,
        request: &HttpRequest,
    ) -> Self {
        Self {
            provider,
            api_key,
            redactor: Redactor::of(request),
        }
    }

    /// Those of a body that no request was made for.
    #[cfg(test)]
    pub(super) fn of_body(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            api_key: None,
            redactor: Redactor::default(),
        }
    }

    pub(super) async fn send(
        &mut self,
        http: &HttpClient,
        request: HttpRequest,
    ) -> Result<HttpResponse, Error> {
        let authority = request.url.authority().to_owned();
        let response = http.send(request).await.map_err(|error| match error.kind {
            TransportErrorKind::Connect => self.unreachable(&authority, &error),
            TransportErrorKind::Broken => self.broken(&error),
            TransportErrorKind::Refused => self.not_called(&error),
        })?;
        self.redactor.learn_headers(&response.headers);
        if response.status.is_success() {
            return Ok(response);
        }
        if response.status.is_redirection() {
            return Err(self.redirected(response.status, &response.headers));
        }
        let retry_after_ms = retry_after_ms(&response.headers, Utc::now());
        // What has arrived of a body that breaks off still says more than nothing.
        let body = read_body(response.body, LONGEST_ERROR_BYTES)
            .await
            .unwrap_or_default();
        Err(self.refused(response.status, retry_after_ms, &body))
    }

    fn refused(&self, status: StatusCode, retry_after_ms: Option<u64>, body: &[u8]) -> Error {
        let words = ProviderWords::from_bytes(body);
        let said = self.redact(&words.text);
        let text = if said.is_empty() {
            format!("HTTP status {status}")
        } else {
            said
        };
        Error::classify(&Signals {
            provider: &self.provider,
            status_code: Some(status.as_u16()),
            text: &text,
            code: &words.code,
            retry_after_ms,
            ..Signals::default()
        })
    }

    fn redirected(&self, status: StatusCode, headers: &HeaderMap) -> Error {
        let target = headers
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("somewhere else");
        let message = format!(
            "{} redirects to another address. Set the base URL to that address.",
            self.provider
        );
        let error = Error {
            status_code: Some(status.as_u16()),
            ..self.of_kind(ErrorKind::Config)
        };
        error
            .with_message(message)
            .with_detail(self.redact(&format!("redirected to {target}")))
    }

    /// An address that is not an API answers with a page or a document and status 200.
    pub(super) fn require_events(&self, response: &HttpResponse) -> Result<(), Error> {
        let content_type = response
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if !content_type.starts_with("text/html") && !content_type.starts_with("application/json") {
            return Ok(());
        }
        let message = format!(
            "{} did not answer with a stream. Check the base URL.",
            self.provider
        );
        let error = Error {
            status_code: Some(response.status.as_u16()),
            ..self.of_kind(ErrorKind::Config)
        };
        Err(error
            .with_message(message)
            .with_detail(self.redact(&format!("content type {content_type}"))))
    }

    fn unreachable(&self, authority: &str, error: &TransportError) -> Error {
        let message = format!(
            "{} cannot be reached at {authority}. Check that it runs and the base URL.",
            self.provider
        );
        let detail = self.redact(&error.text);
        self.of_kind(ErrorKind::Timeout)
            .with_message(message)
            .with_detail(detail)
    }

    /// Whoever set the address has to change something first, so it is not tried again.
    fn not_called(&self, error: &TransportError) -> Error {
        let message = format!("{} was not called. {}", self.provider, error.text);
        self.of_kind(ErrorKind::Config).with_message(message)
    }

    pub(super) fn broken(&self, error: &TransportError) -> Error {
        self.of_kind(ErrorKind::Timeout)
            .with_detail(self.redact(&error.text))
    }

    pub(super) fn unreadable(&self, problem: &EventStreamError<ReadError>) -> Error {
        match problem {
            EventStreamError::Transport(ReadError::Transport(error)) => {
                Error::truncated(Some(&self.provider)).with_detail(self.redact(&error.text))
            }
            EventStreamError::Transport(ReadError::LineTooLong) => {
                self.protocol("a line does not end")
            }
            EventStreamError::Utf8(_) | EventStreamError::Parser(_) => {
                self.protocol("the event stream is malformed")
            }
        }
    }

    pub(super) fn protocol(&self, detail: impl Into<String>) -> Error {
        self.redacted(Error::protocol(&self.provider, detail))
    }

    /// The connection lives, the answer does not.
    pub(super) fn stalled(&self, limit: Duration) -> Error {
        self.of_kind(ErrorKind::StreamSilence).with_detail(format!(
            "nothing but keep-alives for {} s",
            limit.as_secs_f32()
        ))
    }

    pub(super) fn of_kind(&self, kind: ErrorKind) -> Error {
        Error::new(kind, Some(&self.provider))
    }

    /// What a decoder found, without the call's secrets.
    pub(super) fn redacted(&self, error: Error) -> Error {
        error.redacted(|detail| self.redact(&detail))
    }

    /// What somebody else wrote, without the call's secrets. Keys are taken out however short they are.
    fn redact(&self, text: &str) -> String {
        redact(&self.redactor.text(text), self.api_key.as_ref())
    }
}

/// Reads a body up to a limit.
pub(super) async fn read_body(
    mut body: ByteStream,
    limit: usize,
) -> Result<Vec<u8>, TransportError> {
    let mut whole = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        if whole.len() + chunk.len() > limit {
            return Err(TransportError {
                kind: TransportErrorKind::Broken,
                text: "the body is too large".to_owned(),
            });
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}
