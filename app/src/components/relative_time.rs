//! Times: the server renders the exact one, the browser turns it into "5 min ago" and keeps it true.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use leptos::prelude::*;

use crate::view;

const TICK: Duration = Duration::from_secs(20);

/// The browser's clock in milliseconds since 1970, by context; absent on the server and during hydration.
#[derive(Clone, Copy, Debug)]
struct Now(RwSignal<Option<i64>>);

/// Hands the clock to the tree. Called once, by `App`.
pub fn provide_clock() {
    let now = RwSignal::new(None);
    provide_context(Now(now));
    Effect::new(move |_| {
        now.set(Some(browser_now_ms()));
        let _ = set_interval_with_handle(move || now.set(Some(browser_now_ms())), TICK);
    });
}

/// The browser's clock, moving every 20 seconds; absent until the page has come to life.
pub fn use_now_ms() -> RwSignal<Option<i64>> {
    use_context::<Now>().map_or_else(|| RwSignal::new(None), |now| now.0)
}

/// Milliseconds since 1970 on this machine. Browser only.
pub fn browser_now_ms() -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since 1970 are far below 2^53"
    )]
    let now_ms = js_sys::Date::now() as i64;
    now_ms
}

/// A time, relative to now, with the exact one on hover.
#[component]
pub fn RelativeTime(
    /// The time.
    at: DateTime<Utc>,
    /// It may be still to come. Whatever has been is not, although the page's clock moves in steps and may stand before it.
    #[prop(optional)]
    may_come: bool,
) -> impl IntoView {
    let now_ms = use_now_ms();
    let at_ms = at.timestamp_millis();
    let words = move || {
        now_ms
            .get()
            .map(|now_ms| if may_come { now_ms } else { now_ms.max(at_ms) })
            .map_or_else(|| exact(&at), |now_ms| relative(at_ms, now_ms, &at))
    };
    view! {
        <time datetime=machine(&at) title=exact(&at)>
            {move || words()}
        </time>
    }
}

/// `2026-03-05 14:07 UTC`.
pub fn exact(at: &DateTime<Utc>) -> String {
    format!("{} {:02}:{:02} UTC", date(at), at.hour(), at.minute())
}

/// `2026-03-05`.
pub fn date(at: &DateTime<Utc>) -> String {
    format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day())
}

fn machine(at: &DateTime<Utc>) -> String {
    format!(
        "{}T{:02}:{:02}:{:02}Z",
        date(at),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// `just now`, `5 min ago`, `in 3 h`, `2 days ago`, or the date when it is more than 30 days away.
pub fn relative(at_ms: i64, now_ms: i64, at: &DateTime<Utc>) -> String {
    let is_past = at_ms <= now_ms;
    let minutes = at_ms.abs_diff(now_ms) / 60_000;
    let span = match minutes {
        0 if is_past => return "just now".to_owned(),
        0 => "1 min".to_owned(),
        1..60 => format!("{minutes} min"),
        60..1_440 => format!("{} h", minutes / 60),
        1_440..2_880 => "1 day".to_owned(),
        2_880..43_200 => format!("{} days", minutes / 1_440),
        _ => return date(at),
    };
    if is_past {
        format!("{span} ago")
    } else {
        format!("in {span}")
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

    const MINUTE_MS: i64 = 60_000;

    fn words(offset_ms: i64) -> String {
        let at = DateTime::from_timestamp_millis(1_772_719_620_000).unwrap();
        relative(
            at.timestamp_millis(),
            at.timestamp_millis() + offset_ms,
            &at,
        )
    }

    #[test]
    fn speaks_of_the_past_and_the_future_in_the_largest_unit_that_fits() {
        assert_eq!(words(20_000), "just now");
        assert_eq!(words(5 * MINUTE_MS), "5 min ago");
        assert_eq!(words(90 * MINUTE_MS), "1 h ago");
        assert_eq!(words(26 * 60 * MINUTE_MS), "1 day ago");
        assert_eq!(words(-3 * 60 * MINUTE_MS), "in 3 h");
        assert_eq!(words(-8 * 1_440 * MINUTE_MS), "in 8 days");
    }

    #[test]
    fn gives_the_date_beyond_a_month() {
        assert_eq!(words(40 * 1_440 * MINUTE_MS), "2026-03-05");
    }

    #[test]
    fn writes_exact_times_for_people_and_machines() {
        let at = DateTime::from_timestamp_millis(1_772_719_620_000).unwrap();
        assert_eq!(exact(&at), "2026-03-05 14:07 UTC");
        assert_eq!(machine(&at), "2026-03-05T14:07:00Z");
    }
}
