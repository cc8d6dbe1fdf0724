//! When a failed call is tried again: pure functions, the caller keeps the clock.

use std::time::Duration;

/// Attempts of one call before it is given up.
pub const MAX_ATTEMPTS: u32 = 25;

const FIRST_DELAY_MS: u64 = 1_000;
const LONGEST_DELAY_MS: u64 = 60_000;

/// Pause after the failure of attempt number `attempt` (from 0): 1 s doubling up to 60 s, and at least what the
/// provider asked for, even when that is longer.
pub fn delay(attempt: u32, retry_after_ms: Option<u64>) -> Duration {
    let doubled = 1_u64
        .checked_shl(attempt)
        .map_or(LONGEST_DELAY_MS, |factor| {
            FIRST_DELAY_MS.saturating_mul(factor)
        });
    let backoff = doubled.min(LONGEST_DELAY_MS);
    Duration::from_millis(backoff.max(retry_after_ms.unwrap_or(0)))
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
    fn doubles_from_one_second_to_sixty() {
        let seconds: Vec<u64> = (0..8)
            .map(|attempt| delay(attempt, None).as_secs())
            .collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        for attempt in [24, 63, 64, 65, u32::MAX] {
            assert_eq!(
                delay(attempt, None),
                Duration::from_mins(1),
                "attempt {attempt}"
            );
        }
    }

    #[test]
    fn waits_at_least_as_long_as_the_provider_asks() {
        assert_eq!(delay(0, Some(2_500)), Duration::from_millis(2_500));
        assert_eq!(delay(3, Some(2_500)), Duration::from_secs(8));
        assert_eq!(delay(0, Some(90_000)), Duration::from_secs(90));
    }
}
