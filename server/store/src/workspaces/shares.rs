//! With whom workspaces are shared, and what those may do.

use chrono::{DateTime, Utc};
use sdk::ids::{UserId, WorkspaceId};
use sdk::workspace_shares::{WorkspacePermission, WorkspaceShare};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

const GET: &str = "SELECT u.id, u.username, u.name, s.can_ssh, s.can_application_connect, s.can_update, s.can_delete \
     FROM workspace_shares s JOIN users u ON u.id = s.user_id WHERE s.workspace_id = $1 AND s.user_id = $2";
const LIST: &str = "SELECT u.id, u.username, u.name, s.can_ssh, s.can_application_connect, s.can_update, s.can_delete \
     FROM workspace_shares s JOIN users u ON u.id = s.user_id WHERE s.workspace_id = $1 ORDER BY u.username LIMIT $2";
const COUNT: &str = "SELECT COUNT(*) FROM workspace_shares WHERE workspace_id = $1";
const PUT: &str = "INSERT INTO workspace_shares (workspace_id, user_id, can_ssh, can_application_connect, can_update, \
     can_delete, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
     ON CONFLICT (workspace_id, user_id) DO UPDATE SET can_ssh = excluded.can_ssh, \
     can_application_connect = excluded.can_application_connect, can_update = excluded.can_update, \
     can_delete = excluded.can_delete, updated_at = excluded.updated_at";
const DELETE: &str = "DELETE FROM workspace_shares WHERE workspace_id = $1 AND user_id = $2";
const DELETE_ALL: &str = "DELETE FROM workspace_shares WHERE workspace_id = $1";

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    username: String,
    name: String,
    can_ssh: bool,
    can_application_connect: bool,
    can_update: bool,
    can_delete: bool,
}

impl From<Raw> for WorkspaceShare {
    fn from(raw: Raw) -> Self {
        let may = |permission: &WorkspacePermission| match permission {
            WorkspacePermission::Read => true,
            WorkspacePermission::Ssh => raw.can_ssh,
            WorkspacePermission::ApplicationConnect => raw.can_application_connect,
            WorkspacePermission::Update => raw.can_update,
            WorkspacePermission::Delete => raw.can_delete,
        };
        let permissions = WorkspacePermission::ALL.into_iter().filter(may).collect();
        Self {
            id: UserId(raw.id),
            username: raw.username,
            name: raw.name,
            permissions,
        }
    }
}

/// What a person may do with a workspace of another; `None` when it is not shared with them.
pub async fn get(
    db: &Db,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<WorkspaceShare>, StoreError> {
    let raw: Option<Raw> = on_reader!(db, pool => sqlx::query_as(GET)
        .bind(workspace.0)
        .bind(user.0)
        .fetch_optional(pool)
        .await?);
    Ok(raw.map(WorkspaceShare::from))
}

/// Everybody a workspace is shared with, by user name.
pub async fn list(
    db: &Db,
    workspace: WorkspaceId,
    limit: i64,
) -> Result<Vec<WorkspaceShare>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST)
        .bind(workspace.0)
        .bind(limit)
        .fetch_all(pool)
        .await?);
    Ok(raw.into_iter().map(WorkspaceShare::from).collect())
}

/// With how many people a workspace is shared.
pub async fn count_in(tx: &mut Tx, workspace: WorkspaceId) -> Result<u64, StoreError> {
    let count: i64 = on_tx!(tx, connection => sqlx::query_scalar(COUNT)
        .bind(workspace.0)
        .fetch_one(connection)
        .await?);
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Shares a workspace with a person, who may do this and nothing else from now on.
pub async fn put(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: UserId,
    permissions: &[WorkspacePermission],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let may = |permission| permissions.contains(&permission);
    on_tx!(tx, connection => sqlx::query(PUT)
        .bind(workspace.0)
        .bind(user.0)
        .bind(may(WorkspacePermission::Ssh))
        .bind(may(WorkspacePermission::ApplicationConnect))
        .bind(may(WorkspacePermission::Update))
        .bind(may(WorkspacePermission::Delete))
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Takes a workspace away from a person.
pub async fn delete(tx: &mut Tx, workspace: WorkspaceId, user: UserId) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(DELETE)
        .bind(workspace.0)
        .bind(user.0)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Takes a workspace away from everybody but its owner.
pub async fn delete_all(db: &Db, workspace: WorkspaceId) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(DELETE_ALL)
        .bind(workspace.0)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

crate::statements![GET, LIST, COUNT, PUT, DELETE, DELETE_ALL];
