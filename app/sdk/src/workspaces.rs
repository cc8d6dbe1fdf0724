//! Workspaces: where an agent works, and what state that place is in.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::flat::FlatSandbox;
use crate::ids::{BuildId, OrganizationId, TemplateId, UserId, WorkspaceId};

/// How a local workspace uses its folder.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkspaceMode {
    /// A git worktree of the folder's repository on a branch of its own.
    Worktree,
    /// The folder itself.
    Direct,
    /// A folder of its own: empty, or a clone of its template's repository.
    Empty,
}

impl WorkspaceMode {
    /// Name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worktree => "worktree",
            Self::Direct => "direct",
            Self::Empty => "empty",
        }
    }

    /// Parses a name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Worktree, Self::Direct, Self::Empty]
            .into_iter()
            .find(|mode| mode.as_str() == name)
    }
}

/// What state a workspace is in.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceStatus {
    /// A start waits for its turn.
    Queued,
    /// The template's repository is being cloned.
    Cloning,
    /// The template's setup script runs.
    SettingUp,
    /// The folder is being prepared or the agent started.
    Starting,
    /// The agent was started and has not connected yet.
    WaitingForAgent,
    /// The agent is connected.
    Ready,
    /// The agent ran and its connection is lost; it reconnects by itself.
    Reconnecting,
    /// Stopped; starts again when it is needed.
    Stopped,
    /// The last start failed; the reason says why.
    Failed,
    /// Gone.
    Deleted,
}

impl WorkspaceStatus {
    /// What is under way to a ready workspace, in words for people; `None` when nothing is.
    pub const fn start_in_words(self) -> Option<&'static str> {
        match self {
            Self::Queued | Self::Starting => Some("Starting the workspace"),
            Self::Cloning => Some("Cloning the repository"),
            Self::SettingUp => Some("Running the setup script"),
            Self::WaitingForAgent => Some("Waiting for the workspace's agent"),
            Self::Ready | Self::Reconnecting | Self::Stopped | Self::Failed | Self::Deleted => None,
        }
    }
}

/// How well the workspace's processes are kept apart from the server's machine.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "FlatSandbox")]
pub enum Sandbox {
    /// Own namespaces; the system read-only, home and the data folder not visible.
    Bubblewrap,
    /// Processes run with the server's own rights.
    None {
        /// Why there is no sandbox and what to install.
        reason: String,
    },
}

/// A workspace as the API shows it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name, unique per owner.
    pub name: String,
    /// Whose it is.
    pub owner_id: UserId,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// The template it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<TemplateId>,
    /// The values of the template's parameters, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// How it uses its folder.
    pub mode: WorkspaceMode,
    /// The allowed folder it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Where the agent works.
    pub working_directory: String,
    /// Its git branch, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit its changes are shown against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_commit: Option<String>,
    /// What state it is in.
    pub status: WorkspaceStatus,
    /// Why, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// Since when it is in that state.
    pub status_since: DateTime<Utc>,
    /// How its processes are kept apart; known once it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<Sandbox>,
    /// Its newest build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_build: Option<Build>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Body of `POST /workspaces`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CreateWorkspace {
    /// Name; made up when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Template to make it from; then folder and mode are the template's business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<TemplateId>,
    /// Values of the template's parameters, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Absolute path below an allowed folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// `worktree` for a git repository, `empty` without a folder, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<WorkspaceMode>,
}

/// Body of `PATCH /workspaces/{workspace}`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpdateWorkspace {
    /// Another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Query of `GET /workspaces`.
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct ListWorkspaces {
    /// Only those after this one in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_id: Option<WorkspaceId>,
    /// At most so many, up to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// In place of one's own, those that others share.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// Query of `DELETE /workspaces/{workspace}`.
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct DeleteWorkspace {
    /// Delete although there is unsaved work.
    #[serde(default)]
    pub force: bool,
}

/// What deleting a workspace would lose.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsavedWork {
    /// Files with changes that are not committed, at most a hundred of them.
    pub uncommitted_files: Vec<String>,
    /// How many such files there are.
    pub uncommitted_count: u64,
    /// Commits that are nowhere else, newest first, at most a hundred, each as short hash and subject.
    pub unmerged_commits: Vec<String>,
    /// How many such commits there are.
    pub unmerged_count: u64,
    /// Why it could not be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_because: Option<String>,
}

/// A build's log.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildLog {
    /// The text from `offset` on.
    pub text: String,
    /// Where to ask next: bytes from the beginning.
    pub next_offset: u64,
    /// Whether the build has ended: no more will come.
    pub is_finished: bool,
}

/// Query of `GET …/builds/{build}/log`.
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct ReadBuildLog {
    /// Where to begin, in bytes.
    #[serde(default)]
    pub offset: u64,
    /// Wait at most so many seconds for more than there is, up to 30.
    #[serde(default)]
    pub wait_seconds: u64,
}

/// What a build does.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transition {
    /// Prepare the folder and start the agent.
    Start,
    /// End the agent and everything it runs.
    Stop,
    /// Stop and remove the folder that Switchyard made.
    Delete,
}

/// How far a build is.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuildStatus {
    /// At work.
    Running,
    /// Done.
    Succeeded,
    /// Failed; `reason` says why.
    Failed,
}

/// One start, stop or deletion of a workspace.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Its id.
    pub id: BuildId,
    /// What it does.
    pub transition: Transition,
    /// How far it is.
    pub status: BuildStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

/// Body of `POST /workspaces/{workspace}/builds`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateBuild {
    /// What to do.
    pub transition: Transition,
    /// Other values of the template's parameters, by name; those that are not named stay as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Delete although there is unsaved work.
    #[serde(default)]
    pub force: bool,
}

/// What the processes of a workspace may take of the server's machine.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldLimits {
    /// What holds, in words: "at most 12 GiB of memory, no limit of processes".
    pub words: String,
    /// What is wanted and does not hold, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}
