//! Until when a host takes nothing more of a token.
//!
//! GitHub's primary limit answers 403 or 429 with `x-ratelimit-remaining: 0` and the time in `x-ratelimit-reset`; its
//! secondary limit answers the same with `retry-after`, or with words alone, and then wants a minute's peace.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

use super::Fingerprint;

/// What a limit without a time means, as GitHub documents it.
const UNSAID: TimeDelta = TimeDelta::minutes(1);
/// Clocks differ, and a request that comes a moment too early begins the wait anew.
const MARGIN: TimeDelta = TimeDelta::seconds(5);
/// No host closes itself for longer; a value beyond is a mistake.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// Notes are swept when there are more.
const SWEEP_AT: usize = 1024;

type Key = (Fingerprint, String);

/// The notes.
#[derive(Debug, Default)]
pub(super) struct Limits(Mutex<HashMap<Key, DateTime<Utc>>>);

impl Limits {
    /// When a token may be shown to a host again; nothing when it may now.
    pub(super) fn until(&self, key: &Key, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.lock().get(key).copied().filter(|until| *until > now)
    }

    pub(super) fn note(&self, key: Key, until: DateTime<Utc>, now: DateTime<Utc>) {
        let mut notes = self.lock();
        if notes.len() >= SWEEP_AT {
            notes.retain(|_, until| *until > now);
        }
        notes.insert(key, until);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, DateTime<Utc>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the limit that an answer speaks of ends; nothing when it speaks of none.
pub(super) fn end(
    status: StatusCode,
    headers: &HeaderMap,
    words: &str,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if !matches!(
        status,
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    ) {
        return None;
    }
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let retry_after = || {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let seconds = text.parse::<i64>().ok().and_then(TimeDelta::try_seconds);
        let date = || {
            DateTime::parse_from_rfc2822(text)
                .ok()
                .map(|date| date.with_timezone(&Utc))
        };
        seconds
            .map(|seconds| now + seconds.min(LONGEST))
            .or_else(date)
    };
    let reset = || {
        let is_used_up = number("x-ratelimit-remaining") == Some(0);
        let reset = number("x-ratelimit-reset").filter(|_| is_used_up)?;
        DateTime::from_timestamp(reset, 0)
    };
    let unsaid = || {
        let is_limit = status == StatusCode::TOO_MANY_REQUESTS
            || words.to_ascii_lowercase().contains("rate limit");
        is_limit.then(|| now + UNSAID)
    };
    let end = retry_after().or_else(reset).or_else(unsaid)?;
    Some(end.clamp(now, now + LONGEST) + MARGIN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use http::{HeaderName, HeaderValue};

    use super::*;

    fn wait(status: u16, pairs: &[(&'static str, &str)], words: &str) -> Option<i64> {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let header = |(name, value): &(&'static str, &str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        };
        let status = StatusCode::from_u16(status).unwrap();
        let end = end(status, &pairs.iter().map(header).collect(), words, now)?;
        Some((end - now - MARGIN).num_seconds())
    }

    #[test]
    fn a_time_that_is_said_is_honoured() {
        let primary = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1800000900"),
        ];
        assert_eq!(wait(403, &primary, "API rate limit exceeded"), Some(900));
        assert_eq!(wait(429, &primary, ""), Some(900));
        assert_eq!(wait(403, &[("retry-after", "30")], ""), Some(30));
        let both = [
            ("retry-after", "30"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1800000900"),
        ];
        assert_eq!(wait(429, &both, ""), Some(30));
        assert_eq!(
            wait(429, &[("retry-after", "Fri, 15 Jan 2027 08:01:00 GMT")], ""),
            Some(60)
        );
    }

    #[test]
    fn a_limit_without_a_time_wants_a_minute() {
        assert_eq!(
            wait(403, &[], "You have exceeded a secondary rate limit."),
            Some(60)
        );
        assert_eq!(wait(429, &[("retry-after", "soon")], ""), Some(60));
    }

    #[test]
    fn other_refusals_are_no_limits() {
        assert_eq!(
            wait(403, &[], "Resource not accessible by personal access token"),
            None
        );
        let left = [
            ("x-ratelimit-remaining", "12"),
            ("x-ratelimit-reset", "1800000900"),
        ];
        assert_eq!(wait(403, &left, "Must have admin rights"), None);
        assert_eq!(wait(500, &[("retry-after", "30")], "rate limit"), None);
    }

    #[test]
    fn no_time_is_past_or_beyond_a_day() {
        let far = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "99999999999"),
        ];
        assert_eq!(wait(403, &far, ""), Some(86_400));
        assert_eq!(
            wait(403, &[("retry-after", "9223372036854775807")], "rate limit"),
            Some(60)
        );
        assert_eq!(wait(403, &[("retry-after", "-5")], ""), Some(0));
    }
}
