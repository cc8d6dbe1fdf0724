//! What models were asked and what they answered, for those whose chats they are; and what is not kept of it.
//!
//! It is recorded while debug logging is on (`chat_config::debug_logging`). What was recorded stays readable when it is
//! switched off, until it is too old.

#[cfg(test)]
mod tests;

use std::time::Duration;

use chatd::debug::{CLOCK_SKEW, STALE_AFTER};
use chrono::TimeDelta;
use sdk::debug::{DebugExport, DebugRun, DebugRunDetail, ExportDebugRuns, ReadDebugRun};
use sdk::ids::{ChatId, DebugRunId};
use store::debug::{cleanup, runs, steps};
use store::{Notice, StoreError, chat_config};

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
            Self::RunNotFound => FailureKind::NotFound,
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
        self.debug_run(chat.id, run, query.before_step).await
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
        let mut whole = self.debug_run(chat, id, None).await?;
        *size += size_of(&whole);
        while whole.has_earlier_steps && *size <= LONGEST_EXPORT_BYTES {
            let before = whole.steps.first().map(|step| step.step_number);
            let mut earlier = self.debug_run(chat, id, before).await?;
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
        before_step: Option<i32>,
    ) -> Result<DebugRunDetail, DebugError> {
        let found = runs::get(&self.0.db, chat, id).await?;
        // The query asked for it already; a mistake there must show nobody what is somebody else's.
        let found = found.filter(|run| run.chat_id == chat);
        let mut run = found.ok_or(DebugError::RunNotFound)?;
        (run.steps, run.has_earlier_steps) = steps::list(&self.0.db, chat, id, before_step).await?;
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

/// About how many bytes a run has as JSON.
fn size_of(run: &DebugRunDetail) -> usize {
    serde_json::to_vec(&run.steps).map_or(0, |json| json.len())
}
