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
        /// Repositories of the chat beyond the limit; nothing is known of them.
        #[serde(skip_serializing_if = "is_zero")]
        omitted_repositories: u32,
    },
    /// Something went wrong. The socket stays open, unless the reason says that there is nothing to wait for.
    Error {
        /// What happened, and what to do.
        message: String,
        /// The kind of it; absent when a repository could not be looked at.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<GitWatchProblem>,
        /// Since when.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<DateTime<Utc>>,
    },
}

/// Why nothing is heard of a workspace.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GitWatchProblem {
    /// Its agent lost the connection; a whole snapshot follows when it is back.
    Reconnecting,
    /// It does not run any more; the socket is closed.
    Stopped,
    /// The reader may not look into it any more; the socket is closed.
    Refused,
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
    /// Files among the changed ones that git does not track.
    #[serde(skip_serializing_if = "is_zero")]
    pub untracked_files: u32,
    /// Files that a commit of everything would take; less than all when commits were made since the base.
    #[serde(skip_serializing_if = "is_zero")]
    pub uncommitted_files: u32,
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
