//! A chat's stream: a snapshot, then a tail, as frames of JSON text ready to be sent.
//!
//! A reader is woken, compares versions, takes what changed and pulls live parts from the chat's buffer. It keeps nothing
//! that the database does not know better, so a lost wake-up or a slow socket costs time, never an event. `durable` reads
//! the database, `feed` lets the readers of one chat share what was read.

mod durable;
pub(crate) mod feed;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::Stream;
use sdk::ids::{ChatId, DebugRunId, MessageId};
use sdk::messages::Message;
use sdk::stream::{DebugRunUpdate, StreamEventKind};
use store::{Db, StoreError};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until};

use crate::frame::Frame;
use crate::hub::{Channel, Hub, News};
use crate::live::relay::Relays;
use durable::{Known, Rest, Source};
use feed::{Demand, Look};

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
    /// Fills `rendered` of messages. All readers of a chat that want HTML share what one of their renderers made, so
    /// they must all make the same.
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

/// What a reader was told, and what wakes it.
struct Reader {
    source: Arc<Source>,
    sync_interval: Duration,
    channel: Arc<Channel>,
    relays: Option<Relays>,
    news: watch::Receiver<News>,
    live: watch::Receiver<u64>,
    debug_runs: broadcast::Receiver<DebugRunId>,
    /// How the chat stands as far as the reader knows.
    known: Known,
    /// The look into the database that it knows this from.
    look: Look,
    /// Only a look after this one counts.
    look_after: u64,
    /// The newest version that it heard of and looked for.
    heard: i64,
    /// How many live parts of the pair in force were sent.
    position: usize,
    live_pause_ends: Instant,
    next_ping: Instant,
}

/// A reader that is subscribed already: what is committed from here on is in its frames. Ends when the chat is gone.
pub fn open(
    db: Db,
    hub: &Hub,
    chat_id: ChatId,
    options: StreamOptions,
) -> impl Stream<Item = Result<Frame, Arc<StoreError>>> + Send + use<> {
    let channel = hub.channel(chat_id);
    let (news, live) = (channel.subscribe(), channel.live.subscribe());
    let debug_runs = channel.debug_runs.subscribe();
    let relays = hub.relays();
    let source = Arc::new(Source {
        db,
        chat_id,
        renderer: options.renderer,
    });
    async_stream::try_stream! {
        let Some(taken) = feed::snapshot(&channel, &source, options.after_id).await? else {
            return;
        };
        let mut frames = taken.snapshot.frames.clone();
        let rest = taken.snapshot.rest.clone();
        let mut reader = Reader {
            source,
            sync_interval: options.sync_interval,
            relays,
            news,
            live,
            debug_runs,
            known: taken.snapshot.known.clone(),
            look: taken.look,
            look_after: 0,
            heard: 0,
            position: 0,
            live_pause_ends: Instant::now(),
            next_ping: Instant::now() + PING_INTERVAL,
            channel,
        };
        drop(taken);
        reader.follow_owner();
        if let Some(rest) = rest {
            let mut next_page = Some(rest);
            while let Some(rest) = next_page {
                for frame in std::mem::take(&mut frames) {
                    yield frame;
                }
                (frames, next_page) = reader.next_page(rest).await?;
            }
        } else {
            frames.extend(reader.live_frames());
        }
        loop {
            for frame in std::mem::take(&mut frames) {
                yield frame;
            }
            match reader.wait().await {
                Woken::News => match reader.look().await? {
                    Some(new) => frames = new,
                    None => return,
                },
                Woken::Live => frames = reader.live_frames(),
                Woken::Debug(run_id) => {
                    let debug_run = DebugRunUpdate { run_id };
                    let event = StreamEventKind::DebugRun { debug_run };
                    frames = Frame::all(&[reader.source.event(event)]);
                }
                Woken::Ping => frames = Frame::all(&[reader.source.event(StreamEventKind::Ping)]),
            }
        }
    }
}

enum Woken {
    News,
    Live,
    Debug(DebugRunId),
    Ping,
}

impl Reader {
    async fn next_page(
        &mut self,
        rest: Rest,
    ) -> Result<(Vec<Frame>, Option<Rest>), Arc<StoreError>> {
        let page = self.source.next_page(rest).await?;
        // The page may be newer than what is known of the chat: before anything live is shown, it is looked at again.
        self.look_after = self.channel.looks();
        Ok(page)
    }

    /// What is new in the database, then live parts. `None` when the chat is gone.
    async fn look(&mut self) -> Result<Option<Vec<Frame>>, Arc<StoreError>> {
        let news = *self.news.borrow_and_update();
        let demand = Demand {
            version: news.snapshot_version,
            pair: self.channel.live.pair(),
            after: self.look_after.max(news.look_after),
            max_age: self.sync_interval,
        };
        let asked_after = self.channel.looks();
        let told = feed::since(&self.channel, &self.source, &self.known, demand).await?;
        let Some(told) = told else {
            return Ok(None);
        };
        self.look = told.look;
        if told.look.number > asked_after {
            self.heard = news.snapshot_version;
        }
        let mut frames = Vec::new();
        if let Some(update) = told.update {
            frames.clone_from(&update.frames);
            if self.known.pair != update.known.pair {
                self.position = 0;
            }
            self.known = update.known.clone();
            self.follow_owner();
        }
        frames.extend(self.live_frames());
        Ok(Some(frames))
    }

    /// Live parts of the pair that is known to be in force.
    fn live_frames(&mut self) -> Vec<Frame> {
        let parts = self.channel.live.frames(self.known.pair, self.position);
        self.position = parts.end;
        if !parts.frames.is_empty() {
            self.live_pause_ends = Instant::now() + LIVE_PAUSE;
        }
        parts.frames
    }

    async fn wait(&mut self) -> Woken {
        loop {
            let now = Instant::now();
            let next_sync = self.look.began + self.sync_interval;
            if self.is_behind() || now >= next_sync {
                return Woken::News;
            }
            if now >= self.next_ping {
                self.next_ping = now + PING_INTERVAL;
                return Woken::Ping;
            }
            let live_may_come = now >= self.live_pause_ends;
            let mut next_timer = next_sync.min(self.next_ping);
            if !live_may_come {
                next_timer = next_timer.min(self.live_pause_ends);
            }
            // The reader holds the channel that sends both, so neither of them ends.
            tokio::select! {
                biased;
                _ = self.news.changed() => {}
                _ = self.live.changed(), if live_may_come => return self.woken_by_live(),
                Ok(run_id) = self.debug_runs.recv() => return Woken::Debug(run_id),
                () = sleep_until(next_timer) => {}
            }
        }
    }

    /// Whether something was announced that no look has found yet.
    fn is_behind(&mut self) -> bool {
        let news = *self.news.borrow_and_update();
        let looked_for = self.known.snapshot_version.max(self.heard);
        news.snapshot_version > looked_for
            || self.look.number <= self.look_after.max(news.look_after)
    }

    /// Live parts of a history that the reader has not heard of tell that a notice is late or lost.
    fn woken_by_live(&self) -> Woken {
        if self.channel.live.pair() > self.known.pair {
            Woken::News
        } else {
            Woken::Live
        }
    }

    /// Live parts of a chat that another process runs are brought here while somebody reads.
    fn follow_owner(&self) {
        if let Some(relays) = &self.relays {
            relays.follow(&self.channel, self.source.chat_id, self.known.worker_id);
        }
    }
}
