//! Folders of the server's machine that local workspaces may use.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use sdk::ids::AllowedFolderId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, on_reader, on_writer};

const LIST: &str = "SELECT id, path, created_at FROM allowed_folders ORDER BY path LIMIT $1";
const INSERT: &str = "INSERT INTO allowed_folders (id, path, created_at) VALUES ($1, $2, $3)";
const DELETE: &str = "DELETE FROM allowed_folders WHERE id = $1";

/// A folder's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedFolderRow {
    /// Id.
    pub id: AllowedFolderId,
    /// Absolute path without symbolic links.
    pub path: String,
    /// When it was allowed.
    pub created_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Raw {
    id: Uuid,
    path: String,
    created_at: DateTime<Utc>,
}

impl From<Raw> for AllowedFolderRow {
    fn from(raw: Raw) -> Self {
        Self {
            id: AllowedFolderId(raw.id),
            path: raw.path,
            created_at: raw.created_at,
        }
    }
}

/// All folders by path. An admin adds them one by one; the platform limits their number.
pub async fn list(db: &Db, limit: i64) -> Result<Vec<AllowedFolderRow>, StoreError> {
    let raw: Vec<Raw> =
        on_reader!(db, pool => sqlx::query_as(LIST).bind(limit).fetch_all(pool).await?);
    Ok(raw.into_iter().map(AllowedFolderRow::from).collect())
}

/// A new folder. One that is allowed already is [`StoreError::unique_violation`].
pub async fn insert(db: &Db, folder: &AllowedFolderRow) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(INSERT)
        .bind(folder.id.0)
        .bind(&folder.path)
        .bind(folder.created_at)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

/// Allows a folder no longer. Whether there was one.
pub async fn delete(db: &Db, id: AllowedFolderId) -> Result<bool, StoreError> {
    let changed = on_writer!(db, pool =>
        sqlx::query(DELETE).bind(id.0).execute(pool).await?.rows_affected());
    Ok(changed > 0)
}

crate::statements![LIST, INSERT, DELETE];
