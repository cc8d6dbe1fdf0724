//! The worker: takes chats that wait, and shows that it is alive.
//!
//! It is woken by notices; a slow timer is the safety net. A chat whose worker died is taken over when its heartbeat
//! has expired; on SQLite, where only one server can run, at once when the server starts again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use sdk::ids::{ChatId, RunnerId};
use store::chats::claim::{self, Claim};
use store::chats::{ChatRow, Status};
use store::{Db, heartbeats};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::daemon::{Shared, transition};
use crate::state::{Change, StateError};

/// Chats looked for at once, by id alone; each is taken in a transaction of its own.
const CLAIM_LIMIT: i64 = 1000;
/// A deadline that has passed already is looked at again after this.
const SHORTEST_WAIT: Duration = Duration::from_millis(200);

/// Takes chats until the daemon stops.
pub(crate) async fn acquire_loop(shared: Arc<Shared>) {
    let mut timer = interval(shared.timings.acquire);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next_deadline = None;
    loop {
        tokio::select! {
            _ = timer.tick() => repair_all(&shared).await,
            () = shared.hub.work.notified() => {}
            () = sleep_until(next_deadline.unwrap_or_else(Instant::now)), if next_deadline.is_some() => {}
            () = shared.stopped.cancelled() => return,
        }
        if let Err(error) = acquire_all(&shared).await {
            tracing::error!(%error, "chats could not be looked for; trying again later");
        }
        next_deadline = deadline(&shared).await;
    }
}

/// When the next client has not answered in time; nobody else would wake the loop then.
async fn deadline(shared: &Shared) -> Option<Instant> {
    let at = claim::next_deadline(&shared.db).await.ok().flatten()?;
    let remaining = (at - shared.clock.now()).to_std().unwrap_or_default();
    Some(Instant::now() + remaining.max(SHORTEST_WAIT))
}

/// Takes what can be taken. A chat that fails is left for the next look and keeps no other from being taken.
async fn acquire_all(shared: &Arc<Shared>) -> Result<(), StateError> {
    while shared.takes_work() {
        let found = claim::claimable(&shared.db, &claim_of(shared), CLAIM_LIMIT).await?;
        let is_last = i64::try_from(found.len()).unwrap_or(i64::MAX) < CLAIM_LIMIT;
        let mut is_any_taken = false;
        for id in found {
            if !shared.takes_work() {
                return Ok(());
            }
            // Its heartbeat could not be written, but its runner lives and holds work that is not saved yet.
            if shared.is_running(id) {
                continue;
            }
            match acquire(shared, id).await {
                Ok(Some(chat)) => {
                    is_any_taken = true;
                    shared.run(chat);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(chat = %id, %error, "a chat could not be taken; trying again later");
                }
            }
        }
        if is_last || !is_any_taken {
            return Ok(());
        }
    }
    Ok(())
}

fn claim_of(shared: &Shared) -> Claim {
    let now = shared.clock.now();
    let expiry = TimeDelta::from_std(shared.timings.expiry).unwrap_or(TimeDelta::zero());
    Claim {
        now,
        worker_id: shared.worker_id,
        is_alone: matches!(shared.db, Db::Sqlite { .. }),
        expired_before: now - expiry,
    }
}

/// Looks for chats that hold no work and still are not as they must be.
async fn repair_all(shared: &Shared) {
    if !shared.takes_work() {
        return;
    }
    if let Err(error) = repair(shared).await {
        tracing::error!(%error, "broken chats could not be repaired; trying again later");
    }
}

async fn repair(shared: &Shared) -> Result<(), StateError> {
    for id in claim::broken(&shared.db, CLAIM_LIMIT).await? {
        transition!(shared, id, |change, locked| {
            if !change.mend(&mut locked).await? {
                continue;
            }
        });
    }
    for root in claim::half_archived(&shared.db, CLAIM_LIMIT).await? {
        let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
        change.archive_family(root).await?;
        change.commit(&shared.notices).await?;
    }
    Ok(())
}

/// Takes one chat; `None` when somebody else was quicker or it only had to be mended.
async fn acquire(shared: &Shared, id: ChatId) -> Result<Option<ChatRow>, StateError> {
    let claim = claim_of(shared);
    let mut change = Change::begin(&shared.db, claim.now).await?;
    let Some(chat) = claim::lock_claimable(&mut change.tx, &claim, id).await? else {
        change.tx.rollback().await?;
        return Ok(None);
    };
    let mut locked = change.locked(chat).await?;
    let is_mended = change.mend(&mut locked).await?;
    if !is_mended {
        if locked.chat.status == Status::RequiresAction {
            change.cancel_action(&mut locked).await?;
        }
        change
            .acquire(&mut locked, shared.worker_id, RunnerId::generate())
            .await?;
    }
    let chat = change.close(locked).await?.chat;
    change.commit(&shared.notices).await?;
    Ok((!is_mended).then_some(chat))
}

/// Beats for every chat that runs here; a chat that somebody else owns is given up. The clock is put right before each
/// beat, so that the beat is not taken for an old one.
pub(crate) async fn heartbeat_loop(shared: Arc<Shared>) {
    let mut timer = interval(shared.timings.heartbeat);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = shared.stopped.cancelled() => return,
        }
        if let Err(error) = shared.clock.adjust(&shared.db).await {
            tracing::warn!(%error, "the database's time could not be read; it is carried on");
        }
        if let Err(error) = beat(&shared).await {
            tracing::error!(%error, "heartbeats could not be written");
        }
    }
}

async fn beat(shared: &Shared) -> Result<(), StateError> {
    let running = shared.running();
    if running.is_empty() {
        return Ok(());
    }
    let beats: Vec<_> = running
        .iter()
        .map(|(chat, handle)| (*chat, handle.runner_id))
        .collect();
    let mut tx = shared.db.begin().await?;
    let owned = heartbeats::beat(&mut tx, &beats, shared.clock.now()).await?;
    tx.commit().await?;
    let owned: HashSet<ChatId> = owned.into_iter().collect();
    for (chat, handle) in &running {
        if !owned.contains(chat) {
            handle.lost.cancel();
        }
    }
    // A notice may have been lost between replicas: the runners look at their chats.
    for (chat, _) in running {
        shared.hub.channel(chat).resync();
    }
    Ok(())
}
