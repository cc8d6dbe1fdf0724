//! The agents page: the frame with the list of chats, and in it a new chat's form or one chat.

mod chat;
mod home;

use leptos::prelude::*;
use leptos_router::components::Outlet;

pub use chat::ChatPage;
pub use home::AgentsHome;

use crate::components::chat::context::Agents;
use crate::components::chat::frame::close_drawers;
use crate::components::chat::keys::listen;
use crate::components::chat::sidebar::Sidebar;
use crate::pages::parts::overlays;
use crate::view;

/// The frame of the agents page.
#[component]
pub fn AgentsPage() -> impl IntoView {
    let agents = Agents::provide();
    listen(agents);
    // What lies over the chat makes way for the chat that was chosen in it.
    Effect::new(move |_| {
        agents.open_chat.track();
        agents.is_drawer_open.set(false);
        agents.is_panel_drawer_open.set(false);
    });
    view! {
        <div class="agents" class:list-closed=move || !agents.is_sidebar_open.get()
            class:drawer-open=move || agents.is_drawer_open.get() class:panel-closed=move || !agents.is_panel_open.get()
            class:panel-drawer-open=move || agents.is_panel_drawer_open.get()>
            <Sidebar/>
            <div class="drawer-shade" aria-hidden="true" on:click=move |_| { close_drawers(agents); }></div>
            <main id="main" class="agents-main" tabindex="-1">
                <Outlet/>
            </main>
        </div>
        {overlays(agents)}
    }
}
