#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::partial_json::text_field;
use super::*;

fn described(run: &ToolRun) -> (Summary, Body) {
    (describe(run), Body::of(run))
}

fn call(name: &str, args: Option<Value>, delta: Option<&str>) -> ToolCallPart {
    ToolCallPart {
        tool_call_id: "call".into(),
        tool_name: name.into(),
        args,
        args_delta: delta.map(str::to_owned),
        ..ToolCallPart::default()
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a call takes its result as an option"
)]
fn result(value: Option<Value>, delta: Option<&str>, is_error: bool) -> Option<ToolResultPart> {
    Some(ToolResultPart {
        tool_call_id: "call".into(),
        result: value,
        result_delta: delta.map(str::to_owned),
        is_error,
        ..ToolResultPart::default()
    })
}

#[test]
fn a_running_command_shows_its_output_as_it_comes() {
    let args = Some(json!({"command": "cargo test"}));
    let run = ToolRun::new(
        call("execute", args, None),
        result(None, Some("running 4 tests\n"), false),
        true,
    );
    let (summary, body) = described(&run);
    assert_eq!(
        (run.state, summary.verb.as_str(), summary.object.as_str()),
        (ToolState::Running, "Running", "cargo test")
    );
    let Body::Command {
        output, exit_code, ..
    } = body
    else {
        panic!("a command")
    };
    assert_eq!((output.as_str(), exit_code), ("running 4 tests\n", None));
}

#[test]
fn a_command_with_another_exit_code_than_zero_failed() {
    let answer = json!({"success": false, "output": "no", "exit_code": 2, "wall_duration_ms": 40});
    let run = ToolRun::new(
        call("execute", Some(json!({"command": "false"})), None),
        result(Some(answer), None, false),
        false,
    );
    assert_eq!(
        (run.state, run.duration_ms()),
        (ToolState::Failed, Some(40))
    );
}

#[test]
fn a_call_without_a_result_after_the_turn_was_interrupted() {
    let run = ToolRun::new(
        call("execute", Some(json!({"command": "sleep 9"})), None),
        None,
        false,
    );
    assert_eq!(run.state, ToolState::Interrupted);
}

#[test]
fn an_edit_counts_its_lines() {
    let answer = json!({"ok": true, "files": [{"path": "/w/a.rs", "diff": "--- a/a.rs\n+++ b/a.rs\n@@ -1 +1,2 @@\n-a\n+b\n+c\n"}]});
    let args = Some(json!({"files": [{"path": "/w/a.rs", "edits": []}]}));
    let run = ToolRun::new(
        call("edit_files", args, None),
        result(Some(answer), None, false),
        false,
    );
    let summary = describe(&run);
    assert_eq!(
        (
            summary.verb.as_str(),
            summary.object.as_str(),
            summary.counts
        ),
        ("Edited", "/w/a.rs", Some((2, 1)))
    );
}

#[test]
fn says_what_is_being_prepared_from_half_written_arguments() {
    let run = ToolRun::new(
        call("execute", None, Some("{\"command\": \"cargo te")),
        None,
        true,
    );
    let summary = describe(&run);
    assert_eq!(
        (run.state, summary.object.as_str()),
        (ToolState::Preparing, "cargo te")
    );
    assert_eq!(
        text_field("{\"path\":\"a\\n\\u00e4\\\"b\",", "path").unwrap(),
        "a\nä\"b"
    );
    assert_eq!(text_field("{\"path\"", "path"), None);
    assert_eq!(text_field("{\"path\": \"x\\", "path").unwrap(), "x");
}

#[test]
fn an_unknown_tool_shows_its_json() {
    let run = ToolRun::new(
        call("ask_moon", Some(json!({"a": 1})), None),
        result(Some(json!("fine")), None, false),
        false,
    );
    let body = Body::of(&run);
    assert_eq!(
        body,
        Body::Json {
            arguments: "{\n  \"a\": 1\n}".into(),
            result: "fine".into()
        }
    );
}

#[test]
fn a_workspace_that_is_made_shows_its_log_then_its_name_and_link() {
    let args = Some(json!({"template_id": "service"}));
    let running = ToolRun::new(
        call("create_workspace", args.clone(), None),
        result(None, Some("Cloning\n"), false),
        true,
    );
    let (summary, body) = described(&running);
    assert_eq!(summary.verb, "Making a workspace");
    assert!(matches!(body, Body::Workspace { log, id: None, .. } if log == "Cloning\n"));
    let answer = json!({
        "created": true, "workspace_id": "w", "workspace_name": "service-1", "status": "ready", "build_id": "b"
    });
    let done = ToolRun::new(
        call("create_workspace", args, None),
        result(Some(answer), None, false),
        false,
    );
    let (summary, body) = described(&done);
    assert_eq!(
        (done.state, summary.verb.as_str(), summary.object.as_str()),
        (ToolState::Done, "Made workspace", "service-1")
    );
    assert!(matches!(body, Body::Workspace { id: Some(id), .. } if id == "w"));
}

#[test]
fn a_build_that_failed_is_a_failure_although_the_tool_answered() {
    let answer = json!({
        "created": true, "workspace_id": "w", "workspace_name": "service-1", "status": "failed", "build_id": "b",
        "error": "The setup script failed.", "log": "no such command\n", "hint": "Call start_workspace."
    });
    let run = ToolRun::new(
        call("create_workspace", Some(json!({})), None),
        result(Some(answer), None, false),
        false,
    );
    let (summary, body) = described(&run);
    assert_eq!(
        (run.state, summary.verb.as_str()),
        (ToolState::Failed, "Could not make a workspace")
    );
    let Body::Workspace { log, errors, .. } = body else {
        panic!("a workspace")
    };
    assert_eq!(
        (log.as_str(), errors),
        (
            "no such command\n",
            vec!["The setup script failed.".to_owned()]
        )
    );
}

#[test]
fn refused_values_are_named_and_an_existing_workspace_is_called_so() {
    let answer = json!({
        "error": "Some fields are not right.",
        "validations": [{"field": "parameters.region", "detail": "Give a value."}]
    });
    let refused = ToolRun::new(
        call("create_workspace", Some(json!({})), None),
        result(Some(answer), None, true),
        false,
    );
    let body = Body::of(&refused);
    assert!(
        matches!(body, Body::Workspace { errors, .. } if errors == ["Some fields are not right.", "parameters.region: Give a value."])
    );
    let answer = json!({"created": false, "workspace_name": "service-1", "status": "stopped"});
    let found = ToolRun::new(
        call("create_workspace", Some(json!({})), None),
        result(Some(answer), None, false),
        false,
    );
    assert_eq!(describe(&found).verb, "Found stopped workspace");
}

#[test]
fn an_action_on_the_desktop_is_told_with_the_screen_after_it() {
    let id = "01900000-0000-7000-8000-000000000001";
    let args = json!({"action": "left_click", "coordinate": [640, 360.5], "text": "ctrl"});
    let picture = json!({"screenshot": {"file_id": id, "name": "a.png", "media_type": "image/png", "width": 1280}});
    let run = ToolRun::new(
        call("computer", Some(args), None),
        result(Some(picture), None, false),
        false,
    );
    let (summary, body) = described(&run);
    assert_eq!(summary.object, "left click at 640, 360.5: ctrl");
    let Body::File(file) = body else {
        panic!("a picture");
    };
    assert_eq!(file.file_id.unwrap().to_string(), id);

    let refused = json!({"error": "There is no desktop."});
    let run = ToolRun::new(
        call("computer", Some(json!({"action": "screenshot"})), None),
        result(Some(refused), None, true),
        false,
    );
    let (summary, body) = described(&run);
    assert_eq!(
        (summary.verb.as_str(), summary.object.as_str()),
        ("Failed on the desktop", "screenshot")
    );
    assert_eq!(body, Body::Text("There is no desktop.".to_owned()));
}

#[test]
fn a_search_of_the_provider_tells_its_pages() {
    let searched = |args: Value, answer: Option<Value>, is_error| {
        let call = ToolCallPart {
            provider_executed: true,
            ..call("web_search", Some(args), None)
        };
        let result = answer.and_then(|answer| result(Some(answer), None, is_error));
        ToolRun::new(call, result, true)
    };
    let found = json!({"sources": [
        {"url": "https://www.rust-lang.org/", "title": "<b>Rust</b>", "page_age": "2 days ago"},
        {"url": "javascript:alert(1)", "title": "Evil"},
        {"url": "http://example.com/a"},
        "no page",
    ]});
    let query = json!({"query": "rust"});
    let (summary, body) = described(&searched(query.clone(), Some(found), false));
    assert_eq!(
        (summary.verb.as_str(), summary.object.as_str()),
        ("Searched the web for", "“rust”")
    );
    let Body::Pages(pages) = body else {
        panic!("{body:?}")
    };
    let told: Vec<_> = pages
        .iter()
        .map(|page| (page.title.as_str(), page.host()))
        .collect();
    assert_eq!(
        told,
        [
            ("<b>Rust</b>", "rust-lang.org"),
            ("example.com", "example.com")
        ]
    );
    let failure = json!({"error": "No.", "error_code": "unavailable"});
    let (summary, body) = described(&searched(query, Some(failure), true));
    assert_eq!(summary.verb, "Could not search the web for");
    assert_eq!(body, Body::Text("No.".to_owned()));
    let open = json!({"action": "open_page", "url": "https://example.com"});
    assert_eq!(describe(&searched(open, None, false)).verb, "Opening");
    assert_eq!(
        describe(&searched(json!({}), None, false)).verb,
        "Searching the web"
    );
    // One of a workspace or a client is shown as any other.
    let own = ToolRun::new(call("web_search", Some(json!({})), None), None, true);
    assert_eq!(describe(&own).verb, "Calling");
}
