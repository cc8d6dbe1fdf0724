//! Folders of the server's machine that local workspaces may use.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use sdk::ids::AllowedFolderId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

const LIST: &str = "SELECT id, path, created_at FROM allowed_folders ORDER BY path LIMIT $1";
const INSERT: &str = "INSERT INTO allowed_folders (id, path, created_at) VALUES ($1, $2, $3)";
const DELETE: &str = "DELETE FROM allowed_folders WHERE id = $1 RETURNING id, path, created_at";

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
pub async fn insert(tx: &mut Tx, folder: &AllowedFolderRow) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(folder.id.0)
        .bind(&folder.path)
        .bind(folder.created_at)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

/// Allows a folder no longer. Gives it when there was one.
pub async fn delete(
    tx: &mut Tx,
    id: AllowedFolderId,
) -> Result<Option<AllowedFolderRow>, StoreError> {
    let raw: Option<Raw> = on_tx!(tx, connection =>
        sqlx::query_as(DELETE).bind(id.0).fetch_optional(connection).await?);
    Ok(raw.map(AllowedFolderRow::from))
}

crate::statements![LIST, INSERT, DELETE];
