//! Stopping a turn at any moment keeps what it did and leaves a history that a provider accepts.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::Rng;
use sdk::build_info::DatabaseKind;
use sdk::messages::{BusyBehavior, Role};
use sdk::parts::Part;
use store::chats::Status;

use crate::harness::{assert_paired, on_both, outline};

#[tokio::test]
async fn keeps_partial_text() {
    on_both(async |bench| {
        let chat = bench
            .create("!text \"the beginning \"\n!stall 60s\n!text \"the end\"")
            .await;
        let row = bench.interrupt_mid_answer(chat).await;
        assert_eq!(row.status, Status::Waiting);
        let messages = bench.messages(chat).await;
        assert_eq!(messages.len(), 2, "{:?}", outline(&messages));
        assert!(messages[1].text().contains("the beginning"));
        assert!(messages[1].usage.is_none());
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn answers_running_calls() {
    on_both(async |bench| {
        let chat = bench
            .create("!call echo {}\n!call wait {}\n!then\n!text \"never\"")
            .await;
        bench
            .until(chat, "both tools to run", |_| {
                bench.tools.runs.load(Ordering::SeqCst) == 2
            })
            .await;
        bench.daemon.interrupt(chat).await.unwrap();
        bench.until_idle(chat).await;
        let messages = bench.messages(chat).await;
        assert_paired(&messages);
        let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::Tool]);
        let Part::ToolResult(stopped) = &messages[3].content[0] else {
            panic!("{messages:?}")
        };
        assert!(stopped.is_error);
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_interrupts_comes_next() {
    on_both(async |bench| {
        let chat = bench.create("!text \"one\"\n!stall 60s").await;
        bench
            .send(chat, "!text \"two\"", BusyBehavior::Interrupt)
            .await;
        bench.until_idle(chat).await;
        let messages = bench.messages(chat).await;
        assert!(
            messages.last().unwrap().text().contains("two"),
            "{:?}",
            outline(&messages)
        );
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn archiving_stops_the_turn_and_keeps_its_work() {
    on_both(async |bench| {
        let chat = bench
            .create("!call echo {\"kept\": true}\n!then\n!call wait {}")
            .await;
        bench
            .until(chat, "the second tool", |_| {
                bench.tools.runs.load(Ordering::SeqCst) == 2
            })
            .await;
        let row = bench.daemon.archive(chat, None).await.unwrap();
        assert!(row.archived && row.status == Status::Waiting);
        let messages = bench.messages(chat).await;
        assert_paired(&messages);
        assert!(messages.len() >= 4, "{:?}", outline(&messages));
        let refusal = bench
            .daemon
            .send(chat, bench.outgoing("hello"), BusyBehavior::Queue)
            .await
            .unwrap_err();
        assert!(matches!(refusal, chatd::StateError::Archived));
        let row = bench.daemon.unarchive(chat, None).await.unwrap();
        assert!(!row.archived);
        bench
            .send(chat, "!text \"again\"", BusyBehavior::Queue)
            .await;
        bench.until_idle(chat).await;
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn archiving_keeps_the_queue() {
    on_both(async |bench| {
        let chat = bench.create("!call wait {}").await;
        bench
            .send(chat, "!text \"later\"", BusyBehavior::Queue)
            .await;
        // A turn that had not come to its call would begin anew with the retry, and wait.
        bench
            .until(chat, "the tool", |_| {
                bench.tools.runs.load(Ordering::SeqCst) == 1
            })
            .await;
        let row = bench.daemon.archive(chat, None).await.unwrap();
        assert!(row.archived && row.status == Status::Error);
        bench.daemon.unarchive(chat, None).await.unwrap();
        assert_eq!(store::queue::list(&bench.db, chat).await.unwrap().len(), 1);
        bench.daemon.retry(chat).await.unwrap();
        bench.until_idle(chat).await;
        let messages = bench.messages(chat).await;
        assert!(
            messages
                .iter()
                .any(|message| message.text().contains("later")),
            "{:?}",
            outline(&messages)
        );
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn any_moment_is_good_for_a_stop() {
    on_both(async |bench| {
        let mut script = String::from("!pace 1ms\n");
        for step in 0..4 {
            script.push_str(&format!(
                "!reason \"thinking {step}\"\n!text \"step {step} has some words\"\n"
            ));
            script.push_str("!call echo {}\n!call wait {\"ms\": 3}\n!then\n");
        }
        script.push_str("!text \"the end\"");
        // Where a commit takes longer, fewer chats take as long.
        let chats = match bench.db.kind() {
            DatabaseKind::Sqlite => 40,
            DatabaseKind::Postgres => 15,
        };
        for _ in 0..chats {
            let chat = bench.create(&script).await;
            let pause = rand::rng().random_range(0..60);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            bench.daemon.interrupt(chat).await.unwrap();
            let row = bench.until_idle(chat).await;
            assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
            assert_paired(&bench.messages(chat).await);
            // The next turn works on what is left.
            bench
                .send(chat, "!text \"fine\"", BusyBehavior::Queue)
                .await;
            let row = bench.until_idle(chat).await;
            assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
            let messages = bench.messages(chat).await;
            assert!(
                messages.last().unwrap().text().contains("fine"),
                "{:?}",
                outline(&messages)
            );
        }
        bench.end().await;
    })
    .await;
}
