//! Deployment-wide settings: one JSON value a key.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::types::Json;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

const TABLE: &str = "settings";

const GET: &str = "SELECT value FROM settings WHERE key = $1";
const PUT: &str = "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3) \
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
const DELETE: &str = "DELETE FROM settings WHERE key = $1";

/// A setting; `None` when it was never set.
pub async fn get<T: DeserializeOwned>(db: &Db, key: &str) -> Result<Option<T>, StoreError> {
    let value: Option<Json<Value>> =
        on_reader!(db, pool => sqlx::query_scalar(GET).bind(key).fetch_optional(pool).await?);
    value.map(|json| read(TABLE, key, json.0)).transpose()
}

/// A setting, as the transaction sees it.
pub async fn get_in<T: DeserializeOwned>(tx: &mut Tx, key: &str) -> Result<Option<T>, StoreError> {
    let value: Option<Json<Value>> = on_tx!(tx, connection => sqlx::query_scalar(GET).bind(key).fetch_optional(connection).await?);
    value.map(|json| read(TABLE, key, json.0)).transpose()
}

/// Sets a setting.
pub async fn put<T: Serialize>(
    tx: &mut Tx,
    key: &str,
    value: &T,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let value = write(TABLE, key, value)?;
    on_tx!(tx, connection => sqlx::query(PUT)
        .bind(key)
        .bind(Json(&value))
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Forgets a setting.
pub async fn delete(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(DELETE).bind(key).execute(connection).await.map(drop)?);
    Ok(())
}

/// A value of a table of settings as what it stands for.
pub(crate) fn read<T: DeserializeOwned>(
    table: &'static str,
    key: &str,
    value: Value,
) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| corrupt(table, key, &error))
}

/// What a table of settings keeps for it.
pub(crate) fn write<T: Serialize>(
    table: &'static str,
    key: &str,
    value: &T,
) -> Result<Value, StoreError> {
    serde_json::to_value(value).map_err(|error| corrupt(table, key, &error))
}

fn corrupt(table: &'static str, key: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt {
        table,
        detail: format!("{key}: {error}"),
    }
}

crate::statements![GET, PUT, DELETE];
