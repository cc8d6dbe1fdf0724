//! What changes in a chat's workspace, live.

use futures::{Stream, StreamExt};
use sdk::git::{GitWatchMessage, RepositoryChanges};
use sdk::ids::ChatId;
use tokio::sync::mpsc;
use workspace::connection::AgentClient;
use workspace::protocol::{GitChanges, GitEvent, RepositoryChanges as AgentChanges};

use super::ChatFailure;
use crate::{Actor, Failure as _, FailureKind, Platform};

/// Looking at changes starts no workspace.
const ASLEEP: &str = "The chat's workspace is not connected now. It starts with the next message.";

/// Messages of a git watch, and the way to ask for a scan.
pub struct GitWatch {
    /// What changed, a snapshot first.
    pub messages: futures::stream::BoxStream<'static, GitWatchMessage>,
    /// A message here makes the workspace scan now.
    pub refresh: mpsc::Sender<()>,
}

impl Platform {
    /// Watches the repositories of a chat's workspace.
    pub async fn watch_git(&self, actor: &Actor, id: ChatId) -> Result<GitWatch, ChatFailure> {
        let client = self.chat_agent(actor, id).await?;
        let events = client
            .watch_git()
            .await
            .map_err(|error| ChatFailure::WorkspaceUnavailable(error.to_string()))?;
        let (refresh, mut requests) = mpsc::channel(1);
        let scanner = client.clone();
        tokio::spawn(async move {
            while requests.recv().await.is_some() {
                if let Err(error) = scanner.refresh_git().await {
                    tracing::debug!(%error, "a scan could not be asked for");
                }
            }
        });
        Ok(GitWatch {
            messages: messages(events).boxed(),
            refresh,
        })
    }

    /// One snapshot of the same.
    pub async fn git_changes(
        &self,
        actor: &Actor,
        id: ChatId,
    ) -> Result<Vec<RepositoryChanges>, ChatFailure> {
        let client = self.chat_agent(actor, id).await?;
        let changes = client.git_changes().await;
        let changes =
            changes.map_err(|error| ChatFailure::WorkspaceUnavailable(error.to_string()))?;
        Ok(changes.repositories.into_iter().map(repository).collect())
    }

    async fn chat_agent(&self, actor: &Actor, id: ChatId) -> Result<AgentClient, ChatFailure> {
        let chat = self.own_chat(actor, id).await?;
        let workspace = chat.workspace_id.ok_or(ChatFailure::NoWorkspace)?;
        let connected = self.connected_agent(actor, workspace).await;
        let client = connected.map_err(|error| match error.kind() {
            FailureKind::Forbidden => ChatFailure::Workspace {
                message: error.message(),
                kind: FailureKind::Forbidden,
                validations: Vec::new(),
            },
            _ => ChatFailure::WorkspaceUnavailable(error.message()),
        })?;
        let client = client.ok_or_else(|| ChatFailure::WorkspaceUnavailable(ASLEEP.to_owned()))?;
        Ok(client.for_chat(id.0, Vec::new()))
    }
}

fn messages(events: workspace::connection::GitWatch) -> impl Stream<Item = GitWatchMessage> + Send {
    events.filter_map(|event| async move {
        match event {
            Ok(GitEvent::Changes(changes)) => Some(changes_message(changes)),
            Ok(GitEvent::Error { message }) => Some(GitWatchMessage::Error { message }),
            Ok(GitEvent::Alive) => None,
            Err(error) => Some(GitWatchMessage::Error {
                message: error.to_string(),
            }),
        }
    })
}

fn changes_message(changes: GitChanges) -> GitWatchMessage {
    GitWatchMessage::Changes {
        scanned_at: changes.scanned_at,
        repositories: changes.repositories.into_iter().map(repository).collect(),
    }
}

fn repository(changes: AgentChanges) -> RepositoryChanges {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    RepositoryChanges {
        repo_root: changes.repo_root,
        branch: changes.branch.unwrap_or_default(),
        base_commit: changes.base,
        remote_origin: changes.remote_origin,
        unified_diff: (!changes.unified_diff.is_empty()).then_some(changes.unified_diff),
        changed_files: count(changes.files.len() as u64),
        additions: count(changes.additions),
        deletions: count(changes.deletions),
        omitted_files: changes.left_out.map_or(0, |left_out| count(left_out.files)),
        removed: changes.removed,
    }
}
