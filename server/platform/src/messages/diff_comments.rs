//! Comments on lines of a diff that were sent in a chat: the diff shows them, however long ago that was.

use sdk::ids::{ChatId, MessageId};
use sdk::parts::{DiffComment, Part};
use store::messages::diff_comments;

use crate::chats::ChatFailure;
use crate::{Actor, Platform};

/// Messages that are looked through; older comments are not shown any more.
const MAX_MESSAGES: i64 = 200;

/// A comment that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct SentDiffComment {
    /// Its message.
    pub message: MessageId,
    /// Which part of that.
    pub part: usize,
    /// What it says of which lines.
    pub comment: DiffComment,
}

impl Platform {
    /// The comments in a chat's messages below `before`, those of the newest message first.
    pub async fn list_diff_comments(
        &self,
        actor: &Actor,
        chat: ChatId,
        before: MessageId,
    ) -> Result<Vec<SentDiffComment>, ChatFailure> {
        self.own_chat(actor, chat).await?;
        let messages = diff_comments::list(&self.0.db, chat, before, MAX_MESSAGES).await?;
        let sent = messages.into_iter().flat_map(|(message, parts)| {
            let parts = parts.into_iter().enumerate();
            parts.filter_map(move |(part, content)| match content {
                Part::DiffComment(comment) => Some(SentDiffComment {
                    message,
                    part,
                    comment,
                }),
                _ => None,
            })
        });
        Ok(sent.collect())
    }
}
