//! Summaries in place of the history, and the history forgotten.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chatd::sources::{ModelSource, ResolvedModel};
use chatd::state::StateError;
use futures::StreamExt;
use llm::{
    CancellationToken, ErrorKind, FinishReason, PartStream, Purpose, Request, StreamPart, Usage,
};
use sdk::chats::ChatError;
use sdk::ids::ModelConfigId;
use sdk::messages::{BusyBehavior, Role};
use sdk::parts::Part;
use store::chats::Status;
use store::testing::TestDb;

use crate::harness::{Bench, assert_paired, label, resolved};

/// What the model does with a request for a summary.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Summaries {
    Make,
    Fail,
    Hang,
}

/// A model that says how long its conversation is, and refuses long ones.
#[derive(Debug)]
struct Forgetful {
    summaries: Summaries,
    /// Messages that fit.
    limit: usize,
    /// Input tokens that it reports.
    tokens: u64,
    requests: Mutex<Vec<(Purpose, usize, String)>>,
}

impl Forgetful {
    fn new(summaries: Summaries) -> Self {
        Self {
            summaries,
            limit: usize::MAX,
            tokens: 10,
            requests: Mutex::default(),
        }
    }

    fn asked(&self, purpose: Purpose) -> Vec<(usize, String)> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|(asked, ..)| *asked == purpose)
            .map(|(_, length, last)| (*length, last.clone()))
            .collect()
    }
}

#[derive(Clone, Debug)]
struct Source(Arc<Forgetful>);

#[derive(Debug)]
struct ForgetfulModel(Arc<Forgetful>);

#[async_trait]
impl ModelSource for Source {
    async fn resolve(
        &self,
        id: ModelConfigId,
        _owner: sdk::ids::UserId,
    ) -> Result<ResolvedModel, ChatError> {
        let model = ForgetfulModel(Arc::clone(&self.0));
        Ok(resolved(id, Arc::new(model), 1000))
    }
}

fn error(message: &str) -> llm::Error {
    llm::Error {
        message: message.to_owned(),
        status_code: Some(400),
        ..llm::Error::new(ErrorKind::Config, Some("test"))
    }
}

impl llm::Model for ForgetfulModel {
    fn id(&self) -> &'static str {
        "forgetful"
    }

    fn provider(&self) -> &'static str {
        "test"
    }

    fn limits(&self) -> llm::limits::ModelLimits {
        llm::limits::known("demo")
    }

    fn stream(&self, request: Request, _: CancellationToken) -> PartStream {
        let purpose = request.metadata.purpose;
        let last = request
            .messages
            .last()
            .map(|message| match message.content.first() {
                Some(llm::Content::Text(text)) => text.clone(),
                _ => String::new(),
            });
        let length = request.messages.len();
        self.0
            .requests
            .lock()
            .unwrap()
            .push((purpose, length, last.unwrap_or_default()));
        if length > self.0.limit {
            let refused = error("prompt is too long: use a shorter one");
            return futures::stream::iter([Err(refused)]).boxed();
        }
        match (purpose, self.0.summaries) {
            (Purpose::Summary, Summaries::Hang) => return futures::stream::pending().boxed(),
            (Purpose::Summary, Summaries::Fail) => {
                return futures::stream::iter([Err(error("no summaries today"))]).boxed();
            }
            _ => {}
        }
        let text = format!("{purpose:?} of {length}");
        let usage = Usage {
            input_tokens: Some(self.0.tokens),
            output_tokens: Some(1),
            ..Usage::default()
        };
        let finish = StreamPart::Finish {
            reason: FinishReason::Stop,
            usage,
            response_id: None,
        };
        futures::stream::iter([
            Ok(StreamPart::Start),
            Ok(StreamPart::TextDelta { text }),
            Ok(finish),
        ])
        .boxed()
    }
}

async fn bench(model: Forgetful) -> (Bench, Arc<Forgetful>) {
    let model = Arc::new(model);
    let bench = Bench::with_models(Arc::new(Source(Arc::clone(&model)))).await;
    (bench, model)
}

async fn labels(bench: &Bench, chat: sdk::ids::ChatId) -> Vec<String> {
    let messages = bench.messages(chat).await;
    assert_paired(&messages);
    messages
        .iter()
        .map(|message| label(&message.content))
        .collect()
}

async fn a_summary_replaces_the_history(bench: Bench) {
    bench.daemon.start();
    let chat = bench.create("!text \"one\"").await;
    bench.until_idle(chat).await;
    bench
        .daemon
        .compact(chat, "the paths".into())
        .await
        .unwrap();
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
    assert!(row.compaction_request.is_none());
    let shown = labels(&bench, chat).await;
    assert_eq!(
        shown[2..],
        ["call chat_summarized", "result chat_summarized"]
    );
    let prompt = bench.prompt(chat).await;
    assert_eq!(prompt.len(), 1, "{prompt:?}");
    assert_eq!(prompt[0].0, Role::User);
    assert!(prompt[0].1.contains("a summary of"), "{prompt:?}");

    bench.send(chat, "!text \"two\"", BusyBehavior::Queue).await;
    bench.until_idle(chat).await;
    let prompt = bench.prompt(chat).await;
    assert_eq!(
        prompt.len(),
        3,
        "only what is after the summary is read: {prompt:?}"
    );
    assert!(prompt[2].1.contains("two"));
    bench.end().await;
}

#[tokio::test]
async fn a_summary_replaces_the_history_on_sqlite() {
    a_summary_replaces_the_history(Bench::on(TestDb::sqlite().await).await).await;
}

#[tokio::test]
async fn a_summary_replaces_the_history_on_postgres() {
    a_summary_replaces_the_history(Bench::on(TestDb::postgres().await).await).await;
}

#[tokio::test]
async fn a_full_context_is_summarized_before_the_next_answer() {
    let full = Forgetful {
        tokens: 700,
        ..Forgetful::new(Summaries::Make)
    };
    let (bench, model) = bench(full).await;
    let chat = bench.create("first question").await;
    bench.until_idle(chat).await;
    assert!(model.asked(Purpose::Summary).is_empty());
    bench
        .send(chat, "second question", BusyBehavior::Queue)
        .await;
    bench.until_idle(chat).await;
    assert_eq!(
        labels(&bench, chat).await,
        [
            "first question",
            "Chat of 1",
            "second question",
            "call chat_summarized",
            "result chat_summarized",
            "Chat of 2",
        ]
    );
    let chats = model.asked(Purpose::Chat);
    assert_eq!(
        chats[1],
        (2, "second question".to_owned()),
        "the question is repeated"
    );
    let messages = bench.messages(chat).await;
    let Part::ToolResult(card) = &messages[4].content[0] else {
        panic!("{messages:?}")
    };
    let result = card.result.as_ref().unwrap();
    assert_eq!(result["source"], "automatic");
    assert_eq!(result["usage_percent"], 70);
    assert_eq!(result["context_limit_tokens"], 1000);
    bench.end().await;
}

#[tokio::test]
async fn a_conversation_that_the_provider_refuses_as_too_long_is_summarized() {
    let short = Forgetful {
        limit: 4,
        ..Forgetful::new(Summaries::Make)
    };
    let (bench, model) = bench(short).await;
    let chat = bench.create("one").await;
    bench.until_idle(chat).await;
    for text in ["two", "three"] {
        bench.send(chat, text, BusyBehavior::Queue).await;
        bench.until_idle(chat).await;
    }
    let row = bench.row(chat).await;
    assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
    let shown = labels(&bench, chat).await;
    assert_eq!(shown.last().unwrap(), "Chat of 2", "{shown:?}");
    let summaries = model.asked(Purpose::Summary);
    assert_eq!(summaries[0].0, 5, "too long even for a summary");
    assert_eq!(summaries[1].0, 3, "so only the later half is summarized");
    bench.end().await;
}

#[tokio::test]
async fn a_summary_that_fails_is_told_and_changes_nothing() {
    let (bench, _) = bench(Forgetful::new(Summaries::Fail)).await;
    let chat = bench.create("one").await;
    bench.until_idle(chat).await;
    let before = bench.prompt(chat).await;
    bench.daemon.compact(chat, String::new()).await.unwrap();
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting);
    assert_eq!(bench.prompt(chat).await, before);
    let messages = bench.messages(chat).await;
    let Part::ToolResult(card) = &messages.last().unwrap().content[0] else {
        panic!("{messages:?}")
    };
    assert!(card.is_error);
    bench.end().await;
}

#[tokio::test]
async fn a_full_context_whose_summary_fails_goes_on_without() {
    let full = Forgetful {
        tokens: 900,
        ..Forgetful::new(Summaries::Fail)
    };
    let (bench, _) = bench(full).await;
    let chat = bench.create("one").await;
    bench.until_idle(chat).await;
    bench.send(chat, "two", BusyBehavior::Queue).await;
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting, "{:?}", row.last_error);
    assert_eq!(
        labels(&bench, chat).await,
        ["one", "Chat of 1", "two", "Chat of 3"]
    );
    bench.end().await;
}

#[tokio::test]
async fn an_interrupted_summary_is_dropped() {
    let (bench, model) = bench(Forgetful::new(Summaries::Hang)).await;
    let chat = bench.create("one").await;
    bench.until_idle(chat).await;
    bench.daemon.compact(chat, String::new()).await.unwrap();
    let asked = async {
        while model.asked(Purpose::Summary).is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(crate::harness::PATIENCE, asked)
        .await
        .unwrap();
    let busy = bench.daemon.compact(chat, String::new()).await;
    assert!(matches!(busy, Err(StateError::Refused { .. })), "{busy:?}");
    bench.daemon.interrupt(chat).await.unwrap();
    let row = bench.until_idle(chat).await;
    assert_eq!(row.status, Status::Waiting);
    assert!(row.compaction_request.is_none());
    assert_eq!(labels(&bench, chat).await, ["one", "Chat of 1"]);
    bench.end().await;
}

#[tokio::test]
async fn a_cleared_context_is_forgotten_by_the_model_and_kept_for_people() {
    let (bench, model) = bench(Forgetful::new(Summaries::Make)).await;
    let chat = bench.create("one").await;
    bench.until_idle(chat).await;
    bench.daemon.clear(chat).await.unwrap();
    bench.send(chat, "two", BusyBehavior::Queue).await;
    bench.until_idle(chat).await;
    assert_eq!(
        labels(&bench, chat).await,
        [
            "one",
            "Chat of 1",
            "call chat_cleared",
            "result chat_cleared",
            "two",
            "Chat of 1"
        ]
    );
    assert_eq!(model.asked(Purpose::Chat)[1], (1, "two".to_owned()));
    let first = bench.messages(chat).await[0].id;
    bench
        .daemon
        .edit(chat, first, bench.outgoing("again"))
        .await
        .unwrap();
    bench.until_idle(chat).await;
    assert_eq!(
        labels(&bench, chat).await,
        ["again", "Chat of 1"],
        "an edit before it undoes it"
    );
    bench.end().await;
}
