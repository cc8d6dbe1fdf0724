//! What state a workspace is in, as a dot and a word.

use leptos::prelude::*;
use sdk::workspaces::{Workspace, WorkspaceStatus};

use crate::view;

/// Classes of the dot, and the word beside it.
pub const fn look(status: WorkspaceStatus) -> (&'static str, &'static str) {
    match status {
        WorkspaceStatus::Ready => ("dot dot-green", "ready"),
        WorkspaceStatus::Cloning => ("dot dot-amber", "cloning"),
        WorkspaceStatus::SettingUp => ("dot dot-amber", "setting up"),
        WorkspaceStatus::Queued => ("dot dot-amber", "queued"),
        WorkspaceStatus::Starting => ("dot dot-amber", "starting"),
        WorkspaceStatus::WaitingForAgent => ("dot dot-amber", "waiting for its agent"),
        WorkspaceStatus::Reconnecting => ("dot dot-amber", "reconnecting"),
        WorkspaceStatus::Stopped => ("dot", "stopped"),
        WorkspaceStatus::Failed => ("dot dot-red", "failed"),
        WorkspaceStatus::Deleted => ("dot dot-red", "gone"),
    }
}

/// The dot and the word.
pub fn dot(status: WorkspaceStatus) -> AnyView {
    let (class, words) = look(status);
    view! { <span class="workspace-state"><span class=class aria-hidden="true"></span> {words}</span> }
}

/// The last part of the folder that a workspace was made from.
pub fn folder_name(workspace: &Workspace) -> Option<&str> {
    let folder = workspace.folder.as_deref()?;
    folder.rsplit('/').find(|part| !part.is_empty())
}

/// The first line of a reason, without the words that lead on to the next ones; the workspace's page has all of it.
pub fn first_words(reason: &str) -> String {
    let line = reason.lines().next().unwrap_or_default();
    let line = line.strip_suffix(" Its last lines:").unwrap_or(line);
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_of_a_reason_what_stands_alone() {
        let reason = "The setup script failed. Correct it. Its last lines:\nnpm error\n";
        assert_eq!(first_words(reason), "The setup script failed. Correct it.");
        assert_eq!(first_words("Stopped."), "Stopped.");
        assert_eq!(first_words(""), "");
    }
}
