//! Moves SQLite's log into the file beside the writer.
//!
//! Left to itself SQLite does so inside of the commit that made the log long, and whoever sent that message waits for it.

use std::time::Duration;

use sqlx::SqlitePool;
use tokio::time::{MissedTickBehavior, interval};

const PAUSE: Duration = Duration::from_secs(2);
/// The log's length, in pages of 4 KiB, at which a commit moves it after all.
pub(super) const LAST_RESORT_PAGES: &str = "16000";

/// Works until the pool is closed. A connection that only reads may do this, and it waits for nobody.
pub(super) async fn run(reader: SqlitePool) {
    let mut timer = interval(PAUSE);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = reader.close_event() => return,
        }
        let moved = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .execute(&reader)
            .await;
        if let Err(error) = moved
            && !reader.is_closed()
        {
            tracing::warn!(%error, "the database's log could not be moved into its file; tried again in a moment");
        }
    }
}
