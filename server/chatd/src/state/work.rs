//! Transitions that the worker makes. Each names what it worked from and is refused when that no longer holds.

use sdk::chats::ChatError;
use sdk::ids::{RunnerId, WorkerId};
use sdk::messages::Message;
use sdk::stream::RetryInfo;
use store::chats::Status;
use store::heartbeats;
use store::messages::NewMessage;

use super::archive::archived_with_queue;
use super::change::{Change, Fence, Locked};
use super::error::StateError;
use super::open_calls::Unanswered;
use super::table::{self, Code};

impl Change {
    /// A worker takes the chat; what an earlier owner streamed is void.
    pub async fn acquire(
        &mut self,
        locked: &mut Locked,
        worker: WorkerId,
        runner: RunnerId,
    ) -> Result<Fence, StateError> {
        locked.enter(&table::ACQUIRE)?;
        locked.chat.worker_id = Some(worker);
        locked.chat.runner_id = Some(runner);
        locked.next_attempt();
        heartbeats::begin(&mut self.tx, locked.chat.id, runner, self.now).await?;
        locked.leave(&table::ACQUIRE)?;
        Ok(Fence::of(&locked.chat, runner))
    }

    /// The owner gives the chat back; another worker goes on with it.
    pub fn abandon(&mut self, locked: &mut Locked, runner: RunnerId) -> Result<(), StateError> {
        if locked.chat.runner_id != Some(runner) {
            return Err(StateError::Stale);
        }
        locked.enter(&table::ABANDON)?;
        locked.clear_owner();
        locked.leave(&table::ABANDON)
    }

    /// An answer, or the results of its calls.
    pub async fn commit_step(
        &mut self,
        locked: &mut Locked,
        fence: &Fence,
        new: Vec<NewMessage>,
    ) -> Result<Vec<Message>, StateError> {
        fence.check(&locked.chat)?;
        locked.enter(&table::COMMIT_STEP)?;
        let inserted = self.insert_messages(locked, new).await?;
        locked.leave(&table::COMMIT_STEP)?;
        Ok(inserted)
    }

    /// The next attempt at the same history begins.
    pub fn record_attempt(
        &mut self,
        locked: &mut Locked,
        fence: &Fence,
    ) -> Result<Fence, StateError> {
        fence.check(&locked.chat)?;
        locked.enter(&table::RECORD_ATTEMPT)?;
        locked.next_attempt();
        locked.leave(&table::RECORD_ATTEMPT)?;
        Ok(Fence::of(&locked.chat, fence.runner_id))
    }

    /// An attempt failed and another will follow.
    pub fn record_retry(
        &mut self,
        locked: &mut Locked,
        fence: &Fence,
        retry: RetryInfo,
    ) -> Result<(), StateError> {
        fence.check(&locked.chat)?;
        locked.enter(&table::RECORD_RETRY)?;
        locked.chat.retry_state = Some(retry);
        locked.chat.retry_state_version = locked.chat.snapshot_version;
        locked.leave(&table::RECORD_RETRY)
    }

    /// The turn is over: the head of the queue is next, or the chat waits.
    pub async fn finish_turn(
        &mut self,
        locked: &mut Locked,
        fence: &Fence,
    ) -> Result<Code, StateError> {
        if locked.chat.runner_id != Some(fence.runner_id) {
            return Err(StateError::Stale);
        }
        locked.enter(&table::FINISH_TURN)?;
        locked.chat.compaction_request = None;
        if self.promote(locked, None).await?.is_none() {
            locked.next_attempt();
            locked.set_status(Status::Waiting);
        }
        locked.leave(&table::FINISH_TURN)?;
        Ok(locked.code())
    }

    /// The turn has stopped: what it had done is kept, open calls are answered, the head of the queue is next.
    pub async fn finish_interruption(
        &mut self,
        locked: &mut Locked,
        runner: Option<RunnerId>,
        partial: Vec<NewMessage>,
    ) -> Result<Code, StateError> {
        if locked.chat.runner_id != runner {
            return Err(StateError::Stale);
        }
        locked.enter(&table::FINISH_INTERRUPTION)?;
        let is_archiving = locked.chat.archive_requested;
        self.insert_messages(locked, partial).await?;
        self.answer_open_calls(locked, Unanswered::Interrupted)
            .await?;
        locked.next_attempt();
        if is_archiving {
            if locked.queue_length > 0 {
                locked.set_error(archived_with_queue());
            } else {
                locked.set_status(Status::Waiting);
            }
            locked.chat.archived = true;
            locked.chat.pin_order = 0;
        } else if self.promote(locked, None).await?.is_some() {
            locked.set_status(Status::Running);
        } else {
            locked.set_status(Status::Waiting);
        }
        locked.leave(&table::FINISH_INTERRUPTION)?;
        Ok(locked.code())
    }

    /// The turn failed.
    pub async fn finish_error(
        &mut self,
        locked: &mut Locked,
        runner: Option<RunnerId>,
        error: ChatError,
    ) -> Result<(), StateError> {
        if locked.chat.runner_id != runner {
            return Err(StateError::Stale);
        }
        locked.enter(&table::FINISH_ERROR)?;
        self.answer_open_calls(locked, Unanswered::Failed).await?;
        locked.next_attempt();
        locked.set_error(error);
        locked.leave(&table::FINISH_ERROR)
    }

    /// Reconciles a chat that is in a state that must not be; false when it is not.
    pub async fn mend(&mut self, locked: &mut Locked) -> Result<bool, StateError> {
        let is_broken = locked.code() == Code::Invalid;
        if is_broken {
            tracing::error!(
                chat = %locked.chat.id,
                status = locked.chat.status.as_str(),
                queue_length = locked.queue_length,
                archived = locked.chat.archived,
                "a chat was in a state that must not be; it is an error now"
            );
            self.reconcile(locked).await?;
        }
        Ok(is_broken)
    }

    /// A combination that must not be becomes an error that says what to do.
    pub async fn reconcile(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        locked.enter(&table::RECONCILE)?;
        self.answer_open_calls(locked, Unanswered::Cancelled)
            .await?;
        locked.chat.archived = false;
        locked.next_attempt();
        locked.set_error(ChatError {
            message:
                "This chat was in a state that cannot be. Nothing is lost; send a message to go on."
                    .to_owned(),
            kind: "generic".to_owned(),
            retryable: true,
            ..ChatError::default()
        });
        locked.leave(&table::RECONCILE)
    }
}
