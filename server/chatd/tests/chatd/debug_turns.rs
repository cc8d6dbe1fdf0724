//! What turns leave in the record, and that a record never harms a turn nor keeps a secret.

mod headers;
mod heartbeats;
mod moments;

use std::io::{Read as _, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chatd::sources::ModelSource;
use chatd::{DaemonOptions, DebugPolicy, ResolvedModel, StreamOptions};
use flate2::read::DeflateDecoder;
use futures::StreamExt;
use llm::{HttpClient, ProviderConfig, ProviderKind, connect};
use sdk::chats::ChatError;
use sdk::debug::{DebugRun, DebugRunDetail};
use sdk::ids::{ChatId, ModelConfigId};
use sdk::messages::BusyBehavior;
use serde_json::json;
use store::chats::Status;
use store::debug::{runs, steps};
use store::testing::TestDb;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::harness::{Bench, DemoModels, PATIENCE, options, resolved};

/// Everybody's calls are recorded.
#[derive(Debug)]
struct AllRecorded;

#[async_trait]
impl DebugPolicy for AllRecorded {
    async fn is_recorded(&self, _owner: sdk::ids::UserId) -> bool {
        true
    }
}

/// A model behind HTTP.
#[derive(Debug)]
pub struct Remote(Arc<dyn llm::Model>);

impl Remote {
    pub fn new(kind: ProviderKind, base_url: &str, key: &str) -> Self {
        let http = HttpClient::new(&llm::http::HttpOptions::default()).unwrap();
        let config = ProviderConfig {
            base_url: Some(base_url.to_owned()),
            ..ProviderConfig::new(kind, Some(key.to_owned().into()))
        };
        Self(connect(&http, config).unwrap().model("standin-large"))
    }
}

#[async_trait]
impl ModelSource for Remote {
    async fn resolve(
        &self,
        id: ModelConfigId,
        _owner: sdk::ids::UserId,
    ) -> Result<ResolvedModel, ChatError> {
        Ok(resolved(id, Arc::clone(&self.0), 200_000))
    }
}

async fn recorded_on(database: TestDb, models: Arc<dyn ModelSource>) -> Bench {
    let mut bench = Bench::on(database).await;
    bench.daemon = chatd::Daemon::new(DaemonOptions {
        models,
        debug: Arc::new(AllRecorded),
        ..options(&bench.db, &bench.notices, &bench.tools)
    });
    bench.daemon.start();
    bench
}

async fn recorded() -> Bench {
    recorded_on(TestDb::sqlite().await, Arc::new(DemoModels::default())).await
}

/// Runs of one kind, the oldest first, as soon as so many have ended.
async fn ended(bench: &Bench, chat: ChatId, kind: &str, count: usize) -> Vec<DebugRun> {
    let are_there = async {
        loop {
            let mut found = runs::list(&bench.db, chat).await.unwrap();
            found.retain(|run| run.kind == kind && run.finished_at.is_some());
            if found.len() >= count {
                found.reverse();
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, are_there).await.unwrap()
}

async fn detail(bench: &Bench, run: &DebugRun) -> DebugRunDetail {
    let found = runs::get(&bench.db, run.chat_id, run.id).await.unwrap();
    let mut found = found.unwrap();
    found.steps = steps::list(&bench.db, run.chat_id, run.id, steps::Wanted::default())
        .await
        .unwrap()
        .0;
    found
}

#[tokio::test]
async fn a_turn_is_a_run_with_a_step_for_each_call() {
    for database in [TestDb::sqlite().await, TestDb::postgres().await] {
        let bench = recorded_on(database, Arc::new(DemoModels::default())).await;
        let script = "!text \"Let me look.\"\n!call echo {\"a\": 1}\n!then\n!text \"Done.\"\n!usage input=10 output=5";
        let chat = bench.create(script).await;
        bench.until_idle(chat).await;
        let run = ended(&bench, chat, "chat_turn", 1).await.remove(0);
        assert_eq!(run.status, "completed");
        assert_eq!(run.summary["step_count"], 2);
        assert!(run.summary["total_output_tokens"].as_i64().unwrap() >= 5);
        assert!(
            run.summary["first_message"]
                .as_str()
                .unwrap()
                .starts_with("!text")
        );
        let run = detail(&bench, &run).await;
        let messages = bench.messages(chat).await;
        assert_eq!(run.trigger_message_id, Some(messages[0].id));
        assert_eq!(run.model_config_id, Some(bench.seed.model));
        let [first, second] = run.steps.as_slice() else {
            panic!("{run:?}")
        };
        for step in [first, second] {
            assert_eq!(
                (step.status.as_str(), step.operation.as_str()),
                ("completed", "stream")
            );
            assert!(
                step.metadata["first_part_ms"].is_u64() && step.metadata["duration_ms"].is_u64()
            );
            assert!(step.normalized_request["tools"].as_array().unwrap().len() >= 5);
            assert!(
                step.attempts.is_empty(),
                "the scripted model needs no network"
            );
        }
        let answer = first.normalized_response.as_ref().unwrap();
        assert_eq!(answer["content"][1]["type"], "tool_call");
        assert_eq!(answer["finish_reason"], "tool_calls");
        let asked = &second.normalized_request["messages"];
        assert!(asked.to_string().contains("\"tool_result\""));
        let title = ended(&bench, chat, "title_generation", 1).await.remove(0);
        assert_eq!(detail(&bench, &title).await.steps[0].operation, "generate");
        bench.end().await;
    }
}

#[tokio::test]
async fn what_failed_and_what_was_stopped_is_told_apart() {
    let bench = recorded().await;
    let chat = bench.create("!error 401 \"wrong key\"").await;
    assert_eq!(bench.until_idle(chat).await.status, Status::Error);
    let run = ended(&bench, chat, "chat_turn", 1).await.remove(0);
    assert_eq!(
        (run.status.as_str(), &run.summary["has_error"]),
        ("error", &json!(true))
    );
    let step = detail(&bench, &run).await.steps.remove(0);
    assert_eq!(step.error.unwrap()["type"], "auth");

    let chat = bench.create("!text \"Half.\"\n!stall 60s").await;
    bench
        .until(chat, "the turn", |row| row.status == Status::Running)
        .await;
    let begun = async {
        while runs::list(&bench.db, chat).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.unwrap();
    bench.daemon.interrupt(chat).await.unwrap();
    bench.until_idle(chat).await;
    let run = ended(&bench, chat, "chat_turn", 1).await.remove(0);
    assert_eq!(run.status, "interrupted");
    assert!(run.summary.get("has_error").is_none());
    let step = detail(&bench, &run).await.steps.remove(0);
    assert_eq!((step.status.as_str(), step.error), ("interrupted", None));
    bench.end().await;
}

#[tokio::test]
async fn a_summary_is_a_run_of_its_own() {
    let bench = recorded().await;
    let chat = bench.create("!text \"Hello.\"").await;
    bench.until_idle(chat).await;
    bench.daemon.compact(chat, String::new()).await.unwrap();
    bench.until_idle(chat).await;
    let run = ended(&bench, chat, "compaction", 1).await.remove(0);
    assert_eq!(run.status, "completed");
    let run = detail(&bench, &run).await;
    assert!(run.history_tip_message_id >= run.trigger_message_id);
    assert_eq!(run.steps[0].operation, "generate");
    bench.end().await;
}

#[tokio::test]
async fn requests_that_are_made_again_are_attempts_of_one_step() {
    let server = standin::start().await.unwrap();
    let remote = Remote::new(
        ProviderKind::Anthropic,
        &server.base_url(),
        "sk-test-0123456789",
    );
    let bench = recorded_on(TestDb::sqlite().await, Arc::new(remote)).await;
    let chat = bench
        .create("!error 529 times=2 \"overloaded\"\n!text \"Through.\"")
        .await;
    bench.until_idle(chat).await;
    let run = ended(&bench, chat, "chat_turn", 1).await.remove(0);
    assert_eq!(run.summary["endpoint_label"], "POST /v1/messages");
    let run = detail(&bench, &run).await;
    let [step] = run.steps.as_slice() else {
        panic!("{run:?}")
    };
    let told: Vec<_> = step
        .attempts
        .iter()
        .map(|attempt| {
            (
                attempt.number,
                attempt.response_status,
                attempt.retry_classification.as_deref(),
            )
        })
        .collect();
    let overloaded = Some("overloaded");
    assert_eq!(
        told,
        [
            (1, Some(529), overloaded),
            (2, Some(529), overloaded),
            (3, Some(200), None)
        ]
    );
    assert!(step.attempts[2].first_byte_ms.is_some());
    assert_eq!(step.metadata["error_count"], 2);
    bench.end().await;
}

#[tokio::test]
async fn an_edit_and_the_archive_take_records_along() {
    let bench = recorded().await;
    let chat = bench.create("!text \"One.\"").await;
    bench.until_idle(chat).await;
    bench
        .send(chat, "!text \"Two.\"", BusyBehavior::Queue)
        .await;
    bench.until_idle(chat).await;
    let before = ended(&bench, chat, "chat_turn", 2).await;
    ended(&bench, chat, "title_generation", 1).await;
    let messages = bench.messages(chat).await;
    let edited = bench.outgoing("!text \"Two, better.\"");
    bench
        .daemon
        .edit(chat, messages[2].id, edited)
        .await
        .unwrap();
    bench.until_idle(chat).await;
    let is_replaced = async {
        loop {
            let found = ended(&bench, chat, "chat_turn", 2).await;
            let is_old = found.iter().any(|run| run.id == before[1].id);
            if !is_old && found.len() == 2 {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let left = tokio::time::timeout(PATIENCE, is_replaced).await.unwrap();
    assert_eq!(left[0].id, before[0].id);
    bench.end().await;
}

#[tokio::test]
async fn readers_of_the_chat_hear_of_its_runs() {
    let bench = recorded().await;
    let chat = bench.create("!text \"One.\"").await;
    bench.until_idle(chat).await;
    let mut frames = Box::pin(bench.daemon.stream(chat, StreamOptions::default()));
    frames.next().await.unwrap().unwrap();
    bench
        .send(chat, "!text \"Two.\"", BusyBehavior::Queue)
        .await;
    let heard = async {
        loop {
            let frame = frames.next().await.unwrap().unwrap();
            if frame.contains("\"type\":\"debug_run\"") {
                return frame;
            }
        }
    };
    let frame = tokio::time::timeout(PATIENCE, heard).await.unwrap();
    let events: Vec<sdk::stream::StreamEvent> = serde_json::from_str(&frame).unwrap();
    let told = events.iter().find_map(|event| match &event.kind {
        sdk::stream::StreamEventKind::DebugRun { debug_run } => Some(debug_run.run_id),
        _ => None,
    });
    let known = ended(&bench, chat, "chat_turn", 2).await;
    let titles = ended(&bench, chat, "title_generation", 1).await;
    assert!(known.iter().chain(&titles).any(|run| Some(run.id) == told));
    drop(frames);
    bench.end().await;
}

#[tokio::test]
async fn a_recorder_that_fails_harms_no_turn() {
    for database in [TestDb::sqlite().await, TestDb::postgres().await] {
        let bench = recorded_on(database, Arc::new(DemoModels::default())).await;
        for table in ["chat_debug_steps", "chat_debug_chunks", "chat_debug_runs"] {
            let drop_table = sqlx::AssertSqlSafe(format!("DROP TABLE {table}"));
            store::on_writer!(&bench.db, pool => sqlx::query(drop_table).execute(pool).await.map(drop).unwrap());
        }
        let chat = bench
            .create("!call echo {}\n!then\n!text \"Still here.\"")
            .await;
        let row = bench.until_idle(chat).await;
        assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
        let messages = bench.messages(chat).await;
        bench
            .daemon
            .edit(chat, messages[0].id, bench.outgoing("!text \"Again.\""))
            .await
            .unwrap();
        assert_eq!(bench.until_idle(chat).await.status, Status::Waiting);
        bench.end().await;
    }
}

#[tokio::test]
async fn nothing_is_kept_of_those_who_do_not_wish_it() {
    let bench = Bench::sqlite().await;
    let chat = bench.create("!text \"One.\"").await;
    bench.until_idle(chat).await;
    bench.daemon.shut_down().await;
    assert!(runs::list(&bench.db, chat).await.unwrap().is_empty());
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The key that the calls are made with, and what a server says that nobody should keep.
const KEY: &str = "sk-canary-1111111111111111";
const TOKEN: &str = "canary-2222222222222222";

fn hostile_answers() -> Vec<ResponseTemplate> {
    let events = format!(
        "event: {KEY}\nid: {KEY}\n: {KEY} {TOKEN}\ndata: {KEY} {TOKEN}\n\nevent: message_start\n\
         data: {{\"type\":\"message_start\",\"access_token\":\"{TOKEN}\",\"message\":{{\"id\":\"{KEY}\",\"usage\":{{}}}}}}\n\n\
         event: content_block_start\n\
         data: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n\
         event: content_block_delta\n\
         data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"ok\"}}}}\n\n\
         event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"invalid_request_error\",\
         \"message\":\"key {KEY} at https://u:{TOKEN}@h.example/?api_key={TOKEN}\",\"client_secret\":\"{TOKEN}\"}}}}\n\n"
    );
    let json = json!({"error": {"type": "authentication_error", "message": format!("wrong key {KEY}")},
        "refreshToken": TOKEN, "nested": [{"password": TOKEN}], KEY: 1});
    vec![
        ResponseTemplate::new(200).set_body_raw(events, "text/event-stream"),
        ResponseTemplate::new(401).set_body_raw(json.to_string(), "application/json"),
        ResponseTemplate::new(400)
            .set_body_raw(format!("{{\"token\": \"{TOKEN}"), "application/json"),
        ResponseTemplate::new(400).set_body_raw(TOKEN, "application/octet-stream"),
        ResponseTemplate::new(400).set_body_raw(
            format!("{KEY} https://u:{TOKEN}@h.example/?token={TOKEN}"),
            "text/plain",
        ),
        ResponseTemplate::new(400)
            .set_body_raw(format!("/?api_key={TOKEN} is not known"), "text/plain"),
        ResponseTemplate::new(200)
            .set_body_raw("", format!("text/html; boundary={TOKEN}").as_str()),
    ]
}

/// All that the database holds of errors and records, as it stands there.
async fn kept(bench: &Bench) -> String {
    const ERRORS: &str = "SELECT CAST(last_error AS TEXT) FROM chats WHERE last_error IS NOT NULL";
    const RUNS: &str = "SELECT summary FROM chat_debug_runs";
    const STEPS: &str = "SELECT normalized_request || COALESCE(normalized_response, '') || COALESCE(usage, '') || \
         COALESCE(error, '') || attempts || metadata FROM chat_debug_steps";
    const CHUNKS: &str = "SELECT is_deflated, data FROM chat_debug_chunks";
    let mut kept = String::new();
    for statement in [ERRORS, RUNS, STEPS] {
        let rows: Vec<String> = store::on_reader!(&bench.db, pool => sqlx::query_scalar(statement)
            .fetch_all(pool)
            .await
            .unwrap());
        assert!(!rows.is_empty(), "{statement}");
        kept.extend(rows);
    }
    let pieces: Vec<(bool, Vec<u8>)> =
        store::on_reader!(&bench.db, pool => sqlx::query_as(CHUNKS).fetch_all(pool).await.unwrap());
    assert!(!pieces.is_empty());
    for (is_deflated, data) in pieces {
        let mut content = Vec::new();
        if is_deflated {
            DeflateDecoder::new(data.as_slice())
                .read_to_end(&mut content)
                .unwrap();
        } else {
            content = data;
        }
        kept.push_str(&String::from_utf8_lossy(&content));
    }
    kept
}

#[tokio::test]
async fn no_secret_of_a_call_reaches_the_database_or_the_log() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let answers = hostile_answers();
    for (answer, is_postgres) in answers
        .iter()
        .flat_map(|answer| [(answer, false), (answer, true)])
    {
        let server = MockServer::start().await;
        let answer = answer
            .clone()
            .insert_header("set-cookie", format!("session={TOKEN}; Path=/").as_str())
            .insert_header("x-auth-token", TOKEN)
            .insert_header("x-echo", KEY)
            .insert_header(
                "location",
                format!("https://u:{TOKEN}@h.example/?key={TOKEN}").as_str(),
            );
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let address = format!("{}/?api_key={TOKEN}", server.uri());
        let remote = Remote::new(ProviderKind::Anthropic, &address, KEY);
        let database = if is_postgres {
            TestDb::postgres().await
        } else {
            TestDb::sqlite().await
        };
        let bench = recorded_on(database, Arc::new(remote)).await;
        let chat = bench.create("hello").await;
        bench.until_idle(chat).await;
        let run = ended(&bench, chat, "chat_turn", 1).await.remove(0);
        let titles = ended(&bench, chat, "title_generation", 1).await;
        for run in titles.iter().chain([&run]) {
            let detail = detail(&bench, run).await;
            let attempt = &detail.steps[0].attempts[0];
            assert!(attempt.response_status.is_some());
            let mut shown = serde_json::to_string(&detail).unwrap();
            for attempt in &detail.steps[0].attempts {
                for body in [&attempt.request_body, &attempt.response_body] {
                    let body = STANDARD.decode(body).unwrap();
                    shown.push_str(std::str::from_utf8(&body).unwrap());
                }
            }
            assert!(shown.contains("[REDACTED]"), "{shown}");
            for secret in [KEY, TOKEN] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        let kept = kept(&bench).await;
        for secret in [KEY, TOKEN] {
            assert!(!kept.contains(secret), "{kept}");
        }
        bench.end().await;
    }
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    for secret in [KEY, TOKEN] {
        // Of other libraries' own lines about the wire nothing may be kept either.
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}
