//! One step: an answer, and the results of its calls. Both are committed when they are whole.

use llm::FinishReason;
use sdk::chats::ChatError;
use sdk::messages::Role;
use sdk::parts::{Part, ToolCallPart};
use store::chats::Status;
use store::messages::NewMessage;

use super::generate::{Answer, Generated};
use super::{Next, Runner, Turn, cost};
use crate::daemon::transition;
use crate::state::{Code, StateError};

/// Where a commit landed.
enum Landed {
    Committed(Code),
    /// A person stopped the turn while the step became whole; it was kept.
    Interrupted(Code),
}

impl Runner {
    pub(super) async fn step(&mut self, turn: &mut Turn) -> Result<Next, StateError> {
        let answer = match self.generate(turn).await? {
            Generated::Answer(answer) => answer,
            Generated::Stopped(stop, parts) => {
                let partial = Self::assistant(turn, parts, None);
                return self.stop(stop, partial).await;
            }
            Generated::Failed(error) => return self.finish_error(error).await,
        };
        let calls = calls_of(&answer.parts);
        if calls.is_empty() {
            return self.end_turn(turn, answer).await;
        }
        let parts = answer.parts.clone();
        let messages = Self::assistant(turn, answer.parts.clone(), Some(&answer));
        if let Landed::Interrupted(code) = self.commit(messages, false).await? {
            return Ok(super::next_after(code));
        }
        turn.prompt.push(Role::Assistant, &parts);
        self.answer_calls(turn, calls).await
    }

    async fn answer_calls(
        &mut self,
        turn: &mut Turn,
        calls: Vec<ToolCallPart>,
    ) -> Result<Next, StateError> {
        let (results, stop) = self.run_tools(turn, &calls).await;
        if let Some(stop) = stop {
            return self.stop(stop, results).await;
        }
        for result in &results {
            turn.prompt.push(Role::Tool, &result.content);
        }
        match self.commit(results, false).await? {
            Landed::Interrupted(code) => Ok(super::next_after(code)),
            Landed::Committed(_) if self.shared.draining.is_cancelled() => self.abandon().await,
            Landed::Committed(_) => Ok(Next::Step),
        }
    }

    /// The last answer of a turn and its end, in one transaction.
    async fn end_turn(&mut self, turn: &Turn, answer: Answer) -> Result<Next, StateError> {
        if answer.parts.is_empty() && answer.finish_reason != FinishReason::Stop {
            return self
                .finish_error(empty_answer(
                    answer.finish_reason,
                    turn.model.model.provider(),
                ))
                .await;
        }
        let messages = Self::assistant(turn, answer.parts.clone(), Some(&answer));
        let (Landed::Committed(code) | Landed::Interrupted(code)) =
            self.commit(messages, true).await?;
        Ok(super::next_after(code))
    }

    /// Commits messages; when a person stopped the turn meanwhile they are kept as its partial work.
    async fn commit(
        &mut self,
        messages: Vec<NewMessage>,
        is_end: bool,
    ) -> Result<Landed, StateError> {
        let fence = self.fence();
        let (landed, chat) = transition!(self.shared, self.chat_id, |change, locked| {
            fence.check(&locked.chat)?;
            if locked.chat.status == Status::Interrupting {
                let runner = Some(fence.runner_id);
                Landed::Interrupted(
                    change
                        .finish_interruption(&mut locked, runner, messages)
                        .await?,
                )
            } else {
                change.commit_step(&mut locked, &fence, messages).await?;
                if is_end {
                    change.finish_turn(&mut locked, &fence).await?;
                }
                Landed::Committed(locked.code())
            }
        });
        self.moved_to(chat);
        Ok(landed)
    }

    /// The answer as a row; an interrupted one carries no usage. Nothing for an empty answer.
    fn assistant(turn: &Turn, parts: Vec<Part>, whole: Option<&Answer>) -> Vec<NewMessage> {
        if parts.is_empty() {
            return Vec::new();
        }
        let mut message = NewMessage {
            model_config_id: Some(turn.model.model_config_id),
            ..NewMessage::new(Role::Assistant, parts)
        };
        if let Some(answer) = whole {
            message.usage = cost::usage(&answer.usage, turn.model.context_limit);
            message.total_cost_micros =
                cost::micros(&answer.usage, turn.model.options.cost.as_ref());
            message.runtime_ms = i64::try_from(answer.runtime.as_millis()).ok();
        }
        vec![message]
    }
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
