//! Summaries: when the model's context is full, when its provider says that the conversation is too long, or when a
//! person asks, the history so far is replaced by a summary for the model. People keep all of it and see a card.
//!
//! The prompt begins at the summary's row. Messages of the person that nobody has answered yet stand before it, so
//! they are repeated after it for the model alone.

mod summary;

use sdk::chat_config::ModelPurpose;
use sdk::chats::ChatError;
use sdk::debug::{DebugRunKind, DebugStatus};
use sdk::messages::{MessageUsage, Role};
use sdk::parts::{Part, ToolCallPart, ToolResultPart};
use serde_json::{Value, json};
use store::chats::Status;
use store::costs::{self, Call};
use store::messages::{MessageRow, NewMessage, Visibility};
use tokio::time::Instant;
use uuid::Uuid;

use super::cost::Told;
use super::model_overrides::model_for;
use super::{Next, Runner, Turn, cost};
use crate::daemon::transition;
use crate::prompt::kept::Known;
use crate::sources::ResolvedModel;
use crate::state::context::{SUMMARIZED, card, compressed};
use crate::state::{Code, StateError};
pub(super) use summary::is_overflow;
use summary::{Summary, empty, failed, summarize};

/// Summaries in one turn.
const MAX_COMPACTIONS: u32 = 3;
const PREFIX: &str =
    "The conversation so far was replaced by this summary of it. Go on from here.\n\n";

/// Why there is to be a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The context is filled to the model's threshold.
    Full,
    /// The provider refused the conversation as too long.
    Overflow,
    /// A person asked; with what it must keep.
    Person(String),
}

/// How it ended.
pub(super) enum Compacted {
    /// The summary stands; the turn goes on from it.
    Done,
    /// There is none; the turn goes on without.
    Failed,
    /// The turn does not go on.
    Ended(Next),
}

impl Cause {
    const fn name(&self) -> &'static str {
        match self {
            Self::Full | Self::Overflow => "automatic",
            Self::Person(_) => "manual",
        }
    }
}

impl Turn {
    /// Whether the last call filled the context to the threshold. At 0 every answer does, also of a provider that does
    /// not say what it read; at 100 none does.
    pub(super) fn is_full(&self) -> bool {
        self.may_compact()
            && match self.compaction_threshold {
                ..=0 => self.prompt.has_answer(),
                100.. => false,
                threshold => {
                    let used = self.usage_percent();
                    used.is_some_and(|used| used >= i64::from(threshold))
                }
            }
    }

    pub(super) const fn may_compact(&self) -> bool {
        self.compactions < MAX_COMPACTIONS
    }

    fn usage_percent(&self) -> Option<i64> {
        let limit = self.model.context_limit;
        let tokens = self.context_tokens.filter(|_| limit > 0)?;
        Some(tokens.saturating_mul(100) / limit)
    }
}

impl Runner {
    /// Replaces the history by a summary, for the model.
    pub(super) async fn compact(
        &mut self,
        turn: &mut Turn,
        cause: Cause,
    ) -> Result<Compacted, StateError> {
        turn.compactions += 1;
        let rows = self.rows().await?;
        let (history, unanswered) = split(&rows);
        if !history
            .iter()
            .any(|row| row.message.role == Role::Assistant)
        {
            turn.context_tokens = None;
            return self
                .compaction_failed(turn, &cause, nothing_to_summarize(), unanswered)
                .await;
        }
        let call = self.announce(turn, &cause);
        let recorder = self.shared.debug.clone();
        let model = self.summary_model(turn).await;
        let run = recorder.begin(DebugRunKind::Compaction, &self.chat, &model);
        let run = run.await;
        let (began, told) = (Instant::now(), Told::default());
        let made = tokio::select! {
            made = summarize(turn, &model, history, &cause, &run, &told) => made,
            stop = self.control.stopped() => {
                self.book_told(told.call(&model, began.elapsed())).await;
                return Ok(Compacted::Ended(self.stop(stop, Vec::new()).await?));
            }
        };
        run.ends_as(match &made {
            Ok(summary) if !summary.text.is_empty() => DebugStatus::Completed,
            _ => DebugStatus::Error,
        });
        drop(run);
        let made = match made {
            Ok(summary) if summary.text.is_empty() => {
                self.book(&summary.spent).await?;
                Err(empty())
            }
            Err(error) => {
                self.book_told(told.call(&model, began.elapsed())).await;
                Err(error)
            }
            made => made,
        };
        match made {
            Ok(summary) => {
                self.compaction_done(turn, &cause, summary, unanswered)
                    .await
            }
            Err(error) => {
                self.announce_failure(call, &error);
                turn.context_tokens = None;
                self.compaction_failed(turn, &cause, error, unanswered)
                    .await
            }
        }
    }

    /// The model that is set for summaries, unless it cannot hold what the chat's own has read.
    async fn summary_model(&self, turn: &Turn) -> ResolvedModel {
        let wanted = model_for(&self.shared, ModelPurpose::Summary, self.chat.owner_id).await;
        let read = turn.context_tokens.unwrap_or(0);
        let wanted = wanted.filter(|model| read < model.context_limit);
        wanted.unwrap_or_else(|| turn.model.clone())
    }

    async fn compaction_done(
        &mut self,
        turn: &mut Turn,
        cause: &Cause,
        summary: Summary,
        unanswered: &[MessageRow],
    ) -> Result<Compacted, StateError> {
        let mut rows = vec![compressed(format!("{PREFIX}{}", summary.text))];
        rows.extend(unanswered.iter().map(repeated));
        let result = json!({
            "summary": summary.text,
            "source": cause.name(),
            "threshold_percent": turn.compaction_threshold,
            "usage_percent": turn.usage_percent(),
            "context_tokens": turn.context_tokens,
            "context_limit_tokens": turn.model.context_limit,
        });
        let now = self.shared.clock.now();
        rows.extend(card(SUMMARIZED, arguments(turn, cause), result, false, now));
        let is_over = matches!(cause, Cause::Person(_)) && unanswered.is_empty();
        let landed = self
            .commit_compaction(rows, Some(summary.spent), is_over)
            .await?;
        if let Some(next) = landed {
            return Ok(Compacted::Ended(next));
        }
        let rows = self.rows().await?;
        turn.load(Known::build(&rows, self.chat.history_version));
        turn.context_tokens = None;
        Ok(Compacted::Done)
    }

    /// A person is told; a turn that could go on without a summary does.
    async fn compaction_failed(
        &mut self,
        turn: &Turn,
        cause: &Cause,
        error: ChatError,
        unanswered: &[MessageRow],
    ) -> Result<Compacted, StateError> {
        if !matches!(cause, Cause::Person(_)) {
            tracing::warn!(chat = %self.chat_id, error = error.message, "no summary was made");
            return Ok(Compacted::Failed);
        }
        if !unanswered.is_empty() {
            return Ok(Compacted::Ended(self.finish_error(error).await?));
        }
        let now = self.shared.clock.now();
        let result = json!({ "error": error.message, "source": cause.name() });
        let rows = card(SUMMARIZED, arguments(turn, cause), result, true, now).to_vec();
        let landed = self.commit_compaction(rows, None, true).await?;
        Ok(landed.map_or(Compacted::Failed, Compacted::Ended))
    }

    /// `None` when the turn goes on. A summary that somebody stopped meanwhile is dropped, and booked all the same.
    async fn commit_compaction(
        &mut self,
        rows: Vec<NewMessage>,
        spent: Option<Call>,
        is_over: bool,
    ) -> Result<Option<Next>, StateError> {
        let fence = self.fence();
        let (landed, chat) = transition!(self.shared, self.chat_id, |change, locked| {
            fence.check(&locked.chat)?;
            if let Some(spent) = spent {
                costs::book(&mut change.tx, locked.chat.id, change.now, &spent).await?;
            }
            if locked.chat.status == Status::Interrupting {
                let runner = Some(fence.runner_id);
                Some(
                    change
                        .finish_interruption(&mut locked, runner, Vec::new())
                        .await?,
                )
            } else {
                change.commit_compaction(&mut locked, &fence, rows).await?;
                let landed: Option<Code> = if is_over {
                    Some(change.finish_turn(&mut locked, &fence).await?)
                } else {
                    None
                };
                landed
            }
        });
        self.moved_to(chat);
        Ok(landed.map(super::next_after))
    }

    /// Shows readers that a summary is being made.
    fn announce(&self, turn: &Turn, cause: &Cause) -> String {
        let tool_call_id = format!("call_{}", Uuid::now_v7().simple());
        let call = ToolCallPart {
            tool_call_id: tool_call_id.clone(),
            tool_name: SUMMARIZED.to_owned(),
            args: Some(arguments(turn, cause)),
            created_at: Some(self.shared.clock.now()),
            ..ToolCallPart::default()
        };
        self.publish(Role::Assistant, Part::ToolCall(call));
        tool_call_id
    }

    fn announce_failure(&self, tool_call_id: String, error: &ChatError) {
        let result = ToolResultPart {
            tool_call_id,
            tool_name: SUMMARIZED.to_owned(),
            result: Some(json!({ "error": error.message })),
            is_error: true,
            created_at: Some(self.shared.clock.now()),
            ..ToolResultPart::default()
        };
        self.publish(Role::Tool, Part::ToolResult(result));
    }

    fn publish(&self, role: Role, part: Part) {
        self.channel
            .live
            .publish(self.pair(), self.chat_id, role, part);
    }
}

fn arguments(turn: &Turn, cause: &Cause) -> Value {
    json!({ "source": cause.name(), "threshold_percent": turn.compaction_threshold })
}

/// The history, and the messages at its end that nobody has answered.
fn split(rows: &[MessageRow]) -> (&[MessageRow], &[MessageRow]) {
    let answered = rows
        .iter()
        .rposition(|row| row.message.role != Role::User || row.compressed)
        .map_or(0, |last| last + 1);
    rows.split_at(answered)
}

fn repeated(row: &MessageRow) -> NewMessage {
    NewMessage {
        visibility: Visibility::Model,
        model_config_id: row.message.model_config_id,
        created_by: row.message.created_by,
        ..NewMessage::new(Role::User, row.message.content.clone())
    }
}

/// What a call read: all of its input, cached or not; everything when the provider does not tell them apart.
pub(super) fn context_tokens(usage: &llm::Usage) -> Option<i64> {
    stored_context_tokens(&cost::usage(usage, 0))
}

/// The same of a stored answer.
pub(crate) fn stored_context_tokens(usage: &MessageUsage) -> Option<i64> {
    let read = [
        usage.input_tokens,
        usage.cache_read_tokens,
        usage.cache_creation_tokens,
    ];
    if read.iter().all(Option::is_none) {
        return usage.total_tokens;
    }
    let read: i64 = read.into_iter().flatten().sum();
    // Where one answer is several calls of the model, the parts are their sums and the total is what the last one left.
    Some(usage.total_tokens.map_or(read, |total| read.min(total)))
}

fn nothing_to_summarize() -> ChatError {
    failed(
        "There is nothing to summarize yet: the model has not answered since the last summary.",
        "generic",
    )
}

#[cfg(test)]
#[path = "compaction/tests.rs"]
mod tests;
