//! The list of chats beside the page: newest first, live, with what each is doing.

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::chats::Chat;
use sdk::ids::ChatId;
use sdk::models::ModelCatalogue;
use sdk::stream::{WatchEvent, WatchEventKind};

use super::chat_rows::provide_row_actions;
use super::context::Agents;
use super::frame::{Edge, Side, toggle};
use super::list_sections::{ChatRows, ListView};
use super::user_menu::UserMenu;
use crate::api::chats::{CHATS_PER_PAGE, ChatList, list_chats};
use crate::api::codec::resource;
use crate::components::button::IconButton;
use crate::components::control_flow::Show;
use crate::components::feedback::{EmptyState, ErrorState, skeleton_rows};
use crate::components::form::focus;
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::loaded::awaited;
use crate::components::menu::{Menu, MenuItem};
use crate::error::AppError;
use crate::live::socket::Socket;
use crate::live::watch;
use crate::view;

/// What the list shows.
#[derive(Clone, Copy, Default)]
pub struct ListState {
    /// What is searched for.
    pub query: RwSignal<String>,
    /// Whether archived chats are shown instead.
    pub is_archive: RwSignal<bool>,
    /// Rows of the search or the archive; nothing while the plain list is shown.
    pub found: RwSignal<Option<Vec<Chat>>>,
    /// Whether older rows exist.
    pub has_more: RwSignal<bool>,
    /// Whether rows are being loaded.
    pub is_loading: RwSignal<bool>,
    /// Why rows could not be loaded.
    pub error: RwSignal<Option<AppError>>,
    /// Chats whose agents were shown or hidden by hand.
    folds: RwSignal<Vec<(ChatId, bool)>>,
    /// Models by name.
    pub models: RwSignal<ModelCatalogue>,
    asked: StoredValue<u64>,
    /// When the plain list was read last, by the server's clock.
    read_at: StoredValue<String>,
}

impl ListState {
    fn is_plain(self) -> bool {
        self.query.with_untracked(|query| query.trim().is_empty())
            && !self.is_archive.get_untracked()
    }

    /// Whether the agents that a chat started have rows: when asked for, else when one of them is on the screen.
    pub fn is_unfolded(self, chat: &Chat, open_chat: Option<ChatId>) -> bool {
        let chosen = self.folds.with(|folds| {
            let fold = folds.iter().rev().find(|(id, _)| *id == chat.id);
            fold.map(|(_, is_unfolded)| *is_unfolded)
        });
        chosen.unwrap_or_else(|| {
            chat.children
                .iter()
                .any(|child| Some(child.id) == open_chat)
        })
    }

    /// Shows or hides the agents that a chat started.
    pub fn fold(self, id: ChatId, is_unfolded: bool) {
        self.folds.update(|folds| {
            folds.retain(|(known, _)| *known != id);
            folds.push((id, is_unfolded));
        });
    }

    fn filter(self) -> Option<String> {
        let words = self.query.with_untracked(|query| query.trim().to_owned());
        match (self.is_archive.get_untracked(), words.is_empty()) {
            (false, true) => None,
            (false, false) => Some(words),
            (true, _) => Some(format!("archived:true {words}").trim().to_owned()),
        }
    }
}

fn take_first_page(agents: Agents, state: ListState, list: ChatList) {
    state.has_more.set(is_full(&list.chats));
    state.models.set(list.models);
    state.read_at.set_value(list.read_at);
    agents.chats.set(Some(list.chats));
}

fn is_full(chats: &[Chat]) -> bool {
    i64::try_from(chats.len()).is_ok_and(|count| count >= CHATS_PER_PAGE)
}

/// Reads the first page again: after a search, after a reconnection, after a failure.
pub fn reload(agents: Agents, state: ListState) {
    state.asked.update_value(|asked| *asked += 1);
    let asked = state.asked.get_value();
    let filter = state.filter();
    let is_plain = filter.is_none();
    if is_plain {
        state.found.set(None);
    }
    state.is_loading.set(true);
    spawn_local(async move {
        let outcome = list_chats(filter, None).await;
        // Only the newest question's answer counts.
        if state.asked.try_get_value() != Some(asked) {
            return;
        }
        state.is_loading.set(false);
        state.error.set(outcome.as_ref().err().cloned());
        match outcome {
            Ok(list) if is_plain => take_first_page(agents, state, list),
            Ok(list) => {
                state.has_more.set(is_full(&list.chats));
                state.found.set(Some(list.chats));
            }
            Err(_) => {}
        }
    });
}

fn load_more(agents: Agents, state: ListState) {
    let rows = if state.is_plain() {
        agents.chats
    } else {
        state.found
    };
    let last = rows.with_untracked(|rows| {
        rows.as_ref()
            .and_then(|rows| rows.last().map(|chat| chat.id))
    });
    let filter = state.filter();
    state.is_loading.set(true);
    spawn_local(async move {
        let outcome = list_chats(filter, last).await;
        if state.is_loading.try_set(false).is_some() {
            return;
        }
        match outcome {
            Ok(list) => {
                state.has_more.set(is_full(&list.chats));
                rows.update(|rows| {
                    let rows = rows.get_or_insert_default();
                    for chat in list.chats {
                        if !rows.iter().any(|known| known.id == chat.id) {
                            rows.push(chat);
                        }
                    }
                });
            }
            Err(error) => state.error.set(Some(error)),
        }
    });
}

/// The sidebar.
#[component]
pub fn Sidebar() -> impl IntoView {
    let agents = Agents::expect();
    let state = ListState::default();
    provide_context(state);
    agents.list.set_value(Some(state));
    let first = resource(|| (), |()| list_chats(None, None));
    follow_list(agents, state);
    search_as_typed(agents, state);
    provide_row_actions();
    let seen = ListView::default();
    provide_context(seen);
    view! {
        <nav class="sidebar" id="sidebar" aria-label="Chats">
            <div class="sidebar-head">
                <a class="brand" href="/agents">
                    <span class="mark">{icon(Icon::GitMerge)}</span>
                    "Switchyard"
                </a>
                <span class="spacer"></span>
                <IconButton name=Icon::Search label="Find anything (Ctrl+K)" on_click=move |_| agents.is_palette_open.set(true)/>
                <IconButton name=Icon::PanelLeft label="Hide the list of chats" on_click=move |_| toggle(agents, Side::List)/>
            </div>
            <a class="new-chat" href="/agents" aria-keyshortcuts="n">
                {icon(Icon::Plus)} "New chat" <kbd class="key" aria-hidden="true">"N"</kbd>
            </a>
            <SearchField state/>
            <div class="sidebar-list" on:scroll=move |event| seen.scrolled(&event_target::<web_sys::Element>(&event))>
                {awaited(|| skeleton_rows(6).into_any(), move || async move {
                        match first.await {
                            Ok(list) => {
                                if agents.chats.with_untracked(Option::is_none) {
                                    take_first_page(agents, state, list);
                                }
                                view! { <List agents state/> }
                            }
                            Err(error) => {
                                let on_retry = Callback::new(move |()| first.refetch());
                                view! { <ErrorState error on_retry/> }
                            }
                        }
                    })}
            </div>
            <UserMenu/>
            <Edge side=Side::List/>
        </nav>
    }
}

#[component]
fn SearchField(state: ListState) -> impl IntoView {
    view! {
        <div class="sidebar-search">
            {icon_with_class(Icon::Search, "icon icon-small")}
            <input type="search" placeholder="Search chats" aria-label="Search chats" autocomplete="off"
                prop:value=move || state.query.get() on:input=move |event| state.query.set(event_target_value(&event))/>
            <FilterMenu state/>
            <button type="button" class="icon-button icon-button-small" aria-pressed=move || state.is_archive.get().to_string()
                aria-label="Show archived chats" title="Show archived chats" on:click=move |_| state.is_archive.update(|shown| *shown = !*shown)>
                {icon_with_class(Icon::Archive, "icon icon-small")}
            </button>
        </div>
    }
}

/// Puts conditions into the search, so that nobody has to know how they are written.
#[component]
fn FilterMenu(state: ListState) -> impl IntoView {
    let add = move |condition: &'static str| {
        Callback::new(move |()| {
            state.query.update(|query| {
                if !query.split_whitespace().any(|word| word == condition) {
                    if !query.is_empty() && !query.ends_with(' ') {
                        query.push(' ');
                    }
                    query.push_str(condition);
                }
            });
            if condition.ends_with(':') {
                focus(".sidebar-search input");
            }
        })
    };
    view! {
        <Menu id="list-filters" label="Filter chats" name=Icon::ListFilter>
            <MenuItem name=Icon::LoaderCircle on_select=add("status:running")>"Running"</MenuItem>
            <MenuItem name=Icon::TriangleAlert on_select=add("status:error")>"Failed"</MenuItem>
            <MenuItem name=Icon::MessageSquare on_select=add("unread:true")>"Unread"</MenuItem>
            <MenuItem name=Icon::Pin on_select=add("pinned:true")>"Pinned"</MenuItem>
            <MenuItem name=Icon::Tag on_select=add("label:")>"With a label"</MenuItem>
            <MenuItem name=Icon::Cpu on_select=add("model:")>"With a model"</MenuItem>
        </Menu>
    }
}

#[component]
fn List(agents: Agents, state: ListState) -> impl IntoView {
    let is_plain = Memo::new(move |_| {
        state.query.with(|query| query.trim().is_empty()) && !state.is_archive.get()
    });
    let rows = Memo::new_with_compare(
        move |_| {
            let rows = if is_plain.get() {
                agents.chats.get()
            } else {
                state.found.get()
            };
            let open_chat = agents.open_chat.get();
            with_children(rows.unwrap_or_default(), |chat| {
                state.is_unfolded(chat, open_chat)
            })
        },
        |_, _| true,
    );
    let is_empty = move || rows.with(Vec::is_empty);
    view! {
        <Show when=move || state.error.with(Option::is_some)>
            {move || state.error.get().map(|error| {
                view! { <ErrorState error on_retry=Callback::new(move |()| reload(agents, state))/> }
            })}
        </Show>
        <ChatRows rows/>
        <Show when=move || is_empty() && !state.is_loading.get() && state.error.with(Option::is_none)>
            {move || nothing_here(state)}
        </Show>
        <Show when=move || is_empty() && state.is_loading.get()>{skeleton_rows(4)}</Show>
        <Show when=move || state.has_more.get() && !is_empty()>
            <button type="button" class="button button-quiet button-small show-more" disabled=move || state.is_loading.get()
                on:click=move |_| load_more(agents, state)>
                {move || if state.is_loading.get() { "Loading" } else { "Show more" }}
            </button>
        </Show>
    }
}

/// The rows, those of agents below the chat that started them.
pub fn with_children(rows: Vec<Chat>, is_unfolded: impl Fn(&Chat) -> bool) -> Vec<Chat> {
    let mut all = Vec::with_capacity(rows.len());
    for chat in rows {
        let has_rows = !chat.children.is_empty() && is_unfolded(&chat);
        let children = has_rows.then(|| chat.children.clone());
        all.push(chat);
        all.extend(children.into_iter().flatten());
    }
    all
}

/// Says why the list is empty.
pub fn nothing_here(state: ListState) -> AnyView {
    let words = state.query.with(|query| query.trim().to_owned());
    match (words.is_empty(), state.is_archive.get()) {
        (true, false) => view! {
            <EmptyState name=Icon::MessageSquare title="No chats yet" text="What you ask an agent to do appears here. Write the first message to start."/>
        },
        (true, true) => view! {
            <EmptyState name=Icon::Archive title="No archived chats" text="Chats that you put away appear here."/>
        },
        (false, _) => view! {
            <EmptyState name=Icon::Search title="Nothing found" text=format!("No chat holds “{words}”.")/>
        },
    }
}

/// Keeps the rows true: events are merged, and after a lost connection the list is read again.
fn follow_list(agents: Agents, state: ListState) {
    let socket = Socket::new();
    let is_listed = Memo::new(move |_| agents.chats.with(Option::is_some));
    Effect::new(move |_| {
        if !is_listed.get() {
            return;
        }
        let read_at = move || state.read_at.try_get_value().unwrap_or_default();
        let on_event = move |event: WatchEvent| {
            let open_chat = agents.open_chat.get_untracked();
            if matches!(
                event.kind,
                WatchEventKind::Created | WatchEventKind::Deleted
            ) {
                let is_archived = event.kind == WatchEventKind::Deleted;
                agents.archive_news.set(Some((event.chat.id, is_archived)));
            }
            let _ = agents.opened.try_update(|opened| {
                watch::merge_known(opened.as_mut_slice(), &event, open_chat);
            });
            if !state.is_plain() {
                let _ = state.found.try_update(|found| {
                    let found = found.as_deref_mut().unwrap_or_default();
                    watch::merge_known(found, &event, open_chat);
                });
            }
            let _ = agents.chats.try_update(|chats| {
                if let Some(chats) = chats.as_mut() {
                    let has_more = state.is_plain() && state.has_more.get_untracked();
                    watch::merge(chats, event, open_chat, has_more);
                }
            });
        };
        watch::follow(socket, read_at, on_event, move || {
            if state.is_plain() {
                reload(agents, state);
            }
        });
    });
    // Who opens a chat has read it.
    Effect::new(move |_| {
        if let Some(id) = agents.open_chat.get() {
            agents.update_row(id, |chat| chat.has_unread = false);
        }
    });
}

/// Whether a condition was begun and what it asks for is still to be typed: the server would refuse it.
fn is_unfinished(query: &str) -> bool {
    query.trim_end().ends_with([':', '='])
}

fn search_as_typed(agents: Agents, state: ListState) {
    Effect::new(move |before: Option<(String, bool)>| {
        let wanted = (state.query.get(), state.is_archive.get());
        if let Some(before) = before
            && before != wanted
            && !is_unfinished(&wanted.0)
        {
            let pause =
                std::time::Duration::from_millis(if before.0 == wanted.0 { 0 } else { 200 });
            let handle = set_timeout_with_handle(move || reload(agents, state), pause);
            if let Ok(handle) = handle {
                on_cleanup(move || handle.clear());
            }
        }
        wanted
    });
}
