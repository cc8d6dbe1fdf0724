//! The pages of a long history: read when the reader comes near, let go when they are far from it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::ids::MessageId;
use sdk::messages::MessagePage;

use super::context::Agents;
use super::scroll::{Follow, named_message};
use super::timeline::{Block, begin_of_growing_window, begin_of_window, end_of_window};
use super::timeline_view::Layout;
use crate::api::chats::list_messages;
use crate::components::control_flow::Show;
use crate::components::icons::{Icon, icon};
use crate::components::toast::{ToastKind, Toasts};
use crate::live::chat::OpenChat;
use crate::view;

/// Within this time the browser has laid a page out and kept the reader's place.
const SETTLED: std::time::Duration = std::time::Duration::from_millis(100);

/// Links of a page of history that was read without JavaScript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OlderLink {
    /// The page before this one.
    pub older: Option<String>,
    /// The newest page, when this is not it.
    pub newest: Option<String>,
}

/// The history of a chat on the screen. Cheap to copy.
#[derive(Clone, Copy)]
pub struct History {
    chat: OpenChat,
    follow: Follow,
    entries: Memo<Layout>,
    toasts: Toasts,
    is_loading: RwSignal<bool>,
    failure: RwSignal<Option<String>>,
}

/// What is done with a page. Boxed, so that the way to the server and back is compiled once.
type TakePage = Box<dyn FnOnce(MessagePage)>;

impl History {
    /// Reads pages as the reader comes near them.
    pub fn new(chat: OpenChat, follow: Follow, entries: Memo<Layout>) -> Self {
        let history = Self {
            chat,
            follow,
            entries,
            toasts: Agents::expect().toasts,
            is_loading: RwSignal::new(false),
            failure: RwSignal::new(None),
        };
        let is_calm = move || history.failure.with_untracked(Option::is_none);
        follow.on_near_top(move || {
            if chat.has_older.get_untracked() && is_calm() {
                history.read_older();
            }
        });
        follow.on_near_end(move || {
            if chat.has_newer.get_untracked() && is_calm() {
                history.read_newer();
            }
        });
        history.forget_while_following();
        Effect::new(move |_| history.go_to_named_message());
        history
    }

    /// Reads the page of the message that the address names, when it is not loaded.
    fn go_to_named_message(self) {
        let Some(named) = named_message() else {
            return;
        };
        let asked = self.chat.edges();
        if named >= asked.first {
            return;
        }
        let take = move |page: MessagePage| {
            if page
                .messages
                .first()
                .is_none_or(|newest| newest.id != named)
            {
                let words = "The message of this link is not in the chat any more.";
                self.toasts.show(ToastKind::Info, words);
                return;
            }
            self.follow.is_at_end.set(false);
            self.chat.load(|live| live.show_page(page, asked));
            request_animation_frame(move || {
                self.follow.go_to_named_message();
            });
        };
        self.read(Some(named.0 + 1), None, Box::new(take));
    }

    fn read_older(self) {
        let asked = self.chat.edges();
        let take = move |page| {
            self.follow.keep_place_while(move || {
                self.chat.load(|live| live.prepend(page, asked));
                if let Some(first) = self.window(end_of_window) {
                    self.chat.load(|live| live.let_go_from(first));
                }
            });
        };
        self.read(Some(asked.first.0), None, Box::new(take));
    }

    fn read_newer(self) {
        let asked = self.chat.edges();
        let take = move |page| {
            self.chat.load(|live| live.append(page, asked));
            if let Some(first) = self.window(begin_of_window) {
                self.chat.load(|live| live.let_go_before(first));
            }
        };
        self.read(None, Some(asked.last.0), Box::new(take));
    }

    /// Goes to the end of the chat, wherever the reader is.
    fn jump(self) {
        if !self.chat.has_newer.get_untracked() {
            self.follow.jump();
            return;
        }
        let asked = self.chat.edges();
        let take = move |page| {
            self.chat.load(|live| live.show_newest(page, asked));
            self.follow.jump();
        };
        self.read(None, None, Box::new(take));
    }

    /// Reads a page, one at a time; the newest one when no border is given.
    fn read(self, before: Option<i64>, after: Option<i64>, take: TakePage) {
        if self.is_loading.get_untracked() {
            return;
        }
        self.is_loading.set(true);
        self.failure.set(None);
        let is_near_border = before.or(after).is_some();
        spawn_local(async move {
            let outcome = list_messages(self.chat.id, before, after).await;
            if self.is_loading.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(page) => {
                    take(page);
                    // A page of little height leaves the reader as near to the next one. The browser has put the place
                    // right by then.
                    set_timeout(move || self.follow.on_scroll(), SETTLED);
                }
                Err(error) if is_near_border => self.failure.set(Some(error.message)),
                Err(error) => self.toasts.show(ToastKind::Error, error.message),
            }
        });
    }

    fn window(self, cut: fn(&[Block]) -> Option<MessageId>) -> Option<MessageId> {
        self.entries.with_untracked(|layout| cut(&layout.blocks))
    }

    /// A reader who follows the end for hours does not hold all that was said.
    fn forget_while_following(self) {
        Effect::new(move |_| {
            self.entries.track();
            if !self.follow.is_at_end.get_untracked() {
                return;
            }
            if let Some(first) = self.window(begin_of_growing_window) {
                self.chat.load(|live| live.let_go_before(first));
            }
        });
    }
}

/// Loads older messages: by scrolling near the top, by a button, and without JavaScript by a link.
#[component]
pub fn OlderMessages(
    /// The history.
    history: History,
    /// Links for readers without JavaScript.
    link: OlderLink,
) -> impl IntoView {
    let OlderLink { older, newest } = link;
    let is_loading = history.is_loading;
    view! {
        {newest.map(|href| view! { <p class="older"><a class="button button-small" href=href>"Go to the newest messages"</a></p> })}
        <Show when=move || history.chat.has_older.get()>
            <p class="older">
                <a class="button button-small" href=older.clone().unwrap_or_default() rel="external"
                    aria-busy=move || is_loading.get().to_string()
                    on:click=move |event| {
                        event.prevent_default();
                        history.read_older();
                    }>
                    {move || if is_loading.get() { "Loading older messages" } else { "Load older messages" }}
                </a>
                {move || failure(history)}
            </p>
        </Show>
    }
}

/// Loads newer messages where those that were let go would follow: by scrolling near the end, and by a button.
#[component]
pub fn NewerMessages(
    /// The history.
    history: History,
) -> impl IntoView {
    let is_loading = history.is_loading;
    view! {
        <Show when=move || history.chat.has_newer.get()>
            <p class="older">
                <button type="button" class="button button-small" aria-busy=move || is_loading.get().to_string()
                    on:click=move |_| history.read_newer()>
                    {move || if is_loading.get() { "Loading newer messages" } else { "Load newer messages" }}
                </button>
                {move || failure(history)}
            </p>
        </Show>
    }
}

fn failure(history: History) -> Option<AnyView> {
    let message = history.failure.get()?;
    Some(view! { <span class="field-error" role="alert">{message}</span> })
}

/// Brings the reader back to the end, and says how much came meanwhile.
#[component]
pub fn JumpToLatest(
    /// The history.
    history: History,
) -> impl IntoView {
    let follow = history.follow;
    let words = move || match follow.new_count.get() {
        0 => "Jump to latest".to_owned(),
        count => format!("{count} new · jump to latest"),
    };
    view! {
        <Show when=move || !follow.is_at_end.get()>
            <button type="button" class="button button-small jump" on:click=move |_| history.jump()>
                {icon(Icon::ArrowDown)} {move || words()}
            </button>
        </Show>
    }
}
