//! What all of the agents page shares: the frame's widths, the list's rows, the clock, and what is announced.
//! Small and `Copy`; provided once by the frame.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use sdk::chats::Chat;
use sdk::ids::ChatId;

use super::questions::Asked;
use super::sidebar::ListState;
use crate::api::chats::ChatView;
use crate::components::live_region::{Announcer, use_announcer};
use crate::components::toast::{Toasts, use_toasts};
use crate::session::use_session;

const CLOCK_STEP: Duration = Duration::from_secs(20);

/// The agents page's shared state.
#[derive(Clone, Copy)]
pub struct Agents {
    /// Rows of the list; nothing before they were loaded.
    pub chats: RwSignal<Option<Vec<Chat>>>,
    /// Whether the list stands beside the chat.
    pub is_sidebar_open: RwSignal<bool>,
    /// Whether the list lies over the chat, on a phone.
    pub is_drawer_open: RwSignal<bool>,
    /// Width of the list in pixels.
    pub sidebar_width_px: RwSignal<u32>,
    /// Whether the right panel stands beside the chat.
    pub is_panel_open: RwSignal<bool>,
    /// Whether the right panel lies over the chat, on a narrow window.
    pub is_panel_drawer_open: RwSignal<bool>,
    /// Width of the right panel in pixels.
    pub panel_width_px: RwSignal<u32>,
    /// The time, moving in steps; enough for "14m".
    pub now: RwSignal<DateTime<Utc>>,
    /// The reader's offset from UTC; known after hydration.
    pub offset_minutes: RwSignal<i32>,
    /// The chat on the screen.
    pub open_chat: Memo<Option<ChatId>>,
    /// That chat as it is known, for when the list does not hold it.
    pub opened: RwSignal<Option<Chat>>,
    /// Tells a screen reader of things, politely.
    pub announcer: Announcer,
    /// Notes about what happened elsewhere.
    pub toasts: Toasts,
    /// Whether the palette is open.
    pub is_palette_open: RwSignal<bool>,
    /// Whether the list of keys is open.
    pub is_shortcuts_open: RwSignal<bool>,
    /// The chat that was put away or taken out of the archive last, here or elsewhere, and whether it is there now.
    pub archive_news: RwSignal<Option<(ChatId, bool)>>,
    /// What is asked before something happens.
    pub asked: RwSignal<Option<Asked>>,
    /// What the list shows; set by the sidebar.
    pub list: StoredValue<Option<ListState>>,
    prefetched: StoredValue<HashMap<ChatId, (f64, ChatView)>>,
}

const FRESH_FOR_MS: f64 = 8_000.0;

impl Agents {
    /// Makes the state from the session's preferences and hands it to the tree.
    pub fn provide() -> Self {
        let preferences = use_session().with_untracked(|session| session.preferences.clone());
        let now = SharedValue::new(Utc::now).into_inner();
        let path = use_location().pathname;
        let agents = Self {
            chats: RwSignal::new(None),
            is_sidebar_open: RwSignal::new(!preferences.is_sidebar_collapsed),
            is_drawer_open: RwSignal::new(false),
            sidebar_width_px: RwSignal::new(preferences.sidebar_width_px),
            is_panel_open: RwSignal::new(preferences.is_panel_open),
            is_panel_drawer_open: RwSignal::new(false),
            panel_width_px: RwSignal::new(preferences.panel_width_px),
            now: RwSignal::new(now),
            offset_minutes: RwSignal::new(0),
            open_chat: Memo::new(move |_| path.with(|path| chat_of(path))),
            opened: RwSignal::new(None),
            announcer: use_announcer(),
            toasts: use_toasts(),
            is_palette_open: RwSignal::new(false),
            is_shortcuts_open: RwSignal::new(false),
            archive_news: RwSignal::new(None),
            asked: RwSignal::new(None),
            list: StoredValue::new(None),
            prefetched: StoredValue::new(HashMap::new()),
        };
        provide_context(agents);
        agents.keep_time();
        agents
    }

    /// The shared state of the page around this component.
    pub fn expect() -> Self {
        use_context::<Self>().unwrap_or_else(Self::provide)
    }

    /// The row of a chat, tracked.
    pub fn row(self, id: ChatId) -> Option<Chat> {
        let listed = self.chats.with(|chats| {
            let mut families = chats.as_ref()?.iter();
            families.find_map(|family| {
                let mut members = std::iter::once(family).chain(&family.children);
                members.find(|chat| chat.id == id).cloned()
            })
        });
        let opened = || self.opened.get().filter(|chat| chat.id == id);
        listed.or_else(opened)
    }

    /// Changes the row of a chat, if it is loaded.
    pub fn update_row(self, id: ChatId, change: impl FnOnce(&mut Chat)) {
        self.chats.update(|chats| {
            if let Some(chat) = chats
                .as_mut()
                .and_then(|chats| chats.iter_mut().find(|chat| chat.id == id))
            {
                change(chat);
            }
        });
    }

    /// Keeps a chat that was loaded before it is opened. Browser only.
    pub fn keep_prefetched(self, view: ChatView) {
        let now = js_sys::Date::now();
        self.prefetched.update_value(|known| {
            known.retain(|_, (loaded_at, _)| now - *loaded_at < FRESH_FOR_MS);
            known.insert(view.chat.id, (now, view));
        });
    }

    /// Whether a chat was loaded a moment ago.
    pub fn is_prefetched(self, id: ChatId) -> bool {
        let now = js_sys::Date::now();
        self.prefetched.with_value(|known| {
            known
                .get(&id)
                .is_some_and(|(loaded_at, _)| now - loaded_at < FRESH_FOR_MS)
        })
    }

    /// Puts a new chat into the list before the watch tells of it.
    pub fn add_row(self, chat: Chat) {
        self.chats.update(|chats| {
            let chats = chats.get_or_insert_default();
            if !chats.iter().any(|known| known.id == chat.id) {
                chats.push(chat);
            }
            crate::live::watch::sort(chats);
        });
    }

    /// Takes a chat that was loaded a moment ago, unless an older page is wanted.
    pub fn take_prefetched_unless(self, id: ChatId, is_older_page: bool) -> Option<ChatView> {
        if is_older_page || self.prefetched.with_value(HashMap::is_empty) {
            None
        } else {
            self.take_prefetched(id)
        }
    }

    /// Takes a chat that was loaded a moment ago. The stream catches up with what happened since.
    fn take_prefetched(self, id: ChatId) -> Option<ChatView> {
        let (loaded_at, view) = self
            .prefetched
            .try_update_value(|known| known.remove(&id))??;
        (js_sys::Date::now() - loaded_at < FRESH_FOR_MS).then_some(view)
    }

    fn keep_time(self) {
        Effect::new(move |_| {
            self.offset_minutes.set(-offset_west_minutes());
            self.now.set(Utc::now());
            let handle = set_interval_with_handle(
                move || {
                    let _ = self.now.try_set(Utc::now());
                },
                CLOCK_STEP,
            );
            if let Ok(handle) = handle {
                on_cleanup(move || handle.clear());
            }
        });
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "at most 14 hours in minutes"
)]
fn offset_west_minutes() -> i32 {
    js_sys::Date::new_0().get_timezone_offset() as i32
}

/// The chat that a path names.
pub fn chat_of(path: &str) -> Option<ChatId> {
    path.strip_prefix("/agents/")?
        .trim_end_matches('/')
        .parse()
        .ok()
}
