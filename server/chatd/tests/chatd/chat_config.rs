//! What is configured holds from a chat's next turn on: instructions in the prompt, thresholds for summaries.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chatd::prompt::DEFAULT_SYSTEM_PROMPT;
use chatd::sources::{ModelSource, ResolvedModel};
use futures::StreamExt as _;
use llm::{CancellationToken, FinishReason, PartStream, Purpose, Request, StreamPart, Usage};
use sdk::chats::ChatError;
use sdk::ids::{ChatId, ModelConfigId};
use sdk::messages::BusyBehavior;
use store::Clock;
use store::chat_config::{self, SystemPromptSetting};
use store::testing::TestDb;

use crate::harness::{Bench, daemon_with, resolved};

/// Purpose, instructions and number of messages of a call.
type Asked = (Purpose, Vec<String>, usize);

/// A model that notes what it is asked and answers everything.
#[derive(Clone, Debug, Default)]
struct Listener {
    /// The calls so far.
    asked: Arc<Mutex<Vec<Asked>>>,
    /// What it says that it read.
    input_tokens: Option<u64>,
}

impl Listener {
    async fn bench(&self, database: TestDb) -> Bench {
        let mut bench = Bench::on(database).await;
        let models = Arc::new(self.clone());
        bench.daemon = daemon_with(&bench.db, &bench.notices, &bench.tools, models);
        bench.daemon.start();
        bench
    }

    fn instructions(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let mut chats = asked
            .iter()
            .filter(|(purpose, ..)| *purpose == Purpose::Chat);
        chats.next_back().unwrap().1.clone()
    }

    fn count(&self, wanted: Purpose) -> usize {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|(purpose, ..)| *purpose == wanted)
            .count()
    }
}

#[async_trait]
impl ModelSource for Listener {
    async fn resolve(
        &self,
        id: ModelConfigId,
        _owner: sdk::ids::UserId,
    ) -> Result<ResolvedModel, ChatError> {
        Ok(resolved(id, Arc::new(self.clone()), 1000))
    }
}

impl llm::Model for Listener {
    fn id(&self) -> &'static str {
        "listener"
    }

    fn provider(&self) -> &'static str {
        "test"
    }

    fn limits(&self) -> llm::limits::ModelLimits {
        llm::limits::known("demo")
    }

    fn stream(&self, request: Request, _: CancellationToken) -> PartStream {
        let purpose = request.metadata.purpose;
        let instructions = request.system.into_iter().map(|block| block.text);
        self.asked
            .lock()
            .unwrap()
            .push((purpose, instructions.collect(), request.messages.len()));
        let text = format!("{purpose:?}");
        let finish = StreamPart::Finish {
            reason: FinishReason::Stop,
            usage: Usage {
                input_tokens: self.input_tokens,
                ..Usage::default()
            },
            response_id: None,
        };
        let parts = [StreamPart::Start, StreamPart::TextDelta { text }, finish];
        futures::stream::iter(parts.map(Ok)).boxed()
    }
}

async fn set_system_prompt(bench: &Bench, text: &str, include_default: bool) {
    let prompt = SystemPromptSetting {
        system_prompt: text.to_owned(),
        include_default_system_prompt: include_default,
    };
    let mut tx = bench.db.begin().await.unwrap();
    let now = Clock::system().now();
    chat_config::put_system_prompt(&mut tx, &prompt, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn set_user_prompt(bench: &Bench, text: &str) {
    let mut tx = bench.db.begin().await.unwrap();
    let now = Clock::system().now();
    chat_config::put_user_prompt(&mut tx, bench.seed.owner, text, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn set_threshold(bench: &Bench, percent: i32) {
    let mut tx = bench.db.begin().await.unwrap();
    let now = Clock::system().now();
    let (owner, model) = (bench.seed.owner, bench.seed.model);
    chat_config::put_compaction_threshold(&mut tx, owner, model, percent, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn say(bench: &Bench, chat: ChatId, text: &str) {
    bench.send(chat, text, BusyBehavior::Queue).await;
    bench.until_idle(chat).await;
}

/// What is configured, before what is said of the chat and of its workspace.
fn told<'a>(configured: &[&'a str]) -> Vec<&'a str> {
    let of_the_chat = ["This chat is about tests.", "<workspace>test</workspace>"];
    [configured, &of_the_chat].concat()
}

/// Debug builds compare the prompt that is kept between the turns with the rows, too.
async fn instructions_hold_from_the_next_turn_on(database: TestDb) {
    let model = Listener::default();
    let bench = model.bench(database).await;
    let chat = {
        let mut new = bench.new_chat("one");
        new.system_prompt = Some("This chat is about tests.".to_owned());
        bench.daemon.create(new).await.unwrap().0.id
    };
    bench.until_idle(chat).await;
    assert_eq!(model.instructions(), told(&[DEFAULT_SYSTEM_PROMPT]));

    set_system_prompt(&bench, "Use tabs.", false).await;
    set_user_prompt(&bench, "Speak French.").await;
    say(&bench, chat, "two").await;
    let own = "<user-instructions>\nSpeak French.\n</user-instructions>";
    assert_eq!(model.instructions(), told(&["Use tabs.", own]));

    set_system_prompt(&bench, "Use tabs.", true).await;
    set_user_prompt(&bench, "").await;
    say(&bench, chat, "three").await;
    let both = format!("{DEFAULT_SYSTEM_PROMPT}\n\nUse tabs.");
    assert_eq!(model.instructions(), told(&[&both]));
    bench.end().await;
}

#[tokio::test]
async fn instructions_hold_from_the_next_turn_on_with_sqlite() {
    instructions_hold_from_the_next_turn_on(TestDb::sqlite().await).await;
}

#[tokio::test]
async fn instructions_hold_from_the_next_turn_on_with_postgres() {
    instructions_hold_from_the_next_turn_on(TestDb::postgres().await).await;
}

async fn a_persons_own_threshold_holds(database: TestDb) {
    let model = Listener {
        input_tokens: Some(500),
        ..Listener::default()
    };
    let bench = model.bench(database).await;
    let chat = bench.create("one").await;
    bench.until_idle(chat).await;
    say(&bench, chat, "two").await;
    assert_eq!(model.count(Purpose::Summary), 0, "the model's is 70");
    set_threshold(&bench, 50).await;
    say(&bench, chat, "three").await;
    assert_eq!(model.count(Purpose::Summary), 1);
    set_threshold(&bench, 100).await;
    say(&bench, chat, "four").await;
    assert_eq!(model.count(Purpose::Summary), 1, "100 is never");
    bench.end().await;
}

#[tokio::test]
async fn a_persons_own_threshold_holds_with_sqlite() {
    a_persons_own_threshold_holds(TestDb::sqlite().await).await;
}

#[tokio::test]
async fn a_persons_own_threshold_holds_with_postgres() {
    a_persons_own_threshold_holds(TestDb::postgres().await).await;
}

#[tokio::test]
async fn at_a_threshold_of_0_every_answer_is_summarized_even_when_nobody_counts_tokens() {
    let model = Listener::default();
    let bench = model.bench(TestDb::sqlite().await).await;
    set_threshold(&bench, 0).await;
    let chat = bench.create("one").await;
    bench.until_idle(chat).await;
    assert_eq!(model.count(Purpose::Summary), 0, "nobody has answered yet");
    for (turn, text) in ["two", "three", "four"].into_iter().enumerate() {
        say(&bench, chat, text).await;
        assert_eq!(model.count(Purpose::Summary), turn + 1);
    }
    bench.end().await;
}
