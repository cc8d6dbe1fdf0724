//! What the model is told of its workspace before each step. The instruction files are the repository's words: cut,
//! and without what a person who reads them would not see.

use std::fmt::Write as _;

use sdk::ids::ChatId;
use workspace::connection::AgentError;
use workspace::protocol::InstructionFile;

use super::planning::plan_file;
use super::skills;
use crate::prompt::visible;
use crate::sources::ConnectedWorkspace;

/// What is known of a workspace.
pub(super) struct Facts {
    /// For the prompt.
    pub(super) text: String,
    /// Whether there are skills to read.
    pub(super) has_skills: bool,
}

/// `plan_of` is the chat whose plan file is named among them.
pub(super) async fn gather(
    connected: &ConnectedWorkspace,
    plan_of: Option<ChatId>,
) -> Result<Facts, AgentError> {
    let context = connected.client.context().await?;
    let about = &context.about;
    let mut facts = format!(
        "<workspace>\nOperating system: {}\nWorking directory: {}\n",
        about.operating_system, about.working_directory
    );
    if let Some(branch) = &connected.branch {
        let _ = writeln!(facts, "Git branch: {branch}");
    }
    if let Some(chat) = plan_of {
        let plan = plan_file(&about.home_directory, chat);
        let _ = writeln!(facts, "Plan file: {plan}");
    }
    for file in &context.instruction_files {
        let text = instructions(file);
        if !text.is_empty() {
            let _ = writeln!(facts, "Instructions from {}:\n{text}", file.path);
        }
    }
    facts.push_str("</workspace>");
    let index = skills::index(&context.skills);
    if let Some(index) = &index {
        let _ = write!(facts, "\n{index}");
    }
    Ok(Facts {
        text: facts,
        has_skills: index.is_some(),
    })
}

fn instructions(file: &InstructionFile) -> String {
    let mut text = visible::shown(&file.text);
    if file.is_cut && !text.is_empty() {
        text.push_str("\n(cut at 64 KiB)");
    }
    text
}
