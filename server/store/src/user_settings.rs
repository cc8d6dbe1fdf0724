//! What people set for themselves: one JSON value for each person and key.

use chrono::{DateTime, Utc};
use sdk::ids::UserId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::types::Json;

use crate::settings::{read, write};
use crate::{Db, StoreError, Tx, on_reader, on_tx};

const TABLE: &str = "user_settings";

const GET: &str = "SELECT value FROM user_settings WHERE user_id = $1 AND key = $2";
const LIST: &str = "SELECT key, value FROM user_settings WHERE user_id = $1 \
     AND SUBSTR(key, 1, LENGTH($2)) = $2 ORDER BY key";
const PUT: &str = "INSERT INTO user_settings (user_id, key, value, updated_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
const DELETE: &str = "DELETE FROM user_settings WHERE user_id = $1 AND key = $2";

/// A person's setting; `None` when they never set it.
pub async fn get<T: DeserializeOwned>(
    db: &Db,
    user: UserId,
    key: &str,
) -> Result<Option<T>, StoreError> {
    let value: Option<Json<Value>> = on_reader!(db, pool =>
        sqlx::query_scalar(GET).bind(user.0).bind(key).fetch_optional(pool).await?);
    value.map(|json| read(TABLE, key, json.0)).transpose()
}

/// A person's settings whose keys begin with `prefix`, each with the rest of its key.
pub async fn list(db: &Db, user: UserId, prefix: &str) -> Result<Vec<(String, Value)>, StoreError> {
    let rows: Vec<(String, Json<Value>)> = on_reader!(db, pool =>
        sqlx::query_as(LIST).bind(user.0).bind(prefix).fetch_all(pool).await?);
    let rest = |key: &str| key.strip_prefix(prefix).unwrap_or(key).to_owned();
    Ok(rows
        .into_iter()
        .map(|(key, value)| (rest(&key), value.0))
        .collect())
}

/// Sets a person's setting.
pub async fn put<T: Serialize>(
    tx: &mut Tx,
    user: UserId,
    key: &str,
    value: &T,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let value = write(TABLE, key, value)?;
    on_tx!(tx, connection => sqlx::query(PUT)
        .bind(user.0)
        .bind(key)
        .bind(Json(&value))
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Forgets a person's setting; one that was never set is fine.
pub async fn delete(tx: &mut Tx, user: UserId, key: &str) -> Result<(), StoreError> {
    on_tx!(tx, connection =>
        sqlx::query(DELETE).bind(user.0).bind(key).execute(connection).await.map(drop)?);
    Ok(())
}

crate::statements![GET, LIST, PUT, DELETE];
