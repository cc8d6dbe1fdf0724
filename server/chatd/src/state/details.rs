//! Changes of a chat that leave its execution state alone: title, labels, pin, workspace, mode.

use std::collections::BTreeMap;

use sdk::ids::{BuildId, ChatId, WorkspaceId};
use store::chats::{self, details};

use super::change::{Change, Locked};
use super::error::StateError;
use super::people::Mode;

/// What to change; an absent field stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The title, as a person gave it.
    pub title: Option<String>,
    /// All labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// The workspace; `Some(None)` detaches it.
    pub workspace_id: Option<Option<WorkspaceId>>,
    /// The build that makes that workspace ready, when one is under way.
    pub build_id: Option<BuildId>,
    /// The place among the pinned chats; 0 unpins.
    pub pin_order: Option<i32>,
    /// How the agent works.
    pub mode: Mode,
}

impl Details {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Change {
    /// Locks a chat, and before it the order of its owner's pins when that is to change.
    pub async fn lock_for(&mut self, id: ChatId, new: &Details) -> Result<Locked, StateError> {
        self.lock_order(id, new).await?;
        self.lock(id).await
    }

    /// Locks a chat of a tree: the order of pins before the root, the root before the chat, as all others do.
    pub async fn lock_in_tree(
        &mut self,
        root: ChatId,
        id: ChatId,
        new: &Details,
    ) -> Result<Locked, StateError> {
        self.lock_order(id, new).await?;
        if root != id {
            self.lock(root).await?;
        }
        self.lock(id).await
    }

    async fn lock_order(&mut self, id: ChatId, new: &Details) -> Result<(), StateError> {
        if new.pin_order.is_some() {
            let chat = chats::get_in(&mut self.tx, id).await?;
            let owner_id = chat.ok_or(StateError::ChatNotFound)?.owner_id;
            details::lock_pins(&mut self.tx, owner_id).await?;
        }
        Ok(())
    }

    /// Applies all of it. A new title does not move the chat in the list.
    pub async fn update_details(
        &mut self,
        locked: &mut Locked,
        new: Details,
    ) -> Result<(), StateError> {
        locked.chat.snapshot_version += 1;
        if let Some(title) = new.title {
            locked.chat.title = title;
            locked.chat.is_title_fallback = false;
        }
        if let Some(labels) = new.labels {
            locked.chat.labels = labels;
            locked.chat.updated_at = self.now;
        }
        if let Some(workspace_id) = new.workspace_id {
            locked.chat.workspace_id = workspace_id;
            locked.chat.build_id = new.build_id;
            locked.chat.agent_id = None;
            locked.chat.updated_at = self.now;
        }
        locked.set_mode(new.mode);
        if let Some(pin_order) = new.pin_order {
            self.pin(locked, pin_order).await?;
        }
        Ok(())
    }

    /// A title that a model made, unless somebody changed it meanwhile. False when they did.
    pub fn set_generated_title(
        &mut self,
        locked: &mut Locked,
        unchanged: &str,
        title: String,
    ) -> bool {
        if !locked.chat.is_title_fallback || locked.chat.title != unchanged {
            return false;
        }
        locked.chat.snapshot_version += 1;
        locked.chat.title = title;
        locked.chat.is_title_fallback = false;
        true
    }

    /// A title that a person had a model make, unless somebody changed the old one meanwhile.
    pub fn replace_title(&mut self, locked: &mut Locked, unchanged: &str, title: String) {
        if locked.chat.title == unchanged {
            locked.chat.snapshot_version += 1;
            locked.chat.title = title;
            locked.chat.is_title_fallback = false;
        }
    }

    /// Keeps the pinned chats numbered 1..n without gaps. A chat that was not pinned goes to the end, one that was
    /// moves to the wished place.
    async fn pin(&mut self, locked: &mut Locked, wished: i32) -> Result<(), StateError> {
        if locked.chat.archived && wished > 0 {
            return Err(StateError::Archived);
        }
        let id = locked.chat.id;
        let was_pinned = locked.chat.pin_order > 0;
        let mut order = details::pinned(&mut self.tx, locked.chat.owner_id).await?;
        order.retain(|other| *other != id);
        if wished > 0 {
            let last = order.len();
            let place = usize::try_from(wished - 1).unwrap_or(0).min(last);
            order.insert(if was_pinned { place } else { last }, id);
        } else {
            locked.chat.pin_order = 0;
        }
        for (place, other) in (1..).zip(order) {
            if other == id {
                locked.chat.pin_order = place;
            } else if details::set_pin(&mut self.tx, other, place, self.now).await? {
                self.note_details(other, locked.chat.owner_id);
            }
        }
        Ok(())
    }
}
