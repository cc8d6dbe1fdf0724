//! Readers that are cut off, repeat themselves and come back end up with exactly what the store holds.

use std::sync::Arc;
use std::time::Duration;

use chatd::StreamOptions;
use futures::StreamExt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use rand::Rng;
use sdk::ids::ChatId;
use sdk::live::{Applied, LiveChat};
use sdk::messages::BusyBehavior;
use sdk::parts::Part;
use sdk::stream::{StreamEvent, StreamEventKind};
use store::testing::TestDb;

use crate::harness::{Bench, PATIENCE, follow, on_both, outline};

/// The reader holds what the store holds, and nothing else.
async fn assert_equal(bench: &Bench, chat: ChatId, live: &LiveChat) {
    let stored = bench.messages(chat).await;
    assert_eq!(outline(&live.messages), outline(&stored));
    assert_eq!(live.messages, stored);
    let row = bench.row(chat).await;
    assert_eq!(live.status, Some(chatd::wire::status(&row)));
    assert_eq!(live.error, row.last_error);
    assert_eq!(
        live.queue,
        store::queue::list(&bench.db, chat).await.unwrap()
    );
    assert!(
        live.preview.parts.is_empty(),
        "left over: {:?}",
        live.preview.parts
    );
    assert!(live.retry.is_none());
}

fn is_settled(live: &LiveChat) -> bool {
    live.status.is_some() && !live.is_busy() && live.queue.is_empty()
}

#[tokio::test]
async fn shows_the_answer_while_it_is_generated() {
    on_both(async |bench| {
        let chat = bench
            .create("!pace 5ms\n!tokens 60\n!call wait {\"ms\": 100}\n!then\n!tokens 20")
            .await;
        let mut live = LiveChat::default();
        let mut longest = 0;
        let mut saw_output = false;
        follow(&bench.daemon, chat, &mut live, |live, _| {
            for part in &live.preview.parts {
                match part {
                    Part::Text { text } => longest = longest.max(text.len()),
                    Part::ToolResult(result) => saw_output |= result.result_delta.is_some(),
                    _ => {}
                }
            }
            is_settled(live)
        })
        .await;
        assert!(longest > 20, "live text was shown");
        assert!(saw_output, "live output was shown");
        assert_equal(&bench, chat, &live).await;
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn gathers_live_parts_instead_of_a_frame_for_each() {
    on_both(async |bench| {
        let chat = bench.create("!pace 1ms\n!tokens 300").await;
        let frames = bench.daemon.stream(chat, StreamOptions::default());
        futures::pin_mut!(frames);
        let began = tokio::time::Instant::now();
        let mut live = LiveChat::default();
        let mut count = 0_u128;
        while !is_settled(&live) {
            let frame = tokio::time::timeout(PATIENCE, frames.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            count += 1;
            for event in serde_json::from_str::<Vec<StreamEvent>>(&frame).unwrap() {
                live.apply(event);
            }
        }
        let limit = began.elapsed().as_millis() / 30 + 12;
        assert!(count <= limit, "{count} frames, at most {limit}");
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_begins_with_the_status() {
    on_both(async |bench| {
        let chat = bench.create("!text \"hi\"").await;
        bench.until_idle(chat).await;
        let frames = bench.daemon.stream(chat, StreamOptions::default());
        futures::pin_mut!(frames);
        let frame = frames.next().await.unwrap().unwrap();
        let events: Vec<StreamEvent> = serde_json::from_str(&frame).unwrap();
        assert!(
            matches!(events[0].kind, StreamEventKind::Status { .. }),
            "{events:?}"
        );
        let messages = events
            .iter()
            .filter(|event| matches!(event.kind, StreamEventKind::Message { .. }))
            .count();
        assert_eq!(messages, 2);
        assert!(events.iter().all(|event| event.chat_id == chat));
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_was_away_during_an_edit_forgets_what_is_gone() {
    on_both(async |bench| {
        let chat = bench.create("!text \"one\"").await;
        bench.until_idle(chat).await;
        bench.send(chat, "!text \"two\"", BusyBehavior::Queue).await;
        bench.until_idle(chat).await;
        let mut away = LiveChat::default();
        follow(&bench.daemon, chat, &mut away, |live, _| is_settled(live)).await;
        assert_eq!(away.messages.len(), 4);
        let second = away.messages[2].id;
        bench
            .daemon
            .edit(chat, second, bench.outgoing("!text \"three\""))
            .await
            .unwrap();
        bench.until_idle(chat).await;
        follow(&bench.daemon, chat, &mut away, |live, _| is_settled(live)).await;
        assert_equal(&bench, chat, &away).await;
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_takes_nothing_for_long_gets_everything_later() {
    on_both(async |bench| {
        let chat = bench.create("!pace 1ms\n!tokens 200").await;
        let frames = bench.daemon.stream(chat, StreamOptions::default());
        futures::pin_mut!(frames);
        let mut live = LiveChat::default();
        let first = frames.next().await.unwrap().unwrap();
        for event in serde_json::from_str::<Vec<StreamEvent>>(&first).unwrap() {
            live.apply(event);
        }
        bench.until_idle(chat).await;
        for number in 0..3 {
            let text = format!("!text \"answer {number}\"");
            bench.send(chat, &text, BusyBehavior::Queue).await;
            bench.until_idle(chat).await;
        }
        while live.messages.len() < 8 || !is_settled(&live) {
            let frame = tokio::time::timeout(PATIENCE, frames.next()).await.unwrap();
            for event in serde_json::from_str::<Vec<StreamEvent>>(&frame.unwrap().unwrap()).unwrap()
            {
                assert_ne!(live.apply(event), Applied::Resync);
            }
        }
        assert_equal(&bench, chat, &live).await;
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_long_history_comes_in_pages() {
    // Without a worker: the history stays as long as it is.
    for database in [TestDb::sqlite().await, TestDb::postgres().await] {
        let bench = Bench::on(database).await;
        let chat = bench
            .daemon
            .create(bench.new_chat("hello"))
            .await
            .unwrap()
            .0
            .id;
        let mut tx = bench.db.begin().await.unwrap();
        let filler = (0..1000).map(|number| {
            let text = Part::text(format!("message {number}"));
            store::messages::NewMessage::new(sdk::messages::Role::User, vec![text])
        });
        let now = store::Clock::system().now();
        store::messages::insert(&mut tx, chat, 1, now, filler.collect())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut live = LiveChat::default();
        follow(&bench.daemon, chat, &mut live, |live, _| {
            live.messages.len() == 1001
        })
        .await;
        bench.end().await;
    }
}

/// Applies with repeats and random cuts; comes back with the same state.
async fn unreliable_reader(bench: &Bench, chat: ChatId) -> LiveChat {
    let mut live = LiveChat::default();
    loop {
        let cut_after = rand::rng().random_range(1..40_usize);
        let mut events_left = cut_after;
        let options = StreamOptions {
            after_id: live.cursor(),
            renderer: None,
            ..StreamOptions::default()
        };
        let frames = bench.daemon.stream(chat, options);
        futures::pin_mut!(frames);
        let mut is_snapshot = true;
        'connection: while let Some(frame) = tokio::time::timeout(PATIENCE, frames.next())
            .await
            .expect("a frame")
        {
            let events: Vec<StreamEvent> = serde_json::from_str(&frame.unwrap()).unwrap();
            for event in events {
                let repeats = rand::rng().random_range(0..10) == 0;
                if repeats
                    && matches!(
                        event.kind,
                        StreamEventKind::Message { .. } | StreamEventKind::MessagePart { .. }
                    )
                {
                    live.apply(event.clone());
                }
                assert_ne!(live.apply(event), Applied::Resync);
            }
            assert_nothing_twice(&live);
            if is_settled(&live) && !is_snapshot
                || is_settled(&live) && bench.row(chat).await.worker_id.is_none()
            {
                return live;
            }
            is_snapshot = false;
            events_left = events_left.saturating_sub(1);
            if events_left == 0 {
                break 'connection;
            }
        }
    }
}

/// What is committed is not shown as being generated at the same time.
fn assert_nothing_twice(live: &LiveChat) {
    let mut ids: Vec<_> = live.messages.iter().map(|message| message.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), live.messages.len());
    let committed: Vec<&str> = live
        .messages
        .iter()
        .flat_map(|message| &message.content)
        .filter_map(|part| match part {
            Part::ToolCall(call) => Some(call.tool_call_id.as_str()),
            _ => None,
        })
        .collect();
    for part in &live.preview.parts {
        if let Part::ToolCall(call) = part {
            assert!(
                !committed.contains(&call.tool_call_id.as_str()),
                "{call:?} is shown twice"
            );
        }
    }
}

fn script(steps: &[(u8, u8)]) -> String {
    let mut script = String::from("!pace 1ms\n");
    for (number, (words, calls)) in steps.iter().enumerate() {
        script.push_str(&format!(
            "!reason \"thought {number}\"\n!tokens {}\n",
            u32::from(*words) + 1
        ));
        for call in 0..*calls {
            script.push_str(&format!("!call echo {{\"call\": {call}}}\n"));
        }
        script.push_str("!then\n");
    }
    script.push_str("!text \"the end\"");
    script
}

async fn unreliable_readers(database: TestDb, rounds: usize) {
    let bench = Bench::on(database).await;
    bench.daemon.start();
    let bench = Arc::new(bench);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let steps = proptest::collection::vec((0..12_u8, 1..3_u8), 1..4);
    for round in 0..rounds {
        let steps = steps.new_tree(&mut runner).unwrap().current();
        let text = match round % 5 {
            3 => format!(
                "!text \"partial\"\n!error 529 times=1 \"busy\"\n{}",
                script(&steps)
            ),
            4 => "!text \"partial\"\n!error 401 \"wrong key\"".to_owned(),
            _ => script(&steps),
        };
        let chat = bench.create(&text).await;
        let readers: Vec<_> = (0..10)
            .map(|_| {
                let bench = bench.clone();
                tokio::spawn(async move { unreliable_reader(&bench, chat).await })
            })
            .collect();
        if round % 5 == 1 {
            bench
                .send(chat, "!text \"queued\"", BusyBehavior::Queue)
                .await;
        }
        if round % 5 == 2 {
            tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..30))).await;
            bench.daemon.interrupt(chat).await.unwrap();
        }
        for reader in readers {
            let mut live = reader.await.unwrap();
            // A reader that stopped between two turns catches up.
            bench.until_idle(chat).await;
            follow(&bench.daemon, chat, &mut live, |live, _| is_settled(live)).await;
            assert_equal(&bench, chat, &live).await;
        }
    }
    Arc::into_inner(bench).unwrap().end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_unreliable_readers_see_everything_once_on_sqlite() {
    unreliable_readers(TestDb::sqlite().await, 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_unreliable_readers_see_everything_once_on_postgres() {
    unreliable_readers(TestDb::postgres().await, 15).await;
}
