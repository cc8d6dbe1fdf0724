//! The agents page: chats and what they do.

use leptos::prelude::*;
use leptos_router::components::Outlet;

/// The frame of the agents page.
#[component]
pub fn AgentsPage() -> impl IntoView {
    view! { <main id="main"><Outlet/></main> }
}

/// No chat chosen: the composer of a new one.
#[component]
pub fn AgentsHome() -> impl IntoView {
    view! { <h1>"Agents"</h1> }
}

/// One chat.
#[component]
pub fn ChatPage() -> impl IntoView {
    view! { <h1>"Chat"</h1> }
}
