//! What the model sees of a chat: a summary in place of the history, or nothing of it; and the way out of a state that
//! must not be.

use sdk::chats::{Chat, CompactChat};
use sdk::ids::ChatId;

use super::{ChatFailure, fields};
use crate::{Actor, Platform};

const MAX_INSTRUCTION_CHARACTERS: usize = 2000;

impl Platform {
    /// Has the history replaced by a summary for the model; people keep all of it.
    pub async fn compact_chat(
        &self,
        actor: &Actor,
        id: ChatId,
        request: CompactChat,
    ) -> Result<Chat, ChatFailure> {
        self.own_working_chat(actor, id).await?;
        let instructions = request.instructions.unwrap_or_default().trim().to_owned();
        fields::refuse_nul("instructions", &instructions)?;
        if instructions.chars().count() > MAX_INSTRUCTION_CHARACTERS {
            return Err(ChatFailure::field(
                "instructions",
                "must have at most 2,000 characters",
            ));
        }
        let row = self.0.daemon.compact(id, instructions).await?;
        self.full_chat(row).await
    }

    /// Lets the model forget what was said so far; people keep all of it.
    pub async fn clear_chat(&self, actor: &Actor, id: ChatId) -> Result<Chat, ChatFailure> {
        self.own_chat(actor, id).await?;
        let row = self.0.daemon.clear(id).await?;
        self.full_chat(row).await
    }

    /// Turns a state that must not be into an error that says what to do; a chat in order stays as it is.
    pub async fn reconcile_chat(&self, actor: &Actor, id: ChatId) -> Result<Chat, ChatFailure> {
        self.own_chat(actor, id).await?;
        let row = self.0.daemon.reconcile(id).await?;
        self.full_chat(row).await
    }
}
