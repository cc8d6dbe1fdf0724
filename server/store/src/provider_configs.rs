//! Provider configurations. Keys are sealed before they come here.

use chrono::{DateTime, Utc};
use sdk::ids::{ModelConfigId, ProviderConfigId};
use sdk::providers::{KeyPolicy, ProviderKind, ProviderSource};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

macro_rules! columns {
    () => {
        "id, provider, display_name, base_url, api_key_sealed, enabled, source, deleted, created_at, updated_at, \
         central_api_key_enabled, allow_user_api_key, allow_central_api_key_fallback"
    };
}

const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM provider_configs WHERE NOT deleted ORDER BY created_at, id"
);
const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM provider_configs WHERE id = $1"
);
const GET_OF_MODEL: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM provider_configs WHERE id = (SELECT provider_config_id FROM model_configs WHERE id = $1)"
);
const LIST_BY_SOURCE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM provider_configs WHERE source = $1 ORDER BY created_at, id"
);
const INSERT: &str = concat!(
    "INSERT INTO provider_configs (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
);
const SAVE: &str = "UPDATE provider_configs SET display_name = $2, base_url = $3, api_key_sealed = $4, \
     enabled = $5, deleted = $6, updated_at = $7, central_api_key_enabled = $8, allow_user_api_key = $9, \
     allow_central_api_key_fallback = $10 WHERE id = $1";

/// A provider's row.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderRow {
    /// Id.
    pub id: ProviderConfigId,
    /// Wire protocol.
    pub provider: ProviderKind,
    /// Name shown to people.
    pub display_name: String,
    /// Base URL; empty = the provider's public one.
    pub base_url: String,
    /// The sealed key; empty = none.
    pub api_key_sealed: Vec<u8>,
    /// Whether its models are offered.
    pub enabled: bool,
    /// Whose key it is asked with.
    pub key_policy: KeyPolicy,
    /// Where it comes from.
    pub source: ProviderSource,
    /// Deleted, or named by an environment that names it no longer. Kept for the chats that used it.
    pub deleted: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for ProviderRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ProviderRow")
            .field("id", &self.id)
            .field("provider", &self.provider)
            .field("base_url", &self.base_url)
            .field("has_api_key", &!self.api_key_sealed.is_empty())
            .field("enabled", &self.enabled)
            .field("source", &self.source)
            .field("deleted", &self.deleted)
            .finish_non_exhaustive()
    }
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    provider: String,
    display_name: String,
    base_url: String,
    api_key_sealed: Vec<u8>,
    enabled: bool,
    source: String,
    deleted: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    central_api_key_enabled: bool,
    allow_user_api_key: bool,
    allow_central_api_key_fallback: bool,
}

impl TryFrom<Raw> for ProviderRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: ProviderConfigId(raw.id),
            provider: read_kind("provider_configs", &raw.provider)?,
            source: read_source(&raw.source)?,
            display_name: raw.display_name,
            base_url: raw.base_url,
            api_key_sealed: raw.api_key_sealed,
            enabled: raw.enabled,
            key_policy: KeyPolicy {
                central_api_key_enabled: raw.central_api_key_enabled,
                allow_user_api_key: raw.allow_user_api_key,
                allow_central_api_key_fallback: raw.allow_central_api_key_fallback,
            },
            deleted: raw.deleted,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
        })
    }
}

/// All providers that are not deleted, oldest first. An admin adds them one by one; the platform limits their number.
pub async fn list(db: &Db) -> Result<Vec<ProviderRow>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST).fetch_all(pool).await?);
    raw.into_iter().map(ProviderRow::try_from).collect()
}

/// All providers that are not deleted, as the transaction sees them.
pub async fn list_in(tx: &mut Tx) -> Result<Vec<ProviderRow>, StoreError> {
    let raw: Vec<Raw> = on_tx!(tx, connection => sqlx::query_as(LIST).fetch_all(connection).await?);
    raw.into_iter().map(ProviderRow::try_from).collect()
}

/// All providers of a source, the deleted ones too.
pub async fn list_by_source(
    tx: &mut Tx,
    source: ProviderSource,
) -> Result<Vec<ProviderRow>, StoreError> {
    let raw: Vec<Raw> = on_tx!(tx, connection =>
        sqlx::query_as(LIST_BY_SOURCE).bind(source_name(source)).fetch_all(connection).await?);
    raw.into_iter().map(ProviderRow::try_from).collect()
}

/// A provider, deleted or not.
pub async fn get(db: &Db, id: ProviderConfigId) -> Result<Option<ProviderRow>, StoreError> {
    let raw: Option<Raw> =
        on_reader!(db, pool => sqlx::query_as(GET).bind(id.0).fetch_optional(pool).await?);
    raw.map(ProviderRow::try_from).transpose()
}

/// The provider of a model, deleted or not.
pub async fn get_of_model(
    db: &Db,
    model: ModelConfigId,
) -> Result<Option<ProviderRow>, StoreError> {
    let raw: Option<Raw> = on_reader!(db, pool => sqlx::query_as(GET_OF_MODEL)
        .bind(model.0)
        .fetch_optional(pool)
        .await?);
    raw.map(ProviderRow::try_from).transpose()
}

/// A provider, deleted or not, as the transaction sees it.
pub async fn get_in(tx: &mut Tx, id: ProviderConfigId) -> Result<Option<ProviderRow>, StoreError> {
    let raw: Option<Raw> =
        on_tx!(tx, connection => sqlx::query_as(GET).bind(id.0).fetch_optional(connection).await?);
    raw.map(ProviderRow::try_from).transpose()
}

/// A new provider.
pub async fn insert(tx: &mut Tx, provider: &ProviderRow) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(provider.id.0)
        .bind(provider.provider.as_str())
        .bind(&provider.display_name)
        .bind(&provider.base_url)
        .bind(&provider.api_key_sealed)
        .bind(provider.enabled)
        .bind(source_name(provider.source))
        .bind(provider.deleted)
        .bind(provider.created_at)
        .bind(provider.updated_at)
        .bind(provider.key_policy.central_api_key_enabled)
        .bind(provider.key_policy.allow_user_api_key)
        .bind(provider.key_policy.allow_central_api_key_fallback)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Writes back everything but id, protocol and source.
pub async fn save(tx: &mut Tx, provider: &ProviderRow) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(SAVE)
        .bind(provider.id.0)
        .bind(&provider.display_name)
        .bind(&provider.base_url)
        .bind(&provider.api_key_sealed)
        .bind(provider.enabled)
        .bind(provider.deleted)
        .bind(provider.updated_at)
        .bind(provider.key_policy.central_api_key_enabled)
        .bind(provider.key_policy.allow_user_api_key)
        .bind(provider.key_policy.allow_central_api_key_fallback)
        .execute(connection)
        .await?
        .rows_affected());
    StoreError::expect_rows("provider_configs::save", changed, 1)
}

pub(crate) fn read_kind(table: &'static str, name: &str) -> Result<ProviderKind, StoreError> {
    let detail = || format!("provider {name:?}");
    ProviderKind::parse(name).ok_or_else(|| StoreError::Corrupt {
        table,
        detail: detail(),
    })
}

fn read_source(name: &str) -> Result<ProviderSource, StoreError> {
    [
        ProviderSource::Database,
        ProviderSource::EnvPreset,
        ProviderSource::BuiltIn,
    ]
    .into_iter()
    .find(|source| source_name(*source) == name)
    .ok_or_else(|| StoreError::Corrupt {
        table: "provider_configs",
        detail: format!("source {name:?}"),
    })
}

const fn source_name(source: ProviderSource) -> &'static str {
    match source {
        ProviderSource::Database => "database",
        ProviderSource::EnvPreset => "env_preset",
        ProviderSource::BuiltIn => "built_in",
    }
}

crate::statements![LIST, GET, GET_OF_MODEL, LIST_BY_SOURCE, INSERT, SAVE];
