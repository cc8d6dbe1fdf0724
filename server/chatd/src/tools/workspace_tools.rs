//! The tools of a chat with a workspace. The workspace is connected when the first of them needs it.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sdk::ids::{ChatId, WorkspaceId};
use sdk::parts::ToolCallPart;
use store::chats::ChatRow;
use tokio::time::timeout;
use workspace::connection::{AgentClient, AgentError};

use super::{Outcome, ToolContext, ToolSet, ToolSource, definitions, execute, files, processes};
use crate::sources::{ConnectedWorkspace, WorkspaceSource, WorkspaceUnavailable};

/// A workspace that must be started may take this long before the turn goes on without its facts.
const FACTS_DEADLINE: Duration = Duration::from_secs(20);
/// Longest instruction file in the prompt.
const MAX_INSTRUCTION_BYTES: usize = 64 * 1024;
/// Looked for in the working directory; the first one counts.
const INSTRUCTION_FILES: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];

/// Gives chats with a workspace its tools.
#[derive(Clone, Debug)]
pub struct WorkspaceToolSource {
    workspaces: Arc<dyn WorkspaceSource>,
}

impl WorkspaceToolSource {
    /// Tools that run in these workspaces.
    pub fn new(workspaces: Arc<dyn WorkspaceSource>) -> Self {
        Self { workspaces }
    }
}

impl ToolSource for WorkspaceToolSource {
    fn tools(&self, chat: &ChatRow) -> Option<Arc<dyn ToolSet>> {
        let workspace_id = chat.workspace_id?;
        let tools = WorkspaceTools {
            workspaces: self.workspaces.clone(),
            workspace_id,
            chat_id: chat.id,
        };
        Some(Arc::new(tools))
    }
}

/// The tools of one chat.
#[derive(Debug)]
pub struct WorkspaceTools {
    workspaces: Arc<dyn WorkspaceSource>,
    workspace_id: WorkspaceId,
    chat_id: ChatId,
}

impl WorkspaceTools {
    async fn connect(&self) -> Result<ConnectedWorkspace, WorkspaceUnavailable> {
        let mut connected = self
            .workspaces
            .connect(self.workspace_id, self.chat_id)
            .await?;
        connected.client = connected.client.for_chat(self.chat_id.0, Vec::new());
        Ok(connected)
    }

    async fn dispatch(
        &self,
        call: &ToolCallPart,
        context: &ToolContext,
    ) -> Result<Outcome, Outcome> {
        let connected = tokio::select! {
            connected = self.connect() => connected.map_err(|error| Outcome::error(error.message))?,
            () = context.cancel.cancelled() => return Err(Outcome::interrupted("The user stopped this.")),
        };
        let client = &connected.client;
        match call.tool_name.as_str() {
            "read_file" => files::read_file(client, call).await,
            "write_file" => files::write_file(client, call).await,
            "edit_files" => files::edit_files(client, call).await,
            "execute" => execute::execute(client, call, context).await,
            "process_output" => processes::process_output(client, call, context).await,
            "process_list" => processes::process_list(client).await,
            "process_signal" => processes::process_signal(client, call).await,
            other => Err(Outcome::error(format!("There is no tool {other:?}."))),
        }
    }
}

#[async_trait]
impl ToolSet for WorkspaceTools {
    fn definitions(&self) -> Vec<llm::Tool> {
        definitions::workspace()
    }

    async fn facts(&self) -> Option<String> {
        let gathered = timeout(FACTS_DEADLINE, async {
            let connected = self.connect().await.ok()?;
            gather(&connected).await.ok()
        });
        gathered.await.ok().flatten()
    }

    async fn run(&self, call: &ToolCallPart, context: ToolContext) -> Outcome {
        self.dispatch(call, &context)
            .await
            .unwrap_or_else(|error| error)
    }

    async fn resume(&self, call: &ToolCallPart, context: ToolContext) -> Option<Outcome> {
        if call.tool_name != "execute" {
            return None;
        }
        let connected = tokio::select! {
            connected = self.connect() => connected.ok()?,
            () = context.cancel.cancelled() => return None,
        };
        execute::resume(&connected.client, call, &context).await
    }
}

async fn gather(connected: &ConnectedWorkspace) -> Result<String, AgentError> {
    let about = connected.client.about().await?;
    let mut facts = format!(
        "<workspace>\nOperating system: {}\nWorking directory: {}\n",
        about.operating_system, about.working_directory
    );
    if let Some(branch) = &connected.branch {
        let _ = writeln!(facts, "Git branch: {branch}");
    }
    for name in INSTRUCTION_FILES {
        let path = format!("{}/{name}", about.working_directory);
        if let Some(text) = instructions(&connected.client, &path).await {
            let _ = writeln!(facts, "Instructions from {path}:\n{text}");
            break;
        }
    }
    facts.push_str("</workspace>");
    Ok(facts)
}

async fn instructions(client: &AgentClient, path: &str) -> Option<String> {
    let bytes = client.read_file(path).await.ok()?;
    let kept = bytes.get(..MAX_INSTRUCTION_BYTES).unwrap_or(&bytes);
    let mut text = String::from_utf8_lossy(kept).trim().to_owned();
    if text.is_empty() {
        return None;
    }
    if bytes.len() > MAX_INSTRUCTION_BYTES {
        text.push_str("\n(cut at 64 KiB)");
    }
    Some(text)
}

/// An agent's refusal in words for the model.
pub(super) fn agent_error(error: &AgentError) -> Outcome {
    match error {
        AgentError::Disconnected { .. } | AgentError::Timeout { .. } => Outcome::error(format!(
            "The workspace does not answer: {error}. Try again, or tell the user."
        )),
        _ => Outcome::error(error.to_string()),
    }
}
