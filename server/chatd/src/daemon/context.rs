//! Commands about what the model sees of a chat, about its client's tools, and about states that must not be. Who may
//! give them is `platform`'s business.

use sdk::ids::ChatId;
use sdk::messages::ClientToolResult;
use store::chats::ChatRow;

use super::{Daemon, transition};
use crate::state::StateError;

impl Daemon {
    /// Has the history replaced by a summary; `instructions` says what it must keep.
    pub async fn compact(&self, chat: ChatId, instructions: String) -> Result<ChatRow, StateError> {
        let ((), row) = transition!(self.shared, lock_to_work(chat), |change, locked| {
            change.mend(&mut locked).await?;
            change.request_compaction(&mut locked, instructions).await?;
            self.shared.claim(&mut change, &mut locked).await?;
        });
        self.shared.run(row.clone());
        Ok(row)
    }

    /// Lets the model forget what was said so far; people keep it.
    pub async fn clear(&self, chat: ChatId) -> Result<ChatRow, StateError> {
        let ((), row) = transition!(self.shared, chat, |change, locked| {
            change.mend(&mut locked).await?;
            change.clear_context(&mut locked).await?;
        });
        Ok(row)
    }

    /// Takes the client's answers to its calls; the turn goes on.
    pub async fn submit_tool_results(
        &self,
        chat: ChatId,
        results: Vec<ClientToolResult>,
    ) -> Result<ChatRow, StateError> {
        let ((), row) = transition!(self.shared, chat, |change, locked| {
            change.mend(&mut locked).await?;
            change.complete_action(&mut locked, results).await?;
            self.shared.claim(&mut change, &mut locked).await?;
        });
        self.shared.run(row.clone());
        Ok(row)
    }

    /// Turns a state that must not be into an error that says what to do; a chat in order stays as it is.
    pub async fn reconcile(&self, chat: ChatId) -> Result<ChatRow, StateError> {
        let ((), row) = transition!(self.shared, chat, |change, locked| {
            if !change.mend(&mut locked).await? {
                return Ok(locked.chat);
            }
        });
        Ok(row)
    }
}
