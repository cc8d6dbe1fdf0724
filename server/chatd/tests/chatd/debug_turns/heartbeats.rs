//! A record of a call that takes long is alive as long as the server that makes the call, and no longer.

use chatd::Timings;
use chrono::{DateTime, TimeDelta, Utc};
use sdk::debug::DebugStep;
use sdk::ids::DebugRunId;
use store::debug::cleanup;
use store::{Clock, Db, Notices, OpenOptions};
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::harness::{TestTools, new_chat, seed, timings};

/// A server in a runtime of its own that waits for a model; it dies with the runtime.
fn waiting_server(database: &OpenOptions) -> (Runtime, ChatId) {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    let database = database.clone();
    let chat = runtime.block_on(async move {
        let db = Db::open_beside(&database).await.unwrap();
        let notices = Notices::start(&db).await.unwrap();
        let daemon = chatd::Daemon::new(DaemonOptions {
            debug: Arc::new(AllRecorded),
            timings: Timings {
                record_heartbeat: Duration::from_millis(50),
                ..timings()
            },
            ..options(&db, &notices, &TestTools::default())
        });
        daemon.start();
        let seed = seed(&db).await;
        let new = new_chat(seed, "!text \"working\"\n!stall 100s");
        daemon.create(new).await.unwrap().0.id
    });
    (runtime, chat)
}

/// The turn's run and its step, as soon as they are as wished.
async fn until(
    db: &Db,
    chat: ChatId,
    wished: impl Fn(&DebugRun, &DebugStep) -> bool,
) -> (DebugRun, DebugStep) {
    let are_there = async {
        loop {
            let runs = runs::list(db, chat).await.unwrap();
            if let Some(run) = runs.into_iter().find(|run| run.kind == "chat_turn") {
                let wanted = steps::Wanted::default();
                let mut steps = steps::list(db, chat, run.id, wanted).await.unwrap().0;
                if let Some(step) = steps.pop().filter(|step| wished(&run, step)) {
                    return (run, step);
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, are_there).await.unwrap()
}

/// Ends what gave no sign of life since then.
async fn sweep(db: &Db, since: DateTime<Utc>) -> Vec<DebugRunId> {
    let before = since + TimeDelta::microseconds(1);
    let ended = cleanup::interrupt_stale(db, before, Clock::system().now());
    let ended = ended.await.unwrap().into_iter();
    ended.map(|ended| ended.run_id).collect()
}

#[test]
fn a_record_lives_as_long_as_the_server_that_waits_for_the_model() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    for is_postgres in [false, true] {
        let database = runtime.block_on(async {
            if is_postgres {
                TestDb::postgres().await
            } else {
                TestDb::sqlite().await
            }
        });
        let (server, chat) = waiting_server(&database.options);
        let run = runtime.block_on(async {
            let db = &database.db;
            let (run, begun) = until(db, chat, |_, _| true).await;
            let moved = |at: DateTime<Utc>| {
                move |run: &DebugRun, step: &DebugStep| run.updated_at > at && step.updated_at > at
            };
            // Twice, so that it is no single note.
            let (_, step) = until(db, chat, moved(begun.updated_at)).await;
            let (_, step) = until(db, chat, moved(step.updated_at)).await;
            assert!(sweep(db, begun.updated_at).await.is_empty(), "it lives");
            assert_eq!(
                (step.status.as_str(), step.finished_at),
                ("in_progress", None)
            );
            run.id
        });
        server.shutdown_timeout(Duration::from_millis(1));
        runtime.block_on(async {
            let db = &database.db;
            let (last, step) = until(db, chat, |_, _| true).await;
            assert_eq!(last.status, "in_progress", "nobody ended it");
            tokio::time::sleep(Duration::from_millis(200)).await;
            let (later, _) = until(db, chat, |_, _| true).await;
            assert_eq!(later.updated_at, last.updated_at, "the dead give no signs");
            let last = last.updated_at.max(step.updated_at);
            assert_eq!(sweep(db, last).await, [run]);
            let (run, step) = until(db, chat, |_, _| true).await;
            assert_eq!(
                (run.status.as_str(), step.status.as_str()),
                ("interrupted", "interrupted")
            );
            assert!(run.finished_at.is_some() && step.finished_at.is_some());
            database.remove().await;
        });
    }
}

#[test]
fn signs_come_often_enough_for_a_sweep_that_misses_one() {
    assert!(Timings::default().record_heartbeat <= chatd::debug::STALE_AFTER / 2);
}
