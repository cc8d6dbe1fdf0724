//! The foot of the sidebar: who is signed in, the workspaces, the settings, the way out.

use leptos::prelude::*;

use crate::components::icons::{Icon, icon};
use crate::session::use_session;
use crate::view;

/// The foot of the sidebar.
#[component]
pub fn UserMenu() -> impl IntoView {
    let session = use_session();
    let name = move || {
        session.with(|session| {
            session
                .user
                .as_ref()
                .map(|user| user.display_name().to_owned())
                .unwrap_or_default()
        })
    };
    view! {
        <div class="sidebar-foot">
            <span class="sidebar-user" title=name>{icon(Icon::User)} <span>{move || name()}</span></span>
            <a class="icon-button" href="/workspaces" aria-label="Workspaces" title="Workspaces">{icon(Icon::Terminal)}</a>
            <a class="icon-button" href="/settings" aria-label="Settings" title="Settings">{icon(Icon::Settings)}</a>
            // A plain form: the whole page is loaded anew, so nothing of this session stays in memory.
            <form method="post" action="/api/page/logout">
                <button type="submit" class="icon-button" aria-label="Sign out" title="Sign out">{icon(Icon::LogOut)}</button>
            </form>
        </div>
    }
}
