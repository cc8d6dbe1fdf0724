//! The days that an address asks for. Days are those of UTC.

use chrono::{DateTime, Datelike as _, Days as DayCount, NaiveDate, NaiveTime, Utc};
use sdk::costs::CostRange;
use sdk::errors::Validation;

use super::CostQuery;

/// Shown when no days are asked for.
const USUAL_DAYS: u64 = 30;
const MOST_DAYS: u64 = 3660;

/// From the first day to the last, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: NaiveDate,
    pub(super) last: NaiveDate,
    /// How an address asks for them.
    pub(super) query: String,
}

impl Days {
    /// Of a query; `today` ends the presets.
    pub(super) fn parse(query: &CostQuery, today: NaiveDate) -> Result<Self, Validation> {
        if query.from.is_empty() && query.to.is_empty() {
            let days = match query.days.as_str() {
                "" => USUAL_DAYS,
                days => days
                    .parse()
                    .ok()
                    .filter(|days| (1..=MOST_DAYS).contains(days))
                    .ok_or_else(|| refuse("days", "Use a number of days between 1 and 3660."))?,
            };
            let first = today.checked_sub_days(DayCount::new(days - 1));
            return Ok(Self {
                first: first.unwrap_or(today),
                last: today,
                query: format!("days={days}"),
            });
        }
        let last = match query.to.as_str() {
            "" => today,
            to => day("to", to)?,
        };
        let first = match query.from.as_str() {
            "" => last
                .checked_sub_days(DayCount::new(USUAL_DAYS - 1))
                .unwrap_or(last),
            from => day("from", from)?,
        };
        if first > last {
            return Err(refuse(
                "from",
                "The first day must not come after the last.",
            ));
        }
        if last.signed_duration_since(first).num_days() >= i64::try_from(MOST_DAYS).unwrap_or(0) {
            return Err(refuse("from", "Choose ten years at most."));
        }
        Ok(Self {
            first,
            last,
            query: format!("from={first}&to={last}"),
        })
    }

    /// The same as times: the last day ends before the next one begins.
    pub(super) fn range(&self) -> CostRange {
        let midnight = |day: NaiveDate| -> DateTime<Utc> { day.and_time(NaiveTime::MIN).and_utc() };
        CostRange {
            start_date: Some(midnight(self.first)),
            end_date: self.last.succ_opt().map(midnight),
        }
    }
}

fn day(field: &str, text: &str) -> Result<NaiveDate, Validation> {
    let parsed: Option<NaiveDate> = text.parse().ok();
    parsed
        .filter(|day| (1970..=9000).contains(&day.year()))
        .ok_or_else(|| refuse(field, "Give a day such as 2026-03-01."))
}

fn refuse(field: &str, detail: &str) -> Validation {
    Validation {
        field: field.to_owned(),
        detail: detail.to_owned(),
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

    fn days(days: &str, from: &str, to: &str) -> Result<Days, Validation> {
        let query = CostQuery {
            days: days.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            ..CostQuery::default()
        };
        Days::parse(&query, "2026-03-31".parse().unwrap())
    }

    #[test]
    fn the_last_day_is_whole() {
        let range = days("", "2026-03-01", "2026-03-02").unwrap().range();
        let time = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        assert_eq!(range.start_date, time("2026-03-01T00:00:00Z"));
        assert_eq!(range.end_date, time("2026-03-03T00:00:00Z"));
    }

    #[test]
    fn a_preset_ends_today() {
        let month = days("", "", "").unwrap();
        assert_eq!(month.first.to_string(), "2026-03-02");
        assert_eq!(month.last.to_string(), "2026-03-31");
        assert_eq!(days("1", "", "").unwrap().first.to_string(), "2026-03-31");
    }

    #[test]
    fn what_is_no_range_is_refused_where_it_stands() {
        for (preset, from, to, field) in [
            ("0", "", "", "days"),
            ("many", "", "", "days"),
            ("", "2026-03-02", "2026-03-01", "from"),
            ("", "1900-01-01", "2026-03-01", "from"),
            ("", "1990-01-01", "2026-03-01", "from"),
            ("", "", "tomorrow", "to"),
            ("", "", "99999-01-01", "to"),
        ] {
            assert_eq!(days(preset, from, to).unwrap_err().field, field);
        }
    }
}
