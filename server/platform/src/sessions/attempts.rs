//! Slowing down whoever guesses passwords, by account and address.
//!
//! Only failures count, so people who sign in often are never in the way of themselves. Guessing from many
//! addresses is slowed down by account alone, more generously, so that a stranger cannot easily lock somebody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use store::Clock;

use super::SessionError;

/// Wrong passwords from one address for one account: ten at once, then one in six seconds.
const BY_ADDRESS: (NonZeroU32, Duration) = (nonzero(10), Duration::from_secs(6));
/// Wrong passwords for one account from anywhere: a hundred at once, then one a second.
const BY_ACCOUNT: (NonZeroU32, Duration) = (nonzero(100), Duration::from_secs(1));
/// When to forget keys that are fresh again.
const MANY_KEYS: usize = 10_000;

/// An account, and an address unless all addresses are meant.
type Key = (String, Option<IpAddr>);

const fn nonzero(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// Counts failed sign-ins.
#[derive(Debug)]
pub(crate) struct Attempts {
    by_address: Failures,
    by_account: Failures,
}

/// One attempt that may still fail.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    attempts: &'a Attempts,
    with_address: Key,
    account: Key,
}

#[derive(Debug)]
struct Failures {
    limiter: RateLimiter<Key, DashMapStateStore<Key>, Timer, NoOpMiddleware<Nanos>>,
    /// Keys that failed once too often, and until when they are not looked at.
    blocked: Mutex<HashMap<Key, DateTime<Utc>>>,
    clock: Clock,
}

/// The platform's clock in the limiter's terms.
#[derive(Clone, Debug)]
struct Timer(Clock);

impl GovernorClock for Timer {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let nanos = self.0.now().timestamp_nanos_opt().unwrap_or_default();
        Nanos::from(u64::try_from(nanos).unwrap_or_default())
    }
}

impl Attempts {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self {
            by_address: Failures::new(BY_ADDRESS, clock),
            by_account: Failures::new(BY_ACCOUNT, clock),
        }
    }

    /// Refuses at once whoever failed too often.
    pub(crate) fn begin(
        &self,
        account: &str,
        address: Option<IpAddr>,
    ) -> Result<Attempt<'_>, SessionError> {
        let attempt = Attempt {
            attempts: self,
            with_address: (account.to_owned(), address),
            account: (account.to_owned(), None),
        };
        attempt.check()?;
        Ok(attempt)
    }
}

impl Attempt<'_> {
    /// Refuses when others have failed meanwhile.
    pub(crate) fn check(&self) -> Result<(), SessionError> {
        self.attempts.by_address.check(&self.with_address)?;
        self.attempts.by_account.check(&self.account)
    }

    /// Counts a wrong password. The error to answer with.
    pub(crate) fn failed(self) -> SessionError {
        self.attempts.by_address.count(self.with_address);
        self.attempts.by_account.count(self.account);
        SessionError::WrongCredentials
    }
}

impl Failures {
    fn new((burst, interval): (NonZeroU32, Duration), clock: &Clock) -> Self {
        let quota = Quota::with_period(interval).unwrap_or_else(|| Quota::per_minute(burst));
        let limiter =
            RateLimiter::dashmap_with_clock(quota.allow_burst(burst), Timer(clock.clone()));
        Self {
            limiter,
            blocked: Mutex::default(),
            clock: clock.clone(),
        }
    }

    fn check(&self, key: &Key) -> Result<(), SessionError> {
        let blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = blocked.get(key) else {
            return Ok(());
        };
        let wait = *until - self.clock.now();
        if wait <= TimeDelta::zero() {
            return Ok(());
        }
        let whole_seconds = wait.num_milliseconds().saturating_add(999) / 1000;
        Err(SessionError::TooManyAttempts {
            retry_after_s: u64::try_from(whole_seconds).unwrap_or(1),
        })
    }

    /// The failure that uses the last of the allowance up blocks the key until there is more.
    fn count(&self, key: Key) {
        let Err(not_until) = self.limiter.check_key(&key) else {
            return;
        };
        let wait = Duration::from(
            not_until
                .earliest_possible()
                .duration_since(Timer(self.clock.clone()).now()),
        );
        let now = self.clock.now();
        let until = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::zero());
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.insert(key, until);
        if blocked.len() + self.limiter.len() > MANY_KEYS {
            blocked.retain(|_, until| *until > now);
            self.limiter.retain_recent();
        }
    }
}
