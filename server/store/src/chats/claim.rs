//! Chats that wait for a worker: running, interrupting or past their deadline, and owned by nobody who is alive.

use chrono::{DateTime, Utc};
use sdk::ids::WorkerId;

use super::{ChatRow, RawChat, chat_columns};
use crate::{StoreError, Tx};

macro_rules! claimable {
    () => {
        concat!(
            "SELECT ",
            chat_columns!(),
            " FROM chats WHERE (status IN ('running', 'interrupting') \
              OR (status = 'requires_action' AND requires_action_deadline_at <= $1)) \
             AND (worker_id IS NULL OR (worker_id <> $2 AND $3) OR NOT EXISTS \
              (SELECT 1 FROM chat_heartbeats h WHERE h.chat_id = chats.id AND h.runner_id = chats.runner_id \
               AND h.beat_at > $4)) \
             ORDER BY updated_at, id LIMIT $5"
        )
    };
}

const CLAIMABLE: &str = claimable!();
const CLAIMABLE_LOCKED: &str = concat!(claimable!(), " FOR UPDATE SKIP LOCKED");

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
    /// At most this many.
    pub limit: i64,
}

/// Chats to take, oldest first, locked until the transaction ends; what another worker is taking is skipped.
pub async fn lock_claimable(tx: &mut Tx, claim: &Claim) -> Result<Vec<ChatRow>, StoreError> {
    macro_rules! fetch {
        ($statement:expr, $connection:expr) => {
            sqlx::query_as($statement)
                .bind(claim.now)
                .bind(claim.worker_id.0)
                .bind(claim.is_alone)
                .bind(claim.expired_before)
                .bind(claim.limit)
                .fetch_all($connection)
                .await?
        };
    }
    let rows: Vec<RawChat> = match tx {
        Tx::Sqlite(transaction) => fetch!(CLAIMABLE, &mut **transaction),
        Tx::Postgres(transaction) => fetch!(CLAIMABLE_LOCKED, &mut **transaction),
    };
    rows.into_iter().map(ChatRow::try_from).collect()
}

crate::statements![; CLAIMABLE => CLAIMABLE_LOCKED];
