//! Agents: one for each start of a workspace. Only the hash of an agent's token is stored.

use chrono::{DateTime, Utc};
use sdk::ids::{AgentId, BuildId, UserId, WorkspaceId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

const INSERT: &str = "INSERT INTO workspace_agents (id, workspace_id, build_id, token_hash, process_group_id, created_at, stopped_at) \
     VALUES ($1, $2, $3, $4, NULL, $5, NULL)";
const STOP_ALL: &str =
    "UPDATE workspace_agents SET stopped_at = $2 WHERE workspace_id = $1 AND stopped_at IS NULL";
const FIND: &str = "SELECT a.id, a.workspace_id, w.owner_id, a.stopped_at FROM workspace_agents a \
     JOIN workspaces w ON w.id = a.workspace_id WHERE a.token_hash = $1";
const GET: &str = "SELECT a.id, a.workspace_id, w.owner_id, a.stopped_at FROM workspace_agents a \
     JOIN workspaces w ON w.id = a.workspace_id WHERE a.id = $1";
const CURRENT: &str = "SELECT a.id, a.workspace_id, w.owner_id, a.stopped_at FROM workspace_agents a \
     JOIN workspaces w ON w.id = a.workspace_id \
     WHERE a.workspace_id = $1 AND a.stopped_at IS NULL ORDER BY a.created_at DESC, a.id DESC LIMIT 1";

/// A new agent.
#[derive(Clone, Copy, Debug)]
pub struct NewAgent<'a> {
    /// Id.
    pub id: AgentId,
    /// Where it works.
    pub workspace_id: WorkspaceId,
    /// The start it belongs to.
    pub build_id: BuildId,
    /// SHA-256 of its token.
    pub token_hash: &'a [u8],
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// An agent's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentRow {
    /// Id.
    pub id: AgentId,
    /// Where it works.
    pub workspace_id: WorkspaceId,
    /// Whose workspace that is.
    pub owner_id: UserId,
    /// Since when its token holds no longer.
    pub stopped_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    workspace_id: Uuid,
    owner_id: Uuid,
    stopped_at: Option<DateTime<Utc>>,
}

impl From<Raw> for AgentRow {
    fn from(raw: Raw) -> Self {
        Self {
            id: AgentId(raw.id),
            workspace_id: WorkspaceId(raw.workspace_id),
            owner_id: UserId(raw.owner_id),
            stopped_at: raw.stopped_at,
        }
    }
}

/// A new agent; those before it are stopped.
pub async fn insert(tx: &mut Tx, agent: NewAgent<'_>) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(STOP_ALL)
        .bind(agent.workspace_id.0)
        .bind(agent.created_at)
        .execute(connection)
        .await
        .map(drop)?);
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(agent.id.0)
        .bind(agent.workspace_id.0)
        .bind(agent.build_id.0)
        .bind(agent.token_hash)
        .bind(agent.created_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Makes the tokens of a workspace's agents hold no longer.
pub async fn stop_all(
    db: &Db,
    workspace_id: WorkspaceId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(STOP_ALL).bind(workspace_id.0).bind(now).execute(pool).await.map(drop)?);
    Ok(())
}

/// The agent of a token, stopped or not.
pub async fn find(db: &Db, token_hash: &[u8]) -> Result<Option<AgentRow>, StoreError> {
    let raw: Option<Raw> =
        on_reader!(db, pool => sqlx::query_as(FIND).bind(token_hash).fetch_optional(pool).await?);
    Ok(raw.map(AgentRow::from))
}

/// An agent by id, stopped or not.
pub async fn get(db: &Db, id: AgentId) -> Result<Option<AgentRow>, StoreError> {
    let raw: Option<Raw> =
        on_reader!(db, pool => sqlx::query_as(GET).bind(id.0).fetch_optional(pool).await?);
    Ok(raw.map(AgentRow::from))
}

/// The agent of a workspace whose token holds.
pub async fn current(db: &Db, workspace_id: WorkspaceId) -> Result<Option<AgentRow>, StoreError> {
    let raw: Option<Raw> = on_reader!(db, pool => sqlx::query_as(CURRENT).bind(workspace_id.0).fetch_optional(pool).await?);
    Ok(raw.map(AgentRow::from))
}

crate::statements![INSERT, STOP_ALL, FIND, GET, CURRENT];
