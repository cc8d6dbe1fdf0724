//! Builds: every start, stop and deletion of a workspace with its log.

use chrono::{DateTime, Utc};
use sdk::ids::{BuildId, UserId, WorkspaceId};
use sdk::workspaces::{Build, BuildStatus, Transition};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

const INSERT: &str = "INSERT INTO workspace_builds (id, workspace_id, transition, status, reason, log, created_at, finished_at) \
     VALUES ($1, $2, $3, 'running', NULL, '', $4, NULL)";
const APPEND_LOG: &str = "UPDATE workspace_builds SET log = log || $2 WHERE id = $1";
const FINISH: &str = "UPDATE workspace_builds SET status = $2, reason = $3, finished_at = $4 \
     WHERE id = $1 AND status = 'running'";
const FINISH_ALL: &str = "UPDATE workspace_builds SET status = 'failed', reason = $1, finished_at = $2 \
     WHERE status = 'running' AND created_at <= $3";
const FINISH_OF_WORKSPACE: &str = "UPDATE workspace_builds SET status = 'failed', reason = $1, finished_at = $2 \
     WHERE status = 'running' AND workspace_id = $3";
const LIST: &str = "SELECT id, workspace_id, transition, status, reason, created_at, finished_at \
     FROM workspace_builds WHERE workspace_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2";
const LATEST_OF_PERSON: &str = "SELECT b.id, b.workspace_id, b.transition, b.status, b.reason, b.created_at, b.finished_at \
     FROM workspace_builds b JOIN workspaces w ON w.id = b.workspace_id \
     WHERE (w.owner_id = $1 OR w.id IN (SELECT s.workspace_id FROM workspace_shares s WHERE s.user_id = $1)) \
     AND NOT w.deleted AND b.id = (SELECT l.id FROM workspace_builds l \
     WHERE l.workspace_id = b.workspace_id ORDER BY l.created_at DESC, l.id DESC LIMIT 1)";
const GET_LOG: &str =
    "SELECT status, log FROM workspace_builds WHERE id = $1 AND workspace_id = $2";

/// A build's log and whether more may come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildLog {
    /// Lines so far.
    pub text: String,
    /// Whether the build has ended.
    pub is_finished: bool,
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    workspace_id: Uuid,
    transition: String,
    status: String,
    reason: Option<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<Raw> for Build {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: BuildId(raw.id),
            transition: read_transition(&raw.transition)?,
            status: read_status(&raw.status)?,
            reason: raw.reason,
            created_at: raw.created_at,
            finished_at: raw.finished_at,
        })
    }
}

/// A build that begins.
pub async fn insert(
    tx: &mut Tx,
    id: BuildId,
    workspace_id: WorkspaceId,
    transition: Transition,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(id.0)
        .bind(workspace_id.0)
        .bind(transition_name(transition))
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Adds lines to a build's log.
pub async fn append_log(db: &Db, id: BuildId, lines: &str) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(APPEND_LOG).bind(id.0).bind(lines).execute(pool).await.map(drop)?);
    Ok(())
}

/// Ends a build: with a reason it failed.
pub async fn finish(
    db: &Db,
    id: BuildId,
    failure: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let status = if failure.is_some() {
        "failed"
    } else {
        "succeeded"
    };
    on_writer!(db, pool => sqlx::query(FINISH)
        .bind(id.0)
        .bind(status)
        .bind(failure)
        .bind(now)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

/// Ends every running build that began until then as failed: the process that ran them is gone.
pub async fn finish_all(
    db: &Db,
    begun_until: DateTime<Utc>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(FINISH_ALL)
        .bind(reason)
        .bind(now)
        .bind(begun_until)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

/// Ends the running builds of a workspace as failed, likewise.
pub async fn finish_of_workspace(
    db: &Db,
    workspace_id: WorkspaceId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(FINISH_OF_WORKSPACE)
        .bind(reason)
        .bind(now)
        .bind(workspace_id.0)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

/// A workspace's builds, newest first.
pub async fn list(
    db: &Db,
    workspace_id: WorkspaceId,
    limit: i64,
) -> Result<Vec<Build>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool =>
        sqlx::query_as(LIST).bind(workspace_id.0).bind(limit).fetch_all(pool).await?);
    raw.into_iter().map(Build::try_from).collect()
}

/// The newest build of each of an owner's workspaces.
pub async fn latest_of_person(
    db: &Db,
    owner_id: UserId,
) -> Result<Vec<(WorkspaceId, Build)>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool =>
        sqlx::query_as(LATEST_OF_PERSON).bind(owner_id.0).fetch_all(pool).await?);
    raw.into_iter()
        .map(|raw| Ok((WorkspaceId(raw.workspace_id), Build::try_from(raw)?)))
        .collect()
}

/// A build's log.
pub async fn get_log(
    db: &Db,
    workspace_id: WorkspaceId,
    id: BuildId,
) -> Result<Option<BuildLog>, StoreError> {
    let raw: Option<(String, String)> = on_reader!(db, pool => sqlx::query_as(GET_LOG)
        .bind(id.0)
        .bind(workspace_id.0)
        .fetch_optional(pool)
        .await?);
    Ok(raw.map(|(status, text)| BuildLog {
        text,
        is_finished: status != "running",
    }))
}

fn transition_name(transition: Transition) -> &'static str {
    match transition {
        Transition::Start => "start",
        Transition::Stop => "stop",
        Transition::Delete => "delete",
    }
}

fn read_transition(name: &str) -> Result<Transition, StoreError> {
    match name {
        "start" => Ok(Transition::Start),
        "stop" => Ok(Transition::Stop),
        "delete" => Ok(Transition::Delete),
        _ => Err(corrupt("transition", name)),
    }
}

fn read_status(name: &str) -> Result<BuildStatus, StoreError> {
    match name {
        "running" => Ok(BuildStatus::Running),
        "succeeded" => Ok(BuildStatus::Succeeded),
        "failed" => Ok(BuildStatus::Failed),
        _ => Err(corrupt("status", name)),
    }
}

fn corrupt(column: &str, value: &str) -> StoreError {
    StoreError::Corrupt {
        table: "workspace_builds",
        detail: format!("{column} {value:?}"),
    }
}

crate::statements![
    INSERT,
    APPEND_LOG,
    FINISH,
    FINISH_ALL,
    FINISH_OF_WORKSPACE,
    LIST,
    LATEST_OF_PERSON,
    GET_LOG
];
