//! Writes notes down, one after the other. What fails is told in the log and given up.

use std::time::Duration;

use chrono::{DateTime, Utc};
use llm::http::Recording;
use llm::{Content, FinishReason, Request, Usage};
use sdk::debug::{DebugAttempt, DebugStatus};
use sdk::ids::{ChatId, DebugStepId, MessageId};
use serde_json::Value;
use store::debug::cleanup::{self, Edited};
use store::debug::lock;
use store::debug::runs::{self, NewRun};
use store::debug::steps::{self, NewAttempt, NewStep, StepOutcome};
use store::{Clock, Db, Notice, Notices, StoreError};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{CLOCK_SKEW, Recorder, RunKey, normalized};

/// For one note.
const DEADLINE: Duration = Duration::from_secs(5);
const FORGET_TRIES: u32 = 3;
const FORGET_PAUSE: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug)]
pub(super) struct StepKey {
    pub(super) run: RunKey,
    pub(super) id: DebugStepId,
}

/// What happened, and when: it may be written down much later.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) at: DateTime<Utc>,
    pub(super) entry: Entry,
}

#[derive(Debug)]
pub(super) enum Entry {
    Begin(RunKey, Box<NewRun>),
    Step {
        step: StepKey,
        operation: &'static str,
        tip: Option<MessageId>,
        request: Box<Request>,
    },
    Attempts {
        step: StepKey,
        recording: Recording,
        retried: Option<Retried>,
    },
    StepEnd {
        step: StepKey,
        recording: Recording,
        ended: Box<Ended>,
    },
    /// The message that came of a step.
    Answered(StepKey, MessageId),
    End(RunKey, DebugStatus),
    /// The runs of turns that an edit took away, or all of the chat's.
    Forget(ChatId, Option<Edited>),
}

/// Why another attempt followed.
#[derive(Clone, Debug)]
pub(super) struct Retried {
    pub(super) classification: String,
    pub(super) delay_ms: i64,
}

/// How a step ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: DebugStatus,
    pub(super) error: Option<Value>,
    pub(super) response: Option<(Vec<Content>, Option<FinishReason>)>,
    pub(super) usage: Option<Usage>,
    pub(super) metadata: Value,
}

/// The task that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(super) db: Db,
    pub(super) notices: Notices,
    pub(super) clock: Clock,
    pub(super) recorder: Recorder,
    pub(super) queue: mpsc::Receiver<Note>,
}

impl Writer {
    /// Writes until it is stopped, and then what is still there.
    pub(crate) async fn run(mut self, stopped: CancellationToken, heartbeat: Duration) {
        let mut next_heartbeat = Instant::now() + heartbeat;
        loop {
            tokio::select! {
                note = self.queue.recv() => match note {
                    Some(note) => self.write(note).await,
                    None => return,
                },
                () = tokio::time::sleep_until(next_heartbeat) => {
                    next_heartbeat = Instant::now() + heartbeat;
                    self.give_signs_of_life().await;
                }
                () = stopped.cancelled() => break,
            }
        }
        while let Ok(note) = self.queue.try_recv() {
            self.write(note).await;
        }
    }

    async fn write(&self, Note { at, entry }: Note) {
        let outcome = match entry {
            Entry::Forget(chat, edited) => return self.forget(at, chat, edited).await,
            entry => timeout(DEADLINE, self.try_write(at, entry)).await,
        };
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "what a model was asked could not be recorded");
            }
            Err(_) => tracing::warn!("what a model was asked could not be recorded in time"),
        }
    }

    async fn try_write(&self, at: DateTime<Utc>, entry: Entry) -> Result<(), StoreError> {
        let run = match entry {
            Entry::Begin(run, new) => {
                let mut tx = self.db.begin().await?;
                lock(&mut tx, run.chat_id).await?;
                runs::insert(&mut tx, &new, at).await?;
                tx.commit().await?;
                run
            }
            Entry::Step {
                step,
                operation,
                tip,
                request,
            } => {
                let asked = off_thread(move || normalized::request(&request)).await;
                let Some(normalized_request) = asked else {
                    return Ok(());
                };
                let new = NewStep {
                    id: step.id,
                    operation,
                    history_tip_message_id: tip,
                    normalized_request,
                };
                let run = step.run;
                let mut tx = self.db.begin().await?;
                lock(&mut tx, run.chat_id).await?;
                if steps::insert(&mut tx, (run.chat_id, run.id), &new, at).await? {
                    tx.commit().await?;
                } else {
                    tx.rollback().await?;
                }
                run
            }
            Entry::Attempts {
                step,
                recording,
                retried,
            } => {
                let Some(attempts) = off_thread(move || attempts(&recording, retried)).await else {
                    return Ok(());
                };
                let run = step.run;
                let mut tx = self.db.begin().await?;
                lock(&mut tx, run.chat_id).await?;
                let whole = (run.chat_id, run.id, step.id);
                steps::add_attempts(&mut tx, whole, attempts, at).await?;
                tx.commit().await?;
                run
            }
            Entry::StepEnd {
                step,
                recording,
                ended,
            } => {
                let made = off_thread(move || {
                    let attempts = attempts(&recording, None);
                    (attempts, outcome(*ended, &recording))
                });
                let Some((attempts, outcome)) = made.await else {
                    return Ok(());
                };
                let run = step.run;
                let mut tx = self.db.begin().await?;
                lock(&mut tx, run.chat_id).await?;
                let whole = (run.chat_id, run.id, step.id);
                if steps::add_attempts(&mut tx, whole, attempts, at).await? {
                    steps::finish(&mut tx, whole, &outcome, at).await?;
                }
                tx.commit().await?;
                run
            }
            Entry::Answered(step, message) => {
                let run = step.run;
                let mut tx = self.db.begin().await?;
                lock(&mut tx, run.chat_id).await?;
                let answered = (run.chat_id, step.id);
                steps::set_assistant_message(&mut tx, answered, message, at).await?;
                tx.commit().await?;
                run
            }
            Entry::End(run, status) => {
                let mut tx = self.db.begin().await?;
                lock(&mut tx, run.chat_id).await?;
                runs::finish(&mut tx, (run.chat_id, run.id), status, at).await?;
                tx.commit().await?;
                run
            }
            Entry::Forget(..) => return Ok(()),
        };
        self.notices.publish(Notice::DebugRunChanged {
            chat_id: run.chat_id,
            owner_id: run.owner_id,
            run_id: run.id,
        });
        Ok(())
    }

    async fn forget(&self, at: DateTime<Utc>, chat: ChatId, edited: Option<Edited>) {
        let before = at - CLOCK_SKEW;
        for attempt in 1..=FORGET_TRIES {
            let deletion = cleanup::delete(&self.db, chat, edited, before);
            let problem = match timeout(DEADLINE, deletion).await {
                Ok(Ok(_)) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the database does not answer in time".to_owned(),
            };
            if attempt == FORGET_TRIES {
                tracing::warn!(problem, %chat, "records of turns that are gone could not be deleted");
            } else {
                sleep(FORGET_PAUSE).await;
            }
        }
    }

    async fn give_signs_of_life(&self) {
        let open: Vec<_> = self.recorder.open().iter().copied().collect();
        if open.is_empty() {
            return;
        }
        let outcome = async {
            let mut tx = self.db.begin().await?;
            runs::touch(&mut tx, &open, self.clock.now()).await?;
            tx.commit().await
        };
        match timeout(DEADLINE, outcome).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "runs that go on could not be marked so"),
            Err(_) => tracing::warn!("runs that go on could not be marked so in time"),
        }
    }
}

/// Runs what takes long where it keeps nobody waiting.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    // It fails only with a defect of ours, which must harm nobody.
    tokio::task::spawn_blocking(work).await.ok()
}

fn attempts(recording: &Recording, retried: Option<Retried>) -> Vec<NewAttempt> {
    let mut attempts: Vec<_> = recording
        .take_attempts()
        .into_iter()
        .map(new_attempt)
        .collect();
    if let (Some(last), Some(retried)) = (attempts.last_mut(), retried) {
        last.attempt.retry_classification = Some(retried.classification);
        last.attempt.retry_delay_ms = Some(retried.delay_ms);
    }
    attempts
}

fn new_attempt(attempt: llm::http::Attempt) -> NewAttempt {
    let milliseconds = |passed: u64| i64::try_from(passed).unwrap_or(i64::MAX);
    NewAttempt {
        request_body: attempt.request_body.into_bytes(),
        response_body: attempt.response_body.into_bytes(),
        attempt: DebugAttempt {
            status: if attempt.is_completed {
                "completed".to_owned()
            } else {
                "failed".to_owned()
            },
            method: attempt.method,
            url: attempt.url,
            path: attempt.path,
            started_at: attempt.started_at,
            finished_at: attempt.finished_at,
            duration_ms: milliseconds(attempt.duration_ms),
            first_byte_ms: attempt.first_byte_ms.map(milliseconds),
            request_headers: attempt.request_headers,
            response_headers: attempt.response_headers,
            response_status: attempt.response_status,
            error: attempt.error,
            ..DebugAttempt::default()
        },
    }
}

fn outcome(ended: Ended, recording: &Recording) -> StepOutcome {
    let counted = ended.usage.as_ref();
    StepOutcome {
        status: ended.status,
        normalized_response: ended
            .response
            .map(|(content, reason)| normalized::response(&content, reason, counted, recording)),
        usage: counted.map(normalized::usage),
        error: ended.error,
        metadata: ended.metadata,
    }
}
