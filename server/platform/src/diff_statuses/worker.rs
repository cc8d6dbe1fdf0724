//! Keeps what is known of chats' branches fresh. One in every replica; claims keep them from doing the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use forge::Remote;
use sdk::ids::UserId;
use store::diff_statuses::{self, DiffStatusRow};
use store::notices::{Heard, Subscription};
use store::{Notice, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::schedule;
use crate::Platform;

/// How often it is looked for rows that are due, when no notice says that there are.
const TICK: Duration = Duration::from_secs(10);
/// What is not done by then keeps its lease and comes again.
const DEADLINE: Duration = Duration::from_secs(30);
const BATCH: usize = 50;
const AT_ONCE: usize = 10;
/// Of these at one host: one that does not answer leaves places to the others.
const AT_ONCE_PER_HOST: usize = 4;
/// Looks that go on or wait for their turn: those at a host that answers slowly keep no others from being claimed.
const MOST_LOOKS: usize = 500;

/// Chats of a person that work on the same branch.
type Group = Vec<DiffStatusRow>;

impl Platform {
    /// Looks again and again, first at once.
    pub(crate) fn start_looking_at_git_hosts(&self) {
        let platform = self.clone();
        let mut notices = self.0.notices.subscribe();
        self.0.background.spawn(async move {
            let turns = Turns::default();
            let mut looks = JoinSet::new();
            loop {
                while looks.try_join_next().is_some() {}
                let room = MOST_LOOKS.saturating_sub(looks.len()).min(BATCH);
                let is_full = match platform.claim_due(room).await {
                    Ok((count, groups)) => {
                        for group in groups {
                            looks.spawn(look(platform.clone(), turns.clone(), group));
                        }
                        room > 0 && count >= room
                    }
                    Err(error) => {
                        tracing::warn!(%error, "chats' branches could not be looked at; tried again soon");
                        false
                    }
                };
                if !is_full && !due(&mut notices).await {
                    return;
                }
            }
        });
    }

    /// What is due, at most so many rows of it, by what is asked for it; and how many rows that are.
    async fn claim_due(&self, rows: usize) -> Result<(usize, Vec<Group>), StoreError> {
        let now = self.0.clock.now();
        let most = i64::try_from(rows).unwrap_or(i64::MAX);
        let rows = diff_statuses::claim(&self.0.db, now, now + schedule::LEASE, most).await?;
        let count = rows.len();
        let mut groups: BTreeMap<(UserId, String, String), Group> = BTreeMap::new();
        for row in rows {
            let key = (
                row.owner_id,
                row.git_remote_origin.clone(),
                row.git_branch.clone(),
            );
            groups.entry(key).or_default().push(row);
        }
        Ok((count, groups.into_values().collect()))
    }

    /// The host that is asked of a remote; empty where none is.
    async fn host_of(&self, remote: &str) -> String {
        let (Ok(remote), Ok(forges)) = (remote.parse::<Remote>(), self.0.links.forges().await)
        else {
            return String::new();
        };
        let forge = forges.of(&remote);
        forge.map_or_else(String::new, |forge| forge.host().to_owned())
    }

    /// Looks at what is due, at most a batch of it, to the end; gives how many rows that were.
    #[cfg(test)]
    pub(super) async fn refresh_due(&self) -> Result<usize, StoreError> {
        let (count, groups) = self.claim_due(BATCH).await?;
        let turns = Turns::default();
        let looks = groups
            .into_iter()
            .map(|group| look(self.clone(), turns.clone(), group));
        futures::future::join_all(looks).await;
        Ok(count)
    }
}

/// Of one person at one host: after a rate limit the client itself asks no more before its end.
async fn look(platform: Platform, turns: Turns, group: Group) {
    let Some(first) = group.first() else { return };
    let remote = first.git_remote_origin.clone();
    let looked = timeout(DEADLINE, async {
        let _turn = turns.take(platform.host_of(&remote).await).await;
        if let Err(problem) = platform.refresh(&group).await {
            let chats = group.len();
            tracing::debug!(%problem, chats, "a branch could not be looked at");
        }
    });
    if looked.await.is_err() {
        tracing::warn!(
            remote,
            "a git host answers slowly; what was not looked at comes again"
        );
    }
}

/// Who may look now.
#[derive(Clone, Debug)]
struct Turns {
    all: Arc<Semaphore>,
    hosts: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(AT_ONCE)),
            hosts: Arc::default(),
        }
    }
}

impl Turns {
    /// Waits for the host's turn first, so that who waits for it holds no place that another host could have. Both are
    /// given back when they are dropped.
    async fn take(&self, host: String) -> Option<[OwnedSemaphorePermit; 2]> {
        let host = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            // Who waits and who has a turn hold on to it.
            hosts.retain(|_, turns| Arc::strong_count(turns) > 1);
            let turns = || Arc::new(Semaphore::new(AT_ONCE_PER_HOST));
            hosts.entry(host).or_insert_with(turns).clone()
        };
        // Neither is ever closed.
        let host = host.acquire_owned().await.ok()?;
        let all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some([host, all])
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
