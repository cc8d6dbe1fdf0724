//! Who must be woken when a chat changes: one channel per chat that somebody reads or runs.
//!
//! A channel says that there is something new, never what: readers look into the database and into the live
//! buffer. So a wake-up may be lost in a crowd of others, and nothing is lost with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use sdk::ids::{ChatId, DebugRunId};
use store::Notice;
use store::notices::{Heard, Subscription};
use tokio::sync::{Notify, broadcast, watch};

use crate::daemon::read_cursor::Coalesced;
use crate::live::Buffer;
use crate::live::relay::{Relay, Relays};
use crate::stream::feed::Feeds;

/// Dead channels are swept when the map has grown by this much.
const SWEEP_STEP: usize = 256;
/// What a slow reader may be behind.
const DEBUG_RUNS: usize = 16;

/// All channels of this process.
#[derive(Debug, Default)]
pub struct Hub {
    channels: Mutex<Channels>,
    relays: OnceLock<Relays>,
    /// Wakes the acquisition loop.
    pub work: Notify,
}

#[derive(Debug, Default)]
struct Channels {
    by_chat: HashMap<ChatId, Weak<Channel>>,
    sweep_at: usize,
}

/// One chat's wake-ups and its live answer.
#[derive(Debug)]
pub struct Channel {
    news: watch::Sender<News>,
    /// The answer being generated.
    pub live: Buffer,
    /// Runs of which something new was recorded. Who misses some reads the list again when it needs it.
    pub(crate) debug_runs: broadcast::Sender<DebugRunId>,
    /// What its readers read from the database together.
    pub(crate) feeds: Feeds,
    /// The read cursor, which all of them move.
    pub(crate) read_mark: Coalesced,
    /// What brings the answer here while another process generates it.
    pub(crate) relay: Mutex<Option<Relay>>,
}

/// How far a chat is known to have moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The newest `snapshot_version` heard of.
    pub snapshot_version: i64,
    /// How often everybody was told to look again because notices may be missing.
    pub resyncs: u64,
    /// Looks into the database up to this one had begun by then, and do not count.
    pub(crate) look_after: u64,
}

impl Hub {
    /// The chat's channel; it lives as long as somebody holds it.
    pub fn channel(&self, chat: ChatId) -> Arc<Channel> {
        let mut channels = self.lock();
        if let Some(channel) = channels.by_chat.get(&chat).and_then(Weak::upgrade) {
            return channel;
        }
        if channels.by_chat.len() >= channels.sweep_at {
            channels
                .by_chat
                .retain(|_, channel| channel.strong_count() > 0);
            channels.sweep_at = channels.by_chat.len() + SWEEP_STEP;
        }
        let channel = Arc::new(Channel {
            news: watch::Sender::new(News::default()),
            live: Buffer::default(),
            debug_runs: broadcast::Sender::new(DEBUG_RUNS),
            feeds: Feeds::default(),
            read_mark: Coalesced::default(),
            relay: Mutex::default(),
        });
        channels.by_chat.insert(chat, Arc::downgrade(&channel));
        channel
    }

    /// From here on readers follow the live parts of chats that other processes run.
    pub(crate) fn set_relays(&self, relays: Relays) {
        // Asked for once, when the process starts.
        let _ = self.relays.set(relays);
    }

    pub(crate) fn relays(&self) -> Option<Relays> {
        self.relays.get().cloned()
    }

    /// Hands notices on until everything is shut down.
    pub async fn dispatch(&self, mut notices: Subscription) {
        while let Some(heard) = notices.next().await {
            match heard {
                Heard::Notice(notice) => self.hand_on(&notice),
                Heard::Resync => self.resync_all(),
            }
        }
    }

    fn hand_on(&self, notice: &Notice) {
        match notice {
            Notice::ChatChanged {
                chat_id, versions, ..
            } => {
                if let Some(channel) = self.existing(*chat_id) {
                    channel.tell(versions.snapshot_version);
                }
            }
            Notice::DebugRunChanged {
                chat_id, run_id, ..
            } => {
                if let Some(channel) = self.existing(*chat_id) {
                    // Nobody may be listening.
                    let _ = channel.debug_runs.send(*run_id);
                }
            }
            Notice::OwnershipWake { .. } => self.work.notify_one(),
            _ => {}
        }
    }

    fn resync_all(&self) {
        let channels: Vec<_> = self
            .lock()
            .by_chat
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for channel in channels {
            channel.resync();
        }
        self.work.notify_one();
    }

    fn existing(&self, chat: ChatId) -> Option<Arc<Channel>> {
        self.lock().by_chat.get(&chat).and_then(Weak::upgrade)
    }

    fn lock(&self) -> MutexGuard<'_, Channels> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Channel {
    /// Hears of changes from now on.
    pub fn subscribe(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    /// Everybody looks again.
    pub fn resync(&self) {
        let look_after = self.looks();
        self.news.send_modify(|news| {
            news.resyncs += 1;
            news.look_after = look_after;
        });
    }

    /// How often the database was looked at for all readers of this chat.
    pub fn looks(&self) -> u64 {
        self.feeds.looks()
    }

    fn tell(&self, snapshot_version: i64) {
        self.news.send_if_modified(|news| {
            let is_newer = snapshot_version > news.snapshot_version;
            news.snapshot_version = news.snapshot_version.max(snapshot_version);
            is_newer
        });
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

    #[test]
    fn older_news_wakes_nobody() {
        let hub = Hub::default();
        let chat = ChatId::generate();
        let channel = hub.channel(chat);
        let mut news = channel.subscribe();
        channel.tell(5);
        assert!(news.has_changed().unwrap());
        news.mark_unchanged();
        channel.tell(4);
        assert!(!news.has_changed().unwrap());
        channel.resync();
        assert!(news.has_changed().unwrap());
    }

    #[test]
    fn forgets_channels_that_nobody_holds() {
        let hub = Hub::default();
        for _ in 0..(SWEEP_STEP * 3) {
            hub.channel(ChatId::generate());
        }
        assert!(hub.lock().by_chat.len() <= SWEEP_STEP + 1);
        let chat = ChatId::generate();
        let first = hub.channel(chat);
        assert!(Arc::ptr_eq(&first, &hub.channel(chat)));
    }
}
