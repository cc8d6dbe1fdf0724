//! The daemon: what the rest of the product calls. Commands of people go through here, each one transaction; the
//! work that they cause is claimed in the same transaction when this process runs a worker, so a message starts its
//! turn without a detour.

mod commands;
mod context;
mod queue;
pub(crate) mod read_cursor;
mod titles;

pub use titles::TitleError;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use sdk::chats::ChatError;
use sdk::ids::{ChatId, RunnerId, WorkerId};
use store::chats::{ChatRow, Status};
use store::debug::cleanup::Edited;
use store::{Clock, Db, Notices};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::debug::{DebugPolicy, Recorder, STALE_AFTER};
use crate::hub::Hub;
use crate::prompt::kept::KeptPrompts;
use crate::sources::ModelSource;
use crate::state::{Change, Locked, StateError};
use crate::tools::ToolSource;
use crate::turn::Runner;

/// How long a shut-down waits for running steps.
const DRAIN_DEADLINE: Duration = Duration::from_secs(15);

/// Runs `$body` on a locked chat in one transaction; gives its value and the chat's row after the commit.
macro_rules! transition {
    ($shared:expr, $lock:ident($chat_id:expr), |$change:ident, $locked:ident| $body:expr) => {{
        let mut $change = $crate::state::Change::begin(&$shared.db, $shared.clock.now()).await?;
        let mut $locked = $change.$lock($chat_id).await?;
        let value = $body;
        let committed = $change.close($locked).await?;
        $change.commit(&$shared.notices).await?;
        (value, committed.chat)
    }};
    ($shared:expr, $chat_id:expr, |$change:ident, $locked:ident| $body:expr) => {
        $crate::daemon::transition!($shared, lock($chat_id), |$change, $locked| $body)
    };
}
pub(crate) use transition;

/// Times of the worker.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// Between two signs of life.
    pub heartbeat: Duration,
    /// A worker that was silent this long is dead.
    pub expiry: Duration,
    /// The acquisition loop looks at least this often.
    pub acquire: Duration,
    /// No pause before another attempt is longer.
    pub longest_retry_pause: Duration,
    /// Between two signs of life in what is recorded of calls under way; well within [`STALE_AFTER`].
    pub record_heartbeat: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            // Together: what a dead process ran goes on elsewhere within half a minute.
            heartbeat: Duration::from_secs(6),
            expiry: Duration::from_secs(20),
            acquire: Duration::from_secs(5),
            longest_retry_pause: Duration::from_hours(1),
            record_heartbeat: STALE_AFTER / 2,
        }
    }
}

/// Steps after which a turn is ended: more than any work needs, and far fewer than a model that goes in circles makes.
pub const MAX_STEPS: u32 = 1200;

/// What the daemon is built from.
#[derive(Clone, Debug)]
pub struct DaemonOptions {
    /// The database.
    pub db: Db,
    /// Where commits are announced.
    pub notices: Notices,
    /// Tells the time.
    pub clock: Clock,
    /// Models.
    pub models: Arc<dyn ModelSource>,
    /// Tools.
    pub tools: Arc<dyn ToolSource>,
    /// Times.
    pub timings: Timings,
    /// Steps after which a turn is ended: [`MAX_STEPS`] but in tests.
    pub max_steps: u32,
    /// Whose calls of models are recorded.
    pub debug: Arc<dyn DebugPolicy>,
}

/// The chat daemon. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Daemon {
    pub(crate) shared: Arc<Shared>,
}

/// What all parts of the daemon share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) db: Db,
    pub(crate) notices: Notices,
    pub(crate) clock: Clock,
    pub(crate) hub: Hub,
    pub(crate) models: Arc<dyn ModelSource>,
    pub(crate) tools: Arc<dyn ToolSource>,
    pub(crate) timings: Timings,
    pub(crate) max_steps: u32,
    pub(crate) debug: Recorder,
    pub(crate) worker_id: WorkerId,
    /// Set when the worker gives its chats back.
    pub(crate) draining: CancellationToken,
    /// Ends the loops.
    pub(crate) stopped: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) prompts: KeptPrompts,
    runners: Mutex<Runners>,
}

#[derive(Debug, Default)]
struct Runners {
    is_started: bool,
    by_chat: HashMap<ChatId, RunnerHandle>,
}

/// A chat that this process runs.
#[derive(Clone, Debug)]
pub(crate) struct RunnerHandle {
    pub(crate) runner_id: RunnerId,
    /// Cancelled when somebody else owns the chat.
    pub(crate) lost: CancellationToken,
}

impl Daemon {
    /// A daemon that serves commands and streams; [`Self::start`] makes it work on chats too.
    pub fn new(options: DaemonOptions) -> Self {
        let (debug, writer) =
            Recorder::new(&options.db, &options.notices, &options.clock, options.debug);
        let shared = Shared {
            db: options.db,
            notices: options.notices,
            clock: options.clock,
            hub: Hub::default(),
            models: options.models,
            tools: options.tools,
            timings: options.timings,
            max_steps: options.max_steps,
            debug,
            worker_id: WorkerId::generate(),
            draining: CancellationToken::new(),
            stopped: CancellationToken::new(),
            tasks: TaskTracker::new(),
            prompts: KeptPrompts::default(),
            runners: Mutex::default(),
        };
        let daemon = Self {
            shared: Arc::new(shared),
        };
        daemon.spawn_dispatch();
        let stopped = daemon.shared.stopped.clone();
        let heartbeat = daemon.shared.timings.record_heartbeat;
        daemon.shared.tasks.spawn(writer.run(stopped, heartbeat));
        daemon
    }

    /// Begins to work on chats.
    pub fn start(&self) {
        self.shared.runners().is_started = true;
        let shared = &self.shared;
        shared
            .tasks
            .spawn(crate::worker::acquire_loop(Arc::clone(shared)));
        shared
            .tasks
            .spawn(crate::worker::heartbeat_loop(Arc::clone(shared)));
    }

    /// Takes no more work, lets running tools end, and gives the chats back; another process or another start goes on
    /// with them. Commands and streams are served on.
    pub async fn drain(&self) {
        self.shared.draining.cancel();
        let deadline = tokio::time::Instant::now() + DRAIN_DEADLINE;
        while !self.shared.runners().by_chat.is_empty() && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Drains and ends everything that runs.
    pub async fn shut_down(&self) {
        self.drain().await;
        self.shared.stopped.cancel();
        self.shared.tasks.close();
        let _ = tokio::time::timeout(Duration::from_secs(1), self.shared.tasks.wait()).await;
    }

    fn spawn_dispatch(&self) {
        let shared = Arc::clone(&self.shared);
        let subscription = shared.notices.subscribe();
        self.shared.tasks.spawn(async move {
            tokio::select! {
                () = shared.hub.dispatch(subscription) => {}
                () = shared.stopped.cancelled() => {}
            }
        });
    }
}

impl Shared {
    fn runners(&self) -> MutexGuard<'_, Runners> {
        self.runners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process may take work.
    pub(crate) fn takes_work(&self) -> bool {
        self.runners().is_started && !self.draining.is_cancelled()
    }

    /// The chats that run here.
    pub(crate) fn running(&self) -> Vec<(ChatId, RunnerHandle)> {
        self.runners()
            .by_chat
            .iter()
            .map(|(chat, handle)| (*chat, handle.clone()))
            .collect()
    }

    /// Whether a runner of this process works on the chat.
    pub(crate) fn is_running(&self, chat_id: ChatId) -> bool {
        let runners = self.runners();
        let handle = runners.by_chat.get(&chat_id);
        handle.is_some_and(|handle| !handle.lost.is_cancelled())
    }

    /// Takes the chat in the same transaction, when it has work that nobody does. An interruption that no worker
    /// carries out is ended at once.
    pub(crate) async fn claim(
        &self,
        change: &mut Change,
        locked: &mut Locked,
    ) -> Result<(), StateError> {
        if locked.chat.status == Status::Interrupting && locked.chat.worker_id.is_none() {
            change.finish_interruption(locked, None, Vec::new()).await?;
        }
        let has_work = locked.chat.status == Status::Running && locked.chat.worker_id.is_none();
        if has_work && self.takes_work() {
            change
                .acquire(locked, self.worker_id, RunnerId::generate())
                .await?;
        }
        Ok(())
    }

    /// Runs a chat that this worker owns, unless that runner runs already.
    pub(crate) fn run(self: &Arc<Self>, chat: ChatRow) {
        let Some(runner_id) = chat
            .runner_id
            .filter(|_| chat.worker_id == Some(self.worker_id))
        else {
            return;
        };
        let handle = RunnerHandle {
            runner_id,
            lost: CancellationToken::new(),
        };
        let chat_id = chat.id;
        {
            let mut runners = self.runners();
            let known = runners.by_chat.get(&chat_id);
            if known.is_some_and(|known| known.runner_id == runner_id) {
                return;
            }
            if let Some(replaced) = runners.by_chat.insert(chat_id, handle.clone()) {
                replaced.lost.cancel();
            }
        }
        let runner = Runner::new(Arc::clone(self), chat, &handle);
        let running = Running {
            shared: Arc::clone(self),
            chat_id,
            runner_id,
        };
        self.tasks.spawn(async move {
            if AssertUnwindSafe(runner.run()).catch_unwind().await.is_err() {
                running.end_after_panic().await;
            }
        });
    }

    /// Deletes what is recorded of turns that are gone, beside everything else.
    pub(crate) fn forget_records(&self, chat_id: ChatId, edited: Option<Edited>) {
        let recorder = self.debug.clone();
        self.tasks
            .spawn(async move { recorder.forget(chat_id, edited).await });
    }

    fn forget(&self, chat_id: ChatId, runner_id: RunnerId) {
        let mut runners = self.runners();
        if runners
            .by_chat
            .get(&chat_id)
            .is_some_and(|known| known.runner_id == runner_id)
        {
            runners.by_chat.remove(&chat_id);
        }
    }
}

/// A chat that runs here for as long as this lives, however the turn ends.
struct Running {
    shared: Arc<Shared>,
    chat_id: ChatId,
    runner_id: RunnerId,
}

impl Running {
    /// A defect of ours must not leave the chat running: its turn ends with an error that can be tried again. When
    /// that fails too, the heartbeat expires and another worker goes on.
    async fn end_after_panic(&self) {
        tracing::error!(chat = %self.chat_id, "a turn panicked");
        if let Err(error) = self.fail().await {
            tracing::error!(chat = %self.chat_id, %error, "a turn that panicked could not be ended");
        }
    }

    async fn fail(&self) -> Result<(), StateError> {
        let runner = Some(self.runner_id);
        transition!(self.shared, self.chat_id, |change, locked| {
            if locked.chat.status == Status::Interrupting {
                change
                    .finish_interruption(&mut locked, runner, Vec::new())
                    .await?;
            } else {
                change.finish_error(&mut locked, runner, panicked()).await?;
            }
            // The head of the queue is next; whoever takes the chat begins with it.
            if locked.chat.runner_id.is_some() {
                change.abandon(&mut locked, self.runner_id)?;
            }
        });
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.forget(self.chat_id, self.runner_id);
    }
}

fn panicked() -> ChatError {
    ChatError {
        message: "The server failed while it worked on this turn. Nothing that was saved is lost; try again."
            .to_owned(),
        kind: "generic".to_owned(),
        retryable: true,
        ..ChatError::default()
    }
}
