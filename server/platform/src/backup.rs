//! Copies of the data for keeping.

use std::path::Path;

use store::StoreError;

use crate::Platform;

impl Platform {
    /// Writes a whole copy of the SQLite database to a new file while it is in use. For the server's own machine;
    /// nobody is asked.
    pub async fn back_up_database(&self, file: &Path) -> Result<(), StoreError> {
        self.0.db.back_up(file).await
    }
}
