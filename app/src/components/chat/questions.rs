//! What is asked of a person before something happens to a chat or its workspace. The dialogs stand once over the page
//! and come with the first question.

mod archive;
mod labels;
mod rename;
mod workspace;

use futures::future::LocalBoxFuture;
use leptos::prelude::*;
use sdk::chats::Chat;
use sdk::workspaces::Workspace;

use self::archive::Archive;
use self::labels::Labels;
use self::rename::Rename;
use self::workspace::ChooseWorkspace;
use super::context::Agents;
use crate::components::dialog;
use crate::components::workspaces::delete::DeleteWorkspace;
use crate::error::AppError;
use crate::view;

/// The newest question; set to ask it.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// What this chat is to be called.
    Rename(Chat),
    /// By which labels this chat is to be found.
    Labels(Chat),
    /// In which workspace this chat is to work.
    Workspace(Chat),
    /// Whether this chat's turn is to be stopped and the chat put away.
    Archive(Chat),
    /// Whether this workspace is to be deleted.
    DeleteWorkspace(Workspace),
}

/// Waits for what a dialog asked for. When it is done the dialog goes, else the dialog says why not.
async fn finish(
    dialog: &'static str,
    work: LocalBoxFuture<'_, Result<(), AppError>>,
    pending: RwSignal<bool>,
    error: RwSignal<Option<AppError>>,
) -> bool {
    pending.set(true);
    let outcome = work.await;
    pending.set(false);
    let is_done = outcome.is_ok();
    match outcome {
        Ok(()) => dialog::close(dialog),
        Err(refused) => error.set(Some(refused)),
    }
    is_done
}

/// The dialogs.
#[component]
pub fn Questions() -> impl IntoView {
    let agents = Agents::expect();
    let workspace = Signal::derive(move || match agents.asked.get() {
        Some(Asked::DeleteWorkspace(workspace)) => Some(workspace),
        _ => None,
    });
    let on_deleted = Callback::new(|()| {
        // The panel of changes and the watch of the workspace end with it.
        let _ = window().location().reload();
    });
    view! {
        <Rename/>
        <Labels/>
        <ChooseWorkspace/>
        <Archive/>
        <DeleteWorkspace asked=workspace on_deleted/>
    }
}
