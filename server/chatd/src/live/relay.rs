//! Live parts between processes: who reads a chat here that another process runs gets its parts from there.
//!
//! The way between the processes is a [`LiveSource`]; HTTP between replicas is one, a broker could be another. What is
//! committed never travels here: readers take it from the database, so a relay that fails costs only the text that is
//! not committed yet. A relay lives as long as the chat's channel, which its readers hold.

use std::fmt;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use sdk::ids::{ChatId, WorkerId};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Batch, Pair};
use crate::daemon::Daemon;
use crate::hub::Channel;

/// Batches of one chat go out at most this often.
const PAUSE: Duration = Duration::from_millis(30);
/// An empty batch says that the other process is there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// A source that is silent this long is asked anew.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// Where live parts of chats that other processes run come from.
#[async_trait]
pub trait LiveSource: fmt::Debug + Send + Sync {
    /// What this process streams of a chat, from the beginning of the attempt in force; `None` when it cannot be
    /// reached now.
    async fn follow(&self, worker: WorkerId, chat: ChatId) -> Option<BoxStream<'static, Batch>>;
}

/// Follows other processes for the readers of this one.
#[derive(Clone, Debug)]
pub(crate) struct Relays {
    own: WorkerId,
    source: Arc<dyn LiveSource>,
}

/// One chat's way from the process that runs it; ends when dropped.
#[derive(Debug)]
pub(crate) struct Relay {
    worker: WorkerId,
    task: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relays {
    /// Makes the channel follow the chat's owner, when that is another process.
    pub(crate) fn follow(&self, channel: &Arc<Channel>, chat: ChatId, owner: Option<WorkerId>) {
        let other = owner.filter(|worker| *worker != self.own);
        let mut relay = channel.relay.lock().unwrap_or_else(PoisonError::into_inner);
        if relay.as_ref().map(|relay| relay.worker) == other {
            return;
        }
        *relay = other.map(|worker| Relay {
            worker,
            task: tokio::spawn(relay_loop(
                Arc::downgrade(channel),
                Arc::clone(&self.source),
                worker,
                chat,
            )),
        });
    }
}

async fn relay_loop(
    channel: Weak<Channel>,
    source: Arc<dyn LiveSource>,
    worker: WorkerId,
    chat: ChatId,
) {
    let mut pause = FIRST_RETRY;
    while channel.strong_count() > 0 {
        if let Some(batches) = source.follow(worker, chat).await
            && take(&channel, batches).await
        {
            pause = FIRST_RETRY;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_RETRY);
    }
}

/// Mirrors until the stream ends, falls silent or has a gap. Whether anything came.
async fn take(channel: &Weak<Channel>, mut batches: BoxStream<'static, Batch>) -> bool {
    let mut has_come = false;
    while let Ok(Some(batch)) = timeout(LONGEST_SILENCE, batches.next()).await {
        has_come = true;
        let Some(channel) = channel.upgrade() else {
            break;
        };
        if !channel.live.mirror(&batch) {
            break;
        }
    }
    has_come
}

impl Daemon {
    /// This process's name among those that share the database.
    pub fn worker_id(&self) -> WorkerId {
        self.shared.worker_id
    }

    /// From here on readers get live parts of chats that other processes run from this source.
    pub fn relay_from(&self, source: Arc<dyn LiveSource>) {
        self.shared.hub.set_relays(Relays {
            own: self.shared.worker_id,
            source,
        });
    }

    /// What this process streams of a chat, for another one's readers. Never ends by itself.
    pub fn live_batches(&self, chat: ChatId) -> impl Stream<Item = Batch> + Send + use<> {
        let channel = self.shared.hub.channel(chat);
        async_stream::stream! {
            let mut changed = channel.live.subscribe();
            let mut pair: Pair = (0, 0);
            let mut position = 0;
            loop {
                changed.mark_unchanged();
                let batch = channel.live.batch_after(pair, position);
                pair = batch.pair;
                position = batch.first_seq + batch.events.len();
                yield batch;
                let gathered = Instant::now() + PAUSE;
                tokio::select! {
                    outcome = changed.changed() => {
                        if outcome.is_err() {
                            return;
                        }
                        sleep_until(gathered).await;
                    }
                    () = sleep(KEEP_ALIVE) => {}
                }
            }
        }
    }
}
