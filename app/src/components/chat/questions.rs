//! What is asked of a person before something happens to a chat or its workspace. The dialogs stand once over the page
//! and come with the first question.

mod archive;
mod delete_workspace;
mod labels;
mod rename;

use leptos::prelude::*;
use sdk::chats::Chat;
use sdk::workspaces::Workspace;

use self::archive::Archive;
use self::delete_workspace::DeleteWorkspace;
use self::labels::Labels;
use self::rename::Rename;
use crate::view;

/// The newest question; set to ask it.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// What this chat is to be called.
    Rename(Chat),
    /// By which labels this chat is to be found.
    Labels(Chat),
    /// Whether this chat's turn is to be stopped and the chat put away.
    Archive(Chat),
    /// Whether this workspace is to be deleted.
    DeleteWorkspace(Workspace),
}

/// The dialogs.
#[component]
pub fn Questions() -> impl IntoView {
    view! {
        <Rename/>
        <Labels/>
        <Archive/>
        <DeleteWorkspace/>
    }
}
