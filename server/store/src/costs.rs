//! The ledger of calls to models. Rows are only ever added; a cost that was unknown can become known (`backfill`).
//!
//! Beside the rows stand their sums by chat, hour and model and by chat, day and model, written in the same transaction: the
//! hour's first, then the day's, wherever both are changed. A range is read as its whole days and hours from the sums and
//! the rest of its first and last hour from the rows (`summary`, `people`), so that a range of a million calls costs
//! what its days cost.

pub mod backfill;
pub mod people;
mod ranges;
pub mod summary;

use chrono::{DateTime, Utc};
use sdk::costs::{ChatTotals, CostTotals};
use sdk::ids::{ChatId, ModelConfigId};
use sdk::messages::MessageUsage;

pub use self::ranges::Range;
use self::ranges::{RawTotals, whole_day, whole_hour};
use crate::{Db, StoreError, Tx, on_reader, on_tx};

/// More than any call uses or costs. What a provider says above it is cut, so that no sum leaves 64 bits.
const MOST: i64 = 1_000_000_000_000;

const INSERT: &str = "INSERT INTO costs (user_id, chat_id, root_chat_id, model_config_id, hour_at, input_tokens, \
     output_tokens, cache_read_tokens, cache_creation_tokens, total_cost_micros, runtime_ms, created_at) \
     SELECT c.owner_id, c.id, COALESCE(c.root_chat_id, c.id), $2, $3, $4, $5, $6, $7, $8, $9, $10 \
     FROM chats c WHERE c.id = $1";
/// Adds a call to the sums of a table of them, which is cut by a column of time.
macro_rules! add_to {
    ($table:literal, $time:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " AS sums (chat_id, ",
            $time,
            ", model_config_id, user_id, root_chat_id, calls, unpriced_calls, input_tokens, output_tokens, \
             cache_read_tokens, cache_creation_tokens, total_cost_micros, runtime_ms) \
             SELECT c.id, $3, $2, c.owner_id, COALESCE(c.root_chat_id, c.id), 1, $4, $5, $6, $7, $8, $9, $10 \
             FROM chats c WHERE c.id = $1 \
             ON CONFLICT (user_id, ",
            $time,
            ", chat_id, model_config_id) DO UPDATE SET calls = sums.calls + 1, \
             unpriced_calls = sums.unpriced_calls + excluded.unpriced_calls, \
             input_tokens = sums.input_tokens + excluded.input_tokens, \
             output_tokens = sums.output_tokens + excluded.output_tokens, \
             cache_read_tokens = sums.cache_read_tokens + excluded.cache_read_tokens, \
             cache_creation_tokens = sums.cache_creation_tokens + excluded.cache_creation_tokens, \
             total_cost_micros = sums.total_cost_micros + excluded.total_cost_micros, \
             runtime_ms = sums.runtime_ms + excluded.runtime_ms"
        )
    };
}
const ADD_TO_HOUR: &str = add_to!("cost_hours", "hour_at");
const ADD_TO_DAY: &str = add_to!("cost_days", "day_at");
const OF_TREE: &str = concat!(
    "SELECT ",
    ranges::sums!(),
    ", CAST(COALESCE(SUM(CASE WHEN chat_id <> $1 THEN total_cost_micros ELSE 0 END), 0) AS BIGINT) AS subagents_cost_micros \
     FROM cost_days WHERE root_chat_id = $1"
);
const OF_CHAT: &str = concat!(
    "SELECT ",
    ranges::sums!(),
    ", CAST(0 AS BIGINT) AS subagents_cost_micros FROM cost_days WHERE root_chat_id = $2 AND chat_id = $1"
);

/// A call to a model, as it is booked.
#[derive(Clone, Debug)]
pub struct Call {
    /// The model that ran it.
    pub model_config_id: ModelConfigId,
    /// What the provider says it used.
    pub usage: MessageUsage,
    /// What it cost, in millionths of a dollar; unknown when `None`.
    pub total_cost_micros: Option<i64>,
    /// How long it took.
    pub runtime_ms: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct RawChatTotals {
    #[sqlx(flatten)]
    totals: RawTotals,
    subagents_cost_micros: i64,
}

/// Books a call of a chat, which the transaction has locked. A call of which the provider counted nothing is none.
pub async fn book(
    tx: &mut Tx,
    chat: ChatId,
    now: DateTime<Utc>,
    call: &Call,
) -> Result<(), StoreError> {
    let usage = MessageUsage {
        context_limit: None,
        ..call.usage
    };
    if usage == MessageUsage::default() {
        return Ok(());
    }
    let cut = |count: Option<i64>| count.map(|count| count.clamp(0, MOST));
    let (input, output) = (cut(usage.input_tokens), cut(usage.output_tokens));
    let (read, written) = (
        cut(usage.cache_read_tokens),
        cut(usage.cache_creation_tokens),
    );
    let (cost, runtime) = (cut(call.total_cost_micros), cut(call.runtime_ms));
    let hour = whole_hour(now);
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(chat.0)
        .bind(call.model_config_id.0)
        .bind(hour)
        .bind(input)
        .bind(output)
        .bind(read)
        .bind(written)
        .bind(cost)
        .bind(runtime)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    for (statement, at) in [(ADD_TO_HOUR, hour), (ADD_TO_DAY, whole_day(now))] {
        on_tx!(tx, connection => sqlx::query(statement)
            .bind(chat.0)
            .bind(call.model_config_id.0)
            .bind(at)
            .bind(i64::from(cost.is_none()))
            .bind(input.unwrap_or(0))
            .bind(output.unwrap_or(0))
            .bind(read.unwrap_or(0))
            .bind(written.unwrap_or(0))
            .bind(cost.unwrap_or(0))
            .bind(runtime.unwrap_or(0))
            .execute(connection)
            .await
            .map(drop)?);
    }
    Ok(())
}

/// What a chat has cost so far: a root chat with all that is below it, any other alone. `root` is the one at the top of its
/// tree.
pub async fn of_chat(db: &Db, chat: ChatId, root: ChatId) -> Result<ChatTotals, StoreError> {
    let raw: RawChatTotals = if chat == root {
        on_reader!(db, pool => sqlx::query_as(OF_TREE).bind(chat.0).fetch_one(pool).await?)
    } else {
        on_reader!(db, pool => sqlx::query_as(OF_CHAT).bind(chat.0).bind(root.0).fetch_one(pool).await?)
    };
    Ok(ChatTotals::new(
        raw.subagents_cost_micros,
        CostTotals::from(raw.totals),
    ))
}

crate::statements![INSERT, ADD_TO_HOUR, ADD_TO_DAY, OF_TREE, OF_CHAT];
