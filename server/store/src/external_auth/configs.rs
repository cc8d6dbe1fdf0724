//! As whom git hosts know this deployment. Secrets are sealed before they come here.

use std::fmt;

use chrono::{DateTime, Utc};
use sdk::external_auth::GitHostKind;
use sdk::ids::ExternalAuthConfigId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

macro_rules! columns {
    () => {
        "id, name, kind, display_name, base_url, api_base_url, client_id, client_secret_sealed, scopes, device_flow, \
         created_at, updated_at, webhook_secret_sealed"
    };
}

const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM external_auth_configs ORDER BY name"
);
const INSERT: &str = concat!(
    "INSERT INTO external_auth_configs (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
);
const SAVE: &str = "UPDATE external_auth_configs SET display_name = $2, api_base_url = $3, client_id = $4, \
     client_secret_sealed = $5, scopes = $6, device_flow = $7, updated_at = $8, webhook_secret_sealed = $9 WHERE id = $1";
const DELETE: &str = "DELETE FROM external_auth_configs WHERE id = $1";

/// A configuration with its secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigRow {
    /// Its id, which the secrets are bound to.
    pub id: ExternalAuthConfigId,
    /// The short name.
    pub name: String,
    /// What the host speaks.
    pub kind: GitHostKind,
    /// What people are shown.
    pub display_name: String,
    /// The address of the host's pages.
    pub base_url: String,
    /// The address of its API; empty = where its kind has it.
    pub api_base_url: String,
    /// The application's id there.
    pub client_id: String,
    /// The sealed secret; empty = none.
    pub client_secret_sealed: Vec<u8>,
    /// What tokens shall be good for.
    pub scopes: Vec<String>,
    /// Whether device codes are allowed.
    pub device_flow: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// What the host signs its webhooks with, sealed; empty = none.
    pub webhook_secret_sealed: Vec<u8>,
}

impl fmt::Debug for ConfigRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ConfigRow")
            .field("name", &self.name)
            .field("base_url", &self.base_url)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    name: String,
    kind: String,
    display_name: String,
    base_url: String,
    api_base_url: String,
    client_id: String,
    client_secret_sealed: Vec<u8>,
    scopes: String,
    device_flow: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    webhook_secret_sealed: Vec<u8>,
}

impl TryFrom<Raw> for ConfigRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: ExternalAuthConfigId(raw.id),
            kind: read_kind(&raw.kind)?,
            name: raw.name,
            display_name: raw.display_name,
            base_url: raw.base_url,
            api_base_url: raw.api_base_url,
            client_id: raw.client_id,
            client_secret_sealed: raw.client_secret_sealed,
            scopes: raw.scopes.split_whitespace().map(str::to_owned).collect(),
            device_flow: raw.device_flow,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
            webhook_secret_sealed: raw.webhook_secret_sealed,
        })
    }
}

/// All of them, by name. Their number is limited where they are made.
pub async fn list(db: &Db) -> Result<Vec<ConfigRow>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST).fetch_all(pool).await?);
    raw.into_iter().map(ConfigRow::try_from).collect()
}

/// All of them, as the transaction sees them.
pub async fn list_in(tx: &mut Tx) -> Result<Vec<ConfigRow>, StoreError> {
    let raw: Vec<Raw> = on_tx!(tx, connection => sqlx::query_as(LIST).fetch_all(connection).await?);
    raw.into_iter().map(ConfigRow::try_from).collect()
}

/// A new one.
pub async fn insert(tx: &mut Tx, config: &ConfigRow) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(config.id.0)
        .bind(&config.name)
        .bind(kind_name(config.kind))
        .bind(&config.display_name)
        .bind(&config.base_url)
        .bind(&config.api_base_url)
        .bind(&config.client_id)
        .bind(&config.client_secret_sealed)
        .bind(config.scopes.join(" "))
        .bind(config.device_flow)
        .bind(config.created_at)
        .bind(config.updated_at)
        .bind(&config.webhook_secret_sealed)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Writes back everything but name, kind and host.
pub async fn save(tx: &mut Tx, config: &ConfigRow) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(SAVE)
        .bind(config.id.0)
        .bind(&config.display_name)
        .bind(&config.api_base_url)
        .bind(&config.client_id)
        .bind(&config.client_secret_sealed)
        .bind(config.scopes.join(" "))
        .bind(config.device_flow)
        .bind(config.updated_at)
        .bind(&config.webhook_secret_sealed)
        .execute(connection)
        .await?
        .rows_affected());
    StoreError::expect_rows("external_auth::configs::save", changed, 1)
}

/// Removes one with its secrets. People's links stay.
pub async fn delete(tx: &mut Tx, id: ExternalAuthConfigId) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection =>
        sqlx::query(DELETE).bind(id.0).execute(connection).await?.rows_affected());
    StoreError::expect_rows("external_auth::configs::delete", changed, 1)
}

const fn kind_name(kind: GitHostKind) -> &'static str {
    match kind {
        GitHostKind::Github => "github",
    }
}

fn read_kind(name: &str) -> Result<GitHostKind, StoreError> {
    match name {
        "github" => Ok(GitHostKind::Github),
        other => Err(StoreError::Corrupt {
            table: "external_auth_configs",
            detail: format!("kind {other:?}"),
        }),
    }
}

crate::statements![LIST, INSERT, SAVE, DELETE];
