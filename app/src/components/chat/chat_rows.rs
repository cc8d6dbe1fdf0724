//! Rows of the list: status told by icon and words, and what can be done with a chat.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use sdk::chats::{Chat, ChatStatus, UpdateChat};
use sdk::ids::ChatId;

use super::context::Agents;
use super::model_picker::model_name;
use super::pull_request;
use super::questions::Asked;
use super::sidebar::ListState;
use super::words;
use crate::api::chats::{update_chat, view_chat};
use crate::components::icons::{Icon, icon_with_class};
use crate::components::menu::{Menu, MenuItem};
use crate::components::toast::ToastKind;
use crate::error::AppError;
use crate::session::use_hydrated;
use crate::view;

/// What rows share.
#[derive(Clone, Copy)]
struct RowActions {
    /// The row that the Tab key reaches.
    roving: RwSignal<Option<ChatId>>,
    leave: Callback<()>,
}

/// Provides what rows share.
pub fn provide_row_actions() {
    provide_context(RowActions {
        roving: RwSignal::new(None),
        leave: leave_chat(),
    });
}

/// Goes from a chat to the form of a new one.
pub fn leave_chat() -> Callback<()> {
    let navigate = use_navigate();
    Callback::new(move |()| navigate("/agents", NavigateOptions::default()))
}

/// Puts a chat into the archive or takes it out; what shows it is left.
pub async fn set_archived(
    agents: Agents,
    chat: &Chat,
    archived: bool,
    leave: Callback<()>,
) -> Result<(), AppError> {
    let request = UpdateChat {
        archived: Some(archived),
        ..UpdateChat::default()
    };
    update_chat(chat.id, request).await?;
    agents.archive_news.set(Some((chat.id, archived)));
    agents.chats.update(|chats| {
        if let Some(chats) = chats {
            chats.retain(|known| known.id != chat.id);
        }
    });
    if let Some(state) = agents.list.get_value() {
        super::sidebar::reload(agents, state);
    }
    if archived && agents.open_chat.get_untracked() == Some(chat.id) {
        leave.run(());
    }
    if archived {
        let words = format!("“{}” is in the archive.", chat.title);
        let chat = chat.clone();
        let undo = move |()| set_archived_from_button(agents, chat.clone(), false, leave);
        agents.toasts.offer(words, ("Undo", Callback::new(undo)));
    }
    Ok(())
}

/// The same from a button: what goes wrong is told in a note.
pub fn set_archived_from_button(agents: Agents, chat: Chat, archived: bool, leave: Callback<()>) {
    spawn_local(async move {
        if let Err(error) = set_archived(agents, &chat, archived, leave).await {
            agents.toasts.show(ToastKind::Error, error.message);
        }
    });
}

fn set_pin(agents: Agents, chat: &Chat) {
    let (id, before) = (chat.id, chat.pin_order);
    let wanted = i32::from(before == 0);
    let place = |pin: i32| {
        agents.chats.update(|chats| {
            if let Some(chats) = chats {
                if let Some(row) = chats.iter_mut().find(|row| row.id == id) {
                    row.pin_order = if pin == 1 { i32::MAX - 1 } else { pin };
                }
                crate::live::watch::sort(chats);
            }
        });
    };
    place(wanted);
    spawn_local(async move {
        let request = UpdateChat {
            pin_order: Some(wanted),
            ..UpdateChat::default()
        };
        if let Err(error) = update_chat(id, request).await {
            agents.update_row(id, |row| row.pin_order = before);
            agents.toasts.show(ToastKind::Error, error.message);
        }
    });
}

/// A chat in the list.
#[component]
pub fn Row(
    /// The chat.
    id: ChatId,
    /// All of the list.
    rows: Memo<Vec<Chat>>,
) -> impl IntoView {
    let agents = Agents::expect();
    let actions = use_context::<RowActions>();
    let state = use_context::<ListState>();
    let is_hydrated = use_hydrated();
    let place = StoredValue::new(0);
    let chat = Memo::new(move |before: Option<&Option<Chat>>| {
        let (found, near) = rows.with(|rows| find_near(rows, id, place.get_value()));
        place.set_value(near);
        found.or_else(|| before.cloned().flatten())
    });
    let field = move |read: fn(&Chat) -> String| {
        chat.with(|chat| chat.as_ref().map(read).unwrap_or_default())
    };
    let is_open = Memo::new(move |_| agents.open_chat.get() == Some(id));
    let reached = use_context::<ReachedRow>();
    let is_reached = move || reached.is_none_or(|reached| reached.0.get() == Some(id));
    let tabindex = move || (is_hydrated.get() && !is_reached()).then_some("-1");
    let subtitle = move || {
        chat.with(|chat| chat.as_ref().map(|chat| subtitle(chat, agents, state)))
            .unwrap_or_default()
    };
    let is_child = chat.with_untracked(|chat| {
        chat.as_ref()
            .is_some_and(|chat| chat.parent_chat_id.is_some())
    });
    // Its report goes to the agent that started it.
    let is_unread = Memo::new(move |_| {
        !is_child
            && !is_open.get()
            && chat.with(|chat| chat.as_ref().is_some_and(|chat| chat.has_unread))
    });
    let is_failed = move || {
        chat.with(|chat| {
            chat.as_ref()
                .is_some_and(|chat| chat.status == ChatStatus::Error)
        })
    };
    let prefetch = move |_| prefetch(agents, id);
    let on_key = move |event: KeyboardEvent| {
        let is_unfolded = match event.key().as_str() {
            "ArrowRight" => true,
            "ArrowLeft" => false,
            _ => return,
        };
        if let Some(state) = state {
            state.fold(id, is_unfolded);
        }
    };
    view! {
        <li class="row-item" class:unread=move || is_unread.get() class:child=is_child>
            <a class="row" on:keydown=on_key href=format!("/agents/{id}") aria-current=move || is_open.get().then_some("page") tabindex=tabindex
                on:mouseenter=prefetch on:focus=move |_| if let Some(actions) = actions { actions.roving.set(Some(id)) }>
                {move || chat.with(|chat| chat.as_ref().map(pull_request::icon_or_status))}
                <span class="row-title">{move || field(|chat| chat.title.clone())}</span>
                <span class="row-age">{move || chat.with(|chat| chat.as_ref().map(|chat| words::short_age(chat.updated_at, agents.now.get())))}</span>
                <span class="row-subtitle" class:failed=is_failed>{move || chat.with(|chat| chat.as_ref().and_then(pull_request::numbers))} {move || subtitle()}</span>
                {move || is_unread.get().then(|| view! { <span class="unread-dot" role="img" aria-label="Unread"></span> })}
            </a>
            {(!is_child).then(|| state.map(|state| fold_button(agents, state, chat)))}
            {actions.filter(|_| !is_child).map(|actions| view! {
                <div class="row-menu"><ChatMenu id=format!("chat-menu-{id}") chat leave=actions.leave/></div>
            })}
        </li>
    }
}

/// Shows and hides the agents that a chat started; nothing when there are none.
fn fold_button(agents: Agents, state: ListState, chat: Memo<Option<Chat>>) -> impl IntoView {
    let count =
        Memo::new(move |_| chat.with(|chat| chat.as_ref().map_or(0, |chat| chat.children.len())));
    let is_unfolded = Memo::new(move |_| {
        let open_chat = agents.open_chat.get();
        chat.with(|chat| {
            chat.as_ref()
                .is_some_and(|chat| state.is_unfolded(chat, open_chat))
        })
    });
    let on_click = move |_| {
        if let Some(id) = chat.with_untracked(|chat| chat.as_ref().map(|chat| chat.id)) {
            state.fold(id, !is_unfolded.get_untracked());
        }
    };
    move || {
        let count = count.get();
        (count > 0).then(|| view! {
            <button type="button" class="row-fold" aria-expanded=move || is_unfolded.get().to_string() title="Agents of this chat"
                aria-label=words::count(count, "agent of this chat", "agents of this chat") on:click=on_click>
                {icon_with_class(Icon::ChevronRight, "icon icon-small")} {count}
            </button>
        })
    }
}

/// A chat's row and its place. Most changes move one row, so it is looked for beside its place of before first: with
/// thousands of rows each of them looking through all would be felt.
fn find_near(rows: &[Chat], id: ChatId, place: usize) -> (Option<Chat>, usize) {
    let is_at = |place: &usize| rows.get(*place).is_some_and(|chat| chat.id == id);
    let near = [place, place + 1, place.saturating_sub(1)];
    let found = near
        .into_iter()
        .find(is_at)
        .or_else(|| rows.iter().position(|chat| chat.id == id));
    match found {
        Some(place) => (rows.get(place).cloned(), place),
        None => (None, place),
    }
}

/// The row that the Tab key reaches; by context, for all rows of a list.
#[derive(Clone, Copy)]
struct ReachedRow(Memo<Option<ChatId>>);

/// Tells the rows which of them the Tab key reaches: the one that had the focus last, else that of the open chat, else the
/// first. What is folded away cannot be reached.
pub fn provide_reached_row(agents: Agents, rows: Memo<Vec<Chat>>) {
    let actions = use_context::<RowActions>();
    provide_context(ReachedRow(Memo::new(move |_| {
        let roving = actions.and_then(|actions| actions.roving.get());
        let wanted = roving.or_else(|| agents.open_chat.get());
        rows.with(|rows| {
            let is_shown = |id: &ChatId| rows.iter().any(|chat| chat.id == *id);
            wanted.filter(is_shown).or_else(|| Some(rows.first()?.id))
        })
    })));
}

/// What can be done with a chat.
#[component]
pub fn ChatMenu(
    /// The menu's id in the document.
    id: String,
    /// The chat.
    chat: Memo<Option<Chat>>,
    /// Leaves the chat's page when the chat is put away.
    leave: Callback<()>,
) -> impl IntoView {
    let agents = Agents::expect();
    let is_hydrated = use_hydrated();
    let is_pinned = move || chat.with(|chat| chat.as_ref().is_some_and(|chat| chat.pin_order > 0));
    let is_archived = move || chat.with(|chat| chat.as_ref().is_some_and(|chat| chat.archived));
    let ask = move |question: fn(Chat) -> Asked| {
        Callback::new(move |()| agents.asked.set(chat.get_untracked().map(question)))
    };
    let on_pin = Callback::new(move |()| {
        if let Some(chat) = chat.get_untracked() {
            set_pin(agents, &chat);
        }
    });
    let on_archive = Callback::new(move |()| {
        let Some(chat) = chat.get_untracked() else {
            return;
        };
        if chat.status.is_busy() && !chat.archived {
            agents.asked.set(Some(Asked::Archive(chat)));
            return;
        }
        let archived = !chat.archived;
        set_archived_from_button(agents, chat, archived, leave);
    });
    view! {
        <Menu id label="What to do with this chat" disabled=Signal::derive(move || !is_hydrated.get())>
            <MenuItem name=Icon::Pencil on_select=ask(Asked::Rename)>"Rename"</MenuItem>
            <MenuItem name=Icon::Tag on_select=ask(Asked::Labels)>"Labels"</MenuItem>
            <MenuItem name=Icon::Terminal on_select=ask(Asked::Workspace)>"Workspace"</MenuItem>
            <MenuItem name=Icon::Pin disabled=Signal::derive(is_archived) on_select=on_pin>{move || if is_pinned() { "Unpin" } else { "Pin" }}</MenuItem>
            <MenuItem name=Icon::Archive on_select=on_archive>{move || if is_archived() { "Take out of the archive" } else { "Archive" }}</MenuItem>
        </Menu>
    }
}

fn subtitle(chat: &Chat, agents: Agents, state: Option<ListState>) -> String {
    if chat.status == ChatStatus::Error {
        return chat
            .last_error
            .clone()
            .unwrap_or_else(|| "The turn failed".to_owned());
    }
    if chat.status.is_busy() {
        let since = chat
            .status_since
            .map(|since| (agents.now.get() - since).num_minutes())
            .filter(|minutes| *minutes > 0);
        let words = status_words(chat.status);
        return since.map_or_else(
            || words.to_owned(),
            |minutes| format!("{words} · {minutes} min"),
        );
    }
    let model = state.and_then(|state| {
        state
            .models
            .with(|models| model_name(models, chat.last_model_config_id))
    });
    model.unwrap_or_else(|| "Model no longer offered".to_owned())
}

/// A status in words.
pub const fn status_words(status: ChatStatus) -> &'static str {
    match status {
        ChatStatus::Waiting => "Done",
        ChatStatus::Pending => "Waiting for a worker",
        ChatStatus::Running => "Running",
        ChatStatus::Interrupting => "Stopping",
        ChatStatus::RequiresAction => "Waiting for an answer",
        ChatStatus::Paused => "Paused",
        ChatStatus::Error => "Failed",
    }
}

/// The icon of a status, with its words for those who do not see it.
pub fn status_icon(status: ChatStatus) -> AnyView {
    let (name, class) = match status {
        ChatStatus::Waiting => (Icon::Check, "icon row-status done"),
        ChatStatus::Pending | ChatStatus::Running => {
            (Icon::LoaderCircle, "icon row-status running spin")
        }
        ChatStatus::Interrupting => (Icon::Square, "icon row-status running"),
        ChatStatus::RequiresAction | ChatStatus::Paused => (Icon::Clock, "icon row-status paused"),
        ChatStatus::Error => (Icon::TriangleAlert, "icon row-status failed"),
    };
    view! {
        <span class="row-status-slot" title=status_words(status)>
            {icon_with_class(name, class)} <span class="visually-hidden">{status_words(status)}</span>
        </span>
    }
}

/// Loads a chat that the pointer rests on, so that it opens at once.
fn prefetch(agents: Agents, id: ChatId) {
    if agents.open_chat.get_untracked() == Some(id) || agents.is_prefetched(id) {
        return;
    }
    spawn_local(async move {
        if let Ok(view) = view_chat(id, None).await {
            agents.keep_prefetched(view);
        }
    });
}
