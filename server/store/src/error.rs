//! What can go wrong in the database. An absent row is not an error: queries answer with `Option`.

/// A failure of the database or of a row that is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The driver failed. The text is for the log, never for a client.
    #[error("database: {0}")]
    Driver(#[source] sqlx::Error),
    /// No space is left. Nothing of the write was kept.
    #[error(
        "The server has no space left for its database; nothing was changed. Ask the administrator to free some, then try again."
    )]
    Full(#[source] sqlx::Error),
    /// The database does not answer, or not in time.
    #[error("The database does not answer; nothing was changed. Try again in a moment.")]
    Unreachable(#[source] sqlx::Error),
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
    /// Whether the same call may succeed later, once there is space or the database is back. The text is for people.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Unreachable(_))
    }

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

/// SQLite's codes for a full disk, and PostgreSQL's.
const FULL: [&str; 3] = ["13", "53100", "778"];
/// SQLite's codes for a file that others keep locked, PostgreSQL's for a server that has no connection left or goes
/// down.
const BUSY: [&str; 7] = ["5", "261", "517", "53300", "57P01", "57P02", "57P03"];

impl From<sqlx::Error> for StoreError {
    /// Sorts out what passes by itself or by freeing space: a person can act on it. The driver's words go to the log.
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::Database(database) => database.code(),
            _ => None,
        };
        let is_one_of = |codes: &[&str]| code.as_deref().is_some_and(|code| codes.contains(&code));
        if is_one_of(&FULL) {
            tracing::error!(%error, "the database has no space left");
            return Self::Full(error);
        }
        let is_away = matches!(
            error,
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed
        );
        if is_away || is_one_of(&BUSY) {
            tracing::error!(%error, "the database does not answer");
            return Self::Unreachable(error);
        }
        Self::Driver(error)
    }
}
