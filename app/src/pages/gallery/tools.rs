//! Cards of tool calls: every kind in every state.

use std::fmt::Write as _;
use std::sync::Arc;

use leptos::prelude::*;
use sdk::chats::ChatStatus;
use sdk::parts::{CHAT_CLEARED, CHAT_SUMMARIZED, ToolCallPart, ToolResultPart};
use serde_json::{Value, json};

use super::{part, samples};
use crate::api::chats::AgentNews;
use crate::components::chat::agent_card::told;
use crate::components::chat::tool_card::{ToolGroup, WorkPlace};
use crate::components::chat::tools::ToolRun;
use crate::view;

const DIFF: &str = "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -3,3 +3,4 @@ pub fn greet\n /// A greeting for a name.\n-    format!(\"Hello, {name}\")\n+    let title = title_of(name);\n+    format!(\"Good day, {title} {name}\")\n }\n";

const BUILD_LOG: &str = "cloning https://git.example.com/greeter.git\nReceiving objects: 100% (812/812), done.\nrunning the setup script\nadded 214 packages in 4s\nstarting the agent\n";

/// A tool with what it is asked and what it answers.
struct Kind {
    tool: &'static str,
    args: Value,
    answer: Value,
}

fn kinds() -> Vec<Kind> {
    let kind = |tool, args, answer| Kind { tool, args, answer };
    let path = "/srv/greeter/src/lib.rs";
    let edit = json!({"files": [{"path": path, "diff": DIFF}, {"path": "/srv/greeter/README.md", "diff": DIFF}]});
    vec![
        kind(
            "read_file",
            json!({"path": path}),
            json!({"content": "1: //! Greets people.\n2:", "total_lines": 240}),
        ),
        kind(
            "write_file",
            json!({"path": "/srv/greeter/NEWS.md", "content": "# News\n\nGreets politely.\n"}),
            json!({"success": true}),
        ),
        kind(
            "edit_files",
            json!({"files": [{"path": path}, {"path": "/srv/greeter/README.md"}]}),
            edit,
        ),
        kind(
            "execute",
            json!({"command": "cargo test\ncargo doc", "workdir": "/srv/greeter"}),
            json!({"output": "2 passed\n", "exit_code": 0, "wall_duration_ms": 5200}),
        ),
        kind(
            "process_output",
            json!({"process_id": "server"}),
            json!({"output": "listening on 3000\n", "exit_code": null}),
        ),
        kind(
            "process_list",
            json!({}),
            json!({"processes": [{"id": "server", "command": "npm start", "running": true}]}),
        ),
        kind(
            "process_signal",
            json!({"process_id": "server", "signal": "terminate"}),
            json!({"success": true}),
        ),
        kind(
            "list_templates",
            json!({"query": "service"}),
            json!({"templates": [{"id": "0190", "name": "service", "display_name": "Service", "description": "The greeting service with its database.", "active_developers": 3}], "count": 1, "page": 1, "total_pages": 1, "total_count": 1}),
        ),
        kind(
            "read_template",
            json!({"template_id": "service"}),
            json!({"template": {"name": "service", "display_name": "Service", "description": "The greeting service with its database."}, "parameters": [{"name": "region", "type": "string", "required": true}, {"name": "size", "type": "number", "default": "2", "required": false}]}),
        ),
        kind(
            "create_workspace",
            json!({"template_id": "service"}),
            json!({"created": true, "workspace_id": "0190", "workspace_name": "service-7f3a", "status": "ready", "build_id": "0191", "log": BUILD_LOG}),
        ),
        kind(
            "start_workspace",
            json!({}),
            json!({"started": true, "workspace_id": "0190", "workspace_name": "service-7f3a", "status": "ready", "build_id": "0191"}),
        ),
        kind(
            "stop_workspace",
            json!({}),
            json!({"stopped": true, "workspace_id": "0190", "workspace_name": "service-7f3a", "status": "stopped", "build_id": "0191", "hint": "The workspace is stopped. Call start_workspace to go on in it."}),
        ),
        kind(
            "read_skill",
            json!({"name": "release"}),
            json!({"name": "release", "body": "# Release\n\n1. Run `make changelog`.\n2. Tag what `main` is.", "files": ["scripts/tag.sh"]}),
        ),
        kind(
            "read_skill_file",
            json!({"name": "release", "path": "scripts/tag.sh"}),
            json!({"name": "release", "path": "scripts/tag.sh", "content": "git tag -s \"v$1\"\n"}),
        ),
        kind(
            "attach_file",
            json!({"path": "/srv/greeter/numbers.csv"}),
            json!({"ok": true, "file_id": "01900000-0000-7000-8000-000000000001", "name": "numbers.csv", "media_type": "text/csv", "size": 812}),
        ),
        kind(
            "spawn_agent",
            json!({"title": "Read the docs", "prompt": "Read `docs/` and say **what is missing** about titles."}),
            json!({"chat_id": "0190", "title": "Read the docs", "status": "working", "type": "general"}),
        ),
        kind(
            "spawn_computer_use_agent",
            json!({"title": "Look at the page", "prompt": "Open the page in the browser and say whether the button is **visible**."}),
            json!({"chat_id": "0190", "title": "Look at the page", "status": "working", "type": "computer_use"}),
        ),
        kind(
            "computer",
            json!({"action": "left_click", "coordinate": [640, 360], "text": "ctrl"}),
            json!({"screenshot": {"file_id": "01900000-0000-7000-8000-000000000001", "name": "Screenshot 2026-11-28 05.12.33.png", "media_type": "image/png", "width": 1280, "height": 720}}),
        ),
        kind(
            "wait_agent",
            json!({"chat_id": "0190"}),
            json!({"chat_id": "0190", "title": "Read the docs", "status": "done", "type": "general", "report": "Titles are **not** described. `docs/greetings.md` is the place."}),
        ),
        kind(
            "propose_plan",
            json!({}),
            json!({"ok": true, "kind": "plan", "content": "# Greet politely\n\n1. Read the title in `src/lib.rs:3`\n2. Say it before the name\n\nChecked by `cargo test`; people **without** a title stay as they are."}),
        ),
        kind(
            "ask_user_question",
            json!({}),
            json!({"questions": [{"header": "Titles", "question": "Where do titles come from?", "options": [{"label": "The address book"}, {"label": "A column of its own"}]}]}),
        ),
        kind(
            "ticket_search",
            json!({"words": "greeting", "open": true}),
            json!({"tickets": [{"id": 4, "title": "Greet politely"}]}),
        ),
        kind(
            CHAT_SUMMARIZED,
            json!({}),
            json!({"summary": "The person wants people to be greeted politely."}),
        ),
        kind(CHAT_CLEARED, json!({}), json!({})),
    ]
}

/// Every kind while it is written, running, done, failed and interrupted.
pub fn cards() -> impl IntoView {
    provide_context(WorkPlace {
        folder: Signal::stored(Some("/srv/greeter".to_owned())),
        workspace_id: Signal::stored(None),
    });
    let all = kinds()
        .into_iter()
        .map(|kind| group(in_every_state(&kind)))
        .collect_view();
    part("Tool calls", view! { <div class="stack">{all}</div> })
}

fn in_every_state(Kind { tool, args, answer }: &Kind) -> Vec<ToolRun> {
    let run =
        |state: &str, args: Option<&Value>, delta: Option<&str>, answer: Option<(&Value, bool)>| {
            let id = format!("{tool}-{state}");
            let call = samples::call(&id, tool, args.cloned(), delta);
            let answer =
                answer.map(|(value, is_error)| samples::answer(&id, value.clone(), is_error));
            ToolRun::new(call, answer, state != "interrupted")
        };
    let begun = r#"{"path": "/srv/greeter/src/li"#;
    let refused = json!({"error": "It is not there. Look for it with another name."});
    vec![
        run("preparing", None, Some(begun), None),
        run("running", Some(args), None, None),
        run("done", Some(args), None, Some((answer, false))),
        run("failed", Some(args), None, Some((&refused, true))),
        run("interrupted", Some(args), None, None),
    ]
}

/// Agents that a chat started.
pub fn agents() -> impl IntoView {
    let news = |title: &str, status, last_line: &str, cost: &str| AgentNews {
        title: title.to_owned(),
        status,
        last_line: last_line.to_owned(),
        cost: cost.to_owned(),
    };
    let all = [
        news(
            "Read the docs",
            ChatStatus::Running,
            "execute: grep -rn title docs/ --include=*.md | head -40",
            "$0.02",
        ),
        news(
            "Look for greetings that are written by hand in any of the tests",
            ChatStatus::Waiting,
            "All greetings go through `greet`.",
            "$0.14",
        ),
        news(
            "Measure",
            ChatStatus::Error,
            "The provider refused the key.",
            "",
        ),
        news("Begin", ChatStatus::Pending, "", ""),
    ];
    let all = all
        .iter()
        .map(|news| view! { <div class="tools"><div class="agent-card">{told(news)}</div></div> });
    part(
        "Agents of a chat",
        view! { <div class="stack">{all.collect_view()}</div> },
    )
}

/// Workspaces that are being made, failed, are refused, and take longer than the call waits.
pub fn workspaces() -> impl IntoView {
    let create = |id: &str| {
        let args = json!({"template_id": "service"});
        samples::call(id, "create_workspace", Some(args), None)
    };
    let mut log = samples::answer("building", Value::Null, false);
    log.result = None;
    log.result_delta = Some(BUILD_LOG.to_owned());
    let building = ToolRun::new(create("building"), Some(log), true);
    let answered = |id: &str, answer: Value, is_error: bool| {
        ToolRun::new(
            create(id),
            Some(samples::answer(id, answer, is_error)),
            false,
        )
    };
    let ended = vec![
        answered(
            "build-failed",
            json!({"created": true, "workspace_id": "0190", "workspace_name": "service-7f3a", "status": "failed", "build_id": "0191", "error": "The setup script failed: npm: command not found", "log": "running the setup script\nsetup: line 3: npm: command not found\n", "hint": "Call start_workspace to try again, if need be with other parameters."}),
            false,
        ),
        answered(
            "build-refused",
            json!({"error": "Some fields are not right. Correct them and try again.", "validations": [{"field": "parameters.region", "detail": "Choose one of europe, america."}]}),
            true,
        ),
        answered(
            "build-waits",
            json!({"created": true, "workspace_id": "0190", "workspace_name": "service-7f3a", "status": "setting_up", "build_id": "0191", "log": BUILD_LOG, "hint": "It is still being worked on. Call start_workspace to wait on; stop_workspace ends it."}),
            false,
        ),
        answered(
            "build-stopped",
            json!({"created": false, "workspace_id": "0190", "workspace_name": "service-7f3a", "status": "stopped", "build_id": "0191", "hint": "The workspace is stopped. Call start_workspace to go on in it."}),
            false,
        ),
    ];
    part(
        "Workspaces of agents",
        view! { <div class="stack">{group(vec![building])}{group(ended)}</div> },
    )
}

/// Calls in a row, and commands that print, print much, fail, and go on.
pub fn groups() -> impl IntoView {
    let command = |id: &str, command: &str, answer: Value| {
        let call = samples::call(id, "execute", Some(json!({"command": command})), None);
        ToolRun::new(call, Some(samples::answer(id, answer, false)), false)
    };
    let mut printing = samples::answer("printing", Value::Null, false);
    printing.result = None;
    printing.result_delta = Some("Compiling greeter v0.1.0\n".to_owned());
    let build = samples::call(
        "printing",
        "execute",
        Some(json!({"command": "cargo build"})),
        None,
    );
    let printing = ToolRun::new(build, Some(printing), true);
    let long = (1..=400).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "test greets_{number} ... ok");
        text
    });
    let endings = vec![
        command(
            "long",
            "cargo test --workspace",
            json!({"output": long, "exit_code": 0, "wall_duration_ms": 62_000, "truncated": {"omitted_bytes": 81_920}}),
        ),
        command(
            "failing",
            "cargo clippy",
            json!({"output": "error: unused variable\n", "exit_code": 101, "wall_duration_ms": 830}),
        ),
        command(
            "background",
            "npm start",
            json!({"output": "listening\n", "exit_code": null, "background_process_id": "server", "wall_duration_ms": 10_000}),
        ),
        command(
            "silent",
            "true",
            json!({"output": "", "exit_code": 0, "wall_duration_ms": 3}),
        ),
    ];
    let searches = web_searches();
    let many = (1..=9)
        .map(|number| {
            command(
                &format!("many-{number}"),
                "git status",
                json!({"output": "clean\n", "exit_code": 0}),
            )
        })
        .collect();
    part(
        "Commands, and many calls in a row",
        view! { <div class="stack">{group(vec![printing])}{group(endings)}{group(searches)}{group(many)}</div> },
    )
}

/// Searches that a provider made itself.
fn web_searches() -> Vec<ToolRun> {
    let search = |id: &str, answer: Option<Value>| {
        let call = ToolCallPart {
            tool_call_id: id.to_owned(),
            tool_name: "web_search".to_owned(),
            args: Some(json!({"query": "how to greet politely"})),
            provider_executed: true,
            ..ToolCallPart::default()
        };
        let result = answer.map(|answer| ToolResultPart {
            tool_call_id: id.to_owned(),
            is_error: answer.get("error").is_some(),
            result: Some(answer),
            provider_executed: true,
            ..ToolResultPart::default()
        });
        ToolRun::new(call, result, true)
    };
    let found = json!({"sources": [
        {"url": "https://example.com/greetings", "title": "On greetings", "page_age": "2 days ago"},
        {"url": "https://www.example.org/names"},
        {"url": "javascript:alert(1)", "title": "No page"},
    ]});
    let failed = json!({"error": "The provider searches no more often for one answer.", "error_code": "max_uses_exceeded"});
    vec![
        search("searching", None),
        search("found", Some(found)),
        search("failed-search", Some(failed)),
    ]
}

fn group(runs: Vec<ToolRun>) -> AnyView {
    let runs: Vec<_> = runs.into_iter().map(Arc::new).collect();
    view! { <ToolGroup runs=Signal::stored(runs)/> }
}
