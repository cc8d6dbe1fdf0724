//! What the browser loads when it is first needed: pages that most visits never see, and what lies over or beside a
//! chat. The server renders them like everything else.
//!
//! `routes` names a [`PartPage`] where other pages stand; [`overlays`] stands in a view. What belongs to which part is
//! told here and nowhere else.

#![expect(
    clippy::unnecessary_wraps,
    reason = "how a part says that it could not be loaded"
)]

mod composer;
mod debug;
mod drawn;
mod page;

use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, join, try_join};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{self, SplitLoaderError};
use leptos_router::ChooseView;
use sdk::chats::ChatStatus;
use sdk::ids::ChatId;
use sdk::permissions::Permission;
use sdk::workspaces::Workspace;

pub use composer::{answers, attachment_list, mention_list, queue_list};
pub use debug::debug;
pub use drawn::{git_panel, tool_body};
pub use page::PartPage;

use super::agents::AgentsHome;
use super::analytics::AnalyticsPage;
use super::audit_log::AuditLogPage;
use super::gallery::{GalleryPage, Sheet};
use super::login::LoginPage;
use super::prompt_preview::PromptPreviewPage;
use super::set_password::SetPasswordPage;
use super::settings::{
    ChatConfigPage, FoldersPage, GitHostsPage, ProfilePage, ProvidersPage, ServerPage,
    SettingsPage, TemplatePage, TemplatesPage, TokensPage, UsersPage,
};
use super::setup::SetupPage;
use super::workspaces::{WorkspacePage, WorkspacesPage};
use crate::components::chat::callouts::ErrorCallout;
use crate::components::chat::context::Agents;
use crate::components::chat::context_card::ContextCard;
use crate::components::chat::context_ring::Share;
use crate::components::chat::keys::Shortcuts;
use crate::components::chat::palette::Palette;
use crate::components::chat::questions::Questions;
use crate::components::desktop::Desktop;
use crate::components::feedback::ErrorState;
use crate::components::only_looked_at::only_looked_at;
use crate::components::terminals::Terminals;
use crate::components::toast::ToastKind;
use crate::error::{AppError, ErrorCode};
use crate::live::chat::OpenChat;
use crate::routes::{Access, guard, login, setup};
use crate::view;

impl ChooseView for PartPage {
    async fn choose(self) -> AnyView {
        let view = match self {
            Self::Setup | Self::Login | Self::SetPassword => door_part(self).await,
            Self::Gallery(sheet) => gallery_part(sheet).await,
            Self::Home => home_part().await,
            Self::Templates | Self::Template => templates_part(self).await,
            Self::Workspaces | Self::Workspace => workspaces_part(self).await,
            Self::Analytics => analytics_part().await,
            Self::AuditLog => audit_log_part().await,
            Self::PromptPreview => prompt_preview_part().await,
            _ => settings_part(self).await,
        };
        view.unwrap_or_else(|_| lost())
    }

    // The router draws at once what was loaded before; without this it would not wait for the part.
    async fn preload(&self) {
        // A part that does not come says so where it is drawn.
        let _ = self.load().await;
    }
}

impl PartPage {
    async fn load(self) -> Result<(), SplitLoaderError> {
        match self {
            Self::Setup | Self::Login | Self::SetPassword => load_door().await,
            Self::Gallery(_) => load_gallery().await,
            Self::Home => load_home().await,
            // They stand in the frame of the settings.
            Self::Templates | Self::Template => {
                try_join(load_settings(), load_templates()).await.map(drop)
            }
            Self::Workspaces | Self::Workspace => {
                try_join(load_settings(), load_workspaces()).await.map(drop)
            }
            Self::Analytics => try_join(load_settings(), load_analytics()).await.map(drop),
            Self::AuditLog => try_join(load_settings(), load_audit_log()).await.map(drop),
            Self::PromptPreview => try_join(load_settings(), load_prompt_preview())
                .await
                .map(drop),
            _ => load_settings().await,
        }
    }

    /// The page at a path, when it is one of a part; `routes` says the same in detail.
    fn at(path: &str) -> Option<Self> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        match (segments.next()?, segments.next()) {
            ("setup", None) => Some(Self::Setup),
            ("login", None) => Some(Self::Login),
            ("set-password", None) => Some(Self::SetPassword),
            ("agents", None) => Some(Self::Home),
            ("settings", Some("templates")) => Some(Self::Templates),
            ("settings", Some("analytics")) => Some(Self::Analytics),
            ("settings", Some("audit-log")) => Some(Self::AuditLog),
            ("settings", Some("prompt")) => Some(Self::PromptPreview),
            ("settings", _) => Some(Self::Settings),
            ("workspaces", _) => Some(Self::Workspaces),
            ("dev", Some("gallery")) => Some(Self::Gallery(Sheet::Basics)),
            _ => None,
        }
    }
}

/// Loads the parts that the document at `path` needs; `false` when they did not come. Before hydration, which waits for
/// nothing.
pub async fn load_parts_of(path: &str) -> bool {
    let (page, drawn) = join(load_part_of(path), drawn::load_drawn()).await;
    page && drawn
}

async fn load_part_of(path: &str) -> bool {
    match PartPage::at(path) {
        Some(page) => page.load().await.is_ok(),
        None if is_chat(path) => drawn::GIT_PANEL.bring().await,
        None => true,
    }
}

/// Whether a chat stands at a path: the panel beside it was rendered with it.
fn is_chat(path: &str) -> bool {
    path.strip_prefix("/agents/")
        .is_some_and(|rest| !rest.is_empty())
}

#[wasm_split::wasm_split(door, wasm_split_path = wasm_split, preload(load_door), fallible)]
fn door_part(page: PartPage) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        PartPage::Setup => setup(|| view! { <SetupPage/> }),
        PartPage::SetPassword => view! { <SetPasswordPage/> },
        _ => login(|| view! { <LoginPage/> }),
    })
}

#[wasm_split::wasm_split(home, wasm_split_path = wasm_split, preload(load_home), fallible)]
fn home_part() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <AgentsHome/> })
}

#[wasm_split::wasm_split(settings, wasm_split_path = wasm_split, preload(load_settings), fallible)]
fn settings_part(page: PartPage) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        PartPage::Profile => view! { <ProfilePage/> },
        PartPage::ChatConfig => view! { <ChatConfigPage/> },
        PartPage::Tokens => view! { <TokensPage/> },
        PartPage::GitHosts => view! { <GitHostsPage/> },
        PartPage::Users => guard(
            Access::May(Permission::ReadUsers),
            || view! { <UsersPage/> },
        ),
        PartPage::Providers => settings_of_all(|| view! { <ProvidersPage/> }),
        PartPage::Folders => settings_of_all(|| view! { <FoldersPage/> }),
        PartPage::Server => guard(
            Access::May(Permission::ReadSettings),
            || view! { <ServerPage/> },
        ),
        _ => guard(Access::SignedIn, || view! { <SettingsPage/> }),
    })
}

/// A page of the deployment's settings: whoever may only look finds it switched off.
fn settings_of_all(page: impl FnOnce() -> AnyView) -> AnyView {
    guard(Access::May(Permission::ReadSettings), || {
        only_looked_at(Permission::ManageSettings, page)
    })
}

#[wasm_split::wasm_split(
    templates,
    wasm_split_path = wasm_split,
    preload(load_templates),
    fallible
)]
fn templates_part(page: PartPage) -> Result<AnyView, SplitLoaderError> {
    Ok(settings_of_all(|| {
        if page == PartPage::Templates {
            view! { <TemplatesPage/> }
        } else {
            view! { <TemplatePage/> }
        }
    }))
}

#[wasm_split::wasm_split(
    workspaces,
    wasm_split_path = wasm_split,
    preload(load_workspaces),
    fallible
)]
fn workspaces_part(page: PartPage) -> Result<AnyView, SplitLoaderError> {
    Ok(if page == PartPage::Workspaces {
        view! { <WorkspacesPage/> }
    } else {
        view! { <WorkspacePage/> }
    })
}

#[wasm_split::wasm_split(
    analytics,
    wasm_split_path = wasm_split,
    preload(load_analytics),
    fallible
)]
fn analytics_part() -> Result<AnyView, SplitLoaderError> {
    Ok(guard(Access::SignedIn, || view! { <AnalyticsPage/> }))
}

#[wasm_split::wasm_split(
    audit_log,
    wasm_split_path = wasm_split,
    preload(load_audit_log),
    fallible
)]
fn audit_log_part() -> Result<AnyView, SplitLoaderError> {
    Ok(guard(Access::May(Permission::ReadAuditLog), || {
        view! { <AuditLogPage/> }
    }))
}

#[wasm_split::wasm_split(
    prompt_preview,
    wasm_split_path = wasm_split,
    preload(load_prompt_preview),
    fallible
)]
fn prompt_preview_part() -> Result<AnyView, SplitLoaderError> {
    Ok(guard(Access::May(Permission::ReadSettings), || {
        view! { <PromptPreviewPage/> }
    }))
}

#[wasm_split::wasm_split(gallery, wasm_split_path = wasm_split, preload(load_gallery), fallible)]
fn gallery_part(sheet: Sheet) -> Result<AnyView, SplitLoaderError> {
    Ok(guard(Access::OwnerOrDevelopment, || {
        view! { <GalleryPage sheet/> }
    }))
}

/// The palette, the list of keys and the questions, from the first time that one of them is asked for.
pub fn overlays(agents: Agents) -> AnyView {
    let is_wanted = Signal::derive(move || {
        agents.is_palette_open.get()
            || agents.is_shortcuts_open.get()
            || agents.asked.with(Option::is_some)
    });
    let draw = move |is_loaded: bool| {
        if is_loaded {
            return overlays_part().now_or_never().and_then(Result::ok);
        }
        agents.is_palette_open.set(false);
        agents.is_shortcuts_open.set(false);
        agents.asked.set(None);
        agents.toasts.show(ToastKind::Error, LOST.to_owned());
        None
    };
    let load: Load = || Box::pin(async { load_overlays().await.is_ok() });
    on_demand(is_wanted, load, Box::new(draw))
}

type Load = fn() -> LocalBoxFuture<'static, bool>;
type Draw = Box<dyn Fn(bool) -> Option<AnyView> + Send + Sync>;

/// Loads a part when it is first wanted, and again when it did not come; `draw` is told whether it came.
fn on_demand(is_wanted: Signal<bool>, load: Load, draw: Draw) -> AnyView {
    let is_loaded = RwSignal::new(None);
    Effect::new(move |_| {
        if is_wanted.get() && is_loaded.get_untracked() != Some(true) {
            spawn_local(async move {
                let outcome = load().await;
                let _ = is_loaded.try_set(Some(outcome));
            });
        }
    });
    // Built and put in place in one go: a dialog that is not in the document yet cannot be opened.
    (move || is_loaded.get().and_then(&draw)).into_any()
}

#[wasm_split::wasm_split(
    overlays,
    wasm_split_path = wasm_split,
    preload(load_overlays),
    fallible
)]
fn overlays_part() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <Palette/> <Shortcuts/> <Questions/> })
}

/// Why the last turn failed, as soon as one did.
pub fn error_callout(chat: OpenChat) -> AnyView {
    let is_wanted = Signal::derive(move || chat.status.get() == ChatStatus::Error);
    let draw = move |is_loaded: bool| {
        let drawn = is_loaded.then(|| error_callout_part(chat).now_or_never());
        Some(drawn.flatten().and_then(Result::ok).unwrap_or_else(lost))
    };
    let load: Load = || Box::pin(async { load_error_callout().await.is_ok() });
    on_demand(is_wanted, load, Box::new(draw))
}

#[wasm_split::wasm_split(
    error_callout,
    wasm_split_path = wasm_split,
    preload(load_error_callout),
    fallible
)]
fn error_callout_part(chat: OpenChat) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <ErrorCallout chat/> })
}

/// What the model is told besides messages, from the first time that it is asked for.
pub fn context_card(chat: ChatId, share: Share, openings: RwSignal<u32>) -> AnyView {
    let is_wanted = Signal::derive(move || openings.get() > 0);
    let draw = move |is_loaded: bool| {
        let drawn = is_loaded.then(|| context_card_part(chat, share, openings).now_or_never());
        Some(drawn.flatten().and_then(Result::ok).unwrap_or_else(lost))
    };
    let load: Load = || Box::pin(async { load_context_card().await.is_ok() });
    on_demand(is_wanted, load, Box::new(draw))
}

#[wasm_split::wasm_split(
    context_card,
    wasm_split_path = wasm_split,
    preload(load_context_card),
    fallible
)]
fn context_card_part(
    chat: ChatId,
    share: Share,
    openings: RwSignal<u32>,
) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <ContextCard chat share openings/> })
}

/// The terminals of a workspace, from the first time that they are wanted; from then on they stay.
pub fn terminals(workspace: Signal<Option<Workspace>>, is_wanted: Signal<bool>) -> AnyView {
    let draw = move |is_loaded: bool| {
        let drawn = is_loaded.then(|| terminals_part(workspace).now_or_never());
        Some(drawn.flatten().and_then(Result::ok).unwrap_or_else(lost))
    };
    let load: Load = || Box::pin(async { load_terminals().await.is_ok() });
    on_demand(is_wanted, load, Box::new(draw))
}

#[wasm_split::wasm_split(
    terminals,
    wasm_split_path = wasm_split,
    preload(load_terminals),
    fallible
)]
fn terminals_part(workspace: Signal<Option<Workspace>>) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <Terminals workspace/> })
}

/// The desktop of a chat's workspace, from the first time that it is wanted; from then on it stays.
pub fn desktop(
    chat: ChatId,
    workspace: Signal<Option<Workspace>>,
    is_wanted: Signal<bool>,
) -> AnyView {
    let draw = move |is_loaded: bool| {
        let drawn = is_loaded.then(|| desktop_part(chat, workspace).now_or_never());
        Some(drawn.flatten().and_then(Result::ok).unwrap_or_else(lost))
    };
    let load: Load = || Box::pin(async { load_desktop().await.is_ok() });
    on_demand(is_wanted, load, Box::new(draw))
}

#[wasm_split::wasm_split(desktop, wasm_split_path = wasm_split, preload(load_desktop), fallible)]
fn desktop_part(
    chat: ChatId,
    workspace: Signal<Option<Workspace>>,
) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <Desktop chat workspace/> })
}

const LOST: &str = "This part of the page could not be loaded. Look whether the server can be reached, then load the page again.";

/// The part did not come: the connection is lost, or the server has a newer page by now.
fn lost() -> AnyView {
    let error = AppError::new(ErrorCode::Unavailable, LOST);
    let on_retry = Callback::new(|()| {
        let _ = window().location().reload();
    });
    view! { <ErrorState error on_retry/> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_comes_with_its_panel() {
        assert!(is_chat("/agents/01900000-0000-7000-8000-000000000001"));
        for path in ["/agents", "/agents/", "/settings/users"] {
            assert!(!is_chat(path), "{path}");
        }
    }

    #[test]
    fn finds_the_part_of_a_page_before_the_router_does() {
        assert_eq!(PartPage::at("/login"), Some(PartPage::Login));
        assert_eq!(PartPage::at("/agents/"), Some(PartPage::Home));
        assert_eq!(PartPage::at("/settings/users"), Some(PartPage::Settings));
        for path in ["/settings/templates", "/settings/templates/new"] {
            assert_eq!(PartPage::at(path), Some(PartPage::Templates), "{path}");
        }
        assert_eq!(
            PartPage::at("/settings/analytics"),
            Some(PartPage::Analytics)
        );
        assert_eq!(
            PartPage::at("/settings/audit-log"),
            Some(PartPage::AuditLog)
        );
        assert_eq!(
            PartPage::at("/settings/prompt"),
            Some(PartPage::PromptPreview)
        );
        for path in ["/workspaces", "/workspaces/1"] {
            assert_eq!(PartPage::at(path), Some(PartPage::Workspaces), "{path}");
        }
        for path in ["/dev/gallery", "/dev/gallery/chat"] {
            assert_eq!(
                PartPage::at(path),
                Some(PartPage::Gallery(Sheet::Basics)),
                "{path}"
            );
        }
        for path in [
            "/",
            "/agents/01900000-0000-7000-8000-000000000001",
            "/nowhere",
            "",
        ] {
            assert_eq!(PartPage::at(path), None, "{path}");
        }
    }
}
