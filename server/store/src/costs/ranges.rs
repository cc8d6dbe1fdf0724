//! A range of time as whole days, whole hours and what is left of the hours at its ends.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sdk::costs::CostTotals;

/// What all of the tables have to sum up.
macro_rules! spent_sums {
    () => {
        "CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT) AS input_tokens, \
         CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) AS output_tokens, \
         CAST(COALESCE(SUM(cache_read_tokens), 0) AS BIGINT) AS cache_read_tokens, \
         CAST(COALESCE(SUM(cache_creation_tokens), 0) AS BIGINT) AS cache_creation_tokens, \
         CAST(COALESCE(SUM(total_cost_micros), 0) AS BIGINT) AS total_cost_micros, \
         CAST(COALESCE(SUM(runtime_ms), 0) AS BIGINT) AS runtime_ms"
    };
}
pub(super) use spent_sums;

/// The sums over rows of `cost_hours` and `cost_days`, or of anything with its columns.
macro_rules! sums {
    () => {
        concat!(
            "CAST(COALESCE(SUM(calls), 0) AS BIGINT) AS calls, \
             CAST(COALESCE(SUM(unpriced_calls), 0) AS BIGINT) AS unpriced_calls, ",
            $crate::costs::ranges::spent_sums!()
        )
    };
}
pub(super) use sums;

/// The same over rows of `costs`.
macro_rules! row_sums {
    () => {
        concat!(
            "COUNT(*) AS calls, COUNT(*) - COUNT(total_cost_micros) AS unpriced_calls, ",
            $crate::costs::ranges::spent_sums!()
        )
    };
}
pub(super) use row_sums;

/// The calls of a range, summed by `$keys`: its whole days, its whole hours before and after them, and the rest of its
/// first and last hour, each for itself. `$1` to `$10` are [`Range::bounds`] in their order, see [`bound!`]; `$owner`
/// narrows all of the tables further. `$keys_of_days` are the same keys where the time is a day's.
macro_rules! spent {
    ($keys:literal, $owner:literal) => {
        $crate::costs::ranges::spent!($keys, $keys by $keys, $owner)
    };
    ($keys_of_days:literal, $keys:literal by $group:literal, $owner:literal) => {
        concat!(
            "(SELECT ",
            $keys,
            ", ",
            $crate::costs::ranges::row_sums!(),
            " FROM costs WHERE created_at >= $1 AND created_at < $2",
            $owner,
            " GROUP BY ",
            $group,
            " UNION ALL SELECT ",
            $keys,
            ", ",
            $crate::costs::ranges::sums!(),
            " FROM cost_hours WHERE hour_at >= $3 AND hour_at < $4",
            $owner,
            " GROUP BY ",
            $group,
            " UNION ALL SELECT ",
            $keys_of_days,
            ", ",
            $crate::costs::ranges::sums!(),
            " FROM cost_days WHERE day_at >= $5 AND day_at < $6",
            $owner,
            " GROUP BY ",
            $group,
            " UNION ALL SELECT ",
            $keys,
            ", ",
            $crate::costs::ranges::sums!(),
            " FROM cost_hours WHERE hour_at >= $7 AND hour_at < $8",
            $owner,
            " GROUP BY ",
            $group,
            " UNION ALL SELECT ",
            $keys,
            ", ",
            $crate::costs::ranges::row_sums!(),
            " FROM costs WHERE created_at >= $9 AND created_at < $10",
            $owner,
            " GROUP BY ",
            $group,
            ")"
        )
    };
}
pub(super) use spent;

/// A query of a statement with [`spent!`], which has its range already.
macro_rules! bound {
    ($statement:expr, $range:expr) => {{
        let mut query = sqlx::query_as($statement);
        for (start, end) in $range.bounds() {
            query = query.bind(start).bind(end);
        }
        query
    }};
}
pub(super) use bound;

/// A half-open range of time: `start <= time < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// From this time on.
    pub start: DateTime<Utc>,
    /// Before this time.
    pub end: DateTime<Utc>,
}

impl Range {
    const HOUR: TimeDelta = TimeDelta::hours(1);
    const DAY: TimeDelta = TimeDelta::days(1);

    /// The five ranges that make it up, one after the other: what comes before its first whole hour, the whole hours
    /// before its first whole day, its whole days, the whole hours after them, what comes after its last whole hour.
    /// Each may be empty.
    pub(super) fn bounds(self) -> [(DateTime<Utc>, DateTime<Utc>); 5] {
        let end = self.end.max(self.start);
        let (first_hour, last_hour) = (not_before(self.start, Self::HOUR), whole_hour(end));
        if first_hour >= last_hour {
            return [
                (self.start, end),
                (end, end),
                (end, end),
                (end, end),
                (end, end),
            ];
        }
        let (first_day, last_day) = match (not_before(self.start, Self::DAY), whole_day(end)) {
            (first, last) if first < last => (first, last),
            _ => (last_hour, last_hour),
        };
        [
            (self.start, first_hour),
            (first_hour, first_day),
            (first_day, last_day),
            (last_day, last_hour),
            (last_hour, end),
        ]
    }
}

/// The whole hour that a time lies in.
pub(super) fn whole_hour(time: DateTime<Utc>) -> DateTime<Utc> {
    whole(time, Range::HOUR)
}

/// The day of UTC that a time lies in.
pub(super) fn whole_day(time: DateTime<Utc>) -> DateTime<Utc> {
    whole(time, Range::DAY)
}

fn whole(time: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
    // Fails only for years that no call is booked in and nobody may ask for.
    time.duration_trunc(span).unwrap_or(time)
}

/// The first whole span that begins at a time or after it.
fn not_before(time: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
    let floor = whole(time, span);
    if floor == time {
        return floor;
    }
    floor.checked_add_signed(span).unwrap_or(time)
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

    /// The ends of the parts, each of which ends where the next begins.
    fn bounds(start: &str, end: &str) -> String {
        let time = |text: &str| format!("2026-03-{text}Z").parse().unwrap();
        let range = Range {
            start: time(start),
            end: time(end),
        };
        let parts = range.bounds();
        for (one, next) in parts.iter().zip(&parts[1..]) {
            assert_eq!(one.1, next.0, "{parts:?}");
        }
        let times = std::iter::once(parts[0].0).chain(parts.map(|part| part.1));
        let shown: Vec<String> = times
            .map(|time| time.format("%-dT%H:%M").to_string())
            .collect();
        shown.join(" ")
    }

    #[test]
    fn a_range_is_whole_days_whole_hours_and_what_is_left_at_its_ends() {
        assert_eq!(
            bounds("01T09:30:00", "04T13:15:00"),
            "1T09:30 1T10:00 2T00:00 4T00:00 4T13:00 4T13:15"
        );
        assert_eq!(
            bounds("01T00:00:00", "04T00:00:00"),
            "1T00:00 1T00:00 1T00:00 4T00:00 4T00:00 4T00:00"
        );
        assert_eq!(
            bounds("01T23:30:00", "03T00:15:00"),
            "1T23:30 2T00:00 2T00:00 3T00:00 3T00:00 3T00:15"
        );
    }

    #[test]
    fn a_range_without_a_whole_day_is_read_by_its_hours() {
        assert_eq!(
            bounds("01T09:30:00", "01T13:15:00"),
            "1T09:30 1T10:00 1T13:00 1T13:00 1T13:00 1T13:15"
        );
        assert_eq!(
            bounds("01T09:00:00", "02T13:00:00"),
            "1T09:00 1T09:00 2T13:00 2T13:00 2T13:00 2T13:00"
        );
    }

    #[test]
    fn a_range_without_a_whole_hour_is_read_row_by_row() {
        assert_eq!(
            bounds("01T09:10:00", "01T09:50:00"),
            "1T09:10 1T09:50 1T09:50 1T09:50 1T09:50 1T09:50"
        );
        assert_eq!(
            bounds("01T23:10:00", "02T00:50:00"),
            "1T23:10 2T00:50 2T00:50 2T00:50 2T00:50 2T00:50"
        );
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_empty() {
        assert_eq!(
            bounds("02T09:10:00", "01T08:00:00"),
            "2T09:10 2T09:10 2T09:10 2T09:10 2T09:10 2T09:10"
        );
    }
}
