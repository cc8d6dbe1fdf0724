//! One call from request to last part: send, check the status, read events, keep the deadlines.
//!
//! Two clocks: the first part must come within [`Timeouts::first_part`] of the request; after it no more than
//! [`Timeouts::silence`] may pass without a byte. Cancellation wins over both.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::Utc;
use eventsource_stream::{Event, EventStreamError, Eventsource};
use futures::StreamExt;
use futures::stream::BoxStream;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::lines::{ReadError, line_blocks};
use super::retry_after::retry_after_ms;
use super::transport::{ByteStream, HttpRequest, HttpResponse, TransportError, TransportErrorKind};
use super::{HttpClient, Timeouts};
use crate::error::{ProviderWords, Signals, redact};
use crate::{Error, ErrorKind, PartStream, StreamPart};

/// Longest error body that is read.
const LONGEST_ERROR_BYTES: usize = 256 * 1024;
/// Longest body of a short call.
const LONGEST_BODY_BYTES: usize = 32 * 1024 * 1024;
/// How long the end of a finished answer is waited for, so that its connection can be used again.
const DRAIN_TIME: Duration = Duration::from_millis(100);

/// A call that is ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub http: HttpClient,
    /// Name of the provider, for errors.
    pub provider: String,
    /// To be kept out of error texts.
    pub api_key: Option<SecretString>,
    pub timeouts: Timeouts,
    pub request: HttpRequest,
}

/// Turns a provider's events into parts.
pub(crate) trait Decoder: Send + 'static {
    /// Reads one event. A [`StreamPart::Finish`] among the parts ends the stream.
    fn decode(&mut self, event: &Event, parts: &mut VecDeque<StreamPart>) -> Result<(), Error>;

    /// The connection ended without a finish: adds what makes the answer whole after all, or says what is missing.
    fn end(&mut self, parts: &mut VecDeque<StreamPart>) -> Result<(), Error>;
}

/// Sends a call and reads its events.
pub(crate) fn open_stream<D: Decoder>(
    call: Call,
    decoder: D,
    cancel: CancellationToken,
) -> PartStream {
    let parts = async_stream::stream! {
        let provider = call.provider.clone();
        let opened = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::cancelled(Some(&provider))),
            opened = Reader::open(call, decoder) => opened,
        };
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => {
                yield Err(error);
                return;
            }
        };
        loop {
            let next = tokio::select! {
                biased;
                () = cancel.cancelled() => Err(Error::cancelled(Some(&provider))),
                next = reader.next() => next,
            };
            match next {
                Ok(part) => {
                    let is_last = matches!(part, StreamPart::Finish { .. });
                    yield Ok(part);
                    if is_last {
                        tokio::time::timeout(DRAIN_TIME, reader.drain()).await.ok();
                        return;
                    }
                }
                Err(error) => {
                    yield Err(error);
                    return;
                }
            }
        }
    };
    parts.boxed()
}

/// Reads a recorded body the way a live one is read, without deadlines.
#[cfg(test)]
pub(super) fn decode_body<S, D>(provider: &str, body: S, decoder: D) -> PartStream
where
    S: futures::Stream<Item = Result<bytes::Bytes, TransportError>> + Send + 'static,
    D: Decoder,
{
    let endless = Duration::from_hours(24 * 365);
    let timeouts = Timeouts {
        first_part: endless,
        silence: endless,
        short_call: endless,
    };
    let faults = Faults {
        provider: provider.to_owned(),
        api_key: None,
    };
    let mut reader = Reader::new(faults, timeouts, Instant::now(), body.boxed(), decoder);
    let parts = async_stream::stream! {
        loop {
            let next = reader.next().await;
            let is_last = matches!(next, Err(_) | Ok(StreamPart::Finish { .. }));
            yield next;
            if is_last {
                return;
            }
        }
    };
    parts.boxed()
}

impl Call {
    /// Sends a short call and reads its whole JSON body.
    pub(crate) async fn fetch<T: DeserializeOwned>(self) -> Result<T, Error> {
        let faults = Faults {
            provider: self.provider,
            api_key: self.api_key,
        };
        let deadline = Instant::now() + self.timeouts.short_call;
        let whole = async {
            let response = faults.send(&self.http, self.request).await?;
            let body = read_body(response.body, LONGEST_BODY_BYTES)
                .await
                .map_err(|error| faults.broken(&error))?;
            serde_json::from_slice(&body).map_err(|problem| faults.protocol(problem.to_string()))
        };
        let provider = faults.provider.as_str();
        timeout_at(deadline, whole)
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, Some(provider))))
    }
}

struct Reader<D> {
    faults: Faults,
    timeouts: Timeouts,
    events: BoxStream<'static, Result<Event, EventStreamError<ReadError>>>,
    decoder: D,
    parts: VecDeque<StreamPart>,
    opened_at: Instant,
    /// Milliseconds from `opened_at` to the last byte.
    last_byte_ms: Arc<AtomicU64>,
    has_begun: bool,
    alarm: Pin<Box<Sleep>>,
}

impl<D: Decoder> Reader<D> {
    async fn open(call: Call, decoder: D) -> Result<Self, Error> {
        let opened_at = Instant::now();
        let faults = Faults {
            provider: call.provider,
            api_key: call.api_key,
        };
        let response = timeout_at(
            opened_at + call.timeouts.first_part,
            faults.send(&call.http, call.request),
        )
        .await
        .unwrap_or_else(|_| Err(faults.of_kind(ErrorKind::StartupTimeout)))?;
        faults.require_events(&response)?;
        Ok(Self::new(
            faults,
            call.timeouts,
            opened_at,
            response.body,
            decoder,
        ))
    }

    fn new(
        faults: Faults,
        timeouts: Timeouts,
        opened_at: Instant,
        body: ByteStream,
        decoder: D,
    ) -> Self {
        let last_byte_ms = Arc::new(AtomicU64::new(0));
        let noticed = Arc::clone(&last_byte_ms);
        let on_bytes = move || noticed.store(milliseconds_since(opened_at), Ordering::Relaxed);
        Self {
            events: line_blocks(body, on_bytes).eventsource().boxed(),
            alarm: Box::pin(sleep_until(opened_at + timeouts.first_part)),
            faults,
            timeouts,
            decoder,
            parts: VecDeque::new(),
            opened_at,
            last_byte_ms,
            has_begun: false,
        }
    }

    async fn next(&mut self) -> Result<StreamPart, Error> {
        loop {
            if let Some(part) = self.parts.pop_front() {
                self.has_begun = true;
                return Ok(part);
            }
            let event = tokio::select! {
                biased;
                event = self.events.next() => event,
                () = self.alarm.as_mut() => {
                    self.check_deadline()?;
                    continue;
                }
            };
            match event {
                Some(Ok(event)) => {
                    self.decoder
                        .decode(&event, &mut self.parts)
                        .map_err(|error| self.faults.redacted(error))?;
                }
                Some(Err(problem)) => return Err(self.faults.unreadable(&problem)),
                None => {
                    self.decoder.end(&mut self.parts)?;
                    if self.parts.is_empty() {
                        return Err(Error::truncated(Some(&self.faults.provider)));
                    }
                }
            }
        }
    }

    /// The alarm is set once and looked at when it rings, so that a fast stream does not pay for it.
    fn check_deadline(&mut self) -> Result<(), Error> {
        if !self.has_begun {
            return Err(self.faults.of_kind(ErrorKind::StartupTimeout));
        }
        let last_byte =
            self.opened_at + Duration::from_millis(self.last_byte_ms.load(Ordering::Relaxed));
        let deadline = last_byte + self.timeouts.silence;
        if deadline <= Instant::now() {
            return Err(self.faults.of_kind(ErrorKind::StreamSilence));
        }
        self.alarm.as_mut().reset(deadline);
        Ok(())
    }

    async fn drain(&mut self) {
        while let Some(Ok(_)) = self.events.next().await {}
    }
}

/// Makes errors that name the provider and hide its key.
struct Faults {
    provider: String,
    api_key: Option<SecretString>,
}

impl Faults {
    async fn send(&self, http: &HttpClient, request: HttpRequest) -> Result<HttpResponse, Error> {
        let authority = request.url.authority().to_owned();
        let response = http
            .transport
            .send(request)
            .await
            .map_err(|error| match error.kind {
                TransportErrorKind::Connect => self.unreachable(&authority, &error),
                TransportErrorKind::Broken => self.broken(&error),
            })?;
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
        let said = redact(&words.text, self.api_key.as_ref());
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
        error.with_message(message).with_detail(redact(
            &format!("redirected to {target}"),
            self.api_key.as_ref(),
        ))
    }

    /// An address that is not an API answers with a page or a document and status 200.
    fn require_events(&self, response: &HttpResponse) -> Result<(), Error> {
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
            .with_detail(format!("content type {content_type}")))
    }

    fn unreachable(&self, authority: &str, error: &TransportError) -> Error {
        let message = format!(
            "{} cannot be reached at {authority}. Check that it runs and the base URL.",
            self.provider
        );
        let detail = redact(&error.text, self.api_key.as_ref());
        self.of_kind(ErrorKind::Timeout)
            .with_message(message)
            .with_detail(detail)
    }

    fn broken(&self, error: &TransportError) -> Error {
        self.of_kind(ErrorKind::Timeout)
            .with_detail(redact(&error.text, self.api_key.as_ref()))
    }

    fn unreadable(&self, problem: &EventStreamError<ReadError>) -> Error {
        match problem {
            EventStreamError::Transport(ReadError::Transport(error)) => {
                Error::truncated(Some(&self.provider))
                    .with_detail(redact(&error.text, self.api_key.as_ref()))
            }
            EventStreamError::Transport(ReadError::LineTooLong) => {
                self.protocol("a line does not end")
            }
            EventStreamError::Utf8(_) | EventStreamError::Parser(_) => {
                self.protocol("the event stream is malformed")
            }
        }
    }

    fn protocol(&self, detail: impl Into<String>) -> Error {
        Error::protocol(&self.provider, detail)
    }

    fn of_kind(&self, kind: ErrorKind) -> Error {
        Error::new(kind, Some(&self.provider))
    }

    fn redacted(&self, mut error: Error) -> Error {
        error.detail = error
            .detail
            .map(|detail| redact(&detail, self.api_key.as_ref()));
        error
    }
}

async fn read_body(mut body: ByteStream, limit: usize) -> Result<Vec<u8>, TransportError> {
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

fn milliseconds_since(moment: Instant) -> u64 {
    u64::try_from(moment.elapsed().as_millis()).unwrap_or(u64::MAX)
}
