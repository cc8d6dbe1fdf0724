//! The store of what was recorded: states never move back, prefixes are kept once, and what is gone leaves nothing behind.

mod deleted_pieces;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use sdk::debug::{DebugAttempt, DebugRun, DebugRunKind, DebugStatus, DebugStep};
use sdk::ids::{ChatId, DebugRunId, DebugStepId, MessageId};
use serde_json::{Value, json};
use store::debug::cleanup::{self, Edited};
use store::debug::runs::{self, NewRun, Origin};
use store::debug::steps::{self, NewAttempt, NewStep, StepOutcome, Wanted};
use store::testing::for_both;
use store::{Clock, Db, chats, debug};

use crate::harness::{Seed, seed};
use crate::store_contract::add_chat;

const ARCHIVE: &str = "UPDATE chats SET archived = TRUE WHERE id = $1";

fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn seconds(count: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(count)
}

struct Records<'a> {
    db: &'a Db,
    seed: Seed,
    chat: ChatId,
}

impl<'a> Records<'a> {
    async fn new(db: &'a Db) -> Self {
        let seed = seed(db).await;
        let chat = add_chat(db, seed, |_| {}).await.id;
        Self { db, seed, chat }
    }

    async fn run(&self, now: DateTime<Utc>, messages: (Option<i64>, Option<i64>)) -> DebugRunId {
        let new = NewRun {
            id: DebugRunId::generate(),
            chat_id: self.chat,
            kind: DebugRunKind::ChatTurn,
            model_config_id: self.seed.model,
            provider: "demo".to_owned(),
            model: "demo".to_owned(),
            origin: Origin {
                trigger_message_id: messages.0.map(MessageId),
                history_tip_message_id: messages.1.map(MessageId),
            },
            first_message: Some("  hello\n there ".to_owned()),
        };
        let mut tx = self.db.begin().await.unwrap();
        debug::lock(&mut tx, self.chat).await.unwrap();
        assert!(runs::insert(&mut tx, &new, now).await.unwrap());
        tx.commit().await.unwrap();
        new.id
    }

    /// Whether there is such a step now.
    async fn begin(
        &self,
        run: DebugRunId,
        request: &Value,
        now: DateTime<Utc>,
    ) -> Option<DebugStepId> {
        let new = NewStep {
            id: DebugStepId::generate(),
            operation: "stream",
            history_tip_message_id: None,
            normalized_request: request.to_string().into_bytes(),
        };
        let mut tx = self.db.begin().await.unwrap();
        debug::lock(&mut tx, self.chat).await.unwrap();
        let is_begun = steps::insert(&mut tx, (self.chat, run), &new, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        is_begun.then_some(new.id)
    }

    async fn end(
        &self,
        run: DebugRunId,
        step: DebugStepId,
        outcome: &StepOutcome,
        now: DateTime<Utc>,
    ) -> bool {
        let mut tx = self.db.begin().await.unwrap();
        let whole = (self.chat, run, step);
        let is_ended = steps::finish(&mut tx, whole, outcome, now).await.unwrap();
        tx.commit().await.unwrap();
        is_ended
    }

    async fn attempt(&self, run: DebugRunId, step: DebugStepId, attempts: Vec<NewAttempt>) {
        let mut tx = self.db.begin().await.unwrap();
        let whole = (self.chat, run, step);
        assert!(
            steps::add_attempts(&mut tx, whole, attempts, noon())
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
    }

    async fn finish(&self, run: DebugRunId, status: DebugStatus, now: DateTime<Utc>) -> bool {
        let mut tx = self.db.begin().await.unwrap();
        let is_finished = runs::finish(&mut tx, (self.chat, run), status, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        is_finished
    }

    async fn steps(&self, run: DebugRunId) -> Vec<DebugStep> {
        steps::list(self.db, self.chat, run, Wanted::default())
            .await
            .unwrap()
            .0
    }

    async fn listed(&self) -> Vec<DebugRunId> {
        let runs = runs::list(self.db, self.chat).await.unwrap();
        runs.into_iter().map(|run| run.id).collect()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let chat = self.chat.0;
        store::on_reader!(self.db, pool => sqlx::query_scalar(sql).bind(chat).fetch_one(pool).await.unwrap())
    }

    async fn chunks(&self) -> i64 {
        self.number("SELECT COUNT(*) FROM chat_debug_chunks WHERE chat_id = $1")
            .await
    }
}

fn outcome(status: DebugStatus) -> StepOutcome {
    StepOutcome {
        status,
        normalized_response: Some(b"{\"content\":[]}".to_vec()),
        usage: Some(json!({"input_tokens": 5, "output_tokens": 3})),
        error: None,
        metadata: json!({"part_count": 1}),
    }
}

fn attempt(status: &str, request: &[u8], response: &[u8]) -> NewAttempt {
    NewAttempt {
        attempt: DebugAttempt {
            status: status.to_owned(),
            method: "POST".to_owned(),
            path: "/v1/messages".to_owned(),
            ..DebugAttempt::default()
        },
        request_body: request.to_vec(),
        response_body: response.to_vec(),
    }
}

#[tokio::test]
async fn states_never_move_back() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        for from in DebugStatus::ALL {
            for to in DebugStatus::ALL {
                let run = records.run(noon(), (None, None)).await;
                let step = records.begin(run, &json!({}), noon()).await.unwrap();
                assert!(records.end(run, step, &outcome(from), seconds(1)).await);
                let is_later = to >= from;
                assert_eq!(
                    records.end(run, step, &outcome(to), seconds(2)).await,
                    is_later,
                    "{from:?} {to:?}"
                );
                let expected = if is_later { to } else { from };
                assert_eq!(records.steps(run).await[0].status, expected.as_str());
                assert!(records.finish(run, from, seconds(3)).await);
                assert_eq!(
                    records.finish(run, to, seconds(4)).await,
                    is_later,
                    "{from:?} {to:?}"
                );
                let found = runs::get(records.db, records.chat, run)
                    .await
                    .unwrap()
                    .unwrap();
                assert_eq!(found.run.status, expected.as_str());
                assert_eq!(found.run.finished_at, Some(seconds(3)), "written once");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_holds_its_steps_in_order_and_takes_none_when_it_is_over() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let run = records.run(noon(), (Some(1), Some(2))).await;
        assert!(records.steps(run).await.is_empty());
        for number in 1..=3 {
            let request = json!({ "messages": [number] });
            let step = records.begin(run, &request, noon()).await.unwrap();
            if number < 3 {
                let failed = attempt("failed", b"{\"a\":1}", b"");
                records.attempt(run, step, vec![failed]).await;
                let completed = attempt("completed", b"{\"a\":1}", b"data: {}\n\n\0");
                records.attempt(run, step, vec![completed]).await;
                records
                    .end(run, step, &outcome(DebugStatus::Completed), noon())
                    .await;
            }
        }
        records
            .finish(run, DebugStatus::Completed, seconds(1))
            .await;
        assert_eq!(records.begin(run, &json!({}), seconds(2)).await, None);

        let found = records.steps(run).await;
        let numbers: Vec<i32> = found.iter().map(|step| step.step_number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!(found[0].normalized_request, json!({ "messages": [1] }));
        assert_eq!(found[0].normalized_response, Some(json!({ "content": [] })));
        let attempts = &found[0].attempts;
        assert_eq!((attempts[0].number, attempts[1].number), (1, 2));
        assert_eq!(attempts[0].response_body, "");
        assert_eq!(attempts[1].response_body, "ZGF0YToge30KCgA=");
        assert_eq!(found[2].status, "interrupted", "its run is over");
        assert_eq!(found[2].attempts, []);

        let (earlier, has_more) = steps::list(
            records.db,
            records.chat,
            run,
            Wanted {
                before_step: Some(3),
                ..Wanted::default()
            },
        )
        .await
        .unwrap();
        assert_eq!((earlier.len(), has_more), (2, false));

        let listed = runs::list(records.db, records.chat).await.unwrap();
        assert_eq!(
            listed[0].summary,
            json!({"first_message": "hello there", "step_count": 3, "total_input_tokens": 10,
                "total_output_tokens": 6, "endpoint_label": "POST /v1/messages"})
        );
        let elsewhere = add_chat(records.db, records.seed, |_| {}).await.id;
        assert!(
            runs::get(records.db, elsewhere, run)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            steps::list(records.db, elsewhere, run, Wanted::default())
                .await
                .unwrap()
                .0
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn a_list_holds_the_newest_hundred() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let mut newest = Vec::new();
        for number in 0..103 {
            newest.insert(0, records.run(seconds(number), (None, None)).await);
        }
        newest.truncate(100);
        assert_eq!(records.listed().await, newest);
    })
    .await;
}

/// A conversation as an adapter writes it: a mark at the last message, tools behind the messages.
fn wire_request(messages: &[Value], tools: &Value) -> Vec<u8> {
    let mut messages = messages.to_vec();
    if let Some(last) = messages.last_mut() {
        last["cache_control"] = json!({ "type": "ephemeral" });
    }
    json!({ "max_tokens": 32_000, "messages": messages, "model": "m", "stream": true, "tools": tools })
        .to_string()
        .into_bytes()
}

/// An answer as a provider streams it: a word an event.
fn wire_response(words: &str) -> Vec<u8> {
    let events = words.split_inclusive(' ').map(|word| {
        let data = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}});
        format!("event: content_block_delta\ndata: {data}\n\n")
    });
    events.collect::<String>().into_bytes()
}

/// Words that do not compress as well as one word again and again.
fn words(number: usize, count: usize) -> String {
    let word = |place: usize| {
        let mixed = (number * 7919 + place).wrapping_mul(2_654_435_761) % 100_003;
        format!("w{mixed} ")
    };
    (0..count).map(word).collect()
}

#[tokio::test]
async fn two_hundred_turns_cost_less_than_three_times_the_longest_prompt() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let tools: Vec<Value> = (0..25)
            .map(|number| json!({"name": format!("tool_{number}"), "description": words(number, 80),
                "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}))
            .collect();
        let tools = json!(tools);
        let mut messages = vec![json!({"role": "system", "content": words(9999, 500)})];
        let (mut longest, mut all) = (0, 0);
        for turn in 0..200 {
            let (question, answer) = (words(turn * 2, 250), words(turn * 2 + 1, 150));
            messages.push(json!({"role": "user", "content": question}));
            let request = json!({"messages": messages, "tools": tools, "tool_choice": "auto"});
            let wire = wire_request(&messages, &tools);
            let response = wire_response(&answer);
            longest = longest.max(wire.len());
            all += wire.len() + request.to_string().len() + response.len();

            let run = records.run(noon(), (None, None)).await;
            let step = records.begin(run, &request, noon()).await.unwrap();
            records.attempt(run, step, vec![attempt("completed", &wire, &response)]).await;
            let answered = json!({"content": [{"type": "text", "text": answer}]}).to_string();
            let outcome = StepOutcome {
                normalized_response: Some(answered.into_bytes()),
                ..outcome(DebugStatus::Completed)
            };
            records.end(run, step, &outcome, noon()).await;
            records.finish(run, DebugStatus::Completed, noon()).await;
            messages.push(json!({"role": "assistant", "content": answer}));
        }
        // Everything in the three tables, and what each row and its index entries take beside it.
        let kept = records.number(
            "SELECT CAST(SUM(LENGTH(data) + LENGTH(chunk_hash) * 2 + COALESCE(LENGTH(parent_hash), 0) + 64) AS BIGINT) \
             FROM chat_debug_chunks WHERE chat_id = $1",
        ).await;
        let rows = records.number(
            "SELECT CAST(SUM(LENGTH(normalized_request) + COALESCE(LENGTH(normalized_response), 0) + LENGTH(attempts) \
             + LENGTH(metadata) + COALESCE(LENGTH(usage), 0) + 400) AS BIGINT) FROM chat_debug_steps WHERE chat_id = $1",
        ).await;
        let longest = i64::try_from(longest).unwrap();
        eprintln!("{kept} bytes of pieces and {rows} of steps for {all} bytes; the longest prompt has {longest}");
        assert!(kept + rows < 3 * longest, "{kept} + {rows} bytes for a prompt of {longest}");

        // And it is all there.
        let newest = runs::list(records.db, records.chat).await.unwrap().remove(0).id;
        let step = records.steps(newest).await.remove(0);
        assert_eq!(step.normalized_request["messages"].as_array().unwrap().len(), step_messages(&step));
        assert!(!step.attempts[0].request_body.is_empty());
    })
    .await;
}

fn step_messages(step: &DebugStep) -> usize {
    let body = STANDARD.decode(&step.attempts[0].request_body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    body["messages"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_run_before_is_found_however_many_came_after_it() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let mut ids = Vec::new();
        for minute in 0..102 {
            let now = noon() + TimeDelta::minutes(minute / 2);
            ids.push(records.run(now, (None, None)).await);
        }
        let whole = async |id| {
            runs::get(records.db, records.chat, id)
                .await
                .unwrap()
                .unwrap()
                .run
        };
        for at in [101, 100, 1] {
            let run = whole(ids[at]).await;
            let before = runs::before(records.db, &run).await.unwrap();
            assert_eq!(before, Some(ids[at - 1]));
        }
        let first = whole(ids[0]).await;
        assert_eq!(runs::before(records.db, &first).await.unwrap(), None);
        let another = DebugRun {
            kind: "compaction".to_owned(),
            ..whole(ids[50]).await
        };
        assert_eq!(runs::before(records.db, &another).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn an_edit_takes_away_what_belongs_to_turns_that_are_gone() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let edit = seconds(1000);
        let before = edit - TimeDelta::seconds(30);
        let kept = records.run(seconds(0), (Some(10), Some(11))).await;
        let triggered = records.run(seconds(1), (Some(20), Some(20))).await;
        let later_tip = records.run(seconds(2), (Some(10), Some(25))).await;
        let just_now = records.run(seconds(999), (Some(20), Some(29))).await;
        // Of the new message, by clocks that are not quite equal.
        let new = records.run(seconds(999), (Some(30), Some(30))).await;
        let edited = Edited {
            from: MessageId(20),
            replaced_by: MessageId(30),
        };
        let deleted = cleanup::delete(records.db, records.chat, Some(edited), before)
            .await
            .unwrap();
        assert_eq!(deleted, 3, "{triggered} {later_tip} {just_now}");
        let mut left = records.listed().await;
        left.sort();
        let mut expected = vec![kept, new];
        expected.sort();
        assert_eq!(left, expected);
    })
    .await;
}

#[tokio::test]
async fn what_gives_no_sign_of_life_is_interrupted() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let (silent, alive) = (
            records.run(seconds(0), (None, None)).await,
            records.run(seconds(0), (None, None)).await,
        );
        let step = records.begin(silent, &json!({}), seconds(1)).await.unwrap();
        let mut tx = records.db.begin().await.unwrap();
        runs::touch(&mut tx, &[alive], seconds(900)).await.unwrap();
        tx.commit().await.unwrap();
        let ended = cleanup::interrupt_stale(records.db, seconds(500), seconds(1000))
            .await
            .unwrap();
        let ended: Vec<_> = ended.iter().map(|ended| ended.run_id).collect();
        assert_eq!(ended, [silent]);
        let found = records.steps(silent).await.remove(0);
        assert_eq!((found.id, found.status.as_str()), (step, "interrupted"));
        assert_eq!(found.finished_at, Some(seconds(1000)));
        assert!(
            cleanup::interrupt_stale(records.db, seconds(500), seconds(1000))
                .await
                .unwrap()
                .is_empty()
        );
        let alive = runs::get(records.db, records.chat, alive)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(alive.run.status, "in_progress");
        // It was alive after all.
        assert!(
            records
                .finish(silent, DebugStatus::Completed, seconds(1001))
                .await
        );
        let found = runs::get(records.db, records.chat, silent)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.run.status.as_str(), found.run.finished_at),
            ("completed", Some(seconds(1000)))
        );
    })
    .await;
}

#[tokio::test]
async fn old_runs_and_those_of_archived_chats_are_deleted() {
    for_both(async |database| {
        let records = Records::new(&database.db).await;
        let old = records.run(seconds(0), (None, None)).await;
        records.begin(old, &json!({}), seconds(0)).await.unwrap();
        let new = records.run(seconds(500), (None, None)).await;
        assert_eq!(cleanup::delete_old(records.db, seconds(100)).await.unwrap(), 1);
        assert_eq!(records.listed().await, [new]);
        assert_eq!(cleanup::delete_archived(records.db, Clock::system().now()).await.unwrap(), 0);
        let chat = records.chat.0;
        store::on_writer!(records.db, pool => sqlx::query(ARCHIVE).bind(chat).execute(pool).await.map(drop).unwrap());
        assert!(chats::get(records.db, records.chat).await.unwrap().unwrap().archived);
        assert_eq!(cleanup::delete_archived(records.db, seconds(501)).await.unwrap(), 1);
        assert!(records.listed().await.is_empty());
    })
    .await;
}
