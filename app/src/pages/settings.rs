//! The settings: the reader's own, and the deployment's for owners. One file per page below `settings/`.

mod chat_config;
mod folders;
pub mod git_hosts;
mod profile;
pub mod providers;
pub mod templates;
mod tokens;
mod users;

use leptos::form::ActionForm;
use leptos::html::Nav;
use leptos::prelude::*;
use leptos_router::components::{A, Outlet};
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast as _;

pub use chat_config::ChatConfigPage;
pub use folders::FoldersPage;
pub use git_hosts::GitHostsPage;
pub use profile::ProfilePage;
pub use providers::ProvidersPage;
pub use templates::{TemplatePage, TemplatesPage};
pub use tokens::TokensPage;
pub use users::UsersPage;

use crate::api::sessions::SignOut;
use crate::components::icons::{Icon, icon};
use crate::session::use_session;
use crate::view;

/// The frame of the settings: pages on the left, the chosen one beside them.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let session = use_session();
    let is_owner = session.with_untracked(crate::session::Session::is_owner);
    let nav = NodeRef::<Nav>::new();
    let path = use_location().pathname;
    Effect::new(move |_| {
        path.track();
        request_animation_frame(move || show_current(nav));
    });
    view! {
        <div class="settings">
            <nav class="settings-nav" aria-label="Settings" node_ref=nav>
                <A href="/agents" attr:class="nav-item settings-back">
                    {icon(Icon::ArrowLeft)}
                    "Chats"
                </A>
                <p class="settings-nav-group">"You"</p>
                {nav_item("/settings", Icon::User, "Profile")}
                {nav_item("/settings/agents", Icon::Brain, "Agents")}
                {nav_item("/settings/analytics", Icon::List, "Analytics")}
                {nav_item("/settings/tokens", Icon::KeyRound, "API tokens")}
                {nav_item("/settings/git-hosts", Icon::FolderGit2, "Git hosts")}
                {nav_branch("/workspaces", Icon::Terminal, "Workspaces")}
                {is_owner
                    .then(|| {
                        view! {
                            <p class="settings-nav-group">"Administration"</p>
                            {nav_item("/settings/providers", Icon::Cpu, "Providers and models")}
                            {nav_item("/settings/folders", Icon::Folder, "Allowed folders")}
                            {nav_branch("/settings/templates", Icon::LayoutTemplate, "Templates")}
                            {nav_item("/settings/users", Icon::Users, "Users")}
                            {nav_item("/settings/audit-log", Icon::FileText, "Audit log")}
                        }
                    })}
                {foot()}
            </nav>
            <main class="settings-main" id="main" tabindex="-1">
                <div class="settings-column">
                    <Outlet/>
                </div>
            </main>
        </div>
    }
}

/// On a phone the pages are a row that is wider than the screen.
fn show_current(nav: NodeRef<Nav>) {
    let Some(Some(nav)) = nav.try_get_untracked() else {
        return;
    };
    let current = nav.query_selector("[aria-current]").ok().flatten();
    if let Some(current) = current.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
        let room_px = nav.client_width() - current.offset_width();
        nav.set_scroll_left(current.offset_left() - room_px / 2);
    }
}

/// The same for a page with pages below it.
fn nav_branch(href: &'static str, mark: Icon, words: &'static str) -> impl IntoView {
    view! {
        <A href=href attr:class="nav-item">
            {icon(mark)}
            {words}
        </A>
    }
}

fn nav_item(href: &'static str, mark: Icon, words: &'static str) -> impl IntoView {
    view! {
        <A href=href exact=true attr:class="nav-item">
            {icon(mark)}
            {words}
        </A>
    }
}

fn foot() -> impl IntoView {
    let session = use_session();
    let sign_out = ServerAction::<SignOut>::new();
    view! {
        <div class="settings-foot">
            <span class="settings-foot-text">
                {move || session.with(|session| session.user.as_ref().map(|user| user.display_name().to_owned()))}
                <br/>
                "Switchyard "
                {session.with_untracked(|session| session.version.clone())}
            </span>
            <ActionForm action=sign_out>
                <button class="icon-button" aria-label="Sign out" title="Sign out">
                    {icon(Icon::LogOut)}
                </button>
            </ActionForm>
        </div>
    }
}
