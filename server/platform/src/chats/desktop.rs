//! The desktop of a chat's workspace, for people who look at it or take its control. Whoever the workspace is shared with
//! needs `application_connect` or `ssh`.
//!
//! Opening it starts no workspace. What a model does there goes to the workspace's agent directly
//! ([`AgentClient::desktop_action`]).

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use sdk::ids::{ChatId, WorkspaceId};
use store::chat_config;
use tokio::sync::mpsc;
use workspace::connection::{AgentClient, AgentError};

use super::ChatFailure;
use crate::failure::sentence_case;
use crate::{Actor, Failure as _, FailureKind, Platform};

/// Pause before a check that failed is made again.
const PAUSE_BETWEEN_CHECKS: Duration = Duration::from_secs(1);

/// Where the desktop of a chat's workspace is opened.
pub struct Desktop {
    platform: Platform,
    chat: ChatId,
    workspace: WorkspaceId,
    agent: AgentClient,
}

/// An open view of a desktop. Dropping it leaves the desktop running.
pub struct DesktopView {
    /// RFB to the screen.
    pub input: mpsc::Sender<Bytes>,
    /// RFB from it; ends with the desktop or with why it broke off.
    pub output: BoxStream<'static, Result<Bytes, DesktopError>>,
}

/// Why there is no desktop, in words for people.
#[derive(Debug, thiserror::Error)]
pub enum DesktopError {
    /// The connection to the workspace is lost; the desktop goes on.
    #[error("The connection to the workspace is lost. Its desktop goes on; connect again.")]
    Lost,
    /// The workspace has no programs for a desktop.
    #[error("This workspace has no programs for a desktop. Install them where it runs.")]
    ProgramsMissing,
    /// The workspace's agent says why.
    #[error("{0}")]
    Refused(String),
}

impl From<AgentError> for DesktopError {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::ProgramsMissing { .. } => Self::ProgramsMissing,
            AgentError::NotFound { .. } => Self::Refused(
                "This workspace is of a version without a desktop. Stop it and start it again."
                    .to_owned(),
            ),
            AgentError::Refused { message, .. } | AgentError::Failed { message } => {
                Self::Refused(sentence_case(&message))
            }
            AgentError::Disconnected { .. } | AgentError::Timeout { .. } => Self::Lost,
            error => Self::Refused(error.to_string()),
        }
    }
}

impl Platform {
    /// Where the desktop of a chat's workspace is opened; for those who may, when the workspace runs.
    pub async fn desktop(&self, actor: &Actor, chat: ChatId) -> Result<Desktop, ChatFailure> {
        let looked = self.chat_agent_for_desktop(actor, chat).await?;
        Ok(Desktop {
            platform: self.clone(),
            chat,
            workspace: looked.workspace_id,
            agent: looked.client,
        })
    }

    async fn chat_agent_for_desktop(
        &self,
        actor: &Actor,
        chat: ChatId,
    ) -> Result<super::git::Looked, ChatFailure> {
        // Whether there is such a chat comes first.
        self.own_chat(actor, chat).await?;
        if !chat_config::is_desktop_enabled(&self.0.db).await? {
            return Err(ChatFailure::DesktopOff);
        }
        self.chat_agent(actor, chat).await
    }
}

impl Desktop {
    /// Opens a view; the desktop is started when there is none.
    pub async fn open(&self) -> Result<DesktopView, DesktopError> {
        let call = self.agent.open_desktop().await?;
        self.note_use().await;
        Ok(DesktopView {
            input: call.input,
            output: Box::pin(call.output.map(|piece| piece.map_err(DesktopError::from))),
        })
    }

    /// A workspace on whose desktop somebody acts is used.
    pub async fn note_use(&self) {
        self.platform.note_workspace_use(self.workspace).await;
    }

    /// Returns when this person may look at the desktop no longer, which is looked at so often; with why.
    pub async fn forbidden(&self, actor: &Actor, interval: Duration) -> String {
        let mut due = tokio::time::interval(interval);
        loop {
            due.tick().await;
            match self.platform.chat_agent_for_desktop(actor, self.chat).await {
                Ok(looked) if looked.workspace_id == self.workspace => {}
                Ok(_) => return "This chat has another workspace now.".to_owned(),
                Err(error) => match error.kind() {
                    // A database or an agent that is away for a moment neither ends a view nor lets one live on.
                    FailureKind::Internal => {
                        tracing::warn!(%error, "a desktop's reader could not be checked; asked again");
                        due.reset_after(PAUSE_BETWEEN_CHECKS);
                    }
                    FailureKind::Unavailable => {}
                    _ if matches!(error, ChatFailure::DesktopOff) => return error.message(),
                    _ => {
                        return "You may no longer look at the desktop of this workspace."
                            .to_owned();
                    }
                },
            }
        }
    }
}
