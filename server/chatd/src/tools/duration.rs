//! Durations as models write them: `10s`, `500ms`, `2m`, `1h30m`, or a number of seconds.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Parses a duration; `None` when it is none.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    if let Ok(seconds) = rest.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at(letters);
        let factor = match unit.trim() {
            "ms" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        total = total.checked_add(Duration::try_from_secs_f64(number * factor).ok()?)?;
        rest = next.trim_start();
    }
    Some(total)
}

/// For `#[serde(deserialize_with)]`: text or a number of seconds.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    parse(&text).map(Some).ok_or_else(|| {
        serde::de::Error::custom(format!(
            "{text:?} is no duration; write for example \"30s\" or \"2m\""
        ))
    })
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

    #[test]
    fn reads_what_models_write() {
        let cases = [
            ("10s", 10_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
            ("1m 30s", 90_000),
            ("0s", 0),
            ("15", 15_000),
            ("1.5s", 1_500),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(
                parse(text),
                Some(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", "soon", "10x", "-5s", "s", "1e999", "10s later"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
