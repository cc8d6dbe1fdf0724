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
        WorkspaceStatus::Queued | WorkspaceStatus::Starting | WorkspaceStatus::WaitingForAgent => {
            ("dot dot-amber", "starting")
        }
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
