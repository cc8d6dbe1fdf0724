//! What changes in a chat's workspace, live.

mod content;
mod texts;
mod watch;

use sdk::git::{GitWatchMessage, OmittedFile, RepositoryChanges};
use sdk::ids::{ChatId, WorkspaceId};
use sdk::workspaces::WorkspaceStatus;
use store::workspaces::WorkspaceRow;
use tokio::sync::mpsc;
use uuid::Uuid;
use workspace::connection::AgentClient;
use workspace::protocol::{GitChangesQuery, RepositoryChanges as AgentChanges};

pub(crate) use self::texts::{is_blob, versions_of};
use self::watch::Watch;
use super::ChatFailure;
use crate::workspaces::WorkspaceError;
use crate::{Actor, Failure as _, FailureKind, Platform};

/// Messages of a git watch, and the way to ask for a scan.
pub struct GitWatch {
    /// What changed, a snapshot first. When an error is the last message, it says why there are no more.
    pub messages: futures::stream::BoxStream<'static, GitWatchMessage>,
    /// A message here makes the workspace scan now.
    pub refresh: mpsc::Sender<()>,
}

/// An agent whose repositories a chat shows.
pub(super) struct Looked {
    pub(super) client: AgentClient,
    pub(super) workspace_id: WorkspaceId,
    ancestors: Vec<Uuid>,
}

impl Platform {
    /// Watches the repositories of a chat's workspace.
    pub async fn watch_git(&self, actor: &Actor, id: ChatId) -> Result<GitWatch, ChatFailure> {
        let looked = self.chat_agent(actor, id).await?;
        let events = looked.client.watch_git().await;
        let events =
            events.map_err(|error| ChatFailure::WorkspaceUnavailable(error.to_string()))?;
        let (refresh, requests) = mpsc::channel(1);
        let watch = Watch::new(self.clone(), *actor, id, looked, events, requests);
        Ok(GitWatch {
            messages: watch.messages(),
            refresh,
        })
    }

    /// One snapshot of the same, as it was seen last when nothing was heard of since.
    pub async fn git_changes(
        &self,
        actor: &Actor,
        id: ChatId,
    ) -> Result<Vec<RepositoryChanges>, ChatFailure> {
        let looked = self.chat_agent(actor, id).await?;
        let query = GitChangesQuery { may_be_known: true };
        let changes = looked.client.git_changes(query).await;
        let changes =
            changes.map_err(|error| ChatFailure::WorkspaceUnavailable(error.to_string()))?;
        Ok(changes.repositories.into_iter().map(repository).collect())
    }

    /// The agent of a chat's workspace, for who may look into it. Starts nothing.
    pub(super) async fn chat_agent(
        &self,
        actor: &Actor,
        id: ChatId,
    ) -> Result<Looked, ChatFailure> {
        let chat = self.own_chat(actor, id).await?;
        let workspace_id = chat.workspace_id.ok_or(ChatFailure::NoWorkspace)?;
        let looked = self.looked_into(actor, workspace_id).await;
        let (row, client) = looked.map_err(|error| refused(&error))?;
        let client = client.ok_or_else(|| ChatFailure::WorkspaceUnavailable(asleep(&row)))?;
        let ancestors = chat.ancestor_ids();
        Ok(Looked {
            client: client.for_chat(id.0, ancestors.clone()),
            workspace_id,
            ancestors,
        })
    }
}

fn refused(error: &WorkspaceError) -> ChatFailure {
    match error.kind() {
        kind @ (FailureKind::Forbidden | FailureKind::NotFound) => ChatFailure::Workspace {
            message: error.message(),
            kind,
            validations: Vec::new(),
        },
        _ => ChatFailure::WorkspaceUnavailable(error.message()),
    }
}

/// Why there is nobody to ask. Looking at changes starts no workspace.
fn asleep(row: &WorkspaceRow) -> String {
    let since = row.status_since.format("%Y-%m-%d %H:%M:%S UTC");
    match (row.status, row.status.start_in_words()) {
        (_, Some(words)) => format!("{words}. Look again when the workspace is ready."),
        (WorkspaceStatus::Ready | WorkspaceStatus::Reconnecting, _) => format!(
            "The workspace's agent lost its connection at {since}. It connects again by itself; look again in a moment."
        ),
        (WorkspaceStatus::Failed, _) => {
            "The workspace could not be started. Its page says why; the next message starts it again."
                .to_owned()
        }
        _ => "The workspace is stopped. It starts with the next message.".to_owned(),
    }
}

fn repository(changes: AgentChanges) -> RepositoryChanges {
    let left_out = changes.left_out.unwrap_or_default();
    let omitted_files = left_out.files + changes.unlisted_files;
    let omitted = left_out.named.into_iter().map(|file| OmittedFile {
        path: file.path,
        additions: count(file.additions),
        deletions: count(file.deletions),
    });
    RepositoryChanges {
        repo_root: changes.repo_root,
        branch: changes.branch.unwrap_or_default(),
        base_commit: changes.base,
        remote_origin: changes.remote_origin,
        unified_diff: (!changes.unified_diff.is_empty()).then_some(changes.unified_diff),
        changed_files: count(changes.files.len() as u64 + changes.unlisted_files),
        additions: count(changes.additions),
        deletions: count(changes.deletions),
        omitted_files: count(omitted_files),
        omitted: omitted.collect(),
        untracked_files: count(changes.untracked_files),
        uncommitted_files: count(changes.uncommitted_files),
        removed: changes.removed,
    }
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
