//! The tools with which a chat gets a workspace, on workspaces that are made up.

mod made_up;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chatd::tools::{Outcome, ToolContext, ToolSet, ToolSource, WorkspaceToolSource};
use sdk::ids::{ChatId, WorkspaceId};
use sdk::parts::ToolCallPart;
use sdk::workspaces::{BuildStatus, WorkspaceStatus};
use serde_json::{Value, json};
use store::chats::ChatRow;
use tokio_util::sync::CancellationToken;

use self::made_up::{Chat, MadeUp, NoAgents};
use crate::harness::{Bench, new_chat};

/// A chat with its tools.
struct Stage {
    made_up: Arc<MadeUp>,
    chat: Arc<Chat>,
    tools: Arc<dyn ToolSet>,
    cancel: CancellationToken,
}

impl Stage {
    async fn new(looks: usize, ending: WorkspaceStatus) -> Self {
        let made_up = MadeUp::new(looks, ending);
        let row = chat_row().await;
        // From here on no wait takes time.
        tokio::time::pause();
        Self {
            tools: source(&made_up).tools(&row).unwrap(),
            made_up,
            chat: Arc::default(),
            cancel: CancellationToken::new(),
        }
    }

    async fn call(&self, name: &str, args: Value) -> Outcome {
        let call = ToolCallPart {
            tool_call_id: "c".into(),
            tool_name: name.into(),
            args: Some(args),
            ..ToolCallPart::default()
        };
        self.tools.run(&call, self.context()).await
    }

    fn context(&self) -> ToolContext {
        ToolContext {
            chat: self.chat.clone(),
            agents: Arc::new(crate::harness::NoSubagents),
            output: self.chat.clone(),
            cancel: self.cancel.clone(),
            run_id: uuid::Uuid::now_v7(),
        }
    }

    async fn create(&self) -> Outcome {
        self.call("create_workspace", json!({"template_id": "template-3"}))
            .await
    }
}

fn source(made_up: &Arc<MadeUp>) -> WorkspaceToolSource {
    WorkspaceToolSource::new(Arc::new(NoAgents)).with_lifecycle(made_up.clone())
}

async fn chat_row() -> ChatRow {
    let bench = Bench::on(store::testing::TestDb::sqlite().await).await;
    let row = bench
        .daemon
        .create(new_chat(bench.seed, "hello"))
        .await
        .unwrap()
        .0;
    bench.end().await;
    row
}

fn names(tools: &dyn ToolSet) -> Vec<String> {
    let all = tools.definitions().into_iter();
    all.map(|tool| tool.name).collect()
}

#[tokio::test]
async fn root_chats_alone_get_the_tools_that_make_workspaces() {
    let source = source(&MadeUp::new(1, WorkspaceStatus::Ready));
    let mut row = chat_row().await;
    let root = source.tools(&row).unwrap();
    for name in [
        "list_templates",
        "read_template",
        "create_workspace",
        "start_workspace",
        "stop_workspace",
    ] {
        assert!(names(&*root).iter().any(|known| known == name), "{name}");
    }
    row.parent_chat_id = Some(ChatId::generate());
    let bare = source.tools(&row).unwrap();
    assert!(names(&*bare).is_empty(), "nothing to work in");
    assert!(bare.facts().await.unwrap().contains("has no workspace"));
    row.workspace_id = Some(WorkspaceId::generate());
    let child = source.tools(&row).unwrap();
    assert!(names(&*child).iter().any(|name| name == "execute"));
    assert!(
        !names(&*child)
            .iter()
            .any(|name| name.contains("workspace") || name.contains("template"))
    );
    let call = ToolCallPart {
        tool_name: "stop_workspace".into(),
        ..ToolCallPart::default()
    };
    let stage = Stage::new(1, WorkspaceStatus::Ready).await;
    assert!(child.run(&call, stage.context()).await.is_error);
}

#[tokio::test]
async fn templates_are_paged_and_read_without_their_scripts() {
    let stage = Stage::new(1, WorkspaceStatus::Ready).await;
    let second = stage
        .call("list_templates", json!({"page": 2}))
        .await
        .result;
    assert_eq!(
        (
            second["count"].as_u64(),
            second["total_pages"].as_u64(),
            second["total_count"].as_u64()
        ),
        (Some(2), Some(2), Some(12))
    );
    assert_eq!(
        second["templates"][0]["description"]
            .as_str()
            .unwrap()
            .chars()
            .count(),
        201
    );
    let found = stage
        .call("list_templates", json!({"query": "TEMPLATE-12"}))
        .await
        .result;
    assert_eq!(found["templates"][0]["name"], "template-12");
    let read = stage
        .call("read_template", json!({"template_id": "template-12"}))
        .await;
    assert_eq!(read.result["template"]["name"], "template-12");
    assert!(!read.result.to_string().contains("secret"));
    let unknown = stage
        .call("read_template", json!({"template_id": "other"}))
        .await;
    assert!(
        unknown.is_error
            && unknown.result["error"]
                .as_str()
                .unwrap()
                .contains("list_templates")
    );
}

#[tokio::test]
async fn a_tool_that_needs_a_workspace_names_the_way_to_one_and_finds_the_one_just_made() {
    let stage = Stage::new(2, WorkspaceStatus::Ready).await;
    for name in ["execute", "read_file", "start_workspace", "stop_workspace"] {
        let outcome = stage
            .call(name, json!({"command": "ls", "path": "/x"}))
            .await;
        let error = outcome.result["error"].as_str().unwrap();
        assert!(
            outcome.is_error && error.contains("create_workspace"),
            "{name}: {error}"
        );
    }
    let made = stage.create().await;
    assert_eq!(
        (made.is_error, &made.result["status"]),
        (false, &json!("ready")),
        "{made:?}"
    );
    assert_eq!(
        (&made.result["created"], &made.result["workspace_name"]),
        (&json!(true), &json!("made-up"))
    );
    assert_eq!(made.result["log"], "cloning\n");
    assert_eq!(*stage.chat.output.lock().unwrap(), "cloning\n");
    let first = stage.made_up.only().latest_build.unwrap().id;
    assert_eq!(*stage.chat.builds.lock().unwrap(), [first]);
    let outcome = stage.call("execute", json!({"command": "ls"})).await;
    assert_eq!(
        outcome.result["error"], "No agent.",
        "the tools of the same step look again"
    );
}

#[tokio::test]
async fn two_calls_at_once_make_one_workspace() {
    let stage = Stage::new(3, WorkspaceStatus::Ready).await;
    let (one, other) = tokio::join!(stage.create(), stage.create());
    let made = stage.made_up.only();
    let mut created = Vec::new();
    for outcome in [one, other] {
        assert_eq!(outcome.result["workspace_id"], json!(made.id));
        assert_eq!(outcome.result["status"], "ready");
        created.push(outcome.result["created"].as_bool().unwrap());
    }
    created.sort_unstable();
    assert_eq!(created, [false, true]);
}

#[tokio::test]
async fn a_build_that_fails_is_an_answer_and_its_place_can_be_taken() {
    let stage = Stage::new(2, WorkspaceStatus::Failed).await;
    let failed = stage.create().await;
    assert!(!failed.is_error);
    assert_eq!(failed.result["error"], "The setup script failed.");
    assert!(failed.result["build_id"].is_string() && failed.result["log"] == "cloning\n");
    let again = stage.create().await;
    assert_eq!(again.result["created"], true);
    assert_ne!(again.result["workspace_id"], failed.result["workspace_id"]);
}

#[tokio::test]
async fn a_stopped_workspace_is_named_with_what_starts_it() {
    let stage = Stage::new(2, WorkspaceStatus::Ready).await;
    stage.create().await;
    let stopped = stage.call("stop_workspace", json!({})).await.result;
    assert_eq!(
        (&stopped["stopped"], &stopped["status"]),
        (&json!(true), &json!("stopped"))
    );
    let existing = stage.create().await.result;
    assert_eq!(
        (&existing["created"], &existing["status"]),
        (&json!(false), &json!("stopped"))
    );
    assert!(
        existing["hint"]
            .as_str()
            .unwrap()
            .contains("start_workspace")
    );
    let again = stage.call("stop_workspace", json!({})).await.result;
    assert_eq!(again["already_stopped"], true);

    // The turn is given back a moment after a build's end is noted.
    stage.made_up.busy.store(3, Ordering::SeqCst);
    let started = stage.call("start_workspace", json!({})).await.result;
    assert_eq!(
        (&started["started"], &started["status"]),
        (&json!(true), &json!("ready")),
        "{started}"
    );
    let running = stage.call("start_workspace", json!({})).await.result;
    assert_eq!(
        (&running["started"], &running["no_build"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(stage.chat.builds.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_wait_that_is_over_tells_how_to_go_on_and_the_next_call_waits_for_the_same_build() {
    let stage = Stage::new(usize::MAX, WorkspaceStatus::Ready).await;
    let waited = stage.create().await;
    assert!(!waited.is_error);
    assert_eq!(waited.result["agent_status"], "not_ready");
    assert!(
        waited.result["hint"]
            .as_str()
            .unwrap()
            .contains("start_workspace")
    );
    let build = stage.made_up.only().latest_build.unwrap().id;
    let (started, ()) = tokio::join!(stage.call("start_workspace", json!({})), async {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        stage.made_up.set(WorkspaceStatus::Ready);
    });
    assert_eq!(
        (&started.result["started"], &started.result["build_id"]),
        (&json!(true), &json!(build))
    );
}

#[tokio::test]
async fn an_interrupt_ends_the_wait_and_leaves_the_build() {
    let stage = Stage::new(usize::MAX, WorkspaceStatus::Ready).await;
    let (outcome, ()) = tokio::join!(stage.create(), async {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        stage.cancel.cancel();
    });
    assert!(outcome.interrupted);
    let build = stage.made_up.only().latest_build.unwrap();
    assert_eq!(build.status, BuildStatus::Running);
    assert_eq!(
        *stage.chat.builds.lock().unwrap(),
        [build.id],
        "the page finds the log"
    );
}

#[tokio::test]
async fn refused_values_come_back_by_field_with_the_template() {
    let stage = Stage::new(1, WorkspaceStatus::Ready).await;
    let args = json!({"template_id": "template-3", "parameters": {"wrong": 3}});
    let refused = stage.call("create_workspace", args).await;
    assert!(refused.is_error);
    assert_eq!(
        refused.result["validations"][0]["field"],
        "parameters.wrong"
    );
    assert_eq!(
        refused.result["template_id"],
        json!(stage.made_up.templates[2].id)
    );
    assert!(stage.made_up.all().is_empty());
}

#[tokio::test]
async fn a_workspace_that_is_gone_is_told_and_replaced() {
    let stage = Stage::new(1, WorkspaceStatus::Ready).await;
    stage.create().await;
    stage.made_up.all().clear();
    let started = stage.call("start_workspace", json!({})).await;
    assert!(
        started.is_error
            && started.result["error"]
                .as_str()
                .unwrap()
                .contains("create_workspace")
    );
    assert_eq!(stage.create().await.result["created"], true);
}
