//! A reader in another process, behind everything that a network does: cut connections, lost, doubled, late and
//! reordered notices, a relay that breaks, repeats itself and loses parts. What it shows only ever grows, is always a
//! beginning of what the store holds in the end, and in the end is exactly that.
//!
//! A soak makes it long (`store::testing::soak`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
use store::testing::soak::{Count, Tally};

use crate::harness::{Bench, PATIENCE, TestTools, daemon};

const READERS: usize = 25;
const CHATS_AT_ONCE: usize = 4;
/// In a soak, on each database.
const OWED_CASES: u64 = 10_000;

/// What happened in all cases.
#[derive(Debug)]
struct Counts {
    tally: Tally,
    gaps: Count,
    frames: Count,
    relay_faults: Count,
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
            self.counts.relay_faults.add();
            return None;
        }
        let counts = Arc::clone(&self.counts);
        let batches = self.owner.live_batches(chat);
        let broken = async_stream::stream! {
            futures::pin_mut!(batches);
            while let Some(batch) = batches.next().await {
                match dice(0, 20) {
                    0 => {
                        counts.relay_faults.add();
                        return;
                    }
                    1 => counts.relay_faults.add(),
                    2 => {
                        counts.relay_faults.add();
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
            counts.frames.add();
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
                counts.gaps.add();
                break;
            }
            let done = shown_answers(&live) >= answers;
            if done && is_settled(&live) {
                return (live, history);
            }
        }
        counts.tally.cuts.add();
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
        counts.tally.judge_reader(&live, &stored, &history);
    }
}

async fn run(name: &'static str, database: TestDb, normally: u64) {
    let faults = Faults {
        lost_percent: 20,
        doubled_percent: 20,
        longest_delay: Duration::from_millis(40),
    };
    let (notices, fault_counts) = Notices::unreliable(faults);
    let bench = Arc::new(Bench::with_notices(database, notices).await);
    bench.daemon.start();
    let others = daemon(&bench.db, &bench.notices, &TestTools::default());
    let counts = Arc::new(Counts {
        tally: Tally::new(name, OWED_CASES),
        gaps: Count::default(),
        frames: Count::default(),
        relay_faults: Count::default(),
    });
    others.relay_from(Arc::new(BrokenRelay {
        owner: bench.daemon.clone(),
        counts: Arc::clone(&counts),
    }));
    let rounds = Count::default();
    let cases = futures::stream::iter(0..)
        .take_while(|round| std::future::ready(counts.tally.goes_on(*round, normally)))
        .map(|_| {
            rounds.add();
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
    assert_eq!(counts.tally.cases.get(), rounds.get() * READERS as u64);
    counts.tally.finish();
    others.shut_down().await;
    Arc::into_inner(bench).unwrap().end().await;
}

fn report(counts: &Counts, faults: &FaultCounts) {
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "{} frames, {} gaps, {} relay faults; notices: {} lost, {} doubled, {} late",
        counts.frames.get(),
        counts.gaps.get(),
        counts.relay_faults.get(),
        of(&faults.lost),
        of(&faults.doubled),
        of(&faults.late),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_behind_a_bad_network_lose_and_repeat_nothing_on_sqlite() {
    run(
        "readers behind a bad network, SQLite",
        TestDb::sqlite().await,
        20,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_behind_a_bad_network_lose_and_repeat_nothing_on_postgres() {
    run(
        "readers behind a bad network, PostgreSQL",
        TestDb::postgres().await,
        8,
    )
    .await;
}
