//! Runs a test on both databases. For tests only (feature `test-support`).
//!
//! SQLite is a file in a temporary folder. PostgreSQL is the server named by `SWITCHYARD_TEST_POSTGRES_URL` (as
//! `server/build/with-postgres.sh` exports it), else a private one that is started on demand and shared by all test
//! processes. Each test gets a database of its own, copied from a migrated template. A test fails when there is no
//! PostgreSQL; it never skips.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "only tests use this; a panic is how they fail"
)]

mod postgres;
mod shared_server;
pub mod soak;

use std::path::Path;

use tempfile::TempDir;

use crate::{Db, OpenOptions};

/// A migrated, empty database that nobody else uses.
#[derive(Debug)]
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// How to open it once more, as a restarted server would.
    pub options: OpenOptions,
    folder: TempDir,
    postgres_name: Option<String>,
}

/// Runs `test` on SQLite, then on PostgreSQL.
///
/// ```ignore
/// for_both(async |database| { let user = users::get_user(&database.db, id).await.unwrap(); … }).await;
/// ```
pub async fn for_both(test: impl AsyncFn(&TestDb)) {
    eprintln!("on SQLite:");
    let database = TestDb::sqlite().await;
    Box::pin(test(&database)).await;
    database.remove().await;
    eprintln!("on PostgreSQL:");
    let database = TestDb::postgres().await;
    Box::pin(test(&database)).await;
    database.remove().await;
}

impl TestDb {
    /// A SQLite file in a temporary folder.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = OpenOptions::SqliteFile(folder.path().join("switchyard.db"));
        let db = Db::open(&options).await.expect("the SQLite database opens");
        Self {
            db,
            options,
            folder,
            postgres_name: None,
        }
    }

    /// A database on the tests' PostgreSQL server.
    pub async fn postgres() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (name, url) = postgres::create_database().await;
        let options = OpenOptions::PostgresUrl(url);
        let db = Db::open(&options)
            .await
            .expect("the PostgreSQL database opens");
        Self {
            db,
            options,
            folder,
            postgres_name: Some(name),
        }
    }

    /// An empty folder that lives as long as the database, for example as a server's data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The URL to give to a server; `None` means SQLite in [`Self::folder`].
    pub fn url(&self) -> Option<&str> {
        match &self.options {
            OpenOptions::SqliteFile(_) => None,
            OpenOptions::PostgresUrl(url) => Some(url),
        }
    }

    /// Closes the database and removes it. A database that a failed test leaves behind goes with its server.
    pub async fn remove(self) {
        self.db.close().await;
        if let Some(name) = &self.postgres_name {
            postgres::drop_database(name).await;
        }
    }
}

/// An empty PostgreSQL database without any tables, for tests of the migrations themselves. Its URL.
pub async fn bare_postgres_url() -> String {
    postgres::create_bare_database().await
}
