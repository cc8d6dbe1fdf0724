//! What can go wrong in the database. An absent row is not an error: queries answer with `Option`.

/// A failure of the database or of a row that is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The driver failed. The text is for the log, never for a client.
    #[error("database: {0}")]
    Driver(#[from] sqlx::Error),
    /// A migration failed.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database was migrated by a newer binary.
    #[error(
        "the database has migration {found}, this binary knows up to {known}: start the newer binary, or restore a backup made before the upgrade"
    )]
    NewerDatabase {
        /// Newest migration in the database.
        found: i64,
        /// Newest migration in the binary.
        known: i64,
    },
    /// The running server is older than this binary and must not have its schema changed.
    #[error(
        "a running Switchyard uses this database at migration {found}, this binary needs {known}: stop the server, or use the server's own binary"
    )]
    OlderDatabase {
        /// Newest migration in the database.
        found: i64,
        /// Newest migration in the binary.
        known: i64,
    },
    /// Another process holds the data folder.
    #[error(
        "another Switchyard process uses {path}; stop it, or use another --data-dir or PostgreSQL"
    )]
    Locked {
        /// The lock file.
        path: String,
    },
    /// The database URL is of no known kind.
    #[error(
        "the database URL must begin with postgres:// or postgresql://, or be left out for SQLite"
    )]
    UnknownUrl,
    /// A row holds something that this binary cannot read.
    #[error("corrupt row in {table}: {detail}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What was found.
        detail: String,
    },
    /// A statement changed another number of rows than it must.
    #[error("{statement} changed {changed} rows, expected {expected}")]
    RowCount {
        /// The statement's name.
        statement: &'static str,
        /// Rows changed.
        changed: u64,
        /// Rows expected.
        expected: u64,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The path.
        path: String,
        /// The refusal.
        source: std::io::Error,
    },
}

impl StoreError {
    /// An error unless the statement changed as many rows as it must.
    pub(crate) fn expect_rows(
        statement: &'static str,
        changed: u64,
        expected: u64,
    ) -> Result<(), Self> {
        if changed == expected {
            Ok(())
        } else {
            Err(Self::RowCount {
                statement,
                changed,
                expected,
            })
        }
    }

    /// The name of the unique index or constraint that a write ran into, when that is what happened.
    ///
    /// PostgreSQL names the index, SQLite the columns (`users.email`).
    pub fn unique_violation(&self) -> Option<String> {
        let Self::Driver(sqlx::Error::Database(error)) = self else {
            return None;
        };
        if !error.is_unique_violation() {
            return None;
        }
        Some(
            error
                .constraint()
                .map_or_else(|| error.message().to_owned(), str::to_owned),
        )
    }
}
