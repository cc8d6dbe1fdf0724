//! What the card of a tool call shows when it is opened.

use sdk::parts::{CHAT_CLEARED, CHAT_SUMMARIZED, FilePart};
use serde_json::Value;

use super::computer::screen;
use super::describe::{answer, answer_text, argument, text_of};
use super::files::attached;
use super::planning::{plan, questions};
use super::subagents::report;
use super::web_search::pages;
use super::workspaces::{build, template, templates};
use super::{ATTACH_FILE, PROPOSE_PLAN, ToolRun};
use crate::components::chat::web_pages::WebPage;
use crate::diff::{self, DiffFile, FileChange};

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
    /// Pages of the web.
    Pages(Vec<WebPage>),
    /// Arguments and result as they are.
    Json {
        /// The arguments.
        arguments: String,
        /// The answer.
        result: String,
    },
}

impl Body {
    /// What a call's card holds.
    pub fn of(run: &ToolRun) -> Self {
        let text = |field| {
            let words = error_text(run).or_else(|| answer_text(run, field));
            Self::Text(words.unwrap_or_default())
        };
        match run.call.tool_name.as_str() {
            "read_file" | "read_skill_file" => text("content"),
            "read_skill" => text("body"),
            "write_file" => written_file(run),
            "edit_files" => edited(run),
            ATTACH_FILE => attached(run),
            "execute" => {
                let folder = Some(argument(run, "workdir")).filter(|folder| !folder.is_empty());
                command_body(run, argument(run, "command"), folder)
            }
            "process_output" => command_body(run, String::new(), None),
            "process_list" | "process_signal" if answer(run, "output").is_some() => {
                command_body(run, String::new(), None)
            }
            "list_templates" => templates(run),
            "read_template" => template(run),
            "create_workspace" | "start_workspace" | "stop_workspace" => build(run),
            PROPOSE_PLAN => plan(run),
            "ask_user_question" => questions(run),
            "spawn_agent"
            | "spawn_computer_use_agent"
            | "wait_agent"
            | "message_agent"
            | "interrupt_agent" => report(run),
            "computer" => screen(run),
            "web_search" if run.call.provider_executed => pages(run),
            CHAT_SUMMARIZED => text("summary"),
            CHAT_CLEARED => Self::Text(
                "The model sees nothing of what was said above. You still do.".to_owned(),
            ),
            _ => json(run),
        }
    }
}

fn written_file(run: &ToolRun) -> Body {
    if let Some(error) = error_text(run) {
        return Body::Text(error);
    }
    let files = answer_text(run, "diff")
        .map(|text| diff::parse(&text))
        .filter(|files| !files.is_empty());
    Body::Edits(
        files.unwrap_or_else(|| vec![whole_file(argument(run, "path"), &argument(run, "content"))]),
    )
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

fn edited(run: &ToolRun) -> Body {
    error_text(run).map_or_else(|| Body::Edits(edited_files(run)), Body::Text)
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

fn command_body(run: &ToolRun, command: String, folder: Option<String>) -> Body {
    let streamed = run
        .result
        .as_ref()
        .and_then(|result| result.result_delta.clone());
    let output = answer_text(run, "output").or(streamed).unwrap_or_default();
    // The tool's own note on that tells the model what to do.
    let mut notes: Vec<String> = if run.goes_on() {
        vec![
            "It goes on in the background. The agent can look at what it prints, and end it."
                .to_owned(),
        ]
    } else {
        ["error", "note"]
            .into_iter()
            .filter_map(|name| answer_text(run, name))
            .collect()
    };
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

fn json(run: &ToolRun) -> Body {
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
    Body::Json { arguments, result }
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

fn pretty(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}
