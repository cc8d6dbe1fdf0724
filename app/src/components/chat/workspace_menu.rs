//! What a person can do with a chat's workspace.

use leptos::prelude::*;
use sdk::workspaces::{Workspace, WorkspaceStatus};

use super::context::Agents;
use super::questions::Asked;
use crate::components::control_flow::Show;
use crate::components::icons::Icon;
use crate::components::menu::{Menu, MenuItem, MenuLink};
use crate::session::use_hydrated;
use crate::view;

/// The menu beside the workspace's name.
#[component]
pub fn WorkspaceMenu(
    /// The chat's workspace.
    workspace: Signal<Option<Workspace>>,
) -> impl IntoView {
    let agents = Agents::expect();
    let hydrated = use_hydrated();
    let delete = move |()| {
        if let Some(workspace) = workspace.get_untracked() {
            agents.asked.set(Some(Asked::DeleteWorkspace(workspace)));
        }
    };
    let path = move || {
        let id = workspace.with(|workspace| workspace.as_ref().map(|workspace| workspace.id));
        id.map(|id| format!("/workspaces/{id}")).unwrap_or_default()
    };
    let is_there = move || {
        workspace.with(|workspace| {
            let workspace = workspace.as_ref();
            workspace.is_some_and(|workspace| workspace.status != WorkspaceStatus::Deleted)
        })
    };
    view! {
        <Show when=is_there>
            <Menu id="workspace-menu" label="Actions for the workspace" name=Icon::ChevronDown disabled=Signal::derive(move || !hydrated.get())>
                <MenuLink name=Icon::Terminal href=path()>"Builds and log"</MenuLink>
                <div class="menu-line" role="separator"></div>
                <MenuItem name=Icon::Trash2 is_danger=true on_select=Callback::new(delete)>
                    "Delete the workspace"
                </MenuItem>
            </Menu>
        </Show>
    }
}
