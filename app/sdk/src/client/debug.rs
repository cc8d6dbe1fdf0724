//! What models were asked and what they answered.

use super::{Client, ClientError};
use crate::debug::{
    DebugExport, DebugRun, DebugRunDetail, DebugStepDetail, ExportDebugRuns, ReadDebugRun,
};
use crate::ids::{ChatId, DebugRunId};

const CHATS: &str = "/api/experimental/chats";

impl Client {
    /// `GET /{chat}/debug/runs`: the newest first, at most 100.
    pub async fn list_debug_runs(&self, chat: ChatId) -> Result<Vec<DebugRun>, ClientError> {
        self.get(&format!("{CHATS}/{chat}/debug/runs")).await
    }

    /// `GET /{chat}/debug/runs/{run}`.
    pub async fn get_debug_run(
        &self,
        chat: ChatId,
        run: DebugRunId,
        query: ReadDebugRun,
    ) -> Result<DebugRunDetail, ClientError> {
        self.get_with(&format!("{CHATS}/{chat}/debug/runs/{run}"), &query)
            .await
    }

    /// `GET /{chat}/debug/runs/{run}/steps/{step}`.
    pub async fn get_debug_step(
        &self,
        chat: ChatId,
        run: DebugRunId,
        step_number: i32,
    ) -> Result<DebugStepDetail, ClientError> {
        self.get(&format!(
            "{CHATS}/{chat}/debug/runs/{run}/steps/{step_number}"
        ))
        .await
    }

    /// `GET /{chat}/debug/export`: one run, or all of the chat.
    pub async fn export_debug_runs(
        &self,
        chat: ChatId,
        query: ExportDebugRuns,
    ) -> Result<DebugExport, ClientError> {
        self.get_with(&format!("{CHATS}/{chat}/debug/export"), &query)
            .await
    }
}
