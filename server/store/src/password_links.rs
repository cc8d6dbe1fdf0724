//! Links with which people set their own password, once. Only the hash of what a link holds is stored.

use chrono::{DateTime, Utc};
use sdk::ids::UserId;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

const PUT: &str = "INSERT INTO password_links (user_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at, \
     expires_at = excluded.expires_at";
const FIND: &str = "SELECT user_id FROM password_links WHERE token_hash = $1 AND expires_at > $2";
const TAKE: &str = "DELETE FROM password_links WHERE token_hash = $1 AND expires_at > $2";
const DELETE_OF_USER: &str = "DELETE FROM password_links WHERE user_id = $1";

/// A user's link; the one before holds no more.
pub async fn put(
    tx: &mut Tx,
    user: UserId,
    token_hash: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(PUT)
        .bind(user.0)
        .bind(token_hash)
        .bind(now)
        .bind(expires_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Whose link it is, while it holds.
pub async fn find(
    db: &Db,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<UserId>, StoreError> {
    let user: Option<Uuid> = on_reader!(db, pool => sqlx::query_scalar(FIND)
        .bind(token_hash)
        .bind(now)
        .fetch_optional(pool)
        .await?);
    Ok(user.map(UserId))
}

/// Uses a link up. Whether it held: of two at once one finds it.
pub async fn take(tx: &mut Tx, token_hash: &[u8], now: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(TAKE)
        .bind(token_hash)
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// A user's link holds no more.
pub async fn delete_of_user(tx: &mut Tx, user: UserId) -> Result<(), StoreError> {
    on_tx!(tx, connection =>
        sqlx::query(DELETE_OF_USER).bind(user.0).execute(connection).await.map(drop)?);
    Ok(())
}

crate::statements![PUT, FIND, TAKE, DELETE_OF_USER];
