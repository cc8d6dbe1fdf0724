//! Notices between replicas by PostgreSQL's `LISTEN`/`NOTIFY`.
//!
//! One task writes: it gathers what was published meanwhile and sends it in payloads far below the 8,000 bytes that
//! PostgreSQL takes. One task listens, reconnects, and tells everybody to resync after a gap. A replica does not
//! hear itself: its own receivers were told at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::outlet::Outlet;
use super::{Heard, Notice};
use crate::StoreError;

const CHANNEL: &str = "switchyard_notices";
const NOTIFY: &str = "SELECT pg_notify($1, $2)";
/// Notices that may wait while PostgreSQL is slow; what comes on top is dropped and replaced by one resync.
const QUEUE: usize = 4096;
/// Most notices in one payload; each is at most about 350 bytes.
const BATCH: usize = 16;
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The two tasks; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Link {
    queue: mpsc::Sender<Arc<Notice>>,
    has_lost: Arc<AtomicBool>,
    tasks: [JoinHandle<()>; 2],
}

/// What one `NOTIFY` carries.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    /// The replica that sent it.
    origin: Uuid,
    /// Whether notices before it were dropped.
    #[serde(default)]
    resync: bool,
    notices: Vec<Arc<Notice>>,
}

impl Link {
    pub(super) async fn start(pool: PgPool, outlet: Arc<Outlet>) -> Result<Self, StoreError> {
        let origin = Uuid::new_v4();
        let listener = connect(&pool).await?;
        let (queue, queued) = mpsc::channel(QUEUE);
        let has_lost = Arc::new(AtomicBool::new(false));
        let tasks = [
            tokio::spawn(listen(pool.clone(), listener, origin, outlet)),
            tokio::spawn(write(pool, origin, queued, Arc::clone(&has_lost))),
        ];
        Ok(Self {
            queue,
            has_lost,
            tasks,
        })
    }

    pub(super) fn send(&self, notice: Arc<Notice>) {
        if self.queue.try_send(notice).is_err() {
            self.has_lost.store(true, Ordering::Release);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn listen(pool: PgPool, mut listener: PgListener, origin: Uuid, outlet: Arc<Outlet>) {
    loop {
        match listener.try_recv().await {
            Ok(Some(notification)) => tell(notification.payload(), origin, &outlet),
            // The listener is connected again, but what was sent meanwhile is gone.
            Ok(None) => {
                tracing::warn!(
                    "the connection that listens for notices was lost; it listens again"
                );
                outlet.tell(&Heard::Resync);
            }
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => {
                tracing::warn!(%error, "the connection that listens for notices failed; connecting again");
                let Some(again) = reconnect(&pool).await else {
                    return;
                };
                listener = again;
                outlet.tell(&Heard::Resync);
            }
        }
    }
}

/// `None` when the pool is closed.
async fn reconnect(pool: &PgPool) -> Option<PgListener> {
    loop {
        match connect(pool).await {
            Ok(listener) => return Some(listener),
            Err(sqlx::Error::PoolClosed) => return None,
            Err(error) => tracing::debug!(%error, "cannot listen for notices yet"),
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

async fn connect(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

fn tell(payload: &str, origin: Uuid, outlet: &Outlet) {
    let Ok(payload) = serde_json::from_str::<Payload>(payload) else {
        // A newer replica may speak of things that this one does not know.
        outlet.tell(&Heard::Resync);
        return;
    };
    if payload.origin == origin {
        return;
    }
    if payload.resync {
        outlet.tell(&Heard::Resync);
    }
    for notice in payload.notices {
        outlet.tell(&Heard::Notice(notice));
    }
}

async fn write(
    pool: PgPool,
    origin: Uuid,
    mut queued: mpsc::Receiver<Arc<Notice>>,
    has_lost: Arc<AtomicBool>,
) {
    loop {
        let mut notices = Vec::with_capacity(BATCH);
        if queued.recv_many(&mut notices, BATCH).await == 0 {
            return;
        }
        let resync = has_lost.swap(false, Ordering::AcqRel);
        let mut payload = Payload {
            origin,
            resync,
            notices,
        };
        while let Err(error) = notify(&pool, &payload).await {
            if matches!(error, sqlx::Error::PoolClosed) {
                return;
            }
            tracing::warn!(%error, "notices could not be sent to the other replicas; trying again");
            // One resync stands for everything that waits by then.
            payload = Payload {
                origin,
                resync: true,
                notices: Vec::new(),
            };
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}

async fn notify(pool: &PgPool, payload: &Payload) -> Result<(), sqlx::Error> {
    let text =
        serde_json::to_string(payload).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    sqlx::query(NOTIFY)
        .bind(CHANNEL)
        .bind(text)
        .execute(pool)
        .await?;
    Ok(())
}

/// A full batch of one notice, for the test of its size.
#[cfg(test)]
pub(super) fn largest_payload(notice: Notice) -> String {
    let notice = Arc::new(notice);
    let notices = std::iter::repeat_n(notice, BATCH).collect();
    serde_json::to_string(&Payload {
        origin: Uuid::max(),
        resync: false,
        notices,
    })
    .unwrap_or_default()
}
