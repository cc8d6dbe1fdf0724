//! What models were asked and what they answered, for those whose chats they are; and what is not kept of it.
//!
//! It is recorded while debug logging is on (`chat_config::debug_logging`). What was recorded stays readable when it is
//! switched off, until it is too old.

mod change;
#[cfg(test)]
mod tests;

use std::time::Duration;

use chatd::debug::{CLOCK_SKEW, STALE_AFTER};
use chrono::TimeDelta;
use rust_decimal::prelude::ToPrimitive as _;
use sdk::debug::{
    DebugExport, DebugRun, DebugRunDetail, DebugRunKind, DebugStep, DebugStepDetail,
    ExportDebugRuns, ReadDebugRun,
};
use sdk::ids::{ChatId, DebugRunId};
use sdk::messages::MessageUsage;
use sdk::models::ModelPrices;
use store::debug::steps::Wanted;
use store::debug::{cleanup, runs, steps};
use store::{Notice, StoreError, chat_config, model_configs};

use crate::chats::ChatFailure;
use crate::{Actor, Failure, FailureKind, Platform};

/// How often it is looked what nobody works on any more, and what is too old.
const LOOK_EVERY: Duration = Duration::from_mins(5);
/// What an exported file holds at most, in bytes of JSON.
const LONGEST_EXPORT_BYTES: usize = 64 * 1024 * 1024;

/// Why something about records failed.
#[derive(Debug, thiserror::Error)]
pub enum DebugError {
    /// No such run in the chat.
    #[error("There is no such run in this chat. It may have been deleted by its age.")]
    RunNotFound,
    /// No such step in the run.
    #[error("There is no such step in this run. Look at the run again.")]
    StepNotFound,
    /// The chat.
    #[error(transparent)]
    Chat(#[from] ChatFailure),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for DebugError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::RunNotFound | Self::StepNotFound => FailureKind::NotFound,
            Self::Chat(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}

impl Platform {
    /// The newest runs of the caller's chat, the newest first, at most 100.
    pub async fn list_debug_runs(
        &self,
        actor: &Actor,
        chat: ChatId,
    ) -> Result<Vec<DebugRun>, DebugError> {
        let chat = self.own_chat(actor, chat).await?;
        Ok(runs::list(&self.0.db, chat.id).await?)
    }

    /// A run of the caller's chat with its steps. A run of another chat does not exist.
    pub async fn get_debug_run(
        &self,
        actor: &Actor,
        chat: ChatId,
        run: DebugRunId,
        query: ReadDebugRun,
    ) -> Result<DebugRunDetail, DebugError> {
        let chat = self.own_chat(actor, chat).await?;
        let wanted = Wanted {
            before_step: query.before_step,
            is_outline: query.outline,
            ..Wanted::default()
        };
        self.debug_run(chat.id, run, wanted).await
    }

    /// A step of a run of the caller's chat, with what changed since the call before it and what it cost.
    pub async fn get_debug_step(
        &self,
        actor: &Actor,
        chat: ChatId,
        run: DebugRunId,
        step_number: i32,
    ) -> Result<DebugStepDetail, DebugError> {
        let chat = self.own_chat(actor, chat).await?;
        let wanted = Wanted {
            before_step: step_number.checked_add(1),
            most: Some(2),
            ..Wanted::default()
        };
        let mut whole = self.debug_run(chat.id, run, wanted).await?;
        let step = whole.steps.pop();
        let step = step
            .filter(|step| step.step_number == step_number)
            .ok_or(DebugError::StepNotFound)?;
        let before = match whole.steps.pop() {
            Some(before) => Some(before),
            None => self.last_step_before(&whole.run).await?,
        };
        let prices = self.prices(&whole).await?;
        let counted = usage_of(&step);
        Ok(DebugStepDetail {
            change: before.map(|before| {
                let of = (before.run_id, before.step_number);
                change::between(of, &before.normalized_request, &step.normalized_request)
            }),
            cost_micros: counted
                .as_ref()
                .and_then(|usage| chatd::cost_micros(usage, prices.as_ref())),
            cache_saving_micros: counted
                .as_ref()
                .and_then(|usage| cache_saving_micros(usage, prices.as_ref())),
            step,
        })
    }

    /// The last call of the turn before: what providers may have kept of a conversation came from there.
    async fn last_step_before(&self, run: &DebugRun) -> Result<Option<DebugStep>, DebugError> {
        if run.kind != DebugRunKind::ChatTurn.as_str() {
            return Ok(None);
        }
        let Some(before) = runs::before(&self.0.db, run).await? else {
            return Ok(None);
        };
        let wanted = Wanted {
            most: Some(1),
            ..Wanted::default()
        };
        let (mut steps, _) = steps::list(&self.0.db, run.chat_id, before, wanted).await?;
        Ok(steps.pop())
    }

    async fn prices(&self, run: &DebugRunDetail) -> Result<Option<ModelPrices>, DebugError> {
        let Some(id) = run.model_config_id else {
            return Ok(None);
        };
        let model = model_configs::get(&self.0.db, id).await?;
        Ok(model.and_then(|model| model.config.model_config.cost))
    }

    /// One run of the caller's chat, or all of them, as far as they fit.
    pub async fn export_debug_runs(
        &self,
        actor: &Actor,
        chat: ChatId,
        query: ExportDebugRuns,
    ) -> Result<DebugExport, DebugError> {
        let chat = self.own_chat(actor, chat).await?;
        let ids = if let Some(run) = query.run {
            vec![run]
        } else {
            let listed = runs::list(&self.0.db, chat.id).await?;
            listed.into_iter().map(|run| run.id).collect()
        };
        let mut export = DebugExport {
            chat_id: chat.id,
            exported_at: self.0.clock.now(),
            runs: Vec::new(),
            is_partial: false,
        };
        let mut size = 0;
        for id in ids {
            match self.whole_debug_run(chat.id, id, &mut size).await {
                Ok(run) => {
                    export.is_partial |= run.has_earlier_steps;
                    export.runs.push(run);
                }
                // Deleted meanwhile.
                Err(DebugError::RunNotFound) if query.run.is_none() => {}
                Err(error) => return Err(error),
            }
            if size > LONGEST_EXPORT_BYTES {
                export.is_partial = true;
                break;
            }
        }
        Ok(export)
    }

    /// A run with all of its steps that still fit.
    async fn whole_debug_run(
        &self,
        chat: ChatId,
        id: DebugRunId,
        size: &mut usize,
    ) -> Result<DebugRunDetail, DebugError> {
        let mut whole = self.debug_run(chat, id, Wanted::default()).await?;
        *size += size_of(&whole);
        while whole.has_earlier_steps && *size <= LONGEST_EXPORT_BYTES {
            let wanted = Wanted {
                before_step: whole.steps.first().map(|step| step.step_number),
                ..Wanted::default()
            };
            let mut earlier = self.debug_run(chat, id, wanted).await?;
            *size += size_of(&earlier);
            whole.has_earlier_steps = earlier.has_earlier_steps && !earlier.steps.is_empty();
            earlier.steps.append(&mut whole.steps);
            whole.steps = earlier.steps;
        }
        Ok(whole)
    }

    async fn debug_run(
        &self,
        chat: ChatId,
        id: DebugRunId,
        wanted: Wanted,
    ) -> Result<DebugRunDetail, DebugError> {
        let found = runs::get(&self.0.db, chat, id).await?;
        // The query asked for it already; a mistake there must show nobody what is somebody else's.
        let found = found.filter(|found| found.run.chat_id == chat);
        let mut run = found.ok_or(DebugError::RunNotFound)?;
        (run.steps, run.has_earlier_steps) = steps::list(&self.0.db, chat, id, wanted).await?;
        Ok(run)
    }

    /// Looks again and again, first at once.
    pub(crate) fn start_debug_upkeep(&self) {
        let platform = self.clone();
        self.0.background.spawn(async move {
            loop {
                if let Err(error) = platform.keep_debug_records().await {
                    tracing::warn!(%error, "records of calls could not be tidied up; tried again in some minutes");
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
    }

    /// Ends what nobody works on any more, and deletes what is too old or belongs to archived chats.
    pub(crate) async fn keep_debug_records(&self) -> Result<(), StoreError> {
        let (db, now) = (&self.0.db, self.0.clock.now());
        let stale_after = TimeDelta::from_std(STALE_AFTER).unwrap_or(TimeDelta::MAX);
        loop {
            let ended = cleanup::interrupt_stale(db, now - stale_after, now).await?;
            for run in &ended {
                self.0.notices.publish(Notice::DebugRunChanged {
                    chat_id: run.chat_id,
                    owner_id: run.owner_id,
                    run_id: run.run_id,
                });
            }
            if ended.is_empty() {
                break;
            }
        }
        while cleanup::delete_archived(db, now - CLOCK_SKEW).await? > 0 {}
        let days = chat_config::get_debug_retention_days(db).await?;
        if days > 0 {
            let before = now - TimeDelta::days(days.into());
            while cleanup::delete_old(db, before).await? > 0 {}
        }
        Ok(())
    }
}

/// The provider's counts of a step; absent when it did not count.
fn usage_of(step: &DebugStep) -> Option<MessageUsage> {
    let usage = step.usage.as_ref()?;
    let count = |key: &str| usage.get(key).and_then(serde_json::Value::as_i64);
    Some(MessageUsage {
        input_tokens: count("input_tokens"),
        output_tokens: count("output_tokens"),
        total_tokens: count("total_tokens"),
        reasoning_tokens: count("reasoning_tokens"),
        cache_creation_tokens: count("cache_creation_tokens"),
        cache_read_tokens: count("cache_read_tokens"),
        context_limit: None,
    })
}

/// What the tokens that came out of the provider's cache would have cost more as new ones.
fn cache_saving_micros(usage: &MessageUsage, prices: Option<&ModelPrices>) -> Option<i64> {
    let prices = prices?;
    let dearer = prices
        .input_price_per_million_tokens?
        .checked_sub(prices.cache_read_price_per_million_tokens?)?;
    let tokens = usage.cache_read_tokens?;
    dearer.checked_mul(tokens.into())?.round().to_i64()
}

/// About how many bytes a run has as JSON.
fn size_of(run: &DebugRunDetail) -> usize {
    serde_json::to_vec(&run.steps).map_or(0, |json| json.len())
}
