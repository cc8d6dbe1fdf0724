//! What each person spent in a range.

use sdk::costs::UserCost;
use sdk::ids::UserId;
use uuid::Uuid;

use super::Range;
use super::ranges::{RawTotals, bound, spent, sums};
use crate::search::{contains_pattern, fold};
use crate::{Db, StoreError, on_reader};

/// People whose account was deleted are found as long as no name is asked for. A chat counts once, whichever parts of the
/// range its calls lie in.
const LIST: &str = concat!(
    "SELECT s.*, u.username, u.name, COUNT(*) OVER () AS people FROM (SELECT user_id, COUNT(*) AS chat_count, ",
    sums!(),
    " FROM (SELECT user_id, root_chat_id, ",
    sums!(),
    " FROM ",
    spent!("user_id, root_chat_id", ""),
    " parts GROUP BY user_id, root_chat_id) by_chat GROUP BY user_id) s LEFT JOIN users u ON u.id = s.user_id \
     WHERE $11 = '' OR lower(u.username) LIKE $11 ESCAPE '!' OR lower(u.name) LIKE $11 ESCAPE '!' \
     ORDER BY s.total_cost_micros DESC, u.username, s.user_id LIMIT $12 OFFSET $13"
);

#[derive(sqlx::FromRow)]
struct Raw {
    user_id: Uuid,
    username: Option<String>,
    name: Option<String>,
    chat_count: i64,
    people: i64,
    #[sqlx(flatten)]
    totals: RawTotals,
}

/// A page of the people who spent something in a range, the dearest first, and how many there are. `name` is part of a
/// user name or a name; empty finds all.
pub async fn list(
    db: &Db,
    range: Range,
    name: &str,
    limit: i64,
    offset: i64,
) -> Result<(Vec<UserCost>, i64), StoreError> {
    let pattern = if name.is_empty() {
        String::new()
    } else {
        contains_pattern(&fold(name))
    };
    let raw = page(db, range, &pattern, limit, offset).await?;
    let mut count = raw.first().map(|first| first.people);
    if count.is_none() && offset > 0 {
        // Beyond the last page nobody says how many there are.
        let first = page(db, range, &pattern, 1, 0).await?;
        count = first.first().map(|first| first.people);
    }
    let count = count.unwrap_or(0);
    let cost = |raw: Raw| {
        UserCost::new(
            UserId(raw.user_id),
            raw.username.unwrap_or_default(),
            raw.name.unwrap_or_default(),
            raw.chat_count,
            raw.totals.into(),
        )
    };
    Ok((raw.into_iter().map(cost).collect(), count))
}

async fn page(
    db: &Db,
    range: Range,
    pattern: &str,
    limit: i64,
    offset: i64,
) -> Result<Vec<Raw>, StoreError> {
    Ok(on_reader!(db, pool => bound!(LIST, range)
        .bind(pattern)
        .bind(limit)
        .bind(offset)
        .fetch_all(pool)
        .await?))
}

crate::statements![LIST];
