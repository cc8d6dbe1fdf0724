//! Reads that the readers of one chat share: however many read a chat, one of them asks the database and the others take
//! what it found.
//!
//! A reader that comes takes no read that had begun before it came, because a commit may lie between the two. A reader
//! that follows takes any step from the version it stands at: the steps lead to what every other reader shows, too. One
//! chat's readers hold at most one connection for each form (plain, with HTML) at a time. Reads run apart from the readers:
//! one whose socket is stuck keeps nobody waiting.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use sdk::ids::MessageId;
use store::StoreError;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::durable::{Known, Snapshot, Source};
use crate::frame::Frame;
use crate::hub::Channel;
use crate::live::Pair;

/// Steps that are kept for readers that follow a little later than the first.
const KEPT_UPDATES: usize = 8;
/// All but the newest step are forgotten when they hold more text than this.
const KEPT_BYTES: usize = 256 * 1024;

/// What a read found, `None` when the chat is gone. A failure is shared like a success: nobody waits for a database that
/// is away once for each reader.
pub(super) type Outcome<T> = Result<Option<T>, Arc<StoreError>>;

/// One chat's shared reads.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    looks: AtomicU64,
    plain: Feed,
    rendered: Feed,
}

/// One look into the database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Counts the chat's looks from 1.
    pub(super) number: u64,
    pub(super) began: Instant,
}

/// What a reader that follows wants to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    /// The version that it heard of.
    pub(super) version: i64,
    /// The attempt that live parts came of.
    pub(super) pair: Pair,
    /// Only looks that began after this one count.
    pub(super) after: u64,
    /// Older looks say nothing: what changed since may have been told by a notice that was lost.
    pub(super) max_age: Duration,
}

/// An answer to a demand.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) look: Look,
    /// Absent when nothing is new.
    pub(super) update: Option<Arc<Update>>,
}

/// A step from one version of the chat to a later one.
#[derive(Debug)]
pub(super) struct Update {
    from: i64,
    look: Look,
    pub(super) known: Known,
    pub(super) frames: Vec<Frame>,
}

/// A snapshot and when it was read.
#[derive(Debug)]
pub(super) struct Taken {
    after: MessageId,
    pub(super) look: Look,
    pub(super) snapshot: Snapshot,
}

#[derive(Debug, Default)]
struct Feed {
    /// Reads that wait or are carried out.
    waiting: AtomicUsize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The newest look, with the version and the attempt that it found.
    newest: Option<(Look, i64, Pair)>,
    updates: VecDeque<Arc<Update>>,
    /// For those who waited while they were read.
    snapshots: Vec<Arc<Taken>>,
    failure: Option<(Look, Arc<StoreError>)>,
}

/// The chat's state for a reader that has the messages up to `after`, not older than this call.
pub(super) async fn snapshot(
    channel: &Arc<Channel>,
    source: &Arc<Source>,
    after: MessageId,
) -> Outcome<Arc<Taken>> {
    let came_after = channel.feeds.looks();
    let (channel, source) = (Arc::clone(channel), Arc::clone(source));
    apart(async move { channel.feeds.snapshot(&source, after, came_after).await }).await
}

/// A step from where a reader stands, or word that there is none.
pub(super) async fn since(
    channel: &Arc<Channel>,
    source: &Arc<Source>,
    known: &Known,
    demand: Demand,
) -> Outcome<Told> {
    let came_after = channel.feeds.looks();
    let (channel, source, known) = (Arc::clone(channel), Arc::clone(source), known.clone());
    let read = async move {
        let feeds = &channel.feeds;
        feeds.since(&source, &known, demand, came_after).await
    };
    apart(read).await
}

/// Goes on when its reader does not: nobody polls a reader whose socket takes nothing.
async fn apart<T: Send + 'static>(
    read: impl Future<Output = Outcome<T>> + Send + 'static,
) -> Outcome<T> {
    tokio::spawn(read).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a chat could not be read for its readers; they come back");
        Ok(None)
    })
}

/// A read that waits or is carried out, until this is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }

    fn is_alone(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 1
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Feeds {
    /// How often the database was looked at for readers of this chat.
    pub(crate) fn looks(&self) -> u64 {
        self.looks.load(Ordering::SeqCst)
    }

    async fn snapshot(
        &self,
        source: &Source,
        after: MessageId,
        came_after: u64,
    ) -> Outcome<Arc<Taken>> {
        let feed = self.of(source);
        let waiting = Waiting::new(&feed.waiting);
        let mut kept = feed.kept.lock().await;
        let outcome = match kept.snapshot(after, came_after) {
            Some(found) => found,
            None => self.read_snapshot(&mut kept, source, after).await,
        };
        kept.forget_unless_awaited(&waiting);
        outcome
    }

    async fn read_snapshot(
        &self,
        kept: &mut Kept,
        source: &Source,
        after: MessageId,
    ) -> Outcome<Arc<Taken>> {
        let look = self.begin();
        let found = source.snapshot(after).await;
        let Some(snapshot) = found.map_err(|error| kept.fail(look, error))? else {
            return Ok(None);
        };
        kept.note(look, &snapshot.known);
        let taken = Arc::new(Taken {
            after,
            look,
            snapshot,
        });
        kept.snapshots.push(Arc::clone(&taken));
        Ok(Some(taken))
    }

    async fn since(
        &self,
        source: &Source,
        known: &Known,
        demand: Demand,
        came_after: u64,
    ) -> Outcome<Told> {
        let feed = self.of(source);
        let waiting = Waiting::new(&feed.waiting);
        let mut kept = feed.kept.lock().await;
        let outcome = match kept.told(known.snapshot_version, demand, came_after) {
            Some(found) => found,
            None => self.read_changes(&mut kept, source, known).await,
        };
        kept.forget_unless_awaited(&waiting);
        outcome
    }

    async fn read_changes(&self, kept: &mut Kept, source: &Source, known: &Known) -> Outcome<Told> {
        let look = self.begin();
        let found = source.changes(known).await;
        let Some(changes) = found.map_err(|error| kept.fail(look, error))? else {
            return Ok(None);
        };
        let from = known.snapshot_version;
        kept.note(look, &changes.known);
        if changes.known.snapshot_version == from {
            // Everybody is here, or reads for itself: a quiet chat keeps no text in memory.
            kept.updates.clear();
            return Ok(Some(Told { look, update: None }));
        }
        let update = Arc::new(Update {
            from,
            look,
            known: changes.known,
            frames: changes.frames,
        });
        kept.add(Arc::clone(&update));
        Ok(Some(Told {
            look,
            update: Some(update),
        }))
    }

    fn of(&self, source: &Source) -> &Feed {
        if source.renderer.is_some() {
            &self.rendered
        } else {
            &self.plain
        }
    }

    /// Counted before the first statement: what is committed by now is in what the look finds.
    fn begin(&self) -> Look {
        Look {
            number: self.looks.fetch_add(1, Ordering::SeqCst) + 1,
            began: Instant::now(),
        }
    }
}

impl Kept {
    fn snapshot(&self, after: MessageId, came_after: u64) -> Option<Outcome<Arc<Taken>>> {
        if let Some(error) = self.failure_since(came_after) {
            return Some(Err(error));
        }
        let mut taken = self.snapshots.iter();
        let found = taken.find(|taken| taken.after == after && taken.look.number > came_after)?;
        Some(Ok(Some(Arc::clone(found))))
    }

    fn told(&self, version: i64, demand: Demand, came_after: u64) -> Option<Outcome<Told>> {
        if let Some(error) = self.failure_since(came_after) {
            return Some(Err(error));
        }
        let mut updates = self.updates.iter();
        if let Some(update) = updates.find(|update| update.from == version) {
            return Some(Ok(Some(Told {
                look: update.look,
                update: Some(Arc::clone(update)),
            })));
        }
        let (look, newest, pair) = self.newest?;
        let is_enough = newest == version
            && newest >= demand.version
            && pair >= demand.pair
            && look.number > demand.after
            && look.began.elapsed() < demand.max_age;
        is_enough.then_some(Ok(Some(Told { look, update: None })))
    }

    fn note(&mut self, look: Look, known: &Known) {
        self.newest = Some((look, known.snapshot_version, known.pair));
    }

    fn add(&mut self, update: Arc<Update>) {
        self.updates.push_back(update);
        while self.updates.len() > 1
            && (self.updates.len() > KEPT_UPDATES || self.bytes() > KEPT_BYTES)
        {
            self.updates.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        let frames = self.updates.iter().flat_map(|update| &update.frames);
        frames.map(|frame| frame.len()).sum()
    }

    fn fail(&mut self, look: Look, error: StoreError) -> Arc<StoreError> {
        let error = Arc::new(error);
        self.failure = Some((look, Arc::clone(&error)));
        error
    }

    fn failure_since(&self, came_after: u64) -> Option<Arc<StoreError>> {
        let failure = self.failure.as_ref();
        let (_, error) = failure.filter(|(look, _)| look.number > came_after)?;
        Some(Arc::clone(error))
    }

    /// Snapshots and failures are for those who waited for them.
    fn forget_unless_awaited(&mut self, waiting: &Waiting<'_>) {
        if waiting.is_alone() {
            self.snapshots.clear();
            self.failure = None;
        }
    }
}
