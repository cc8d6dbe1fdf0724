//! Signs of life of the workers, apart from the chats so that a beat rewrites no wide row.

use chrono::{DateTime, Utc};
use sdk::ids::{ChatId, RunnerId};

use crate::{StoreError, Tx, on_tx};

const UPSERT: &str = "INSERT INTO chat_heartbeats (chat_id, runner_id, beat_at) VALUES ($1, $2, $3) \
     ON CONFLICT (chat_id) DO UPDATE SET runner_id = excluded.runner_id, beat_at = excluded.beat_at";
const BEAT: &str = "UPDATE chat_heartbeats SET beat_at = $3 WHERE chat_id = $1 AND runner_id = $2";
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

/// One more beat; false when somebody else owns the chat now.
pub async fn beat(
    tx: &mut Tx,
    chat: ChatId,
    runner: RunnerId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(BEAT)
        .bind(chat.0)
        .bind(runner.0)
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected());
    Ok(changed == 1)
}

/// The chat has no owner any more.
pub async fn end(tx: &mut Tx, chat: ChatId) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(DELETE).bind(chat.0).execute(connection).await.map(|_| ())?);
    Ok(())
}

crate::statements![UPSERT, BEAT, DELETE];
