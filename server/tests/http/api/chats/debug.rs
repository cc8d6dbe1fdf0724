//! What models were asked, over HTTP: who may read it, what it looks like, and that it comes and goes with the wish.

use std::time::Duration;

use reqwest::StatusCode;
use sdk::chat_config::{DebugRetentionDays, UpdateDebugLogging, UpdateUserDebugLogging};
use sdk::client::{Client, ClientError};
use sdk::debug::{DebugRun, ExportDebugRuns, ReadDebugRun};
use sdk::ids::{ChatId, DebugRunId};
use sdk::messages::CreateMessage;
use sdk::parts::InputPart;
use serde_json::json;

use super::{PATIENCE, follow, new_chat};
use crate::support::{TestServer, on_both};

async fn allow(owner: &Client, member: &Client) {
    let allowed = UpdateDebugLogging { allow_users: true };
    owner.update_debug_logging(&allowed).await.unwrap();
    wish(member, true).await;
}

async fn wish(member: &Client, debug_logging_enabled: bool) {
    let wish = UpdateUserDebugLogging {
        debug_logging_enabled,
    };
    member.update_user_debug_logging(&wish).await.unwrap();
}

async fn play(client: &Client, script: &str) -> ChatId {
    let chat = client.create_chat(&new_chat(script)).await.unwrap().id;
    follow(client, chat).await;
    chat
}

/// All runs, the newest first, as soon as so many have ended.
async fn ended(client: &Client, chat: ChatId, count: usize) -> Vec<DebugRun> {
    let are_there = async {
        loop {
            let runs = client.list_debug_runs(chat).await.unwrap();
            if runs.iter().filter(|run| run.finished_at.is_some()).count() >= count {
                return runs;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, are_there).await.unwrap()
}

fn is_missing<T: std::fmt::Debug>(outcome: Result<T, ClientError>) {
    assert_eq!(
        outcome.unwrap_err().status(),
        Some(StatusCode::NOT_FOUND.as_u16())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_read_by_whose_chat_it_is_and_by_nobody_else() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        let before = play(&member, "!text \"Unrecorded.\"").await;
        allow(&owner, &member).await;
        let chat = play(&member, "!text \"Hello.\"").await;
        let elsewhere = play(&member, "!text \"Elsewhere.\"").await;
        assert!(member.list_debug_runs(before).await.unwrap().is_empty());
        // The turn and its title.
        let runs = ended(&member, chat, 2).await;
        assert!(
            runs.windows(2)
                .all(|pair| pair[0].started_at >= pair[1].started_at)
        );
        let turn = runs.iter().find(|run| run.kind == "chat_turn").unwrap();
        assert_eq!((turn.chat_id, turn.status.as_str()), (chat, "completed"));

        let all = ReadDebugRun::default();
        let detail = member.get_debug_run(chat, turn.id, all).await.unwrap();
        assert_eq!(detail.steps[0].step_number, 1);
        assert!(detail.steps[0].normalized_request["messages"].is_array());
        let before_first = ReadDebugRun {
            before_step: Some(1),
            ..ReadDebugRun::default()
        };
        let none = member
            .get_debug_run(chat, turn.id, before_first)
            .await
            .unwrap();
        assert!(none.steps.is_empty() && !none.has_earlier_steps);

        let outline = ReadDebugRun {
            outline: true,
            ..ReadDebugRun::default()
        };
        let outlined = member.get_debug_run(chat, turn.id, outline).await.unwrap();
        assert_eq!(outlined.run, detail.run);
        assert_eq!(outlined.steps[0].normalized_request, json!({}));
        assert_eq!(outlined.steps[0].usage, detail.steps[0].usage);
        assert_eq!(
            outlined.steps[0].attempts.len(),
            detail.steps[0].attempts.len()
        );

        let step = member.get_debug_step(chat, turn.id, 1).await.unwrap();
        assert_eq!(step.step, detail.steps[0]);
        assert_eq!(step.change, None, "nothing was asked before");
        is_missing(member.get_debug_step(chat, turn.id, 2).await);
        is_missing(member.get_debug_step(chat, turn.id, i32::MAX).await);
        is_missing(member.get_debug_step(elsewhere, turn.id, 1).await);

        is_missing(member.get_debug_run(elsewhere, turn.id, all).await);
        is_missing(
            member
                .get_debug_run(chat, DebugRunId::generate(), all)
                .await,
        );
        let query = ExportDebugRuns { run: Some(turn.id) };
        is_missing(member.export_debug_runs(elsewhere, query).await);
        is_missing(member.list_debug_runs(ChatId::generate()).await);
        for stranger in [&owner, &server.member("sam").await] {
            is_missing(stranger.list_debug_runs(chat).await);
            is_missing(stranger.get_debug_run(chat, turn.id, all).await);
            is_missing(stranger.get_debug_step(chat, turn.id, 1).await);
            is_missing(stranger.export_debug_runs(chat, query).await);
        }

        let one = member.export_debug_runs(chat, query).await.unwrap();
        assert_eq!(one.runs, [detail]);
        let whole = member
            .export_debug_runs(chat, ExportDebugRuns::default())
            .await
            .unwrap();
        assert_eq!((whole.runs.len(), whole.is_partial), (runs.len(), false));

        // What is there stays readable.
        wish(&member, false).await;
        assert_eq!(
            member.list_debug_runs(chat).await.unwrap().len(),
            runs.len()
        );
        let unrecorded = play(&member, "!text \"Unrecorded again.\"").await;
        assert!(member.list_debug_runs(unrecorded).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_tells_what_changed_since_the_call_before() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        allow(&owner, &member).await;
        let twice = "!call list_agents {}\n!then\n!text \"Nobody.\"";
        let chat = play(&member, twice).await;
        ended(&member, chat, 2).await;
        let message = CreateMessage {
            content: vec![InputPart::Text {
                text: "!text \"Again.\"".to_owned(),
            }],
            ..CreateMessage::default()
        };
        member.send_message(chat, &message).await.unwrap();
        let mut turns = ended(&member, chat, 3).await;
        turns.retain(|run| run.kind == "chat_turn");
        let [second, first] = &turns[..] else {
            panic!("two turns: {turns:?}");
        };

        let step = member.get_debug_step(chat, first.id, 2).await.unwrap();
        let change = step.change.unwrap();
        assert_eq!(
            (change.previous_run_id, change.previous_step_number),
            (first.id, 1)
        );
        assert_eq!(change.kept_message_count, change.previous_message_count);
        assert_eq!(change.message_count, change.previous_message_count + 2);
        assert_eq!(change.first_difference, None);

        // The next turn goes on where the last one ended.
        let step = member.get_debug_step(chat, second.id, 1).await.unwrap();
        let change = step.change.unwrap();
        assert_eq!(
            (change.previous_run_id, change.previous_step_number),
            (first.id, 2)
        );
        assert!(change.kept_message_count > 0, "{change:?}");
        assert!(change.kept_characters > 0 && change.kept_characters < change.characters);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_forces_it_records_everybody() {
    let server = TestServer::start_with(|platform, _| {
        platform.chat_debug_logging_enabled = true;
    })
    .await;
    server.owner().await;
    let member = server.member("mia").await;
    let chat = play(
        &member,
        "!call spawn_agent {\"title\": \"Child\", \"prompt\": \"!text \\\"Done.\\\"\"}\n!then\n!text \"Said.\"",
    )
    .await;
    ended(&member, chat, 2).await;
    let children = member.get_chat(chat).await.unwrap().children;
    let runs = ended(&member, children[0].id, 1).await;
    let of_child = ReadDebugRun::default();
    let detail = member
        .get_debug_run(children[0].id, runs[0].id, of_child)
        .await
        .unwrap();
    assert_eq!(
        (detail.parent_chat_id, detail.root_chat_id),
        (Some(chat), Some(chat))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_that_records_are_kept_are_an_owners_choice() {
    on_both(async |server| {
        let (owner, member) = (server.owner().await, server.member("mia").await);
        let days = |debug_retention_days| DebugRetentionDays {
            debug_retention_days,
        };
        assert_eq!(member.get_debug_retention_days().await.unwrap(), days(30));
        let refused = member
            .update_debug_retention_days(&days(7))
            .await
            .unwrap_err();
        assert_eq!(refused.status(), Some(StatusCode::FORBIDDEN.as_u16()));
        for wrong in [-1, 3651] {
            let refused = owner
                .update_debug_retention_days(&days(wrong))
                .await
                .unwrap_err();
            assert_eq!(
                refused.status(),
                Some(StatusCode::BAD_REQUEST.as_u16()),
                "{wrong}"
            );
        }
        for right in [0, 3650, 7] {
            owner
                .update_debug_retention_days(&days(right))
                .await
                .unwrap();
            assert_eq!(
                member.get_debug_retention_days().await.unwrap(),
                days(right)
            );
        }
    })
    .await;
}
