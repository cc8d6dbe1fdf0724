//! The worker: takes chats that wait, and shows that it is alive.
//!
//! It is woken by notices; a slow timer is the safety net. A chat whose worker died is taken over when its heartbeat
//! has expired; on SQLite, where only one server can run, at once when the server starts again.

use std::sync::Arc;

use chrono::TimeDelta;
use sdk::ids::RunnerId;
use store::chats::claim::{self, Claim};
use store::chats::{ChatRow, Status};
use store::{Db, heartbeats};
use tokio::time::{MissedTickBehavior, interval};

use crate::daemon::Shared;
use crate::state::{Change, StateError};

/// Chats taken in one transaction.
const CLAIM_LIMIT: i64 = 10;

/// Takes chats until the daemon stops.
pub(crate) async fn acquire_loop(shared: Arc<Shared>) {
    let mut timer = interval(shared.timings.acquire);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = shared.hub.work.notified() => {}
            () = shared.stopped.cancelled() => return,
        }
        while shared.takes_work() {
            match acquire(&shared).await {
                Ok(chats) => {
                    let is_last = i64::try_from(chats.len()).unwrap_or(i64::MAX) < CLAIM_LIMIT;
                    for chat in chats {
                        shared.run(chat);
                    }
                    if is_last {
                        break;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "chats could not be taken; trying again later");
                    break;
                }
            }
        }
    }
}

async fn acquire(shared: &Shared) -> Result<Vec<ChatRow>, StateError> {
    let now = shared.clock.now();
    let mut change = Change::begin(&shared.db, now).await?;
    let claim = Claim {
        now,
        worker_id: shared.worker_id,
        is_alone: matches!(shared.db, Db::Sqlite { .. }),
        expired_before: now
            - TimeDelta::from_std(shared.timings.expiry).unwrap_or(TimeDelta::zero()),
        limit: CLAIM_LIMIT,
    };
    let mut taken = Vec::new();
    for chat in claim::lock_claimable(&mut change.tx, &claim).await? {
        let mut locked = change.locked(chat).await?;
        if locked.chat.status == Status::RequiresAction {
            change.cancel_action(&mut locked).await?;
        }
        change
            .acquire(&mut locked, shared.worker_id, RunnerId::generate())
            .await?;
        taken.push(change.close(locked).await?.chat);
    }
    if taken.is_empty() {
        change.tx.rollback().await?;
        return Ok(taken);
    }
    change.commit(&shared.notices).await?;
    Ok(taken)
}

/// Beats for every chat that runs here; a chat that somebody else owns is given up.
pub(crate) async fn heartbeat_loop(shared: Arc<Shared>) {
    let mut timer = interval(shared.timings.heartbeat);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = shared.stopped.cancelled() => return,
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
    let now = shared.clock.now();
    let mut tx = shared.db.begin().await?;
    let mut lost = Vec::new();
    for (chat, handle) in &running {
        if !heartbeats::beat(&mut tx, *chat, handle.runner_id, now).await? {
            lost.push(handle);
        }
    }
    tx.commit().await?;
    for handle in lost {
        handle.lost.cancel();
    }
    // A notice may have been lost between replicas: the runners look at their chats.
    for (chat, _) in running {
        shared.hub.channel(chat).resync();
    }
    Ok(())
}
