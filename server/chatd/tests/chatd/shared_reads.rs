//! The readers of one chat share what is read from the database, and none of them gets anything old by that.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chatd::hub::Hub;
use chatd::{Frame, Renderer, StreamOptions, stream};
use futures::StreamExt as _;
use futures::future::{join_all, select};
use sdk::ids::ChatId;
use sdk::live::{Applied, LiveChat};
use sdk::messages::{BusyBehavior, Message};
use sdk::stream::StreamEvent;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use store::chats::{ChatRow, Status};
use store::notices::{Heard, Notice, Subscription};
use store::{Db, OpenOptions, StoreError, Tx};
use tokio::sync::{Notify, Semaphore};

use crate::harness::{Bench, PATIENCE, on_both};

const READERS: usize = 50;

type Frames = futures::stream::BoxStream<'static, Result<Frame, Arc<StoreError>>>;

/// A daemon that works, and readers with channels of their own, so that nobody else looks for them.
struct Stand {
    bench: Bench,
    hub: Arc<Hub>,
    chat: ChatId,
}

impl Stand {
    async fn on(bench: Bench) -> Self {
        let mut told = bench.notices.subscribe();
        let chat = bench.create("!text \"hello\"").await;
        // The title is a change, too.
        let is_done = |row: &ChatRow| row.status == Status::Waiting && !row.is_title_fallback;
        let row = bench.until(chat, "the end", is_done).await;
        // A row is there before it is told of: what is told later would make the readers look again.
        let is_last = |heard: &Heard| {
            matches!(heard, Heard::Notice(notice) if matches!(&**notice, Notice::ChatChanged { chat_id, versions, .. }
                if *chat_id == chat && versions.snapshot_version >= row.snapshot_version))
        };
        while !is_last(&next_heard(&mut told).await) {}
        let hub = Arc::new(Hub::default());
        Self { bench, hub, chat }
    }

    /// From here on the readers hear notices.
    fn hear(&self) {
        let (hub, notices) = (Arc::clone(&self.hub), self.bench.notices.subscribe());
        tokio::spawn(async move { hub.dispatch(notices).await });
    }

    fn open(&self, options: StreamOptions) -> Frames {
        stream::open(self.bench.db.clone(), &self.hub, self.chat, options).boxed()
    }

    async fn say(&self, text: &str) {
        self.bench.send(self.chat, text, BusyBehavior::Queue).await;
    }

    fn looks(&self) -> u64 {
        self.hub.channel(self.chat).looks()
    }

    async fn version(&self) -> i64 {
        self.bench.row(self.chat).await.snapshot_version
    }
}

async fn next_heard(told: &mut Subscription) -> Heard {
    let heard = tokio::time::timeout(PATIENCE, told.next()).await;
    heard.expect("a notice in time").expect("notices")
}

async fn next(frames: &mut Frames) -> Vec<StreamEvent> {
    let frame = tokio::time::timeout(PATIENCE, frames.next()).await;
    let frame = frame.expect("a frame in time").expect("a stream").unwrap();
    serde_json::from_str(&frame).unwrap()
}

/// Reads on until so many messages are there and the turn is over.
async fn read(frames: &mut Frames, live: &mut LiveChat, messages: usize) {
    while live.messages.len() < messages || live.is_busy() {
        for event in next(frames).await {
            assert_ne!(live.apply(event), Applied::Resync);
        }
    }
}

/// All of them on one thread, one after the other as each can go on.
async fn read_all(readers: &mut [(Frames, LiveChat)], messages: usize) {
    let each = readers
        .iter_mut()
        .map(|(frames, live)| read(frames, live, messages));
    join_all(each).await;
}

#[tokio::test]
async fn fifty_readers_cost_as_many_reads_as_few() {
    on_both(async |bench| {
        let stand = Stand::on(bench).await;
        stand.hear();
        // Polled one after the other on one thread: all of them have come before the first read is over.
        let mut readers: Vec<_> = (0..READERS)
            .map(|_| (stand.open(StreamOptions::default()), LiveChat::default()))
            .collect();
        read_all(&mut readers, 2).await;
        // The first one's, and perhaps one for those that came when it had begun.
        assert!(stand.looks() <= 2, "{}", stand.looks());

        let (looks, version) = (stand.looks(), stand.version().await);
        let say = stand.say("!pace 5ms\n!tokens 40");
        tokio::join!(say, read_all(&mut readers, 4));
        let steps = u64::try_from(stand.version().await - version).unwrap();
        let more = stand.looks() - looks;
        println!("{READERS} readers, {steps} transitions, {more} looks");
        assert!(more <= 2 * steps, "{more} looks for {steps} transitions");

        let stored = stand.bench.messages(stand.chat).await;
        for (_, live) in &readers {
            assert_eq!(live.messages, stored);
            assert!(live.preview.parts.is_empty());
        }
        drop(readers);
        stand.bench.end().await;
    })
    .await;
}

/// Holds every page up until it is let go.
struct Gate {
    entered: Notify,
    passes: Semaphore,
}

#[async_trait]
impl Renderer for Gate {
    async fn render(&self, page: Vec<(Message, i64)>) -> Vec<Message> {
        self.entered.notify_one();
        self.passes.acquire().await.unwrap().forget();
        page.into_iter().map(|(message, _)| message).collect()
    }
}

impl Gate {
    fn closed() -> Arc<Self> {
        Arc::new(Self {
            entered: Notify::new(),
            passes: Semaphore::new(0),
        })
    }
}

fn through(gate: &Arc<Gate>) -> StreamOptions {
    let renderer: Arc<dyn Renderer> = gate.clone();
    StreamOptions {
        renderer: Some(renderer),
        ..StreamOptions::default()
    }
}

#[tokio::test]
async fn who_comes_while_others_read_sees_what_was_committed_before_it_came() {
    on_both(async |bench| {
        let stand = Stand::on(bench).await;
        let gate = Gate::closed();
        // Without notices: only the reads themselves can bring anything.
        let mut early = stand.open(through(&gate));
        let mut reading = pin!(early.next());
        select(&mut reading, pin!(gate.entered.notified())).await;
        stand.say("!text \"later\"").await;
        stand.bench.until_idle(stand.chat).await;
        let mut late = stand.open(through(&gate));
        let mut coming = pin!(late.next());
        assert!(futures::poll!(&mut coming).is_pending());
        gate.passes.add_permits(10);
        let frame: Vec<StreamEvent> =
            serde_json::from_str(&coming.await.unwrap().unwrap()).unwrap();
        let mut live = LiveChat::default();
        for event in frame {
            live.apply(event);
        }
        assert_eq!(live.messages, stand.bench.messages(stand.chat).await);
        let early: Vec<StreamEvent> =
            serde_json::from_str(&reading.await.unwrap().unwrap()).unwrap();
        assert!(!format!("{early:?}").contains("later"), "read before");
        stand.bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_committed_during_a_shared_read_reaches_all_who_share_it() {
    on_both(async |bench| {
        let stand = Stand::on(bench).await;
        stand.hear();
        let gate = Gate::closed();
        gate.passes.add_permits(1);
        let mut readers: Vec<_> = (0..5)
            .map(|_| (stand.open(through(&gate)), LiveChat::default()))
            .collect();
        let (frames, live) = &mut readers[0];
        read(frames, live, 2).await;
        for (frames, live) in &mut readers[1..] {
            gate.passes.add_permits(1);
            read(frames, live, 2).await;
        }
        gate.entered.notified().await;
        // The page of the first answer is held up while the second one is written.
        let writing = async {
            stand.say("!text \"first\"").await;
            gate.entered.notified().await;
            stand.bench.until_idle(stand.chat).await;
            stand.say("!text \"second\"").await;
            stand.bench.until_idle(stand.chat).await;
            gate.passes.add_permits(1_000);
        };
        tokio::join!(writing, read_all(&mut readers, 6));
        let stored = stand.bench.messages(stand.chat).await;
        for (_, live) in &readers {
            assert_eq!(live.messages, stored);
        }
        drop(readers);
        stand.bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn readers_that_hear_nothing_share_their_looks_too() {
    on_both(async |bench| {
        let stand = Stand::on(bench).await;
        let interval = Duration::from_millis(100);
        let options = StreamOptions {
            sync_interval: interval,
            ..StreamOptions::default()
        };
        let began = Instant::now();
        let mut readers: Vec<_> = (0..READERS)
            .map(|_| (stand.open(options.clone()), LiveChat::default()))
            .collect();
        stand.say("!text \"unheard of\"").await;
        read_all(&mut readers, 4).await;
        let intervals = u64::try_from(began.elapsed().as_millis() / interval.as_millis()).unwrap();
        // Each look that finds something may be followed by one that asks whether that was all.
        let most = 2 + 2 * (intervals + 1);
        let looks = stand.looks();
        assert!(looks <= most, "{looks} looks in {intervals} intervals");
        drop(readers);
        stand.bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_nobody_polls_keeps_no_other_waiting() {
    on_both(async |bench| {
        let stand = Stand::on(bench).await;
        let gate = Gate::closed();
        let mut stuck = stand.open(through(&gate));
        assert!(futures::poll!(pin!(stuck.next())).is_pending());
        gate.entered.notified().await;
        gate.passes.add_permits(10);
        // Nobody polls it any more, as when its socket takes nothing.
        let mut other = stand.open(through(&gate));
        assert!(!next(&mut other).await.is_empty());
        drop((stuck, other));
        stand.bench.end().await;
    })
    .await;
}

/// The same database by one connection, which is taken: who asks for it waits in vain.
async fn away(bench: &Bench) -> (Db, Tx) {
    let patience = Duration::from_millis(300);
    let db = match (&bench.db, &bench.database.options) {
        (
            Db::Sqlite {
                writer, log, lock, ..
            },
            OpenOptions::SqliteFile(path),
        ) => Db::Sqlite {
            log: log.clone(),
            reader: SqlitePoolOptions::new()
                .max_connections(1)
                .acquire_timeout(patience)
                .connect_with(SqliteConnectOptions::new().filename(path))
                .await
                .unwrap(),
            writer: writer.clone(),
            lock: lock.clone(),
        },
        (_, OpenOptions::PostgresUrl(url)) => Db::Postgres(
            PgPoolOptions::new()
                .max_connections(1)
                .acquire_timeout(patience)
                .connect(url)
                .await
                .unwrap(),
        ),
        other => panic!("{other:?}"),
    };
    let taken = db.begin_read().await.unwrap();
    (db, taken)
}

#[tokio::test]
async fn a_database_that_is_away_fails_all_who_wait_at_once() {
    on_both(async |bench| {
        let stand = Stand::on(bench).await;
        let (db, taken) = away(&stand.bench).await;
        let began = Instant::now();
        let readers = (0..READERS).map(|_| {
            let options = StreamOptions::default();
            let mut frames = stream::open(db.clone(), &stand.hub, stand.chat, options).boxed();
            async move { frames.next().await }
        });
        let first = join_all(readers.collect::<Vec<_>>()).await;
        assert!(first.iter().all(|frame| matches!(frame, Some(Err(_)))));
        assert!(stand.looks() <= 2, "{}", stand.looks());
        assert!(began.elapsed() < Duration::from_secs(2));
        drop((taken, db));
        stand.bench.end().await;
    })
    .await;
}
