//! The map of pages. Every page is rendered whole by the server (`SsrMode::Async`), so that it can be read with
//! JavaScript off, and has a guard that says who may see it.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Redirect, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::location::Url;
use leptos_router::{SsrMode, path};
use sdk::permissions::Permission;

use crate::components::live_region::{LiveRegion, provide_announcer};
use crate::components::relative_time::provide_clock;
use crate::components::toast::{ToastRegion, provide_toasts};
use crate::pages::agents::{AgentsPage, ChatPage};
use crate::pages::gallery::Sheet;
use crate::pages::not_found::NotFoundPage;
use crate::pages::parts::PartPage;
use crate::session::{Session, provide_session, use_hydrated, use_session};
use crate::view;

/// The root of the tree, the same on the server and in the browser.
#[component]
pub fn App() -> AnyView {
    provide_meta_context();
    provide_session();
    provide_toasts();
    provide_announcer();
    provide_clock();
    mark_hydrated();
    view! {
        <Title formatter=|text: String| if text.is_empty() { "Switchyard".to_owned() } else { format!("{text} · Switchyard") }/>
        <Router>
            <a class="skip-link" href="#main" rel="external">
                "Skip to content"
            </a>
            <Routes fallback=|| view! { <NotFoundPage/> }>
                <Route path=path!("/") view=|| view! { <Redirect path="/agents"/> } ssr=SsrMode::Async/>
                <Route path=path!("/setup") view=PartPage::Setup ssr=SsrMode::Async/>
                <Route path=path!("/login") view=PartPage::Login ssr=SsrMode::Async/>
                <Route path=path!("/set-password") view=PartPage::SetPassword ssr=SsrMode::Async/>
                <ParentRoute path=path!("/agents") view=|| guard(Access::SignedIn, || view! { <AgentsPage/> }) ssr=SsrMode::Async>
                    <Route path=path!("") view=PartPage::Home/>
                    <Route path=path!(":id") view=|| view! { <ChatPage/> }/>
                </ParentRoute>
                <ParentRoute path=path!("/settings") view=PartPage::Settings ssr=SsrMode::Async>
                    <Route path=path!("") view=PartPage::Profile/>
                    <Route path=path!("agents") view=PartPage::ChatConfig/>
                    <Route path=path!("analytics") view=PartPage::Analytics/>
                    <Route path=path!("tokens") view=PartPage::Tokens/>
                    <Route path=path!("git-hosts") view=PartPage::GitHosts/>
                    <Route path=path!("users") view=PartPage::Users/>
                    <Route path=path!("audit-log") view=PartPage::AuditLog/>
                    <Route path=path!("prompt") view=PartPage::PromptPreview/>
                    <Route path=path!("providers") view=PartPage::Providers/>
                    <Route path=path!("folders") view=PartPage::Folders/>
                    <Route path=path!("server") view=PartPage::Server/>
                    <Route path=path!("templates") view=PartPage::Templates/>
                    <Route path=path!("templates/:id") view=PartPage::Template/>
                </ParentRoute>
                <ParentRoute path=path!("/workspaces") view=PartPage::Settings ssr=SsrMode::Async>
                    <Route path=path!("") view=PartPage::Workspaces/>
                    <Route path=path!(":id") view=PartPage::Workspace/>
                </ParentRoute>
                <Route path=path!("/dev/gallery") view=PartPage::Gallery(Sheet::Basics) ssr=SsrMode::Async/>
                <Route path=path!("/dev/gallery/chat") view=PartPage::Gallery(Sheet::Chat) ssr=SsrMode::Async/>
                <Route path=path!("/dev/gallery/tools") view=PartPage::Gallery(Sheet::Tools) ssr=SsrMode::Async/>
                <Route path=path!("/dev/gallery/workspaces") view=PartPage::Gallery(Sheet::Workspaces) ssr=SsrMode::Async/>
            </Routes>
        </Router>
        <ToastRegion/>
        <LiveRegion/>
    }
}

/// Who may see a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody who is signed in.
    SignedIn,
    /// Whoever may do this.
    May(Permission),
    /// Owners, and anyone while the server is a developer's.
    OwnerOrDevelopment,
}

/// Where a reader is led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    Setup,
    Login,
    NotFound,
}

fn gate(session: &Session, access: Access) -> Gate {
    if access == Access::OwnerOrDevelopment && session.is_development {
        return Gate::Open;
    }
    match (&session.user, access) {
        (None, _) if !session.has_first_user => Gate::Setup,
        (None, _) => Gate::Login,
        (Some(_), Access::SignedIn) => Gate::Open,
        (Some(user), Access::May(permission)) if user.may(permission) => Gate::Open,
        (Some(user), Access::OwnerOrDevelopment) if user.is_owner() => Gate::Open,
        // What a person may not read does not exist for them.
        (Some(_), _) => Gate::NotFound,
    }
}

/// The page, for those who may see it; the way elsewhere for others.
pub(crate) fn guard(access: Access, page: impl FnOnce() -> AnyView) -> AnyView {
    match use_session().with_untracked(|session| gate(session, access)) {
        Gate::Open => page(),
        Gate::Setup => view! { <Redirect path="/setup"/> },
        Gate::Login => view! { <Redirect path=login_path()/> },
        Gate::NotFound => view! { <NotFoundPage/> },
    }
}

fn login_path() -> String {
    let location = use_location();
    let path = location.pathname.get_untracked();
    let search = location.search.get_untracked();
    let here = if search.is_empty() {
        path
    } else {
        format!("{path}?{search}")
    };
    format!("/login?next={}", Url::escape(&here))
}

/// The first visit's page, while there is nobody yet.
pub(crate) fn setup(page: impl FnOnce() -> AnyView) -> AnyView {
    if use_session().with_untracked(|session| session.has_first_user) {
        view! { <Redirect path="/login"/> }
    } else {
        page()
    }
}

/// The sign-in page, for those who are not.
pub(crate) fn login(page: impl FnOnce() -> AnyView) -> AnyView {
    match use_session().with_untracked(|session| (session.has_first_user, session.user.is_some())) {
        (false, _) => view! { <Redirect path="/setup"/> },
        (true, true) => view! { <Redirect path="/agents"/> },
        (true, false) => page(),
    }
}

/// Says on `<html>` that handlers are attached; tests and styles wait for it.
fn mark_hydrated() {
    let hydrated = use_hydrated();
    Effect::new(move |_| {
        if hydrated.get()
            && let Some(root) = document().document_element()
        {
            let _ = root.set_attribute("data-hydrated", "true");
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    #[test]
    fn leads_a_visitor_to_setup_until_there_is_an_owner() {
        let mut session = Session::default();
        assert_eq!(gate(&session, Access::SignedIn), Gate::Setup);
        session.has_first_user = true;
        assert_eq!(gate(&session, Access::SignedIn), Gate::Login);
        assert_eq!(
            gate(&session, Access::May(Permission::ReadUsers)),
            Gate::Login
        );
    }

    #[test]
    fn shows_the_gallery_to_anyone_in_development_only() {
        let mut session = Session {
            has_first_user: true,
            ..Session::default()
        };
        assert_eq!(gate(&session, Access::OwnerOrDevelopment), Gate::Login);
        session.is_development = true;
        assert_eq!(gate(&session, Access::OwnerOrDevelopment), Gate::Open);
        assert_eq!(
            gate(&session, Access::May(Permission::ReadUsers)),
            Gate::Login
        );
    }
}
