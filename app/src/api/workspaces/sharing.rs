//! With whom a workspace is shared, for those who may say so. Each call answers with how it is now.

use leptos::prelude::*;
use sdk::ids::WorkspaceId;
use sdk::workspace_shares::WorkspaceAcl;
use serde::{Deserialize, Serialize};

use crate::api::codec::PageJson;
use crate::error::AppError;

/// What somebody may do with a workspace beside seeing it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlsoMay {
    /// Work in it.
    pub ssh: bool,
    /// See its changes and its desktop.
    pub application_connect: bool,
    /// Start it, stop it, change its name.
    pub update: bool,
    /// Delete it.
    pub delete: bool,
}

/// Sets what a person may do with a workspace beside seeing it. They are named by user name, e-mail address or id, exactly.
#[server(name = ShareWorkspace, prefix = "/api/page", endpoint = "share_workspace", output = PageJson)]
pub async fn share_workspace(
    workspace_id: WorkspaceId,
    person: String,
    #[server(default)] may: AlsoMay,
) -> Result<WorkspaceAcl, AppError> {
    use sdk::workspace_shares::WorkspacePermission as Permission;
    let chosen = [
        (Permission::Read, true),
        (Permission::Ssh, may.ssh),
        (Permission::ApplicationConnect, may.application_connect),
        (Permission::Update, may.update),
        (Permission::Delete, may.delete),
    ];
    let chosen = chosen.into_iter().filter(|(_, is_chosen)| *is_chosen);
    let permissions = chosen.map(|(permission, _)| permission).collect();
    server_side::update(workspace_id, &person, permissions).await
}

/// Takes a workspace away from a person.
#[server(name = UnshareWorkspace, prefix = "/api/page", endpoint = "unshare_workspace", output = PageJson)]
pub async fn unshare_workspace(
    workspace_id: WorkspaceId,
    person: String,
) -> Result<WorkspaceAcl, AppError> {
    server_side::update(workspace_id, &person, Vec::new()).await
}

#[cfg(feature = "ssr")]
mod server_side {
    use sdk::ids::WorkspaceId;
    use sdk::workspace_shares::{UpdateWorkspaceAcl, WorkspaceAcl, WorkspacePermission};

    use crate::api::{failed, signed_in};
    use crate::error::AppError;

    pub(super) async fn update(
        workspace_id: WorkspaceId,
        person: &str,
        permissions: Vec<WorkspacePermission>,
    ) -> Result<WorkspaceAcl, AppError> {
        let (platform, actor) = signed_in()?;
        let change = UpdateWorkspaceAcl {
            user_permissions: [(person.trim().to_owned(), permissions)].into(),
        };
        let updated = platform.update_workspace_acl(&actor, workspace_id, change);
        updated.await.map_err(|error| at_the_field(failed(error)))?;
        let acl = platform.get_workspace_acl(&actor, workspace_id).await;
        acl.map_err(failed)
    }

    /// One person is named in one field of the page.
    fn at_the_field(mut error: AppError) -> AppError {
        for validation in &mut error.validations {
            if validation.field.starts_with("user_permissions") {
                "person".clone_into(&mut validation.field);
            }
        }
        error
    }
}
