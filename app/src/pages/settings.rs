//! The settings: the reader's own, and the deployment's for those who may see them. One file per page below `settings/`.

mod chat_config;
mod folders;
pub mod git_hosts;
pub mod places;
mod profile;
pub mod providers;
mod search;
mod server;
mod source;
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
pub use server::ServerPage;
pub use templates::{TemplatePage, TemplatesPage};
pub use tokens::TokensPage;
pub use users::{UsersPage, role_badge, shown_link};

use crate::api::sessions::SignOut;
use crate::components::icons::{Icon, icon};
use crate::pages::settings::places::{PLACES, Place};
use crate::session::use_session;
use crate::view;

/// The frame of the settings: pages on the left, with a field to find a setting above them, the chosen one beside them.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let session = use_session();
    let nav = NodeRef::<Nav>::new();
    let path = use_location().pathname;
    let words = RwSignal::new(String::new());
    Effect::new(move |_| {
        path.track();
        request_animation_frame(move || show_current(nav));
    });
    let shown = |is_everybodys: bool| {
        let places = PLACES.iter().copied();
        places.filter(move |place| {
            place.needs.is_some() == is_everybodys
                && session.with_untracked(|session| session.shows(place.needs))
        })
    };
    let administers = shown(true).next().is_some();
    let items = |is_everybodys: bool| shown(is_everybodys).map(nav_item).collect_view();
    view! {
        <div class="settings">
            <div class="settings-side">
                {search::field(words)}
                <nav
                    class="settings-nav"
                    aria-label="Settings"
                    node_ref=nav
                    hidden=move || words.with(|words| search::is_asked(words))
                >
                    <A href="/agents" attr:class="nav-item settings-back">
                        {icon(Icon::ArrowLeft)}
                        "Chats"
                    </A>
                    <p class="settings-nav-group">"You"</p>
                    {items(false)}
                    {administers
                        .then(|| {
                            view! {
                                <p class="settings-nav-group">"Administration"</p>
                                {items(true)}
                            }
                        })}
                    {foot()}
                </nav>
            </div>
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

fn nav_item(place: &'static Place) -> impl IntoView {
    view! {
        <A href=place.path exact=!place.has_pages attr:class="nav-item">
            {icon(place.icon)}
            {place.title}
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
