//! What was asked of models and what they answered: runs, their steps, the bodies in them.
//!
//! States never move back (`runs`, `steps`), bodies of a chat share what they begin with (`pieces`, `chunks`), and what belongs
//! to turns that are gone goes too (`cleanup`). Who may be recorded and who may read is `platform`'s business.

mod chunks;
pub mod cleanup;
mod pieces;
pub mod runs;
pub mod steps;
mod summary;

#[cfg(test)]
pub(crate) use self::chunks::STATEMENTS as CHUNK_STATEMENTS;
use sdk::ids::ChatId;
use serde_json::{Map, Value};

use crate::{StoreError, Tx};

/// The place of a status in the order in which it may change; as [`sdk::debug::DebugStatus::rank`].
macro_rules! rank_of {
    ($status:literal) => {
        concat!(
            "(CASE ",
            $status,
            " WHEN 'completed' THEN 3 WHEN 'error' THEN 2 WHEN 'interrupted' THEN 1 ELSE 0 END)"
        )
    };
}
use rank_of;

const LOCK: &str = "SELECT pg_advisory_xact_lock($1)";
/// Sets these locks apart from others with the same number.
const LOCK_SPACE: i64 = 0x5357_4259_6465_6267;

/// Keeps everybody else from writing what is recorded of the chat until the transaction ends. SQLite's write transactions
/// exclude each other anyway.
pub async fn lock(tx: &mut Tx, chat: ChatId) -> Result<(), StoreError> {
    if let Tx::Postgres(transaction) = tx {
        let (high, low) = chat.0.as_u64_pair();
        let key = (high ^ low).cast_signed() ^ LOCK_SPACE;
        let query = sqlx::query(LOCK).bind(key);
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}

/// An object of a row; what is none is an empty one.
fn object(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Value::Object(object),
        _ => Value::Object(Map::new()),
    }
}

/// A value of a row; nothing when it is absent, null or cannot be read.
fn optional(text: Option<&str>) -> Option<Value> {
    let value = serde_json::from_str::<Value>(text?).ok()?;
    (!value.is_null()).then_some(value)
}

#[cfg(test)]
pub(crate) const STATEMENTS: &[crate::statements::Statement] =
    &[crate::statements::Statement::split(
        "LOCK", "SELECT 1", LOCK,
    )];
