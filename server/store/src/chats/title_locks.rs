//! Who has a title made for a chat: one process at a time, for as long as its lock lasts.

use chrono::{DateTime, Utc};
use sdk::ids::ChatId;
use uuid::Uuid;

use crate::{Db, StoreError, on_reader, on_writer};

const TAKE: &str = "INSERT INTO chat_title_locks (chat_id, holder, expires_at) VALUES ($1, $2, $3) \
     ON CONFLICT (chat_id) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at \
     WHERE chat_title_locks.expires_at <= $4";
const IS_HELD: &str =
    "SELECT EXISTS (SELECT 1 FROM chat_title_locks WHERE chat_id = $1 AND expires_at > $2)";
const RELEASE: &str = "DELETE FROM chat_title_locks WHERE chat_id = $1 AND holder = $2";

/// Takes the lock until it expires; false while somebody else holds it.
pub async fn take(
    db: &Db,
    chat: ChatId,
    holder: Uuid,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(TAKE)
        .bind(chat.0)
        .bind(holder)
        .bind(expires_at)
        .bind(now)
        .execute(pool)
        .await?
        .rows_affected());
    Ok(changed == 1)
}

/// Whether anybody holds it.
pub async fn is_held(db: &Db, chat: ChatId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    Ok(on_reader!(db, pool => sqlx::query_scalar(IS_HELD)
        .bind(chat.0)
        .bind(now)
        .fetch_one(pool)
        .await?))
}

/// Gives it back; one that expired and is somebody else's now stays theirs.
pub async fn release(db: &Db, chat: ChatId, holder: Uuid) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(RELEASE)
        .bind(chat.0)
        .bind(holder)
        .execute(pool)
        .await
        .map(|_| ())?);
    Ok(())
}

crate::statements![TAKE, IS_HELD, RELEASE];
