//! What the demo model plays when a message holds no directive: a small, honest piece of work.
//!
//! With workspace tools: list the folder, read a file, change it and add one, look at the change, sum up. Paths come
//! from the results, so it works in any folder; a tool that fails ends the work early with a word about it. Without
//! tools it talks.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::conversation::{Conversation, ToolAnswer};
use super::parse::plain_words;
use super::play::NOTICE;
use super::script::{Action, Step};

/// The file it adds.
const NOTE_FILE: &str = "SWITCHYARD_DEMO.md";
/// Put under the first line of the file it read.
const MARK: &str = "> The scripted demo model of Switchyard was here.";
const LISTING: &str = "pwd; git ls-files 2>/dev/null | head -n 40; ls -A | head -n 40";
const CHECK: &str =
    "git status --short 2>/dev/null; git diff --stat 2>/dev/null; cat SWITCHYARD_DEMO.md";
const READABLE: &[&str] = &[
    ".md", ".txt", ".rs", ".py", ".js", ".ts", ".go", ".toml", ".json", ".yaml", ".yml", ".c",
    ".h", ".sh",
];
/// Lines of a result that the summary quotes.
const QUOTED_LINES: usize = 12;

/// What comes next in the turn.
pub(super) fn step(conversation: &Conversation<'_>) -> Step {
    if !conversation.has_tool("execute") || conversation.lacks_workspace() {
        return talk(conversation);
    }
    if let Some(failed) = conversation
        .last_answers()
        .iter()
        .find(|answer| answer.is_error)
    {
        return give_up(failed);
    }
    match conversation.step() {
        0 => list(conversation),
        1 => read(conversation),
        2 => change(conversation),
        3 => check(),
        _ => sum_up(conversation),
    }
}

fn talk(conversation: &Conversation<'_>) -> Step {
    let mut text = format!(
        "{NOTICE}: it follows a fixed script and understands nothing of what you write.\n\n"
    );
    let message = conversation.last_words();
    let words: Vec<&str> = plain_words(&message).take(12).collect();
    if !words.is_empty() {
        append(
            &mut text,
            format_args!("Your message began with “{}”", words.join(" ")),
        );
        append(
            &mut text,
            format_args!(
                " and came with {} image(s).\n\n",
                conversation.image_count()
            ),
        );
    }
    text.push_str("There is no workspace in this chat, so it can only talk. To see more:\n\n");
    text.push_str("- choose a folder for the chat, and it will list, read and change files\n");
    text.push_str("- put directives into a message, and it will do what they say\n");
    text.push_str("- connect a real model in the settings\n\n");
    text.push_str("```text\n!text \"Hello\"\n!tokens 50\n!pace 20ms\n```\n");
    Step {
        actions: vec![
            Action::Reason("The script has no tools to use. It will talk.".to_owned()),
            Action::Text(text),
        ],
        ..Step::default()
    }
}

fn give_up(failed: &ToolAnswer) -> Step {
    let text = format!(
        "{NOTICE}: its script ends here, because the tool `{}` answered with an error.\n\n```text\n{}\n```\n",
        failed.name,
        quoted(&failed.text)
    );
    Step {
        actions: vec![Action::Text(text)],
        ..Step::default()
    }
}

fn list(conversation: &Conversation<'_>) -> Step {
    let words = conversation.last_words();
    let about: Vec<&str> = plain_words(&words).take(8).collect();
    let text = format!(
        "{NOTICE}: it plays the same small piece of work for every message (yours began with “{}”).\n\n\
         It will list the folder, read a file, make a change and look at it.",
        about.join(" ")
    );
    Step {
        actions: vec![
            Action::Reason(
                "The script begins. First it needs to know which files are there.".to_owned(),
            ),
            Action::Text(text),
            call("execute", &json!({"command": LISTING})),
        ],
        ..Step::default()
    }
}

fn read(conversation: &Conversation<'_>) -> Step {
    let folder = Folder::of(conversation);
    let (text, call) = match folder.file().filter(|_| conversation.has_tool("read_file")) {
        Some(path) => (
            "Next it reads a file.",
            call("read_file", &json!({"path": path, "limit": 60})),
        ),
        None => (
            "There is no file to read, so it looks closer at the folder.",
            call("execute", &json!({"command": "ls -la"})),
        ),
    };
    Step {
        actions: vec![Action::Text(text.to_owned()), call],
        ..Step::default()
    }
}

/// Two changes in one step, so that parallel calls can be seen.
fn change(conversation: &Conversation<'_>) -> Step {
    let folder = Folder::of(conversation);
    let mut actions = vec![Action::Text("Now it makes its change.".to_owned())];
    if conversation.has_tool("edit_files")
        && let Some((path, first_line)) = folder.file().zip(first_line(conversation))
    {
        let uses_text_names = conversation.tool_takes("edit_files", "old_text");
        let (before, after) = if uses_text_names {
            ("old_text", "new_text")
        } else {
            ("search", "replace")
        };
        let edit = json!({before: first_line, after: format!("{first_line}\n\n{MARK}")});
        actions.push(call(
            "edit_files",
            &json!({"files": [{"path": path, "edits": [edit]}]}),
        ));
    }
    let note = format!(
        "# A note from the demo\n\n{NOTICE}. It wrote this file to show how a change looks.\n"
    );
    if conversation.has_tool("write_file") {
        actions.push(call(
            "write_file",
            &json!({"path": folder.path(NOTE_FILE), "content": note}),
        ));
    } else {
        actions.push(call(
            "execute",
            &json!({"command": format!("printf '%s\\n' '{NOTICE}.' > {NOTE_FILE}")}),
        ));
    }
    Step {
        actions,
        ..Step::default()
    }
}

fn check() -> Step {
    let text = "Last, it looks at what changed.".to_owned();
    Step {
        actions: vec![
            Action::Text(text),
            call("execute", &json!({"command": CHECK})),
        ],
        ..Step::default()
    }
}

fn sum_up(conversation: &Conversation<'_>) -> Step {
    let answers = conversation.answers();
    let mut text =
        format!("{NOTICE}: this summary is written in its script.\n\n## What happened\n\n");
    for answer in &answers {
        append(&mut text, format_args!("- `{}` ran\n", answer.name));
    }
    text.push_str("\nThe last command printed:\n\n```text\n");
    text.push_str(
        &answers
            .last()
            .map(|answer| quoted(&answer.field("output")))
            .unwrap_or_default(),
    );
    text.push_str("\n```\n\nThe changes are in the panel beside the chat. Connect a real model in the settings to get real work done.\n");
    Step {
        actions: vec![Action::Text(text)],
        ..Step::default()
    }
}

/// The folder as the listing showed it: its path, then names.
struct Folder {
    root: String,
    names: Vec<String>,
}

impl Folder {
    fn of(conversation: &Conversation<'_>) -> Self {
        let listing = conversation
            .answers()
            .first()
            .map(|answer| answer.field("output"))
            .unwrap_or_default();
        let mut lines = listing
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .peekable();
        let root = lines
            .next_if(|line| line.starts_with('/'))
            .unwrap_or_default();
        Self {
            root,
            names: lines.collect(),
        }
    }

    fn path(&self, name: &str) -> String {
        if self.root.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.root.trim_end_matches('/'))
        }
    }

    /// A README, else the first file that looks readable.
    fn file(&self) -> Option<String> {
        let is_readme = |name: &&String| name.to_lowercase().starts_with("readme");
        let is_readable = |name: &&String| {
            *name != NOTE_FILE && READABLE.iter().any(|ending| name.ends_with(ending))
        };
        let name = self
            .names
            .iter()
            .find(is_readme)
            .or_else(|| self.names.iter().find(is_readable))?;
        Some(self.path(name))
    }
}

/// First line with words in the file that was read; `read_file` writes number, tab, text.
fn first_line(conversation: &Conversation<'_>) -> Option<String> {
    let answer = conversation
        .answers()
        .into_iter()
        .find(|answer| answer.name == "read_file")?;
    let content = answer.field("content");
    let lines = content
        .lines()
        .map(|line| line.split_once('\t').map_or(line, |(_, text)| text));
    lines
        .filter(|line| line.trim() != MARK)
        .find(|line| !line.trim().is_empty())
        .map(str::to_owned)
}

fn quoted(text: &str) -> String {
    // A fence inside would end the block that quotes it.
    text.lines()
        .filter(|line| !line.trim_start().starts_with("```"))
        .take(QUOTED_LINES)
        .collect::<Vec<_>>()
        .join("\n")
}

fn call(name: &str, arguments: &Value) -> Action {
    Action::Call {
        name: name.to_owned(),
        arguments: arguments.to_string(),
    }
}

fn append(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    text.write_fmt(arguments).ok();
}
