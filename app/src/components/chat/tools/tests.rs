#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Value, json};

use super::partial_json::text_field;
use super::*;

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
    let (summary, body) = describe(&run);
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
    let (summary, _) = describe(&run);
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
    let (summary, _) = describe(&run);
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
    let (_, body) = describe(&run);
    assert_eq!(
        body,
        Body::Json {
            arguments: "{\n  \"a\": 1\n}".into(),
            result: "fine".into()
        }
    );
}
