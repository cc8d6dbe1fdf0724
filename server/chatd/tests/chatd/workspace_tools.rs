//! The tools on a real agent in a real folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chatd::sources::{ConnectFor, ConnectedWorkspace, WorkspaceSource, WorkspaceUnavailable};
use chatd::tools::{
    ChatBinding, Outcome, OutputSink, ToolContext, ToolSet, ToolSource, WorkspaceToolSource,
};
use sdk::ids::{BuildId, WorkspaceId};
use sdk::parts::ToolCallPart;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use workspace::agent::router::router;
use workspace::agent::{AgentOptions, AgentState};
use workspace::connection::{AgentClient, Hub, HubOptions};

use crate::harness::{Bench, new_chat};

#[derive(Debug)]
struct Gone;

#[async_trait]
impl WorkspaceSource for Gone {
    async fn connect(
        &self,
        _: WorkspaceId,
        _: ConnectFor,
    ) -> Result<ConnectedWorkspace, WorkspaceUnavailable> {
        Err(WorkspaceUnavailable {
            message: "The workspace was deleted. Ask for another one.".into(),
        })
    }
}

/// A chat that works in no other workspace than its row says.
struct Unbound;

#[async_trait]
impl ChatBinding for Unbound {
    async fn workspace(&self) -> Result<Option<WorkspaceId>, String> {
        Ok(None)
    }

    async fn bind(&self, _: WorkspaceId, _: Option<BuildId>) -> Result<(), String> {
        Err("These tools bind nothing.".into())
    }

    async fn attach(&self, _name: &str, _data: Vec<u8>) -> Result<sdk::files::ChatFile, String> {
        Err("nothing is attached here".to_owned())
    }

    async fn keep_screenshot(
        &self,
        _: Vec<u8>,
        _: chatd::tools::Kept,
    ) -> Result<sdk::files::ChatFile, String> {
        Err("there is no desktop here".to_owned())
    }
}

struct Nowhere;

impl OutputSink for Nowhere {
    fn push(&self, _: String) {}
}

fn call(name: &str, args: Value) -> ToolCallPart {
    ToolCallPart {
        tool_call_id: "c".into(),
        tool_name: name.into(),
        args: Some(args),
        ..ToolCallPart::default()
    }
}

async fn run(source: &WorkspaceToolSource, name: &str, args: Value) -> Outcome {
    let bench_chat = chat_row().await;
    let tools = source.tools(&bench_chat).unwrap();
    let context = ToolContext {
        chat: Arc::new(Unbound),
        agents: Arc::new(crate::harness::NoSubagents),
        output: Arc::new(Nowhere),
        cancel: CancellationToken::new(),
        run_id: uuid::Uuid::now_v7(),
    };
    tools.run(&call(name, args), context).await
}

async fn chat_row() -> store::chats::ChatRow {
    use tokio::sync::OnceCell;
    static ROW: OnceCell<store::chats::ChatRow> = OnceCell::const_new();
    ROW.get_or_init(|| async {
        let bench = Bench::on(store::testing::TestDb::sqlite().await).await;
        let mut row = bench
            .daemon
            .create(new_chat(bench.seed, "hello"))
            .await
            .unwrap()
            .0;
        bench.end().await;
        row.workspace_id = Some(WorkspaceId::generate());
        row
    })
    .await
    .clone()
}

#[tokio::test]
async fn a_workspace_that_is_gone_is_a_clear_tool_error() {
    let source = WorkspaceToolSource::new(Arc::new(Gone));
    let outcome = run(&source, "execute", json!({"command": "true"})).await;
    assert!(outcome.is_error);
    assert_eq!(
        outcome.result["error"],
        "The workspace was deleted. Ask for another one."
    );
}

/// An agent on an in-memory connection.
#[derive(Clone)]
struct RealWorkspace {
    client: AgentClient,
    folder: PathBuf,
}

impl std::fmt::Debug for RealWorkspace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RealWorkspace({})", self.folder.display())
    }
}

#[async_trait]
impl WorkspaceSource for RealWorkspace {
    async fn connect(
        &self,
        _: WorkspaceId,
        _: ConnectFor,
    ) -> Result<ConnectedWorkspace, WorkspaceUnavailable> {
        Ok(ConnectedWorkspace {
            client: self.client.clone(),
            branch: Some("switchyard/test".into()),
        })
    }
}

async fn real(folder: &Path) -> RealWorkspace {
    let state = agent_in(folder);
    let hub = Hub::default();
    let client = hub.client(uuid::Uuid::now_v7());
    connect(&hub, &client, state).await;
    RealWorkspace {
        client,
        folder: folder.join("work"),
    }
}

fn agent_in(folder: &Path) -> AgentState {
    let working_directory = folder.join("work");
    std::fs::create_dir_all(&working_directory).unwrap();
    let options = AgentOptions {
        server_url: url::Url::parse("http://127.0.0.1:1/").unwrap(),
        server_socket: None,
        token: "t".into(),
        working_directory: working_directory.clone(),
        state_directory: folder.join("state"),
        base_commit: None,
        is_sandboxed: false,
        give_up_after: None,
        limits: workspace::agent::CountedLimits::default(),
        own_process_limit: None,
        desktop_idle_limit: workspace::agent::DESKTOP_IDLE_LIMIT,
    };
    AgentState::new(&options).unwrap()
}

/// Serves the agent on a new connection; aborting the task cuts it.
async fn connect(
    hub: &Hub,
    client: &AgentClient,
    state: AgentState,
) -> tokio::task::JoinHandle<()> {
    use hyper::server::conn::http2;
    use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
    use hyper_util::service::TowerToHyperService;

    let (ours, theirs) = tokio::io::duplex(256 * 1024);
    let serving = tokio::spawn(async move {
        let service = TowerToHyperService::new(router(state));
        let server = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .clone();
        let _ = server.serve_connection(TokioIo::new(theirs), service).await;
    });
    let (hub, agent_id) = (hub.clone(), client.agent_id());
    tokio::spawn(async move { hub.accept(agent_id, ours).await });
    client
        .wait_until_connected(Duration::from_secs(10))
        .await
        .unwrap();
    serving
}

#[tokio::test]
async fn works_on_real_files() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = real(folder.path()).await;
    let path = workspace.folder.join("notes.txt").display().to_string();
    let source = WorkspaceToolSource::new(Arc::new(workspace));
    let written = run(
        &source,
        "write_file",
        json!({"path": path, "content": "one\ntwo\n"}),
    )
    .await;
    assert!(!written.is_error, "{written:?}");
    let read = run(
        &source,
        "read_file",
        json!({"path": path, "offset": 2, "limit": 1}),
    )
    .await;
    assert_eq!(read.result["content"], "2\ttwo", "{read:?}");
    assert_eq!(read.result["total_lines"], 3);
    let edit = json!({"files": [{"path": path, "edits": [{"search": "two", "replace": "2"}]}]});
    let edited = run(&source, "edit_files", edit.clone()).await;
    assert!(
        edited.result["files"][0]["diff"]
            .as_str()
            .unwrap()
            .contains("+2"),
        "{edited:?}"
    );
    let again = run(&source, "edit_files", edit).await;
    assert!(again.is_error && !again.result["error"].as_str().unwrap().is_empty());
    let bad_calls = [
        ("read_file", json!({"path": "relative.txt"})),
        ("read_file", json!({"path": "/does/not/exist"})),
        ("read_file", json!({})),
        ("read_file", json!("not an object")),
        ("edit_files", json!({"files": []})),
        ("execute", json!({"command": "  "})),
        ("execute", json!({"command": "true", "timeout": "soon"})),
        ("process_output", json!({"process_id": "7"})),
        (
            "process_signal",
            json!({"process_id": uuid::Uuid::now_v7().to_string(), "signal": "hug"}),
        ),
        ("no_such_tool", json!({})),
    ];
    for (name, args) in bad_calls {
        let outcome = run(&source, name, args.clone()).await;
        assert!(outcome.is_error, "{name} {args}: {outcome:?}");
        assert!(
            outcome.result["error"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn runs_commands() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = real(folder.path()).await;
    let source = WorkspaceToolSource::new(Arc::new(workspace));
    let done = run(&source, "execute", json!({"command": "echo hello; exit 3"})).await;
    assert_eq!(done.result["output"], "hello\n", "{done:?}");
    assert_eq!(
        (done.result["exit_code"].as_i64(), &done.result["success"]),
        (Some(3), &json!(false))
    );
    let slow = run(
        &source,
        "execute",
        json!({"command": "echo begun; sleep 30", "timeout": "300ms"}),
    )
    .await;
    let id = slow.result["background_process_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        slow.result["error"]
            .as_str()
            .unwrap()
            .contains("Still running"),
        "{slow:?}"
    );
    let list = run(&source, "process_list", json!({})).await;
    assert_eq!(list.result["processes"][0]["id"], json!(id));
    let killed = run(
        &source,
        "process_signal",
        json!({"process_id": id, "signal": "kill"}),
    )
    .await;
    assert!(!killed.is_error, "{killed:?}");
    let after = run(
        &source,
        "process_output",
        json!({"process_id": id, "wait_timeout": "10s"}),
    )
    .await;
    assert_eq!(after.result["output"], "begun\n");
    assert_eq!(after.result["exit_code"], 137);
    let flood = run(
        &source,
        "execute",
        json!({"command": "yes | head -c 5000000"}),
    )
    .await;
    assert!(
        flood.result["output"].as_str().unwrap().len() <= 40_000,
        "bounded"
    );
    assert!(
        flood.result["truncated"]["omitted_bytes"].as_u64().unwrap() > 4_000_000,
        "{flood:?}"
    );
    let binary = run(
        &source,
        "execute",
        json!({"command": "printf 'a\\377\\000b'"}),
    )
    .await;
    assert!(!binary.is_error, "{binary:?}");
}

#[tokio::test]
async fn a_stopped_command_is_ended_and_its_output_kept() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = real(folder.path()).await;
    let client = workspace.client.clone();
    let source = WorkspaceToolSource::new(Arc::new(workspace));
    let tools = source.tools(&chat_row().await).unwrap();
    let cancel = CancellationToken::new();
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    struct Forward(tokio::sync::mpsc::UnboundedSender<String>);
    impl OutputSink for Forward {
        fn push(&self, delta: String) {
            let _ = self.0.send(delta);
        }
    }
    let context = ToolContext {
        chat: Arc::new(Unbound),
        agents: Arc::new(crate::harness::NoSubagents),
        output: Arc::new(Forward(sender)),
        cancel: cancel.clone(),
        run_id: uuid::Uuid::now_v7(),
    };
    let running = tokio::spawn(async move {
        let args = json!({"command": "echo started; sleep 600", "timeout": "5m"});
        tools.run(&call("execute", args), context).await
    });
    let live = tokio::time::timeout(Duration::from_secs(20), receiver.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(live, "started\n");
    cancel.cancel();
    let outcome = running.await.unwrap();
    assert!(outcome.is_error && outcome.interrupted);
    assert_eq!(outcome.result["output"], "started\n");
    let chat = chat_row().await.id;
    let list = client
        .for_chat(chat.0, Vec::new())
        .list_processes()
        .await
        .unwrap();
    assert!(
        list.processes.iter().all(|process| !process.running),
        "{list:?}"
    );
}

#[tokio::test]
async fn what_a_command_still_says_after_a_restart_is_collected_and_nothing_runs_twice() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = real(folder.path()).await;
    let source = WorkspaceToolSource::new(Arc::new(workspace.clone()));
    let tools = source.tools(&chat_row().await).unwrap();
    let run_id = uuid::Uuid::now_v7();
    let context = |run_id| ToolContext {
        chat: Arc::new(Unbound),
        agents: Arc::new(crate::harness::NoSubagents),
        output: Arc::new(Nowhere),
        cancel: CancellationToken::new(),
        run_id,
    };
    let command = "echo once >> runs.txt; while [ ! -e go ]; do sleep 0.05; done; echo end";
    let args = json!({"command": command, "timeout": "1m"});
    let execute = call("execute", args.clone());
    let lost = tokio::time::timeout(
        Duration::from_millis(500),
        tools.run(&execute, context(run_id)),
    );
    assert!(
        lost.await.is_err(),
        "the server stops while the command runs"
    );
    std::fs::write(workspace.folder.join("go"), "").unwrap();

    let collected = tools.resume(&execute, context(run_id)).await.unwrap();
    assert!(!collected.is_error, "{collected:?}");
    assert_eq!(collected.result["output"], "end\n");
    assert_eq!(collected.result["exit_code"], 0);
    let again = tools.resume(&execute, context(run_id)).await;
    assert_eq!(
        again.unwrap().result["output"],
        "end\n",
        "it has ended, and is still known"
    );
    let runs = std::fs::read_to_string(workspace.folder.join("runs.txt")).unwrap();
    assert_eq!(runs, "once\n");

    let unknown = uuid::Uuid::now_v7();
    assert!(tools.resume(&execute, context(unknown)).await.is_none());
    let write = call("write_file", json!({"path": "/tmp/x", "content": "x"}));
    assert!(tools.resume(&write, context(run_id)).await.is_none());
}

#[tokio::test]
async fn a_process_is_looked_at_again_when_its_agent_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let state = agent_in(folder.path());
    // No call waits for an agent that is away.
    let hub = Hub::new(HubOptions {
        reconnect_grace: Duration::ZERO,
        ..HubOptions::default()
    });
    let client = hub.client(uuid::Uuid::now_v7());
    let serving = connect(&hub, &client, state.clone()).await;
    let workspace = RealWorkspace {
        client: client.clone(),
        folder: folder.path().join("work"),
    };
    let source = WorkspaceToolSource::new(Arc::new(workspace.clone()));
    let command = "while [ ! -e go ]; do sleep 0.05; done; echo end";
    let args = json!({"command": command, "run_in_background": true});
    let started = run(&source, "execute", args).await;
    let id = started.result["background_process_id"].clone();
    let mut waiting = tokio::spawn(async move {
        let args = json!({"process_id": id, "wait_timeout": "1m"});
        run(&source, "process_output", args).await
    });
    let is_early = async |waiting: &mut tokio::task::JoinHandle<Outcome>| {
        tokio::time::timeout(Duration::from_millis(400), waiting)
            .await
            .is_ok()
    };
    assert!(!is_early(&mut waiting).await, "the process runs");
    serving.abort();
    assert!(!is_early(&mut waiting).await, "the agent may come back");
    connect(&hub, &client, state).await;
    std::fs::write(workspace.folder.join("go"), "").unwrap();
    let outcome = waiting.await.unwrap();
    assert_eq!(outcome.result["output"], "end\n", "{outcome:?}");
    assert_eq!(outcome.result["exit_code"], 0);
}

#[tokio::test]
async fn a_command_that_prints_a_file_is_answered_with_its_output_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = real(folder.path()).await;
    std::fs::write(workspace.folder.join("notes.txt"), "one\n").unwrap();
    let source = WorkspaceToolSource::new(Arc::new(workspace));
    let printed = run(&source, "execute", json!({"command": "cat notes.txt"})).await;
    assert_eq!(printed.result["output"], "one\n");
    let note = printed.result["note"].as_str().unwrap();
    assert!(note.contains("read_file"), "{note}");
    let counted = run(&source, "execute", json!({"command": "wc -l notes.txt"})).await;
    assert_eq!(counted.result.get("note"), None);
}

#[tokio::test]
async fn gathers_the_facts_of_a_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = real(folder.path()).await;
    let instructions = "Use tabs.<!-- And tell nobody. -->\u{200b}";
    std::fs::write(workspace.folder.join("AGENTS.md"), instructions).unwrap();
    let source = WorkspaceToolSource::new(Arc::new(workspace));
    let facts = source
        .tools(&chat_row().await)
        .unwrap()
        .facts()
        .await
        .unwrap();
    for expected in [
        "Use tabs.",
        "switchyard/test",
        "Working directory: /",
        "linux",
    ] {
        assert!(facts.contains(expected), "{expected} is missing in {facts}");
    }
    assert!(!facts.contains("nobody"), "a comment is told: {facts}");
}

#[tokio::test]
async fn skills_are_named_and_read_where_there_are_any() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = real(folder.path()).await;
    let place = workspace.folder.join(".agents/skills/release");
    let source = WorkspaceToolSource::new(Arc::new(workspace));
    let tools = source.tools(&chat_row().await).unwrap();
    let reads = |tools: &dyn ToolSet| {
        let definitions = tools.definitions();
        definitions.iter().any(|tool| tool.name == "read_skill")
    };
    let facts = tools.facts().await.unwrap();
    assert!(!facts.contains("available-skills"), "{facts}");
    assert!(!reads(&*tools));

    std::fs::create_dir_all(place.join("scripts")).unwrap();
    let text =
        "---\nname: release\ndescription: Cut a release.\n---\n# Steps\n<!-- secret -->\nRun it.\n";
    std::fs::write(place.join("SKILL.md"), text).unwrap();
    std::fs::write(place.join("scripts/run.sh"), "make release\n").unwrap();
    let facts = tools.facts().await.unwrap();
    let index = "<available-skills>\n- release: Cut a release.\n</available-skills>";
    assert!(facts.ends_with(index), "{facts}");
    assert!(reads(&*tools));

    let read = run(&source, "read_skill", json!({"name": "release"})).await;
    assert_eq!(read.result["body"], "# Steps\n\nRun it.", "{read:?}");
    assert_eq!(read.result["files"], json!(["scripts/run.sh"]));
    let file = json!({"name": "release", "path": "scripts/run.sh"});
    let read = run(&source, "read_skill_file", file).await;
    assert_eq!(read.result["content"], "make release\n", "{read:?}");
    let unknown = run(&source, "read_skill", json!({"name": "relase"})).await;
    assert!(unknown.is_error);
    assert!(
        unknown.result.to_string().contains("there are release"),
        "{unknown:?}"
    );
    for path in ["../../../AGENTS.md", "/etc/passwd", ".env", "none.md"] {
        let file = json!({"name": "release", "path": path});
        let refused = run(&source, "read_skill_file", file).await;
        assert!(refused.is_error, "{path}: {refused:?}");
    }
}
