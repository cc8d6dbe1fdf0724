//! Tools that the chat's client runs itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chatd::state::{Change, StateError};
use chatd::{Daemon, DaemonOptions};
use chrono::TimeDelta;
use sdk::chats::DynamicTool;
use sdk::ids::{ChatId, RunnerId, WorkerId};
use sdk::live::LiveChat;
use sdk::messages::{ClientToolResult, Role};
use sdk::parts::{Part, ToolCallPart};
use serde_json::json;
use store::Clock;
use store::chats::Status;
use store::messages::NewMessage;
use store::testing::TestDb;

use crate::harness::{Bench, DemoModels, assert_paired, follow, label, timings};

fn tool(name: &str) -> DynamicTool {
    DynamicTool {
        name: name.to_owned(),
        description: "Asks the person at the client".to_owned(),
        input_schema: json!({"type": "object"}),
    }
}

async fn create(bench: &Bench, daemon: &Daemon, script: &str) -> ChatId {
    let mut new = bench.new_chat(script);
    new.client_tools = vec![tool("ask"), tool("echo")];
    daemon.create(new).await.unwrap().0.id
}

fn answer(id: &str) -> ClientToolResult {
    ClientToolResult {
        tool_call_id: id.to_owned(),
        output: json!({"said": "blue"}),
        is_error: false,
    }
}

/// Waits until the client is asked; the ids of the calls.
async fn asked(bench: &Bench, chat: ChatId) -> Vec<String> {
    bench
        .until(chat, "the client to be asked", |row| {
            row.status == Status::RequiresAction
        })
        .await;
    let mut tx = bench.db.begin_read().await.unwrap();
    let calls = chatd::state::open_calls::pending(&mut tx, chat)
        .await
        .unwrap();
    calls.into_iter().map(|call| call.tool_call_id).collect()
}

async fn waits_for_the_client_and_goes_on(bench: Bench) {
    bench.daemon.start();
    let script = "!call ask {\"q\": \"which?\"}\n!call echo {\"a\": 1}\n!then\n!text \"So be it.\"";
    let chat = create(&bench, &bench.daemon, script).await;
    let calls = asked(&bench, chat).await;
    assert_eq!(calls.len(), 1, "the server's own echo wins: {calls:?}");
    let row = bench.row(chat).await;
    assert!(row.worker_id.is_none() && row.requires_action_deadline_at.is_some());
    let mut live = LiveChat::default();
    follow(&bench.daemon, chat, &mut live, |live, _| {
        live.action_required.is_some()
    })
    .await;

    let submit = async |results: Vec<ClientToolResult>| {
        bench.daemon.submit_tool_results(chat, results).await
    };
    let wrong = [
        vec![],
        vec![answer("nobody")],
        vec![answer(&calls[0]), answer(&calls[0])],
        vec![answer(&calls[0]), answer("nobody")],
    ];
    for results in wrong {
        let outcome = submit(results.clone()).await;
        assert!(
            matches!(&outcome, Err(StateError::WrongToolResults(problems)) if !problems.is_empty()),
            "{results:?}: {outcome:?}"
        );
    }
    submit(vec![answer(&calls[0])]).await.unwrap();
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
    assert!(row.requires_action_deadline_at.is_none());
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    let labels: Vec<_> = messages
        .iter()
        .map(|message| label(&message.content))
        .collect();
    assert_eq!(&labels[2..4], ["result echo", "result ask"]);
    assert!(messages[4].text().contains("So be it."));
    let late = submit(vec![answer(&calls[0])]).await;
    assert!(matches!(late, Err(StateError::Refused { .. })), "{late:?}");
    assert_eq!(bench.tools.runs.load(Ordering::SeqCst), 1);
    bench.end().await;
}

#[tokio::test]
async fn waits_for_the_client_and_goes_on_on_sqlite() {
    waits_for_the_client_and_goes_on(Bench::on(TestDb::sqlite().await).await).await;
}

#[tokio::test]
async fn waits_for_the_client_and_goes_on_on_postgres() {
    waits_for_the_client_and_goes_on(Bench::on(TestDb::postgres().await).await).await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_in_time_is_left() {
    let bench = Bench::on(TestDb::sqlite().await).await;
    let clock = Clock::manual(Clock::system().now());
    let daemon = Daemon::new(DaemonOptions {
        db: bench.db.clone(),
        notices: bench.notices.clone(),
        clock: clock.clone(),
        models: Arc::new(DemoModels::default()),
        tools: Arc::new(bench.tools.clone()),
        timings: timings(),
        max_steps: chatd::MAX_STEPS,
        debug: Arc::new(chatd::NothingRecorded),
    });
    daemon.start();
    let chat = create(
        &bench,
        &daemon,
        "!call ask {}\n!then\n!text \"Without you, then.\"",
    )
    .await;
    asked(&bench, chat).await;
    clock.advance(TimeDelta::minutes(4));
    tokio::time::sleep(timings().acquire * 3).await;
    assert_eq!(bench.row(chat).await.status, Status::RequiresAction);
    clock.advance(TimeDelta::minutes(2));
    bench.until_idle(chat).await;
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    assert_eq!(label(&messages[2].content), "interrupted");
    assert!(messages[3].text().contains("Without you"));
    daemon.shut_down().await;
    bench.end().await;
}

#[tokio::test]
async fn an_interrupted_question_is_answered_as_cancelled() {
    let bench = Bench::sqlite().await;
    let chat = create(
        &bench,
        &bench.daemon,
        "!call ask {}\n!then\n!text \"As you like.\"",
    )
    .await;
    asked(&bench, chat).await;
    bench.daemon.interrupt(chat).await.unwrap();
    bench.until_idle(chat).await;
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    assert_eq!(label(&messages[2].content), "interrupted");
    bench.end().await;
}

#[tokio::test]
async fn a_restart_asks_the_client_again_and_answers_only_what_the_server_ran() {
    let bench = Bench::on(TestDb::sqlite().await).await;
    let mut new = bench.new_chat("!text \"x\"");
    new.client_tools = vec![tool("ask")];
    let mut change = Change::begin(&bench.db, Clock::system().now())
        .await
        .unwrap();
    let (mut locked, _) = change.create(new).await.unwrap();
    let fence = change
        .acquire(&mut locked, WorkerId::generate(), RunnerId::generate())
        .await
        .unwrap();
    let calls = [("c1", "ask"), ("c2", "wait")].map(|(id, name)| {
        Part::ToolCall(ToolCallPart {
            tool_call_id: id.into(),
            tool_name: name.into(),
            args: Some(json!({})),
            ..ToolCallPart::default()
        })
    });
    let step = vec![NewMessage::new(Role::Assistant, calls.to_vec())];
    change.commit_step(&mut locked, &fence, step).await.unwrap();
    let chat = change.close(locked).await.unwrap().chat.id;
    change.commit(&bench.notices).await.unwrap();

    bench.daemon.start();
    assert_eq!(asked(&bench, chat).await, ["c1"]);
    let labels: Vec<_> = bench
        .messages(chat)
        .await
        .iter()
        .map(|message| label(&message.content))
        .collect();
    assert_eq!(labels[2..], ["interrupted"]);
    assert_eq!(bench.tools.runs.load(Ordering::SeqCst), 0);
    bench.end().await;
}
