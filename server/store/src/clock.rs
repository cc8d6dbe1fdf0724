//! The time as everything that writes rows sees it: to the microsecond, and movable in tests.
//!
//! Processes that share a database share its time: the clocks of their machines may differ by minutes, and who is alive,
//! what is late and what changed since must not depend on whom one asks. So [`Clock::following`] reads the database's
//! clock and carries it on by the machine's monotonic one, whatever the machine believes the time to be.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use crate::dialect::to_micros;
use crate::{Db, StoreError};

const DATABASE_TIME: &str = "SELECT clock_timestamp()";
/// Readings that differ by less differ by the way to the database and back.
const NOTICEABLE: TimeDelta = TimeDelta::milliseconds(20);

/// Tells the time. Cheap to clone; all clones of a manual or following clock move together.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    #[cfg(any(test, feature = "test-support"))]
    Wrong(TimeDelta),
    Manual(Arc<Mutex<DateTime<Utc>>>),
    Database(Arc<Mutex<Reading>>),
}

/// What the database's clock showed, and when that was by the monotonic one.
#[derive(Clone, Copy)]
struct Reading {
    time: DateTime<Utc>,
    at: Instant,
}

impl Reading {
    fn now(self) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.at.elapsed()).unwrap_or(TimeDelta::zero());
        to_micros(self.time + passed)
    }
}

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A machine's clock that is wrong by this.
    #[cfg(any(test, feature = "test-support"))]
    pub const fn wrong_by(difference: TimeDelta) -> Self {
        Self(Source::Wrong(difference))
    }

    /// A clock that stands still until [`Self::advance`] moves it.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(Mutex::new(to_micros(start)))))
    }

    /// The clock of a database that several processes share, instead of the machine's own. SQLite belongs to one process,
    /// whose clock is as good; a manual clock stays what it is.
    pub async fn following(self, db: &Db) -> Result<Self, StoreError> {
        let Some(reading) = read(db).await? else {
            return Ok(self);
        };
        Ok(match self.0 {
            Source::Manual(_) => self,
            _ => Self(Source::Database(Arc::new(Mutex::new(reading)))),
        })
    }

    /// Reads the database's clock again, because clocks drift and machines sleep. Other clocks need no care.
    pub async fn adjust(&self, db: &Db) -> Result<(), StoreError> {
        let Source::Database(known) = &self.0 else {
            return Ok(());
        };
        if let Some(reading) = read(db).await? {
            let mut known = lock(known);
            if (reading.now() - known.now()).abs() >= NOTICEABLE {
                *known = reading;
            }
        }
        Ok(())
    }

    /// The time now, cut to microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => to_micros(Utc::now()),
            #[cfg(any(test, feature = "test-support"))]
            Source::Wrong(difference) => to_micros(Utc::now() + *difference),
            Source::Manual(time) => *lock(time),
            Source::Database(reading) => lock(reading).now(),
        }
    }

    /// Moves a manual clock forward; no other one moves.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Manual(time) = &self.0 {
            *lock(time) += by;
        }
    }
}

/// `None` where no other process writes.
async fn read(db: &Db) -> Result<Option<Reading>, StoreError> {
    let Db::Postgres(pool) = db else {
        return Ok(None);
    };
    let asked = Instant::now();
    let time = sqlx::query_scalar(DATABASE_TIME).fetch_one(pool).await?;
    // Read somewhere between the question and the answer.
    let at = asked + asked.elapsed() / 2;
    Ok(Some(Reading { time, at }))
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Source::System => "Clock(system)",
            #[cfg(any(test, feature = "test-support"))]
            Source::Wrong(_) => "Clock(wrong)",
            Source::Manual(_) => "Clock(manual)",
            Source::Database(_) => "Clock(database)",
        })
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
    use crate::testing::{TestDb, for_both};

    #[tokio::test]
    async fn a_clock_that_follows_ignores_what_the_machine_believes() {
        let test = TestDb::postgres().await;
        for minutes in [-10, 0, 10] {
            let clock = Clock::wrong_by(TimeDelta::minutes(minutes));
            let clock = clock.following(&test.db).await.unwrap();
            let truth = read(&test.db).await.unwrap().unwrap().now();
            assert!((clock.now() - truth).abs() < TimeDelta::seconds(1));
        }
        test.remove().await;
    }

    #[tokio::test]
    async fn a_clock_that_fell_behind_is_put_right() {
        let test = TestDb::postgres().await;
        let clock = Clock::system().following(&test.db).await.unwrap();
        let Source::Database(reading) = &clock.0 else {
            panic!("{clock:?}");
        };
        // As after a machine's sleep.
        lock(reading).time -= TimeDelta::hours(1);
        clock.adjust(&test.db).await.unwrap();
        let truth = read(&test.db).await.unwrap().unwrap().now();
        assert!((clock.now() - truth).abs() < TimeDelta::seconds(1));
        test.remove().await;
    }

    #[tokio::test]
    async fn a_manual_clock_follows_nobody() {
        for_both(async |test| {
            let start = DateTime::UNIX_EPOCH;
            let clock = Clock::manual(start).following(&test.db).await.unwrap();
            clock.adjust(&test.db).await.unwrap();
            assert_eq!(clock.now(), start);
        })
        .await;
    }
}
