//! One line for each kind of tool call. What its card shows when opened is told in `body`, which comes later.

use sdk::parts::{CHAT_CLEARED, CHAT_SUMMARIZED};
use serde_json::Value;

use super::computer::computer;
use super::files::attach_file;
use super::partial_json::text_field;
use super::planning;
use super::subagents::subagent;
use super::web_search::web_search;
use super::workspaces;
use super::{ATTACH_FILE, PROPOSE_PLAN, ToolRun, ToolState};
use crate::components::chat::words;
use crate::components::icons::Icon;
use crate::diff;

/// The one line of a tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Which picture stands for it.
    pub icon: Icon,
    /// What happened, as a verb.
    pub verb: String,
    /// To what: a path, a command.
    pub object: String,
    /// Lines added and removed, for edits.
    pub counts: Option<(u32, u32)>,
}

/// Says what a tool call does or did.
pub fn describe(run: &ToolRun) -> Summary {
    match run.call.tool_name.as_str() {
        "read_file" => read_file(run),
        "read_skill" => read_skill(run, argument(run, "name")),
        "read_skill_file" => {
            let (name, path) = (argument(run, "name"), argument(run, "path"));
            read_skill(run, format!("{name}/{path}"))
        }
        "write_file" => write_file(run),
        "edit_files" => edit_files(run),
        ATTACH_FILE => attach_file(run),
        "execute" => execute(run),
        "process_output" => process(
            run,
            Icon::Terminal,
            [
                "Reading output of",
                "Read output of",
                "Could not read output of",
            ],
        ),
        "process_list" => process(
            run,
            Icon::List,
            [
                "Listing processes",
                "Listed processes",
                "Could not list processes",
            ],
        ),
        "process_signal" => process(run, Icon::Square, ["Stopping", "Stopped", "Could not stop"]),
        "list_templates" => workspaces::list_templates(run),
        "read_template" => workspaces::read_template(run),
        "create_workspace" => workspaces::workspace(
            run,
            Icon::FolderPlus,
            [
                "Making a workspace",
                "Made workspace",
                "Could not make a workspace",
            ],
        ),
        "start_workspace" => workspaces::workspace(
            run,
            Icon::Monitor,
            [
                "Starting the workspace",
                "Started workspace",
                "Could not start the workspace",
            ],
        ),
        "stop_workspace" => workspaces::workspace(
            run,
            Icon::Square,
            [
                "Stopping the workspace",
                "Stopped workspace",
                "Could not stop the workspace",
            ],
        ),
        PROPOSE_PLAN => planning::propose_plan(run),
        "ask_user_question" => planning::ask_user_question(run),
        "spawn_agent"
        | "spawn_computer_use_agent"
        | "wait_agent"
        | "message_agent"
        | "interrupt_agent" => subagent(run),
        "computer" => computer(run),
        // A tool of somebody else may have that name.
        "web_search" if run.call.provider_executed => web_search(run),
        CHAT_SUMMARIZED => summarized(run),
        CHAT_CLEARED => summary(
            run,
            Icon::Brain,
            ["Clearing", "Cleared", "Could not clear"],
            "what the model remembers".to_owned(),
        ),
        _ => generic(run),
    }
}

fn summarized(run: &ToolRun) -> Summary {
    summary(
        run,
        Icon::Brain,
        ["Summarizing", "Summarized", "Could not summarize"],
        "the conversation for the model".to_owned(),
    )
}

/// Whether a result without the error mark still tells of a failure: a command that did not end well, a build that
/// failed.
pub fn is_failure(result: &Value) -> bool {
    if result.get("build_id").is_some() && result.get("error").is_some() {
        return true;
    }
    let code = result.get("exit_code").and_then(Value::as_i64);
    code.is_some_and(|code| code != 0)
        && result
            .get("background_process_id")
            .is_none_or(Value::is_null)
}

fn read_file(run: &ToolRun) -> Summary {
    let lines = answer(run, "total_lines")
        .and_then(Value::as_u64)
        .map(|lines| format!(" · {lines} lines"));
    let object = format!("{}{}", argument(run, "path"), lines.unwrap_or_default());
    summary(
        run,
        Icon::FileText,
        ["Reading", "Read", "Could not read"],
        object,
    )
}

fn read_skill(run: &ToolRun, object: String) -> Summary {
    summary(
        run,
        Icon::Sparkles,
        ["Reading skill", "Read skill", "Could not read skill"],
        object,
    )
}

fn write_file(run: &ToolRun) -> Summary {
    let mut line = summary(
        run,
        Icon::FilePlus,
        ["Writing", "Wrote", "Could not write"],
        argument(run, "path"),
    );
    if !is_error(run) {
        let changed = answer_text(run, "diff").filter(|text| !text.is_empty());
        line.counts = Some(match changed {
            Some(text) => diff::count_lines(&text),
            None => (
                u32::try_from(argument(run, "content").lines().count()).unwrap_or(u32::MAX),
                0,
            ),
        });
    }
    line
}

fn edit_files(run: &ToolRun) -> Summary {
    let paths = edited_paths(run);
    let object = match paths.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        many => words::count(many.len(), "file", "files"),
    };
    let mut line = summary(
        run,
        Icon::FilePen,
        ["Editing", "Edited", "Could not edit"],
        object,
    );
    if let (false, Some(files)) = (
        is_error(run),
        answer(run, "files").and_then(Value::as_array),
    ) {
        line.counts = files
            .iter()
            .filter_map(|file| file.get("diff")?.as_str())
            .map(diff::count_lines)
            .reduce(|total, file| (total.0 + file.0, total.1 + file.1));
    }
    line
}

fn edited_paths(run: &ToolRun) -> Vec<String> {
    let listed = run
        .call
        .args
        .as_ref()
        .and_then(|args| args.get("files"))
        .and_then(Value::as_array);
    match listed {
        Some(files) => files
            .iter()
            .filter_map(|file| text_of(file.get("path")?))
            .collect(),
        None => run
            .call
            .args_delta
            .as_deref()
            .and_then(|json| text_field(json, "path"))
            .into_iter()
            .collect(),
    }
}

fn execute(run: &ToolRun) -> Summary {
    let command = argument(run, "command");
    let first_line = command.lines().next().unwrap_or_default();
    let object = if first_line.len() < command.trim_end().len() {
        format!("{first_line} …")
    } else {
        first_line.to_owned()
    };
    summary(run, Icon::Terminal, ["Running", "Ran", "Ran"], object)
}

fn process(run: &ToolRun, icon: Icon, verbs: [&str; 3]) -> Summary {
    summary(run, icon, verbs, argument(run, "process_id"))
}

fn generic(run: &ToolRun) -> Summary {
    summary(
        run,
        Icon::Wrench,
        ["Calling", "Called", "Called"],
        run.call.tool_name.clone(),
    )
}

pub(super) fn summary(
    run: &ToolRun,
    icon: Icon,
    [open, done, failed]: [&str; 3],
    object: String,
) -> Summary {
    let verb = match run.state {
        ToolState::Preparing | ToolState::Running => open,
        ToolState::Done => done,
        ToolState::Failed | ToolState::Interrupted => failed,
    };
    Summary {
        icon,
        verb: verb.to_owned(),
        object,
        counts: None,
    }
}

pub(super) fn argument(run: &ToolRun, name: &str) -> String {
    let complete = run
        .call
        .args
        .as_ref()
        .and_then(|args| args.get(name))
        .and_then(text_of);
    let streamed = || {
        run.call
            .args_delta
            .as_deref()
            .and_then(|json| text_field(json, name))
    };
    complete.or_else(streamed).unwrap_or_default()
}

pub(super) fn answer<'run>(run: &'run ToolRun, name: &str) -> Option<&'run Value> {
    run.result
        .as_ref()?
        .result
        .as_ref()?
        .get(name)
        .filter(|value| !value.is_null())
}

pub(super) fn answer_text(run: &ToolRun, name: &str) -> Option<String> {
    answer(run, name).and_then(text_of)
}

fn is_error(run: &ToolRun) -> bool {
    run.result.as_ref().is_some_and(|result| result.is_error)
}

pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
