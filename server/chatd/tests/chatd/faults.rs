//! A reader in another process, behind everything that a network does: cut connections, lost, doubled, late and
//! reordered notices, a relay that breaks, repeats itself and loses parts. What it shows only ever grows, is always a
//! beginning of what the store holds in the end, and in the end is exactly that.
//!
//! `SWITCHYARD_SOAK` makes it long: `SWITCHYARD_SOAK_SECONDS`, or two minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chatd::live::Batch;
use chatd::{Daemon, LiveSource, StreamOptions};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use rand::Rng as _;
use sdk::ids::{ChatId, WorkerId};
use sdk::live::{Applied, LiveChat};
use sdk::messages::{BusyBehavior, Message, Role};
use sdk::stream::StreamEvent;
use store::Notices;
use store::notices::unreliable::{FaultCounts, Faults};
use store::testing::TestDb;

use crate::harness::{Bench, PATIENCE, TestTools, daemon};

const READERS: usize = 25;
const CHATS_AT_ONCE: usize = 4;

/// What happened in all cases.
#[derive(Debug, Default)]
struct Counts {
    cases: AtomicU64,
    cuts: AtomicU64,
    gaps: AtomicU64,
    frames: AtomicU64,
    relay_faults: AtomicU64,
}

impl Counts {
    fn add(count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// At least `from`, below `to`.
fn dice(from: u64, to: u64) -> u64 {
    rand::rng().random_range(from..to)
}

fn chance(percent: u64) -> bool {
    dice(0, 100) < percent
}

/// Another process's live parts, badly brought.
#[derive(Debug)]
struct BrokenRelay {
    owner: Daemon,
    counts: Arc<Counts>,
}

#[async_trait]
impl LiveSource for BrokenRelay {
    async fn follow(&self, worker: WorkerId, chat: ChatId) -> Option<BoxStream<'static, Batch>> {
        if worker != self.owner.worker_id() || chance(10) {
            Counts::add(&self.counts.relay_faults);
            return None;
        }
        let counts = Arc::clone(&self.counts);
        let batches = self.owner.live_batches(chat);
        let broken = async_stream::stream! {
            futures::pin_mut!(batches);
            while let Some(batch) = batches.next().await {
                match dice(0, 20) {
                    0 => {
                        Counts::add(&counts.relay_faults);
                        return;
                    }
                    1 => Counts::add(&counts.relay_faults),
                    2 => {
                        Counts::add(&counts.relay_faults);
                        yield batch.clone();
                        yield batch;
                    }
                    _ => yield batch,
                }
            }
        };
        Some(broken.boxed())
    }
}

fn is_settled(live: &LiveChat) -> bool {
    live.status.is_some() && !live.is_busy() && live.queue.is_empty()
}

/// One reader's life: it comes back after each cut with what it has. Gives everything that it showed.
async fn read(
    daemon: &Daemon,
    chat: ChatId,
    answers: usize,
    counts: &Counts,
) -> (LiveChat, Vec<String>) {
    let mut live = LiveChat::default();
    let mut history = Vec::new();
    loop {
        let options = StreamOptions {
            after_id: live.cursor(),
            sync_interval: Duration::from_millis(dice(50, 400)),
            ..StreamOptions::default()
        };
        let frames = daemon.stream(chat, options);
        futures::pin_mut!(frames);
        let mut frames_left = dice(1, 30);
        while frames_left > 0 {
            frames_left -= 1;
            let frame = tokio::time::timeout(PATIENCE, frames.next()).await;
            let frame = frame.expect("a frame in time").expect("a stream").unwrap();
            Counts::add(&counts.frames);
            let mut events: Vec<StreamEvent> = serde_json::from_str(&frame).unwrap();
            // Somewhere within a frame the connection may break; what came before counts.
            let is_torn = chance(3);
            if is_torn {
                let kept = dice(0, events.len() as u64 + 1);
                events.truncate(usize::try_from(kept).unwrap());
            }
            let mut has_gap = false;
            for event in events {
                if chance(10) {
                    live.apply(event.clone());
                }
                if live.apply(event) == Applied::Resync {
                    has_gap = true;
                    break;
                }
            }
            if is_torn {
                break;
            }
            history.push(live.answer_text());
            if has_gap {
                Counts::add(&counts.gaps);
                break;
            }
            let done = shown_answers(&live) >= answers;
            if done && is_settled(&live) {
                Counts::add(&counts.cases);
                return (live, history);
            }
        }
        Counts::add(&counts.cuts);
    }
}

/// Answers that end a turn.
fn shown_answers(live: &LiveChat) -> usize {
    let ends = |message: &&Message| message.text().contains("the end");
    let answers = live
        .messages
        .iter()
        .filter(|message| message.role == Role::Assistant);
    answers.filter(ends).count()
}

fn script() -> String {
    let mut script = String::from("!pace 2ms\n");
    for number in 0..dice(1, 4) {
        let words = dice(1, 40);
        script.push_str(&format!("!reason \"thought {number}\"\n!tokens {words}\n"));
        for call in 0..dice(1, 3) {
            script.push_str(&format!("!call echo {{\"call\": {call}}}\n"));
        }
        script.push_str("!then\n");
    }
    script.push_str("!text \"the end\"");
    script
}

/// One chat of one or two turns, read by many.
async fn case(bench: Arc<Bench>, others: Daemon, counts: Arc<Counts>) {
    let chat = bench.create(&script()).await;
    let mut turns = 1;
    if chance(40) {
        turns = 2;
        bench.send(chat, &script(), BusyBehavior::Queue).await;
    }
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let daemon = if number % 3 == 0 {
                bench.daemon.clone()
            } else {
                others.clone()
            };
            let counts = Arc::clone(&counts);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(dice(0, 150))).await;
                read(&daemon, chat, turns, &counts).await
            })
        })
        .collect();
    for reader in readers {
        let (live, history) = reader.await.unwrap();
        let stored = bench.messages(chat).await;
        assert_eq!(live.messages, stored);
        assert!(
            live.preview.parts.is_empty(),
            "left over: {:?}",
            live.preview
        );
        let whole = live.answer_text();
        let mut longest = 0;
        for text in history {
            assert!(whole.starts_with(&text), "shown {text:?}\nof {whole:?}");
            assert!(text.len() >= longest, "less was shown than before");
            longest = text.len();
        }
    }
}

async fn run(database: TestDb, normally: usize) {
    let faults = Faults {
        lost_percent: 20,
        doubled_percent: 20,
        longest_delay: Duration::from_millis(40),
    };
    let (notices, fault_counts) = Notices::unreliable(faults);
    let bench = Arc::new(Bench::with_notices(database, notices).await);
    bench.daemon.start();
    let others = daemon(&bench.db, &bench.notices, &TestTools::default());
    let counts = Arc::new(Counts::default());
    others.relay_from(Arc::new(BrokenRelay {
        owner: bench.daemon.clone(),
        counts: Arc::clone(&counts),
    }));
    let began = Instant::now();
    let rounds = Arc::new(AtomicU64::new(0));
    let cases = futures::stream::iter(0..)
        .take_while(|round| std::future::ready(goes_on(*round, normally, began)))
        .map(|_| {
            Counts::add(&rounds);
            tokio::spawn(case(
                Arc::clone(&bench),
                others.clone(),
                Arc::clone(&counts),
            ))
        });
    let mut cases = cases.buffer_unordered(CHATS_AT_ONCE);
    while let Some(outcome) = cases.next().await {
        outcome.unwrap();
    }
    drop(cases);
    report(&counts, &fault_counts);
    assert_eq!(
        counts.cases.load(Ordering::Relaxed),
        rounds.load(Ordering::Relaxed) * READERS as u64
    );
    others.shut_down().await;
    Arc::into_inner(bench).unwrap().end().await;
}

fn report(counts: &Counts, faults: &FaultCounts) {
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "{} cases, {} frames, {} cuts, {} gaps, {} relay faults; notices: {} lost, {} doubled, {} late; \
         text: 0 lost, 0 duplicated",
        of(&counts.cases),
        of(&counts.frames),
        of(&counts.cuts),
        of(&counts.gaps),
        of(&counts.relay_faults),
        of(&faults.lost),
        of(&faults.doubled),
        of(&faults.late),
    );
}

/// Some rounds, or as many as fit into the seconds of a soak.
fn goes_on(round: usize, normally: usize, began: Instant) -> bool {
    if std::env::var_os("SWITCHYARD_SOAK").is_none() {
        return round < normally;
    }
    let seconds = std::env::var("SWITCHYARD_SOAK_SECONDS").ok();
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    began.elapsed() < Duration::from_secs(seconds.unwrap_or(120))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_behind_a_bad_network_lose_and_repeat_nothing_on_sqlite() {
    run(TestDb::sqlite().await, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_behind_a_bad_network_lose_and_repeat_nothing_on_postgres() {
    run(TestDb::postgres().await, 8).await;
}
