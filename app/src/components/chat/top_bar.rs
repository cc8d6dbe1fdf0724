//! The bar above a chat: its title, its workspace, the buttons of the two sides.

use leptos::prelude::*;
use sdk::chats::Chat;
use sdk::workspaces::{Sandbox, Workspace};

use super::changes::Changes;
use super::chat_rows::{ChatMenu, leave_chat};
use super::context::Agents;
use super::frame::{Side, toggle};
use super::pull_request;
use super::tool_card::counts;
use super::workspace_menu::WorkspaceMenu;
use crate::components::button::IconButton;
use crate::components::control_flow::Show;
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::workspaces::state;
use crate::view;

/// Shows the list of chats where it is hidden.
#[component]
pub fn ListButton() -> impl IntoView {
    let agents = Agents::expect();
    view! {
        <span class="list-button">
            <IconButton name=Icon::PanelLeft label="Show the list of chats" on_click=move |_| toggle(agents, Side::List)/>
        </span>
    }
}

/// The bar.
#[component]
pub fn TopBar(
    /// The chat.
    chat: Memo<Option<Chat>>,
    /// Its workspace.
    #[prop(into)]
    workspace: Signal<Option<Workspace>>,
    /// What changed in it.
    changes: Changes,
    /// Whether there is a right panel to show.
    has_panel: Memo<bool>,
) -> impl IntoView {
    let agents = Agents::expect();
    let totals = Memo::new(move |_| changes.totals());
    let title = Memo::new(move |_| title_of(chat));
    let parent = Memo::new(move |_| chat.with(|chat| chat.as_ref()?.parent_chat_id));
    view! {
        <header class="top">
            <ListButton/>
            {move || parent.get().map(|id| view! {
                <a class="icon-button" href=format!("/agents/{id}") aria-label="The chat that started this one" title="The chat that started this one">
                    {icon(Icon::ArrowLeft)}
                </a>
            })}
            <h1 class="top-title" id="page-title" tabindex="-1" title=move || title.get()>{move || title.get()}</h1>
            <ChatMenu id="open-chat-menu".to_owned() chat leave=leave_chat()/>
            <span class="top-labels">{move || chat.with(|chat| chat.as_ref().map(labels))}</span>
            {move || chat.with(|chat| chat.as_ref().and_then(pull_request::link))}
            {move || workspace.get().map(|workspace| pill(&workspace))}
            <WorkspaceMenu workspace/>
            <span class="spacer"></span>
            <Show when=move || has_panel.get()>{changes_button(agents, totals)}</Show>
        </header>
    }
}

/// A chat's title; nothing when the chat is gone.
pub fn title_of(chat: Memo<Option<Chat>>) -> String {
    chat.with(|chat| chat.as_ref().map(|chat| chat.title.clone()))
        .unwrap_or_default()
}

fn labels(chat: &Chat) -> Vec<AnyView> {
    chat.labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .map(|label| view! { <span class="badge">{label}</span> })
        .collect()
}

fn changes_button(agents: Agents, totals: Memo<(u32, u32, u32)>) -> impl IntoView {
    let numbers = move || {
        let (files, added, removed) = totals.get();
        (files > 0).then(|| counts(added, removed))
    };
    view! {
        <button type="button" class="changes-button" aria-label="Show or hide the changes"
            title="Show or hide the changes (])" on:click=move |_| toggle(agents, Side::Panel)>
            {move || numbers()} {icon(Icon::PanelRight)}
        </button>
    }
}

/// The sign that nothing stands between the agent and the server's machine.
fn unprotected(workspace: &Workspace) -> Option<AnyView> {
    let Some(Sandbox::None { reason }) = &workspace.sandbox else {
        return None;
    };
    Some(view! {
        <span class="badge badge-amber" title=reason.clone()>
            {icon_with_class(Icon::ShieldAlert, "icon icon-small")} "No sandbox"
        </span>
    })
}

/// A workspace by name, with its state.
pub fn pill(workspace: &Workspace) -> AnyView {
    let (class, words) = state::look(workspace.status);
    let name = state::folder_name(workspace)
        .unwrap_or(&workspace.name)
        .to_owned();
    let reason = workspace
        .status_reason
        .clone()
        .unwrap_or_else(|| workspace.working_directory.clone());
    view! {
        <span class="chip" title=reason>
            {icon_with_class(Icon::Terminal, "icon icon-small")} <span class="chip-name">{name}</span>
            <span class=class aria-hidden="true"></span> <span>{words}</span>
        </span>
        {unprotected(workspace)}
    }
}
