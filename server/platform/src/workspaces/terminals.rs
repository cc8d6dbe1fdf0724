//! Terminals for people. Whoever the workspace is shared with needs `ssh`: a terminal can do there whatever its owner can.
//!
//! Opening one starts no workspace.

use std::time::Duration;

use futures::stream::BoxStream;
use sdk::ids::WorkspaceId;
use sdk::terminals::OpenTerminal;
use sdk::workspace_shares::WorkspacePermission as Permission;
use sdk::workspaces::WorkspaceStatus;
use store::workspaces::{self, agents};
use tokio::sync::mpsc;
use uuid::Uuid;
use workspace::connection::{AgentClient, AgentError};

use super::WorkspaceError;
use crate::failure::sentence_case;
use crate::{Actor, Failure as _, FailureKind, Platform};

pub use workspace::protocol::{TerminalInput, TerminalOutput, TerminalSize};

/// An agent that lost its connection is waited for so long.
const RECONNECT_GRACE: Duration = Duration::from_secs(10);
/// Pause before a check that failed is made again.
const PAUSE_BETWEEN_CHECKS: Duration = Duration::from_secs(1);

/// Where the terminals of a workspace are opened.
pub struct Terminals {
    platform: Platform,
    id: WorkspaceId,
    agent: AgentClient,
}

/// An open terminal. Dropping it leaves the terminal running.
pub struct Terminal {
    /// What is typed.
    pub input: mpsc::Sender<TerminalInput>,
    /// What is shown; ends after [`TerminalOutput::Ended`] or with why it broke off.
    pub output: BoxStream<'static, Result<TerminalOutput, TerminalError>>,
}

/// Why there is no terminal, in words for people.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// The connection to the workspace is lost; what runs in the terminal goes on.
    #[error("The connection to the workspace is lost. Its terminals go on; connect again.")]
    Lost,
    /// The workspace's agent says why.
    #[error("{0}")]
    Refused(String),
}

impl From<AgentError> for TerminalError {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::NotFound { .. } => Self::Refused(
                "This workspace is of a version without terminals. Stop it and start it again."
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
    /// Where the terminals of a workspace are opened; for those who may, when it runs.
    pub async fn terminals(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<Terminals, WorkspaceError> {
        let row = self.permitted_workspace(actor, id, Permission::Ssh).await?;
        let workspaces = &self.0.workspaces;
        let agent = match workspaces.connected(id).await? {
            Some(agent) => agent,
            None if row.status == WorkspaceStatus::Reconnecting
                || row.status == WorkspaceStatus::Ready =>
            {
                let agent = agents::current(&self.0.db, id).await?;
                let agent = agent.ok_or(WorkspaceError::NotRunning(row.status))?;
                let agent = workspaces.hub().client(agent.id.0);
                let connected = agent.wait_until_connected(RECONNECT_GRACE).await;
                connected.map_err(|_| WorkspaceError::AgentAway)?;
                agent
            }
            None => return Err(WorkspaceError::NotRunning(row.status)),
        };
        Ok(Terminals {
            platform: self.clone(),
            id,
            agent,
        })
    }
}

impl Platform {
    /// A workspace in which a person acts is used.
    pub(crate) async fn note_workspace_use(&self, id: WorkspaceId) {
        if let Err(error) = workspaces::touch(&self.0.db, id, self.0.clock.now()).await {
            tracing::warn!(%error, workspace_id = %id, "the use of a workspace cannot be noted");
        }
    }
}

impl Terminals {
    /// Opens a terminal, or finds it again.
    pub async fn open(&self, request: &OpenTerminal) -> Result<Terminal, TerminalError> {
        let id = request.reconnect.unwrap_or_else(Uuid::now_v7);
        let size = TerminalSize {
            width: request.width,
            height: request.height,
        };
        let call = self.agent.open_terminal(id, size).await?;
        self.note_use().await;
        Ok(Terminal {
            input: call.input,
            output: Box::pin(futures::StreamExt::map(call.output, |output| {
                output.map_err(TerminalError::from)
            })),
        })
    }

    /// A workspace in whose terminal somebody types is used.
    pub async fn note_use(&self) {
        self.platform.note_workspace_use(self.id).await;
    }

    /// Returns when this person may use the terminals no longer, which is looked at so often.
    pub async fn forbidden(&self, actor: &Actor, interval: Duration) {
        let mut due = tokio::time::interval(interval);
        loop {
            due.tick().await;
            let permitted = self
                .platform
                .permitted_workspace(actor, self.id, Permission::Ssh);
            match permitted.await {
                Ok(_) => {}
                // A database that is away for a moment neither ends a terminal nor lets one live on.
                Err(error) if error.kind() == FailureKind::Internal => {
                    tracing::warn!(%error, "a terminal's reader could not be checked; asked again");
                    due.reset_after(PAUSE_BETWEEN_CHECKS);
                }
                Err(_) => return,
            }
        }
    }
}
