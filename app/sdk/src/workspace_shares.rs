//! Workspaces that their owners share: with whom, and what those may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// What a person may do with a workspace of another.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspacePermission {
    /// See it, its builds and their logs. Goes with all others.
    Read,
    /// Work in it: attach it to a chat, whose tools then run there.
    Ssh,
    /// See its changes and its desktop.
    ApplicationConnect,
    /// Start it, stop it, change its name.
    Update,
    /// Delete it.
    Delete,
}

impl WorkspacePermission {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Ssh,
        Self::ApplicationConnect,
        Self::Update,
        Self::Delete,
    ];

    /// Name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ssh => "ssh",
            Self::ApplicationConnect => "application_connect",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// Answer of `GET /workspaces/{workspace}/acl`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceAcl {
    /// Everybody it is shared with, by user name.
    pub users: Vec<WorkspaceShare>,
}

/// What one person may do.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceShare {
    /// Who.
    pub id: UserId,
    /// Their name in URLs.
    pub username: String,
    /// Their name for people, possibly empty.
    pub name: String,
    /// What they may do.
    pub permissions: Vec<WorkspacePermission>,
}

/// Body of `PATCH /workspaces/{workspace}/acl`: people who are not named keep what they have.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateWorkspaceAcl {
    /// By id or user name: all that the person may do from now on; nothing takes the workspace away from them.
    pub user_permissions: BTreeMap<String, Vec<WorkspacePermission>>,
}
