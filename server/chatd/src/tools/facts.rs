//! What the model is told of its workspace before each step. The instruction files are the repository's words: cut,
//! and without what a person who reads them would not see.

use std::fmt::Write as _;

use async_trait::async_trait;
use sdk::ids::ChatId;
use sdk::parts::ToolCallPart;
use workspace::connection::AgentError;
use workspace::protocol::InstructionFile;

use super::planning::plan_file;
use super::skills;
use super::{Outcome, ToolContext, ToolSet};
use crate::prompt::visible;
use crate::sources::ConnectedWorkspace;

/// Said to a chat that has no workspace and can make one.
pub(super) const NO_WORKSPACE_YET: &str = "<workspace>\n\
     This chat has no workspace yet. The tools for files and commands work only in one: create_workspace makes it. Do that when \
     the work needs it, and before you hand such work to another agent.\n</workspace>";
/// Said to one that cannot.
pub(super) const NO_WORKSPACE: &str = "<workspace>\n\
     This chat has no workspace and gets none, so there are no files to read and no commands to run. Answer from what you were \
     told and what you know, and say so where it takes a workspace to be sure.\n</workspace>";

/// What is known of a workspace.
pub(super) struct Facts {
    /// For the prompt.
    pub(super) text: String,
    /// Whether there are skills to read.
    pub(super) has_skills: bool,
}

/// Of a chat that has no workspace and cannot make one: no tools, which it is told.
#[derive(Debug)]
pub(super) struct NoWorkspaceTools;

#[async_trait]
impl ToolSet for NoWorkspaceTools {
    fn definitions(&self) -> Vec<llm::Tool> {
        Vec::new()
    }

    async fn facts(&self) -> Option<String> {
        Some(NO_WORKSPACE.to_owned())
    }

    async fn run(&self, call: &ToolCallPart, _context: ToolContext) -> Outcome {
        Outcome::error(format!(
            "There is no tool {:?} in this chat, because it has no workspace.",
            call.tool_name
        ))
    }
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
