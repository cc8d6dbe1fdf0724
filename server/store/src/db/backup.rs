//! A copy of a SQLite database, taken while it is in use.

use std::path::Path;

use super::Db;
use crate::error::StoreError;

/// Writes a whole, compact copy; fails when the file exists.
const COPY: &str = "VACUUM INTO $1";

impl Db {
    /// Copies the database to a new file. PostgreSQL has its own tools for that; here it is refused.
    pub async fn back_up(&self, file: &Path) -> Result<(), StoreError> {
        let Self::Sqlite { writer, .. } = self else {
            return Err(StoreError::UnknownUrl);
        };
        sqlx::query(COPY)
            .bind(file.display().to_string())
            .execute(writer)
            .await?;
        Ok(())
    }
}
