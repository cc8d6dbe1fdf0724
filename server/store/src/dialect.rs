//! The few places where SQLite and PostgreSQL need different words.

#[cfg(test)]
mod tests;

use chrono::{DateTime, SubsecRound, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{StoreError, Tx};

/// Cuts a time to microseconds, the finest that PostgreSQL keeps, so that what is written equals what is read.
pub fn to_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
}

/// Several ids as one value, which SQLite takes apart with `unhex(value)` of `json_each`; PostgreSQL has arrays.
pub(crate) fn hex_ids(ids: impl IntoIterator<Item = Uuid>) -> Json<Vec<String>> {
    let hex = |id: Uuid| id.simple().to_string();
    Json(ids.into_iter().map(hex).collect())
}

/// Runs `$body` with `$connection` bound to the transaction's connection, whichever database it is.
///
/// The body is expanded once for each database, so one text serves both.
#[macro_export]
macro_rules! on_tx {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::Tx::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            $crate::Tx::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}

/// Runs `$body` with `$pool` bound to the pool that reads, whichever database it is.
#[macro_export]
macro_rules! on_reader {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::Db::Sqlite { reader: $pool, .. } => $body,
            $crate::Db::Postgres($pool) => $body,
        }
    };
}

/// Runs `$body` with `$pool` bound to the pool that writes single statements, whichever database it is.
#[macro_export]
macro_rules! on_writer {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::Db::Sqlite { writer: $pool, .. } => $body,
            $crate::Db::Postgres($pool) => $body,
        }
    };
}

/// Things that only one transaction at a time may decide, though there is no one row to lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Who the first user is, and the default organization.
    FirstUser = 1,
    /// Which providers and models there are, and which model is the default.
    Models = 2,
    /// What the deployment's settings are: what a change is told to have changed is what was there.
    Settings = 3,
}

/// The first key of this product's advisory locks, so that they meet no other product's in a shared database.
const LOCK_SPACE: i32 = 0x5357_4259;
const LOCK_DECISION: &str = "SELECT pg_advisory_xact_lock($1, $2)";

/// Waits until no other transaction decides the same and keeps others waiting until this one ends. SQLite's write
/// transactions exclude each other anyway.
pub async fn lock_decision(tx: &mut Tx, decision: Decision) -> Result<(), StoreError> {
    if let Tx::Postgres(transaction) = tx {
        let query = sqlx::query(LOCK_DECISION)
            .bind(LOCK_SPACE)
            .bind(decision as i32);
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}
