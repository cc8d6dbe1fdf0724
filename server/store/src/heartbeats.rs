//! Signs of life of the workers, apart from the chats so that a beat rewrites no wide row.

use chrono::{DateTime, Utc};
use sdk::ids::{ChatId, RunnerId};
use uuid::Uuid;

use crate::dialect::hex_ids;
use crate::{StoreError, Tx, on_tx};

const UPSERT: &str = "INSERT INTO chat_heartbeats (chat_id, runner_id, beat_at) VALUES ($1, $2, $3) \
     ON CONFLICT (chat_id) DO UPDATE SET runner_id = excluded.runner_id, beat_at = excluded.beat_at";
const BEAT_SQLITE: &str = "UPDATE chat_heartbeats SET beat_at = $3 \
     WHERE chat_id IN (SELECT unhex(value) FROM json_each($1)) \
     AND runner_id IN (SELECT unhex(value) FROM json_each($2)) RETURNING chat_id";
const BEAT_POSTGRES: &str = "UPDATE chat_heartbeats SET beat_at = $3 \
     WHERE chat_id = ANY($1) AND runner_id = ANY($2) RETURNING chat_id";
const DELETE: &str = "DELETE FROM chat_heartbeats WHERE chat_id = $1";

/// The first beat of a new owner.
pub async fn begin(
    tx: &mut Tx,
    chat: ChatId,
    runner: RunnerId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(UPSERT)
        .bind(chat.0)
        .bind(runner.0)
        .bind(now)
        .execute(connection)
        .await
        .map(|_| ())?);
    Ok(())
}

/// One more beat for all of these, in one statement; gives the chats that still belong to their runner. A runner
/// belongs to one chat, so the two lists need not be compared pair by pair.
pub async fn beat(
    tx: &mut Tx,
    beats: &[(ChatId, RunnerId)],
    now: DateTime<Utc>,
) -> Result<Vec<ChatId>, StoreError> {
    let chats = beats.iter().map(|(chat, _)| chat.0);
    let runners = beats.iter().map(|(_, runner)| runner.0);
    let owned: Vec<Uuid> = match tx {
        Tx::Sqlite(transaction) => {
            sqlx::query_scalar(BEAT_SQLITE)
                .bind(hex_ids(chats))
                .bind(hex_ids(runners))
                .bind(now)
                .fetch_all(&mut **transaction)
                .await?
        }
        Tx::Postgres(transaction) => {
            sqlx::query_scalar(BEAT_POSTGRES)
                .bind(chats.collect::<Vec<_>>())
                .bind(runners.collect::<Vec<_>>())
                .bind(now)
                .fetch_all(&mut **transaction)
                .await?
        }
    };
    Ok(owned.into_iter().map(ChatId).collect())
}

/// The chat has no owner any more.
pub async fn end(tx: &mut Tx, chat: ChatId) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(DELETE).bind(chat.0).execute(connection).await.map(|_| ())?);
    Ok(())
}

crate::statements![UPSERT, DELETE; BEAT_SQLITE => BEAT_POSTGRES];
