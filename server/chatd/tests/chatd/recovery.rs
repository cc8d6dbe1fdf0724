//! A worker that dies at any moment: the next one ends the turn, nothing committed is lost, nothing is done twice.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::Rng;
use sdk::messages::Role;
use sdk::parts::Part;
use store::chats::Status;
use store::testing::TestDb;
use store::{Db, Notices};

use crate::harness::{Bench, TestTools, assert_paired, daemon, new_chat, outline, seed};

const STEPS: usize = 5;

fn script() -> String {
    let mut script = String::from("!pace 4ms\n");
    for step in 0..STEPS {
        script.push_str(&format!(
            "!text \"step {step} begins\"\n!call wait {{\"ms\": 15, \"step\": {step}}}\n!then\n"
        ));
    }
    script.push_str("!text \"the end\"");
    script
}

/// Runs a turn in a runtime of its own and drops that runtime after a while, as if the process were killed.
fn run_and_kill(options: &store::OpenOptions, tools: &TestTools, after: Duration, create: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (options, tools) = (options.clone(), tools.clone());
    runtime.block_on(async move {
        let db = Db::open_beside(&options).await.unwrap();
        let notices = Notices::start(&db).await.unwrap();
        let dying = daemon(&db, &notices, &tools);
        dying.start();
        if create {
            let seeded = seed(&db).await;
            dying.create(new_chat(seeded, &script())).await.unwrap();
        }
        tokio::time::sleep(after).await;
    });
    runtime.shutdown_timeout(Duration::from_millis(1));
}

#[test]
fn twenty_deaths_lose_and_repeat_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let database = runtime.block_on(TestDb::sqlite());
    let tools = TestTools::default();
    run_and_kill(&database.options, &tools, Duration::from_millis(25), true);
    let chat = runtime.block_on(async {
        let list = store::chats::list::ListChats {
            owner_id: owner(&database.db).await,
            filter: store::chats::list::ChatFilter::default(),
            limit: 1,
            offset: 0,
            after: None,
        };
        store::chats::list::list(&database.db, &list).await.unwrap()[0]
            .chat
            .id
    });
    let mut known: Vec<sdk::messages::Message> = Vec::new();
    let mut deaths = 0;
    for _ in 0..20 {
        let after = Duration::from_millis(rand::rng().random_range(0..30));
        run_and_kill(&database.options, &tools, after, false);
        let rows = runtime
            .block_on(store::messages::after(
                &database.db,
                chat,
                sdk::ids::MessageId(0),
                1000,
            ))
            .unwrap();
        let now: Vec<_> = rows.into_iter().map(|row| row.message).collect();
        assert_eq!(
            now[..known.len()],
            known[..],
            "a committed message was lost or changed"
        );
        known = now;
        let row = runtime
            .block_on(store::chats::get(&database.db, chat))
            .unwrap()
            .unwrap();
        deaths += usize::from(row.status == Status::Running);
    }
    assert!(
        deaths >= 5,
        "the worker died in the middle of its turn {deaths} times only"
    );
    runtime.block_on(async {
        let notices = Notices::in_process();
        let last = daemon(&database.db, &notices, &tools);
        last.start();
        let deadline = tokio::time::Instant::now() + crate::harness::PATIENCE;
        loop {
            let row = store::chats::get(&database.db, chat)
                .await
                .unwrap()
                .unwrap();
            if row.status == Status::Waiting {
                break;
            }
            assert_ne!(row.status, Status::Error, "{row:?}");
            assert!(
                tokio::time::Instant::now() < deadline,
                "the turn did not end: {row:?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let rows = store::messages::after(&database.db, chat, sdk::ids::MessageId(0), 1000)
            .await
            .unwrap();
        let messages: Vec<_> = rows.into_iter().map(|row| row.message).collect();
        assert_paired(&messages);
        assert!(
            messages.last().unwrap().text().contains("the end"),
            "{:?}",
            outline(&messages)
        );
        let mut steps: HashMap<String, usize> = HashMap::new();
        for message in messages
            .iter()
            .filter(|message| message.role == Role::Assistant)
        {
            *steps.entry(message.text()).or_default() += 1;
        }
        assert!(
            steps.values().all(|times| *times == 1),
            "a step was committed twice: {steps:?}"
        );
        assert_eq!(steps.len(), STEPS + 1);
        assert!(
            tools.runs.load(Ordering::SeqCst) <= STEPS,
            "a committed call ran twice"
        );
        // Whoever died before the chat had its title.
        while store::chats::get(&database.db, chat)
            .await
            .unwrap()
            .unwrap()
            .is_title_fallback
        {
            assert!(tokio::time::Instant::now() < deadline, "there is no title");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        last.shut_down().await;
    });
    runtime.block_on(database.remove());
}

async fn owner(db: &Db) -> sdk::ids::UserId {
    store::users::list(db, None, 1).await.unwrap()[0].id
}

/// A server dies while a tool runs, another one goes on; the result that the call has then.
async fn outlived(is_resumable: bool) -> sdk::parts::ToolResultPart {
    let bench = Bench::on(TestDb::sqlite().await).await;
    bench
        .tools
        .is_resumable
        .store(is_resumable, Ordering::SeqCst);
    let options = bench.database.options.clone();
    let tools = bench.tools.clone();
    let text = "!call wait {\"ms\": 600000}\n!then\n!text \"went on\"";
    let new = new_chat(bench.seed, text);
    let chat = new.id;
    std::thread::spawn({
        let tools = tools.clone();
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let db = Db::open_beside(&options).await.unwrap();
                let dying = daemon(&db, &Notices::in_process(), &tools);
                dying.start();
                dying.create(new).await.unwrap();
                while tools.runs.load(Ordering::SeqCst) == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
            runtime.shutdown_background();
        }
    })
    .join()
    .unwrap();
    bench.daemon.start();
    bench.until_idle(chat).await;
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    let Part::ToolResult(result) = &messages[2].content[0] else {
        panic!("{messages:?}")
    };
    let result = result.clone();
    assert_eq!(tools.runs.load(Ordering::SeqCst), 1);
    assert!(messages[3].text().contains("went on"));
    bench.end().await;
    result
}

#[tokio::test]
async fn a_call_whose_server_died_is_answered_and_not_repeated() {
    let result = outlived(false).await;
    assert!(result.is_error && result.interrupted, "{result:?}");
    let words = result.result.unwrap()["error"].as_str().unwrap().to_owned();
    assert!(words.contains("restarted"), "{words}");
}

#[tokio::test]
async fn a_call_whose_process_outlived_the_server_is_collected() {
    let result = outlived(true).await;
    assert!(!result.is_error && !result.interrupted, "{result:?}");
    assert_eq!(result.result.unwrap()["output"], "collected");
}

#[tokio::test]
async fn a_worker_mends_an_idle_chat_with_a_queue() {
    let bench = Bench::on(TestDb::sqlite().await).await;
    let now = store::Clock::system().now();
    let mut change = chatd::state::Change::begin(&bench.db, now).await.unwrap();
    let (mut locked, _) = change.create(bench.new_chat("!text \"hi\"")).await.unwrap();
    let queued = bench.outgoing("!text \"waits\"");
    change
        .send(&mut locked, queued, sdk::messages::BusyBehavior::Queue)
        .await
        .unwrap();
    locked.chat.status = Status::Waiting;
    let chat = change.close(locked).await.unwrap().chat.id;
    change.commit(&bench.notices).await.unwrap();
    bench.daemon.start();
    let row = bench
        .until(chat, "the repair", |row| row.status == Status::Error)
        .await;
    assert!(row.last_error.unwrap().message.contains("Nothing is lost"));
    bench.daemon.reconcile(chat).await.unwrap();
    bench.daemon.retry(chat).await.unwrap();
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting);
    bench.end().await;
}

#[tokio::test]
async fn on_postgres_a_chat_is_taken_over_only_when_its_heartbeat_expired() {
    let bench = Bench::on(TestDb::postgres().await).await;
    let mut change = chatd::state::Change::begin(&bench.db, store::Clock::system().now())
        .await
        .unwrap();
    let (mut locked, _) = change.create(bench.new_chat("!text \"hi\"")).await.unwrap();
    let dead = sdk::ids::WorkerId::generate();
    change
        .acquire(&mut locked, dead, sdk::ids::RunnerId::generate())
        .await
        .unwrap();
    let chat = change.close(locked).await.unwrap().chat.id;
    change.commit(&bench.notices).await.unwrap();
    bench.daemon.start();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(
        bench.row(chat).await.worker_id,
        Some(dead),
        "a living worker keeps its chat"
    );
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting);
    bench.end().await;
}

#[tokio::test]
async fn a_shut_down_gives_chats_back_and_the_next_start_ends_them() {
    let bench = Bench::sqlite().await;
    let chat = bench
        .create("!text \"one\"\n!call wait {\"ms\": 50}\n!then\n!stall 1s\n!text \"two\"")
        .await;
    bench
        .until(chat, "the tool", |_| {
            bench.tools.runs.load(Ordering::SeqCst) == 1
        })
        .await;
    bench.daemon.shut_down().await;
    let row = bench.row(chat).await;
    assert!(
        row.worker_id.is_none() && row.status == Status::Running,
        "{row:?}"
    );
    let next = daemon(&bench.db, &bench.notices, &bench.tools);
    next.start();
    bench.until_idle(chat).await;
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    assert!(
        messages.last().unwrap().text().contains("two"),
        "{:?}",
        outline(&messages)
    );
    assert_eq!(bench.tools.runs.load(Ordering::SeqCst), 1);
    next.shut_down().await;
    bench.end().await;
}
