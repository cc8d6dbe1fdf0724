//! How long a provider asks to wait, from its response headers.

use chrono::{DateTime, Utc};
use http::HeaderMap;

/// Milliseconds to wait: `retry-after-ms` first, then `retry-after` as seconds or as an HTTP date. What cannot be
/// read is ignored; a date in the past means no wait.
pub fn retry_after_ms(headers: &HeaderMap, now: DateTime<Utc>) -> Option<u64> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    text("retry-after-ms")
        .and_then(|value| milliseconds(value, 1.0))
        .or_else(|| {
            text("retry-after")
                .and_then(|value| milliseconds(value, 1000.0).or_else(|| until(value, now)))
        })
}

fn milliseconds(text: &str, factor: f64) -> Option<u64> {
    let number: f64 = text.parse().ok()?;
    let product = number * factor;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked"
    )]
    (0.0..1e15)
        .contains(&product)
        .then(|| product.ceil() as u64)
}

fn until(text: &str, now: DateTime<Utc>) -> Option<u64> {
    let moment = DateTime::parse_from_rfc2822(text).ok()?;
    let wait = moment
        .with_timezone(&Utc)
        .signed_duration_since(now)
        .num_milliseconds();
    Some(u64::try_from(wait).unwrap_or(0))
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

    use http::HeaderValue;

    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Option<u64> {
        let now = DateTime::parse_from_rfc3339("2026-11-21T04:00:00Z")
            .unwrap()
            .with_timezone(&Utc);
        let headers = pairs.iter().map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        });
        retry_after_ms(&headers.collect(), now)
    }

    #[test]
    fn prefers_milliseconds_then_seconds_then_a_date() {
        assert_eq!(
            read(&[("retry-after-ms", "150"), ("retry-after", "9")]),
            Some(150)
        );
        assert_eq!(read(&[("retry-after", "2")]), Some(2_000));
        assert_eq!(read(&[("retry-after", "0.25")]), Some(250));
        assert_eq!(
            read(&[("retry-after", "Sat, 21 Nov 2026 04:00:30 GMT")]),
            Some(30_000)
        );
        assert_eq!(
            read(&[("retry-after", "Sat, 21 Nov 2026 03:59:30 GMT")]),
            Some(0)
        );
    }

    #[test]
    fn ignores_what_it_cannot_read() {
        for text in ["", "soon", "-1", "nan", "inf", "1e300"] {
            assert_eq!(read(&[("retry-after", text)]), None, "{text}");
            assert_eq!(
                read(&[("retry-after-ms", text), ("retry-after", "3")]),
                Some(3_000),
                "{text}"
            );
        }
        assert_eq!(read(&[]), None);
    }
}
