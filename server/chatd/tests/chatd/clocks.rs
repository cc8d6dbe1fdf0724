//! Processes on one database whose machines believe in different times.

use std::time::Duration;

use chatd::{Daemon, DaemonOptions};
use chrono::TimeDelta;
use sdk::ids::ChatId;
use store::chats::Status;
use store::testing::TestDb;
use store::{Clock, Notices};

use crate::harness::{Bench, TestTools, new_chat, options};

/// Longer than any heartbeat takes to expire.
const DIFFERENCE: TimeDelta = TimeDelta::minutes(10);
/// Much longer than two beats, and several looks for work.
const WORK: &str = "!call wait {\"ms\": 1500}\n!then\n!text \"done\"";

/// A process and how often its tools ran.
struct Process {
    daemon: Daemon,
    tools: TestTools,
}

impl Process {
    async fn start(bench: &Bench, clock: Clock) -> Self {
        let tools = TestTools::default();
        let clock = clock.following(&bench.db).await.unwrap();
        let daemon = Daemon::new(DaemonOptions {
            clock,
            ..options(&bench.db, &bench.notices, &tools)
        });
        daemon.start();
        Self { daemon, tools }
    }

    async fn create(&self, bench: &Bench) -> ChatId {
        let new = new_chat(bench.seed, WORK);
        self.daemon.create(new).await.unwrap().0.id
    }

    fn runs(&self) -> usize {
        self.tools.runs.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_process_with_a_wrong_clock_neither_steals_nor_is_stolen_from() {
    let database = TestDb::postgres().await;
    let notices = Notices::start(&database.db).await.unwrap();
    let bench = Bench::with_notices(database, notices).await;
    let mut processes = Vec::new();
    for difference in [TimeDelta::zero(), DIFFERENCE, -DIFFERENCE] {
        processes.push(Process::start(&bench, Clock::wrong_by(difference)).await);
    }
    let mut chats = Vec::new();
    for process in &processes {
        chats.push(process.create(&bench).await);
    }
    loop {
        let mut is_any_running = false;
        for (process, chat) in processes.iter().zip(&chats) {
            let row = bench.row(*chat).await;
            is_any_running |= row.status == Status::Running;
            let is_own = row
                .worker_id
                .is_none_or(|id| id == process.daemon.worker_id());
            assert!(is_own, "another process took {row:?}");
        }
        if !is_any_running {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for process in &processes {
        assert_eq!(process.runs(), 1);
        process.daemon.shut_down().await;
    }
    bench.end().await;
}
