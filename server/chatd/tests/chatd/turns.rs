//! Whole turns: steps, parallel tools, retries, errors, queue, titles.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chatd::DaemonOptions;
use sdk::messages::{BusyBehavior, Role};
use sdk::parts::{Part, ToolResultPart};
use store::chats::{ChatRow, Status};

use crate::harness::{Bench, DemoModels, assert_paired, on_both, on_both_with, outline};

#[tokio::test]
async fn runs_a_turn_with_parallel_tools() {
    on_both(async |bench| {
        let script = "!text \"Let me look.\"\n!call echo {\"a\": 1}\n!call echo {\"b\": 2}\n!call fail {}\n!then\n\
                      !text \"Done.\"\n!usage input=10 output=5";
        let chat = bench.create(script).await;
        let row = bench.until_idle(chat).await;
        assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
        assert!(row.worker_id.is_none());
        let messages = bench.messages(chat).await;
        assert_paired(&messages);
        let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
        use Role::{Assistant, Tool, User};
        assert_eq!(roles, [User, Assistant, Tool, Tool, Tool, Assistant]);
        assert!(messages[5].text().contains("Done."));
        let results: Vec<_> = messages[2..5]
            .iter()
            .map(|message| match &message.content[0] {
                Part::ToolResult(result) => (result.result.clone().unwrap(), result.is_error),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(results[0], (serde_json::json!({"a": 1}), false));
        assert_eq!(results[1], (serde_json::json!({"b": 2}), false));
        assert!(results[2].1);
        let usage = messages[5].usage.unwrap();
        assert_eq!(
            (usage.input_tokens, usage.output_tokens, usage.context_limit),
            (Some(10), Some(5), Some(200_000))
        );
        assert!(messages[1].runtime_ms.is_some() && messages[2].runtime_ms.is_some());
        assert_eq!(bench.tools.runs.load(Ordering::SeqCst), 3);
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn tools_of_a_step_run_beside_each_other_and_answer_in_the_order_of_their_calls() {
    on_both(async |bench| {
    let script =
        "!call meet {\"is_first\": true}\n!call meet {\"is_first\": false}\n!then\n!text \"Done.\"";
    let chat = bench.create(script).await;
    bench.until_idle(chat).await;
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    let results: Vec<_> = messages[2..4]
        .iter()
        .map(|message| match &message.content[0] {
            Part::ToolResult(result) => result.result.clone().unwrap()["is_first"].clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(results, [true, false]);
    bench.end().await;
    })
    .await;
}

/// The error that a turn's first call is answered with, and what the model said after it.
async fn answered_with_an_error(bench: Bench, script: &str) -> (ToolResultPart, String) {
    let chat = bench.create(script).await;
    bench.until_idle(chat).await;
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    let Part::ToolResult(result) = &messages[2].content[0] else {
        panic!("{messages:?}")
    };
    assert!(result.is_error, "{result:?}");
    bench.end().await;
    (result.clone(), messages.last().unwrap().text())
}

#[tokio::test]
async fn a_tool_that_there_is_not_answers_with_an_error() {
    on_both(async |bench| {
        let script = "!call teleport {}\n!then\n!text \"Still here.\"";
        let (result, said) = answered_with_an_error(bench, script).await;
        assert!(format!("{result:?}").contains("teleport"), "{result:?}");
        assert!(said.contains("Still here."));
    })
    .await;
}

#[tokio::test]
async fn a_tool_that_panics_answers_with_an_error() {
    on_both(async |bench| {
        let script = "!call panic {}\n!call echo {}\n!then\n!text \"Still here.\"";
        let (_, said) = answered_with_an_error(bench, script).await;
        assert!(said.contains("Still here."));
    })
    .await;
}

#[tokio::test]
async fn retries_what_may_succeed_and_drops_the_partial_answer() {
    on_both(async |bench| {
        let chat = bench
            .create("!text \"half\"\n!error 529 times=2 \"overloaded\"\n!text \" whole\"")
            .await;
        let row = bench.until_idle(chat).await;
        assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
        let messages = bench.messages(chat).await;
        assert_eq!(messages.len(), 2, "{:?}", outline(&messages));
        assert_eq!(messages[1].text().matches("half").count(), 1);
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn an_error_that_stays_ends_the_turn_and_can_be_tried_again() {
    on_both(async |bench| {
        let chat = bench
            .create("!error 401 times=1 \"wrong key\"\n!text \"Now it works.\"")
            .await;
        let row = bench.until_idle(chat).await;
        assert_eq!(row.status, Status::Error);
        let error = row.last_error.unwrap();
        assert_eq!(error.kind, "auth");
        assert!(!error.message.is_empty());
        assert_eq!(bench.messages(chat).await.len(), 1);
        bench.daemon.retry(chat).await.unwrap();
        let row = bench.until_idle(chat).await;
        assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
        assert!(row.last_error.is_none());
        assert!(
            bench.messages(chat).await[1]
                .text()
                .contains("Now it works.")
        );
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_model_that_says_nothing_is_asked_again() {
    let (started, silence) = ("startup_timeout", "stream_silence");
    let cases = [
        ("!stall 60s", started),
        ("!text \"half\"\n!stall 60s", silence),
    ];
    let timeouts = llm::Timeouts {
        first_part: std::time::Duration::from_millis(40),
        silence: std::time::Duration::from_millis(40),
        ..llm::Timeouts::default()
    };
    let impatient = |options: &mut DaemonOptions| {
        options.models = Arc::new(DemoModels::with_timeouts(timeouts));
    };
    on_both_with(impatient, async |bench| {
        for (script, kind) in cases {
            let chat = bench.create(script).await;
            let is_retried = |row: &ChatRow| {
                let retry = row.retry_state.as_ref();
                retry.is_some_and(|retry| retry.attempt > 1)
            };
            let row = bench.until(chat, "a retry", is_retried).await;
            let retry = row.retry_state.unwrap();
            assert_eq!(retry.kind, kind);
            assert!(!retry.error.is_empty() && retry.retrying_at > row.created_at);
            bench.daemon.interrupt(chat).await.unwrap();
            let row = bench.until_idle(chat).await;
            assert!(row.retry_state.is_none());
            assert_eq!(
                bench.messages(chat).await.len(),
                1,
                "nothing of a failed attempt stays"
            );
        }
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_tool_that_asks_the_person_ends_the_turn() {
    on_both(async |bench| {
        let chat = bench
            .create("!call echo {}\n!call ask_person {}\n!then\n!text \"never\"")
            .await;
        let row = bench.until_idle(chat).await;
        assert_eq!(row.status, Status::Waiting);
        let messages = bench.messages(chat).await;
        assert_paired(&messages);
        assert_eq!(messages.len(), 4, "{:?}", outline(&messages));
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn tools_and_facts_that_come_during_a_turn_are_there_at_the_next_step() {
    on_both(async |bench| {
        let chat = bench
            .create("!call wait {\"ms\": 1}\n!then\n!text \"two\"")
            .await;
        bench.until_idle(chat).await;
        assert!(
            bench.tools.looks.load(Ordering::SeqCst) >= 2,
            "the workspace is looked at before each step"
        );
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn titles_are_made_when_a_person_asks() {
    on_both(async |bench| {
        let chat = bench.create("!title \"Blue buttons\"\n!text \"ok\"").await;
        bench
            .until(chat, "the title", |row| !row.is_title_fallback)
            .await;
        bench.until_idle(chat).await;
        let named = chatd::state::details::Details {
            title: Some("Mine".into()),
            ..Default::default()
        };
        let before = bench.daemon.update_details(chat, named).await.unwrap();
        let proposed = bench.daemon.propose_title(chat).await.unwrap();
        assert!(!proposed.is_empty() && proposed != "Mine", "{proposed}");
        let row = bench.row(chat).await;
        assert_eq!(
            (row.title.as_str(), row.updated_at),
            ("Mine", before.updated_at)
        );
        let row = bench.daemon.regenerate_title(chat).await.unwrap();
        assert_eq!(row.title, proposed);
        assert_eq!(
            row.history_version, before.history_version,
            "what a title costs is no message"
        );
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_turn_ends_after_its_last_step_and_a_message_takes_it_up() {
    let few = |options: &mut DaemonOptions| options.max_steps = 5;
    on_both_with(few, async |bench| {
        let chat = bench.create("!call echo {}\n!then\n!repeat 9").await;
        let row = bench.until_idle(chat).await;
        assert_eq!(row.status, Status::Error);
        let error = row.last_error.unwrap();
        assert!(error.message.contains("after 5 steps"), "{}", error.message);
        assert!(error.retryable);
        assert_eq!(bench.tools.runs.load(Ordering::SeqCst), 5);
        let messages = bench.messages(chat).await;
        assert_paired(&messages);
        assert_eq!(messages.len(), 11, "{:?}", outline(&messages));
        bench
            .send(chat, "!text \"Enough.\"", BusyBehavior::Queue)
            .await;
        let row = bench.until_idle(chat).await;
        assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
        bench.end().await;
    })
    .await;
}

#[tokio::test]
#[ignore = "a long run of `make soak`: 1,200 steps"]
async fn soak_a_turn_ends_after_1200_steps() {
    assert_eq!(chatd::MAX_STEPS, 1200);
    let bench = Bench::sqlite().await;
    let chat = bench.create("!call echo {}\n!then\n!repeat 1300").await;
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(10);
    loop {
        let row = bench.row(chat).await;
        if row.status == Status::Error {
            assert!(row.last_error.unwrap().message.contains("1200 steps"));
            break;
        }
        assert_ne!(row.status, Status::Waiting);
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(bench.tools.runs.load(Ordering::SeqCst), 1200);
    bench.end().await;
}

#[tokio::test]
async fn queued_messages_follow_in_order() {
    on_both(async |bench| {
        let chat = bench
            .create("!call wait {\"ms\": 300}\n!then\n!text \"first\"")
            .await;
        for text in ["!text \"second\"", "!text \"third\""] {
            bench.send(chat, text, BusyBehavior::Queue).await;
        }
        bench.until_idle(chat).await;
        let messages = bench.messages(chat).await;
        assert_paired(&messages);
        let answers: Vec<String> = messages
            .iter()
            .filter(|message| message.role == Role::Assistant)
            .map(sdk::messages::Message::text)
            .filter(|text| !text.is_empty())
            .collect();
        assert_eq!(answers.len(), 3, "{answers:?}");
        for (answer, word) in answers.iter().zip(["first", "second", "third"]) {
            assert!(answer.contains(word), "{answers:?}");
        }
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn an_edit_replaces_what_runs() {
    on_both(async |bench| {
        let chat = bench
            .create("!text \"start\"\n!call wait {\"ms\": 60000}")
            .await;
        let first = bench.messages(chat).await[0].id;
        bench
            .until(chat, "the tool to run", |_| {
                bench.tools.runs.load(Ordering::SeqCst) == 1
            })
            .await;
        bench
            .daemon
            .edit(chat, first, bench.outgoing("!text \"edited\""))
            .await
            .unwrap();
        bench.until_idle(chat).await;
        let messages = bench.messages(chat).await;
        assert_eq!(messages.len(), 2, "{:?}", outline(&messages));
        assert!(messages[0].id > first);
        assert!(messages[1].text().contains("edited"));
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn makes_a_title_unless_a_person_did() {
    on_both(async |bench| {
        let chat = bench.create("!title \"Blue buttons\"\n!text \"ok\"").await;
        let row = bench
            .until(chat, "the title", |row| !row.is_title_fallback)
            .await;
        assert_eq!(row.title, "Blue buttons");
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_missing_model_says_what_to_do() {
    use chatd::sources::{ModelSource, ResolvedModel};
    #[derive(Debug)]
    struct NoModels;
    #[async_trait::async_trait]
    impl ModelSource for NoModels {
        async fn resolve(
            &self,
            _: sdk::ids::ModelConfigId,
            _owner: sdk::ids::UserId,
        ) -> Result<ResolvedModel, sdk::chats::ChatError> {
            let message = "Choose another model.".to_owned();
            Err(sdk::chats::ChatError {
                message,
                kind: "config".into(),
                ..Default::default()
            })
        }
    }
    let without = |options: &mut DaemonOptions| options.models = Arc::new(NoModels);
    on_both_with(without, async |bench| {
        let chat = bench.create("hello").await;
        let row = bench.until_idle(chat).await;
        assert_eq!(row.last_error.unwrap().message, "Choose another model.");
        bench.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_only_the_model_sees_cannot_be_edited() {
    on_both(async |bench| {
        let new = chatd::state::people::NewChat {
            system_prompt: Some("Be brief.".to_owned()),
            ..bench.new_chat("!text \"hi\"")
        };
        let (chat, first) = bench.daemon.create(new).await.unwrap();
        bench.until_idle(chat.id).await;
        let hidden = sdk::ids::MessageId(first.id.0 - 1);
        let edit = bench
            .daemon
            .edit(chat.id, hidden, bench.outgoing("mine"))
            .await;
        assert!(
            matches!(edit, Err(chatd::state::StateError::MessageNotFound)),
            "{edit:?}"
        );
        assert_eq!(bench.messages(chat.id).await.len(), 2);
        bench.end().await;
    })
    .await;
}
