//! One step: an answer, and the results of its calls. Both are committed when they are whole.

use llm::FinishReason;
use sdk::chats::ChatError;
use sdk::messages::{CutShort, Role};
use sdk::parts::{Part, ToolCallPart};
use store::chats::Status;
use store::costs::Call;
use store::messages::NewMessage;

use super::compaction::{self, Cause, Compacted};
use super::control::Stop;
use super::generate::{Answer, Generated, chat_error};
use super::outage::Outage;
use super::run_tools::Mode;
use super::{Next, OpenCalls, Runner, Turn, cost, provider_calls};
use crate::daemon::transition;
use crate::state::change::Fence;
use crate::state::{Code, StateError};

/// Where a commit landed.
#[derive(Clone, Copy)]
enum Landed {
    Committed(Code),
    /// A person stopped the turn while the step became whole; it was kept.
    Interrupted(Code),
}

/// What follows a commit, in the same transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// The turn goes on.
    GoOn,
    /// The turn is over.
    EndTurn,
    /// The client must answer its calls.
    AskClient,
}

impl Runner {
    pub(super) async fn step(&mut self, turn: &mut Turn) -> Result<Next, StateError> {
        turn.load_files(&self.shared.db, self.chat.owner_id).await?;
        let answer = match self.generate(turn).await? {
            Generated::Answer(answer) => answer,
            Generated::Stopped(stop, mut parts, told) => {
                provider_calls::close(&mut parts, provider_calls::STOPPED, self.shared.clock.now());
                // Only what a person stopped is kept, and has its price with it.
                if stop != Stop::Interrupted || parts.is_empty() {
                    self.book_told(told.clone()).await;
                }
                let partial = Self::assistant(turn, parts, told, Some(CutShort::Stopped));
                return self.stop(stop, partial).await;
            }
            Generated::Failed(error) => return self.generation_failed(turn, error).await,
        };
        turn.context_tokens = compaction::context_tokens(&answer.usage);
        let calls = calls_of(&answer.parts);
        if calls.is_empty() {
            let goes_on = answer.finish_reason == FinishReason::Paused && !answer.parts.is_empty();
            return if goes_on {
                self.go_on(turn, answer).await
            } else {
                self.end_turn(turn, answer).await
            };
        }
        let (client, local): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|call| turn.is_client_call(&call.tool_name));
        let after = if local.is_empty() {
            After::AskClient
        } else {
            After::GoOn
        };
        let parts = answer.parts.clone();
        let call = cost::call(&answer.usage, &turn.model, answer.runtime);
        let cut_short = cut_short(answer.finish_reason);
        let messages = Self::assistant(turn, answer.parts, Some(call), cut_short);
        let landed = self.commit(messages, after).await?;
        if let (Landed::Interrupted(code), _) | (Landed::Committed(code), After::AskClient) =
            (landed, after)
        {
            return Ok(super::next_after(code));
        }
        turn.prompt.push(Role::Assistant, &parts);
        turn.known_at = Some(self.chat.history_version);
        // A loss of power must not make the model ask again for what a tool has done already.
        self.shared.db.durable().await?;
        let revision = self.chat.history_version;
        let (results, stop) = self.run_tools(turn, &local, Mode::Run, revision).await;
        if let Some(stop) = stop {
            return self.stop(stop, results).await;
        }
        self.commit_results(turn, results, !client.is_empty()).await
    }

    /// Commits the results of a step's calls; the client is asked for what is left.
    async fn commit_results(
        &mut self,
        turn: &mut Turn,
        results: Vec<NewMessage>,
        asks_client: bool,
    ) -> Result<Next, StateError> {
        turn.known_at = None;
        for result in &results {
            turn.prompt.push(Role::Tool, &result.content);
        }
        let after = match asks_client {
            true => After::AskClient,
            false if turn.is_ended_by(&results) => After::EndTurn,
            false => After::GoOn,
        };
        let landed = self.commit(results, after).await?;
        if self.is_all_of(landed, after) {
            turn.known_at = Some(self.chat.history_version);
        }
        match (landed, after) {
            (Landed::Committed(_), After::GoOn) if self.shared.draining.is_cancelled() => {
                self.abandon().await
            }
            (Landed::Committed(_), After::GoOn) => Ok(Next::Step),
            (Landed::Committed(code) | Landed::Interrupted(code), _) => Ok(super::next_after(code)),
        }
    }

    /// Answers the calls that a server left open that is gone: with what their processes still have to say, else as
    /// interrupted. Calls of the client stay open, and the client is asked.
    pub(super) async fn recover(
        &mut self,
        turn: &mut Turn,
        open: OpenCalls,
    ) -> Result<Next, StateError> {
        let (client, local): (Vec<_>, Vec<_>) = open
            .calls
            .into_iter()
            .partition(|call| turn.is_client_call(&call.tool_name));
        let (results, stop) = self
            .run_tools(turn, &local, Mode::Resume, open.revision)
            .await;
        if let Some(stop) = stop {
            return self.stop(stop, results).await;
        }
        let after = if client.is_empty() {
            After::GoOn
        } else {
            After::AskClient
        };
        match self.commit(results, after).await? {
            Landed::Committed(code) | Landed::Interrupted(code) => Ok(super::next_after(code)),
        }
    }

    /// The provider paused: it is asked again with what it said, and goes on from there.
    async fn go_on(&mut self, turn: &mut Turn, answer: Answer) -> Result<Next, StateError> {
        let call = cost::call(&answer.usage, &turn.model, answer.runtime);
        let messages = Self::assistant(turn, answer.parts.clone(), Some(call), None);
        match self.commit(messages, After::GoOn).await? {
            Landed::Interrupted(code) => Ok(super::next_after(code)),
            Landed::Committed(_) => {
                turn.prompt.push(Role::Assistant, &answer.parts);
                turn.known_at = Some(self.chat.history_version);
                if self.shared.draining.is_cancelled() {
                    return self.abandon().await;
                }
                Ok(Next::Step)
            }
        }
    }

    /// The last answer of a turn and its end, in one transaction.
    async fn end_turn(&mut self, turn: &mut Turn, mut answer: Answer) -> Result<Next, StateError> {
        provider_calls::close(
            &mut answer.parts,
            provider_calls::FORGOTTEN,
            self.shared.clock.now(),
        );
        let call = cost::call(&answer.usage, &turn.model, answer.runtime);
        if answer.parts.is_empty() {
            self.book(&call).await?;
        }
        let cut_short = cut_short(answer.finish_reason);
        let messages = Self::assistant(turn, answer.parts.clone(), Some(call), cut_short);
        if is_silent(&answer.parts) && answer.finish_reason != FinishReason::Stop {
            let error = empty_answer(answer.finish_reason, turn.model.model.provider());
            // What it thought is kept, and has its price with it.
            if !messages.is_empty()
                && let Landed::Interrupted(code) = self.commit(messages, After::GoOn).await?
            {
                return Ok(super::next_after(code));
            }
            return self.finish_error(error).await;
        }
        let landed = self.commit(messages, After::EndTurn).await?;
        if self.is_all_of(landed, After::EndTurn) {
            turn.prompt.push(Role::Assistant, &answer.parts);
            turn.known_at = Some(self.chat.history_version);
        }
        let (Landed::Committed(code) | Landed::Interrupted(code)) = landed;
        Ok(super::next_after(code))
    }

    /// Whether a commit added nothing but what it was given. A person may have stopped the turn meanwhile, and with a
    /// turn's end a queued message joins the history.
    fn is_all_of(&self, landed: Landed, after: After) -> bool {
        let is_open = after != After::EndTurn || self.chat.status == Status::Waiting;
        matches!(landed, Landed::Committed(_)) && is_open
    }

    /// A history that is too long for the model is summarized; everything else ends the turn.
    async fn generation_failed(
        &mut self,
        turn: &mut Turn,
        error: llm::Error,
    ) -> Result<Next, StateError> {
        if compaction::is_overflow(&error) && turn.may_compact() {
            match self.compact(turn, Cause::Overflow).await? {
                Compacted::Done => return Ok(Next::Step),
                Compacted::Ended(next) => return Ok(next),
                Compacted::Failed => {}
            }
        }
        self.finish_error(chat_error(error)).await
    }

    /// Commits messages; when a person stopped the turn meanwhile they are kept as its partial work. What was made is
    /// kept until the database takes it: an answer has its price, and tools do not run twice.
    async fn commit(
        &mut self,
        messages: Vec<NewMessage>,
        after: After,
    ) -> Result<Landed, StateError> {
        let mut outage = Outage::default();
        loop {
            let outcome = self.try_commit(messages.clone(), after).await;
            if let Some(outcome) = self.outlast(&mut outage, outcome).await {
                return outcome;
            }
        }
    }

    async fn try_commit(
        &mut self,
        messages: Vec<NewMessage>,
        after: After,
    ) -> Result<Landed, StateError> {
        let fence = self.fence();
        let ((landed, answer), chat) = transition!(self.shared, self.chat_id, |change, locked| {
            fence.check(&locked.chat)?;
            let landed = if locked.chat.status == Status::Interrupting {
                let runner = Some(fence.runner_id);
                Landed::Interrupted(
                    change
                        .finish_interruption(&mut locked, runner, messages)
                        .await?,
                )
            } else {
                change.commit_step(&mut locked, &fence, messages).await?;
                let fence = Fence::of(&locked.chat, fence.runner_id);
                match after {
                    After::GoOn => {}
                    After::EndTurn => drop(change.finish_turn(&mut locked, &fence).await?),
                    After::AskClient => change.enter_action(&mut locked, &fence)?,
                }
                Landed::Committed(locked.code())
            };
            (landed, locked.answer)
        });
        self.committed(chat, answer);
        Ok(landed)
    }

    /// The answer as a row, with what the provider told of its call. Nothing for an empty answer.
    fn assistant(
        turn: &Turn,
        parts: Vec<Part>,
        call: Option<Call>,
        cut_short: Option<CutShort>,
    ) -> Vec<NewMessage> {
        if parts.is_empty() {
            return Vec::new();
        }
        let mut message = NewMessage {
            model_config_id: Some(turn.model.model_config_id),
            cut_short,
            ..NewMessage::new(Role::Assistant, parts)
        };
        if let Some(call) = call {
            message.usage = call.usage;
            message.total_cost_micros = call.total_cost_micros;
            message.runtime_ms = call.runtime_ms;
        }
        vec![message]
    }
}

const fn cut_short(reason: FinishReason) -> Option<CutShort> {
    match reason {
        FinishReason::Length => Some(CutShort::Length),
        FinishReason::ContentFilter => Some(CutShort::ContentFilter),
        FinishReason::Stop
        | FinishReason::ToolCalls
        | FinishReason::Paused
        | FinishReason::Other => None,
    }
}

/// Whether an answer holds nothing that is meant for its reader: nothing at all, or thoughts alone.
fn is_silent(parts: &[Part]) -> bool {
    parts.iter().all(|part| match part {
        Part::Text { text } => text.trim().is_empty(),
        part => matches!(part, Part::Reasoning(_)),
    })
}

fn calls_of(parts: &[Part]) -> Vec<ToolCallPart> {
    parts
        .iter()
        .filter_map(|part| match part {
            Part::ToolCall(call) if !call.provider_executed => Some(call.clone()),
            _ => None,
        })
        .collect()
}

fn empty_answer(reason: FinishReason, provider: &str) -> ChatError {
    let message = match reason {
        FinishReason::Length => {
            format!(
                "{provider} used up its answer without a word. Raise the model's output limit, or try again."
            )
        }
        FinishReason::ContentFilter => {
            format!("{provider} withheld its answer. Put it differently, or try again.")
        }
        _ => format!("{provider} gave an empty answer. Try again."),
    };
    ChatError {
        message,
        kind: "generic".to_owned(),
        provider: Some(provider.to_owned()),
        retryable: true,
        ..ChatError::default()
    }
}
