//! The rows of the list. A row stays in place while its workspace changes.

use leptos::prelude::*;
use leptos_router::components::A;
use sdk::ids::WorkspaceId;
use sdk::workspace_shares::WorkspacePermission;
use sdk::workspaces::{Workspace, WorkspaceMode, WorkspaceStatus};

use crate::api::workspaces::{TemplateName, WorkspaceRow};
use crate::components::control_flow::For;
use crate::components::icons::Icon;
use crate::components::menu::{Menu, MenuItem, MenuLink};
use crate::components::relative_time::RelativeTime;
use crate::components::table::Table;
use crate::components::workspaces::actions::{Actions, power};
use crate::components::workspaces::state;
use crate::session::use_hydrated;
use crate::view;

/// The table.
pub fn table(rows: RwSignal<Vec<WorkspaceRow>>, actions: Actions) -> AnyView {
    let ids = move || {
        rows.with(|rows| {
            rows.iter()
                .map(|row| row.workspace.id)
                .collect::<Vec<WorkspaceId>>()
        })
    };
    view! {
        <Table label="Workspaces" headings=&["Workspace", "State", "Chat", ""]>
            <For each=ids key=|id| *id children=move |id| row(id, rows, actions)/>
        </Table>
    }
}

fn row(id: WorkspaceId, rows: RwSignal<Vec<WorkspaceRow>>, actions: Actions) -> AnyView {
    let find = move || rows.with(|rows| rows.iter().find(|row| row.workspace.id == id).cloned());
    // What was known last stands while the row is taken away.
    let known = Memo::new(move |before: Option<&Option<WorkspaceRow>>| {
        find().or_else(|| before.cloned().flatten())
    });
    let Some(first) = known.get_untracked() else {
        return ().into_any();
    };
    let name = first.workspace.name.clone();
    let status = Signal::derive(move || {
        known.with(|row| {
            row.as_ref()
                .map_or(WorkspaceStatus::Deleted, |row| row.workspace.status)
        })
    });
    let path = format!("/workspaces/{id}");
    let may = Allowed::of(&first.permissions);
    let menu = menu(id, &name, known, actions, may);
    let power = may
        .update
        .then(|| power(id, name.clone(), status, actions, true));
    let mut made_from = made_from(&first.workspace, first.template.as_ref());
    if let Some(owner) = &first.owner {
        made_from = format!("of {owner} · {made_from}");
    }
    view! {
        <tr>
            <td class="cell-main">
                <A href=path attr:class="cell-link">{name}</A>
                <span class="cell-note">{made_from}</span>
            </td>
            <td class="cell-state" data-label="State">
                {move || known.get().map(|row| state_of(row.workspace))}
            </td>
            <td class="cell-chat" data-label="Chat">
                {move || known.get().map(chat_of)}
            </td>
            <td class="cell-actions">
                <div class="cell-buttons">
                    {power}
                    {menu}
                </div>
            </td>
        </tr>
    }
}

fn state_of(workspace: Workspace) -> AnyView {
    let reason = workspace.status_reason.as_deref().map(state::first_words);
    view! {
        <span class="cell-state-line">
            {state::dot(workspace.status)}
            <span class="muted">" · "<RelativeTime at=workspace.status_since/></span>
        </span>
        {reason.map(|reason| view! { <span class="cell-note cell-reason">{reason}</span> })}
    }
}

fn chat_of(row: WorkspaceRow) -> AnyView {
    match row.chat {
        Some(chat) => view! {
            <a class="link cell-clipped" href=format!("/agents/{}", chat.id) title=chat.title.clone()>{chat.title.clone()}</a>
        },
        None => view! { <span class="muted">"none"</span> },
    }
}

/// Where a chat begins that is to work in a workspace.
pub fn new_chat(id: WorkspaceId) -> String {
    format!("/agents?workspace={id}")
}

/// What of a workspace the reader may use.
#[derive(Clone, Copy)]
pub struct Allowed {
    /// Work in it.
    pub ssh: bool,
    /// Start and stop it.
    pub update: bool,
    /// Delete it.
    pub delete: bool,
}

impl Allowed {
    /// With these permissions.
    pub fn of(permissions: &[WorkspacePermission]) -> Self {
        let has = |permission| permissions.contains(&permission);
        Self {
            ssh: has(WorkspacePermission::Ssh),
            update: has(WorkspacePermission::Update),
            delete: has(WorkspacePermission::Delete),
        }
    }
}

/// What a workspace was made from, in words.
pub fn made_from(workspace: &Workspace, template: Option<&TemplateName>) -> String {
    if workspace.template_id.is_some() {
        return template.map_or_else(
            || "from a template that is not offered any more".to_owned(),
            |template| {
                format!("{} {}", template.icon, template.title)
                    .trim()
                    .to_owned()
            },
        );
    }
    let folder = state::folder_name(workspace).unwrap_or_default();
    match workspace.mode {
        WorkspaceMode::Worktree => format!("{folder} · own branch"),
        WorkspaceMode::Direct => format!("{folder} · directly"),
        WorkspaceMode::Empty => "Empty workspace".to_owned(),
    }
}

fn menu(
    id: WorkspaceId,
    name: &str,
    known: Memo<Option<WorkspaceRow>>,
    actions: Actions,
    may: Allowed,
) -> AnyView {
    let hydrated = use_hydrated();
    let label = format!("Actions for {name}");
    let ask = Callback::new(move |()| {
        let workspace = known.get_untracked().map(|row| row.workspace);
        actions.asked.set(workspace);
    });
    view! {
        <Menu id=format!("workspace-{id}") label disabled=Signal::derive(move || !hydrated.get())>
            <MenuLink name=Icon::Terminal href=format!("/workspaces/{id}")>"Builds and log"</MenuLink>
            {may.ssh.then(|| view! { <MenuLink name=Icon::Plus href=new_chat(id)>"New chat in it"</MenuLink> })}
            {may.delete.then(|| view! {
                <div class="menu-line" role="separator"></div>
                <MenuItem name=Icon::Trash2 is_danger=true on_select=ask>"Delete"</MenuItem>
            })}
        </Menu>
    }
}
