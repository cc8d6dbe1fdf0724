//! Recording what is exchanged with a provider: one [`Attempt`] for each HTTP request of a call.
//!
//! A caller puts a [`Recording`] into [`crate::RequestMetadata::extensions`] and takes the attempts out of it when the call
//! has ended. Without one nothing is looked at. Bodies are seen as they pass, so no byte comes later for it, and whatever
//! happens here never fails a call. Everything that leaves this module is redacted ([`super::redaction`]).

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::redaction::Redactor;
use super::transport::{ByteStream, HttpRequest, HttpResponse, Transport, TransportError};

/// Longest body that is kept, of requests and of responses.
pub const LONGEST_RECORDED_BYTES: usize = 50_000;
/// Stands for a longer one.
pub const TRUNCATED: &str = "[TRUNCATED]";
const CLOSED_EARLY: &str = "The connection was closed before the answer ended.";
const NO_ANSWER: &str = "The call was ended before an answer came.";

/// Gathers the attempts of one call. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    attempts: Vec<RawAttempt>,
    redactor: Redactor,
}

/// One HTTP request and what came of it, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Whether the exchange was whole; its status may still be that of a refusal.
    pub is_completed: bool,
    /// The request's method.
    pub method: String,
    /// Its address.
    pub url: String,
    /// The path of its address.
    pub path: String,
    /// When it was sent.
    pub started_at: DateTime<Utc>,
    /// When the last byte came, or the failure.
    pub finished_at: DateTime<Utc>,
    /// From the one to the other.
    pub duration_ms: u64,
    /// From the request to the first byte of the body.
    pub first_byte_ms: Option<u64>,
    /// Headers of the request.
    pub request_headers: BTreeMap<String, String>,
    /// Headers of the response.
    pub response_headers: BTreeMap<String, String>,
    /// Body of the request, or [`TRUNCATED`].
    pub request_body: String,
    /// Body of the response, or [`TRUNCATED`].
    pub response_body: String,
    /// Status of the response.
    pub response_status: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
}

struct RawAttempt {
    method: Method,
    url: Url,
    request_headers: HeaderMap,
    request_body: Kept,
    started_at: DateTime<Utc>,
    began: Instant,
    duration_ms: u64,
    first_byte_ms: Option<u64>,
    response: Option<RawResponse>,
    error: Option<String>,
}

struct RawResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Kept,
    received_bytes: u64,
}

/// A body that is only kept while it is short enough.
enum Kept {
    Whole(Vec<u8>),
    Shared(Bytes),
    TooLong,
}

impl Recording {
    /// The attempts so far, oldest first; they are gone from here.
    pub fn take_attempts(&self) -> Vec<Attempt> {
        let (attempts, redactor) = {
            let mut recorded = self.lock();
            let attempts = std::mem::take(&mut recorded.attempts);
            (attempts, recorded.redactor.clone())
        };
        let redacted = attempts.into_iter().map(|raw| raw.redacted(&redactor));
        redacted.collect()
    }

    /// A text that belongs to the call, without the secrets that the call was made with.
    pub fn redact(&self, text: &str) -> String {
        self.lock().redactor.own_secrets(text)
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = self.lock().attempts.len();
        write!(formatter, "Recording({attempts} attempts)")
    }
}

/// Sends a request, recorded when its caller wishes so.
pub(super) async fn send(
    transport: &dyn Transport,
    request: HttpRequest,
) -> Result<HttpResponse, TransportError> {
    let Some(recording) = request.extensions.get::<Recording>().cloned() else {
        return transport.send(request).await;
    };
    let mut open = OpenAttempt::begin(recording, &request);
    match transport.send(request).await {
        Ok(response) => {
            open.answered(&response);
            let body = RecordedBody {
                inner: response.body,
                open,
            };
            Ok(HttpResponse {
                status: response.status,
                headers: response.headers,
                body: body.boxed(),
            })
        }
        Err(error) => {
            open.fail(&error.text);
            Err(error)
        }
    }
}

/// An attempt under way. However it ends, it is recorded.
struct OpenAttempt {
    recording: Recording,
    attempt: Option<RawAttempt>,
}

impl OpenAttempt {
    fn begin(recording: Recording, request: &HttpRequest) -> Self {
        recording.lock().redactor.join(&Redactor::of(request));
        let attempt = RawAttempt {
            method: request.method.clone(),
            url: request.url.clone(),
            request_headers: request.headers.clone(),
            request_body: if request.body.len() > LONGEST_RECORDED_BYTES {
                Kept::TooLong
            } else {
                Kept::Shared(request.body.clone())
            },
            started_at: Utc::now(),
            began: Instant::now(),
            duration_ms: 0,
            first_byte_ms: None,
            response: None,
            error: None,
        };
        Self {
            recording,
            attempt: Some(attempt),
        }
    }

    fn answered(&mut self, response: &HttpResponse) {
        self.recording
            .lock()
            .redactor
            .learn_headers(&response.headers);
        if let Some(attempt) = &mut self.attempt {
            attempt.response = Some(RawResponse {
                status: response.status,
                headers: response.headers.clone(),
                body: Kept::Whole(Vec::new()),
                received_bytes: 0,
            });
        }
    }

    fn received(&mut self, chunk: &Bytes) {
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        if attempt.first_byte_ms.is_none() && !chunk.is_empty() {
            attempt.first_byte_ms = Some(attempt.elapsed_ms());
        }
        if let Some(response) = &mut attempt.response {
            response.received_bytes += chunk.len() as u64;
            response.body.push(chunk);
        }
    }

    fn fail(&mut self, error: &str) {
        if let Some(attempt) = &mut self.attempt {
            attempt.error = Some(error.to_owned());
        }
        self.finish();
    }

    fn finish(&mut self) {
        if let Some(mut attempt) = self.attempt.take() {
            attempt.duration_ms = attempt.elapsed_ms();
            self.recording.lock().attempts.push(attempt);
        }
    }
}

impl Drop for OpenAttempt {
    /// Nobody waits for the rest of it.
    fn drop(&mut self) {
        let Some(attempt) = &self.attempt else {
            return;
        };
        match &attempt.response {
            None => self.fail(NO_ANSWER),
            Some(response) if response.is_whole(&attempt.method) => self.finish(),
            Some(_) => self.fail(CLOSED_EARLY),
        }
    }
}

impl RawAttempt {
    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn redacted(self, redactor: &Redactor) -> Attempt {
        let kind = |headers: &HeaderMap| {
            let kind = headers.get(CONTENT_TYPE)?;
            Some(String::from_utf8_lossy(kind.as_bytes()).into_owned())
        };
        let body = |kept: &Kept, headers: &HeaderMap| {
            let Some(bytes) = kept.bytes() else {
                return TRUNCATED.to_owned();
            };
            let clean = redactor.body(kind(headers).as_deref(), bytes);
            if clean.len() > LONGEST_RECORDED_BYTES {
                TRUNCATED.to_owned()
            } else {
                clean
            }
        };
        let url = redactor.url(&self.url);
        let path = url
            .parse::<Url>()
            .map(|url| url.path().to_owned())
            .unwrap_or_default();
        let passed = i64::try_from(self.duration_ms).unwrap_or(i64::MAX);
        let passed = chrono::TimeDelta::try_milliseconds(passed).unwrap_or_default();
        let response = self.response.as_ref();
        Attempt {
            is_completed: self.error.is_none(),
            method: self.method.to_string(),
            url,
            path,
            started_at: self.started_at,
            finished_at: self
                .started_at
                .checked_add_signed(passed)
                .unwrap_or(self.started_at),
            duration_ms: self.duration_ms,
            first_byte_ms: self.first_byte_ms,
            request_headers: redactor.headers(&self.request_headers),
            response_headers: response
                .map(|response| redactor.headers(&response.headers))
                .unwrap_or_default(),
            request_body: body(&self.request_body, &self.request_headers),
            response_body: response
                .map(|response| body(&response.body, &response.headers))
                .unwrap_or_default(),
            response_status: response.map(|response| response.status.as_u16()),
            error: self.error.map(|error| redactor.text(&error)),
        }
    }
}

impl RawResponse {
    /// Whether all of it is here though its end was not read.
    fn is_whole(&self, method: &Method) -> bool {
        let has_no_body = matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        ) || method == Method::HEAD;
        let length = self.headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        has_no_body || length.is_some_and(|length| length <= self.received_bytes)
    }
}

impl Kept {
    fn push(&mut self, chunk: &[u8]) {
        if let Self::Whole(bytes) = self {
            if bytes.len() + chunk.len() > LONGEST_RECORDED_BYTES {
                *self = Self::TooLong;
            } else {
                bytes.extend_from_slice(chunk);
            }
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Shared(bytes) => Some(bytes),
            Self::TooLong => None,
        }
    }
}

/// A body that is noted down as it passes.
struct RecordedBody {
    inner: ByteStream,
    open: OpenAttempt,
}

impl Stream for RecordedBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.inner.poll_next_unpin(context);
        match &next {
            Poll::Ready(Some(Ok(chunk))) => self.open.received(chunk),
            Poll::Ready(Some(Err(error))) => {
                let text = error.text.clone();
                self.open.fail(&text);
            }
            Poll::Ready(None) => self.open.finish(),
            Poll::Pending => {}
        }
        next
    }
}
