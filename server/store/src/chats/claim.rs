//! Chats that wait for a worker: running, interrupting or past their deadline, and owned by nobody who is alive.
//!
//! A worker first asks which there are, by id alone, then takes each in a transaction of its own: a row that cannot
//! be read or taken keeps no other chat from being taken.

use chrono::{DateTime, Utc};
use sdk::ids::{ChatId, WorkerId};
use uuid::Uuid;

use super::{ChatRow, RawChat, chat_columns};
use crate::{Db, StoreError, Tx, on_reader};

macro_rules! claimable {
    () => {
        " FROM chats WHERE (status IN ('running', 'interrupting') \
          OR (status = 'requires_action' AND requires_action_deadline_at <= $1)) \
         AND (worker_id IS NULL OR (worker_id <> $2 AND $3) OR NOT EXISTS \
          (SELECT 1 FROM chat_heartbeats h WHERE h.chat_id = chats.id AND h.runner_id = chats.runner_id \
           AND h.beat_at > $4))"
    };
}

macro_rules! one_claimable {
    () => {
        concat!("SELECT ", chat_columns!(), claimable!(), " AND id = $5")
    };
}

const CLAIMABLE: &str = concat!(
    "SELECT id",
    claimable!(),
    " ORDER BY updated_at, id LIMIT $5"
);
const ONE_CLAIMABLE: &str = one_claimable!();
const ONE_CLAIMABLE_LOCKED: &str = concat!(one_claimable!(), " FOR UPDATE SKIP LOCKED");

/// States that must not be and that hold no work, so that nothing else would look at them.
const BROKEN: &str = "SELECT DISTINCT c.id FROM chat_queued_messages q JOIN chats c ON c.id = q.chat_id \
     WHERE c.status = 'waiting' LIMIT $1";
/// Trees of which a server that died archived only a part.
const HALF_ARCHIVED: &str = "SELECT DISTINCT r.id FROM chats c JOIN chats r ON r.id = c.root_chat_id \
     WHERE c.root_chat_id IS NOT NULL AND NOT c.archived AND NOT c.archive_requested AND r.archived LIMIT $1";
const NEXT_DEADLINE: &str =
    "SELECT MIN(requires_action_deadline_at) FROM chats WHERE status = 'requires_action'";

/// Which chats a worker may take.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Now.
    pub now: DateTime<Utc>,
    /// The worker that asks.
    pub worker_id: WorkerId,
    /// Whether no other worker can be alive, so that what others own is free (one server on SQLite).
    pub is_alone: bool,
    /// Heartbeats before this have expired.
    pub expired_before: DateTime<Utc>,
}

/// Ids of at most `limit` chats that can be taken now, oldest first.
pub async fn claimable(db: &Db, claim: &Claim, limit: i64) -> Result<Vec<ChatId>, StoreError> {
    let ids: Vec<Uuid> = on_reader!(db, pool => sqlx::query_scalar(CLAIMABLE)
        .bind(claim.now)
        .bind(claim.worker_id.0)
        .bind(claim.is_alone)
        .bind(claim.expired_before)
        .bind(limit)
        .fetch_all(pool)
        .await?);
    Ok(ids.into_iter().map(ChatId).collect())
}

/// The chat when it can still be taken, locked until the transaction ends; `None` when another worker has it or is
/// taking it.
pub async fn lock_claimable(
    tx: &mut Tx,
    claim: &Claim,
    id: ChatId,
) -> Result<Option<ChatRow>, StoreError> {
    macro_rules! fetch {
        ($statement:expr, $connection:expr) => {
            sqlx::query_as($statement)
                .bind(claim.now)
                .bind(claim.worker_id.0)
                .bind(claim.is_alone)
                .bind(claim.expired_before)
                .bind(id.0)
                .fetch_optional($connection)
                .await?
        };
    }
    let raw: Option<RawChat> = match tx {
        Tx::Sqlite(transaction) => fetch!(ONE_CLAIMABLE, &mut **transaction),
        Tx::Postgres(transaction) => fetch!(ONE_CLAIMABLE_LOCKED, &mut **transaction),
    };
    raw.map(ChatRow::try_from).transpose()
}

/// Ids of at most `limit` idle chats with a queue that nobody would run.
pub async fn broken(db: &Db, limit: i64) -> Result<Vec<ChatId>, StoreError> {
    let ids: Vec<Uuid> =
        on_reader!(db, pool => sqlx::query_scalar(BROKEN).bind(limit).fetch_all(pool).await?);
    Ok(ids.into_iter().map(ChatId).collect())
}

/// Archived roots with a chat that was to follow and did not.
pub async fn half_archived(db: &Db, limit: i64) -> Result<Vec<ChatId>, StoreError> {
    let ids: Vec<Uuid> = on_reader!(db, pool => sqlx::query_scalar(HALF_ARCHIVED).bind(limit).fetch_all(pool).await?);
    Ok(ids.into_iter().map(ChatId).collect())
}

/// When the next client's answer is given up.
pub async fn next_deadline(db: &Db) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(on_reader!(db, pool => sqlx::query_scalar(NEXT_DEADLINE).fetch_one(pool).await?))
}

crate::statements![CLAIMABLE, BROKEN, HALF_ARCHIVED, NEXT_DEADLINE; ONE_CLAIMABLE => ONE_CLAIMABLE_LOCKED];
