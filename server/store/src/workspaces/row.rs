//! A workspace's row, and its enums as text.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sdk::ids::{OrganizationId, TemplateId, UserId, WorkspaceId};
use sdk::workspaces::{Sandbox, WorkspaceMode, WorkspaceStatus};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::StoreError;

const STATUSES: [(WorkspaceStatus, &str); 10] = [
    (WorkspaceStatus::Queued, "queued"),
    (WorkspaceStatus::Cloning, "cloning"),
    (WorkspaceStatus::SettingUp, "setting_up"),
    (WorkspaceStatus::Starting, "starting"),
    (WorkspaceStatus::WaitingForAgent, "waiting_for_agent"),
    (WorkspaceStatus::Ready, "ready"),
    (WorkspaceStatus::Reconnecting, "reconnecting"),
    (WorkspaceStatus::Stopped, "stopped"),
    (WorkspaceStatus::Failed, "failed"),
    (WorkspaceStatus::Deleted, "deleted"),
];

/// A workspace's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceRow {
    /// Id.
    pub id: WorkspaceId,
    /// Whose it is.
    pub owner_id: UserId,
    /// Organization.
    pub organization_id: OrganizationId,
    /// Name, unique among the owner's that are not deleted.
    pub name: String,
    /// How it uses its folder.
    pub mode: WorkspaceMode,
    /// The folder it was made from.
    pub folder: Option<String>,
    /// The folder that commands start in; empty before the first start.
    pub working_directory: String,
    /// The branch of a worktree.
    pub branch: Option<String>,
    /// The commit that changes are shown against.
    pub base_commit: Option<String>,
    /// What state it is in.
    pub status: WorkspaceStatus,
    /// Why, and what to do.
    pub status_reason: Option<String>,
    /// Since when.
    pub status_since: DateTime<Utc>,
    /// What stands around its processes; known after the first start.
    pub sandbox: Option<Sandbox>,
    /// Gone.
    pub deleted: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// What it was made from.
    pub template_id: Option<TemplateId>,
    /// The values of the template's parameters, by name.
    pub parameters: BTreeMap<String, String>,
    /// When a chat, a terminal or a person last used it.
    pub last_used_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
pub(super) struct Raw {
    id: Uuid,
    owner_id: Uuid,
    organization_id: Uuid,
    name: String,
    mode: String,
    folder: Option<String>,
    working_directory: String,
    branch: Option<String>,
    base_commit: Option<String>,
    status: String,
    status_reason: Option<String>,
    status_since: DateTime<Utc>,
    sandbox: Option<Json<Sandbox>>,
    deleted: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    template_id: Option<Uuid>,
    parameters: Json<BTreeMap<String, String>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl TryFrom<Raw> for WorkspaceRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let mode = WorkspaceMode::parse(&raw.mode).ok_or_else(|| corrupt("mode", &raw.mode))?;
        Ok(Self {
            id: WorkspaceId(raw.id),
            owner_id: UserId(raw.owner_id),
            organization_id: OrganizationId(raw.organization_id),
            name: raw.name,
            mode,
            folder: raw.folder,
            working_directory: raw.working_directory,
            branch: raw.branch,
            base_commit: raw.base_commit,
            status: read_status(&raw.status)?,
            status_reason: raw.status_reason,
            status_since: raw.status_since,
            sandbox: raw.sandbox.map(|sandbox| sandbox.0),
            deleted: raw.deleted,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
            template_id: raw.template_id.map(TemplateId),
            parameters: raw.parameters.0,
            last_used_at: raw.last_used_at,
        })
    }
}

/// A status as text.
pub(super) fn status_name(status: WorkspaceStatus) -> &'static str {
    STATUSES
        .iter()
        .find(|(known, _)| *known == status)
        .map_or("failed", |(_, name)| name)
}

fn read_status(name: &str) -> Result<WorkspaceStatus, StoreError> {
    let found = STATUSES.iter().find(|(_, known)| *known == name);
    found
        .map(|(status, _)| *status)
        .ok_or_else(|| corrupt("status", name))
}

fn corrupt(column: &str, value: &str) -> StoreError {
    StoreError::Corrupt {
        table: "workspaces",
        detail: format!("{column} {value:?}"),
    }
}
