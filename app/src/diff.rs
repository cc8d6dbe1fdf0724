//! Unified diffs as data: what `git diff` and the edit tool print, parsed without ever failing.
//!
//! The parser takes any text: what it does not understand is skipped, so a cut or foreign diff still shows the
//! files it holds. It counts lines by each hunk's own header, so a removed line that begins with `-- ` is a line
//! and not a file header. A large diff is gone through once for its files ([`index`]), whose lines are read when they are shown,
//! in one column or in two ([`pairs`]). Nothing here knows HTML or the network; see `components::chat::diff_lines`. Which
//! lines a reader chooses is told in `selection`, what stands unchanged between changes in [`regions`], how a comment finds its
//! lines again in `anchor`.

pub mod anchor;
mod header;
mod hunk;
pub mod index;
mod marks;
pub mod pairs;
mod paths;
pub mod regions;
pub mod selection;
pub mod submodule;
#[cfg(test)]
mod tests;
pub mod tree;

use std::ops::Range;

use sdk::parts::DiffSide;
use serde::{Deserialize, Serialize};

pub use marks::{Marks, changed_ranges};

/// What happened to a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// Its content changed.
    #[default]
    Modified,
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// It has another path, maybe with changes.
    Renamed,
    /// It was made from another file.
    Copied,
    /// Only its permissions changed.
    ModeOnly,
}

/// Which side of the diff a line stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// In both versions.
    Context,
    /// In the new version only.
    Added,
    /// In the old version only.
    Removed,
}

/// One line of a hunk, without its leading sign and its line end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DiffLine {
    /// Which side it stands on.
    pub kind: LineKind,
    /// Line number in the old version, from 1.
    pub old_number: Option<u32>,
    /// Line number in the new version, from 1.
    pub new_number: Option<u32>,
    /// The text.
    pub text: String,
    /// Whether the file ends here without a line end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unterminated: bool,
}

impl DiffLine {
    /// Its number on a side, where it stands there.
    pub fn number(&self, side: DiffSide) -> Option<u32> {
        match side {
            DiffSide::Old => self.old_number,
            DiffSide::New => self.new_number,
        }
    }
}

/// A run of lines that stand together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hunk {
    /// First line in the old version.
    pub old_start: u32,
    /// Lines of the old version.
    pub old_count: u32,
    /// First line in the new version.
    pub new_start: u32,
    /// Lines of the new version.
    pub new_count: u32,
    /// What git writes behind the numbers: the function the lines stand in.
    pub section: String,
    /// The lines in order.
    pub lines: Vec<DiffLine>,
}

/// One file of a diff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DiffFile {
    /// Path before the change; absent for a new file.
    pub old_path: Option<String>,
    /// Path after the change; absent for a deleted file.
    pub new_path: Option<String>,
    /// What happened to it.
    pub change: FileChange,
    /// Permissions before, as git writes them, when they changed.
    pub old_mode: Option<String>,
    /// Permissions after.
    pub new_mode: Option<String>,
    /// Whether git treats it as binary, so that there are no lines.
    pub is_binary: bool,
    /// Whether it is another repository, of which the lines say the commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_submodule: bool,
    /// The changed places.
    pub hunks: Vec<Hunk>,
    /// Added lines.
    pub additions: u32,
    /// Removed lines.
    pub deletions: u32,
}

impl DiffFile {
    /// The path to show: the new one, or the old one of a deleted file.
    pub fn path(&self) -> &str {
        self.new_path
            .as_deref()
            .or(self.old_path.as_deref())
            .unwrap_or("(unnamed)")
    }

    /// The lines of all hunks in order.
    pub fn lines(&self) -> impl Iterator<Item = &DiffLine> {
        self.hunks.iter().flat_map(|hunk| hunk.lines.iter())
    }

    /// How many lines there are to show.
    pub fn line_count(&self) -> usize {
        self.hunks.iter().map(|hunk| hunk.lines.len()).sum()
    }
}

/// Parses a unified diff. Text before the first file header and lines that make no sense are skipped.
pub fn parse(text: &str) -> Vec<DiffFile> {
    let parsed = Parser::new(true).read(text);
    parsed.into_iter().map(|found| found.file).collect()
}

/// How many lines one file's diff adds and removes, without parsing them.
pub fn count_lines(text: &str) -> (u32, u32) {
    let hunks = text.lines().skip_while(|line| !line.starts_with("@@ "));
    hunks.fold((0, 0), |(added, removed), line| {
        match line.as_bytes().first() {
            Some(b'+') => (added + 1, removed),
            Some(b'-') => (added, removed + 1),
            _ => (added, removed),
        }
    })
}

/// A file with where its text is.
struct Found {
    file: DiffFile,
    line_count: usize,
    /// Its text, with its last line end.
    range: Range<usize>,
    /// Where its first hunk begins.
    hunks_start: usize,
}

struct Parser {
    keeps_lines: bool,
    files: Vec<Found>,
    current: Option<Found>,
    open_hunk: Option<hunk::OpenHunk>,
    /// Where the line begins that is read.
    at: usize,
}

impl Parser {
    const fn new(keeps_lines: bool) -> Self {
        Self {
            keeps_lines,
            files: Vec::new(),
            current: None,
            open_hunk: None,
            at: 0,
        }
    }

    fn read(mut self, text: &str) -> Vec<Found> {
        // What comes behind the last line end is no line.
        let lines = text.strip_suffix('\n').unwrap_or(text);
        for line in lines.split('\n') {
            self.take(line);
            self.at += line.len() + 1;
        }
        self.at = text.len();
        self.close_file();
        self.files
    }

    fn take(&mut self, line: &str) {
        if let Some(open) = self.open_hunk.as_mut() {
            if open.take(line) {
                return;
            }
            self.close_hunk();
        }
        if let Some(rest) = line.strip_prefix("diff --git ") {
            self.start_file(header::from_git_line(rest));
        } else if line.starts_with("@@ ") {
            self.open_hunk = hunk::OpenHunk::from_header(line, self.keeps_lines);
            if self.open_hunk.is_some() {
                let at = self.at;
                let current = self
                    .current
                    .get_or_insert_with(|| Found::new(DiffFile::default(), at));
                if !current.has_hunks() {
                    current.hunks_start = at;
                }
            }
        } else if line.starts_with("--- ") && self.current.as_ref().is_none_or(Found::has_hunks) {
            let mut file = DiffFile::default();
            header::take_line(&mut file, line);
            self.start_file(file);
        } else if let Some(found) = self.current.as_mut().filter(|found| !found.has_hunks()) {
            header::take_line(&mut found.file, line);
        }
    }

    fn start_file(&mut self, file: DiffFile) {
        self.close_file();
        self.current = Some(Found::new(file, self.at));
    }

    fn close_hunk(&mut self) {
        let Some(open) = self.open_hunk.take() else {
            return;
        };
        if let Some(found) = self.current.as_mut() {
            found.file.additions += open.counts.additions;
            found.file.deletions += open.counts.deletions;
            found.line_count += open.counts.lines;
            found.file.hunks.push(open.into_hunk());
        }
    }

    fn close_file(&mut self) {
        self.close_hunk();
        if let Some(mut found) = self.current.take() {
            header::settle(&mut found.file);
            found.range.end = self.at;
            self.files.push(found);
        }
    }
}

impl Found {
    const fn new(file: DiffFile, start: usize) -> Self {
        Self {
            file,
            line_count: 0,
            range: start..start,
            hunks_start: usize::MAX,
        }
    }

    const fn has_hunks(&self) -> bool {
        !self.file.hunks.is_empty()
    }
}
