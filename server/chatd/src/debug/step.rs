//! One call of a model, while it is made.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use llm::http::Recording;
use llm::{Accumulator, Content, FinishReason, PartStream, Request, Response, StreamPart, Usage};
use sdk::debug::DebugStatus;
use sdk::ids::{DebugStepId, MessageId};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::writer::{Ended, Entry, Retried, StepKey};
use super::{OpenRun, Recorder, unfinished};
use crate::turn::cost::Told;

/// A call under way; nothing when it is not recorded.
#[derive(Debug)]
pub(crate) struct Step(Option<OpenStep>);

#[derive(Debug)]
struct OpenStep {
    run: Arc<OpenRun>,
    id: DebugStepId,
    /// Of the HTTP requests since the last failure.
    recording: Recording,
    began: Instant,
    seen: Seen,
    is_ended: bool,
}

/// What came of an answer so far.
#[derive(Clone, Debug, Default)]
struct Seen {
    part_count: u64,
    text_delta_count: u64,
    reasoning_delta_count: u64,
    tool_call_count: u64,
    source_count: u64,
    error_count: u64,
    /// As the provider counts by then, of the attempt since the last failure.
    usage: Usage,
    finish_reason: Option<FinishReason>,
    last_error: Option<String>,
    first_part_ms: Option<u64>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome<'a> {
    /// With an answer.
    Answer(&'a [Content], FinishReason, &'a Usage),
    /// Somebody stopped it; what had come by then.
    Stopped(&'a [Content]),
    /// It failed for good.
    Failed(&'a llm::Error),
}

/// A call that ended, of which a message may still come.
#[derive(Debug, Default)]
pub(crate) struct EndedStep(Option<(Recorder, StepKey)>);

impl EndedStep {
    /// Its answer stands in the chat as this message.
    pub(crate) fn became(self, message: MessageId) {
        if let Some((recorder, step)) = self.0 {
            recorder.note(Entry::Answered(step, message));
        }
    }
}

impl Step {
    pub(super) fn begin(
        run: Option<&Arc<OpenRun>>,
        operation: &'static str,
        request: &Request,
    ) -> Self {
        Self(run.map(|run| {
            let step = OpenStep {
                run: Arc::clone(run),
                id: DebugStepId::generate(),
                recording: Recording::default(),
                began: Instant::now(),
                seen: Seen::default(),
                is_ended: false,
            };
            let mut request = request.clone();
            // Nothing of it is kept, and it may hold what must not be.
            request.metadata = llm::RequestMetadata::default();
            run.recorder.note(Entry::Step {
                step: step.key(),
                operation,
                tip: run.tip,
                request: Box::new(request),
            });
            step
        }))
    }

    /// Has the HTTP requests of this request recorded.
    pub(crate) fn attach(&self, request: &mut Request) {
        if let Some(step) = &self.0 {
            let recording = step.recording.clone();
            request.metadata.extensions.insert(recording);
        }
    }

    /// What of an answer is needed to tell how the call ended.
    pub(crate) fn keep(&self, content: &[Content]) -> Vec<Content> {
        match &self.0 {
            Some(_) => content.to_vec(),
            None => Vec::new(),
        }
    }

    /// A part of the answer came.
    pub(crate) fn saw(&mut self, part: &StreamPart) {
        let Some(step) = &mut self.0 else { return };
        let seen = &mut step.seen;
        seen.part_count += 1;
        match part {
            StreamPart::TextDelta { .. } => seen.text_delta_count += 1,
            StreamPart::ReasoningDelta { .. } => seen.reasoning_delta_count += 1,
            StreamPart::ToolCallStart { .. } | StreamPart::ProviderCallStart { .. } => {
                seen.tool_call_count += 1;
            }
            StreamPart::Finish { reason, usage, .. } => {
                seen.finish_reason = Some(*reason);
                seen.usage = *usage;
            }
            // The provider only took the call, or counts.
            StreamPart::Start => return,
            StreamPart::Usage(usage) => {
                seen.usage = *usage;
                return;
            }
            StreamPart::Source { .. } => seen.source_count += 1,
            StreamPart::ReasoningEnd { .. }
            | StreamPart::ToolCallDelta { .. }
            | StreamPart::ToolCallEnd { .. }
            | StreamPart::ProviderCallEnd { .. }
            | StreamPart::ProviderResult { .. } => {}
        }
        seen.first_part_ms
            .get_or_insert(milliseconds(step.began.elapsed()));
    }

    /// It failed, and is made again after a pause. The answer's stream must be gone.
    pub(crate) fn retries(&mut self, error: &llm::Error, pause: Duration) {
        let Some(step) = &mut self.0 else { return };
        step.seen.error_count += 1;
        step.seen.usage = Usage::default();
        step.seen.last_error = Some(step.recording.redact(&error.message));
        let recording = std::mem::take(&mut step.recording);
        step.run.recorder.note(Entry::Attempts {
            step: step.key(),
            recording,
            retried: Some(Retried {
                classification: error.kind.as_str().to_owned(),
                delay_ms: i64::try_from(pause.as_millis()).unwrap_or(i64::MAX),
            }),
        });
    }

    /// It ended. The answer's stream must be gone.
    pub(crate) fn ends_with(mut self, outcome: Outcome<'_>) -> EndedStep {
        EndedStep(self.0.as_mut().map(|step| {
            step.end(outcome);
            (step.run.recorder.clone(), step.key())
        }))
    }

    /// Reads an answer to its end. What its provider counts is told as it comes.
    pub(crate) async fn collect(
        mut self,
        mut stream: PartStream,
        told: &Told,
    ) -> Result<Response, llm::Error> {
        let mut accumulator = Accumulator::default();
        let mut failure = None;
        while let Some(part) = stream.next().await {
            let taken = part.and_then(|part| {
                self.saw(&part);
                accumulator.push(&part)
            });
            told.set(accumulator.usage());
            if let Err(error) = taken {
                failure = Some(error);
                break;
            }
        }
        drop(stream);
        let outcome = match failure {
            Some(error) => Err(error),
            None => accumulator
                .finish()
                .ok_or_else(|| llm::Error::truncated(None)),
        };
        self.ends_with(match &outcome {
            Ok(answer) => Outcome::Answer(&answer.content, answer.finish_reason, &answer.usage),
            Err(error) => Outcome::Failed(error),
        });
        outcome
    }
}

impl OpenStep {
    fn key(&self) -> StepKey {
        StepKey {
            run: self.run.key,
            id: self.id,
        }
    }

    fn end(&mut self, outcome: Outcome<'_>) {
        self.is_ended = true;
        let (status, error, response, usage) = match outcome {
            Outcome::Answer(content, reason, usage) => {
                let response = Some((content.to_vec(), Some(reason)));
                (DebugStatus::Completed, None, response, Some(*usage))
            }
            Outcome::Stopped(content) => {
                let response = (!content.is_empty()).then(|| (content.to_vec(), None));
                (DebugStatus::Interrupted, None, response, self.counted())
            }
            Outcome::Failed(error) => {
                self.seen.error_count += 1;
                self.seen.last_error = Some(self.recording.redact(&error.message));
                let error = super::normalized::error(error, &self.recording);
                (DebugStatus::Error, Some(error), None, self.counted())
            }
        };
        self.finish(Ended {
            status,
            error,
            response,
            usage,
            metadata: self.metadata(),
        });
    }

    fn finish(&mut self, ended: Ended) {
        let recording = std::mem::take(&mut self.recording);
        self.run.recorder.note(Entry::StepEnd {
            step: self.key(),
            recording,
            ended: Box::new(ended),
        });
    }

    /// What the provider had counted of an answer that did not become whole.
    fn counted(&self) -> Option<Usage> {
        let usage = self.seen.usage;
        (!usage.is_empty()).then_some(usage)
    }

    fn metadata(&self) -> Value {
        let seen = &self.seen;
        let mut metadata = json!({
            "part_count": seen.part_count,
            "text_delta_count": seen.text_delta_count,
            "reasoning_delta_count": seen.reasoning_delta_count,
            "tool_call_count": seen.tool_call_count,
            "source_count": seen.source_count,
            "warning_count": 0,
            "error_count": seen.error_count,
            "duration_ms": milliseconds(self.began.elapsed()),
        });
        let known = [
            (
                "finish_reason",
                seen.finish_reason.map(|reason| json!(reason.as_str())),
            ),
            (
                "last_error",
                seen.last_error.as_ref().map(|error| json!(error)),
            ),
            (
                "first_part_ms",
                seen.first_part_ms.map(|passed| json!(passed)),
            ),
        ];
        if let Value::Object(fields) = &mut metadata {
            let known = known
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value?)));
            fields.extend(known);
        }
        metadata
    }
}

impl Drop for OpenStep {
    fn drop(&mut self) {
        if !self.is_ended {
            self.finish(Ended {
                status: unfinished(),
                error: None,
                response: None,
                usage: self.counted(),
                metadata: self.metadata(),
            });
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
