//! Commands of people about the queue. Who may give them is `platform`'s business.

use sdk::ids::{ChatId, QueuedMessageId};
use sdk::messages::{Message, QueuedMessage};
use store::chats::ChatRow;

use super::{Daemon, transition};
use crate::state::StateError;
use crate::state::queue::QueuedEdit;

impl Daemon {
    /// Removes a queued message.
    pub async fn delete_queued(
        &self,
        chat: ChatId,
        id: QueuedMessageId,
    ) -> Result<ChatRow, StateError> {
        let ((), row) = transition!(self.shared, chat, |change, locked| {
            change.mend(&mut locked).await?;
            change.delete_queued(&mut locked, id).await?;
        });
        Ok(row)
    }

    /// Sends a queued message first; the message when it is in the history already.
    pub async fn promote_queued(
        &self,
        chat: ChatId,
        id: QueuedMessageId,
    ) -> Result<(Option<Message>, ChatRow), StateError> {
        let (message, row) = transition!(self.shared, lock_to_work(chat), |change, locked| {
            change.mend(&mut locked).await?;
            let message = change.promote_queued(&mut locked, id).await?;
            self.shared.claim(&mut change, &mut locked).await?;
            message
        });
        self.shared.run(row.clone());
        Ok((message, row))
    }

    /// Changes a queued message or its place; the whole queue as it is then.
    pub async fn edit_queued(
        &self,
        chat: ChatId,
        id: QueuedMessageId,
        edit: QueuedEdit,
    ) -> Result<Vec<QueuedMessage>, StateError> {
        let (queue, _) = transition!(self.shared, chat, |change, locked| {
            change.mend(&mut locked).await?;
            change.edit_queued(&mut locked, id, edit).await?
        });
        Ok(queue)
    }
}
