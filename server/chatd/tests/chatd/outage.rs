//! A disk that is full in the middle of a turn: readers are told, what was made is kept, and the turn goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chatd::ResolvedModel;
use chatd::sources::ModelSource;
use futures::StreamExt;
use llm::limits::ModelLimits;
use llm::{CancellationToken, Model, PartStream, Request, StreamPart};
use sdk::chats::ChatError;
use sdk::ids::ModelConfigId;
use sdk::live::LiveChat;
use sdk::messages::Role;
use sdk::models::ModelCallConfig;
use store::Db;
use store::chats::Status;
use tokio::sync::Notify;

use crate::harness::{Bench, DemoModels, follow, outline};

/// Says one word, waits to be let on, and says more than fits into the free space of a database file.
#[derive(Debug, Default)]
struct HeldModel {
    calls: AtomicUsize,
    goes_on: Arc<Notify>,
}

fn text(text: String) -> StreamPart {
    StreamPart::TextDelta { text }
}

fn end() -> StreamPart {
    StreamPart::Finish {
        reason: llm::FinishReason::Stop,
        usage: llm::Usage::default(),
        response_id: None,
    }
}

fn long_text() -> String {
    "words ".repeat(100_000)
}

impl Model for HeldModel {
    fn id(&self) -> &'static str {
        "held"
    }

    fn provider(&self) -> &'static str {
        "held"
    }

    fn limits(&self) -> ModelLimits {
        DemoModels::default().model().limits()
    }

    fn stream(&self, request: Request, _: CancellationToken) -> PartStream {
        if request.metadata.purpose == llm::Purpose::Title {
            let parts = [Ok(text("A title".to_owned())), Ok(end())];
            return futures::stream::iter(parts).boxed();
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        let goes_on = Arc::clone(&self.goes_on);
        let rest = futures::stream::once(async move {
            goes_on.notified().await;
            Ok(text(long_text()))
        });
        futures::stream::iter([Ok(text("begun ".to_owned()))])
            .chain(rest)
            .chain(futures::stream::iter([Ok(end())]))
            .boxed()
    }
}

#[derive(Debug)]
struct OneModel(Arc<HeldModel>);

#[async_trait]
impl ModelSource for OneModel {
    async fn resolve(
        &self,
        id: ModelConfigId,
        _owner: sdk::ids::UserId,
    ) -> Result<ResolvedModel, ChatError> {
        let model: Arc<dyn Model> = Arc::<HeldModel>::clone(&self.0);
        Ok(ResolvedModel {
            model,
            model_config_id: id,
            context_limit: 200_000,
            compression_threshold: 70,
            options: ModelCallConfig::default(),
        })
    }
}

/// SQLite's own limit when nobody sets one.
const NO_LIMIT: &str = "PRAGMA max_page_count = 4294967294";
/// Less than there is: from here on the file must not grow.
const FULL: &str = "PRAGMA max_page_count = 1";

async fn limit_size(db: &Db, limit: &'static str) {
    let Db::Sqlite { writer, .. } = db else {
        panic!("not SQLite")
    };
    sqlx::query(limit).execute(writer).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_to_readers_and_the_answer_is_kept_until_there_is_room() {
    let model = Arc::new(HeldModel::default());
    let bench = Bench::with_models(Arc::new(OneModel(Arc::clone(&model)))).await;
    let chat = bench.create("hello").await;
    bench
        .until(chat, "the title", |row| !row.is_title_fallback)
        .await;
    let mut live = LiveChat::default();
    follow(&bench.daemon, chat, &mut live, |live, _| {
        live.answer_text() == "begun "
    })
    .await;

    limit_size(&bench.db, FULL).await;
    model.goes_on.notify_one();
    follow(&bench.daemon, chat, &mut live, |live, _| {
        live.retry.as_ref().is_some_and(|retry| retry.attempt >= 2)
    })
    .await;
    let retry = live.retry.clone().unwrap();
    assert_eq!(
        retry.error,
        "The server has no space left for its database; nothing was changed. Ask the administrator to free some, then try again."
    );
    assert_eq!(retry.kind, "storage");
    assert_eq!(bench.row(chat).await.status, Status::Running);

    limit_size(&bench.db, NO_LIMIT).await;
    follow(&bench.daemon, chat, &mut live, |live, _| !live.is_busy()).await;
    assert_eq!(live.retry, None);
    let messages = bench.messages(chat).await;
    let whole = format!("begun {}", long_text());
    let said = outline(&messages);
    assert_eq!(said[0], (Role::User, "hello".to_owned()));
    assert!(said[1..] == [(Role::Assistant, whole)], "{}", said.len());
    assert_eq!(live.messages, messages);
    assert_eq!(model.calls.load(Ordering::SeqCst), 1, "asked once");
    bench.end().await;
}
