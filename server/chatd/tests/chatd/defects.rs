//! What must never leave a chat running for ever: words that a database cannot hold, panics, broken rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chatd::sources::ModelSource;
use chatd::state::Change;
use chatd::{Daemon, DaemonOptions, ResolvedModel};
use futures::StreamExt;
use llm::limits::ModelLimits;
use llm::{CancellationToken, ErrorKind, Model, PartStream, Request, StreamPart};
use sdk::chats::ChatError;
use sdk::ids::{ChatId, ModelConfigId, RunnerId, WorkerId};
use sdk::messages::BusyBehavior;
use sdk::models::ModelCallConfig;
use store::chats::Status;
use store::testing::TestDb;
use store::{Clock, Db, Notices};

use crate::harness::{Bench, DemoModels, timings};

/// A model whose first answer fails and may be tried again, and whose second one fails for good; its words hold NUL.
#[derive(Debug, Default)]
struct NulModel {
    calls: AtomicUsize,
}

impl Model for NulModel {
    fn id(&self) -> &'static str {
        "nul"
    }

    fn provider(&self) -> &'static str {
        "nul"
    }

    fn limits(&self) -> ModelLimits {
        DemoModels::default().model().limits()
    }

    fn stream(&self, request: Request, _: CancellationToken) -> PartStream {
        if request.metadata.purpose == llm::Purpose::Title {
            let title = StreamPart::TextDelta {
                text: "Blue\0 buttons".to_owned(),
            };
            let end = StreamPart::Finish {
                reason: llm::FinishReason::Stop,
                usage: llm::Usage::default(),
                response_id: None,
            };
            return futures::stream::iter([Ok(title), Ok(end)]).boxed();
        }
        let is_first = self.calls.fetch_add(1, Ordering::SeqCst) == 0;
        let mut error = llm::Error::new(ErrorKind::Generic, Some("n\0ul"))
            .with_message("It \0failed.")
            .with_detail("\0 words");
        error.is_retryable = is_first;
        futures::stream::iter([Err(error)]).boxed()
    }
}

/// Gives one model to all, or panics while told so.
#[derive(Debug)]
struct OneModel {
    model: Arc<dyn Model>,
    panics: AtomicBool,
}

#[async_trait]
impl ModelSource for OneModel {
    async fn resolve(
        &self,
        id: ModelConfigId,
        _owner: sdk::ids::UserId,
    ) -> Result<ResolvedModel, ChatError> {
        assert!(
            !self.panics.load(Ordering::SeqCst),
            "a turn panics on purpose"
        );
        Ok(ResolvedModel {
            model: Arc::clone(&self.model),
            model_config_id: id,
            context_limit: 200_000,
            compression_threshold: 70,
            options: ModelCallConfig::default(),
        })
    }
}

fn daemon_with(bench: &Bench, models: Arc<OneModel>) -> Daemon {
    let daemon = Daemon::new(DaemonOptions {
        db: bench.db.clone(),
        notices: bench.notices.clone(),
        clock: Clock::system(),
        models,
        tools: Arc::new(bench.tools.clone()),
        timings: timings(),
        max_steps: chatd::MAX_STEPS,
        debug: Arc::new(chatd::NothingRecorded),
    });
    daemon.start();
    daemon
}

async fn a_failure_with_nul_ends_the_turn(bench: Bench) {
    let models = Arc::new(OneModel {
        model: Arc::new(NulModel::default()),
        panics: AtomicBool::new(false),
    });
    let daemon = daemon_with(&bench, models);
    let mut new = bench.new_chat("hello");
    "hel\0lo".clone_into(&mut new.title);
    let chat = daemon.create(new).await.unwrap().0.id;
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Error);
    let error = row.last_error.unwrap();
    assert_eq!(error.message, "It failed.");
    assert_eq!(error.detail.as_deref(), Some(" words"));
    assert_eq!(error.provider.as_deref(), Some("nul"));
    let row = bench
        .until(chat, "the title", |row| !row.is_title_fallback)
        .await;
    assert_eq!(row.title, "Blue buttons");
    daemon.shut_down().await;
    bench.end().await;
}

#[tokio::test]
async fn a_failure_with_nul_ends_the_turn_on_sqlite() {
    a_failure_with_nul_ends_the_turn(Bench::on(TestDb::sqlite().await).await).await;
}

#[tokio::test]
async fn a_failure_with_nul_ends_the_turn_on_postgres() {
    a_failure_with_nul_ends_the_turn(Bench::on(TestDb::postgres().await).await).await;
}

#[tokio::test]
async fn a_turn_that_panics_ends_in_an_error_and_can_be_tried_again() {
    let bench = Bench::on(TestDb::sqlite().await).await;
    let models = Arc::new(OneModel {
        model: DemoModels::default().model(),
        panics: AtomicBool::new(true),
    });
    let daemon = daemon_with(&bench, Arc::clone(&models));
    let chat = daemon
        .create(bench.new_chat("!text \"hi\""))
        .await
        .unwrap()
        .0
        .id;
    let row = bench.until_idle(chat).await;
    assert!(row.status == Status::Error && row.worker_id.is_none());
    assert!(row.last_error.unwrap().retryable);
    models.panics.store(false, Ordering::SeqCst);
    daemon.retry(chat).await.unwrap();
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting);
    daemon.shut_down().await;
    bench.end().await;
}

/// Changes a chat's row in a way that no transition does.
async fn tamper(db: &Db, chat: ChatId, sqlite: &'static str, postgres: &'static str) {
    match db.begin().await.unwrap() {
        store::Tx::Sqlite(mut transaction) => {
            let query = sqlx::query(sqlite).bind(chat.0);
            query.execute(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
        }
        store::Tx::Postgres(mut transaction) => {
            let query = sqlx::query(postgres).bind(chat.0);
            query.execute(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
        }
    }
}

async fn broken_rows_keep_no_chat_from_running(bench: Bench) {
    // Nothing runs yet: each is created running and unowned.
    let mut chats = Vec::new();
    for _ in 0..12 {
        chats.push(bench.create("!text \"hi\"").await);
    }
    let good = chats.pop().unwrap();
    let invalid = chats.pop().unwrap();
    for unreadable in &chats {
        tamper(
            &bench.db,
            *unreadable,
            "UPDATE chats SET labels = '[1]' WHERE id = $1",
            "UPDATE chats SET labels = '[1]'::jsonb WHERE id = $1",
        )
        .await;
    }
    let archived = "UPDATE chats SET archived = TRUE WHERE id = $1";
    tamper(&bench.db, invalid, archived, archived).await;
    bench.daemon.start();
    let row = bench.until_idle(good).await;
    assert_eq!(row.status, Status::Waiting);
    let row = bench.until_idle(invalid).await;
    assert!(row.status == Status::Error && !row.archived, "{row:?}");
    bench
        .send(invalid, "!text \"went on\"", BusyBehavior::Queue)
        .await;
    let row = bench.until_idle(invalid).await;
    assert_eq!(row.status, Status::Waiting);
    bench.end().await;
}

#[tokio::test]
async fn broken_rows_keep_no_chat_from_running_on_sqlite() {
    broken_rows_keep_no_chat_from_running(Bench::on(TestDb::sqlite().await).await).await;
}

#[tokio::test]
async fn broken_rows_keep_no_chat_from_running_on_postgres() {
    broken_rows_keep_no_chat_from_running(Bench::on(TestDb::postgres().await).await).await;
}

#[tokio::test]
async fn a_message_mends_an_idle_chat_in_a_state_that_cannot_be() {
    let bench = Bench::on(TestDb::sqlite().await).await;
    let chat = bench.create("!text \"one\"").await;
    bench.send(chat, "!text \"two\"", BusyBehavior::Queue).await;
    let waiting = "UPDATE chats SET status = 'waiting' WHERE id = $1";
    tamper(&bench.db, chat, waiting, waiting).await;
    bench.daemon.start();
    bench
        .send(chat, "!text \"three\"", BusyBehavior::Queue)
        .await;
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting);
    let messages = bench.messages(chat).await;
    let last = messages.last().unwrap().text();
    assert!(last.starts_with("three"), "{last}");
    bench.end().await;
}

#[tokio::test]
async fn asking_again_to_archive_a_stopping_chat_writes_nothing() {
    let bench = Bench::on(TestDb::sqlite().await).await;
    let chat = bench.create("!text \"hi\"").await;
    let begin = async || {
        Change::begin(&bench.db, Clock::system().now())
            .await
            .unwrap()
    };
    let mut change = begin().await;
    let mut locked = change.lock(chat).await.unwrap();
    // A worker elsewhere that does not stop at once.
    let (worker, runner) = (WorkerId::generate(), RunnerId::generate());
    change.acquire(&mut locked, worker, runner).await.unwrap();
    change.close(locked).await.unwrap();
    change.archive_family(chat).await.unwrap();
    change.commit(&Notices::in_process()).await.unwrap();
    let asked = bench.row(chat).await;
    assert!(asked.status == Status::Interrupting && asked.archive_requested);

    let archiving = tokio::spawn({
        let daemon = bench.daemon.clone();
        async move { daemon.archive(chat, None).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(bench.row(chat).await, asked);
    let mut change = begin().await;
    let mut locked = change.lock(chat).await.unwrap();
    change
        .finish_interruption(&mut locked, Some(runner), Vec::new())
        .await
        .unwrap();
    change.close(locked).await.unwrap();
    change.commit(&bench.notices).await.unwrap();
    assert!(archiving.await.unwrap().unwrap().archived);
    bench.end().await;
}
