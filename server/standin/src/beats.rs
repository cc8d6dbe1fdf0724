//! Sends the beats of a play: at their pace, in a protocol's form, or as one whole answer.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use llm::demo::play::{Beat, Play};
use tokio_util::sync::CancellationToken;

use crate::refusal::Refusal;
use crate::state::Standin;

/// Writes beats as a protocol's events.
pub(crate) trait Wire: Send + 'static {
    /// What comes before the first beat.
    fn begin(&mut self, play: &Play, out: &mut String);
    /// One beat; clocks, stalls, failures and cuts never come here.
    fn beat(&mut self, beat: &Beat, out: &mut String);
    /// An error in the middle.
    fn fail(&mut self, refusal: &Refusal, out: &mut String);
    /// What comes after the last beat.
    fn end(&mut self, play: &Play, out: &mut String);
}

/// Waits and fails as the play says before its first content.
pub(crate) async fn prelude(state: &Standin, play: &mut Play) -> Result<(), Refusal> {
    let waits = play
        .beats
        .iter()
        .take_while(|beat| matches!(beat, Beat::Stall(_)))
        .count();
    for beat in play.beats.drain(..waits) {
        if let Beat::Stall(duration) = beat {
            wait(duration, &state.stop).await;
        }
    }
    match play.beats.first() {
        Some(Beat::Fail(failure)) => Err(Refusal::from(failure)),
        _ => Ok(()),
    }
}

/// The play as an event stream.
pub(crate) fn stream(state: &Arc<Standin>, play: Play, mut wire: impl Wire) -> Response {
    let mut open = state.record.open_stream();
    let stop = state.stop.clone();
    let events = async_stream::stream! {
        let mut out = String::with_capacity(256);
        wire.begin(&play, &mut out);
        for beat in &play.beats {
            match beat {
                Beat::Clock => wire.beat(&Beat::Clock.at_once(), &mut out),
                Beat::Stall(duration) => {
                    yield Ok(Bytes::from(std::mem::take(&mut out)));
                    wait(*duration, &stop).await;
                }
                Beat::Fail(failure) => {
                    wire.fail(&Refusal::from(failure), &mut out);
                    open.complete();
                    yield Ok(Bytes::from(out));
                    return;
                }
                Beat::Cut => {
                    yield Ok(Bytes::from(out));
                    // Let the connection flush what came before it breaks.
                    tokio::task::yield_now().await;
                    open.complete();
                    yield Err(io::Error::other("scripted cut"));
                    return;
                }
                beat => wire.beat(beat, &mut out),
            }
            if beat.is_delta() {
                yield Ok(Bytes::from(std::mem::take(&mut out)));
                if !play.pace.is_zero() {
                    wait(play.pace, &stop).await;
                }
            }
        }
        wire.end(&play, &mut out);
        open.complete();
        yield Ok(Bytes::from(out));
    };
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Plays everything before it answers with one document; a cut breaks the connection instead.
pub(crate) async fn whole(state: &Standin, play: &Play) -> Result<(), WholeEnd> {
    for beat in &play.beats {
        match beat {
            Beat::Stall(duration) => wait(*duration, &state.stop).await,
            Beat::Fail(failure) => return Err(WholeEnd::Refused(Refusal::from(failure))),
            Beat::Cut => return Err(WholeEnd::Cut),
            beat if beat.is_delta() && !play.pace.is_zero() => wait(play.pace, &state.stop).await,
            _ => {}
        }
    }
    Ok(())
}

/// How a whole answer can end badly.
#[derive(Debug)]
pub(crate) enum WholeEnd {
    Refused(Refusal),
    Cut,
}

/// A response whose body breaks off.
pub(crate) fn broken() -> Response {
    let body = futures::stream::iter([
        Ok(Bytes::from_static(b"{")),
        Err(io::Error::other("scripted cut")),
    ]);
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// A response with a JSON document.
pub(crate) fn document(value: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// Text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

async fn wait(duration: std::time::Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(duration) => {}
    }
}
