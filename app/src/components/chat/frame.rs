//! The frame around the chat: list and right panel, beside the chat on wide windows and over it on narrow ones,
//! with widths that are kept.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;

use super::context::Agents;
use crate::api::preferences::update_layout;
use crate::view;

/// The list lies over the chat below this width.
const DRAWER_BELOW_PX: u32 = 640;
/// The right panel lies over the chat below this width.
const PANEL_DRAWER_BELOW_PX: u32 = 900;
const LIST_WIDTHS_PX: (u32, u32) = (220, 420);
const LEAST_PANEL_PX: u32 = 360;
/// How far below the least width the edge must be drawn to close what it belongs to.
const CLOSE_BEYOND_PX: u32 = 80;
const KEY_STEP_PX: u32 = 16;

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The list of chats, left.
    List,
    /// The right panel.
    Panel,
}

/// The rules that give the frame its kept widths before the page comes to life.
pub fn width_rules(list_px: u32, panel_px: u32) -> String {
    let (least, most) = LIST_WIDTHS_PX;
    format!(
        ":root{{--list-width:{}px;--panel-width:{}px}}",
        list_px.clamp(least, most),
        panel_px.max(LEAST_PANEL_PX)
    )
}

/// Opens or closes a side. Browser only.
pub fn toggle(agents: Agents, side: Side) {
    let (wide, drawer, below) = match side {
        Side::List => (
            agents.is_sidebar_open,
            agents.is_drawer_open,
            DRAWER_BELOW_PX,
        ),
        Side::Panel => (
            agents.is_panel_open,
            agents.is_panel_drawer_open,
            PANEL_DRAWER_BELOW_PX,
        ),
    };
    if window_width_px() < below {
        drawer.update(|is_open| *is_open = !*is_open);
    } else {
        wide.update(|is_open| *is_open = !*is_open);
        save(agents);
    }
}

/// Closes what lies over the chat; tells whether there was something. Browser only.
pub fn close_drawers(agents: Agents) -> bool {
    let was_open =
        agents.is_drawer_open.get_untracked() || agents.is_panel_drawer_open.get_untracked();
    if was_open {
        agents.is_drawer_open.set(false);
        agents.is_panel_drawer_open.set(false);
    }
    was_open
}

fn window_width_px() -> u32 {
    let width = window()
        .inner_width()
        .ok()
        .and_then(|width| width.as_f64())
        .unwrap_or(1440.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a window's width"
    )]
    let width_px = width as u32;
    width_px
}

fn save(agents: Agents) {
    let (list_px, panel_px) = (
        agents.sidebar_width_px.get_untracked(),
        agents.panel_width_px.get_untracked(),
    );
    let (is_list_closed, is_panel_open) = (
        !agents.is_sidebar_open.get_untracked(),
        agents.is_panel_open.get_untracked(),
    );
    spawn_local(async move {
        // A width that could not be kept is no reason to disturb anyone.
        let _ = update_layout(list_px, is_list_closed, panel_px, is_panel_open).await;
    });
}

/// The edge that is drawn to make a side wider: by pointer, or by the arrow keys.
#[component]
pub fn Edge(
    /// Whose edge it is.
    side: Side,
) -> impl IntoView {
    let agents = Agents::expect();
    let is_held = RwSignal::new(false);
    let width = match side {
        Side::List => agents.sidebar_width_px,
        Side::Panel => agents.panel_width_px,
    };
    let on_down = move |event: PointerEvent| {
        event.prevent_default();
        if let Some(edge) = event
            .current_target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        {
            let _ = edge.set_pointer_capture(event.pointer_id());
        }
        is_held.set(true);
    };
    let on_move = move |event: PointerEvent| {
        if is_held.get_untracked() {
            let at = u32::try_from(event.client_x()).unwrap_or(0);
            set_width(
                agents,
                side,
                if side == Side::List {
                    at
                } else {
                    window_width_px().saturating_sub(at)
                },
            );
        }
    };
    let on_up = move |_: PointerEvent| {
        if is_held.get_untracked() {
            is_held.set(false);
            save(agents);
        }
    };
    let on_keydown = move |event: KeyboardEvent| {
        let is_wider = match (event.key().as_str(), side) {
            ("ArrowRight", Side::List) | ("ArrowLeft", Side::Panel) => true,
            ("ArrowLeft", Side::List) | ("ArrowRight", Side::Panel) => false,
            _ => return,
        };
        event.prevent_default();
        let now = width.get_untracked();
        let wished = if is_wider {
            now + KEY_STEP_PX
        } else {
            now.saturating_sub(KEY_STEP_PX)
        };
        set_width(agents, side, wished.max(least(side)));
        save(agents);
    };
    let label = if side == Side::List {
        "Width of the list of chats"
    } else {
        "Width of the right panel"
    };
    view! {
        <div class=if side == Side::List { "edge edge-list" } else { "edge edge-panel" } class:held=move || is_held.get()
            role="separator" aria-orientation="vertical" aria-label=label tabindex="0"
            aria-valuenow=move || width.get().to_string() aria-valuemin=least(side).to_string() aria-valuemax="1200"
            on:pointerdown=on_down on:pointermove=on_move on:pointerup=on_up on:pointercancel=on_up on:keydown=on_keydown>
        </div>
    }
}

const fn least(side: Side) -> u32 {
    match side {
        Side::List => LIST_WIDTHS_PX.0,
        Side::Panel => LEAST_PANEL_PX,
    }
}

fn most(side: Side) -> u32 {
    match side {
        Side::List => LIST_WIDTHS_PX.1,
        Side::Panel => (window_width_px() / 10 * 7).max(LEAST_PANEL_PX),
    }
}

fn set_width(agents: Agents, side: Side, wished_px: u32) {
    let (width, is_open, name) = match side {
        Side::List => (
            agents.sidebar_width_px,
            agents.is_sidebar_open,
            "--list-width",
        ),
        Side::Panel => (agents.panel_width_px, agents.is_panel_open, "--panel-width"),
    };
    let should_be_open = wished_px + CLOSE_BEYOND_PX >= least(side);
    if is_open.get_untracked() != should_be_open {
        is_open.set(should_be_open);
    }
    if !should_be_open {
        return;
    }
    let width_px = wished_px.clamp(least(side), most(side));
    width.set(width_px);
    let root = document()
        .document_element()
        .and_then(|root| root.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(root) = root {
        let _ = web_sys::HtmlElement::style(&root).set_property(name, &format!("{width_px}px"));
    }
}
