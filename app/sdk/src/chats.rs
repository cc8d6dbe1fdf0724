//! Chats: what a list row and an open chat know, and the bodies that create and change them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::diff_statuses::DiffStatus;
use crate::files::ChatFile;
use crate::ids::{
    AgentId, BuildId, ChatId, McpServerId, ModelConfigId, OrganizationId, UserId, WorkspaceId,
};
use crate::parts::InputPart;
use crate::workspaces::CreateWorkspace;

/// What a chat is doing.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatStatus {
    /// Idle.
    #[serde(alias = "completed")]
    Waiting,
    /// Work waits for a worker.
    Pending,
    /// A worker runs the turn.
    Running,
    /// The turn is being stopped.
    Interrupting,
    /// The model called a tool that the client must answer.
    RequiresAction,
    /// A spending limit stopped the turn.
    Paused,
    /// The turn failed.
    Error,
}

impl ChatStatus {
    /// Name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Interrupting => "interrupting",
            Self::RequiresAction => "requires_action",
            Self::Paused => "paused",
            Self::Error => "error",
        }
    }

    /// Whether a turn is under way, so that a new message is queued.
    pub const fn is_busy(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::Running | Self::Interrupting | Self::RequiresAction
        )
    }
}

/// Why a turn failed.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatError {
    /// What happened and what to do, in a sentence.
    pub message: String,
    /// The provider's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Class: `overloaded`, `rate_limit`, `timeout`, `startup_timeout`, `auth`, `config`, `generic`, …
    #[serde(default)]
    pub kind: String,
    /// The provider's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Whether trying again may help.
    #[serde(default)]
    pub retryable: bool,
    /// The provider's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
}

/// A chat on the wire. What the page does not show it does not read either: each field costs a reader there.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chat {
    /// Its id.
    pub id: ChatId,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// Whose it is.
    pub owner_id: UserId,
    /// Where its agent works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// The workspace's build that its agent was bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_id: Option<BuildId>,
    /// The agent it was bound to.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    /// The chat that spawned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_chat_id: Option<ChatId>,
    /// The tree's root; a root reports itself.
    pub root_chat_id: ChatId,
    /// The model of the last turn.
    pub last_model_config_id: ModelConfigId,
    /// Its title.
    pub title: String,
    /// What it is doing.
    pub status: ChatStatus,
    /// Since when, as the server saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_since: Option<DateTime<Utc>>,
    /// Why the last turn failed; always present, null when it did not.
    pub last_error: Option<String>,
    /// The same with its class and the provider's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error_info: Option<ChatError>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When something happened in it last.
    pub updated_at: DateTime<Utc>,
    /// Put away.
    pub archived: bool,
    /// 0 = not pinned.
    pub pin_order: i32,
    /// Free labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Whether the agent only plans; absent when it does not.
    #[serde(default, skip_serializing_if = "PlanMode::is_off")]
    pub plan_mode: PlanMode,
    /// MCP servers it may use.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default)]
    pub mcp_server_ids: Vec<McpServerId>,
    /// Whether an answer was not read yet.
    #[serde(default)]
    pub has_unread: bool,
    /// `ui` or `api`.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default)]
    pub client_type: ClientType,
    /// What its branch has become at its git host, as far as it is known; absent when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_status: Option<Box<DiffStatus>>,
    /// Files that were sent in it; left out in lists. The page finds them in the messages and does not read them here.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[cfg_attr(
        not(target_family = "wasm"),
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub files: Vec<ChatFile>,
    /// Chats it spawned.
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    #[serde(default)]
    pub children: Vec<Chat>,
    /// Things that went wrong without stopping the creation.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Whether a chat's agent only plans.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlanMode {
    /// It does what it is asked for.
    #[default]
    #[serde(rename = "")]
    Off,
    /// It plans and changes nothing.
    #[serde(rename = "plan")]
    Plan,
}

impl PlanMode {
    /// Name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "",
            Self::Plan => "plan",
        }
    }

    /// Parses a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Off, Self::Plan]
            .into_iter()
            .find(|mode| mode.as_str() == name)
    }

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature serde asks for"
    )]
    fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

/// Which kind of client made a chat.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientType {
    /// The page.
    Ui,
    /// Anything else.
    #[default]
    Api,
}

/// Body of `POST /`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CreateChat {
    /// The caller's only organization when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// The first message; must not be empty.
    pub content: Vec<InputPart>,
    /// At most 10,000 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// An existing workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// A new workspace to make for this chat; not together with `workspace_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_workspace: Option<CreateWorkspace>,
    /// The default model when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_config_id: Option<ModelConfigId>,
    /// At most 50.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// `api` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_type: Option<ClientType>,
    /// `plan` for an agent that only plans; off when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_mode: Option<PlanMode>,
    /// MCP servers that it may use; each must exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mcp_server_ids: Vec<McpServerId>,
    /// Tools that the client itself runs; at most 250, with names of their own. When the model calls one, the chat
    /// waits in `requires_action` for `POST /{chat}/tool-results`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsafe_dynamic_tools: Vec<DynamicTool>,
}

/// A tool that a client declares and runs itself.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DynamicTool {
    /// Its name; a tool of the server with the same name wins.
    pub name: String,
    /// What it does, for the model.
    #[serde(default)]
    pub description: String,
    /// JSON schema of its arguments; an object without fields when absent.
    #[serde(default)]
    pub input_schema: serde_json::Value,
}

/// Body of `POST /{chat}/compact`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CompactChat {
    /// What the summary must keep, in the person's words; at most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
}

/// Answer of `POST /{chat}/title/propose`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedTitle {
    /// A title that fits the conversation.
    pub title: String,
}

/// Body of `PATCH /{chat}`; applied in one transaction or not at all.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateChat {
    /// 1 to 200 characters after trimming.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Archive or unarchive the whole tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// 0 unpins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_order: Option<i32>,
    /// Replaces all labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Attach a workspace; the zero UUID detaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// `plan` lets the agent only plan from here on; empty ends that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_mode: Option<PlanMode>,
}

/// Query of `GET /by-workspace`, which answers with each workspace's chat.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChatsByWorkspace {
    /// 1 to 100 ids, separated by commas.
    pub workspace_ids: String,
}

/// Query of `GET /`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ListChats {
    /// Filter: words to find in titles and messages, `archived:true|false` and further keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// 50 when absent or 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Rows to skip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// The last row of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_id: Option<ChatId>,
    /// Labels that the chats must have, as `key:value`; `label=` once for each on the wire.
    #[serde(skip)]
    pub labels: Vec<String>,
}
