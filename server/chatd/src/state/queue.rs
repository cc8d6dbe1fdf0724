//! Transitions of the queue: what people do with messages that wait.

use sdk::ids::{ModelConfigId, QueuedMessageId};
use sdk::messages::{Message, QueuedMessage};
use sdk::parts::Part;
use store::chats::Status;
use store::queue;

use super::change::{Change, Locked};
use super::error::StateError;
use super::open_calls::Unanswered;
use super::table::{self, Code};

/// What to change of a queued message; an absent field stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueuedEdit {
    /// The new content.
    pub content: Option<Vec<Part>>,
    /// The model it will be sent to.
    pub model_config_id: Option<ModelConfigId>,
    /// Its place from 0; past the end means the last one.
    pub position: Option<usize>,
}

impl Change {
    /// Removes a queued message.
    pub async fn delete_queued(
        &mut self,
        locked: &mut Locked,
        id: QueuedMessageId,
    ) -> Result<(), StateError> {
        locked.enter(&table::DELETE_QUEUED)?;
        if !queue::delete(&mut self.tx, locked.chat.id, id).await? {
            return Err(StateError::QueuedNotFound);
        }
        locked.queue_length -= 1;
        locked.chat.queue_version = locked.chat.snapshot_version;
        locked.leave(&table::DELETE_QUEUED)
    }

    /// Sends a queued message first: at once when nothing runs, else the turn is stopped for it. The message when
    /// it is in the history already.
    pub async fn promote_queued(
        &mut self,
        locked: &mut Locked,
        id: QueuedMessageId,
    ) -> Result<Option<Message>, StateError> {
        let state = locked.enter(&table::PROMOTE_QUEUED)?;
        locked.chat.updated_at = self.now;
        let message = match state {
            Code::E1 | Code::A1 => {
                let reason = if state == Code::A1 {
                    Unanswered::Cancelled
                } else {
                    Unanswered::Failed
                };
                self.answer_open_calls(locked, reason).await?;
                let message = self
                    .promote(locked, Some(id))
                    .await?
                    .ok_or(StateError::QueuedNotFound)?;
                locked.set_status(Status::Running);
                Some(message)
            }
            _ => {
                if !queue::move_to_head(&mut self.tx, locked.chat.id, id).await? {
                    return Err(StateError::QueuedNotFound);
                }
                locked.chat.queue_version = locked.chat.snapshot_version;
                locked.set_status(Status::Interrupting);
                None
            }
        };
        locked.leave(&table::PROMOTE_QUEUED)?;
        Ok(message)
    }

    /// Changes a queued message or its place. The whole queue as it is then.
    pub async fn edit_queued(
        &mut self,
        locked: &mut Locked,
        id: QueuedMessageId,
        edit: QueuedEdit,
    ) -> Result<Vec<QueuedMessage>, StateError> {
        locked.enter(&table::EDIT_QUEUED)?;
        let mut queued = queue::list_in(&mut self.tx, locked.chat.id).await?;
        let place = queued
            .iter()
            .position(|message| message.id == id)
            .ok_or(StateError::QueuedNotFound)?;
        let mut message = queued.remove(place);
        if edit.content.is_some() || edit.model_config_id.is_some() {
            message.content = edit.content.unwrap_or(message.content);
            self.link_files(locked, &message.content).await?;
            message.model_config_id = edit.model_config_id.or(message.model_config_id);
            queue::edit(&mut self.tx, &message).await?;
        }
        let wished = edit.position.unwrap_or(place).min(queued.len());
        queued.insert(wished, message);
        if wished != place {
            let order: Vec<_> = queued.iter().map(|message| message.id).collect();
            queue::reorder(&mut self.tx, locked.chat.id, &order).await?;
        }
        locked.chat.queue_version = locked.chat.snapshot_version;
        locked.leave(&table::EDIT_QUEUED)?;
        Ok(queued)
    }
}
