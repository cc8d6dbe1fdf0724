//! What a chat is doing, for those who look at it from elsewhere every few seconds: no more is read than they show.

use chatd::wire;
use sdk::chats::Chat;
use sdk::costs::ChatTotals;
use sdk::ids::{ChatId, MessageId};
use sdk::messages::Message;
use store::{costs, messages};

use super::ChatFailure;
use crate::{Actor, Platform};

/// Steps are looked through for something that was said or done; it is nearly always the last one.
const NEWEST_MESSAGES: i64 = 4;

/// A chat from elsewhere.
#[derive(Clone, Debug)]
pub struct ChatNews {
    /// The chat, without its files and children.
    pub chat: Chat,
    /// Its newest messages, newest first.
    pub newest: Vec<Message>,
    /// What it has cost so far.
    pub cost: ChatTotals,
}

impl Platform {
    /// What a chat of the caller is doing.
    pub async fn get_chat_news(&self, actor: &Actor, id: ChatId) -> Result<ChatNews, ChatFailure> {
        let row = self.own_chat(actor, id).await?;
        let root = row.root_chat_id.unwrap_or(row.id);
        let (newest, cost) = tokio::try_join!(
            messages::before(&self.0.db, row.id, MessageId(i64::MAX), NEWEST_MESSAGES),
            costs::of_chat(&self.0.db, row.id, root),
        )?;
        Ok(ChatNews {
            chat: wire::chat(row, false),
            newest: newest.into_iter().map(|row| row.message).collect(),
            cost,
        })
    }
}
