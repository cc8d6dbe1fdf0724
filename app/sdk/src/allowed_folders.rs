//! Folders of the server's machine that local workspaces may use.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::AllowedFolderId;

/// A folder an admin has allowed.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedFolder {
    /// Its id.
    pub id: AllowedFolderId,
    /// Absolute path, symlinks resolved.
    pub path: String,
    /// Whether it is a git repository now (a worktree can be made).
    #[serde(default)]
    pub is_git_repository: bool,
    /// When it was allowed.
    pub created_at: DateTime<Utc>,
}

/// Body of `POST /allowed-folders`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateAllowedFolder {
    /// Absolute path of an existing folder.
    pub path: String,
}
