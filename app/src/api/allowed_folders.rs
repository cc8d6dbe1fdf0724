//! Folders that local workspaces may use, for owners.

use leptos::prelude::*;
use sdk::allowed_folders::AllowedFolder;
use sdk::ids::AllowedFolderId;

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// All allowed folders.
#[server(name = ListAllowedFolders, prefix = "/api/page", endpoint = "list_allowed_folders", protocol = Page)]
pub async fn list_allowed_folders() -> Result<Vec<AllowedFolder>, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .list_allowed_folders(&actor)
        .await
        .map_err(super::failed)
}

/// Allows a folder of the server's machine.
#[server(name = AllowFolder, prefix = "/api/page", endpoint = "create_allowed_folder", output = PageJson)]
pub async fn create_allowed_folder(path: String) -> Result<AllowedFolder, AppError> {
    let (platform, actor) = super::signed_in()?;
    let folder = sdk::allowed_folders::CreateAllowedFolder { path };
    platform
        .create_allowed_folder(&actor, folder)
        .await
        .map_err(super::failed)
}

/// Takes the permission back. Workspaces that were made keep what they have.
#[server(name = DisallowFolder, prefix = "/api/page", endpoint = "delete_allowed_folder", output = PageJson)]
pub async fn delete_allowed_folder(id: AllowedFolderId) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_allowed_folder(&actor, id)
        .await
        .map_err(super::failed)
}
