//! The worker: takes chats that wait, and shows that it is alive.
//!
//! It is woken by notices; a slow timer is the safety net. A chat whose worker died is taken over when its heartbeat
//! has expired; on SQLite, where only one server can run, at once when the server starts again.

use std::sync::Arc;

use chrono::TimeDelta;
use sdk::ids::{ChatId, RunnerId};
use store::chats::claim::{self, Claim};
use store::chats::{ChatRow, Status};
use store::{Db, heartbeats};
use tokio::time::{MissedTickBehavior, interval};

use crate::daemon::Shared;
use crate::state::{Change, StateError};

/// Chats looked for at once, by id alone; each is taken in a transaction of its own.
const CLAIM_LIMIT: i64 = 1000;

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
        if let Err(error) = acquire_all(&shared).await {
            tracing::error!(%error, "chats could not be looked for; trying again later");
        }
    }
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
