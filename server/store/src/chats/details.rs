//! Writes that are no transition: the read cursor and the pin order.

use chrono::{DateTime, Utc};
use sdk::ids::{ChatId, UserId};

use crate::{Db, StoreError, Tx, on_tx, on_writer};

const MARK_READ: &str = "UPDATE chats SET changed_at = $2, last_read_message_id = COALESCE((SELECT MAX(id) FROM chat_messages \
     WHERE chat_id = $1 AND role = 'assistant' AND NOT deleted), 0) WHERE id = $1 AND last_read_message_id < \
     COALESCE((SELECT MAX(id) FROM chat_messages WHERE chat_id = $1 AND role = 'assistant' AND NOT deleted), 0) RETURNING owner_id";
const PINNED: &str = "SELECT id FROM chats WHERE owner_id = $1 AND pin_order > 0 ORDER BY pin_order, updated_at DESC, id DESC";
const OWNER: &str = "SELECT id FROM users WHERE id = $1";
const OWNER_LOCKED: &str = "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE";
const SET_PIN: &str =
    "UPDATE chats SET pin_order = $2, changed_at = $3 WHERE id = $1 AND pin_order <> $2";

/// Locks the order of the owner's pins until the transaction ends, before any chat is locked: two changes of it would
/// wait for each other's chats otherwise. SQLite's write transactions exclude each other anyway.
pub async fn lock_pins(tx: &mut Tx, owner: UserId) -> Result<(), StoreError> {
    match tx {
        Tx::Sqlite(transaction) => {
            sqlx::query(OWNER)
                .bind(owner.0)
                .fetch_optional(&mut **transaction)
                .await?;
        }
        Tx::Postgres(transaction) => {
            sqlx::query(OWNER_LOCKED)
                .bind(owner.0)
                .fetch_optional(&mut **transaction)
                .await?;
        }
    }
    Ok(())
}

/// Moves the read cursor to the newest answer. Whose list shows it, unless it stood there already.
pub async fn mark_read(
    db: &Db,
    chat: ChatId,
    now: DateTime<Utc>,
) -> Result<Option<UserId>, StoreError> {
    let owner: Option<uuid::Uuid> = on_writer!(db, pool => sqlx::query_scalar(MARK_READ)
        .bind(chat.0)
        .bind(now)
        .fetch_optional(pool)
        .await?);
    Ok(owner.map(UserId))
}

/// The same, as part of a transaction.
pub async fn mark_read_in(tx: &mut Tx, chat: ChatId, now: DateTime<Utc>) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(MARK_READ)
        .bind(chat.0)
        .bind(now)
        .execute(connection)
        .await
        .map(|_| ())?);
    Ok(())
}

/// The owner's pinned chats in order.
pub async fn pinned(tx: &mut Tx, owner: UserId) -> Result<Vec<ChatId>, StoreError> {
    let ids: Vec<uuid::Uuid> = on_tx!(tx, connection => sqlx::query_scalar(PINNED).bind(owner.0).fetch_all(connection).await?);
    Ok(ids.into_iter().map(ChatId).collect())
}

/// Gives a chat its place among the pinned ones; 0 unpins. Whether it had another one.
pub async fn set_pin(
    tx: &mut Tx,
    chat: ChatId,
    pin_order: i32,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(SET_PIN)
        .bind(chat.0)
        .bind(pin_order)
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

crate::statements![MARK_READ, PINNED, SET_PIN; OWNER => OWNER_LOCKED];
