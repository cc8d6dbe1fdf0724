//! Streams beats as parts, in the pace of the script, until the caller has enough.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use super::play::{Beat, Play, Player};
use super::script::Failure;
use super::{NAME, searches};
use crate::error::Signals;
use crate::web::Sources;
use crate::{Error, ErrorKind, PartStream, Request, StreamPart, Timeouts};

/// Parts after which a fast stream lets other tasks run.
const YIELD_EVERY: usize = 64;

pub(super) fn parts(
    player: Arc<Player>,
    timeouts: Timeouts,
    request: Request,
    cancel: CancellationToken,
) -> PartStream {
    let parts = async_stream::stream! {
        let Play { beats, pace, reason, usage, response_id } = player.play(&request);
        let mut has_begun = false;
        let mut sources = Sources::default();
        for (number, beat) in beats.into_iter().enumerate() {
            let is_delta = beat.is_delta();
            let step = match beat {
                Beat::Stall(duration) => stall(duration, has_begun, timeouts, &cancel).await.map(|()| Vec::new()),
                Beat::Fail(failure) => Err(failed(&failure, has_begun)),
                Beat::Cut => Err(Error::truncated(Some(NAME))),
                beat => Ok(parts_of(beat.at_once(), &mut sources)),
            };
            match step {
                Ok(parts) => {
                    for part in parts {
                        if !std::mem::replace(&mut has_begun, true) {
                            yield Ok(StreamPart::Start);
                        }
                        yield Ok(part);
                    }
                }
                Err(error) => {
                    yield Err(error);
                    return;
                }
            }
            if let Err(error) = pause(if is_delta { pace } else { Duration::ZERO }, number, &cancel).await {
                yield Err(error);
                return;
            }
        }
        if !has_begun {
            yield Ok(StreamPart::Start);
        }
        for part in sources.take(None) {
            yield Ok(part);
        }
        yield Ok(StreamPart::Usage(usage));
        yield Ok(StreamPart::Finish { reason, usage, response_id: Some(response_id) });
    };
    parts.boxed()
}

/// Sources follow the text that they are of.
fn parts_of(beat: Beat, sources: &mut Sources) -> Vec<StreamPart> {
    let mut parts = Vec::new();
    if !matches!(beat, Beat::Text(_) | Beat::Cite(_)) {
        parts.extend(sources.take(None));
    }
    match beat {
        Beat::Search { id, search } => parts.extend(searches::search(id, search)),
        Beat::Cite(cite) => {
            searches::cite(&cite, sources);
            parts.push(StreamPart::TextDelta { text: cite.text });
        }
        beat => parts.extend(part(beat)),
    }
    parts
}

fn part(beat: Beat) -> Option<StreamPart> {
    Some(match beat {
        Beat::Text(text) => StreamPart::TextDelta {
            text: text.into_owned(),
        },
        Beat::Reasoning(text) => StreamPart::ReasoningDelta {
            text: text.into_owned(),
        },
        Beat::ReasoningEnd => StreamPart::ReasoningEnd {
            provider_metadata: None,
        },
        Beat::CallStart { index, id, name } => StreamPart::ToolCallStart { index, id, name },
        Beat::CallDelta { index, text } => StreamPart::ToolCallDelta {
            index,
            arguments_delta: text,
        },
        Beat::CallEnd {
            index,
            id,
            name,
            arguments,
        } => StreamPart::ToolCallEnd {
            index,
            id,
            name,
            arguments,
        },
        Beat::Clock
        | Beat::Search { .. }
        | Beat::Cite(_)
        | Beat::Stall(_)
        | Beat::Fail(_)
        | Beat::Cut => return None,
    })
}

fn failed(failure: &Failure, has_begun: bool) -> Error {
    let status = Some(failure.status);
    Error::classify(&Signals {
        provider: NAME,
        status_code: status.filter(|_| !has_begun),
        implied_status: status,
        text: &failure.text,
        retry_after_ms: failure
            .retry_after
            .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        ..Signals::default()
    })
}

/// Stalls as a real provider would: until the deadline that a real call has.
async fn stall(
    duration: Duration,
    has_begun: bool,
    timeouts: Timeouts,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let (limit, kind) = if has_begun {
        (timeouts.silence, ErrorKind::StreamSilence)
    } else {
        (timeouts.first_part, ErrorKind::StartupTimeout)
    };
    pause(duration.min(limit), 1, cancel).await?;
    if duration > limit {
        Err(Error::new(kind, Some(NAME)))
    } else {
        Ok(())
    }
}

async fn pause(duration: Duration, number: usize, cancel: &CancellationToken) -> Result<(), Error> {
    if duration.is_zero() {
        if number.is_multiple_of(YIELD_EVERY) {
            tokio::task::yield_now().await;
        }
        return if cancel.is_cancelled() {
            Err(Error::cancelled(Some(NAME)))
        } else {
            Ok(())
        };
    }
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::cancelled(Some(NAME))),
        () = tokio::time::sleep(duration) => Ok(()),
    }
}
