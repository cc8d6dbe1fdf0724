//! Recording what is asked of models and what they answer, for chats whose owner has it recorded.
//!
//! A `Run` is begun where something is to be done, a `Step` for each call of a model. Both only put notes into a queue; one
//! task writes them down (`writer`). So a turn never waits for its record and never fails with it: a note that finds no
//! room is dropped, counted and told in the log. What was not ended when it is dropped ends as interrupted.

mod normalized;
mod step;
mod writer;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sdk::debug::{DebugRunKind, DebugStatus};
use sdk::ids::{ChatId, DebugRunId, MessageId, UserId};
use store::chats::ChatRow;
use store::debug::cleanup::Edited;
use store::debug::runs::{self, NewRun, Origin};
use store::{Clock, Db, Notices, StoreError, messages};
use tokio::sync::mpsc;
use tokio::time::timeout;

pub(crate) use self::step::{EndedStep, Outcome, Step};
use self::writer::{Entry, Note, Writer};
use crate::sources::ResolvedModel;

/// Notes that wait to be written.
const LONGEST_QUEUE: usize = 512;
/// What a run's beginning is looked up in.
const LOOK_DEADLINE: Duration = Duration::from_secs(5);
/// A run that gave no sign of life for this long is nobody's any more.
pub const STALE_AFTER: Duration = Duration::from_mins(15);
/// Clocks of processes may differ by this much.
pub const CLOCK_SKEW: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

/// Whether the calls of a person's chats are recorded.
#[async_trait]
pub trait DebugPolicy: Debug + Send + Sync {
    /// Off when it cannot be known: a record is never worth a turn.
    async fn is_recorded(&self, owner: UserId) -> bool;
}

/// Nothing is recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingRecorded;

#[async_trait]
impl DebugPolicy for NothingRecorded {
    async fn is_recorded(&self, _owner: UserId) -> bool {
        false
    }
}

/// Where records begin. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    policy: Arc<dyn DebugPolicy>,
    clock: Clock,
    notes: mpsc::Sender<Note>,
    /// Notes that found no room.
    dropped: AtomicU64,
    /// Runs of this process that go on.
    open: Mutex<BTreeSet<DebugRunId>>,
}

/// Which run, and whose.
#[derive(Clone, Copy, Debug)]
struct RunKey {
    id: DebugRunId,
    chat_id: ChatId,
    owner_id: UserId,
}

/// A run under way; nothing when it is not recorded. It ends when the last clone and the last of its steps are gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run(Option<Arc<OpenRun>>);

#[derive(Debug)]
struct OpenRun {
    recorder: Recorder,
    key: RunKey,
    tip: Option<MessageId>,
    status: Mutex<Option<DebugStatus>>,
}

impl Recorder {
    /// A recorder, and what writes its notes down.
    pub(crate) fn new(
        db: &Db,
        notices: &Notices,
        clock: &Clock,
        policy: Arc<dyn DebugPolicy>,
    ) -> (Self, Writer) {
        let (notes, queue) = mpsc::channel(LONGEST_QUEUE);
        let recorder = Self(Arc::new(Inner {
            db: db.clone(),
            policy,
            clock: clock.clone(),
            notes,
            dropped: AtomicU64::default(),
            open: Mutex::default(),
        }));
        let writer = Writer {
            db: db.clone(),
            notices: notices.clone(),
            clock: clock.clone(),
            recorder: recorder.clone(),
            queue,
        };
        (recorder, writer)
    }

    /// Begins a run of a chat, when its owner's calls are recorded.
    pub(crate) async fn begin(
        &self,
        kind: DebugRunKind,
        chat: &ChatRow,
        model: &ResolvedModel,
    ) -> Run {
        let began_at = self.0.clock.now();
        let look = async {
            if !self.0.policy.is_recorded(chat.owner_id).await {
                return Ok(None);
            }
            self.origin(chat.id).await.map(Some)
        };
        let (origin, first_message) = match timeout(LOOK_DEADLINE, look).await {
            Ok(Ok(Some(found))) => found,
            Ok(Ok(None)) => return Run::default(),
            Ok(Err(error)) => {
                tracing::warn!(chat = %chat.id, %error, "a run is not recorded");
                return Run::default();
            }
            Err(_) => {
                tracing::warn!(chat = %chat.id, "a run is not recorded: the database does not answer in time");
                return Run::default();
            }
        };
        let key = RunKey {
            id: DebugRunId::generate(),
            chat_id: chat.id,
            owner_id: chat.owner_id,
        };
        let new = NewRun {
            id: key.id,
            chat_id: chat.id,
            kind,
            model_config_id: model.model_config_id,
            provider: model.model.provider().to_owned(),
            model: model.model.id().to_owned(),
            origin,
            first_message,
        };
        if !self.note_at(began_at, Entry::Begin(key, Box::new(new))) {
            return Run::default();
        }
        self.open().insert(key.id);
        Run(Some(Arc::new(OpenRun {
            recorder: self.clone(),
            key,
            tip: origin.history_tip_message_id,
            status: Mutex::default(),
        })))
    }

    /// Forgets the runs of turns that an edit took away, or all of a chat so far. Waits for room.
    pub(crate) async fn forget(&self, chat: ChatId, edited: Option<Edited>) {
        // Refused only when the process ends.
        let note = Note {
            at: self.0.clock.now(),
            entry: Entry::Forget(chat, edited),
        };
        let _ = self.0.notes.send(note).await;
    }

    async fn origin(&self, chat: ChatId) -> Result<(Origin, Option<String>), StoreError> {
        let db = &self.0.db;
        let origin = runs::origin(db, chat).await?;
        let Some(MessageId(trigger)) = origin.trigger_message_id else {
            return Ok((origin, None));
        };
        let (after, before) = (MessageId(trigger - 1), MessageId(trigger + 1));
        let rows = messages::between(db, chat, after, before, 1).await?;
        let text = rows.first().map(|row| row.message.text());
        Ok((origin, text))
    }

    /// Puts a note of now into the queue; false when there is no room.
    fn note(&self, entry: Entry) -> bool {
        self.note_at(self.0.clock.now(), entry)
    }

    fn note_at(&self, at: DateTime<Utc>, entry: Entry) -> bool {
        if self.0.notes.try_send(Note { at, entry }).is_ok() {
            return true;
        }
        let dropped = self.0.dropped.fetch_add(1, Ordering::Relaxed) + 1;
        if dropped.is_power_of_two() {
            tracing::warn!(
                dropped,
                "what models were asked is not recorded completely: the database is too slow"
            );
        }
        false
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<DebugRunId>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    /// Says how it ends; the first word counts.
    pub(crate) fn ends_as(&self, status: DebugStatus) {
        if let Some(run) = &self.0 {
            let mut known = run.status.lock().unwrap_or_else(PoisonError::into_inner);
            known.get_or_insert(status);
        }
    }

    /// A call of the model that is about to be made.
    pub(crate) fn step(&self, operation: &'static str, request: &llm::Request) -> Step {
        Step::begin(self.0.as_ref(), operation, request)
    }
}

impl Drop for OpenRun {
    fn drop(&mut self) {
        let status = self
            .status
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let status = status.take().unwrap_or(unfinished());
        self.recorder.open().remove(&self.key.id);
        self.recorder.note(Entry::End(self.key, status));
    }
}

/// How something ends that nobody ended.
fn unfinished() -> DebugStatus {
    if std::thread::panicking() {
        DebugStatus::Error
    } else {
        DebugStatus::Interrupted
    }
}
