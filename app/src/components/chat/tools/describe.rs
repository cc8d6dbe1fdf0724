//! One line for each kind of tool call, and what its card shows when opened.

use sdk::parts::{CHAT_CLEARED, CHAT_SUMMARIZED, FilePart};
use serde_json::Value;

use super::computer::computer;
use super::files::attach_file;
use super::partial_json::text_field;
use super::planning;
use super::subagents::subagent;
use super::workspaces;
use super::{ToolRun, ToolState};
use crate::components::chat::words;
use crate::components::icons::Icon;
use crate::diff::{self, DiffFile, FileChange};

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

/// What an opened card shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A command, its output as far as it came, and how it ended.
    Command {
        /// The whole command.
        command: String,
        /// Where it ran.
        folder: Option<String>,
        /// What it printed.
        output: String,
        /// Its exit code, once it ended.
        exit_code: Option<i64>,
        /// Further words of the tool: what was cut, that it goes on in the background.
        notes: Vec<String>,
    },
    /// Changed files.
    Edits(Vec<DiffFile>),
    /// Text that was read, written or answered.
    Text(String),
    /// A plan, as Markdown.
    Plan(String),
    /// A workspace that is made, started or stopped.
    Workspace {
        /// Its id, once it is known.
        id: Option<String>,
        /// What the build says, as far as it came, or its end.
        log: String,
        /// Why it failed, and which values were refused.
        errors: Vec<String>,
        /// Further words: what to do next.
        note: Option<String>,
    },
    /// An agent that was given work.
    Agent {
        /// Its chat, once it is known.
        id: Option<String>,
        /// What it was told, or what it reported, as Markdown.
        text: String,
    },
    /// A file that was handed over.
    File(FilePart),
    /// Arguments and result as they are.
    Json {
        /// The arguments.
        arguments: String,
        /// The answer.
        result: String,
    },
}

/// Says what a tool call does or did, and what its card holds.
pub fn describe(run: &ToolRun) -> (Summary, Body) {
    match run.call.tool_name.as_str() {
        "read_file" => read_file(run),
        "read_skill" => read_skill(run, "body", argument(run, "name")),
        "read_skill_file" => {
            let (name, path) = (argument(run, "name"), argument(run, "path"));
            read_skill(run, "content", format!("{name}/{path}"))
        }
        "write_file" => write_file(run),
        "edit_files" => edit_files(run),
        "attach_file" => attach_file(run),
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
        "propose_plan" => planning::propose_plan(run),
        "ask_user_question" => planning::ask_user_question(run),
        "spawn_agent"
        | "spawn_computer_use_agent"
        | "wait_agent"
        | "message_agent"
        | "interrupt_agent" => subagent(run),
        "computer" => computer(run),
        CHAT_SUMMARIZED => summarized(run),
        CHAT_CLEARED => (
            summary(
                run,
                Icon::Brain,
                ["Clearing", "Cleared", "Could not clear"],
                "what the model remembers".to_owned(),
            ),
            Body::Text("The model sees nothing of what was said above. You still do.".to_owned()),
        ),
        _ => generic(run),
    }
}

fn summarized(run: &ToolRun) -> (Summary, Body) {
    let line = summary(
        run,
        Icon::Brain,
        ["Summarizing", "Summarized", "Could not summarize"],
        "the conversation for the model".to_owned(),
    );
    let words = error_text(run)
        .or_else(|| answer_text(run, "summary"))
        .unwrap_or_default();
    (line, Body::Text(words))
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

fn read_file(run: &ToolRun) -> (Summary, Body) {
    let lines = answer(run, "total_lines")
        .and_then(Value::as_u64)
        .map(|lines| format!(" · {lines} lines"));
    let object = format!("{}{}", argument(run, "path"), lines.unwrap_or_default());
    let body = error_text(run)
        .or_else(|| answer_text(run, "content"))
        .unwrap_or_default();
    (
        summary(
            run,
            Icon::FileText,
            ["Reading", "Read", "Could not read"],
            object,
        ),
        Body::Text(body),
    )
}

fn read_skill(run: &ToolRun, field: &str, object: String) -> (Summary, Body) {
    let line = summary(
        run,
        Icon::Sparkles,
        ["Reading skill", "Read skill", "Could not read skill"],
        object,
    );
    let text = error_text(run).or_else(|| answer_text(run, field));
    (line, Body::Text(text.unwrap_or_default()))
}

fn write_file(run: &ToolRun) -> (Summary, Body) {
    let content = argument(run, "content");
    let path = argument(run, "path");
    let mut line = summary(
        run,
        Icon::FilePlus,
        ["Writing", "Wrote", "Could not write"],
        path.clone(),
    );
    if let Some(error) = error_text(run) {
        return (line, Body::Text(error));
    }
    let files = answer_text(run, "diff")
        .map(|text| diff::parse(&text))
        .filter(|files| !files.is_empty());
    let files = files.unwrap_or_else(|| vec![whole_file(path, &content)]);
    line.counts = Some(counts(&files));
    (line, Body::Edits(files))
}

fn whole_file(path: String, content: &str) -> DiffFile {
    let mut text = format!(
        "--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{} @@\n",
        content.lines().count()
    );
    for line in content.lines() {
        text.push('+');
        text.push_str(line);
        text.push('\n');
    }
    let parsed = diff::parse(&text).into_iter().next();
    parsed.unwrap_or(DiffFile {
        new_path: Some(path),
        change: FileChange::Added,
        ..DiffFile::default()
    })
}

fn edit_files(run: &ToolRun) -> (Summary, Body) {
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
    if let Some(error) = error_text(run) {
        return (line, Body::Text(error));
    }
    let files = edited_files(run);
    if !files.is_empty() {
        line.counts = Some(counts(&files));
    }
    (line, Body::Edits(files))
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

fn edited_files(run: &ToolRun) -> Vec<DiffFile> {
    let Some(files) = answer(run, "files").and_then(Value::as_array) else {
        return Vec::new();
    };
    files
        .iter()
        .filter_map(|file| {
            let mut parsed = diff::parse(file.get("diff")?.as_str()?)
                .into_iter()
                .next()?;
            parsed.new_path = text_of(file.get("path")?).or(parsed.new_path);
            Some(parsed)
        })
        .collect()
}

fn counts(files: &[DiffFile]) -> (u32, u32) {
    files.iter().fold((0, 0), |(added, removed), file| {
        (added + file.additions, removed + file.deletions)
    })
}

fn execute(run: &ToolRun) -> (Summary, Body) {
    let command = argument(run, "command");
    let first_line = command.lines().next().unwrap_or_default();
    let object = if first_line.len() < command.trim_end().len() {
        format!("{first_line} …")
    } else {
        first_line.to_owned()
    };
    let line = summary(run, Icon::Terminal, ["Running", "Ran", "Ran"], object);
    let folder = Some(argument(run, "workdir")).filter(|folder| !folder.is_empty());
    (line, command_body(run, command, folder))
}

fn command_body(run: &ToolRun, command: String, folder: Option<String>) -> Body {
    let streamed = run
        .result
        .as_ref()
        .and_then(|result| result.result_delta.clone());
    let output = answer_text(run, "output").or(streamed).unwrap_or_default();
    let mut notes: Vec<String> = ["error", "note"]
        .into_iter()
        .filter_map(|name| answer_text(run, name))
        .collect();
    if let Some(process) =
        answer_text(run, "background_process_id").filter(|process| !process.is_empty())
    {
        notes.push(format!("Goes on in the background as {process}."));
    }
    if let Some(omitted) = answer(run, "truncated")
        .and_then(|cut| cut.get("omitted_bytes"))
        .and_then(Value::as_u64)
    {
        notes.push(format!("{omitted} bytes in the middle were left out."));
    }
    Body::Command {
        command,
        folder,
        output,
        exit_code: answer(run, "exit_code").and_then(Value::as_i64),
        notes,
    }
}

fn process(run: &ToolRun, icon: Icon, verbs: [&str; 3]) -> (Summary, Body) {
    let id = argument(run, "process_id");
    let line = summary(run, icon, verbs, id.clone());
    if answer(run, "output").is_some() || run.call.tool_name == "process_output" {
        return (line, command_body(run, String::new(), None));
    }
    let (_, body) = generic(run);
    (line, body)
}

fn generic(run: &ToolRun) -> (Summary, Body) {
    let arguments = match (&run.call.args, &run.call.args_delta) {
        (Some(args), _) => pretty(args),
        (None, Some(delta)) => delta.clone(),
        (None, None) => String::new(),
    };
    let result = run
        .result
        .as_ref()
        .and_then(|result| result.result.as_ref())
        .map(pretty)
        .unwrap_or_default();
    let line = summary(
        run,
        Icon::Wrench,
        ["Calling", "Called", "Called"],
        run.call.tool_name.clone(),
    );
    (line, Body::Json { arguments, result })
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

/// The words of a failed call: the `error` field, or the whole answer when it is a text.
pub(super) fn error_text(run: &ToolRun) -> Option<String> {
    let result = run
        .result
        .as_ref()
        .filter(|result| result.is_error)?
        .result
        .as_ref()?;
    let words = result
        .get("error")
        .or_else(|| result.get("message"))
        .and_then(text_of);
    Some(
        words
            .or_else(|| text_of(result))
            .unwrap_or_else(|| pretty(result)),
    )
}

pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn pretty(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}
