//! The chat as a running tool sees it: the workspace it works in, which a tool may replace.

use std::sync::Arc;

use async_trait::async_trait;
use sdk::files::{ChatFile, MAX_FILES_OF_A_CHAT};
use sdk::ids::{BuildId, ChatId, FileId, WorkspaceId};
use store::chats;
use store::files as stored;

use crate::daemon::{Shared, transition};
use crate::files;
use crate::state::StateError;
use crate::state::details::Details;
use crate::tools::{ChatBinding, Kept};

/// Pictures of its desktop that a chat keeps beside its attachments. A model is shown fewer.
const MAX_SCREENSHOTS: i64 = 200;

/// A chat whose tools run here.
pub(super) struct RunningChat {
    pub(super) shared: Arc<Shared>,
    pub(super) chat_id: ChatId,
}

impl RunningChat {
    async fn try_bind(
        &self,
        workspace: WorkspaceId,
        build: Option<BuildId>,
    ) -> Result<(), StateError> {
        let details = Details {
            workspace_id: Some(Some(workspace)),
            build_id: build,
            ..Details::default()
        };
        transition!(self.shared, self.chat_id, |change, locked| change
            .update_details(&mut locked, details)
            .await?);
        Ok(())
    }

    /// `None` when the chat holds too many attachments already.
    async fn try_keep(
        &self,
        new: &stored::NewFile,
        kept: Kept,
    ) -> Result<Option<ChatFile>, StateError> {
        let chat = chats::get(&self.shared.db, self.chat_id).await?;
        let chat = chat.ok_or(StateError::ChatNotFound)?;
        let now = self.shared.clock.now();
        let file = ChatFile {
            id: FileId::generate(),
            owner_id: chat.owner_id,
            organization_id: chat.organization_id,
            name: new.name.clone(),
            mime_type: new.content.media_type.clone(),
            created_at: now,
        };
        let mut tx = self.shared.db.begin().await?;
        stored::insert(&mut tx, &file, new).await?;
        match kept {
            Kept::AsAttachment => {
                if !stored::link(&mut tx, chat.id, &[file.id], MAX_FILES_OF_A_CHAT, now).await? {
                    return Ok(None);
                }
            }
            Kept::Beside => {
                stored::link_screenshot(&mut tx, chat.id, file.id, MAX_SCREENSHOTS, now).await?;
            }
        }
        tx.commit().await?;
        Ok(Some(file))
    }
}

#[async_trait]
impl ChatBinding for RunningChat {
    async fn workspace(&self) -> Result<Option<WorkspaceId>, String> {
        match chats::get(&self.shared.db, self.chat_id).await {
            Ok(chat) => Ok(chat.and_then(|chat| chat.workspace_id)),
            Err(error) => {
                tracing::error!(%error, chat = %self.chat_id, "a chat's workspace cannot be looked up");
                Err("The chat's workspace could not be looked up. Try again.".to_owned())
            }
        }
    }

    async fn bind(&self, workspace: WorkspaceId, build: Option<BuildId>) -> Result<(), String> {
        self.try_bind(workspace, build).await.map_err(|error| {
            tracing::error!(%error, chat = %self.chat_id, %workspace, "a chat could not be bound to a workspace");
            "The chat could not be changed. Try again.".to_owned()
        })
    }

    async fn attach(&self, name: &str, data: Vec<u8>) -> Result<ChatFile, String> {
        let new = files::accept(name, None, data).await;
        let new = new.map_err(|refused| refused.to_string())?;
        match self.try_keep(&new, Kept::AsAttachment).await {
            Ok(Some(file)) => Ok(file),
            Ok(None) => Err(format!(
                "This chat holds {MAX_FILES_OF_A_CHAT} files already, more cannot be attached. Tell the user where the file lies."
            )),
            Err(error) => {
                tracing::error!(%error, chat = %self.chat_id, "a tool's file could not be stored");
                Err("The file could not be stored. Try again.".to_owned())
            }
        }
    }

    async fn keep_screenshot(&self, png: Vec<u8>, kept: Kept) -> Result<ChatFile, String> {
        let taken = self.shared.clock.now().format("%Y-%m-%d %H.%M.%S");
        let name = format!("Screenshot {taken}.png");
        let new = files::accept(&name, Some("image/png"), png).await;
        let new = new.map_err(|refused| format!("The screenshot cannot be kept: {refused}"))?;
        let stored = async {
            match self.try_keep(&new, kept).await? {
                Some(file) => Ok(Some(file)),
                None => self.try_keep(&new, Kept::Beside).await,
            }
        };
        match stored.await {
            Ok(Some(file)) => Ok(file),
            Ok(None) => Err("The screenshot could not be kept. Try again.".to_owned()),
            Err::<_, StateError>(error) => {
                tracing::error!(%error, chat = %self.chat_id, "a screenshot could not be stored");
                Err("The screenshot could not be stored. Try again.".to_owned())
            }
        }
    }
}
