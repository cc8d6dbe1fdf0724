//! What one person spent in a range: by model, by root chat, by day.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use sdk::costs::{ChatCost, CostSummary, CostTotals, DayCost, ModelCost};
use sdk::ids::{ChatId, ModelConfigId, UserId};
use sdk::providers::ProviderKind;
use uuid::Uuid;

use super::Range;
use super::ranges::{RawTotals, bound, spent, sums};
use crate::{Db, StoreError, Tx, on_tx};

/// Chats in one summary.
const MAX_CHATS: i64 = 1000;

const BY_MODEL_AND_DAY: &str = concat!(
    "SELECT s.*, m.display_name, m.model, p.provider FROM (SELECT model_config_id, day, ",
    sums!(),
    " FROM ",
    // Both databases write a time with its day in UTC in front.
    spent!(
        "model_config_id, substr(CAST(day_at AS TEXT), 1, 10) AS day",
        "model_config_id, substr(CAST(hour_at AS TEXT), 1, 10) AS day"
        by "model_config_id, day",
        " AND user_id = $11"
    ),
    " parts GROUP BY model_config_id, day) s LEFT JOIN model_configs m ON m.id = s.model_config_id \
     LEFT JOIN provider_configs p ON p.id = m.provider_config_id ORDER BY s.model_config_id, s.day"
);
const BY_CHAT: &str = concat!(
    "SELECT s.*, c.title FROM (SELECT root_chat_id, COUNT(*) OVER () AS chat_count, ",
    sums!(),
    " FROM ",
    spent!("root_chat_id", " AND user_id = $11"),
    " parts GROUP BY root_chat_id ORDER BY total_cost_micros DESC, calls DESC, root_chat_id DESC LIMIT $12) s \
     LEFT JOIN chats c ON c.id = s.root_chat_id \
     ORDER BY s.total_cost_micros DESC, s.calls DESC, s.root_chat_id DESC"
);

#[derive(sqlx::FromRow)]
struct RawModel {
    model_config_id: Uuid,
    day: String,
    display_name: Option<String>,
    model: Option<String>,
    provider: Option<String>,
    #[sqlx(flatten)]
    totals: RawTotals,
}

#[derive(sqlx::FromRow)]
struct RawChat {
    root_chat_id: Uuid,
    title: Option<String>,
    chat_count: i64,
    #[sqlx(flatten)]
    totals: RawTotals,
}

/// What a person's chats cost in a range, all of it at one moment.
pub async fn of_user(db: &Db, user: UserId, range: Range) -> Result<CostSummary, StoreError> {
    let mut tx = db.begin_read().await?;
    let (by_model, by_day) = by_model_and_day(&mut tx, user, range).await?;
    let (by_chat, chat_count) = by_chat(&mut tx, user, range).await?;
    tx.rollback().await?;
    let mut totals = CostTotals::default();
    for model in &by_model {
        totals.add(&model.totals());
    }
    Ok(CostSummary {
        start_date: range.start,
        end_date: range.end,
        total_cost_micros: totals.total_cost_micros,
        priced_message_count: totals.message_count - totals.unpriced_message_count,
        unpriced_message_count: totals.unpriced_message_count,
        total_input_tokens: totals.total_input_tokens,
        total_output_tokens: totals.total_output_tokens,
        total_cache_read_tokens: totals.total_cache_read_tokens,
        total_cache_creation_tokens: totals.total_cache_creation_tokens,
        total_runtime_ms: totals.total_runtime_ms,
        by_model,
        by_chat,
        chat_count,
        by_day,
    })
}

async fn by_model_and_day(
    tx: &mut Tx,
    user: UserId,
    range: Range,
) -> Result<(Vec<ModelCost>, Vec<DayCost>), StoreError> {
    let raw: Vec<RawModel> = on_tx!(tx, connection => bound!(BY_MODEL_AND_DAY, range)
        .bind(user.0)
        .fetch_all(connection)
        .await?);
    let mut models: Vec<(ModelCost, CostTotals)> = Vec::new();
    let mut days: BTreeMap<NaiveDate, CostTotals> = BTreeMap::new();
    for raw in raw {
        let totals = CostTotals::from(raw.totals);
        let date = raw.day.parse().map_err(|_| StoreError::Corrupt {
            table: "cost_days",
            detail: format!("day {:?}", raw.day),
        })?;
        days.entry(date).or_default().add(&totals);
        let id = ModelConfigId(raw.model_config_id);
        match models.last_mut() {
            Some((last, sum)) if last.model_config_id == id => sum.add(&totals),
            _ => {
                let model = ModelCost::new(
                    id,
                    raw.display_name.unwrap_or_default(),
                    raw.provider.as_deref().and_then(ProviderKind::parse),
                    raw.model.unwrap_or_default(),
                    CostTotals::default(),
                );
                models.push((model, totals));
            }
        }
    }
    models.sort_by_key(|(_, sum)| Reverse((sum.total_cost_micros, sum.message_count)));
    let summed = |(model, sum): (ModelCost, CostTotals)| {
        ModelCost::new(
            model.model_config_id,
            model.display_name,
            model.provider,
            model.model,
            sum,
        )
    };
    let day = |(date, sum)| DayCost::new(date, sum);
    Ok((
        models.into_iter().map(summed).collect(),
        days.into_iter().map(day).collect(),
    ))
}

async fn by_chat(
    tx: &mut Tx,
    user: UserId,
    range: Range,
) -> Result<(Vec<ChatCost>, i64), StoreError> {
    let raw: Vec<RawChat> = on_tx!(tx, connection => bound!(BY_CHAT, range)
        .bind(user.0)
        .bind(MAX_CHATS)
        .fetch_all(connection)
        .await?);
    let count = raw.first().map_or(0, |chat| chat.chat_count);
    let cost = |raw: RawChat| {
        ChatCost::new(
            ChatId(raw.root_chat_id),
            raw.title.unwrap_or_default(),
            raw.totals.into(),
        )
    };
    Ok((raw.into_iter().map(cost).collect(), count))
}

crate::statements![BY_MODEL_AND_DAY, BY_CHAT];
