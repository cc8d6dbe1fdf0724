//! Putting chats away and taking them out again, a whole tree at once or not at all.
//!
//! A busy chat is stopped first and keeps its partial work: it is marked, the worker (or the next one, should the
//! server die meanwhile) ends the interruption and archives in the same transaction. Queued messages are kept: the
//! chat lands in XE1 with an error that says so.

use sdk::chats::ChatError;
use sdk::ids::ChatId;
use store::chats::{self, Status};

use super::change::{Change, Committed, Locked};
use super::error::StateError;
use super::open_calls::Unanswered;
use super::table::{self, Code};

impl Change {
    /// W, E0, E1 → XW, XE0, XE1.
    pub fn archive(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        locked.enter(&table::ARCHIVE)?;
        locked.chat.archived = true;
        locked.chat.archive_requested = false;
        locked.chat.pin_order = 0;
        locked.chat.updated_at = self.now;
        locked.leave(&table::ARCHIVE)
    }

    /// R, I, A → I, marked to be archived when the turn has stopped.
    pub async fn request_archive(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        let state = locked.enter(&table::REQUEST_ARCHIVE)?;
        if matches!(state, Code::A0 | Code::A1) {
            self.answer_open_calls(locked, Unanswered::Cancelled)
                .await?;
        }
        locked.set_status(Status::Interrupting);
        locked.chat.archive_requested = true;
        locked.leave(&table::REQUEST_ARCHIVE)
    }

    /// XW, XE0, XE1 → W, E0, E1.
    pub fn unarchive(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        if !locked.chat.archived {
            return Err(StateError::NotArchived);
        }
        locked.enter(&table::UNARCHIVE)?;
        locked.chat.archived = false;
        locked.chat.updated_at = self.now;
        locked.leave(&table::UNARCHIVE)
    }

    /// Refuses a child whose parent is archived: it is taken out with the parent, never alone.
    pub async fn refuse_below_archived(&mut self, locked: &Locked) -> Result<(), StateError> {
        let Some(parent) = locked.chat.parent_chat_id else {
            return Ok(());
        };
        let parent = chats::get_in(&mut self.tx, parent).await?;
        if parent.is_some_and(|parent| parent.archived) {
            return Err(StateError::ParentArchived);
        }
        Ok(())
    }

    /// Archives a root and everything it spawned. Idle trees are archived at once, in one statement; when a member is
    /// busy it is stopped and the tree follows when the last one has stopped. Members that are stopping already stay
    /// as they are.
    pub async fn archive_family(&mut self, root: ChatId) -> Result<Vec<Committed>, StateError> {
        let is_idle =
            |locked: &Locked| matches!(locked.chat.status, Status::Waiting | Status::Error);
        let mut members = Vec::new();
        for mut member in self.lock_family(root).await? {
            if self.mend(&mut member).await? {
                let chat = self.close(member).await?.chat;
                member = self.locked(chat).await?;
            }
            if !member.chat.archived {
                members.push(member);
            }
        }
        if members.iter().all(is_idle) {
            for member in &mut members {
                self.archive(member)?;
            }
            return self.close_family(root, true, members).await;
        }
        let mut committed = Vec::new();
        for mut member in members {
            // Asked already: writing it again would wake whoever waits for it, who would ask again at once.
            if member.chat.status == Status::Interrupting && member.chat.archive_requested {
                committed.push(Committed { chat: member.chat });
                continue;
            }
            if !is_idle(&member) {
                self.request_archive(&mut member).await?;
                committed.push(self.close(member).await?);
            }
        }
        Ok(committed)
    }

    /// Takes a root and everything it spawned out again, in one statement.
    pub async fn unarchive_family(&mut self, root: ChatId) -> Result<Vec<Committed>, StateError> {
        let mut members = Vec::new();
        for mut member in self.lock_family(root).await? {
            if member.chat.archived {
                self.unarchive(&mut member)?;
                members.push(member);
            }
        }
        if members.is_empty() {
            return Err(StateError::NotArchived);
        }
        self.close_family(root, false, members).await
    }
}

/// What an archived chat with a queue says.
pub(super) fn archived_with_queue() -> ChatError {
    ChatError {
        message: "This chat was archived while messages were waiting. They are still queued: send one to go on."
            .to_owned(),
        kind: "archived".to_owned(),
        retryable: true,
        ..ChatError::default()
    }
}
