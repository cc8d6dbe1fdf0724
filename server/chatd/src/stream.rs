//! A chat's stream: a snapshot, then a tail, as frames of JSON text ready to be sent.
//!
//! A reader is woken, compares versions, reads what changed in one read transaction and pulls live parts from the
//! chat's buffer. It keeps nothing that the database does not know better, so a lost wake-up or a slow socket costs
//! time, never an event. `durable` holds what comes from the database.

mod durable;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::Stream;
use sdk::ids::{ChatId, MessageId};
use sdk::messages::Message;
use sdk::stream::{StreamEvent, StreamEventKind};
use store::{Db, StoreError};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use crate::hub::{Channel, Hub, News};
use crate::live::relay::Relays;
use durable::Seen;

/// Events in one frame.
const FRAME_EVENTS: usize = 256;
/// Live parts are gathered this long after a frame of them went out.
const LIVE_PAUSE: Duration = Duration::from_millis(30);
/// A ping that the client can see.
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// The database is asked again at least this often, in case a notice was lost.
const SYNC_INTERVAL: Duration = Duration::from_secs(10);

/// Makes HTML of messages' parts, off the threads that sockets and requests live on.
#[async_trait]
pub trait Renderer: Send + Sync {
    /// The same messages, each with its [`Message::rendered`], from messages with their revisions.
    async fn render(&self, page: Vec<(Message, i64)>) -> Vec<Message>;
}

/// What a reader wants.
#[derive(Clone)]
pub struct StreamOptions {
    /// The newest message the reader has; 0 = none.
    pub after_id: MessageId,
    /// Fills `rendered` of messages.
    pub renderer: Option<Arc<dyn Renderer>>,
    /// The database is asked again at least this often, whatever notices say.
    pub sync_interval: Duration,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            after_id: MessageId(0),
            renderer: None,
            sync_interval: SYNC_INTERVAL,
        }
    }
}

struct Reader {
    db: Db,
    chat_id: ChatId,
    options: StreamOptions,
    channel: Arc<Channel>,
    news: watch::Receiver<News>,
    live: watch::Receiver<u64>,
    seen: Seen,
    /// How many live parts of the pair in force were sent.
    position: usize,
    live_pause_ends: Instant,
    next_sync: Instant,
}

/// A reader that is subscribed already: what is committed from here on is in its frames. Ends when the chat is gone.
pub fn open(
    db: Db,
    hub: &Hub,
    chat_id: ChatId,
    options: StreamOptions,
) -> impl Stream<Item = Result<String, StoreError>> + Send + use<> {
    let channel = hub.channel(chat_id);
    let mut reader = Reader {
        news: channel.subscribe(),
        live: channel.live.subscribe(),
        db,
        chat_id,
        next_sync: Instant::now() + options.sync_interval,
        options,
        channel,
        seen: Seen::default(),
        position: 0,
        live_pause_ends: Instant::now(),
    };
    let relays = hub.relays();
    async_stream::try_stream! {
        if !reader.snapshot_begins().await? {
            return;
        }
        reader.follow_owner(relays.as_ref());
        while let Some(frame) = reader.next_page().await? {
            yield frame;
        }
        let mut frames = reader.snapshot_ends().await?;
        loop {
            for frame in std::mem::take(&mut frames) {
                yield frame;
            }
            match reader.wait().await {
                Woken::News => match reader.sync().await? {
                    Some(events) => {
                        frames = Reader::frames(&events);
                        reader.follow_owner(relays.as_ref());
                    }
                    None => return,
                },
                Woken::Live => frames = reader.live_frames(),
                Woken::Ping => frames = Reader::frames(&[reader.event(StreamEventKind::Ping)]),
            }
        }
    }
}

enum Woken {
    News,
    Live,
    Ping,
}

impl Reader {
    /// The last page and the state of the chat in one frame.
    async fn snapshot_ends(&mut self) -> Result<Vec<String>, StoreError> {
        let mut events = self.seen.take_tail();
        if self.seen.is_paged {
            events.extend(self.changes().await?.unwrap_or_default());
        }
        events.extend(self.new_parts());
        Ok(Self::frames(&events))
    }

    async fn sync(&mut self) -> Result<Option<Vec<String>>, StoreError> {
        self.next_sync = Instant::now() + self.options.sync_interval;
        let pair = self.seen.pair;
        let Some(mut events) = self.changes().await? else {
            return Ok(None);
        };
        if self.seen.pair != pair {
            self.position = 0;
        }
        events.extend(self.new_parts());
        Ok(Some(events))
    }

    fn live_frames(&mut self) -> Vec<String> {
        let events = self.new_parts();
        if !events.is_empty() {
            self.live_pause_ends = Instant::now() + LIVE_PAUSE;
        }
        Self::frames(&events)
    }

    fn new_parts(&mut self) -> Vec<String> {
        let parts = self.channel.live.read(self.seen.pair, self.position);
        self.position += parts.len();
        parts.iter().map(ToString::to_string).collect()
    }

    async fn wait(&mut self) -> Woken {
        let mut ping = interval_at(self.seen.last_ping + PING_INTERVAL, PING_INTERVAL);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let live_may_come = Instant::now() >= self.live_pause_ends;
            tokio::select! {
                biased;
                changed = self.news.changed() => {
                    if changed.is_ok() {
                        return Woken::News;
                    }
                    // The hub is gone: only a shut-down does that.
                    std::future::pending::<()>().await;
                }
                () = sleep_until(self.next_sync) => return Woken::News,
                _ = ping.tick() => {
                    self.seen.last_ping = Instant::now();
                    return Woken::Ping;
                }
                changed = self.live.changed(), if live_may_come => {
                    if changed.is_ok() {
                        return self.woken_by_live();
                    }
                }
                () = sleep_until(self.live_pause_ends), if !live_may_come => {}
            }
        }
    }

    /// Live parts of a history that the reader has not heard of tell that a notice is late or lost.
    fn woken_by_live(&self) -> Woken {
        if self.channel.live.pair() > self.seen.pair {
            Woken::News
        } else {
            Woken::Live
        }
    }

    /// Live parts of a chat that another process runs are brought here while somebody reads.
    fn follow_owner(&self, relays: Option<&Relays>) {
        if let Some(relays) = relays {
            relays.follow(&self.channel, self.chat_id, self.seen.worker_id);
        }
    }

    fn event(&self, kind: StreamEventKind) -> String {
        let event = StreamEvent {
            chat_id: self.chat_id,
            kind,
        };
        serde_json::to_string(&event).unwrap_or_default()
    }

    /// JSON arrays of at most [`FRAME_EVENTS`] events; one sync is one frame unless it is huge.
    fn frames(events: &[String]) -> Vec<String> {
        events
            .chunks(FRAME_EVENTS)
            .map(|chunk| format!("[{}]", chunk.join(",")))
            .collect()
    }
}
