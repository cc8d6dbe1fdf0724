//! Stands in for the chat methods of the platform until they are there: an inherent method of the same name wins.

use platform::{Actor, Failure, FailureKind, Platform};
use sdk::chats::{Chat, CreateChat, ListChats, UpdateChat};
use sdk::ids::{ChatId, MessageId, QueuedMessageId, WorkspaceId};
use sdk::messages::{CreateMessage, CreatedMessage, EditMessage, ListMessages, MessagePage};

#[derive(Debug)]
pub struct Missing;

impl std::fmt::Display for Missing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Chats are not there yet.")
    }
}

impl std::error::Error for Missing {}

impl Failure for Missing {
    fn kind(&self) -> FailureKind {
        FailureKind::Unavailable
    }

    fn message(&self) -> String {
        self.to_string()
    }
}

macro_rules! missing {
    ($($name:ident($($type:ty),*) -> $answer:ty;)*) => {
        pub trait MissingChats {
            $(async fn $name(&self, _: &Actor $(, _: $type)*) -> Result<$answer, Missing> { Err(Missing) })*
        }
    };
}

missing! {
    list_chats(ListChats) -> Vec<Chat>;
    get_chat(ChatId) -> Chat;
    create_chat(CreateChat) -> Chat;
    update_chat(ChatId, UpdateChat) -> Chat;
    list_messages(ChatId, ListMessages) -> MessagePage;
    send_message(ChatId, CreateMessage) -> CreatedMessage;
    edit_message(ChatId, MessageId, EditMessage) -> CreatedMessage;
    interrupt_chat(ChatId) -> Chat;
    retry_chat(ChatId) -> Chat;
    delete_queued_message(ChatId, QueuedMessageId) -> ();
    promote_queued_message(ChatId, QueuedMessageId) -> ();
    get_workspace(WorkspaceId) -> sdk::workspaces::Workspace;
    list_allowed_folders() -> Vec<sdk::allowed_folders::AllowedFolder>;
    list_models() -> sdk::models::ModelCatalogue;
}

impl MissingChats for Platform {}
