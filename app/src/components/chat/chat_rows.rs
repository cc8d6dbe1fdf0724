//! Rows of the list: sections by day, status told by icon and words, and what can be done with a chat.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use sdk::chats::{Chat, ChatStatus, UpdateChat};
use sdk::ids::ChatId;

use super::context::Agents;
use super::model_picker::model_name;
use super::sidebar::ListState;
use super::words;
use crate::api::chats::{update_chat, view_chat};
use crate::components::button::{Button, ButtonKind};
use crate::components::control_flow::For;
use crate::components::dialog::{CancelButton, ConfirmDialog, Dialog, Question, close, show};
use crate::components::feedback::FormError;
use crate::components::icons::{Icon, icon_with_class};
use crate::components::menu::{Menu, MenuItem};
use crate::components::toast::ToastKind;
use crate::error::AppError;
use crate::session::use_hydrated;

const RENAME_DIALOG: &str = "rename-chat";
const ARCHIVE_DIALOG: &str = "archive-chat";

/// What rows can ask for; the dialogs stand once beside the list.
#[derive(Clone, Copy)]
struct RowActions {
    target: RwSignal<Option<Chat>>,
    title: RwSignal<String>,
    pending: RwSignal<bool>,
    error: RwSignal<Option<AppError>>,
    /// The row that the Tab key reaches.
    roving: RwSignal<Option<ChatId>>,
    leave: Callback<()>,
}

/// Provides the rows' actions and draws their dialogs.
pub fn provide_row_actions(agents: Agents) -> impl IntoView {
    let navigate = use_navigate();
    let actions = RowActions {
        target: RwSignal::new(None),
        title: RwSignal::new(String::new()),
        pending: RwSignal::new(false),
        error: RwSignal::new(None),
        roving: RwSignal::new(None),
        leave: Callback::new(move |()| navigate("/agents", NavigateOptions::default())),
    };
    provide_context(actions);
    let question = Signal::derive(move || {
        let title = actions.target.with(|chat| {
            chat.as_ref()
                .map(|chat| chat.title.clone())
                .unwrap_or_default()
        });
        Question {
            title: format!("Archive “{title}”?"),
            text: "Its agent is at work. The turn is stopped, what was done so far is kept, and the chat moves to the archive.".to_owned(),
            action: "Stop and archive".to_owned(),
        }
    });
    let on_rename = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        rename(agents, actions);
    };
    view! {
        <Dialog id=RENAME_DIALOG title="Rename chat">
            <form class="form" on:submit=on_rename>
                <label class="field">
                    <span class="field-label">"Title"</span>
                    <input class="input" name="title" required maxlength="200" autocomplete="off"
                        prop:value=move || actions.title.get() on:input=move |event| actions.title.set(event_target_value(&event))/>
                </label>
                <FormError error=actions.error/>
                <div class="dialog-actions">
                    <CancelButton dialog=RENAME_DIALOG/>
                    <Button kind=ButtonKind::Primary disabled=actions.pending attr:r#type="submit">"Rename"</Button>
                </div>
            </form>
        </Dialog>
        <ConfirmDialog id=ARCHIVE_DIALOG question pending=actions.pending error=actions.error
            on_confirm=Callback::new(move |()| archive(agents, actions))/>
    }
    .into_any()
}

fn rename(agents: Agents, actions: RowActions) {
    let Some(chat) = actions.target.get_untracked() else {
        return;
    };
    let title = actions.title.get_untracked().trim().to_owned();
    if title.is_empty() {
        return;
    }
    agents.update_row(chat.id, |row| row.title.clone_from(&title));
    actions.pending.set(true);
    spawn_local(async move {
        let request = UpdateChat {
            title: Some(title),
            ..UpdateChat::default()
        };
        let outcome = update_chat(chat.id, request).await;
        actions.pending.set(false);
        match outcome {
            Ok(()) => close(RENAME_DIALOG),
            Err(error) => {
                agents.update_row(chat.id, |row| row.title.clone_from(&chat.title));
                actions.error.set(Some(error));
            }
        }
    });
}

fn archive(agents: Agents, actions: RowActions) {
    let Some(chat) = actions.target.get_untracked() else {
        return;
    };
    let is_archived = !chat.archived;
    actions.pending.set(true);
    spawn_local(async move {
        let request = UpdateChat {
            archived: Some(is_archived),
            ..UpdateChat::default()
        };
        let outcome = update_chat(chat.id, request).await;
        actions.pending.set(false);
        match outcome {
            Ok(()) => {
                close(ARCHIVE_DIALOG);
                agents.chats.update(|chats| {
                    if let Some(chats) = chats {
                        chats.retain(|known| known.id != chat.id);
                    }
                });
                if let Some(state) = agents.list.get_value() {
                    super::sidebar::reload(agents, state);
                }
                if is_archived && agents.open_chat.get_untracked() == Some(chat.id) {
                    actions.leave.run(());
                }
            }
            Err(error) if chat.status.is_busy() => actions.error.set(Some(error)),
            Err(error) => agents.toasts.show(ToastKind::Error, error.message),
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

/// The rows with their sections.
#[component]
pub fn ChatRows(
    /// Chats in the order of the list.
    rows: Memo<Vec<Chat>>,
) -> impl IntoView {
    let agents = Agents::expect();
    let sections = Memo::new(move |_| {
        let today = words::local_day(agents.now.get(), agents.offset_minutes.get());
        rows.with(|rows| sections_of(rows, today, agents.offset_minutes.get()))
    });
    view! {
        <For each=move || sections.get() key=|section| section.clone() let(section)>
            {
                let (name, ids) = section;
                view! {
                    <h2 class="section">{name}</h2>
                    <ul class="rows">
                        <For each=move || ids.clone() key=|id| *id let(id)>
                            <Row id rows/>
                        </For>
                    </ul>
                }
            }
        </For>
    }
    .into_any()
}

type Section = (&'static str, Vec<ChatId>);

fn sections_of(rows: &[Chat], today: chrono::NaiveDate, offset_minutes: i32) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for chat in rows {
        let name = if chat.pin_order > 0 {
            "Pinned"
        } else {
            words::list_section(words::local_day(chat.updated_at, offset_minutes), today)
        };
        match sections.last_mut() {
            Some((known, ids)) if *known == name => ids.push(chat.id),
            _ => sections.push((name, vec![chat.id])),
        }
    }
    sections
}

#[component]
fn Row(id: ChatId, rows: Memo<Vec<Chat>>) -> impl IntoView {
    let agents = Agents::expect();
    let actions = use_context::<RowActions>();
    let state = use_context::<ListState>();
    let is_hydrated = use_hydrated();
    let chat = Memo::new(move |before: Option<&Option<Chat>>| {
        rows.with(|rows| rows.iter().find(|chat| chat.id == id).cloned())
            .or_else(|| before.cloned().flatten())
    });
    let field = move |read: fn(&Chat) -> String| {
        chat.with(|chat| chat.as_ref().map(read).unwrap_or_default())
    };
    let is_open = Memo::new(move |_| agents.open_chat.get() == Some(id));
    let is_reached = move || match actions.and_then(|actions| actions.roving.get()) {
        Some(roving) => roving == id,
        None => agents.open_chat.get().unwrap_or_else(|| first_id(rows)) == id,
    };
    let tabindex = move || (is_hydrated.get() && !is_reached()).then_some("-1");
    let subtitle = move || {
        chat.with(|chat| chat.as_ref().map(|chat| subtitle(chat, agents, state)))
            .unwrap_or_default()
    };
    let is_unread = Memo::new(move |_| {
        !is_open.get() && chat.with(|chat| chat.as_ref().is_some_and(|chat| chat.has_unread))
    });
    let is_failed = move || {
        chat.with(|chat| {
            chat.as_ref()
                .is_some_and(|chat| chat.status == ChatStatus::Error)
        })
    };
    let prefetch = move |_| prefetch(agents, id);
    view! {
        <li class="row-item" class:unread=move || is_unread.get()>
            <a class="row" href=format!("/agents/{id}") aria-current=move || is_open.get().then_some("page") tabindex=tabindex
                on:mouseenter=prefetch on:focus=move |_| if let Some(actions) = actions { actions.roving.set(Some(id)) }>
                {move || status_icon(chat.with(|chat| chat.as_ref().map_or(ChatStatus::Waiting, |chat| chat.status)))}
                <span class="row-title">{move || field(|chat| chat.title.clone())}</span>
                <span class="row-age">{move || chat.with(|chat| chat.as_ref().map(|chat| words::short_age(chat.updated_at, agents.now.get())))}</span>
                <span class="row-subtitle" class:failed=is_failed>{move || subtitle()}</span>
                {move || is_unread.get().then(|| view! { <span class="unread-dot" role="img" aria-label="Unread"></span> }.into_any())}
            </a>
            {actions.map(|actions| row_menu(agents, actions, id, chat))}
        </li>
    }
    .into_any()
}

fn first_id(rows: Memo<Vec<Chat>>) -> ChatId {
    rows.with(|rows| {
        rows.first()
            .map_or_else(|| ChatId(uuid::Uuid::nil()), |chat| chat.id)
    })
}

fn row_menu(
    agents: Agents,
    actions: RowActions,
    id: ChatId,
    chat: Memo<Option<Chat>>,
) -> impl IntoView {
    let is_pinned = move || chat.with(|chat| chat.as_ref().is_some_and(|chat| chat.pin_order > 0));
    let is_archived = move || chat.with(|chat| chat.as_ref().is_some_and(|chat| chat.archived));
    let on_rename = Callback::new(move |()| {
        let Some(chat) = chat.get_untracked() else {
            return;
        };
        actions.error.set(None);
        actions.title.set(chat.title.clone());
        actions.target.set(Some(chat));
        show(RENAME_DIALOG);
    });
    let on_pin = Callback::new(move |()| {
        if let Some(chat) = chat.get_untracked() {
            set_pin(agents, &chat);
        }
    });
    let on_archive = Callback::new(move |()| {
        let Some(chat) = chat.get_untracked() else {
            return;
        };
        let is_busy = chat.status.is_busy() && !chat.archived;
        actions.error.set(None);
        actions.target.set(Some(chat));
        if is_busy {
            show(ARCHIVE_DIALOG);
        } else {
            archive(agents, actions);
        }
    });
    view! {
        <div class="row-menu">
            <Menu id=format!("chat-menu-{id}") label="What to do with this chat">
                <MenuItem name=Icon::Pencil on_select=on_rename>"Rename"</MenuItem>
                <MenuItem name=Icon::Pin on_select=on_pin>{move || if is_pinned() { "Unpin" } else { "Pin" }}</MenuItem>
                <MenuItem name=Icon::Archive on_select=on_archive>{move || if is_archived() { "Take out of the archive" } else { "Archive" }}</MenuItem>
            </Menu>
        </div>
    }
    .into_any()
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
    model.unwrap_or_else(|| "Model no longer there".to_owned())
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
    .into_any()
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
