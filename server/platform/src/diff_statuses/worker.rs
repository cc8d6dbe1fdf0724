//! Keeps what is known of chats' branches fresh. One in every replica; claims keep them from doing the same.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use sdk::ids::UserId;
use store::diff_statuses::{self, DiffStatusRow};
use store::notices::{Heard, Subscription};
use store::{Notice, StoreError};
use tokio::time::{sleep, timeout};

use super::schedule;
use crate::Platform;

/// How often it is looked for rows that are due, when no notice says that there are.
const TICK: Duration = Duration::from_secs(10);
/// What is not done by then keeps its lease and comes again.
const TICK_DEADLINE: Duration = Duration::from_secs(30);
const BATCH: i64 = 50;
const AT_ONCE: usize = 10;

impl Platform {
    /// Looks again and again, first at once.
    pub(crate) fn start_looking_at_git_hosts(&self) {
        let platform = self.clone();
        let mut notices = self.0.notices.subscribe();
        self.0.background.spawn(async move {
            loop {
                let is_full = match timeout(TICK_DEADLINE, platform.refresh_due()).await {
                    Ok(Ok(count)) => i64::try_from(count).is_ok_and(|count| count >= BATCH),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "chats' branches could not be looked at; tried again soon");
                        false
                    }
                    Err(_) => {
                        tracing::warn!("git hosts answer slowly; what was not looked at comes again");
                        false
                    }
                };
                if !is_full && !due(&mut notices).await {
                    return;
                }
            }
        });
    }

    /// Looks at what is due, at most a batch of it; gives how many rows that were.
    pub(super) async fn refresh_due(&self) -> Result<usize, StoreError> {
        let now = self.0.clock.now();
        let rows = diff_statuses::claim(&self.0.db, now, now + schedule::LEASE, BATCH).await?;
        let count = rows.len();
        let mut groups: BTreeMap<(UserId, String, String), Vec<DiffStatusRow>> = BTreeMap::new();
        for row in rows {
            let key = (
                row.owner_id,
                row.git_remote_origin.clone(),
                row.git_branch.clone(),
            );
            groups.entry(key).or_default().push(row);
        }
        let looks = futures::stream::iter(groups.into_values());
        looks
            .for_each_concurrent(AT_ONCE, |rows| async move {
                // Of one person at one host: after a rate limit the client itself asks no more before its end.
                if let Err(problem) = self.refresh(&rows).await {
                    let chats = rows.len();
                    tracing::debug!(%problem, chats, "a branch could not be looked at");
                }
            })
            .await;
        Ok(count)
    }
}

/// Waits until something may be due; false when everything is shut down.
async fn due(notices: &mut Subscription) -> bool {
    let heard = async {
        loop {
            match notices.next().await {
                Some(Heard::Resync) => return true,
                Some(Heard::Notice(notice))
                    if matches!(*notice, Notice::DiffStatusStale { .. }) =>
                {
                    return true;
                }
                Some(Heard::Notice(_)) => {}
                None => return false,
            }
        }
    };
    tokio::select! {
        is_on = heard => is_on,
        () = sleep(TICK) => true,
    }
}
