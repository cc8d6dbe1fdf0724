//! Slowing down whoever guesses passwords, by account and address.
//!
//! Only failures count, so people who sign in often are never in the way of themselves. Guessing from many
//! addresses is slowed down by account alone, and guessing many accounts by address alone, both more generously, so
//! that a stranger cannot easily lock somebody out. What is remembered has a bound: strangers choose the keys.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
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
/// Wrong passwords from one address for any account: three hundred at once, then one a second.
const BY_CLIENT: (NonZeroU32, Duration) = (nonzero(300), Duration::from_secs(1));
/// When to forget keys that are fresh again.
const MANY_KEYS: usize = 10_000;

/// The hash of an account, an address, or both: keys are as small for long names as for short ones.
type Key = u64;

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
    by_client: Failures,
    hasher: RandomState,
}

/// One attempt that may still fail.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    attempts: &'a Attempts,
    with_address: Key,
    account: Key,
    /// `None` when the address is not known.
    client: Option<Key>,
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
            by_client: Failures::new(BY_CLIENT, clock),
            hasher: RandomState::new(),
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
            with_address: self.hasher.hash_one((account, address)),
            account: self.hasher.hash_one(account),
            client: address.map(|address| self.hasher.hash_one(address)),
        };
        attempt.check()?;
        Ok(attempt)
    }

    /// How many keys are remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        [&self.by_address, &self.by_account, &self.by_client]
            .into_iter()
            .map(Failures::remembered)
            .sum()
    }
}

impl Attempt<'_> {
    /// Refuses when others have failed meanwhile.
    pub(crate) fn check(&self) -> Result<(), SessionError> {
        if let Some(client) = self.client {
            self.attempts.by_client.check(client)?;
        }
        self.attempts.by_address.check(self.with_address)?;
        self.attempts.by_account.check(self.account)
    }

    /// Counts a wrong password. The error to answer with.
    pub(crate) fn failed(self) -> SessionError {
        self.attempts.by_address.count(self.with_address);
        self.attempts.by_account.count(self.account);
        if let Some(client) = self.client {
            self.attempts.by_client.count(client);
        }
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

    fn check(&self, key: Key) -> Result<(), SessionError> {
        let blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = blocked.get(&key) else {
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
        let now = self.clock.now();
        let until = self.limiter.check_key(&key).err().map(|not_until| {
            let wait = not_until
                .earliest_possible()
                .duration_since(Timer(self.clock.clone()).now());
            now + TimeDelta::from_std(wait.into()).unwrap_or(TimeDelta::zero())
        });
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            blocked.insert(key, until);
        }
        if blocked.len() + self.limiter.len() > MANY_KEYS {
            blocked.retain(|_, until| *until > now);
            self.limiter.retain_recent();
        }
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        let blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.len() + self.limiter.len()
    }
}
