//! Server functions of what models were asked and what they answered, and of the switches that decide whether it is kept.

#[cfg(feature = "ssr")]
mod body;

use leptos::prelude::*;
use sdk::debug::{DebugRun, DebugRunDetail, DebugStepDetail};
use sdk::ids::{ChatId, DebugRunId};
use serde::{Deserialize, Serialize};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// A step with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DebugStepView {
    /// The step. Bodies of its attempts are text here, and JSON among them is indented.
    pub detail: DebugStepDetail,
    /// What it cost, in words; empty without a price.
    pub cost: String,
    /// What the provider's cache saved, in words; empty when that is nothing or not known.
    pub cache_saving: String,
}

/// The newest runs of the caller's chat, the newest first.
#[server(name = ListDebugRuns, prefix = "/api/page", endpoint = "list_debug_runs", protocol = Page)]
pub async fn list_debug_runs(chat_id: ChatId) -> Result<Vec<DebugRun>, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .list_debug_runs(&actor, chat_id)
        .await
        .map_err(super::failed)
}

/// A run with its steps, without what was asked and answered in them.
#[server(name = GetDebugRun, prefix = "/api/page", endpoint = "get_debug_run", protocol = Page)]
pub async fn get_debug_run(
    chat_id: ChatId,
    run_id: DebugRunId,
    before_step: Option<i32>,
) -> Result<DebugRunDetail, AppError> {
    let (platform, actor) = super::signed_in()?;
    let query = sdk::debug::ReadDebugRun {
        before_step,
        outline: true,
    };
    platform
        .get_debug_run(&actor, chat_id, run_id, query)
        .await
        .map_err(super::failed)
}

/// A step with what was asked and answered.
#[server(name = GetDebugStep, prefix = "/api/page", endpoint = "get_debug_step", protocol = Page)]
pub async fn get_debug_step(
    chat_id: ChatId,
    run_id: DebugRunId,
    step_number: i32,
) -> Result<DebugStepView, AppError> {
    let (platform, actor) = super::signed_in()?;
    let step = platform
        .get_debug_step(&actor, chat_id, run_id, step_number)
        .await
        .map_err(super::failed)?;
    Ok(view(step))
}

#[cfg(feature = "ssr")]
fn view(mut detail: DebugStepDetail) -> DebugStepView {
    for attempt in &mut detail.step.attempts {
        attempt.request_body = body::text(&attempt.request_body);
        attempt.response_body = body::text(&attempt.response_body);
    }
    let money = super::costs::words::money;
    let saving = detail.cache_saving_micros.filter(|saving| *saving > 0);
    DebugStepView {
        cost: detail.cost_micros.map(money).unwrap_or_default(),
        cache_saving: saving.map(money).unwrap_or_default(),
        detail,
    }
}

/// Sets whether people may have the calls of their chats recorded.
#[server(name = UpdateDebugLogging, prefix = "/api/page", endpoint = "update_debug_logging", output = PageJson)]
pub async fn update_debug_logging(#[server(default)] allow_users: bool) -> Result<bool, AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::chat_config::UpdateDebugLogging { allow_users };
    platform
        .update_debug_logging(&actor, change)
        .await
        .map_err(super::failed)?;
    Ok(allow_users)
}

/// Sets whether the calls of the caller's chats are recorded.
#[server(name = UpdateUserDebugLogging, prefix = "/api/page", endpoint = "update_user_debug_logging", output = PageJson)]
pub async fn update_user_debug_logging(
    #[server(default)] debug_logging_enabled: bool,
) -> Result<bool, AppError> {
    let (platform, actor) = super::signed_in()?;
    let change = sdk::chat_config::UpdateUserDebugLogging {
        debug_logging_enabled,
    };
    platform
        .update_user_debug_logging(&actor, change)
        .await
        .map_err(super::failed)?;
    Ok(debug_logging_enabled)
}
