//! The chat as a running tool sees it: the workspace it works in, which a tool may replace.

use std::sync::Arc;

use async_trait::async_trait;
use sdk::ids::{BuildId, ChatId, WorkspaceId};
use store::chats;

use crate::daemon::{Shared, transition};
use crate::state::StateError;
use crate::state::details::Details;
use crate::tools::ChatBinding;

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
}
