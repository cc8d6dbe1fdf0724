//! What the daemon needs from above: models, and workspaces for its tools. `platform` implements all of it.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use sdk::chats::ChatError;
use sdk::errors::Validation;
use sdk::ids::{BuildId, ChatId, ModelConfigId, UserId, WorkspaceId};
use sdk::models::ModelCallConfig;
use sdk::templates::Template;
use sdk::workspaces::{Build, BuildLog, CreateBuild, CreateWorkspace, ReadBuildLog, Workspace};
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
    /// The model of a configuration for the calls of a person, who may have brought a key of their own. An error is shown to
    /// the person as it is.
    async fn resolve(&self, id: ModelConfigId, owner: UserId) -> Result<ResolvedModel, ChatError>;
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

/// For whom a workspace is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectFor {
    /// The chat.
    pub chat_id: ChatId,
    /// Its owner, who must be allowed to work in the workspace.
    pub owner_id: UserId,
}

/// Where workspaces come from.
#[async_trait]
pub trait WorkspaceSource: Debug + Send + Sync {
    /// A connected agent of the workspace; starts the workspace when it must. Returns within its own deadline.
    async fn connect(
        &self,
        id: WorkspaceId,
        whom: ConnectFor,
    ) -> Result<ConnectedWorkspace, WorkspaceUnavailable>;
    /// A connected agent when there is one or one is on its way; starts nothing. Returns within its own deadline.
    async fn look(&self, id: WorkspaceId, whom: ConnectFor) -> Option<ConnectedWorkspace> {
        self.connect(id, whom).await.ok()
    }
    /// Whether agents may work on the desktops of workspaces.
    async fn has_desktops(&self) -> bool {
        false
    }
}

/// Why something with templates or workspaces was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WorkspaceRefused {
    /// A sentence for the model and for people.
    pub message: String,
    /// The fields that are wrong, each with what is right.
    pub validations: Vec<Validation>,
    /// Whether something else is being done with the workspace right now.
    pub is_busy: bool,
}

/// What an agent may do with templates and workspaces: all of it with the rights of the chat's owner.
#[async_trait]
pub trait OwnWorkspaces: Debug + Send + Sync {
    /// The templates that agents may use for this person, those with most developers first.
    async fn list_templates(&self, owner: UserId) -> Result<Vec<Template>, WorkspaceRefused>;

    /// A workspace as it is now; `None` when it is gone.
    async fn get_workspace(
        &self,
        owner: UserId,
        id: WorkspaceId,
    ) -> Result<Option<Workspace>, WorkspaceRefused>;

    /// Makes a workspace from a template that agents may use and begins to start it. A branch is called after `title`.
    async fn create_workspace(
        &self,
        owner: UserId,
        request: CreateWorkspace,
        title: &str,
    ) -> Result<Workspace, WorkspaceRefused>;

    /// Begins to start or stop a workspace.
    async fn create_build(
        &self,
        owner: UserId,
        id: WorkspaceId,
        request: CreateBuild,
    ) -> Result<Build, WorkspaceRefused>;

    /// A build's log from an offset on.
    async fn get_build_log(
        &self,
        owner: UserId,
        id: WorkspaceId,
        build: BuildId,
        query: ReadBuildLog,
    ) -> Result<BuildLog, WorkspaceRefused>;
}
