//! A runner works on one chat that its worker owns: it ends interruptions and runs turns until nothing is left.
//!
//! A turn is a loop of steps ([`step`]): the model answers ([`generate`]), the answer is committed, its tool calls
//! run ([`run_tools`]) and their results are committed. The answer is committed **before** its tools run: a server
//! that dies meanwhile finds the calls open and answers them as interrupted, so no call is ever run twice.

mod control;
mod cost;
mod generate;
mod publisher;
mod run_tools;
mod step;
mod title;

use std::sync::Arc;
use std::time::Duration;

use sdk::chats::ChatError;
use sdk::ids::{ChatId, RunnerId};
use store::chats::{self, ChatRow, Status};
use store::messages::{self, MessageRow, NewMessage};

use crate::daemon::{RunnerHandle, Shared, transition};
use crate::hub::Channel;
use crate::live::Pair;
use crate::prompt::{self, Prompt};
use crate::sources::ResolvedModel;
use crate::state::change::Fence;
use crate::state::{Code, StateError};
use crate::tools::ToolSet;
use control::{Control, Stop};
pub use title::first_words;

/// Steps of one turn.
const MAX_STEPS: u32 = 1200;
/// Failures of the database in a row before the runner leaves the chat to the next worker.
const MAX_FAILURES: u32 = 5;

/// Works on one chat.
pub(crate) struct Runner {
    shared: Arc<Shared>,
    chat_id: ChatId,
    /// The acquisition it works under.
    id: RunnerId,
    chat: ChatRow,
    channel: Arc<Channel>,
    control: Control,
}

/// What a turn works with.
pub(crate) struct Turn {
    model: ResolvedModel,
    tools: Option<Arc<dyn ToolSet>>,
    prompt: Prompt,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another step of the same turn.
    Step,
    /// Look at the chat again.
    Again,
    /// The chat is not ours any more, or idle.
    Done,
}

impl Runner {
    pub(crate) fn new(shared: Arc<Shared>, chat: ChatRow, handle: &RunnerHandle) -> Self {
        let channel = shared.hub.channel(chat.id);
        let control = Control::new(&shared, &channel, &chat, handle);
        Self {
            chat_id: chat.id,
            id: handle.runner_id,
            shared,
            chat,
            channel,
            control,
        }
    }

    /// Works until nothing is left.
    pub(crate) async fn run(mut self) {
        let mut failures = 0;
        loop {
            match self.pass().await {
                Ok(Next::Again | Next::Step) => failures = 0,
                Ok(Next::Done)
                | Err(StateError::Stale | StateError::ChatNotFound | StateError::Archived) => {
                    return;
                }
                // Somebody was quicker: look again.
                Err(StateError::Refused { .. }) if failures < MAX_FAILURES => failures += 1,
                Err(error) => {
                    failures += 1;
                    tracing::error!(chat = %self.chat_id, %error, failures, "a turn was disturbed");
                    if failures >= MAX_FAILURES {
                        return;
                    }
                    tokio::time::sleep(Duration::from_secs(failures.into())).await;
                }
            }
        }
    }

    async fn pass(&mut self) -> Result<Next, StateError> {
        let chat = chats::get(&self.shared.db, self.chat_id)
            .await?
            .ok_or(StateError::ChatNotFound)?;
        if chat.runner_id != Some(self.id) {
            return Ok(Next::Done);
        }
        self.moved_to(chat);
        match self.chat.status {
            Status::Interrupting => self.finish_interruption(Vec::new()).await,
            Status::Running if self.shared.draining.is_cancelled() => self.abandon().await,
            Status::Running => self.turn().await,
            _ => Ok(Next::Done),
        }
    }

    async fn turn(&mut self) -> Result<Next, StateError> {
        let rows = self.history().await?;
        let model = match self
            .shared
            .models
            .resolve(self.chat.last_model_config_id)
            .await
        {
            Ok(model) => model,
            Err(error) => return self.finish_error(error).await,
        };
        let tools = self.shared.tools.tools(&self.chat);
        let facts = match &tools {
            None => None,
            Some(tools) => tokio::select! {
                facts = tools.facts() => facts,
                stop = self.control.stopped() => return self.stop(stop, Vec::new()).await,
            },
        };
        self.make_title(&rows, &model);
        let mut turn = Turn {
            model,
            tools,
            prompt: prompt::build(&rows, facts),
        };
        for _ in 0..MAX_STEPS {
            match self.step(&mut turn).await? {
                Next::Step => {}
                next => return Ok(next),
            }
        }
        self.finish_error(ChatError {
            message: format!(
                "The turn was ended after {MAX_STEPS} steps. Send a message to go on."
            ),
            kind: "generic".to_owned(),
            retryable: true,
            ..ChatError::default()
        })
        .await
    }

    /// What the model sees, with the calls answered that a dead worker left open.
    async fn history(&mut self) -> Result<Vec<MessageRow>, StateError> {
        let mut tx = self.shared.db.begin_read().await?;
        let rows = messages::prompt(&mut tx, self.chat_id).await?;
        tx.rollback().await?;
        if !has_open_calls(&rows) {
            return Ok(rows);
        }
        let fence = self.fence();
        let (_, chat) = transition!(self.shared, self.chat_id, |change, locked| {
            change.commit_recovery(&mut locked, &fence).await?
        });
        self.moved_to(chat);
        let mut tx = self.shared.db.begin_read().await?;
        let rows = messages::prompt(&mut tx, self.chat_id).await?;
        tx.rollback().await?;
        Ok(rows)
    }

    /// The chat after a commit of ours; what was streamed before is void.
    fn moved_to(&mut self, chat: ChatRow) {
        self.channel.live.begin(pair_of(&chat));
        self.control.committed(chat.snapshot_version);
        self.chat = chat;
    }

    fn fence(&self) -> Fence {
        Fence::of(&self.chat, self.id)
    }

    fn pair(&self) -> Pair {
        pair_of(&self.chat)
    }

    /// Acts on a reason to stop; `partial` is what an interrupted answer keeps.
    async fn stop(&mut self, stop: Stop, partial: Vec<NewMessage>) -> Result<Next, StateError> {
        match stop {
            Stop::Interrupted => self.finish_interruption(partial).await,
            Stop::Lost => Ok(Next::Done),
            Stop::Draining => self.abandon().await,
        }
    }

    async fn finish_interruption(&mut self, partial: Vec<NewMessage>) -> Result<Next, StateError> {
        let runner = Some(self.id);
        let (landed, chat) = transition!(self.shared, self.chat_id, |change, locked| {
            change
                .finish_interruption(&mut locked, runner, partial)
                .await?
        });
        self.moved_to(chat);
        Ok(next_after(landed))
    }

    async fn finish_error(&mut self, error: ChatError) -> Result<Next, StateError> {
        let runner = Some(self.id);
        let (is_stopped, chat) = transition!(self.shared, self.chat_id, |change, locked| {
            let is_stopped = locked.chat.status == Status::Interrupting;
            if is_stopped {
                change
                    .finish_interruption(&mut locked, runner, Vec::new())
                    .await?;
            } else {
                change.finish_error(&mut locked, runner, error).await?;
            }
            is_stopped
        });
        self.moved_to(chat);
        Ok(if is_stopped && self.chat.status == Status::Running {
            Next::Again
        } else {
            Next::Done
        })
    }

    async fn abandon(&mut self) -> Result<Next, StateError> {
        let runner = self.id;
        transition!(self.shared, self.chat_id, |change, locked| change
            .abandon(&mut locked, runner)?);
        Ok(Next::Done)
    }
}

fn pair_of(chat: &ChatRow) -> Pair {
    (chat.history_version, chat.generation_attempt)
}

fn next_after(landed: Code) -> Next {
    if matches!(landed, Code::R0 | Code::R1) {
        Next::Again
    } else {
        Next::Done
    }
}

fn has_open_calls(rows: &[MessageRow]) -> bool {
    use crate::state::open_calls::open_calls;
    let last = rows
        .iter()
        .rposition(|row| row.message.role == sdk::messages::Role::Assistant);
    let Some(last) = last else { return false };
    let (Some(answer), Some(after)) = (rows.get(last), rows.get(last + 1..)) else {
        return false;
    };
    !open_calls(
        &answer.message.content,
        after.iter().flat_map(|row| &row.message.content),
    )
    .is_empty()
}
