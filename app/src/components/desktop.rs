//! The desktop of a chat's workspace. A part of its own, with the script around noVNC; see `pages::parts`.
//!
//! The desktop draws and connects itself (`frontend/desktop.js`); here stand the buttons that take its control, and how it is
//! with it in words.

use leptos::prelude::*;
use sdk::desktop::INSTALL_COMMAND;
use sdk::ids::ChatId;
use sdk::workspaces::{Workspace, WorkspaceStatus};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::components::button::{Button, ButtonKind, IconButton};
use crate::components::control_flow::Show;
use crate::components::feedback::EmptyState;
use crate::components::form::focus;
use crate::components::icons::{Icon, icon};
use crate::components::plain::plain;
use crate::components::script::load_script;
use crate::view;

const SCRIPT: &str = "desktop-script";
const SCRIPT_LOST: &str = "The desktop could not be loaded. Look whether the server can be reached, then load the page again.";
const WINDOW: &str = "desktop-window";
const CONTROL: &str = "button button-small desktop-control";

/// How a desktop stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Its script is being loaded, the desktop started, or the first connection made.
    #[default]
    Connecting,
    /// It can be seen.
    Open,
    /// The connection is lost; another one is tried.
    Reconnecting {
        /// Which try it is, of ten.
        attempt: String,
        /// What the server says.
        reason: String,
    },
    /// No more is tried.
    Disconnected {
        /// What the server says.
        reason: String,
    },
    /// There is none, for a reason.
    Refused {
        /// The reason.
        reason: String,
    },
    /// The workspace has no programs for one.
    ProgramsMissing,
}

impl State {
    /// What the desktop's element says of itself.
    fn of(element: &HtmlElement) -> Self {
        let said = |name: &str| {
            let said = element.get_attribute(&format!("data-{name}"));
            said.unwrap_or_default()
        };
        let reason = said("reason");
        match said("state").as_str() {
            "open" => Self::Open,
            "reconnecting" => Self::Reconnecting {
                attempt: said("attempt"),
                reason,
            },
            "disconnected" => Self::Disconnected { reason },
            "refused" => Self::Refused { reason },
            "missing" => Self::ProgramsMissing,
            _ => Self::Connecting,
        }
    }
}

/// The desktop of a workspace, or why there is none now.
#[component]
pub fn Desktop(
    /// The chat.
    chat: ChatId,
    /// Its workspace.
    #[prop(into)]
    workspace: Signal<Option<Workspace>>,
) -> impl IntoView {
    let shown = Memo::new(move |_| {
        workspace.with(|workspace| {
            let status = workspace.as_ref()?.status;
            let is_running = matches!(
                status,
                WorkspaceStatus::Ready | WorkspaceStatus::Reconnecting
            );
            Some(is_running.then_some(()).ok_or(status))
        })
    });
    move || match shown.get() {
        Some(Ok(())) => running(chat),
        Some(Err(status)) => asleep(status),
        None => ().into_any(),
    }
}

/// Instead of a desktop, while the workspace does not run.
pub fn asleep(status: WorkspaceStatus) -> AnyView {
    let (title, text) = match status {
        WorkspaceStatus::Deleted => (
            "The workspace is gone",
            "It was deleted, and its desktop with it.",
        ),
        WorkspaceStatus::Stopped | WorkspaceStatus::Failed => (
            "The workspace is not running",
            "A desktop needs one that runs. It starts with the next message, or on its page.",
        ),
        _ => (
            "The workspace is being started",
            "Its desktop can be opened as soon as it is ready.",
        ),
    };
    view! { <div class="terminals-asleep"><EmptyState name=Icon::Monitor title text/></div> }
}

fn running(chat: ChatId) -> AnyView {
    let is_script_lost = RwSignal::new(false);
    Effect::new(move |_| load_script(SCRIPT, is_script_lost));
    let state = RwSignal::new(State::default());
    let has_control = RwSignal::new(false);
    let has_copied = RwSignal::new(false);
    let told = move |event: web_sys::Event| {
        let element = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok());
        if let Some(element) = element {
            let is_true = |name: &str| {
                element
                    .get_attribute(name)
                    .is_some_and(|said| said == "true")
            };
            has_control.set(is_true("data-control"));
            has_copied.set(is_true("data-copied"));
            state.set(State::of(&element));
        }
    };
    let leave = move |_: web_sys::Event| {
        send("release");
        request_animation_frame(|| focus(".desktop-control"));
    };
    let shown = move || {
        if is_script_lost.get() {
            State::Refused {
                reason: SCRIPT_LOST.to_owned(),
            }
        } else {
            state.get()
        }
    };
    let retry = Callback::new(|()| send("retry"));
    let path = format!("/api/experimental/chats/{chat}/desktop");
    view! {
        {bar(state.into(), has_control.into(), has_copied.into())}
        <desktop-window class="desktop-window" class:has-control=move || has_control.get() id=WINDOW data-path=path
            data-label="The workspace's desktop" on:desktopstate=told on:desktopleave=leave>
        </desktop-window>
        {move || note(&shown(), retry)}
        <Show when=move || has_control.get()>
            <p class="terminal-hint"><kbd class="key">"Ctrl+Shift+L"</kbd> " releases control"</p>
        </Show>
    }
    .into_any()
}

/// Who acts on the desktop, and the buttons that change it.
pub fn bar(state: Signal<State>, has_control: Signal<bool>, has_copied: Signal<bool>) -> AnyView {
    let is_closed = Signal::derive(move || state.with(|state| *state != State::Open));
    let control = move |_| {
        send(if has_control.get_untracked() {
            "release"
        } else {
            "control"
        });
    };
    let has_nothing = Signal::derive(move || is_closed.get() || !has_copied.get());
    view! {
        <div class="desktop-bar">
            <p class="desktop-who">{move || if has_control.get() { "You have control" } else { "You are looking on" }}</p>
            <span class="spacer"></span>
            <Show when=move || has_control.get()>
                <IconButton name=Icon::Copy label="Copy the desktop’s clipboard to yours" disabled=has_nothing on_click=move |_| send("copy")/>
                <Button kind=ButtonKind::Plain is_small=true disabled=is_closed on_click=move |_| send("paste")>"Paste yours"</Button>
            </Show>
            <button type="button" class=CONTROL disabled=move || is_closed.get() on:click=control>
                {move || if has_control.get() { "Release control" } else { "Take control" }}
            </button>
        </div>
    }
}

/// How it is with a desktop, in words; nothing while it can be seen.
pub fn note(state: &State, on_retry: Callback<()>) -> Option<AnyView> {
    let (mark, words, more) = match state {
        State::Open => return None,
        State::Connecting => (
            Icon::LoaderCircle,
            "Connecting to the desktop. The first time it is started, which takes some seconds."
                .to_owned(),
            None,
        ),
        State::Reconnecting { attempt, reason } => (
            Icon::TriangleAlert,
            format!("Connection lost. Connecting again, try {attempt} of 10."),
            Some(reason.clone()),
        ),
        State::Disconnected { reason } => (
            Icon::CircleAlert,
            "The desktop cannot be reached.".to_owned(),
            Some(reason.clone()),
        ),
        State::Refused { reason } => (Icon::CircleAlert, reason.clone(), None),
        State::ProgramsMissing => (
            Icon::CircleAlert,
            "This workspace has no programs for a desktop. Have them installed where it runs:"
                .to_owned(),
            None,
        ),
    };
    let line = (*state == State::ProgramsMissing).then(|| {
        view! { <p><code class="desktop-install">{INSTALL_COMMAND}</code></p> }
    });
    let button = match state {
        State::Reconnecting { .. } => Some("Try now"),
        State::Open | State::Connecting => None,
        _ => Some("Try again"),
    };
    Some(view! {
        <div class="terminal-note" role="status">
            {icon(mark)}
            <div class="terminal-words">
                {plain("p", words)}
                {line}
                {more.filter(|more| !more.is_empty()).map(|more| plain("p", more))}
            </div>
            {button.map(|words| view! {
                <Button kind=ButtonKind::Plain is_small=true on_click=move |_| on_retry.run(())>{words}</Button>
            })}
        </div>
    })
}

/// The desktop does what its attribute says, each time it is set.
fn send(command: &str) {
    if let Some(element) = document().get_element_by_id(WINDOW) {
        let _ = element.set_attribute("data-command", command);
    }
}
