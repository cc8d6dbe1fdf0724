//! A range of time as whole hours and what is left of the hours at its ends.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sdk::costs::CostTotals;

/// The sums over rows of `cost_hours`, or of anything with its columns.
macro_rules! sums {
    () => {
        "CAST(COALESCE(SUM(calls), 0) AS BIGINT) AS calls, \
         CAST(COALESCE(SUM(unpriced_calls), 0) AS BIGINT) AS unpriced_calls, \
         CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT) AS input_tokens, \
         CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) AS output_tokens, \
         CAST(COALESCE(SUM(cache_read_tokens), 0) AS BIGINT) AS cache_read_tokens, \
         CAST(COALESCE(SUM(cache_creation_tokens), 0) AS BIGINT) AS cache_creation_tokens, \
         CAST(COALESCE(SUM(total_cost_micros), 0) AS BIGINT) AS total_cost_micros, \
         CAST(COALESCE(SUM(runtime_ms), 0) AS BIGINT) AS runtime_ms"
    };
}
pub(super) use sums;

/// The same over rows of `costs`.
macro_rules! row_sums {
    () => {
        "COUNT(*), COUNT(*) - COUNT(total_cost_micros), CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT), \
         CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT), CAST(COALESCE(SUM(cache_read_tokens), 0) AS BIGINT), \
         CAST(COALESCE(SUM(cache_creation_tokens), 0) AS BIGINT), CAST(COALESCE(SUM(total_cost_micros), 0) AS BIGINT), \
         CAST(COALESCE(SUM(runtime_ms), 0) AS BIGINT)"
    };
}
pub(super) use row_sums;

/// The calls of a range, summed by `$keys`: its whole hours, and the rest of its first and last hour, each for itself. `$1` to
/// `$6` are [`Range::bounds`] in their order; `$owner` narrows both tables further, `$hours` and `$rows` are a further column of each.
macro_rules! spent {
    ($keys:literal by $group:literal, $hours:literal, $rows:literal, $owner:literal) => {
        concat!(
            "(SELECT ",
            $keys,
            $hours,
            ", ",
            $crate::costs::hours::sums!(),
            " FROM cost_hours WHERE hour_at >= $3 AND hour_at < $4",
            $owner,
            " GROUP BY ",
            $group,
            " UNION ALL SELECT ",
            $keys,
            $rows,
            ", ",
            $crate::costs::hours::row_sums!(),
            " FROM costs WHERE (created_at >= $1 AND created_at < $2 OR created_at >= $5 AND created_at < $6)",
            $owner,
            " GROUP BY ",
            $group,
            ")"
        )
    };
}
pub(super) use spent;

/// A half-open range of time: `start <= time < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// From this time on.
    pub start: DateTime<Utc>,
    /// Before this time.
    pub end: DateTime<Utc>,
}

impl Range {
    /// The three ranges that make it up: what comes before its first whole hour, its whole hours, what comes after them.
    /// Each may be empty.
    pub(super) fn bounds(self) -> [(DateTime<Utc>, DateTime<Utc>); 3] {
        let end = self.end.max(self.start);
        let floor = whole_hour(self.start);
        let first = if floor == self.start {
            floor
        } else {
            floor
                .checked_add_signed(TimeDelta::hours(1))
                .unwrap_or(self.start)
        };
        let last = whole_hour(end);
        if first >= last {
            return [(self.start, end), (end, end), (end, end)];
        }
        [(self.start, first), (first, last), (last, end)]
    }
}

/// The whole hour that a time lies in.
pub(super) fn whole_hour(time: DateTime<Utc>) -> DateTime<Utc> {
    // Fails only thousands of years from now, where no call is booked.
    time.duration_trunc(TimeDelta::hours(1)).unwrap_or(time)
}

/// Sums as a statement with [`sums!`] gives them.
#[derive(sqlx::FromRow)]
pub(super) struct RawTotals {
    calls: i64,
    unpriced_calls: i64,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_creation_tokens: i64,
    total_cost_micros: i64,
    runtime_ms: i64,
}

impl From<RawTotals> for CostTotals {
    fn from(raw: RawTotals) -> Self {
        Self {
            total_cost_micros: raw.total_cost_micros,
            message_count: raw.calls,
            unpriced_message_count: raw.unpriced_calls,
            total_input_tokens: raw.input_tokens,
            total_output_tokens: raw.output_tokens,
            total_cache_read_tokens: raw.cache_read_tokens,
            total_cache_creation_tokens: raw.cache_creation_tokens,
            total_runtime_ms: raw.runtime_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    fn bounds(start: &str, end: &str) -> [String; 6] {
        let time = |text: &str| format!("2026-03-01T{text}Z").parse().unwrap();
        let range = Range {
            start: time(start),
            end: time(end),
        };
        let [first, hours, last] = range.bounds();
        let times = [first.0, first.1, hours.0, hours.1, last.0, last.1];
        times.map(|time| time.format("%H:%M").to_string())
    }

    #[test]
    fn a_range_is_whole_hours_and_what_is_left_at_its_ends() {
        let parts = bounds("09:30:00", "13:15:00");
        assert_eq!(
            parts,
            ["09:30", "10:00", "10:00", "13:00", "13:00", "13:15"]
        );
        let parts = bounds("09:00:00", "13:00:00");
        assert_eq!(
            parts,
            ["09:00", "09:00", "09:00", "13:00", "13:00", "13:00"]
        );
    }

    #[test]
    fn a_range_without_a_whole_hour_is_read_row_by_row() {
        let parts = bounds("09:10:00", "09:50:00");
        assert_eq!(
            parts,
            ["09:10", "09:50", "09:50", "09:50", "09:50", "09:50"]
        );
        let parts = bounds("09:10:00", "10:50:00");
        assert_eq!(
            parts,
            ["09:10", "10:50", "10:50", "10:50", "10:50", "10:50"]
        );
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_empty() {
        let parts = bounds("09:10:00", "08:00:00");
        assert!(parts.iter().all(|part| part == "09:10"), "{parts:?}");
    }
}
