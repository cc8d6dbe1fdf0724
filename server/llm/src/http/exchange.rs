//! One call from request to last part: send, check the status, read events, keep the deadlines.
//!
//! Three clocks: the first content must come within [`Timeouts::first_part`] of the request; after it no more than
//! [`Timeouts::silence`] may pass without a byte, and no more than [`Timeouts::stall`] without content, however many
//! signs of life come meanwhile. Cancellation wins over all.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eventsource_stream::{Event, EventStreamError, Eventsource};
use futures::StreamExt;
use futures::stream::BoxStream;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::faults::{Faults, read_body};
use super::lines::{ReadError, line_blocks};
use super::transport::{ByteStream, HttpRequest};
use super::{HttpClient, Timeouts};
use crate::{Error, ErrorKind, PartStream, StreamPart};

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

/// What an event was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The answer moved on, even if no part came of it.
    Content,
    /// The provider accepted the call, counted tokens or kept the connection alive.
    SignOfLife,
}

/// Turns a provider's events into parts.
pub(crate) trait Decoder: Send + 'static {
    /// Reads one event. A [`StreamPart::Finish`] among the parts ends the stream.
    fn decode(&mut self, event: &Event, parts: &mut VecDeque<StreamPart>) -> Result<Heard, Error>;

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
    S: futures::Stream<Item = Result<bytes::Bytes, super::TransportError>> + Send + 'static,
    D: Decoder,
{
    let endless = Duration::from_hours(24 * 365);
    let timeouts = Timeouts {
        first_part: endless,
        silence: endless,
        stall: endless,
        short_call: endless,
    };
    let faults = Faults::of_body(provider);
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
        let provider = self.provider.clone();
        let mut faults = Faults::new(self.provider, self.api_key, &self.request);
        let deadline = Instant::now() + self.timeouts.short_call;
        let whole = async {
            let response = faults.send(&self.http, self.request).await?;
            let body = read_body(response.body, LONGEST_BODY_BYTES)
                .await
                .map_err(|error| faults.broken(&error))?;
            serde_json::from_slice(&body).map_err(|problem| faults.protocol(problem.to_string()))
        };
        timeout_at(deadline, whole)
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout, Some(&provider))))
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
    /// When the answer last moved on; `None` until it begins.
    last_content: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl<D: Decoder> Reader<D> {
    async fn open(call: Call, decoder: D) -> Result<Self, Error> {
        let opened_at = Instant::now();
        let mut faults = Faults::new(call.provider, call.api_key, &call.request);
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
            last_content: None,
        }
    }

    async fn next(&mut self) -> Result<StreamPart, Error> {
        loop {
            if let Some(part) = self.parts.pop_front() {
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
                    let heard = self
                        .decoder
                        .decode(&event, &mut self.parts)
                        .map_err(|error| self.faults.redacted(error))?;
                    if heard == Heard::Content {
                        self.last_content = Some(Instant::now());
                    }
                }
                Some(Err(problem)) => return Err(self.faults.unreadable(&problem)),
                None => {
                    self.decoder
                        .end(&mut self.parts)
                        .map_err(|error| self.faults.redacted(error))?;
                    if self.parts.is_empty() {
                        return Err(Error::truncated(Some(&self.faults.provider)));
                    }
                }
            }
        }
    }

    /// The alarm is set once and looked at when it rings, so that a fast stream does not pay for it.
    fn check_deadline(&mut self) -> Result<(), Error> {
        let Some(last_content) = self.last_content else {
            return Err(self.faults.of_kind(ErrorKind::StartupTimeout));
        };
        let last_byte =
            self.opened_at + Duration::from_millis(self.last_byte_ms.load(Ordering::Relaxed));
        let silence_ends = last_byte + self.timeouts.silence;
        let stall_ends = last_content + self.timeouts.stall;
        let now = Instant::now();
        if silence_ends <= now {
            return Err(self.faults.of_kind(ErrorKind::StreamSilence));
        }
        if stall_ends <= now {
            return Err(self.faults.stalled(self.timeouts.stall));
        }
        self.alarm.as_mut().reset(silence_ends.min(stall_ends));
        Ok(())
    }

    async fn drain(&mut self) {
        while let Some(Ok(_)) = self.events.next().await {}
    }
}

fn milliseconds_since(moment: Instant) -> u64 {
    u64::try_from(moment.elapsed().as_millis()).unwrap_or(u64::MAX)
}
