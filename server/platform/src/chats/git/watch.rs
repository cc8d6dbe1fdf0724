//! One reader's watch: it outlives a lost connection of the workspace's agent, and ends when the workspace does or when
//! the reader may not look any more. What was taken back is asked before each message, so a watch in which nothing
//! happens asks for nothing.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use sdk::git::{GitWatchMessage, GitWatchProblem};
use sdk::ids::{ChatId, WorkspaceId};
use sdk::workspaces::WorkspaceStatus;
use store::workspaces::WorkspaceRow;
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;
use workspace::connection::{AgentClient, AgentError, GitWatch as Events};
use workspace::protocol::{GitChanges, GitEvent};

use super::{Looked, asleep, count, repository};
use crate::{Actor, Failure as _, FailureKind, Platform};

/// An agent that lost its connection is waited for this long; then the reader is told to come again.
const RECONNECT_DEADLINE: Duration = Duration::from_mins(2);
/// Meanwhile the workspace is looked at this often: it may be stopped, or have another agent.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

const STILL_AWAY: &str = "The workspace's agent did not connect again. Look at the workspace's page; stopping and \
                          starting it helps.";
const OTHER_WORKSPACE: &str = "The chat works in another workspace now. Watch it anew.";
const NOT_CHECKED: &str =
    "The server could not look whether you may still watch this. Watch it anew.";

/// A watch.
pub(super) struct Watch {
    platform: Platform,
    actor: Actor,
    chat: ChatId,
    workspace: WorkspaceId,
    ancestors: Vec<Uuid>,
    client: AgentClient,
    /// Absent while the agent is away.
    events: Option<Events>,
    requests: mpsc::Receiver<()>,
    lost_at: DateTime<Utc>,
    is_over: bool,
}

impl Watch {
    pub(super) fn new(
        platform: Platform,
        actor: Actor,
        chat: ChatId,
        looked: Looked,
        events: Events,
        requests: mpsc::Receiver<()>,
    ) -> Self {
        Self {
            lost_at: platform.now(),
            platform,
            actor,
            chat,
            workspace: looked.workspace_id,
            ancestors: looked.ancestors,
            client: looked.client,
            events: Some(events),
            requests,
            is_over: false,
        }
    }

    /// What the reader is told, until there is nothing to wait for.
    pub(super) fn messages(self) -> BoxStream<'static, GitWatchMessage> {
        futures::stream::unfold(self, async |mut watch| {
            let message = watch.next().await?;
            Some((message, watch))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<GitWatchMessage> {
        if self.is_over {
            return None;
        }
        let told = match self.heard().await {
            Ok(message) => match self.permitted().await {
                Ok(_) => Ok(message),
                Err(problem) => Err(problem),
            },
            Err(problem) => Err(problem),
        };
        Some(told.unwrap_or_else(|problem| {
            self.is_over = true;
            problem
        }))
    }

    /// The next thing to tell, or why it is the last.
    async fn heard(&mut self) -> Result<GitWatchMessage, GitWatchMessage> {
        loop {
            let Some(events) = &mut self.events else {
                self.events = Some(self.wait_for_agent().await?);
                continue;
            };
            let event = tokio::select! {
                event = events.next() => event,
                Some(()) = self.requests.recv() => {
                    self.ask_for_scan();
                    continue;
                }
            };
            match event {
                Some(Ok(GitEvent::Alive)) => {}
                Some(Ok(GitEvent::Changes(changes))) => return Ok(changes_message(changes)),
                Some(Ok(GitEvent::Error { message })) => return Ok(problem(message)),
                // Asked again, it would say the same.
                Some(Err(error @ (AgentError::Protocol { .. } | AgentError::TooLarge { .. }))) => {
                    return Err(problem(error.to_string()));
                }
                Some(Err(_)) | None => {
                    self.events = None;
                    self.lost_at = self.platform.now();
                    return Ok(self.lost());
                }
            }
        }
    }

    fn ask_for_scan(&self) {
        let scanner = self.client.clone();
        tokio::spawn(async move {
            if let Err(error) = scanner.refresh_git().await {
                tracing::debug!(%error, "a scan could not be asked for");
            }
        });
    }

    async fn wait_for_agent(&mut self) -> Result<Events, GitWatchMessage> {
        let deadline = Instant::now() + RECONNECT_DEADLINE;
        loop {
            let (row, client) = self.permitted().await?;
            if let Some(client) = client {
                self.client = client.for_chat(self.chat.0, self.ancestors.clone());
                if let Ok(events) = self.client.watch_git().await {
                    return Ok(events);
                }
            } else if is_over(&row) {
                return Err(stopped(&row));
            }
            if Instant::now() > deadline {
                return Err(problem(STILL_AWAY.to_owned()));
            }
            // Wakes early when the same agent is back; one that is forgotten never is.
            let looked_at = Instant::now();
            let _ = self.client.wait_until_connected(LOOK_INTERVAL).await;
            tokio::time::sleep_until(looked_at + LOOK_INTERVAL / 10).await;
        }
    }

    /// The workspace and its agent, as long as the reader may look into it and the chat works in it.
    async fn permitted(&mut self) -> Result<(WorkspaceRow, Option<AgentClient>), GitWatchMessage> {
        let chat = self.platform.own_chat(&self.actor, self.chat).await;
        let chat = chat.map_err(|error| ended(error.kind(), error.message()))?;
        if chat.workspace_id != Some(self.workspace) {
            return Err(problem(OTHER_WORKSPACE.to_owned()));
        }
        let looked = self.platform.looked_into(&self.actor, self.workspace);
        looked
            .await
            .map_err(|error| ended(error.kind(), error.message()))
    }

    fn lost(&self) -> GitWatchMessage {
        GitWatchMessage::Error {
            message: "The workspace's agent lost its connection. It connects again by itself."
                .to_owned(),
            reason: Some(GitWatchProblem::Reconnecting),
            since: Some(self.lost_at),
        }
    }
}

/// Whether the workspace comes back by itself no more.
fn is_over(row: &WorkspaceRow) -> bool {
    matches!(
        row.status,
        WorkspaceStatus::Stopped | WorkspaceStatus::Failed | WorkspaceStatus::Deleted
    )
}

fn stopped(row: &WorkspaceRow) -> GitWatchMessage {
    GitWatchMessage::Error {
        message: asleep(row),
        reason: Some(GitWatchProblem::Stopped),
        since: Some(row.status_since),
    }
}

fn ended(kind: FailureKind, message: String) -> GitWatchMessage {
    match kind {
        FailureKind::Forbidden | FailureKind::NotFound => GitWatchMessage::Error {
            message,
            reason: Some(GitWatchProblem::Refused),
            since: None,
        },
        _ => {
            tracing::error!(message, "a watch could not be checked");
            problem(NOT_CHECKED.to_owned())
        }
    }
}

fn problem(message: String) -> GitWatchMessage {
    GitWatchMessage::Error {
        message,
        reason: None,
        since: None,
    }
}

fn changes_message(changes: GitChanges) -> GitWatchMessage {
    GitWatchMessage::Changes {
        scanned_at: changes.scanned_at,
        repositories: changes.repositories.into_iter().map(repository).collect(),
        omitted_repositories: count(changes.left_out_repositories),
    }
}
