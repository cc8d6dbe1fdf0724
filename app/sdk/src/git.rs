//! What changed in a workspace's repositories: messages of the git watch socket.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::flat::FlatGitWatchMessage;

/// Server → client on `GET /{chat}/git/watch`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    try_from = "FlatGitWatchMessage"
)]
pub enum GitWatchMessage {
    /// Repositories whose content changed since the last message, each a full snapshot.
    Changes {
        /// When the scan was made.
        scanned_at: DateTime<Utc>,
        /// The changed repositories.
        repositories: Vec<RepositoryChanges>,
    },
    /// Something went wrong; the socket stays open.
    Error {
        /// What happened.
        message: String,
    },
}

/// Client → server on the same socket.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GitWatchRequest {
    /// Scan now.
    Refresh,
}

/// A repository's changes against its base.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RepositoryChanges {
    /// Absolute path of the work tree.
    pub repo_root: String,
    /// Branch, empty when detached.
    pub branch: String,
    /// The commit the diff is made against; absent in a repository without commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_commit: Option<String>,
    /// `origin`, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_origin: Option<String>,
    /// Unified diff of tracked changes and untracked files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unified_diff: Option<String>,
    /// Changed files.
    pub changed_files: u32,
    /// Added lines.
    pub additions: u32,
    /// Removed lines.
    pub deletions: u32,
    /// Files left out of the diff because it grew over the limit.
    #[serde(skip_serializing_if = "is_zero")]
    pub omitted_files: u32,
    /// The repository is gone.
    #[serde(skip_serializing_if = "is_false")]
    pub removed: bool,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_false(value: &bool) -> bool {
    !*value
}
