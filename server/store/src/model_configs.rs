//! Model configurations. A model is offered when it and its provider are enabled and neither is deleted.

use chrono::{DateTime, Utc};
use sdk::ids::{ModelConfigId, ProviderConfigId};
use sdk::models::{ModelCallConfig, ModelConfig};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::provider_configs::read_kind;
use crate::{Db, StoreError, Tx, on_reader, on_tx};

macro_rules! columns {
    () => {
        "m.id, m.provider_config_id, p.provider, m.model, m.display_name, m.enabled, m.is_default, \
         m.context_limit, m.compression_threshold, m.options, m.created_at, m.updated_at, \
         (m.enabled AND p.enabled AND NOT m.deleted AND NOT p.deleted) AS is_offered, m.deleted OR p.deleted AS is_deleted \
         FROM model_configs m JOIN provider_configs p ON p.id = m.provider_config_id"
    };
}

const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE NOT m.deleted AND NOT p.deleted ORDER BY p.created_at, p.id, m.created_at, m.id"
);
const GET: &str = concat!("SELECT ", columns!(), " WHERE m.id = $1");
const GET_DEFAULT: &str = concat!(
    "SELECT ",
    columns!(),
    " WHERE m.is_default AND m.enabled AND p.enabled AND NOT m.deleted AND NOT p.deleted"
);
const IDENTIFIERS: &str = "SELECT model FROM model_configs WHERE provider_config_id = $1";
const INSERT: &str = "INSERT INTO model_configs (id, provider_config_id, model, display_name, enabled, is_default, \
     context_limit, compression_threshold, options, deleted, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, FALSE, $6, $7, $8, FALSE, $9, $10)";
const SAVE: &str = "UPDATE model_configs SET model = $2, display_name = $3, enabled = $4, context_limit = $5, \
     compression_threshold = $6, options = $7, updated_at = $8 WHERE id = $1";
const CLEAR_DEFAULT: &str = "UPDATE model_configs SET is_default = FALSE WHERE is_default";
const SET_DEFAULT: &str = "UPDATE model_configs SET is_default = TRUE WHERE id = $1";
const DELETE: &str =
    "UPDATE model_configs SET deleted = TRUE, is_default = FALSE, updated_at = $2 WHERE id = $1";
const DELETE_OF_PROVIDER: &str = "UPDATE model_configs SET deleted = TRUE, is_default = FALSE, updated_at = $2 \
     WHERE provider_config_id = $1 AND NOT deleted";

/// A model with what its provider decides about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelRow {
    /// As admins see it.
    pub config: ModelConfig,
    /// Whether it and its provider are enabled and not deleted.
    pub is_offered: bool,
    /// Whether it or its provider is deleted.
    pub is_deleted: bool,
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    provider_config_id: Uuid,
    provider: String,
    model: String,
    display_name: String,
    enabled: bool,
    is_default: bool,
    context_limit: i64,
    compression_threshold: i32,
    options: Json<ModelCallConfig>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    is_offered: bool,
    is_deleted: bool,
}

impl TryFrom<Raw> for ModelRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let config = ModelConfig {
            id: ModelConfigId(raw.id),
            provider_config_id: ProviderConfigId(raw.provider_config_id),
            provider: read_kind("model_configs", &raw.provider)?,
            model: raw.model,
            display_name: raw.display_name,
            enabled: raw.enabled,
            is_default: raw.is_default,
            context_limit: raw.context_limit,
            compression_threshold: raw.compression_threshold,
            model_config: raw.options.0,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
        };
        Ok(Self {
            config,
            is_offered: raw.is_offered,
            is_deleted: raw.is_deleted,
        })
    }
}

/// All models that are not deleted, by provider, oldest first. The platform limits their number.
pub async fn list(db: &Db) -> Result<Vec<ModelRow>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST).fetch_all(pool).await?);
    raw.into_iter().map(ModelRow::try_from).collect()
}

/// All models that are not deleted, as the transaction sees them.
pub async fn list_in(tx: &mut Tx) -> Result<Vec<ModelRow>, StoreError> {
    let raw: Vec<Raw> = on_tx!(tx, connection => sqlx::query_as(LIST).fetch_all(connection).await?);
    raw.into_iter().map(ModelRow::try_from).collect()
}

/// A model, deleted or not.
pub async fn get(db: &Db, id: ModelConfigId) -> Result<Option<ModelRow>, StoreError> {
    let raw: Option<Raw> =
        on_reader!(db, pool => sqlx::query_as(GET).bind(id.0).fetch_optional(pool).await?);
    raw.map(ModelRow::try_from).transpose()
}

/// A model, deleted or not, as the transaction sees it.
pub async fn get_in(tx: &mut Tx, id: ModelConfigId) -> Result<Option<ModelRow>, StoreError> {
    let raw: Option<Raw> =
        on_tx!(tx, connection => sqlx::query_as(GET).bind(id.0).fetch_optional(connection).await?);
    raw.map(ModelRow::try_from).transpose()
}

/// The model of new chats.
pub async fn get_default(db: &Db) -> Result<Option<ModelRow>, StoreError> {
    let raw: Option<Raw> =
        on_reader!(db, pool => sqlx::query_as(GET_DEFAULT).fetch_optional(pool).await?);
    raw.map(ModelRow::try_from).transpose()
}

/// The identifiers of all models a provider ever had here, the deleted ones too.
pub async fn list_identifiers(
    tx: &mut Tx,
    provider_id: ProviderConfigId,
) -> Result<Vec<String>, StoreError> {
    Ok(on_tx!(tx, connection =>
        sqlx::query_scalar(IDENTIFIERS).bind(provider_id.0).fetch_all(connection).await?))
}

/// A new model; it is not the default yet.
pub async fn insert(tx: &mut Tx, model: &ModelConfig) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(model.id.0)
        .bind(model.provider_config_id.0)
        .bind(&model.model)
        .bind(&model.display_name)
        .bind(model.enabled)
        .bind(model.context_limit)
        .bind(model.compression_threshold)
        .bind(Json(&model.model_config))
        .bind(model.created_at)
        .bind(model.updated_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Writes back everything but id, provider and whether it is the default.
pub async fn save(tx: &mut Tx, model: &ModelConfig) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(SAVE)
        .bind(model.id.0)
        .bind(&model.model)
        .bind(&model.display_name)
        .bind(model.enabled)
        .bind(model.context_limit)
        .bind(model.compression_threshold)
        .bind(Json(&model.model_config))
        .bind(model.updated_at)
        .execute(connection)
        .await?
        .rows_affected());
    StoreError::expect_rows("model_configs::save", changed, 1)
}

/// Makes one model the default, or none.
pub async fn set_default(tx: &mut Tx, id: Option<ModelConfigId>) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(CLEAR_DEFAULT).execute(connection).await.map(drop)?);
    let Some(id) = id else { return Ok(()) };
    let changed = on_tx!(tx, connection =>
        sqlx::query(SET_DEFAULT).bind(id.0).execute(connection).await?.rows_affected());
    StoreError::expect_rows("model_configs::set_default", changed, 1)
}

/// Marks a model as deleted.
pub async fn delete(tx: &mut Tx, id: ModelConfigId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection =>
        sqlx::query(DELETE).bind(id.0).bind(now).execute(connection).await?.rows_affected());
    StoreError::expect_rows("model_configs::delete", changed, 1)
}

/// Marks all models of a provider as deleted.
pub async fn delete_of_provider(
    tx: &mut Tx,
    id: ProviderConfigId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_tx!(tx, connection =>
        sqlx::query(DELETE_OF_PROVIDER).bind(id.0).bind(now).execute(connection).await.map(drop)?);
    Ok(())
}

crate::statements![
    LIST,
    GET,
    GET_DEFAULT,
    IDENTIFIERS,
    INSERT,
    SAVE,
    CLEAR_DEFAULT,
    SET_DEFAULT,
    DELETE,
    DELETE_OF_PROVIDER,
];
