//! People's own keys for model providers. They are sealed before they come here.

use chrono::{DateTime, Utc};
use sdk::ids::{ProviderConfigId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

const LIST: &str =
    "SELECT id, provider_config_id, api_key_sealed FROM user_provider_keys WHERE user_id = $1";
const GET: &str = "SELECT id, provider_config_id, api_key_sealed FROM user_provider_keys \
     WHERE user_id = $1 AND provider_config_id = $2";
const INSERT: &str = "INSERT INTO user_provider_keys (id, user_id, provider_config_id, api_key_sealed, created_at, \
     updated_at) VALUES ($1, $2, $3, $4, $5, $5)";
const UPDATE: &str =
    "UPDATE user_provider_keys SET api_key_sealed = $2, updated_at = $3 WHERE id = $1";
const DELETE: &str =
    "DELETE FROM user_provider_keys WHERE user_id = $1 AND provider_config_id = $2";
const DELETE_OF_PROVIDER: &str = "DELETE FROM user_provider_keys WHERE provider_config_id = $1";

/// A person's key for a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct UserKeyRow {
    /// Its id, which the secret is bound to.
    pub id: Uuid,
    /// The provider.
    pub provider_config_id: ProviderConfigId,
    /// The sealed key.
    pub api_key_sealed: Vec<u8>,
}

impl std::fmt::Debug for UserKeyRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("UserKeyRow")
            .field("id", &self.id)
            .field("provider_config_id", &self.provider_config_id)
            .finish_non_exhaustive()
    }
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    provider_config_id: Uuid,
    api_key_sealed: Vec<u8>,
}

impl From<Raw> for UserKeyRow {
    fn from(raw: Raw) -> Self {
        Self {
            id: raw.id,
            provider_config_id: ProviderConfigId(raw.provider_config_id),
            api_key_sealed: raw.api_key_sealed,
        }
    }
}

/// A person's keys: at most one for each provider.
pub async fn list(db: &Db, user: UserId) -> Result<Vec<UserKeyRow>, StoreError> {
    let raw: Vec<Raw> =
        on_reader!(db, pool => sqlx::query_as(LIST).bind(user.0).fetch_all(pool).await?);
    Ok(raw.into_iter().map(UserKeyRow::from).collect())
}

/// A person's key for a provider.
pub async fn get(
    db: &Db,
    user: UserId,
    provider: ProviderConfigId,
) -> Result<Option<UserKeyRow>, StoreError> {
    let raw: Option<Raw> = on_reader!(db, pool => sqlx::query_as(GET)
        .bind(user.0)
        .bind(provider.0)
        .fetch_optional(pool)
        .await?);
    Ok(raw.map(UserKeyRow::from))
}

/// A person's key for a provider, as the transaction sees it.
pub async fn get_in(
    tx: &mut Tx,
    user: UserId,
    provider: ProviderConfigId,
) -> Result<Option<UserKeyRow>, StoreError> {
    let raw: Option<Raw> = on_tx!(tx, connection => sqlx::query_as(GET)
        .bind(user.0)
        .bind(provider.0)
        .fetch_optional(connection)
        .await?);
    Ok(raw.map(UserKeyRow::from))
}

/// A person's first key for a provider.
pub async fn insert(
    tx: &mut Tx,
    user: UserId,
    key: &UserKeyRow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(key.id)
        .bind(user.0)
        .bind(key.provider_config_id.0)
        .bind(&key.api_key_sealed)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Another key in the place of one.
pub async fn replace(tx: &mut Tx, key: &UserKeyRow, now: DateTime<Utc>) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(UPDATE)
        .bind(key.id)
        .bind(&key.api_key_sealed)
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected());
    StoreError::expect_rows("user_provider_keys::replace", changed, 1)
}

/// Removes a person's key; whether there was one.
pub async fn delete(
    tx: &mut Tx,
    user: UserId,
    provider: ProviderConfigId,
) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(DELETE)
        .bind(user.0)
        .bind(provider.0)
        .execute(connection)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

/// Removes everybody's key of a provider.
pub async fn delete_of_provider(tx: &mut Tx, provider: ProviderConfigId) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(DELETE_OF_PROVIDER)
        .bind(provider.0)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

crate::statements![LIST, GET, INSERT, UPDATE, DELETE, DELETE_OF_PROVIDER];
