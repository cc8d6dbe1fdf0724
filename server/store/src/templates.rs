//! Templates of workspaces.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sdk::ids::{OrganizationId, TemplateId};
use sdk::templates::{TemplateBackend, TemplateParameter};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

macro_rules! columns {
    () => {
        "id, organization_id, name, display_name, description, icon, backend, folder, repository_url, branch, \
         setup_script, environment, parameters, idle_stop_seconds, deprecated, deleted, created_at, updated_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO templates (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
);
const UPDATE: &str = "UPDATE templates SET name = $2, display_name = $3, description = $4, icon = $5, folder = $6, \
     repository_url = $7, branch = $8, setup_script = $9, environment = $10, parameters = $11, \
     idle_stop_seconds = $12, deprecated = $13, deleted = $14, updated_at = $15 WHERE id = $1";
const GET: &str = concat!("SELECT ", columns!(), " FROM templates WHERE id = $1");
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM templates WHERE organization_id = $1 AND NOT deleted ORDER BY name LIMIT $2"
);
const DEVELOPERS: &str = "SELECT template_id, COUNT(DISTINCT owner_id) FROM workspaces \
     WHERE organization_id = $1 AND template_id IS NOT NULL AND NOT deleted GROUP BY template_id";

/// A template's row.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateRow {
    /// Id.
    pub id: TemplateId,
    /// Organization.
    pub organization_id: OrganizationId,
    /// Name, unique in the organization among those that are not deleted.
    pub name: String,
    /// What people read in its place.
    pub display_name: String,
    /// What its workspaces are for.
    pub description: String,
    /// An emoji.
    pub icon: String,
    /// What kind of workspace it makes.
    pub backend: TemplateBackend,
    /// A repository on the server's machine.
    pub folder: Option<String>,
    /// A repository to clone.
    pub repository_url: Option<String>,
    /// The branch to clone.
    pub branch: Option<String>,
    /// Runs in the workspace once.
    pub setup_script: String,
    /// Environment of every command.
    pub environment: BTreeMap<String, String>,
    /// What whoever makes a workspace says.
    pub parameters: Vec<TemplateParameter>,
    /// Seconds without use after which a workspace is stopped.
    pub idle_stop_seconds: Option<u32>,
    /// Not to be used any more.
    pub deprecated: bool,
    /// Gone; its workspaces still name it.
    pub deleted: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    display_name: String,
    description: String,
    icon: String,
    backend: String,
    folder: Option<String>,
    repository_url: Option<String>,
    branch: Option<String>,
    setup_script: String,
    environment: Json<BTreeMap<String, String>>,
    parameters: Json<Vec<TemplateParameter>>,
    idle_stop_seconds: Option<i64>,
    deprecated: bool,
    deleted: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Raw> for TemplateRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let backend = TemplateBackend::parse(&raw.backend).ok_or_else(|| StoreError::Corrupt {
            table: "templates",
            detail: format!("backend {:?}", raw.backend),
        })?;
        Ok(Self {
            id: TemplateId(raw.id),
            organization_id: OrganizationId(raw.organization_id),
            name: raw.name,
            display_name: raw.display_name,
            description: raw.description,
            icon: raw.icon,
            backend,
            folder: raw.folder,
            repository_url: raw.repository_url,
            branch: raw.branch,
            setup_script: raw.setup_script,
            environment: raw.environment.0,
            parameters: raw.parameters.0,
            idle_stop_seconds: raw
                .idle_stop_seconds
                .and_then(|seconds| u32::try_from(seconds).ok()),
            deprecated: raw.deprecated,
            deleted: raw.deleted,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
        })
    }
}

/// A new template. A name that is taken is [`StoreError::unique_violation`].
pub async fn insert(tx: &mut Tx, row: &TemplateRow) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(row.id.0)
        .bind(row.organization_id.0)
        .bind(&row.name)
        .bind(&row.display_name)
        .bind(&row.description)
        .bind(&row.icon)
        .bind(row.backend.as_str())
        .bind(&row.folder)
        .bind(&row.repository_url)
        .bind(&row.branch)
        .bind(&row.setup_script)
        .bind(Json(&row.environment))
        .bind(Json(&row.parameters))
        .bind(row.idle_stop_seconds.map(i64::from))
        .bind(row.deprecated)
        .bind(row.deleted)
        .bind(row.created_at)
        .bind(row.updated_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Writes back what can change. A name that is taken is [`StoreError::unique_violation`].
pub async fn update(tx: &mut Tx, row: &TemplateRow) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(UPDATE)
        .bind(row.id.0)
        .bind(&row.name)
        .bind(&row.display_name)
        .bind(&row.description)
        .bind(&row.icon)
        .bind(&row.folder)
        .bind(&row.repository_url)
        .bind(&row.branch)
        .bind(&row.setup_script)
        .bind(Json(&row.environment))
        .bind(Json(&row.parameters))
        .bind(row.idle_stop_seconds.map(i64::from))
        .bind(row.deprecated)
        .bind(row.deleted)
        .bind(row.updated_at)
        .execute(connection)
        .await?
        .rows_affected());
    StoreError::expect_rows("templates::update", changed, 1)
}

/// A template, deleted or not.
pub async fn get(db: &Db, id: TemplateId) -> Result<Option<TemplateRow>, StoreError> {
    let raw: Option<Raw> =
        on_reader!(db, pool => sqlx::query_as(GET).bind(id.0).fetch_optional(pool).await?);
    raw.map(TemplateRow::try_from).transpose()
}

/// A template as the transaction sees it, deleted or not.
pub async fn get_in(tx: &mut Tx, id: TemplateId) -> Result<Option<TemplateRow>, StoreError> {
    let raw: Option<Raw> =
        on_tx!(tx, connection => sqlx::query_as(GET).bind(id.0).fetch_optional(connection).await?);
    raw.map(TemplateRow::try_from).transpose()
}

/// An organization's templates by name. The platform limits their number.
pub async fn list(
    db: &Db,
    organization_id: OrganizationId,
    limit: i64,
) -> Result<Vec<TemplateRow>, StoreError> {
    let raw: Vec<Raw> = on_reader!(db, pool => sqlx::query_as(LIST)
        .bind(organization_id.0)
        .bind(limit)
        .fetch_all(pool)
        .await?);
    raw.into_iter().map(TemplateRow::try_from).collect()
}

/// How many people have a workspace of each template.
pub async fn developers(
    db: &Db,
    organization_id: OrganizationId,
) -> Result<BTreeMap<TemplateId, u32>, StoreError> {
    let counts: Vec<(Uuid, i64)> = on_reader!(db, pool => sqlx::query_as(DEVELOPERS)
        .bind(organization_id.0)
        .fetch_all(pool)
        .await?);
    Ok(counts
        .into_iter()
        .map(|(id, count)| (TemplateId(id), u32::try_from(count).unwrap_or(u32::MAX)))
        .collect())
}

crate::statements![INSERT, UPDATE, GET, LIST, DEVELOPERS];
