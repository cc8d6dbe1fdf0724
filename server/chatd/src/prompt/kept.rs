//! Prompts of chats that this process ran, kept for their next turn: reading and decoding a whole history again before
//! each answer would make every message of a long chat slower than the one before.
//!
//! A kept prompt is never trusted alone. The rows that changed since are read from the database, and when one of them
//! does more than to add a message (an edit, a summary, a cleared memory) everything is read again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use sdk::ids::ChatId;
use sdk::messages::Role;
use store::messages::MessageRow;

use super::{Prompt, build};
use crate::turn::stored_context_tokens;

/// Of all kept prompts together; those that were used longest ago go first.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A prompt, and up to where it knows the chat's history.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) prompt: Prompt,
    /// What the last call of the model read.
    pub(crate) context_tokens: Option<i64>,
    /// The chat's `history_version`.
    pub(crate) history_version: i64,
}

impl Known {
    /// Builds from everything that the model sees.
    pub(crate) fn build(rows: &[MessageRow], history_version: i64) -> Self {
        Self {
            prompt: build(rows, None),
            context_tokens: context_tokens(rows),
            history_version,
        }
    }

    /// Appends what was added since; `false` when that is not all that happened.
    pub(crate) fn extend(&mut self, since: &[MessageRow], history_version: i64) -> bool {
        let is_addition =
            |row: &MessageRow| !row.deleted && !row.compressed && row.message.role != Role::System;
        if !since.iter().all(is_addition) {
            return false;
        }
        self.prompt.forget_facts();
        for row in since {
            self.prompt.push(row.message.role, &row.message.content);
        }
        self.prompt.close_calls();
        self.context_tokens = context_tokens(since).or(self.context_tokens);
        self.history_version = history_version;
        true
    }
}

fn context_tokens(rows: &[MessageRow]) -> Option<i64> {
    rows.iter()
        .rev()
        .filter_map(|row| row.message.usage.as_ref())
        .find_map(stored_context_tokens)
}

/// The kept prompts of a process.
#[derive(Debug)]
pub(crate) struct KeptPrompts(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    by_chat: LruCache<ChatId, (Known, usize)>,
    total_bytes: usize,
}

impl Default for KeptPrompts {
    fn default() -> Self {
        Self(Mutex::new(Kept {
            by_chat: LruCache::new_unbounded(),
            total_bytes: 0,
        }))
    }
}

impl KeptPrompts {
    /// Gives the chat's prompt away; who changed it puts it back.
    pub(crate) fn take(&self, chat: ChatId) -> Option<Known> {
        let mut kept = self.lock();
        let (known, bytes) = kept.by_chat.remove(&chat)?;
        kept.total_bytes -= bytes;
        Some(known)
    }

    pub(crate) fn put(&self, chat: ChatId, known: Known) {
        let bytes = known.prompt.bytes;
        if bytes > MAX_BYTES {
            return;
        }
        let mut kept = self.lock();
        if let Some((_, replaced)) = kept.by_chat.insert(chat, (known, bytes)) {
            kept.total_bytes -= replaced;
        }
        kept.total_bytes += bytes;
        while kept.total_bytes > MAX_BYTES
            && let Some((_, (_, dropped))) = kept.by_chat.remove_lru()
        {
            kept.total_bytes -= dropped;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use sdk::parts::Part;

    use super::*;

    fn known(text_bytes: usize) -> Known {
        let mut prompt = Prompt::default();
        let text = "x".repeat(text_bytes);
        prompt.push(Role::User, &[Part::Text { text }]);
        Known {
            prompt,
            context_tokens: None,
            history_version: 1,
        }
    }

    #[test]
    fn gives_a_prompt_away_once() {
        let kept = KeptPrompts::default();
        let chat = ChatId::generate();
        kept.put(chat, known(10));
        assert_eq!(kept.take(chat), Some(known(10)));
        assert_eq!(kept.take(chat), None);
        assert_eq!(kept.lock().total_bytes, 0);
    }

    #[test]
    fn drops_what_was_used_longest_ago_when_there_is_too_much() {
        let kept = KeptPrompts::default();
        let chats: Vec<_> = (0..5).map(|_| ChatId::generate()).collect();
        for chat in &chats {
            kept.put(*chat, known(MAX_BYTES / 4));
        }
        assert!(kept.lock().total_bytes <= MAX_BYTES);
        assert_eq!(kept.take(chats[0]), None);
        assert!(kept.take(chats[4]).is_some());
    }

    #[test]
    fn keeps_nothing_that_is_too_large_alone() {
        let kept = KeptPrompts::default();
        let (small, large) = (ChatId::generate(), ChatId::generate());
        kept.put(small, known(10));
        kept.put(large, known(MAX_BYTES + 1));
        assert_eq!(kept.take(large), None);
        assert!(kept.take(small).is_some());
    }
}
