//! A daemon with a scripted model and tools of the test, on a database of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chatd::sources::ModelSource;
use chatd::state::people::{Mode, NewChat, Outgoing};
use chatd::tools::subagents::{Subagents, Waited};
use chatd::tools::{Outcome, ToolContext, ToolSet, ToolSource};
use chatd::{Daemon, DaemonOptions, ResolvedModel, StreamOptions, Timings};
use futures::StreamExt;
use llm::Provider as _;
use sdk::chats::{ChatError, ClientType};
use sdk::ids::{ChatId, MessageId, ModelConfigId, OrganizationId, ProviderConfigId, UserId};
use sdk::live::{Applied, LiveChat};
use sdk::messages::{BusyBehavior, Message, Role};
use sdk::models::{ModelCallConfig, ModelConfig};
use sdk::organizations::Organization;
use sdk::parts::{Part, ToolCallPart};
use sdk::providers::{ProviderKind, ProviderSource};
use sdk::stream::StreamEvent;
use sdk::users::{Role as UserRole, UserStatus};
use serde_json::json;
use store::chats::{self, ChatMode, ChatRow, Status};
use store::provider_configs::{self, ProviderRow};
use store::testing::TestDb;
use store::users::{self, UserRow};
use store::{Clock, Db, Notices, messages, model_configs, organizations};
use tokio::sync::Notify;

/// Longest wait of a test.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The scripted model.
#[derive(Debug)]
pub struct DemoModels {
    model: Arc<dyn llm::Model>,
}

impl Default for DemoModels {
    fn default() -> Self {
        let demo = llm::demo::Demo::with_pace(Duration::ZERO);
        Self {
            model: demo.model(llm::demo::MODEL),
        }
    }
}

impl DemoModels {
    /// The scripted model with other deadlines.
    pub fn with_timeouts(timeouts: llm::Timeouts) -> Self {
        let demo = llm::demo::Demo::with_pace(Duration::ZERO).with_timeouts(timeouts);
        Self {
            model: demo.model(llm::demo::MODEL),
        }
    }

    pub fn model(&self) -> Arc<dyn llm::Model> {
        Arc::clone(&self.model)
    }
}

#[async_trait]
impl ModelSource for DemoModels {
    async fn resolve(
        &self,
        id: ModelConfigId,
        _owner: sdk::ids::UserId,
    ) -> Result<ResolvedModel, ChatError> {
        Ok(resolved(id, Arc::clone(&self.model), 200_000))
    }
}

/// Tools that count how often they ran.
#[derive(Clone, Debug, Default)]
pub struct TestTools {
    pub runs: Arc<AtomicUsize>,
    /// How often the workspace was looked at.
    pub looks: Arc<AtomicUsize>,
    /// Whether what a call started can still be found after a restart.
    pub is_resumable: Arc<AtomicBool>,
    /// Where the calls of a step wait for each other.
    pub meeting: Arc<Notify>,
}

impl ToolSource for TestTools {
    fn tools(&self, _chat: &ChatRow) -> Option<Arc<dyn ToolSet>> {
        Some(Arc::new(self.clone()))
    }
}

#[async_trait]
impl ToolSet for TestTools {
    fn definitions(&self) -> Vec<llm::Tool> {
        ["echo", "wait", "meet", "panic", "fail", "ask_person"]
            .map(|name| llm::Tool {
                name: name.to_owned(),
                description: name.to_owned(),
                input_schema: json!({"type": "object"}),
                ..llm::Tool::default()
            })
            .to_vec()
    }

    async fn facts(&self) -> Option<String> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        Some("<workspace>test</workspace>".to_owned())
    }

    async fn run(&self, call: &ToolCallPart, context: ToolContext) -> Outcome {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let args = call.args.clone().unwrap_or_default();
        match call.tool_name.as_str() {
            "echo" | "ask_person" => Outcome::success(args),
            "wait" => {
                context.output.push("waiting\n".to_owned());
                let wait = Duration::from_millis(args["ms"].as_u64().unwrap_or(60_000));
                tokio::select! {
                    () = tokio::time::sleep(wait) => Outcome::success(json!({"output": "waited"})),
                    () = context.cancel.cancelled() => Outcome::error("stopped"),
                }
            }
            // The first comes to its end only while the second runs, and after it.
            "meet" => {
                if args["is_first"] == true {
                    self.meeting.notified().await;
                } else {
                    self.meeting.notify_one();
                }
                Outcome::success(args)
            }
            "panic" => panic!("a tool panics on purpose"),
            other => Outcome::error(format!("{other} failed")),
        }
    }

    async fn resume(&self, call: &ToolCallPart, _context: ToolContext) -> Option<Outcome> {
        let is_found = self.is_resumable.load(Ordering::SeqCst) && call.tool_name == "wait";
        is_found.then(|| Outcome::success(json!({"output": "collected"})))
    }

    fn ends_turn(&self, tool_name: &str) -> bool {
        tool_name == "ask_person"
    }
}

/// Rows that a chat needs.
#[derive(Clone, Copy, Debug)]
pub struct Seed {
    pub owner: UserId,
    pub organization: OrganizationId,
    pub model: ModelConfigId,
}

pub async fn seed(db: &Db) -> Seed {
    let now = Clock::system().now();
    let seed = Seed {
        owner: UserId::generate(),
        organization: OrganizationId::generate(),
        model: ModelConfigId::generate(),
    };
    let provider_config_id = ProviderConfigId::generate();
    let mut tx = db.begin().await.unwrap();
    let organization = Organization {
        id: seed.organization,
        name: "Default".into(),
        is_default: true,
        created_at: now,
    };
    organizations::insert(&mut tx, &organization).await.unwrap();
    let user = UserRow {
        id: seed.owner,
        organization_id: seed.organization,
        username: "ada".into(),
        name: String::new(),
        email: "ada@example.com".into(),
        role: UserRole::Owner,
        status: UserStatus::Active,
        agents_access: true,
        password_hash: "$argon2id$".into(),
        created_at: now,
        updated_at: now,
    };
    users::insert(&mut tx, &user).await.unwrap();
    let provider = ProviderRow {
        id: provider_config_id,
        provider: ProviderKind::Demo,
        display_name: "demo".into(),
        base_url: String::new(),
        api_key_sealed: Vec::new(),
        enabled: true,
        key_policy: sdk::providers::KeyPolicy::default(),
        source: ProviderSource::BuiltIn,
        deleted: false,
        created_at: now,
        updated_at: now,
    };
    provider_configs::insert(&mut tx, &provider).await.unwrap();
    let model = ModelConfig {
        id: seed.model,
        provider_config_id,
        provider: ProviderKind::Demo,
        model: "demo".into(),
        display_name: "demo".into(),
        enabled: true,
        is_default: true,
        context_limit: 200_000,
        compression_threshold: 70,
        model_config: ModelCallConfig::default(),
        created_at: now,
        updated_at: now,
    };
    model_configs::insert(&mut tx, &model).await.unwrap();
    tx.commit().await.unwrap();
    seed
}

pub fn timings() -> Timings {
    Timings {
        heartbeat: Duration::from_millis(200),
        expiry: Duration::from_secs(5),
        acquire: Duration::from_millis(200),
        longest_retry_pause: Duration::from_millis(30),
        ..Timings::default()
    }
}

pub fn daemon(db: &Db, notices: &Notices, tools: &TestTools) -> Daemon {
    daemon_with(db, notices, tools, Arc::new(DemoModels::default()))
}

/// A model as a source gives it; its histories are summarized at 70 %.
pub fn resolved(
    id: ModelConfigId,
    model: Arc<dyn llm::Model>,
    context_limit: i64,
) -> ResolvedModel {
    ResolvedModel {
        model,
        model_config_id: id,
        context_limit,
        compression_threshold: 70,
        options: ModelCallConfig::default(),
    }
}

pub fn daemon_with(
    db: &Db,
    notices: &Notices,
    tools: &TestTools,
    models: Arc<dyn ModelSource>,
) -> Daemon {
    Daemon::new(DaemonOptions {
        models,
        ..options(db, notices, tools)
    })
}

pub fn options(db: &Db, notices: &Notices, tools: &TestTools) -> DaemonOptions {
    DaemonOptions {
        db: db.clone(),
        notices: notices.clone(),
        clock: Clock::system(),
        models: Arc::new(DemoModels::default()),
        tools: Arc::new(tools.clone()),
        timings: timings(),
        max_steps: chatd::MAX_STEPS,
        debug: Arc::new(chatd::NothingRecorded),
    }
}

/// A daemon that works, and what it stands on.
pub struct Bench {
    pub database: TestDb,
    pub db: Db,
    pub notices: Notices,
    pub seed: Seed,
    pub tools: TestTools,
    pub daemon: Daemon,
}

impl Bench {
    pub async fn on(database: TestDb) -> Self {
        let notices = Notices::start(&database.db).await.unwrap();
        Self::with_notices(database, notices).await
    }

    pub async fn with_notices(database: TestDb, notices: Notices) -> Self {
        let db = database.db.clone();
        let seed = seed(&db).await;
        let tools = TestTools::default();
        let daemon = daemon(&db, &notices, &tools);
        Self {
            database,
            db,
            notices,
            seed,
            tools,
            daemon,
        }
    }

    /// A daemon that works with other models.
    pub async fn with_models(models: Arc<dyn ModelSource>) -> Self {
        let mut bench = Self::on(TestDb::sqlite().await).await;
        bench.daemon = daemon_with(&bench.db, &bench.notices, &bench.tools, models);
        bench.daemon.start();
        bench
    }

    pub async fn sqlite() -> Self {
        let bench = Self::on(TestDb::sqlite().await).await;
        bench.daemon.start();
        bench
    }

    pub fn new_chat(&self, text: &str) -> NewChat {
        new_chat(self.seed, text)
    }

    pub fn outgoing(&self, text: &str) -> Outgoing {
        Outgoing {
            content: vec![Part::text(text)],
            model_config_id: None,
            created_by: self.seed.owner,
            mode: Mode::default(),
        }
    }

    pub async fn create(&self, text: &str) -> ChatId {
        self.daemon.create(self.new_chat(text)).await.unwrap().0.id
    }

    pub async fn send(&self, chat: ChatId, text: &str, behavior: BusyBehavior) {
        self.daemon
            .send(chat, self.outgoing(text), behavior)
            .await
            .unwrap();
    }

    pub async fn row(&self, chat: ChatId) -> ChatRow {
        chats::get(&self.db, chat).await.unwrap().unwrap()
    }

    pub async fn messages(&self, chat: ChatId) -> Vec<Message> {
        let rows = messages::after(&self.db, chat, MessageId(0), 10_000)
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| chatd::wire::message(row.message))
            .collect()
    }

    /// Role and words of what the model sees, calls and results by the tool's name.
    pub async fn prompt(&self, chat: ChatId) -> Vec<(Role, String)> {
        let rows = messages::prompt(&self.db, chat).await.unwrap();
        rows.iter()
            .map(|row| (row.message.role, label(&row.message.content)))
            .collect()
    }

    /// Waits until the row is as wished.
    pub async fn until(
        &self,
        chat: ChatId,
        what: &str,
        wished: impl Fn(&ChatRow) -> bool,
    ) -> ChatRow {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let row = self.row(chat).await;
            if wished(&row) {
                return row;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{what} did not happen: {row:?}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn until_idle(&self, chat: ChatId) -> ChatRow {
        self.until(chat, "the turn's end", |row| {
            matches!(row.status, Status::Waiting | Status::Error)
        })
        .await
    }

    /// Stops a turn as soon as something was said.
    pub async fn interrupt_mid_answer(&self, chat: ChatId) -> ChatRow {
        let mut live = LiveChat::default();
        follow(&self.daemon, chat, &mut live, |live, _| {
            !live.preview.parts.is_empty()
        })
        .await;
        self.daemon.interrupt(chat).await.unwrap();
        self.until_idle(chat).await
    }

    pub async fn end(self) {
        self.daemon.shut_down().await;
        self.database.remove().await;
    }
}

/// Runs a test with a daemon that works, on each database in turn.
pub async fn on_both(test: impl AsyncFn(Bench)) {
    on_both_with(|_| {}, test).await;
}

/// The same with a daemon that is set up otherwise.
pub async fn on_both_with(change: impl Fn(&mut DaemonOptions), test: impl AsyncFn(Bench)) {
    for database in [TestDb::sqlite().await, TestDb::postgres().await] {
        eprintln!("on {:?}:", database.db.kind());
        let mut bench = Bench::on(database).await;
        let mut options = options(&bench.db, &bench.notices, &bench.tools);
        change(&mut options);
        bench.daemon = Daemon::new(options);
        bench.daemon.start();
        Box::pin(test(bench)).await;
    }
}

pub fn new_chat(seed: Seed, text: &str) -> NewChat {
    NewChat {
        id: ChatId::generate(),
        owner_id: seed.owner,
        organization_id: seed.organization,
        workspace_id: None,
        title: chatd::first_words(text),
        model_config_id: seed.model,
        labels: BTreeMap::new(),
        client_type: ClientType::Ui,
        mode: Mode::default(),
        chat_mode: ChatMode::General,
        system_prompt: None,
        content: vec![Part::text(text)],
        client_tools: Vec::new(),
        parent: None,
        is_title_final: false,
    }
}

/// What parts say at a glance: their first one.
pub fn label(parts: &[Part]) -> String {
    match parts.first() {
        Some(Part::Text { text }) => text.clone(),
        Some(Part::ToolCall(call)) => format!("call {}", call.tool_name),
        Some(Part::ToolResult(result)) if result.interrupted => "interrupted".to_owned(),
        Some(Part::ToolResult(result)) => format!("result {}", result.tool_name),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

/// Roles and texts, for comparing a history at a glance.
pub fn outline(messages: &[Message]) -> Vec<(Role, String)> {
    messages
        .iter()
        .map(|message| (message.role, message.text()))
        .collect()
}

/// Every call has exactly one result right after its answer, no id is used twice.
pub fn assert_paired(messages: &[Message]) {
    let mut open: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for message in messages {
        if message.role != Role::Tool {
            assert!(open.is_empty(), "open calls {open:?} before {message:?}");
        }
        for part in &message.content {
            match part {
                Part::ToolCall(call) => {
                    assert!(
                        seen.insert(call.tool_call_id.clone()),
                        "call id used twice: {call:?}"
                    );
                    open.push(call.tool_call_id.clone());
                }
                Part::ToolResult(result) => {
                    let place = open.iter().position(|id| *id == result.tool_call_id);
                    let place =
                        place.unwrap_or_else(|| panic!("a result without a call: {result:?}"));
                    open.remove(place);
                }
                _ => {}
            }
        }
    }
    assert!(open.is_empty(), "open calls {open:?}");
}

/// Reads the stream into `live` until `done`; fails on a gap.
pub async fn follow(
    daemon: &Daemon,
    chat: ChatId,
    live: &mut LiveChat,
    mut done: impl FnMut(&LiveChat, usize) -> bool,
) {
    let options = StreamOptions {
        after_id: live.cursor(),
        renderer: None,
        ..StreamOptions::default()
    };
    let frames = daemon.stream(chat, options);
    futures::pin_mut!(frames);
    let mut events_read = 0;
    while let Some(frame) = tokio::time::timeout(PATIENCE, frames.next())
        .await
        .expect("a frame in time")
    {
        let events: Vec<StreamEvent> = serde_json::from_str(&frame.unwrap()).unwrap();
        assert!(!events.is_empty(), "an empty frame");
        for event in events {
            let text = format!("{event:?}");
            assert_ne!(live.apply(event), Applied::Resync, "a gap before {text}");
            events_read += 1;
        }
        if done(live, events_read) {
            return;
        }
    }
    panic!("the stream ended");
}

/// For tools that hand no work to others.
pub struct NoSubagents;

#[async_trait]
impl Subagents for NoSubagents {
    async fn spawn(
        &self,
        _: ChatId,
        _: ChatMode,
        _: Option<String>,
        _: String,
    ) -> Result<ChatRow, String> {
        Err("no agents here".to_owned())
    }

    async fn find(&self, _: ChatId) -> Result<Option<ChatRow>, String> {
        Err("no agents here".to_owned())
    }

    async fn list(&self) -> Result<Vec<ChatRow>, String> {
        Err("no agents here".to_owned())
    }

    async fn message(&self, _: ChatId, _: String, _: bool) -> Result<ChatRow, String> {
        Err("no agents here".to_owned())
    }

    async fn interrupt(&self, _: ChatId) -> Result<ChatRow, String> {
        Err("no agents here".to_owned())
    }

    async fn wait(&self, _: ChatId, _: Duration, _: &ToolContext) -> Result<Waited, String> {
        Err("no agents here".to_owned())
    }
}
