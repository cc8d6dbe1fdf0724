//! Bodies of the git routes: what changed in the workspace's repositories against where the chat began.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Query of `GET /api/v0/git/changes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GitChangesQuery {
    /// Whether what was seen some time ago will do, when nothing was heard of since.
    pub may_be_known: bool,
}

/// One snapshot of every repository that matters to the asking chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitChanges {
    /// When it was taken.
    pub scanned_at: DateTime<Utc>,
    /// The repositories; in a stream only those that changed since the snapshot before.
    pub repositories: Vec<RepositoryChanges>,
    /// Repositories of the chat beyond the limit, which are not looked at.
    #[serde(default)]
    pub left_out_repositories: u64,
}

/// One line of the `git/watch` stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum GitEvent {
    /// Something changed; the first line of a stream is always one.
    Changes(GitChanges),
    /// A scan failed; the stream goes on.
    Error {
        /// What failed.
        message: String,
    },
    /// Nothing changed; sent so that a broken connection is noticed.
    Alive,
}

/// The state of one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryChanges {
    /// Absolute path of the work tree's root.
    pub repo_root: String,
    /// The current branch; absent when HEAD is detached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit HEAD names; absent before the first commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The commit the changes are shown against; absent when everything is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Address of the remote `origin`, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_origin: Option<String>,
    /// Unified diff of tracked changes against `base` and of untracked files that are not ignored; whole files only.
    #[serde(default)]
    pub unified_diff: String,
    /// Every changed file, also those whose text is left out of `unified_diff`; not those of `unlisted_files`.
    #[serde(default)]
    pub files: Vec<ChangedFile>,
    /// Lines added in all files.
    #[serde(default)]
    pub additions: u64,
    /// Lines removed in all files.
    #[serde(default)]
    pub deletions: u64,
    /// What `unified_diff` does not hold because of its size limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
    /// Files that git does not track and does not ignore.
    #[serde(default)]
    pub untracked_files: u64,
    /// Untracked files beyond the limit, of which nothing more is known than that they are there.
    #[serde(default)]
    pub unlisted_files: u64,
    /// Files that a commit of everything would take, untracked ones too.
    #[serde(default)]
    pub uncommitted_files: u64,
    /// The repository is gone; sent once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// Files whose text is missing are named up to this number.
pub const MAX_LEFT_OUT_NAMES: usize = 200;

/// How much of a diff was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Files whose text is missing.
    pub files: u64,
    /// Lines added in them.
    pub additions: u64,
    /// Lines removed in them.
    pub deletions: u64,
    /// The first [`MAX_LEFT_OUT_NAMES`] of them.
    #[serde(default)]
    pub named: Vec<ChangedFile>,
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Path in the repository.
    pub path: String,
    /// Where it was before a rename or copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// What happened to it.
    pub change: FileChange,
    /// Lines added; zero for binary files.
    pub additions: u64,
    /// Lines removed; zero for binary files.
    pub deletions: u64,
    /// Whether the content is binary.
    #[serde(default)]
    pub is_binary: bool,
    /// Whether it is a submodule.
    #[serde(default)]
    pub is_submodule: bool,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// It is new.
    Added,
    /// Its content changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another name, perhaps with changes.
    Renamed,
    /// It is a copy of another.
    Copied,
    /// Only its permissions or its type changed.
    ModeChanged,
    /// It has merge conflicts.
    Conflicted,
}

/// Lines of one version of a file to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitLinesQuery {
    /// Absolute path of the work tree's root.
    pub repo_root: String,
    /// The version: the object's name as a diff's `index` line tells it, whole or its beginning.
    pub blob: String,
    /// First line, counted from 1.
    pub first_line: u32,
    /// Last line; the file may end before it.
    pub last_line: u32,
    /// Which of them are kept when there are more than one answer holds: the last ones instead of the first ones.
    #[serde(default)]
    pub from_end: bool,
}

/// Lines of one version of a file: those that were asked for, as far as they are there and one answer holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitLines {
    /// Number of the first of them.
    pub first_line: u32,
    /// Their texts without line ends; what is no UTF-8 is replaced.
    pub lines: Vec<String>,
    /// Lines in the file.
    pub total_lines: u32,
    /// Whether the file ends without a line end.
    #[serde(default)]
    pub is_unterminated: bool,
}

/// One version of a file to read whole: one that git keeps, or the one in the work tree. With both the version of that name, from
/// the work tree when git does not keep it and the file there is this version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitFileQuery {
    /// Absolute path of the work tree's root.
    pub repo_root: String,
    /// The version that git keeps, as in [`GitLinesQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// The file in the work tree, by its path below the root; links are not followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}
