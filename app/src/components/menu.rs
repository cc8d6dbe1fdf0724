//! Menus on the browser's own popover: closed by Esc and by a click beside them, walked with the arrow keys.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use crate::components::control_flow::Show;
use crate::components::icons::{Icon, icon};
use crate::view;

const ITEMS: &str = "[role=menuitem]:not(:disabled)";

/// A button with an icon that opens a menu.
#[component]
pub fn Menu(
    /// The menu's id in the document.
    #[prop(into)]
    id: String,
    /// What the menu is for.
    #[prop(into)]
    label: String,
    /// The button's icon; three dots when absent.
    #[prop(default = Icon::Ellipsis)]
    name: Icon,
    /// Whether it cannot be opened now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// [`MenuItem`]s. They are made when the menu is first opened: a list has a menu for each of its rows.
    children: ChildrenFn,
) -> impl IntoView {
    let was_wanted = RwSignal::new(false);
    let menu = NodeRef::<leptos::html::Div>::new();
    let focus_first = move |_| {
        if let Some(menu) = menu.try_get_untracked().flatten()
            && menu.matches(":popover-open").unwrap_or(false)
        {
            focus(&menu, Step::First);
        }
    };
    view! {
        <button
            type="button"
            class="icon-button"
            id=format!("{id}-button")
            popovertarget=id.clone()
            aria-haspopup="menu"
            aria-label=label.clone()
            title=label.clone()
            disabled=move || disabled.get()
            on:click=move |_| was_wanted.set(true)
        >
            {icon(name)}
        </button>
        <div
            class="menu"
            id=id
            popover="auto"
            role="menu"
            aria-label=label
            node_ref=menu
            on:toggle=focus_first
            on:keydown=walk
        >
            <Show when=move || was_wanted.get()>{children()}</Show>
        </div>
    }
}

/// An entry of a menu. Choosing it closes the menu.
#[component]
pub fn MenuItem(
    /// Its icon.
    name: Icon,
    /// Destroys something (a question follows).
    #[prop(optional)]
    is_danger: bool,
    /// Whether it cannot be chosen now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Does it.
    on_select: Callback<()>,
    /// Words.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="menu-item"
            class:menu-item-danger=is_danger
            role="menuitem"
            tabindex="-1"
            disabled=move || disabled.get()
            on:click=move |event| {
                close(&event);
                on_select.run(());
            }
        >
            {icon(name)}
            {children()}
        </button>
    }
}

/// An entry of a menu that leads to another page.
#[component]
pub fn MenuLink(
    /// Its icon.
    name: Icon,
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// Words.
    children: Children,
) -> impl IntoView {
    view! {
        <a class="menu-item" role="menuitem" tabindex="-1" href=href on:click=move |event| close(&event)>
            {icon(name)}
            {children()}
        </a>
    }
}

/// Where the focus goes.
#[derive(Clone, Copy)]
enum Step {
    First,
    Last,
    Next,
    Previous,
}

fn walk(event: KeyboardEvent) {
    let step = match event.key().as_str() {
        "ArrowDown" => Step::Next,
        "ArrowUp" => Step::Previous,
        "Home" => Step::First,
        "End" => Step::Last,
        _ => return,
    };
    event.prevent_default();
    if let Some(menu) = event
        .current_target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok())
    {
        focus(&menu, step);
    }
}

fn focus(menu: &HtmlElement, step: Step) {
    let Ok(nodes) = menu.query_selector_all(ITEMS) else {
        return;
    };
    let count = nodes.length();
    if count == 0 {
        return;
    }
    let active = document().active_element();
    let at = (0..count).find(|index| {
        let node = nodes.item(*index);
        active.as_ref().is_some_and(|active| {
            node.as_ref()
                .is_some_and(|node| active.is_same_node(Some(node)))
        })
    });
    let index = match (step, at) {
        (Step::First, _) | (Step::Next, None) => 0,
        (Step::Last, _) | (Step::Previous, None | Some(0)) => count - 1,
        (Step::Next, Some(at)) => (at + 1) % count,
        (Step::Previous, Some(at)) => at - 1,
    };
    if let Some(item) = nodes
        .item(index)
        .and_then(|node| node.dyn_into::<HtmlElement>().ok())
    {
        let _ = item.focus();
    }
}

/// Closes the menu first, so that the focus is back on its button when the choice opens a dialog.
fn close(event: &leptos::ev::MouseEvent) {
    let item = event
        .current_target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let menu = item.and_then(|item| item.closest("[popover]").ok().flatten());
    if let Some(menu) = menu.and_then(|menu| menu.dyn_into::<HtmlElement>().ok()) {
        let _ = menu.hide_popover();
    }
}
