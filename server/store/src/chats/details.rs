//! Writes that are no transition: the read cursor and the pin order.

use sdk::ids::{ChatId, UserId};

use crate::{Db, StoreError, Tx, on_tx, on_writer};

const MARK_READ: &str = "UPDATE chats SET last_read_message_id = COALESCE((SELECT MAX(id) FROM chat_messages \
     WHERE chat_id = $1 AND role = 'assistant' AND NOT deleted), 0) WHERE id = $1 AND last_read_message_id < \
     COALESCE((SELECT MAX(id) FROM chat_messages WHERE chat_id = $1 AND role = 'assistant' AND NOT deleted), 0)";
const PINNED: &str = "SELECT id FROM chats WHERE owner_id = $1 AND pin_order > 0 ORDER BY pin_order, updated_at DESC, id DESC";
const SET_PIN: &str = "UPDATE chats SET pin_order = $2 WHERE id = $1 AND pin_order <> $2";

/// Moves the read cursor to the newest answer.
pub async fn mark_read(db: &Db, chat: ChatId) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(MARK_READ).bind(chat.0).execute(pool).await.map(|_| ())?);
    Ok(())
}

/// The same, as part of a transaction.
pub async fn mark_read_in(tx: &mut Tx, chat: ChatId) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(MARK_READ).bind(chat.0).execute(connection).await.map(|_| ())?);
    Ok(())
}

/// The owner's pinned chats in order.
pub async fn pinned(tx: &mut Tx, owner: UserId) -> Result<Vec<ChatId>, StoreError> {
    let ids: Vec<uuid::Uuid> = on_tx!(tx, connection => sqlx::query_scalar(PINNED).bind(owner.0).fetch_all(connection).await?);
    Ok(ids.into_iter().map(ChatId).collect())
}

/// Gives a chat its place among the pinned ones; 0 unpins.
pub async fn set_pin(tx: &mut Tx, chat: ChatId, pin_order: i32) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(SET_PIN)
        .bind(chat.0)
        .bind(pin_order)
        .execute(connection)
        .await
        .map(|_| ())?);
    Ok(())
}

crate::statements![MARK_READ, PINNED, SET_PIN];
