//! The keys of the agents page, and the list of them.

use leptos::ev::KeyboardEvent;
use leptos::html::Dialog;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast as _;

use super::context::Agents;
use super::frame::{Side, close_drawers, toggle};
use crate::components::icons::{Icon, icon};
use crate::view;

const KEYS: [(&[&str], &str); 15] = [
    (&["Ctrl", "K"], "Find a chat or an action"),
    (&["N"], "New chat"),
    (&["/"], "Write a message"),
    (&["J"], "Next chat, or next file of the changes"),
    (&["K"], "Previous chat, or previous file of the changes"),
    (
        &["↑", "↓"],
        "On a line number of the changes: walk; with Shift choose several lines",
    ),
    (
        &["J", "K"],
        "On a line number of the changes: next or previous changed place",
    ),
    (&["C"], "On a line number of the changes: comment"),
    (
        &["Ctrl", "Z"],
        "Take back the last comment; with Shift do it again",
    ),
    (&["["], "Show or hide the list of chats"),
    (&["]"], "Show or hide the right panel"),
    (&["Enter"], "Send; with Shift a new line"),
    (
        &["↑"],
        "In the empty field: bring back what you wrote before",
    ),
    (&["Esc"], "Close, cancel the edit, or stop the turn"),
    (&["?"], "This list"),
];

/// Listens for the page's keys. Called once, by the frame.
pub fn listen(agents: Agents) {
    let navigate = use_navigate();
    Effect::new(move |_| {
        let navigate = navigate.clone();
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            on_key(&event, agents, &navigate);
        });
        on_cleanup(move || handle.remove());
    });
}

fn on_key(event: &KeyboardEvent, agents: Agents, navigate: &impl Fn(&str, NavigateOptions)) {
    if event.default_prevented() || event.is_composing() {
        return;
    }
    if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k") {
        event.prevent_default();
        agents.is_palette_open.set(true);
        return;
    }
    if event.ctrl_key() || event.meta_key() || event.alt_key() || is_something_over() {
        return;
    }
    if event.key() == "Escape" {
        if close_drawers(agents) {
            event.prevent_default();
        }
        return;
    }
    if is_typing(event) {
        return;
    }
    match event.key().as_str() {
        "n" => navigate("/agents", NavigateOptions::default()),
        "/" => focus(".editor"),
        "j" => step(1),
        "k" => step(-1),
        "[" => toggle(agents, Side::List),
        "]" => toggle(agents, Side::Panel),
        "?" => agents.is_shortcuts_open.set(true),
        _ => return,
    }
    event.prevent_default();
}

/// Whether a dialog or a menu is open: it has its own keys.
pub fn is_something_over() -> bool {
    document()
        .query_selector("dialog[open], [popover]:popover-open")
        .ok()
        .flatten()
        .is_some()
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
    })
}

fn focus(selector: &str) {
    let element = document().query_selector(selector).ok().flatten();
    if let Some(element) =
        element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = element.focus();
    }
}

/// Moves the focus along the files of the changes when it is among them, else along the list of chats.
fn step(by: i32) {
    let active = document().active_element();
    let is_in_changes = active
        .as_ref()
        .is_some_and(|active| active.closest(".git-panel").ok().flatten().is_some());
    let selector = if is_in_changes {
        ".git-panel .file-head > summary"
    } else {
        ".sidebar .row"
    };
    let Ok(nodes) = document().query_selector_all(selector) else {
        return;
    };
    let count = i32::try_from(nodes.length()).unwrap_or(0);
    if count == 0 {
        return;
    }
    let node = |position: i32| {
        let position = u32::try_from(position).ok()?;
        nodes
            .item(position)?
            .dyn_into::<web_sys::HtmlElement>()
            .ok()
    };
    let position_of = |matches: &dyn Fn(&web_sys::HtmlElement) -> bool| {
        (0..count).find(|position| node(*position).is_some_and(|element| matches(&element)))
    };
    let focused = position_of(&|element| {
        active
            .as_ref()
            .is_some_and(|active| active.is_same_node(Some(element)))
    });
    let current = focused.or_else(|| position_of(&|element| element.has_attribute("aria-current")));
    let next = match current {
        Some(current) => (current + by).clamp(0, count - 1),
        None => 0,
    };
    if let Some(element) = node(next) {
        let _ = element.focus();
    }
}

/// The list of keys, as a native dialog.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let agents = Agents::expect();
    let dialog = NodeRef::<Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if agents.is_shortcuts_open.get() && !dialog.open() {
            let _ = dialog.show_modal();
        }
    });
    let rows = KEYS
        .into_iter()
        .map(|(keys, words)| {
            let keys = keys
                .iter()
                .map(|key| view! { <kbd class="key">{*key}</kbd> })
                .collect_view();
            view! { <div class="shortcut"><dt>{words}</dt><dd>{keys}</dd></div> }
        })
        .collect_view();
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="shortcuts-title" closedby="any"
            on:close=move |_| agents.is_shortcuts_open.set(false)>
            <div class="dialog-head">
                <h2 class="dialog-title" id="shortcuts-title">"Keyboard shortcuts"</h2>
                <form method="dialog">
                    <button class="icon-button" aria-label="Close" title="Close">{icon(Icon::X)}</button>
                </form>
            </div>
            <div class="dialog-body"><dl class="shortcuts">{rows}</dl></div>
        </dialog>
    }
}
