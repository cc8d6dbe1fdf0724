//! Terminals of a workspace as tabs. A part of its own, with the script around xterm.js; see `pages::parts`.
//!
//! Each terminal draws and connects itself (`frontend/terminal.js`); here stand its tab, and how it is with it in words.
//! The ids of a workspace's terminals are kept in the browser, so that they are found again after a reload.

mod kept;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use sdk::ids::WorkspaceId;
use sdk::workspaces::{Workspace, WorkspaceStatus};
use uuid::Uuid;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use self::kept::Kept;
use crate::components::button::{Button, ButtonKind, IconButton};
use crate::components::control_flow::For;
use crate::components::feedback::EmptyState;
use crate::components::form::focus;
use crate::components::icons::{Icon, icon};
use crate::components::plain::plain;
use crate::components::script::load_script;
use crate::view;

/// As many as a workspace allows.
const MOST: usize = 20;
const SCRIPT: &str = "terminal-script";

/// How a terminal stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Its script is being loaded, or the first connection made.
    #[default]
    Connecting,
    /// It can be typed in.
    Open,
    /// The connection is lost; another one is tried.
    Waiting {
        /// The time of day it was lost.
        since: String,
        /// What the server says.
        reason: String,
    },
    /// The shell has ended.
    Ended {
        /// Its exit code.
        code: String,
    },
    /// There is none, for a reason.
    Refused {
        /// The reason.
        reason: String,
    },
}

impl State {
    /// What the terminal's element says of itself.
    fn of(element: &HtmlElement) -> Self {
        let said = |name: &str| {
            element
                .get_attribute(&format!("data-{name}"))
                .unwrap_or_default()
        };
        match said("state").as_str() {
            "open" => Self::Open,
            "waiting" => Self::Waiting {
                since: said("since"),
                reason: said("reason"),
            },
            "ended" => Self::Ended { code: said("code") },
            "refused" => Self::Refused {
                reason: said("reason"),
            },
            _ => Self::Connecting,
        }
    }
}

/// What the reader can do about a state.
#[derive(Clone, Copy)]
pub struct Ways {
    /// Tries to connect now.
    pub on_retry: Callback<()>,
    /// Starts a new shell in the same tab.
    pub on_new: Callback<()>,
}

/// The terminals of a workspace, or why there are none now.
#[component]
pub fn Terminals(
    /// The workspace.
    #[prop(into)]
    workspace: Signal<Option<Workspace>>,
) -> impl IntoView {
    let shown = Memo::new(move |_| {
        workspace.with(|workspace| {
            let workspace = workspace.as_ref()?;
            let is_running = matches!(
                workspace.status,
                WorkspaceStatus::Ready | WorkspaceStatus::Reconnecting
            );
            Some((
                workspace.id,
                is_running.then_some(()).ok_or(workspace.status),
            ))
        })
    });
    move || match shown.get() {
        Some((id, Ok(()))) => running(id),
        Some((id, Err(status))) => asleep(id, status),
        None => ().into_any(),
    }
}

/// Instead of terminals, while the workspace does not run.
pub fn asleep(id: WorkspaceId, status: WorkspaceStatus) -> AnyView {
    let (title, text) = match status {
        WorkspaceStatus::Deleted => (
            "The workspace is gone",
            "It was deleted, and its terminals with it.",
        ),
        WorkspaceStatus::Stopped | WorkspaceStatus::Failed => (
            "The workspace is not running",
            "Terminals need one that runs. It starts with the next message, or on its page.",
        ),
        _ => (
            "The workspace is being started",
            "Terminals can be opened as soon as it is ready.",
        ),
    };
    let link = (status != WorkspaceStatus::Deleted).then(|| {
        view! { <p class="empty-action"><a class="button" href=format!("/workspaces/{id}")>"Open the workspace's page"</a></p> }
    });
    view! {
        <div class="terminals-asleep"><EmptyState name=Icon::Terminal title text/> {link}</div>
    }
}

fn running(id: WorkspaceId) -> AnyView {
    let is_script_lost = RwSignal::new(false);
    let kept = Kept::of(id);
    let chosen = RwSignal::new(0);
    let is_asked_for = StoredValue::new(false);
    Effect::new(move |_| {
        load_script(SCRIPT, is_script_lost);
        chosen.set(kept.load());
    });
    let add = move || {
        is_asked_for.set_value(true);
        chosen.set(kept.add());
    };
    let close = move || {
        let number = chosen.get_untracked();
        send(number, "end");
        let next = kept.remove(number);
        chosen.set(next);
        focus_on(&tab_id(next));
    };
    let on_keydown = move |event: KeyboardEvent| {
        let next = kept.neighbour(chosen.get_untracked(), &event.key());
        if let Some(next) = next {
            event.prevent_default();
            chosen.set(next);
            focus_on(&tab_id(next));
        }
    };
    let is_full = Signal::derive(move || kept.tabs.with(Vec::len) >= MOST);
    view! {
        <div class="terminal-bar">
            <div class="tabs" role="tablist" aria-label="Terminals" on:keydown=on_keydown>
                <For each=move || kept.tabs.get() key=|tab| tab.number let(tab)>{tab_button(tab.number, chosen)}</For>
            </div>
            <IconButton name=Icon::Plus label="New terminal" disabled=is_full on_click=move |_| add()/>
            <span class="spacer"></span>
            <IconButton name=Icon::Trash2 label="Close this terminal and end what runs in it" on_click=move |_| close()/>
        </div>
        <For each=move || kept.tabs.get() key=|tab| tab.number let(tab)>
            {frame(Place { workspace: id, number: tab.number, chosen, kept, is_script_lost, is_focused: is_asked_for.get_value() }, tab.id)}
        </For>
        <p class="terminal-hint" id="terminal-hint">
            <kbd class="key">"Ctrl+Shift+L"</kbd> " leaves the terminal for its tab"
        </p>
    }
}

fn tab_id(number: u32) -> String {
    format!("terminal-{number}-tab")
}

fn tab_button(number: u32, chosen: RwSignal<u32>) -> AnyView {
    let is_chosen = move || chosen.get() == number;
    view! {
        <button type="button" class="tab" role="tab" id=tab_id(number)
            aria-selected=move || is_chosen().to_string()
            aria-controls=move || is_chosen().then(|| format!("terminal-{number}-panel"))
            tabindex=move || if is_chosen() { "0" } else { "-1" }
            on:click=move |_| chosen.set(number)>
            {format!("Terminal {number}")}
        </button>
    }
}

/// Where a terminal stands.
#[derive(Clone, Copy)]
struct Place {
    workspace: WorkspaceId,
    number: u32,
    chosen: RwSignal<u32>,
    kept: Kept,
    is_script_lost: RwSignal<bool>,
    /// Whether the reader asked for it just now.
    is_focused: bool,
}

fn frame(place: Place, first: Uuid) -> AnyView {
    let Place {
        workspace,
        number,
        chosen,
        kept,
        is_script_lost,
        is_focused,
    } = place;
    let state = RwSignal::new(State::default());
    let id = RwSignal::new((first, is_focused));
    let ways = Ways {
        on_retry: Callback::new(move |()| {
            send(number, "retry");
            send(number, "focus");
        }),
        on_new: Callback::new(move |()| {
            state.set(State::default());
            id.set((kept.renew(number), true));
        }),
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
    let told = move |event: web_sys::Event| {
        if let Some(element) = target(&event) {
            state.set(State::of(&element));
            let title = element.get_attribute("data-title").unwrap_or_default();
            if let Some(tab) = document().get_element_by_id(&tab_id(number)) {
                let _ = tab.set_attribute("title", &title);
            }
        }
    };
    let path = format!("/api/v2/workspaces/{workspace}/pty");
    let window = move || {
        let (id, is_focused) = id.get();
        // Made anew for another shell, never turned into it.
        crate::components::loaded::fresh({
            let path = path.clone();
            move || {
                view! {
                    <terminal-window class="terminal-window" id=window_id(number) data-path=path data-terminal=id.to_string()
                        data-label=format!("Terminal {number}. Ctrl+Shift+L leaves it.") data-focused=is_focused.to_string()
                        on:terminalstate=told on:terminalleave=move |_: web_sys::Event| focus_on(&tab_id(number))>
                    </terminal-window>
                }
            }
        })
    };
    view! {
        <div class="terminal-frame" role="tabpanel" id=format!("terminal-{number}-panel") aria-labelledby=tab_id(number)
            hidden=move || chosen.get() != number>
            {window}
            {move || note(&shown(), ways)}
        </div>
    }
}

/// How it is with a terminal, in words; nothing while it can be typed in.
pub fn note(state: &State, ways: Ways) -> Option<AnyView> {
    let (mark, words, more) = match state {
        State::Open => return None,
        State::Connecting => (Icon::LoaderCircle, "Connecting…".to_owned(), None),
        State::Waiting { since, reason } => (
            Icon::TriangleAlert,
            format!("Connection lost at {since}. Connecting again…"),
            Some(reason.clone()),
        ),
        State::Ended { code } => (
            Icon::CircleCheck,
            match code.as_str() {
                "" => "The shell has ended.".to_owned(),
                code => format!("The shell has ended with exit code {code}."),
            },
            None,
        ),
        State::Refused { reason } => (Icon::CircleAlert, reason.clone(), None),
    };
    let button = match state {
        State::Waiting { .. } => Some(("Try now", ways.on_retry)),
        State::Refused { .. } => Some(("Try again", ways.on_retry)),
        State::Ended { .. } => Some(("Start a new one", ways.on_new)),
        _ => None,
    };
    Some(view! {
        <div class="terminal-note" role="status">
            {icon(mark)}
            <div class="terminal-words">
                {plain("p", words)}
                {more.filter(|more| !more.is_empty()).map(|more| plain("p", more))}
            </div>
            {button.map(|(words, on_press)| view! {
                <Button kind=ButtonKind::Plain is_small=true on_click=move |_| on_press.run(())>{words}</Button>
            })}
        </div>
    })
}

const SCRIPT_LOST: &str = "The terminal could not be loaded. Look whether the server can be reached, then load the page again.";

fn window_id(number: u32) -> String {
    format!("terminal-{number}-window")
}

/// The terminal does what its attribute says, each time it is set.
fn send(number: u32, command: &str) {
    if let Some(element) = document().get_element_by_id(&window_id(number)) {
        let _ = element.set_attribute("data-command", command);
    }
}

fn target(event: &web_sys::Event) -> Option<HtmlElement> {
    event.target()?.dyn_into().ok()
}

/// After the view has changed.
fn focus_on(id: &str) {
    let selector = format!("#{id}");
    request_animation_frame(move || focus(&selector));
}
