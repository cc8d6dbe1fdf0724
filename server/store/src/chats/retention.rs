//! Archived chats that are too old to be kept.

use chrono::{DateTime, Utc};

use crate::{Db, StoreError, on_writer};

/// A chat that was taken out of the archive meanwhile stays: the last condition is looked at again before it goes.
const DELETE_OLD: &str = "WITH old AS (SELECT id FROM chats \
         WHERE archived AND parent_chat_id IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT $2) \
     DELETE FROM chats WHERE (id IN (SELECT id FROM old) OR root_chat_id IN (SELECT id FROM old)) AND archived";

/// Deletes archived chats whose tree did not change since `before`, the oldest first, at most `limit` trees. Gives how
/// many chats went, those below others among them.
pub async fn delete_archived(
    db: &Db,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    Ok(on_writer!(db, pool => sqlx::query(DELETE_OLD)
        .bind(before)
        .bind(limit)
        .execute(pool)
        .await?
        .rows_affected()))
}

crate::statements![DELETE_OLD];
