//! What an agent that only explores may use: it looks and reports. That its commands change nothing is held by the kernel in
//! the workspace (`workspace::read_only`).

use async_trait::async_trait;
use sdk::parts::ToolCallPart;

use super::workspace_tools::WorkspaceTools;
use super::{Outcome, ToolContext, ToolSet};

const ALLOWED: [&str; 5] = [
    "read_file",
    "execute",
    "process_output",
    "read_skill",
    "read_skill_file",
];

/// What such an agent is told beside the usual.
pub(crate) const INSTRUCTIONS: &str = "\
You find something out in a workspace for another agent that reads only your last message. Look with read_file and execute \
(rg, git log, git grep, ls, find). Your commands cannot write, install, commit, move or delete anything; only $TMPDIR is \
theirs to write. Look in parallel where questions do not hang on each other, and stop when the question is answered.\n\
Answer in your last message with what you found (path:line), the few lines that matter, what follows from them, and what you \
could not find out.";

/// The tools of a chat that only explores.
#[derive(Debug)]
pub(super) struct ExploreTools {
    pub(super) tools: WorkspaceTools,
}

#[async_trait]
impl ToolSet for ExploreTools {
    fn definitions(&self) -> Vec<llm::Tool> {
        let mut tools = self.tools.definitions();
        tools.retain(|tool| ALLOWED.contains(&tool.name.as_str()));
        tools
    }

    async fn facts(&self) -> Option<String> {
        self.tools.gather_facts(None).await
    }

    async fn run(&self, call: &ToolCallPart, context: ToolContext) -> Outcome {
        if !ALLOWED.contains(&call.tool_name.as_str()) {
            return Outcome::error(format!(
                "{:?} is not for agents that only explore. Report what has to be done instead.",
                call.tool_name
            ));
        }
        self.tools.run(call, context).await
    }

    async fn resume(&self, call: &ToolCallPart, context: ToolContext) -> Option<Outcome> {
        self.tools.resume(call, context).await
    }
}
