//! Unified diffs as data: what `git diff` and the edit tool print, parsed without ever failing.
//!
//! The parser takes any text: what it does not understand is skipped, so a cut or foreign diff still shows the
//! files it holds. It counts lines by each hunk's own header, so a removed line that begins with `-- ` is a line
//! and not a file header. Nothing here knows HTML or the network; see `components::chat::diff_lines`. Which lines a reader
//! chooses is told in `selection`, how a comment finds its lines again in `anchor`.

pub mod anchor;
mod header;
mod hunk;
mod marks;
mod paths;
pub mod selection;
#[cfg(test)]
mod tests;

use sdk::parts::DiffSide;
use serde::{Deserialize, Serialize};

pub use marks::changed_ranges;

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
    let mut parser = Parser::default();
    for line in text.split('\n') {
        parser.take(line);
    }
    parser.finish()
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

#[derive(Default)]
struct Parser {
    files: Vec<DiffFile>,
    current: Option<DiffFile>,
    open_hunk: Option<hunk::OpenHunk>,
}

impl Parser {
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
            self.open_hunk = hunk::OpenHunk::from_header(line);
            if self.open_hunk.is_some() {
                self.current.get_or_insert_default();
            }
        } else if line.starts_with("--- ")
            && self
                .current
                .as_ref()
                .is_none_or(|file| !file.hunks.is_empty())
        {
            let mut file = DiffFile::default();
            header::take_line(&mut file, line);
            self.start_file(file);
        } else if let Some(file) = self.current.as_mut().filter(|file| file.hunks.is_empty()) {
            header::take_line(file, line);
        }
    }

    fn start_file(&mut self, file: DiffFile) {
        self.close_file();
        self.current = Some(file);
    }

    fn close_hunk(&mut self) {
        let Some(open) = self.open_hunk.take() else {
            return;
        };
        if let Some(file) = self.current.as_mut() {
            let hunk = open.into_hunk();
            for line in &hunk.lines {
                match line.kind {
                    LineKind::Added => file.additions += 1,
                    LineKind::Removed => file.deletions += 1,
                    LineKind::Context => {}
                }
            }
            file.hunks.push(hunk);
        }
    }

    fn close_file(&mut self) {
        self.close_hunk();
        if let Some(mut file) = self.current.take() {
            header::settle(&mut file);
            self.files.push(file);
        }
    }

    fn finish(mut self) -> Vec<DiffFile> {
        self.close_file();
        self.files
    }
}
