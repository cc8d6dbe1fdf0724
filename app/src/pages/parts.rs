//! What the browser loads when it is first needed: pages that most visits never see, and what lies over or beside a
//! chat. The server renders them like everything else.
//!
//! `routes` names a [`PartPage`] where other pages stand; [`overlays`] and [`changes_panel`] stand in views. What belongs
//! to which part is told here and nowhere else.

use leptos::prelude::*;
use leptos::wasm_split::{self, SplitLoaderError};
use leptos_router::ChooseView;
use sdk::workspaces::Workspace;

use super::agents::AgentsHome;
use super::gallery::GalleryPage;
use super::login::LoginPage;
use super::settings::{
    FoldersPage, ProfilePage, ProvidersPage, SettingsPage, TokensPage, UsersPage,
};
use super::setup::SetupPage;
use crate::components::chat::context::Agents;
use crate::components::chat::git_panel::{Changes, GitPanel};
use crate::components::chat::keys::Shortcuts;
use crate::components::chat::palette::Palette;
use crate::components::feedback::ErrorState;
use crate::components::loaded::awaited;
use crate::components::toast::ToastKind;
use crate::error::{AppError, ErrorCode};
use crate::routes::{Access, guard, login, setup};

/// A page of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartPage {
    /// The first visit.
    Setup,
    /// Sign in.
    Login,
    /// No chat chosen: the form of a new one.
    Home,
    /// The frame of the settings.
    Settings,
    /// Settings: the reader's own account.
    Profile,
    /// Settings: API tokens.
    Tokens,
    /// Settings: accounts.
    Users,
    /// Settings: providers and models.
    Providers,
    /// Settings: allowed folders.
    Folders,
    /// Every component in every state.
    Gallery,
}

impl ChooseView for PartPage {
    async fn choose(self) -> AnyView {
        let view = match self {
            Self::Setup | Self::Login => door_part(self).await,
            Self::Gallery => gallery_part().await,
            Self::Home => home_part().await,
            _ => settings_part(self).await,
        };
        match view {
            Ok(view) => view,
            Err(_) => lost().await,
        }
    }

    async fn preload(&self) {}
}

#[wasm_split::wasm_split(door, wasm_split_path = wasm_split, fallible)]
fn door_part(page: PartPage) -> Result<AnyView, SplitLoaderError> {
    Ok(if page == PartPage::Setup {
        setup(|| view! { <SetupPage/> }.into_any())
    } else {
        login(|| view! { <LoginPage/> }.into_any())
    })
}

#[wasm_split::wasm_split(home, wasm_split_path = wasm_split, fallible)]
fn home_part() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <AgentsHome/> }.into_any())
}

#[wasm_split::wasm_split(settings, wasm_split_path = wasm_split, fallible)]
fn settings_part(page: PartPage) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        PartPage::Profile => view! { <ProfilePage/> }.into_any(),
        PartPage::Tokens => view! { <TokensPage/> }.into_any(),
        PartPage::Users => guard(Access::Owner, || view! { <UsersPage/> }.into_any()),
        PartPage::Providers => guard(Access::Owner, || view! { <ProvidersPage/> }.into_any()),
        PartPage::Folders => guard(Access::Owner, || view! { <FoldersPage/> }.into_any()),
        _ => guard(Access::SignedIn, || view! { <SettingsPage/> }.into_any()),
    })
}

#[wasm_split::wasm_split(gallery, wasm_split_path = wasm_split, fallible)]
fn gallery_part() -> Result<AnyView, SplitLoaderError> {
    Ok(guard(Access::OwnerOrDevelopment, || {
        view! { <GalleryPage/> }.into_any()
    }))
}

/// The palette and the list of keys.
pub fn overlays(agents: Agents) -> AnyView {
    let nothing = || ().into_any();
    awaited(nothing, move || async move {
        overlays_part().await.unwrap_or_else(|_| {
            agents.is_palette_open.set(false);
            agents.is_shortcuts_open.set(false);
            agents.toasts.show(ToastKind::Error, LOST.to_owned());
            ().into_any()
        })
    })
}

#[wasm_split::wasm_split(overlays, wasm_split_path = wasm_split, fallible)]
fn overlays_part() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <Palette/> <Shortcuts/> }.into_any())
}

/// The panel with the changes of a chat's workspace.
pub fn changes_panel(changes: Changes, workspace: RwSignal<Option<Workspace>>) -> AnyView {
    let nothing = || ().into_any();
    awaited(nothing, move || async move {
        let view = changes_part(changes, workspace).await.ok();
        match view {
            Some(view) => view,
            None => lost().await,
        }
    })
}

#[wasm_split::wasm_split(changes, wasm_split_path = wasm_split, fallible)]
fn changes_part(
    changes: Changes,
    workspace: RwSignal<Option<Workspace>>,
) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <GitPanel changes workspace/> }.into_any())
}

const LOST: &str = "This part of the page could not be loaded. Look whether the server can be reached, then load the page again.";

/// The part did not come: the connection is lost, or the server has a newer page by now.
async fn lost() -> AnyView {
    let is_hydrating =
        Owner::current_shared_context().is_some_and(|context| context.during_hydration());
    if is_hydrating {
        // What the server rendered stays; it can be read, and its links and forms work.
        std::future::pending::<()>().await;
    }
    let error = AppError::new(ErrorCode::Unavailable, LOST);
    let on_retry = Callback::new(|()| {
        let _ = window().location().reload();
    });
    view! { <ErrorState error on_retry/> }.into_any()
}
