//! What the caller wrote in a chat, for going back to it while writing.

use sdk::ids::ChatId;
use sdk::messages::{ListPrompts, Prompt, PromptPage};
use store::messages::prompts;

use super::{cut_page, upper_bound};
use crate::chats::ChatFailure;
use crate::{Actor, Platform};

const DEFAULT_PAGE: i64 = 500;
const MAX_PAGE: i64 = 2000;

impl Platform {
    /// A page of the caller's prompts, newest first.
    pub async fn list_prompts(
        &self,
        actor: &Actor,
        chat: ChatId,
        query: ListPrompts,
    ) -> Result<PromptPage, ChatFailure> {
        self.own_chat(actor, chat).await?;
        let limit = query.limit.filter(|limit| *limit != 0);
        let limit = limit.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            let detail = "Use a number between 1 and 2,000.";
            return Err(ChatFailure::field("limit", detail));
        }
        let before = upper_bound(query.before_id)?;
        let mut rows = prompts::list(&self.0.db, chat, actor.user_id, before, limit + 1).await?;
        let has_more = cut_page(&mut rows, limit);
        let prompts = rows.into_iter().map(|(id, text)| Prompt { id, text });
        Ok(PromptPage {
            prompts: prompts.collect(),
            has_more,
        })
    }
}
