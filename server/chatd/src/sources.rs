//! What the daemon needs from above: models, and tools for a chat. `platform` implements both.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use sdk::chats::ChatError;
use sdk::ids::{ChatId, ModelConfigId, WorkspaceId};
use sdk::models::ModelCallConfig;
use workspace::connection::AgentClient;

/// A model that is ready to be called.
#[derive(Clone, Debug)]
pub struct ResolvedModel {
    /// The model.
    pub model: Arc<dyn llm::Model>,
    /// Its configuration.
    pub model_config_id: ModelConfigId,
    /// Context window in tokens.
    pub context_limit: i64,
    /// Percent of it at which the history is summarized: 0 = after every step, 100 = never. The chat's owner may have set
    /// their own.
    pub compression_threshold: i32,
    /// Call options and prices.
    pub options: ModelCallConfig,
}

/// Where models come from.
#[async_trait]
pub trait ModelSource: Debug + Send + Sync {
    /// The model of a configuration. An error is shown to the person as it is.
    async fn resolve(&self, id: ModelConfigId) -> Result<ResolvedModel, ChatError>;
}

/// A workspace whose agent is connected.
#[derive(Clone)]
pub struct ConnectedWorkspace {
    /// The agent.
    pub client: AgentClient,
    /// The branch the chat works on.
    pub branch: Option<String>,
}

/// Why a workspace cannot be used, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WorkspaceUnavailable {
    /// A sentence for the model and for people.
    pub message: String,
}

/// Where workspaces come from.
#[async_trait]
pub trait WorkspaceSource: Debug + Send + Sync {
    /// A connected agent of the workspace; starts the workspace when it must. Returns within its own deadline.
    async fn connect(
        &self,
        id: WorkspaceId,
        chat: ChatId,
    ) -> Result<ConnectedWorkspace, WorkspaceUnavailable>;
}
