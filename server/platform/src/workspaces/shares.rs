//! Who may do what with a workspace: its owner everything, who manages workspaces too, others what its owner shares
//! with them. To who may not see it there is none.
//!
//! To have one's chats work in a workspace it must be one's own or shared with `ssh`, also for owners of the deployment.

#[cfg(test)]
mod tests;

use sdk::ids::{UserId, WorkspaceId};
use sdk::permissions::Permission as Deployment;
use sdk::workspace_shares::{UpdateWorkspaceAcl, WorkspaceAcl, WorkspacePermission as Permission};
use sdk::workspaces::Workspace;
use store::users::{self, UserRow};
use store::workspaces::{self, WorkspaceRow, shares};
use store::{Db, StoreError};

use super::WorkspaceError;
use crate::failure::Checks;
use crate::users::normalize_email;
use crate::{Actor, Platform};

/// With as many people a workspace may be shared.
const MAX_SHARES: usize = 200;

/// How a person stands to a workspace that they may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose it is, by the name to show; nothing when it is theirs.
    pub owner: Option<String>,
    /// What they may do with it.
    pub permissions: Vec<Permission>,
}

impl Platform {
    /// With whom a workspace is shared. For those who may share it.
    pub async fn get_workspace_acl(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<WorkspaceAcl, WorkspaceError> {
        self.shareable_workspace(actor, id).await?;
        let limit = i64::try_from(MAX_SHARES).unwrap_or(i64::MAX);
        Ok(WorkspaceAcl {
            users: shares::list(&self.0.db, id, limit).await?,
        })
    }

    /// What the caller may do with a workspace that they may see.
    pub async fn get_workspace_permissions(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<Vec<Permission>, WorkspaceError> {
        let row = present(&self.0.db, id).await?;
        if actor.may(Deployment::ManageWorkspaces) {
            return Ok(Permission::ALL.to_vec());
        }
        let permissions = permissions_of(&self.0.db, &row, actor.user_id).await?;
        permissions.ok_or(WorkspaceError::NotFound)
    }

    /// How the caller stands to a workspace that was read for them. Of their own nothing has to be asked.
    pub async fn get_workspace_standing(
        &self,
        actor: &Actor,
        workspace: &Workspace,
    ) -> Result<Standing, WorkspaceError> {
        if workspace.owner_id == actor.user_id {
            return Ok(Standing {
                owner: None,
                permissions: Permission::ALL.to_vec(),
            });
        }
        let permissions = self.get_workspace_permissions(actor, workspace.id).await?;
        let owner = users::get(&self.0.db, workspace.owner_id).await?;
        Ok(Standing {
            owner: owner.map(|owner| owner.to_user().display_name().to_owned()),
            permissions,
        })
    }

    /// Sets what people may do with a workspace; those that are not named keep what they have. All of it or nothing.
    pub async fn update_workspace_acl(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        change: UpdateWorkspaceAcl,
    ) -> Result<(), WorkspaceError> {
        let row = self.shareable_workspace(actor, id).await?;
        let mut checks = Checks::default();
        let mut wanted = Vec::new();
        for (named, permissions) in change.user_permissions {
            let field = format!("user_permissions.{named}");
            let user = self.sharer(&row, &named).await?;
            wanted.extend(checks.take(&field, user.map(|user| (user, permissions))));
        }
        checks.finish().map_err(WorkspaceError::Invalid)?;
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        for (user, permissions) in wanted {
            if permissions.is_empty() {
                shares::delete(&mut tx, id, user).await?;
            } else {
                shares::put(&mut tx, id, user, &permissions, now).await?;
            }
        }
        if shares::count_in(&mut tx, id).await? > MAX_SHARES as u64 {
            let detail =
                "A workspace can be shared with 200 people. Take it away from others first.";
            return Err(WorkspaceError::invalid("user_permissions", detail));
        }
        tx.commit().await?;
        self.0.workspaces.announce(id, row.owner_id);
        Ok(())
    }

    /// Shares a workspace with nobody any more.
    pub async fn delete_workspace_acl(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<(), WorkspaceError> {
        let row = self.shareable_workspace(actor, id).await?;
        shares::delete_all(&self.0.db, id).await?;
        self.0.workspaces.announce(id, row.owner_id);
        Ok(())
    }

    /// A person a workspace can be shared with, by id, name or e-mail address; else why not. Only exact ones are found, so
    /// that nobody can be looked for.
    async fn sharer(
        &self,
        row: &WorkspaceRow,
        named: &str,
    ) -> Result<Result<UserId, &'static str>, WorkspaceError> {
        let found = user_named(&self.0.db, named).await?;
        let found = found.filter(|user| user.organization_id == row.organization_id);
        Ok(match found {
            None => Err(
                "There is no such user. Use their user name, their e-mail address or their id, all of it.",
            ),
            Some(user) if user.id == row.owner_id => {
                Err("This is whose workspace it is; leave them out.")
            }
            Some(user) => Ok(user.id),
        })
    }

    /// A workspace with which the caller may do this.
    pub(crate) async fn permitted_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        needed: Permission,
    ) -> Result<WorkspaceRow, WorkspaceError> {
        self.workspace_for_any(actor, id, &[needed]).await
    }

    /// A workspace with which the caller may do one of these.
    pub(crate) async fn workspace_for_any(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        needed: &[Permission],
    ) -> Result<WorkspaceRow, WorkspaceError> {
        let row = present(&self.0.db, id).await?;
        if actor.may(Deployment::ManageWorkspaces) {
            return Ok(row);
        }
        let permissions = permissions_of(&self.0.db, &row, actor.user_id).await?;
        let permissions = permissions.ok_or(WorkspaceError::NotFound)?;
        if needed.iter().any(|needed| permissions.contains(needed)) {
            Ok(row)
        } else {
            Err(WorkspaceError::NotShared(needed.to_vec()))
        }
    }

    /// A workspace whose builds the caller may read. Those of a deleted one stay readable for its owner and for whoever
    /// manages workspaces; shares end with it.
    pub(crate) async fn recorded_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<WorkspaceRow, WorkspaceError> {
        let row = workspaces::get(&self.0.db, id).await?;
        let row = row.ok_or(WorkspaceError::NotFound)?;
        let is_own = row.owner_id == actor.user_id || actor.may(Deployment::ManageWorkspaces);
        if row.deleted && is_own {
            return Ok(row);
        }
        self.permitted_workspace(actor, id, Permission::Read).await
    }

    /// A workspace in which the caller's chats may work.
    pub(crate) async fn attachable_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<WorkspaceRow, WorkspaceError> {
        let row = present(&self.0.db, id).await?;
        let permissions = permissions_of(&self.0.db, &row, actor.user_id).await?;
        let permissions = permissions.ok_or(WorkspaceError::NotFound)?;
        if permissions.contains(&Permission::Ssh) {
            Ok(row)
        } else {
            Err(WorkspaceError::NotShared(vec![Permission::Ssh]))
        }
    }

    async fn shareable_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<WorkspaceRow, WorkspaceError> {
        let row = self
            .permitted_workspace(actor, id, Permission::Read)
            .await?;
        if actor.may(Deployment::ManageWorkspaces) || row.owner_id == actor.user_id {
            Ok(row)
        } else {
            Err(WorkspaceError::NotYours)
        }
    }
}

async fn user_named(db: &Db, named: &str) -> Result<Option<UserRow>, StoreError> {
    // PostgreSQL refuses to compare such text.
    if named.contains('\0') {
        return Ok(None);
    }
    match named.parse() {
        Ok(id) => users::get(db, id).await,
        Err(_) if named.contains('@') => users::get_by_email(db, &normalize_email(named)).await,
        Err(_) => users::get_by_username(db, &named.to_lowercase()).await,
    }
}

async fn present(db: &Db, id: WorkspaceId) -> Result<WorkspaceRow, WorkspaceError> {
    let row = workspaces::get(db, id).await?;
    row.filter(|row| !row.deleted)
        .ok_or(WorkspaceError::NotFound)
}

/// What a person may do with a workspace as its owner or because it is shared with them; `None` when it is neither.
pub(crate) async fn permissions_of(
    db: &Db,
    row: &WorkspaceRow,
    user: UserId,
) -> Result<Option<Vec<Permission>>, StoreError> {
    if row.owner_id == user {
        return Ok(Some(Permission::ALL.to_vec()));
    }
    let share = shares::get(db, row.id, user).await?;
    Ok(share.map(|share| share.permissions))
}
