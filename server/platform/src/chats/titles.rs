//! Titles that the chat's model makes when a person asks.

use sdk::chats::{Chat, ProposedTitle};
use sdk::ids::ChatId;

use super::ChatFailure;
use crate::{Actor, Platform};

impl Platform {
    /// Has a new title made and writes it, unless somebody changed the old one meanwhile.
    pub async fn regenerate_title(&self, actor: &Actor, id: ChatId) -> Result<Chat, ChatFailure> {
        self.own_working_chat(actor, id).await?;
        let row = self.0.daemon.regenerate_title(id).await?;
        self.full_chat(row).await
    }

    /// Has a title made that is not written.
    pub async fn propose_title(
        &self,
        actor: &Actor,
        id: ChatId,
    ) -> Result<ProposedTitle, ChatFailure> {
        self.own_working_chat(actor, id).await?;
        let title = self.0.daemon.propose_title(id).await?;
        Ok(ProposedTitle { title })
    }
}
