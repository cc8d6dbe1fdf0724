//! What changed in a workspace's repositories: messages of the git watch socket.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::flat::FlatGitWatchMessage;
use crate::ids::ChatId;

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

/// A file that a diff has no room for.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OmittedFile {
    /// Its path in the repository.
    pub path: String,
    /// Added lines.
    pub additions: u32,
    /// Removed lines.
    pub deletions: u32,
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
    /// The first 200 of them, as far as more is known than that they are there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omitted: Vec<OmittedFile>,
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

/// Query of `GET /api/v2/chats/{chat}/git/lines`: lines of a version of a file that git keeps. What is left out is refused once it
/// is known that the chat is the caller's.
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadGitLines {
    /// Absolute path of the work tree, as the git watch tells it.
    pub repo_root: String,
    /// The version: the object's name as the diff's `index` line tells it, whole or its beginning.
    pub blob: String,
    /// First line, from 1.
    pub first_line: u32,
    /// Last line; the file may end before it.
    pub last_line: u32,
    /// Keeps the last ones instead of the first ones when there are more than one answer holds.
    pub from_end: bool,
}

/// The lines, as far as they are there: at most 2,048 and 1 MiB of them.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitLines {
    /// Number of the first of them.
    pub first_line: u32,
    /// Their texts, without line ends.
    pub lines: Vec<String>,
    /// Lines of the file.
    pub total_lines: u32,
    /// Whether the file ends without a line end.
    pub is_unterminated: bool,
}

/// A version of a file whose text is meant as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GitVersion {
    /// Absolute path of the work tree whose git is asked for it; without one only what is kept with the chat is read.
    pub repo_root: Option<String>,
    /// Its name, as the diff's `index` line tells it.
    pub blob: String,
    /// The path of the file in the work tree, which may be this version, where git keeps none of that name.
    pub path: Option<String>,
}

/// Query of `GET /api/v2/chats/{chat}/git/image`: a version of a picture that git keeps, or the one in the work tree. One of
/// both is named.
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadGitImage {
    /// Absolute path of the work tree, as the git watch tells it.
    pub repo_root: String,
    /// The version that git keeps, as the diff's `index` line names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// The path in the work tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Where the bytes of a picture are.
pub fn image_address(chat: ChatId, query: &ReadGitImage) -> String {
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    format!("/api/v2/chats/{chat}/git/image?{query}")
}
