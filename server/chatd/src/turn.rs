//! A runner works on one chat that its worker owns: it ends interruptions and runs turns until nothing is left.
//!
//! A turn is a loop of steps ([`step`]): the model answers ([`generate`]), the answer is committed, its tool calls
//! run ([`run_tools`]) and their results are committed. The answer is committed **before** its tools run: a server
//! that dies meanwhile finds the calls open and collects what their processes still say, or answers them as
//! interrupted, so no call is ever run twice. A context that is full is summarized between steps ([`compaction`]).

mod attachments;
mod binding;
mod compaction;
mod control;
pub(crate) mod cost;
mod generate;
pub(crate) mod headers;
pub(crate) mod model_overrides;
mod open;
mod outage;
mod preview;
mod provider_calls;
mod publisher;
mod run_tools;
mod step;
mod subagents;
pub(crate) mod title;

use std::sync::Arc;
use std::time::Duration;

use sdk::chats::ChatError;
use sdk::debug::{DebugRunKind, DebugStatus};
use sdk::ids::{ChatId, MessageId, RunnerId};
use sdk::messages::Role;
use store::chat_config;
use store::chats::{self, ChatRow, Status, client_tools};
use store::costs::Call;
use store::messages::{self, MessageRow, NewMessage};
use tokio::time::timeout;

use crate::daemon::{RunnerHandle, Shared, transition};
use crate::debug;
use crate::hub::Channel;
use crate::live::Pair;
use crate::prompt::kept::Known;
use crate::state::change::Fence;
use crate::state::{Code, StateError};
use crate::tools::planning;
pub(crate) use compaction::stored_context_tokens;
use compaction::{Cause, Compacted};
use control::{Control, Stop};
use open::{OpenCalls, Turn};
use outage::Outage;
pub use preview::PreviewError;
pub use title::first_words;

/// A workspace that must be started may take this long before the turn begins without its facts.
const FACTS_DEADLINE: Duration = Duration::from_secs(20);
/// How long a later step waits for what is new in the workspace.
const REFRESH_DEADLINE: Duration = Duration::from_secs(5);
/// Failures in a row before the runner leaves the chat to the next worker; a database that has no space or is away is
/// waited for.
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
    /// The record of the turn under way.
    debug: debug::Run,
    /// The call whose answer is to be committed.
    answered: debug::EndedStep,
    /// Whether `chat` was not looked at yet.
    is_fresh: bool,
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
            debug: debug::Run::default(),
            answered: debug::EndedStep::default(),
            is_fresh: true,
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
                    let is_hopeless = failures >= MAX_FAILURES && !outage::is_temporary(&error);
                    if is_hopeless || !self.wait_out(&error, failures).await {
                        return;
                    }
                }
            }
        }
    }

    async fn pass(&mut self) -> Result<Next, StateError> {
        // The first time it has just been committed; who was quicker still is refused at the next commit.
        if !std::mem::take(&mut self.is_fresh) {
            let chat = chats::get(&self.shared.db, self.chat_id)
                .await?
                .ok_or(StateError::ChatNotFound)?;
            if chat.runner_id != Some(self.id) {
                return Ok(Next::Done);
            }
            self.chat = chat;
        }
        self.moved_to(self.chat.clone());
        match self.chat.status {
            Status::Interrupting => self.finish_interruption(Vec::new()).await,
            Status::Running if self.shared.draining.is_cancelled() => self.abandon().await,
            Status::Running => self.turn().await,
            _ => Ok(Next::Done),
        }
    }

    async fn turn(&mut self) -> Result<Next, StateError> {
        let (db, model) = (&self.shared.db, self.chat.last_model_config_id);
        let (found, config, model, client_tools) = tokio::join!(
            self.find(),
            chat_config::of_turn(db, self.chat.owner_id, model),
            self.shared.models.resolve(model, self.chat.owner_id),
            client_tools::get(db, self.chat_id),
        );
        let (found, config, client_tools) = (found?, config?, client_tools?);
        let model = match model {
            Ok(model) => model,
            Err(error) => {
                if found.open_calls.is_none() {
                    self.shared.prompts.put(self.chat_id, found.known);
                }
                return self.finish_error(error).await;
            }
        };
        let tools = self.shared.tools.tools(&self.chat);
        let mut turn = Turn::new(model, tools, client_tools, &config, &self.chat);
        if let Some(open) = found.open_calls {
            return self.recover(&mut turn, open).await;
        }
        if let Some(stop) = self.refresh(&mut turn, FACTS_DEADLINE).await {
            return self.stop(stop, Vec::new()).await;
        }
        turn.load(found.known);
        if let Some(instructions) = self.chat.compaction_request.clone() {
            return match self.compact(&mut turn, Cause::Person(instructions)).await? {
                Compacted::Ended(next) => Ok(next),
                Compacted::Done | Compacted::Failed => Ok(Next::Again),
            };
        }
        if let Some(text) = found.first_words {
            self.make_title(&text, &turn.model);
        }
        let recorder = self.shared.debug.clone();
        let begun = recorder.begin(DebugRunKind::ChatTurn, &self.chat, &turn.model);
        self.debug = begun.await;
        let next = self.steps(&mut turn).await;
        std::mem::take(&mut self.debug).ends_as(match next {
            Ok(_) => DebugStatus::Completed,
            Err(StateError::Stale) => DebugStatus::Interrupted,
            Err(_) => DebugStatus::Error,
        });
        // However it ended: what came since is read when the chat's next turn begins.
        if let Some(known) = turn.unload() {
            self.shared.prompts.put(self.chat_id, known);
        }
        next
    }

    async fn steps(&mut self, turn: &mut Turn) -> Result<Next, StateError> {
        let max_steps = self.shared.max_steps;
        for number in 0..max_steps {
            // Instructions and tools of the other mode.
            if planning::mode_of(&self.chat) != turn.plan_mode {
                return Ok(Next::Again);
            }
            if number > 0
                && let Some(stop) = self.refresh(turn, REFRESH_DEADLINE).await
            {
                return self.stop(stop, Vec::new()).await;
            }
            if turn.is_full()
                && let Compacted::Ended(next) = self.compact(turn, Cause::Full).await?
            {
                return Ok(next);
            }
            match self.step(turn).await? {
                Next::Step => {}
                next => return Ok(next),
            }
        }
        self.finish_error(ChatError {
            message: format!(
                "The turn was ended after {max_steps} steps. Send a message to go on."
            ),
            kind: "generic".to_owned(),
            retryable: true,
            ..ChatError::default()
        })
        .await
    }

    /// Looks at the workspace again: tools and instruction files may have come since. What is not known in time stays
    /// as it was. Gives the reason to stop when there is one.
    async fn refresh(&mut self, turn: &mut Turn, deadline: Duration) -> Option<Stop> {
        turn.tools = self.shared.tools.tools(&self.chat);
        // The chat may have got its workspace since.
        turn.headers = headers::of(&self.chat);
        turn.works_in(self.chat.workspace_id);
        let tools = turn.tools.clone()?;
        tokio::select! {
            facts = timeout(deadline, tools.facts()) => {
                if let Ok(Some(facts)) = facts {
                    turn.set_facts(facts);
                }
                None
            }
            stop = self.control.stopped() => Some(stop),
        }
    }

    /// What the model is to see: what the last turn left and what came since, or else everything.
    async fn find(&self) -> Result<Found, StateError> {
        let history_version = self.chat.history_version;
        if let Some(mut known) = self.shared.prompts.take(self.chat_id) {
            let since =
                messages::prompt_since(&self.shared.db, self.chat_id, known.history_version);
            let since = since.await?;
            if known.extend(&since, history_version) {
                if cfg!(debug_assertions) {
                    self.prove(&known).await?;
                }
                return Ok(Found {
                    known,
                    open_calls: OpenCalls::of(&since),
                    first_words: self.first_words_of(&since, false),
                });
            }
        }
        let rows = self.rows().await?;
        Ok(Found {
            known: Known::build(&rows, history_version),
            open_calls: OpenCalls::of(&rows),
            first_words: self.first_words_of(&rows, true),
        })
    }

    /// What the chat's title is made of: its first message as long as that is the only one of a person, whatever was done for it
    /// already; a later one when the chat began without a word, with a picture.
    fn first_words_of(&self, rows: &[MessageRow], are_all: bool) -> Option<String> {
        if !self.chat.is_title_fallback {
            return None;
        }
        let said = rows.iter().filter(|row| row.message.role == Role::User);
        let said: Vec<String> = said.map(|row| row.message.text()).collect();
        let is_wanted = self.chat.title == title::UNTITLED || are_all && said.len() == 1;
        let mut words = said.into_iter().filter(|text| !text.trim().is_empty());
        is_wanted.then(|| words.next()).flatten()
    }

    /// Debug builds compare each kept prompt with the chat's rows.
    async fn prove(&self, known: &Known) -> Result<(), StateError> {
        let rows = self.rows().await?;
        let chat = chats::get(&self.shared.db, self.chat_id).await?;
        let is_same_history =
            chat.is_some_and(|chat| chat.history_version == known.history_version);
        assert!(
            !is_same_history || *known == Known::build(&rows, known.history_version),
            "a kept prompt differs from the chat's rows"
        );
        Ok(())
    }

    /// Everything that the model sees.
    async fn rows(&self) -> Result<Vec<MessageRow>, StateError> {
        Ok(messages::prompt(&self.shared.db, self.chat_id).await?)
    }

    /// The chat after a commit of ours; what was streamed before is void.
    fn moved_to(&mut self, chat: ChatRow) {
        self.channel.live.begin(pair_of(&chat));
        self.control.committed(chat.snapshot_version);
        self.chat = chat;
    }

    /// The chat after a commit that may have an answer in it.
    fn committed(&mut self, chat: ChatRow, answer: Option<MessageId>) {
        self.moved_to(chat);
        if let Some(message) = answer {
            std::mem::take(&mut self.answered).became(message);
        }
    }

    fn fence(&self) -> Fence {
        Fence::of(&self.chat, self.id)
    }

    fn pair(&self) -> Pair {
        pair_of(&self.chat)
    }

    /// Acts on a reason to stop; `partial` is what an interrupted answer keeps.
    async fn stop(&mut self, stop: Stop, partial: Vec<NewMessage>) -> Result<Next, StateError> {
        self.debug.ends_as(DebugStatus::Interrupted);
        match stop {
            Stop::Interrupted => self.finish_interruption(partial).await,
            Stop::Lost => Ok(Next::Done),
            Stop::Draining => self.abandon().await,
        }
    }

    async fn finish_interruption(&mut self, partial: Vec<NewMessage>) -> Result<Next, StateError> {
        let mut outage = Outage::default();
        loop {
            let outcome = self.try_finish_interruption(partial.clone()).await;
            if let Some(outcome) = self.outlast(&mut outage, outcome).await {
                return outcome;
            }
        }
    }

    async fn try_finish_interruption(
        &mut self,
        partial: Vec<NewMessage>,
    ) -> Result<Next, StateError> {
        let runner = Some(self.id);
        let ((landed, answer), chat) = transition!(self.shared, self.chat_id, |change, locked| {
            let landed = change.finish_interruption(&mut locked, runner, partial);
            (landed.await?, locked.answer)
        });
        self.committed(chat, answer);
        Ok(next_after(landed))
    }

    /// Books a call of which nothing else is kept.
    async fn book(&self, call: &Call) -> Result<(), StateError> {
        cost::book(&self.shared, self.chat_id, call).await
    }

    /// Books a call that did not come to its end. Whatever ended it goes on without it too.
    async fn book_told(&self, call: Option<Call>) {
        if let Some(call) = call
            && let Err(error) = self.book(&call).await
        {
            tracing::warn!(chat = %self.chat_id, %error, "what a broken answer cost could not be booked");
        }
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
        self.debug.ends_as(if is_stopped {
            DebugStatus::Interrupted
        } else {
            DebugStatus::Error
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

/// What a turn begins with.
struct Found {
    known: Known,
    open_calls: Option<OpenCalls>,
    /// What the chat's title is to be made of, when it has none.
    first_words: Option<String>,
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
