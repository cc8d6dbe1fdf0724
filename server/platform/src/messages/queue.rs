//! Messages that wait: changing, moving, removing them, and sending one first.

use chatd::state::queue::QueuedEdit;
use chatd::{StateError, wire};
use sdk::ids::{ChatId, QueuedMessageId};
use sdk::messages::{EditQueuedMessage, Message, QueuedMessage};
use store::queue;

use crate::chats::ChatFailure;
use crate::{Actor, Platform};

impl Platform {
    /// Changes a queued message or its place; an absent field stays. The whole queue as it is then.
    pub async fn edit_queued_message(
        &self,
        actor: &Actor,
        chat: ChatId,
        id: QueuedMessageId,
        request: EditQueuedMessage,
    ) -> Result<Vec<QueuedMessage>, ChatFailure> {
        self.own_working_chat(actor, chat).await?;
        let edit = QueuedEdit {
            content: match request.content {
                Some(content) => Some(self.check_content(actor, content).await?),
                None => None,
            },
            model_config_id: match request.model_config_id {
                Some(id) => Some(self.usable_model(Some(id)).await?),
                None => None,
            },
            position: match request.position.map(usize::try_from) {
                Some(Ok(position)) => Some(position),
                Some(Err(_)) => {
                    return Err(ChatFailure::field("position", "Use 0 or more."));
                }
                None => None,
            },
        };
        if edit == QueuedEdit::default() {
            return Err(ChatFailure::field(
                "content",
                "name at least one of content, model_config_id and position",
            ));
        }
        if !self.is_queued(chat, id).await? {
            return Err(ChatFailure::MessageNotFound);
        }
        let queued = self.0.daemon.edit_queued(chat, id, edit).await?;
        Ok(queued.into_iter().map(wire::queued).collect())
    }

    /// Takes a message out of the queue; nothing happens when it is not there any more.
    pub async fn delete_queued_message(
        &self,
        actor: &Actor,
        chat: ChatId,
        id: QueuedMessageId,
    ) -> Result<(), ChatFailure> {
        self.own_chat(actor, chat).await?;
        match self.0.daemon.delete_queued(chat, id).await {
            Err(StateError::QueuedNotFound) => Ok(()),
            // A state without a queue refuses the whole transition.
            Err(StateError::Refused { .. }) if !self.is_queued(chat, id).await? => Ok(()),
            outcome => Ok(outcome.map(drop)?),
        }
    }

    /// Sends a queued message now; a running turn is stopped for it. The message when it is in the history already.
    pub async fn promote_queued_message(
        &self,
        actor: &Actor,
        chat: ChatId,
        id: QueuedMessageId,
    ) -> Result<Option<Message>, ChatFailure> {
        self.own_working_chat(actor, chat).await?;
        if !self.is_queued(chat, id).await? {
            return Err(ChatFailure::MessageNotFound);
        }
        let (message, _) = self.0.daemon.promote_queued(chat, id).await?;
        Ok(message.map(wire::message))
    }

    async fn is_queued(&self, chat: ChatId, id: QueuedMessageId) -> Result<bool, ChatFailure> {
        let queued = queue::list(&self.0.db, chat).await?;
        Ok(queued.iter().any(|queued| queued.id == id))
    }
}
