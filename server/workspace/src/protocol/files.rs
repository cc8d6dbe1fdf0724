//! Bodies of the file routes.

use serde::{Deserialize, Serialize};

/// Which part of a file to read, by lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadLinesQuery {
    /// Absolute path.
    pub path: String,
    /// First line, counted from 1.
    #[serde(default = "first_line")]
    pub offset: u64,
    /// At most this many lines; absent or zero means the largest allowed number.
    #[serde(default)]
    pub limit: u64,
}

const fn first_line() -> u64 {
    1
}

impl ReadLinesQuery {
    /// Reads a file from its beginning, as many lines as are allowed.
    pub fn whole(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            offset: 1,
            limit: 0,
        }
    }
}

/// Lines of a file, each as `number TAB text`. A limit that stands in the way is `success: false` with `error`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadFileLines {
    /// Whether `content` holds the lines that were asked for.
    pub success: bool,
    /// Size of the file in bytes.
    pub file_size: u64,
    /// Lines in the file; a final newline counts as one more, empty line.
    pub total_lines: u64,
    /// Lines in `content`.
    pub lines_read: u64,
    /// The numbered lines.
    pub content: String,
    /// Why there is no content and what to ask for instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What writing a file did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteFileResult {
    /// What was done.
    pub message: String,
    /// Whether the file did not exist before.
    pub is_new: bool,
    /// Bytes written.
    pub bytes_written: u64,
    /// Unified diff against the content before; absent for binary or very large content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// A batch of edits; either all of it happens or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditFilesRequest {
    /// The files and what to change in them.
    pub files: Vec<FileEdits>,
}

/// The edits of one file, applied in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEdits {
    /// Absolute path.
    pub path: String,
    /// The edits, each seeing the result of the one before.
    pub edits: Vec<FileEdit>,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEdit {
    /// The text to find.
    #[serde(alias = "old_text")]
    pub search: String,
    /// The text to put in its place.
    #[serde(alias = "new_text")]
    pub replace: String,
    /// Replace every occurrence; otherwise more than one occurrence is an error.
    #[serde(default)]
    pub replace_all: bool,
}

/// What a batch of edits did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditFilesResult {
    /// One entry for each file, in the order of the request.
    pub files: Vec<FileDiff>,
}

/// The change of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    /// The path as it was asked for.
    pub path: String,
    /// Unified diff, empty when nothing changed.
    pub diff: String,
}

/// Where a path really lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedPath {
    /// The absolute path with symbolic links followed; parts that do not exist yet are kept as written.
    pub resolved_path: String,
}

/// What the components of a directory request are relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Relativity {
    /// The root of the file system.
    #[default]
    Root,
    /// The home folder.
    Home,
}

/// What to find: `GET /api/v0/find-files`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindFilesQuery {
    /// Letters of the path in their order; none finds what lies at the top.
    #[serde(default)]
    pub query: String,
    /// How many at most, up to 100.
    pub limit: usize,
}

/// The paths that match best, the best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundFiles {
    /// Files and folders.
    pub files: Vec<FoundFile>,
    /// Whether the workspace has more files than are looked at.
    pub is_cut: bool,
}

/// A file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundFile {
    /// Relative to the working directory.
    pub path: String,
    /// Whether it is a folder.
    pub is_dir: bool,
}

/// Which directory to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDirectoryRequest {
    /// The components of the path.
    #[serde(default)]
    pub path: Vec<String>,
    /// What they are relative to.
    #[serde(default)]
    pub relativity: Relativity,
}

/// The entries of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDirectoryResult {
    /// The components of the directory's absolute path.
    pub absolute_path: Vec<String>,
    /// The directory's absolute path.
    pub absolute_path_string: String,
    /// Its entries: directories first, then by name.
    pub contents: Vec<DirectoryEntry>,
    /// Whether there are more entries than one answer holds.
    #[serde(default)]
    pub is_cut: bool,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    /// The entry's name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// Its absolute path.
    pub absolute_path_string: String,
    /// Whether it is a directory or a link to one.
    pub is_dir: bool,
    /// Size in bytes of a file.
    #[serde(default)]
    pub size: u64,
}
