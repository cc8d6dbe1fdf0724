//! Costs that were unknown and become known.
//!
//! Done hour by hour of each chat, each in a transaction that locks nothing else but the sums of its day, so that no call that is being booked
//! waits long or for ever; what was done stays done when the rest fails.

use sdk::ids::ModelConfigId;
use sdk::messages::MessageUsage;
use uuid::Uuid;

use chrono::{DateTime, Utc};

use super::MOST;
use super::ranges::whole_day;
use crate::{Db, StoreError, Tx, on_reader, on_tx};

/// Hours looked for at once.
const BATCH: i64 = 500;

const HOURS: &str = "SELECT chat_id, hour_at FROM cost_hours WHERE model_config_id = $1 AND unpriced_calls > 0 \
     AND (chat_id, hour_at) > ($2, $3) ORDER BY chat_id, hour_at LIMIT $4";
const LOCK: &str = "SELECT user_id FROM cost_hours WHERE chat_id = $1 AND hour_at = $2 AND model_config_id = $3 AND unpriced_calls > 0";
const LOCK_LOCKED: &str = "SELECT user_id FROM cost_hours WHERE chat_id = $1 AND hour_at = $2 \
     AND model_config_id = $3 AND unpriced_calls > 0 FOR UPDATE";
const UNPRICED: &str = "SELECT id, input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens FROM costs \
     WHERE model_config_id = $1 AND chat_id = $2 AND hour_at = $3 AND total_cost_micros IS NULL ORDER BY id";
const PRICE: &str = "UPDATE costs SET total_cost_micros = $2 WHERE id = $1";
const ADD_TO_HOUR: &str = "UPDATE cost_hours SET unpriced_calls = unpriced_calls - $5, \
     total_cost_micros = total_cost_micros + $6 \
     WHERE user_id = $1 AND hour_at = $2 AND chat_id = $3 AND model_config_id = $4";
const ADD_TO_DAY: &str = "UPDATE cost_days SET unpriced_calls = unpriced_calls - $5, \
     total_cost_micros = total_cost_micros + $6 \
     WHERE user_id = $1 AND day_at = $2 AND chat_id = $3 AND model_config_id = $4";

/// What an unpriced call used.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Unpriced {
    id: i64,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cache_read_tokens: Option<i64>,
    cache_creation_tokens: Option<i64>,
}

impl Unpriced {
    /// The counts that can have a price.
    pub fn usage(&self) -> MessageUsage {
        MessageUsage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cache_read_tokens: self.cache_read_tokens,
            cache_creation_tokens: self.cache_creation_tokens,
            ..MessageUsage::default()
        }
    }
}

/// One hour of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Hour {
    chat_id: Uuid,
    hour_at: DateTime<Utc>,
}

impl Hour {
    /// What comes before all of them.
    pub const FIRST: Self = Self {
        chat_id: Uuid::nil(),
        hour_at: DateTime::UNIX_EPOCH,
    };
}

/// Hours with unpriced calls of a model, in their order after `after`, some hundreds at most; none when there are no more.
pub async fn hours(db: &Db, model: ModelConfigId, after: Hour) -> Result<Vec<Hour>, StoreError> {
    Ok(on_reader!(db, pool => sqlx::query_as(HOURS)
        .bind(model.0)
        .bind(after.chat_id)
        .bind(after.hour_at)
        .bind(BATCH)
        .fetch_all(pool)
        .await?))
}

/// Prices the unpriced calls of an hour. `price` gives the micro-dollars, or `None` when they stay unknown. How many have
/// a price now, and how many still have none.
pub async fn price_hour(
    db: &Db,
    model: ModelConfigId,
    hour: Hour,
    price: impl Fn(&Unpriced) -> Option<i64> + Send,
) -> Result<(i64, i64), StoreError> {
    let mut tx = db.begin().await?;
    let Some(user) = lock(&mut tx, model, hour).await? else {
        // Somebody else priced them meanwhile.
        return Ok((0, 0));
    };
    let calls: Vec<Unpriced> = on_tx!(&mut tx, connection => sqlx::query_as(UNPRICED)
        .bind(model.0)
        .bind(hour.chat_id)
        .bind(hour.hour_at)
        .fetch_all(connection)
        .await?);
    let (mut priced, mut micros) = (0_i64, 0_i64);
    for call in &calls {
        let Some(cost) = price(call).map(|cost| cost.clamp(0, MOST)) else {
            continue;
        };
        on_tx!(&mut tx, connection => sqlx::query(PRICE)
            .bind(call.id)
            .bind(cost)
            .execute(connection)
            .await
            .map(drop)?);
        priced += 1;
        micros = micros.saturating_add(cost);
    }
    if priced > 0 {
        // In the order in which calls are booked.
        let day_at = whole_day(hour.hour_at);
        for (statement, at) in [(ADD_TO_HOUR, hour.hour_at), (ADD_TO_DAY, day_at)] {
            let changed = on_tx!(&mut tx, connection => sqlx::query(statement)
                .bind(user)
                .bind(at)
                .bind(hour.chat_id)
                .bind(model.0)
                .bind(priced)
                .bind(micros)
                .execute(connection)
                .await?
                .rows_affected());
            StoreError::expect_rows("costs::backfill", changed, 1)?;
        }
    }
    tx.commit().await?;
    let all = i64::try_from(calls.len()).unwrap_or(i64::MAX);
    Ok((priced, all - priced))
}

/// Whose the hour is, if it still has unpriced calls. Its sums are this transaction's until it ends; SQLite's write
/// transactions exclude each other anyway.
async fn lock(tx: &mut Tx, model: ModelConfigId, hour: Hour) -> Result<Option<Uuid>, StoreError> {
    let statement = match tx {
        Tx::Sqlite(_) => LOCK,
        Tx::Postgres(_) => LOCK_LOCKED,
    };
    Ok(on_tx!(tx, connection => sqlx::query_scalar(statement)
        .bind(hour.chat_id)
        .bind(hour.hour_at)
        .bind(model.0)
        .fetch_optional(connection)
        .await?))
}

crate::statements![HOURS, UNPRICED, PRICE, ADD_TO_HOUR, ADD_TO_DAY; LOCK => LOCK_LOCKED];
