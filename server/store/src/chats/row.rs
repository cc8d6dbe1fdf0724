//! A chat's row in memory, and the way from the columns to it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sdk::chats::{ChatError, ClientType, PlanMode};
use sdk::ids::{
    AgentId, BuildId, ChatId, McpServerId, MessageId, ModelConfigId, OrganizationId, RunnerId,
    UserId, WorkerId, WorkspaceId,
};
use sdk::stream::RetryInfo;
use sqlx::types::Json;
use uuid::Uuid;

use crate::StoreError;

/// What a chat is doing, as it is stored. Ownership is apart from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Idle.
    Waiting,
    /// A turn is to be run or runs.
    Running,
    /// The turn is being stopped.
    Interrupting,
    /// A client must answer tool calls.
    RequiresAction,
    /// The last turn failed.
    Error,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Running,
        Self::Interrupting,
        Self::RequiresAction,
        Self::Error,
    ];

    /// Whether a turn is under way, also one that is being stopped or waits for its client.
    pub const fn is_at_work(self) -> bool {
        !matches!(self, Self::Waiting | Self::Error)
    }

    /// Name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Interrupting => "interrupting",
            Self::RequiresAction => "requires_action",
            Self::Error => "error",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What a chat's agent is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChatMode {
    /// Whatever it is asked.
    #[default]
    General,
    /// Working on the desktop of its workspace.
    ComputerUse,
    /// Finding something out, without changing anything.
    Explore,
}

impl ChatMode {
    /// Name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::General => "",
            Self::ComputerUse => "computer_use",
            Self::Explore => "explore",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::General, Self::ComputerUse, Self::Explore]
            .into_iter()
            .find(|mode| mode.as_str() == name)
    }
}

/// A chat's row.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatRow {
    /// Its id.
    pub id: ChatId,
    /// Whose it is.
    pub owner_id: UserId,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Where its agent works.
    pub workspace_id: Option<WorkspaceId>,
    /// The workspace start it was bound to.
    pub build_id: Option<BuildId>,
    /// The agent it was bound to.
    pub agent_id: Option<AgentId>,
    /// The chat that spawned it.
    pub parent_chat_id: Option<ChatId>,
    /// The tree's root; null for a root.
    pub root_chat_id: Option<ChatId>,
    /// Its title.
    pub title: String,
    /// Whether the title is still made of the first words.
    pub is_title_fallback: bool,
    /// What it is doing.
    pub status: Status,
    /// Since when.
    pub status_since: DateTime<Utc>,
    /// Why the last turn failed.
    pub last_error: Option<ChatError>,
    /// The model of the last turn.
    pub last_model_config_id: ModelConfigId,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
    /// Who made it.
    pub client_type: ClientType,
    /// Put away.
    pub archived: bool,
    /// To be put away when the turn has stopped.
    pub archive_requested: bool,
    /// 0 = not pinned.
    pub pin_order: i32,
    /// The read cursor.
    pub last_read_message_id: MessageId,
    /// The server process that runs it.
    pub worker_id: Option<WorkerId>,
    /// The acquisition that runs it.
    pub runner_id: Option<RunnerId>,
    /// Grows by one with each transition.
    pub snapshot_version: i64,
    /// The transition that changed the messages last.
    pub history_version: i64,
    /// The transition that changed the queue last.
    pub queue_version: i64,
    /// Attempts at the next answer since the messages changed last.
    pub generation_attempt: i64,
    /// A retry that is being waited for.
    pub retry_state: Option<RetryInfo>,
    /// The transition that changed it last.
    pub retry_state_version: i64,
    /// When a client's answer is given up.
    pub requires_action_deadline_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When something happened in it last.
    pub updated_at: DateTime<Utc>,
    /// When anything that lists show changed last; unlike `updated_at` also the title, the pin and the read cursor.
    pub changed_at: DateTime<Utc>,
    /// A summary is asked for; what it must keep, in the person's words.
    pub compaction_request: Option<String>,
    /// Whether the agent only plans.
    pub plan_mode: PlanMode,
    /// MCP servers that it may use.
    pub mcp_server_ids: Vec<McpServerId>,
    /// What its agent is for; never changes.
    pub chat_mode: ChatMode,
}

impl ChatRow {
    /// The chats above it, nearest first. Of a longer line the two ends are known here, which is where work begins.
    pub fn ancestor_ids(&self) -> Vec<Uuid> {
        let root = self
            .root_chat_id
            .filter(|root| Some(*root) != self.parent_chat_id);
        self.parent_chat_id
            .into_iter()
            .chain(root)
            .filter(|ancestor| *ancestor != self.id)
            .map(|ancestor| ancestor.0)
            .collect()
    }
}

/// The columns as the drivers give them.
#[derive(sqlx::FromRow)]
pub(crate) struct RawChat {
    id: Uuid,
    owner_id: Uuid,
    organization_id: Uuid,
    workspace_id: Option<Uuid>,
    build_id: Option<Uuid>,
    agent_id: Option<Uuid>,
    parent_chat_id: Option<Uuid>,
    root_chat_id: Option<Uuid>,
    title: String,
    is_title_fallback: bool,
    status: String,
    status_since: DateTime<Utc>,
    last_error: Option<Json<ChatError>>,
    last_model_config_id: Uuid,
    labels: Json<BTreeMap<String, String>>,
    client_type: String,
    archived: bool,
    archive_requested: bool,
    pin_order: i32,
    last_read_message_id: i64,
    worker_id: Option<Uuid>,
    runner_id: Option<Uuid>,
    snapshot_version: i64,
    history_version: i64,
    queue_version: i64,
    generation_attempt: i64,
    retry_state: Option<Json<RetryInfo>>,
    retry_state_version: i64,
    requires_action_deadline_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    compaction_request: Option<String>,
    changed_at: DateTime<Utc>,
    plan_mode: String,
    mcp_server_ids: Json<Vec<McpServerId>>,
    chat_mode: String,
}

impl TryFrom<RawChat> for ChatRow {
    type Error = StoreError;

    fn try_from(raw: RawChat) -> Result<Self, StoreError> {
        let corrupt = |detail: String| StoreError::Corrupt {
            table: "chats",
            detail,
        };
        let status =
            Status::parse(&raw.status).ok_or_else(|| corrupt(format!("status {}", raw.status)))?;
        let plan_mode = PlanMode::parse(&raw.plan_mode)
            .ok_or_else(|| corrupt(format!("plan mode {}", raw.plan_mode)))?;
        let chat_mode = ChatMode::parse(&raw.chat_mode)
            .ok_or_else(|| corrupt(format!("mode {}", raw.chat_mode)))?;
        Ok(Self {
            id: raw.id.into(),
            owner_id: raw.owner_id.into(),
            organization_id: raw.organization_id.into(),
            workspace_id: raw.workspace_id.map(Into::into),
            build_id: raw.build_id.map(Into::into),
            agent_id: raw.agent_id.map(Into::into),
            parent_chat_id: raw.parent_chat_id.map(Into::into),
            root_chat_id: raw.root_chat_id.map(Into::into),
            title: raw.title,
            is_title_fallback: raw.is_title_fallback,
            status,
            status_since: raw.status_since,
            last_error: raw.last_error.map(|json| json.0),
            last_model_config_id: raw.last_model_config_id.into(),
            labels: raw.labels.0,
            client_type: if raw.client_type == "ui" {
                ClientType::Ui
            } else {
                ClientType::Api
            },
            archived: raw.archived,
            archive_requested: raw.archive_requested,
            pin_order: raw.pin_order,
            last_read_message_id: MessageId(raw.last_read_message_id),
            worker_id: raw.worker_id.map(Into::into),
            runner_id: raw.runner_id.map(Into::into),
            snapshot_version: raw.snapshot_version,
            history_version: raw.history_version,
            queue_version: raw.queue_version,
            generation_attempt: raw.generation_attempt,
            retry_state: raw.retry_state.map(|json| json.0),
            retry_state_version: raw.retry_state_version,
            requires_action_deadline_at: raw.requires_action_deadline_at,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
            changed_at: raw.changed_at,
            compaction_request: raw.compaction_request,
            plan_mode,
            chat_mode,
            mcp_server_ids: raw.mcp_server_ids.0,
        })
    }
}

pub(super) const fn client_type_name(client_type: ClientType) -> &'static str {
    match client_type {
        ClientType::Ui => "ui",
        ClientType::Api => "api",
    }
}
