//! Opening a database, migrating it, and beginning transactions.
//!
//! SQLite runs in WAL mode with many readers and one writer connection; write transactions begin `IMMEDIATE`, so
//! two of them never deadlock. One server process at a time may hold a SQLite file (`lock`). PostgreSQL uses one
//! pool for reading and writing.

mod backup;
mod checkpoint;
mod durable;
mod lock;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

pub use self::durable::LogSync;
pub use self::lock::FileLock;
use crate::error::StoreError;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long a statement waits for SQLite's write lock, and a request for a pooled connection.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const SQLITE_READERS: u32 = 8;
/// Of each reader, in KiB when negative; the system keeps the file's pages in memory once for all of them.
const READER_CACHE: &str = "-512";
const POSTGRES_CONNECTIONS: u32 = 20;
/// A connection that was used so recently needs no question whether it still works.
const ALIVE_FOR: Duration = Duration::from_secs(1);

/// A database, cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file.
    Sqlite {
        /// Connections that only read.
        reader: SqlitePool,
        /// The one connection that writes.
        writer: SqlitePool,
        /// Makes what was committed survive a loss of power.
        log: LogSync,
        /// Keeps other server processes away.
        lock: FileLock,
    },
    /// A server.
    Postgres(PgPool),
}

/// A transaction that writes.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite's writer.
    Sqlite(Transaction<'static, Sqlite>),
    /// On a pooled connection.
    Postgres(Transaction<'static, Postgres>),
}

/// Which database to open.
#[derive(Clone)]
pub enum OpenOptions {
    /// A SQLite file, created when missing.
    SqliteFile(PathBuf),
    /// A PostgreSQL URL.
    PostgresUrl(String),
}

impl OpenOptions {
    /// The database that a URL names, or `switchyard.db` in the data folder without one.
    pub fn from_url(url: Option<&str>, data_dir: &Path) -> Result<Self, StoreError> {
        match url {
            None => Ok(Self::SqliteFile(data_dir.join("switchyard.db"))),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::PostgresUrl(url.to_owned()))
            }
            Some(_) => Err(StoreError::UnknownUrl),
        }
    }
}

impl std::fmt::Debug for OpenOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SqliteFile(path) => formatter.debug_tuple("SqliteFile").field(path).finish(),
            // The URL may hold a password.
            Self::PostgresUrl(_) => formatter.write_str("PostgresUrl(…)"),
        }
    }
}

impl Db {
    /// Opens the database for a server and brings its schema up to date. A SQLite file that another server holds is
    /// refused with [`StoreError::Locked`].
    pub async fn open(options: &OpenOptions) -> Result<Self, StoreError> {
        let db = Self::connect(options, FileLock::exclusive).await?;
        db.migrate().await?;
        if let Self::Sqlite { reader, .. } = &db {
            tokio::spawn(checkpoint::run(reader.clone()));
        }
        Ok(db)
    }

    /// Opens the database for a short command beside a server that may be running. A new or old schema is brought up
    /// to date; beside a running server with an older schema it is [`StoreError::OlderDatabase`].
    pub async fn open_beside(options: &OpenOptions) -> Result<Self, StoreError> {
        let db = Self::connect(options, FileLock::exclusive_or_none).await?;
        if let Self::Sqlite { lock, .. } = &db
            && !lock.is_held()
        {
            let (found, known) = db.versions().await?;
            if found < known {
                return Err(StoreError::OlderDatabase { found, known });
            }
        }
        db.migrate().await?;
        Ok(db)
    }

    /// Which database this is.
    pub const fn kind(&self) -> sdk::build_info::DatabaseKind {
        match self {
            Self::Sqlite { .. } => sdk::build_info::DatabaseKind::Sqlite,
            Self::Postgres(_) => sdk::build_info::DatabaseKind::Postgres,
        }
    }

    /// Succeeds when the database answers.
    pub async fn check_ready(&self) -> Result<(), StoreError> {
        crate::on_reader!(self, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop)?);
        Ok(())
    }

    /// Begins a transaction that writes.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that sees one state of the database throughout and writes nothing.
    pub async fn begin_read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { reader, .. } => Tx::Sqlite(reader.begin().await?),
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Tx::Postgres(pool.begin_with(begin).await?)
            }
        })
    }

    /// Returns when what was committed before survives a loss of power. On PostgreSQL every commit does; on SQLite a
    /// commit alone survives the end of this process only. Whoever confirms a change to somebody, or does something
    /// in the world that must not be done twice, waits for this.
    pub async fn durable(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { log, .. } => Ok(log.wait().await.map_err(sqlx::Error::Io)?),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Closes all connections and gives the file free; SQLite's log is folded into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite {
                reader,
                writer,
                lock,
                log,
            } => {
                // Beside another process the log stays a log.
                if let Err(error) = log.wait().await {
                    tracing::warn!(%error, "the database's log could not be written to the disk");
                }
                reader.close().await;
                writer.close().await;
                lock.release();
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// The migrations of PostgreSQL, in order.
    #[cfg(any(test, feature = "test-support"))]
    pub(crate) fn postgres_migrations() -> &'static Migrator {
        &POSTGRES_MIGRATIONS
    }

    async fn connect(
        options: &OpenOptions,
        lock: fn(&Path) -> Result<FileLock, StoreError>,
    ) -> Result<Self, StoreError> {
        match options {
            OpenOptions::SqliteFile(path) => connect_sqlite(path, lock(path)?).await,
            OpenOptions::PostgresUrl(url) => connect_postgres(url).await,
        }
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let (found, known) = self.versions().await?;
        if found > known {
            return Err(StoreError::NewerDatabase { found, known });
        }
        match self {
            Self::Sqlite { writer, .. } => SQLITE_MIGRATIONS.run(writer).await?,
            Self::Postgres(pool) => POSTGRES_MIGRATIONS.run(pool).await?,
        }
        Ok(())
    }

    /// The newest migration in the database (0 = none) and in this binary.
    async fn versions(&self) -> Result<(i64, i64), StoreError> {
        let migrations = match self {
            Self::Sqlite { .. } => &SQLITE_MIGRATIONS,
            Self::Postgres(_) => &POSTGRES_MIGRATIONS,
        };
        let known = migrations
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or(0);
        Ok((self.newest_migration().await?, known))
    }

    async fn newest_migration(&self) -> Result<i64, StoreError> {
        const SQLITE_TABLE: &str =
            "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
        const POSTGRES_TABLE: &str = "SELECT COUNT(*) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'";
        const NEWEST: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";
        let tables: i64 = match self {
            Self::Sqlite { writer, .. } => {
                sqlx::query_scalar(SQLITE_TABLE).fetch_one(writer).await?
            }
            Self::Postgres(pool) => sqlx::query_scalar(POSTGRES_TABLE).fetch_one(pool).await?,
        };
        if tables == 0 {
            return Ok(0);
        }
        Ok(crate::on_writer!(self, pool => sqlx::query_scalar(NEWEST).fetch_one(pool).await?))
    }
}

impl Tx {
    /// Makes the transaction's writes visible; see [`Db::durable`].
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Undoes the transaction's writes.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await?,
            Self::Postgres(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }
}

async fn connect_sqlite(path: &Path, lock: FileLock) -> Result<Db, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    // A connection lives in this process: asking it whether it is alive costs as much as a short query.
    let writer = SqlitePoolOptions::new()
        .test_before_acquire(false)
        .max_connections(1)
        .acquire_timeout(BUSY_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|connection, _| {
            Box::pin(std::future::ready(Ok(is_outside_of_transactions(
                connection,
            ))))
        })
        .connect_with(
            options
                .clone()
                .pragma("wal_autocheckpoint", checkpoint::LAST_RESORT_PAGES),
        )
        .await?;
    let reader = SqlitePoolOptions::new()
        .test_before_acquire(false)
        .max_connections(SQLITE_READERS)
        .acquire_timeout(BUSY_TIMEOUT)
        .connect_with(
            options
                .pragma("query_only", "ON")
                .pragma("cache_size", READER_CACHE),
        )
        .await?;
    Ok(Db::Sqlite {
        reader,
        writer,
        log: LogSync::new(path),
        lock,
    })
}

/// SQLite ends a transaction by itself when the disk is full, and the driver does not notice: it would refuse every
/// further transaction on that connection. Such a connection is replaced.
fn is_outside_of_transactions(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// A connection that just worked is taken as it is; one that rested is asked first, because the server may have been
/// restarted meanwhile.
async fn is_alive(
    connection: &mut PgConnection,
    meta: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    if meta.idle_for > ALIVE_FOR {
        connection.ping().await?;
    }
    Ok(true)
}

async fn connect_postgres(url: &str) -> Result<Db, StoreError> {
    let options: PgConnectOptions = url.parse()?;
    let pool = PgPoolOptions::new()
        .test_before_acquire(false)
        .before_acquire(|connection, meta| Box::pin(is_alive(connection, meta)))
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(BUSY_TIMEOUT)
        .connect_with(options)
        .await?;
    Ok(Db::Postgres(pool))
}
