//! Texts of versions of files that comments in a chat were made on. Each is kept once for a chat, by the name that git gives to its
//! content, and goes with the chat.

use chrono::{DateTime, Utc};
use sdk::ids::ChatId;

use crate::{Db, StoreError, Tx, on_reader, on_tx, packing};

const TABLE: &str = "chat_diff_texts";

const READ: &str = "SELECT is_deflated, data FROM chat_diff_texts WHERE chat_id = $1 AND blob = $2";
const INSERT: &str = "INSERT INTO chat_diff_texts (chat_id, blob, is_deflated, data, created_at) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (chat_id, blob) DO NOTHING";
const DELETE_OLDEST: &str = "DELETE FROM chat_diff_texts WHERE chat_id = $1 AND blob IN (SELECT blob FROM chat_diff_texts \
     WHERE chat_id = $1 ORDER BY created_at DESC, blob LIMIT 100 OFFSET $2)";

/// The text of a version; nothing when it is not kept.
pub async fn read(db: &Db, chat: ChatId, blob: &str) -> Result<Option<String>, StoreError> {
    let row: Option<(bool, Vec<u8>)> = on_reader!(db, pool => sqlx::query_as(READ)
        .bind(chat.0)
        .bind(blob)
        .fetch_optional(pool)
        .await?);
    let Some((is_deflated, data)) = row else {
        return Ok(None);
    };
    let text = String::from_utf8(packing::unpack(TABLE, is_deflated, data)?);
    let text = text.map_err(|error| StoreError::Corrupt {
        table: TABLE,
        detail: error.to_string(),
    });
    text.map(Some)
}

/// Keeps the text of a version, at most 1 MiB of it. The chat keeps the newest `kept`; older ones are removed.
pub async fn put(
    tx: &mut Tx,
    chat: ChatId,
    blob: &str,
    text: &str,
    kept: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (is_deflated, data) = packing::pack(text.as_bytes());
    on_tx!(&mut *tx, connection => sqlx::query(INSERT)
        .bind(chat.0)
        .bind(blob)
        .bind(is_deflated)
        .bind(data)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    on_tx!(tx, connection => sqlx::query(DELETE_OLDEST)
        .bind(chat.0)
        .bind(kept)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

crate::statements![READ, INSERT, DELETE_OLDEST];
