//! Workspaces, their builds ([`builds`]), the agents of their starts ([`agents`]), and whom they are shared with
//! ([`shares`]).

pub mod agents;
pub mod builds;
mod row;
pub mod shares;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sdk::ids::{UserId, WorkspaceId};
use sdk::workspaces::{Sandbox, WorkspaceStatus};
use sqlx::FromRow;
use sqlx::types::Json;

pub use self::row::WorkspaceRow;
use self::row::{Raw, status_name};
use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

macro_rules! columns {
    () => {
        "id, owner_id, organization_id, name, mode, folder, working_directory, branch, base_commit, status, \
         status_reason, status_since, sandbox, deleted, created_at, updated_at, template_id, parameters, last_used_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO workspaces (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
);
const GET: &str = concat!("SELECT ", columns!(), " FROM workspaces WHERE id = $1");
const LIST_OF_OWNER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM workspaces WHERE owner_id = $1 AND NOT deleted AND (id < $2 OR $2 IS NULL) ORDER BY id DESC LIMIT $3"
);
const LIST_SHARED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM workspaces WHERE id IN (SELECT s.workspace_id FROM workspace_shares s WHERE s.user_id = $1) \
     AND NOT deleted AND (id < $2 OR $2 IS NULL) ORDER BY id DESC LIMIT $3"
);
const LIST_WITH_STATUS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM workspaces WHERE status = $1 AND NOT deleted ORDER BY id LIMIT $2"
);
const RENAME: &str =
    "UPDATE workspaces SET name = $2, updated_at = $3 WHERE id = $1 AND NOT deleted";
const SET_STATUS: &str = "UPDATE workspaces SET status = $2, status_reason = $3, status_since = $4, updated_at = $4 \
     WHERE id = $1 AND NOT deleted";
const MOVE_STATUS: &str = "UPDATE workspaces SET status = $3, status_reason = $4, status_since = $5, updated_at = $5 \
     WHERE id = $1 AND status = $2 AND NOT deleted";
const SET_PREPARED: &str = "UPDATE workspaces SET working_directory = $2, branch = $3, base_commit = $4, sandbox = $5, \
     updated_at = $6 WHERE id = $1";
const SET_PARAMETERS: &str =
    "UPDATE workspaces SET parameters = $2, updated_at = $3 WHERE id = $1 AND NOT deleted";
const TOUCH: &str = "UPDATE workspaces SET last_used_at = $2 WHERE id = $1 AND NOT deleted";
/// Of those that were made from a template, with the seconds that it or else the deployment leaves them, and when a chat of
/// theirs last began or ended something; no chat of theirs is at work.
const IDLE: &str = concat!(
    "SELECT ",
    columns!(),
    ", COALESCE((SELECT t.idle_stop_seconds FROM templates t WHERE t.id = template_id), $2) AS idle_stop_seconds, \
     (SELECT MAX(w.updated_at) FROM chats w WHERE w.workspace_id = workspaces.id) AS worked_at \
     FROM workspaces WHERE status = 'ready' AND NOT deleted AND template_id IS NOT NULL \
     AND COALESCE((SELECT t.idle_stop_seconds FROM templates t WHERE t.id = template_id), $2) IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM chats c WHERE c.workspace_id = workspaces.id AND c.status IN ('pending', 'running', 'interrupting')) \
     ORDER BY id LIMIT $1"
);
const MARK_DELETED: &str = "UPDATE workspaces SET deleted = $2, status = 'deleted', status_reason = NULL, \
     status_since = $3, updated_at = $3 WHERE id = $1";

/// What preparing a workspace found out.
#[derive(Clone, Debug)]
pub struct Prepared<'a> {
    /// The folder that commands start in.
    pub working_directory: &'a str,
    /// The branch of a worktree.
    pub branch: Option<&'a str>,
    /// The commit that changes are shown against.
    pub base_commit: Option<&'a str>,
    /// What stands around the agent.
    pub sandbox: &'a Sandbox,
}

/// A status with its reason and since when.
#[derive(Clone, Copy, Debug)]
pub struct NewStatus<'a> {
    /// The status.
    pub status: WorkspaceStatus,
    /// Why, and what to do.
    pub reason: Option<&'a str>,
    /// Now.
    pub since: DateTime<Utc>,
}

/// A new workspace. A name that its owner has already is [`StoreError::unique_violation`].
pub async fn insert(tx: &mut Tx, row: &WorkspaceRow) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(row.id.0)
        .bind(row.owner_id.0)
        .bind(row.organization_id.0)
        .bind(&row.name)
        .bind(row.mode.as_str())
        .bind(&row.folder)
        .bind(&row.working_directory)
        .bind(&row.branch)
        .bind(&row.base_commit)
        .bind(status_name(row.status))
        .bind(&row.status_reason)
        .bind(row.status_since)
        .bind(row.sandbox.as_ref().map(Json))
        .bind(row.deleted)
        .bind(row.created_at)
        .bind(row.updated_at)
        .bind(row.template_id.map(|id| id.0))
        .bind(Json(&row.parameters))
        .bind(row.last_used_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// A workspace, deleted or not.
pub async fn get(db: &Db, id: WorkspaceId) -> Result<Option<WorkspaceRow>, StoreError> {
    let raw: Option<Raw> =
        on_reader!(db, pool => sqlx::query_as(GET).bind(id.0).fetch_optional(pool).await?);
    raw.map(WorkspaceRow::try_from).transpose()
}

/// An owner's workspaces, newest first, older than `before`.
pub async fn list_of_owner(
    db: &Db,
    owner_id: UserId,
    before: Option<WorkspaceId>,
    limit: i64,
) -> Result<Vec<WorkspaceRow>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST_OF_OWNER)
        .bind(owner_id.0)
        .bind(before.map(|id| id.0))
        .bind(limit)
        .fetch_all(pool)
        .await?);
    raw.into_iter().map(WorkspaceRow::try_from).collect()
}

/// Workspaces that others share with a person, newest first, older than `before`.
pub async fn list_shared_with(
    db: &Db,
    user_id: UserId,
    before: Option<WorkspaceId>,
    limit: i64,
) -> Result<Vec<WorkspaceRow>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST_SHARED)
        .bind(user_id.0)
        .bind(before.map(|id| id.0))
        .bind(limit)
        .fetch_all(pool)
        .await?);
    raw.into_iter().map(WorkspaceRow::try_from).collect()
}

/// Workspaces in a status, oldest first.
pub async fn list_with_status(
    db: &Db,
    status: WorkspaceStatus,
    limit: i64,
) -> Result<Vec<WorkspaceRow>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST_WITH_STATUS)
        .bind(status_name(status))
        .bind(limit)
        .fetch_all(pool)
        .await?);
    raw.into_iter().map(WorkspaceRow::try_from).collect()
}

/// Gives a workspace another name. A taken one is [`StoreError::unique_violation`].
pub async fn rename(
    db: &Db,
    id: WorkspaceId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(RENAME)
        .bind(id.0)
        .bind(name)
        .bind(now)
        .execute(pool)
        .await?
        .rows_affected());
    StoreError::expect_rows("workspaces::rename", changed, 1)
}

/// Sets the status of a workspace that is not deleted.
pub async fn set_status(db: &Db, id: WorkspaceId, status: NewStatus<'_>) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(SET_STATUS)
        .bind(id.0)
        .bind(status_name(status.status))
        .bind(status.reason)
        .bind(status.since)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

/// Sets the status when it is `from`. Whether it was.
pub async fn move_status(
    db: &Db,
    id: WorkspaceId,
    from: WorkspaceStatus,
    to: NewStatus<'_>,
) -> Result<bool, StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(MOVE_STATUS)
        .bind(id.0)
        .bind(status_name(from))
        .bind(status_name(to.status))
        .bind(to.reason)
        .bind(to.since)
        .execute(pool)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// Notes what a start found out.
pub async fn set_prepared(
    db: &Db,
    id: WorkspaceId,
    prepared: Prepared<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(SET_PREPARED)
        .bind(id.0)
        .bind(prepared.working_directory)
        .bind(prepared.branch)
        .bind(prepared.base_commit)
        .bind(Json(prepared.sandbox))
        .bind(now)
        .execute(pool)
        .await?
        .rows_affected());
    StoreError::expect_rows("workspaces::set_prepared", changed, 1)
}

/// Sets the values of its template's parameters.
pub async fn set_parameters(
    db: &Db,
    id: WorkspaceId,
    parameters: &BTreeMap<String, String>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(SET_PARAMETERS)
        .bind(id.0)
        .bind(Json(parameters))
        .bind(now)
        .execute(pool)
        .await?
        .rows_affected());
    StoreError::expect_rows("workspaces::set_parameters", changed, 1)
}

/// Notes that it is used now.
pub async fn touch(db: &Db, id: WorkspaceId, now: DateTime<Utc>) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(TOUCH).bind(id.0).bind(now).execute(pool).await.map(drop)?);
    Ok(())
}

/// Ready workspaces with an idle time in which no chat is at work, and that time. Where a template says none, it is
/// `usual_seconds`.
pub async fn list_stoppable(
    db: &Db,
    usual_seconds: Option<i64>,
    limit: i64,
) -> Result<Vec<(WorkspaceRow, Duration)>, StoreError> {
    let raw: Vec<Stoppable> = on_reader!(db, pool => sqlx::query_as(IDLE)
        .bind(limit)
        .bind(usual_seconds)
        .fetch_all(pool)
        .await?);
    raw.into_iter()
        .map(|idle| {
            let seconds = u64::try_from(idle.idle_stop_seconds).unwrap_or(u64::MAX);
            let mut row: WorkspaceRow = idle.row.try_into()?;
            row.last_used_at = row.last_used_at.max(idle.worked_at);
            Ok((row, Duration::from_secs(seconds)))
        })
        .collect()
}

#[derive(FromRow)]
struct Stoppable {
    #[sqlx(flatten)]
    row: Raw,
    idle_stop_seconds: i64,
    worked_at: Option<DateTime<Utc>>,
}

/// Marks a workspace as gone; its row stays for the chats that name it.
pub async fn mark_deleted(db: &Db, id: WorkspaceId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(MARK_DELETED)
        .bind(id.0)
        .bind(true)
        .bind(now)
        .execute(pool)
        .await?
        .rows_affected());
    StoreError::expect_rows("workspaces::mark_deleted", changed, 1)
}

crate::statements![
    INSERT,
    GET,
    LIST_OF_OWNER,
    LIST_SHARED,
    LIST_WITH_STATUS,
    RENAME,
    SET_STATUS,
    MOVE_STATUS,
    SET_PREPARED,
    SET_PARAMETERS,
    TOUCH,
    IDLE,
    MARK_DELETED
];
