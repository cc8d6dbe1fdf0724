//! The tools of a chat with a workspace. The workspace is connected when the first of them needs it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sdk::ids::{ChatId, WorkspaceId};
use sdk::parts::ToolCallPart;
use store::chats::ChatRow;
use tokio::time::timeout;
use workspace::connection::AgentError;

use super::{
    Outcome, ToolContext, ToolSet, ToolSource, definitions, execute, facts, files, processes,
};
use crate::sources::{ConnectedWorkspace, WorkspaceSource, WorkspaceUnavailable};

/// A workspace that must be started may take this long before the turn goes on without its facts.
const FACTS_DEADLINE: Duration = Duration::from_secs(20);

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
            facts::gather(&connected).await.ok()
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

/// An agent's refusal in words for the model.
pub(super) fn agent_error(error: &AgentError) -> Outcome {
    match error {
        AgentError::Disconnected { .. } | AgentError::Timeout { .. } => Outcome::error(format!(
            "The workspace does not answer: {error}. Try again, or tell the user."
        )),
        _ => Outcome::error(error.to_string()),
    }
}
