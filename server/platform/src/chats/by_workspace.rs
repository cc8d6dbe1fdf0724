//! Which chat works in a workspace.

use std::collections::BTreeMap;

use sdk::chats::ChatsByWorkspace;
use sdk::ids::{ChatId, WorkspaceId};
use store::chats::by_workspace;

use super::ChatFailure;
use crate::{Actor, Platform};

const MAX_WORKSPACES: usize = 100;

impl Platform {
    /// The caller's chat of the newest change in each of these workspaces; archived chats and those that a chat
    /// spawned are left out, and so are workspaces without a chat.
    pub async fn list_chats_by_workspace(
        &self,
        actor: &Actor,
        query: ChatsByWorkspace,
    ) -> Result<BTreeMap<WorkspaceId, ChatId>, ChatFailure> {
        let parsed: Result<Vec<WorkspaceId>, _> = query
            .workspace_ids
            .split(',')
            .filter(|id| !id.is_empty())
            .map(str::parse)
            .collect();
        let refused = |detail| ChatFailure::field("workspace_ids", detail);
        let workspaces =
            parsed.map_err(|_| refused("Name workspaces by their ids, separated by commas."))?;
        if !(1..=MAX_WORKSPACES).contains(&workspaces.len()) {
            return Err(refused("Name 1 to 100 workspaces."));
        }
        let newest = by_workspace::newest(&self.0.db, actor.user_id, &workspaces).await?;
        Ok(newest.into_iter().collect())
    }
}
