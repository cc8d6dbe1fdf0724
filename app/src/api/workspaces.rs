//! Server functions of a chat's workspace: what deleting it would lose, and deleting it.

use leptos::prelude::*;
use sdk::ids::WorkspaceId;
use sdk::workspaces::UnsavedWork;

use crate::api::codec::Page;
use crate::error::AppError;

/// What deleting a workspace would lose.
#[server(name = FindUnsavedWork, prefix = "/api/page", endpoint = "unsaved_work", protocol = Page)]
pub async fn unsaved_work(workspace_id: WorkspaceId) -> Result<UnsavedWork, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .get_unsaved_work(&actor, workspace_id)
        .await
        .map_err(super::failed)
}

/// Deletes a workspace; refused when work would be lost, unless `force` says that this is known.
#[server(name = RemoveWorkspace, prefix = "/api/page", endpoint = "delete_workspace", protocol = Page)]
pub async fn delete_workspace(workspace_id: WorkspaceId, force: bool) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_workspace(&actor, workspace_id, force)
        .await
        .map_err(super::failed)
}
