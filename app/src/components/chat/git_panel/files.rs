//! The files of a repository's diff, found by their place and by their path.

use std::collections::HashMap;
use std::sync::Arc;

use sdk::git::RepositoryChanges;
use sdk::parts::DiffComment;

use super::reading::BLOCK_FILES;
use super::review::is_on;
use crate::diff::index::{IndexedFile, index};

/// Lines that are drawn before it is known where the reader is: what the server renders.
pub const FIRST_LINES: usize = 1000;

/// The files.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// In the order of the diff.
    pub list: Vec<Arc<IndexedFile>>,
    by_path: HashMap<String, usize>,
}

impl PartialEq for Files {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Files {
    /// The files of a repository.
    pub fn of(repository: &RepositoryChanges) -> Self {
        let list = index(repository.unified_diff.as_deref().unwrap_or_default());
        let places = list.iter().enumerate().rev();
        let by_path = places.map(|(at, file)| (file.path().to_owned(), at));
        Self {
            by_path: by_path.collect(),
            list,
        }
    }

    /// How many blocks the files are drawn in.
    pub fn block_count(&self) -> usize {
        self.list.len().div_ceil(BLOCK_FILES)
    }

    /// The files of a block.
    pub fn block(&self, number: usize) -> &[Arc<IndexedFile>] {
        self.list
            .chunks(BLOCK_FILES)
            .nth(number)
            .unwrap_or_default()
    }

    /// Where a file stands.
    pub fn position(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// The file of a path.
    pub fn get(&self, path: &str) -> Option<&Arc<IndexedFile>> {
        self.list.get(self.position(path)?)
    }

    /// The path of the file that a comment is on, whatever it was called then.
    pub fn path_of(&self, comment: &DiffComment) -> Option<String> {
        let mut files = self.list.iter();
        let file = files.find(|file| is_on(comment, &file.head))?;
        Some(file.path().to_owned())
    }

    /// How many lines of a file are drawn before it is known where the reader is.
    pub fn first_lines(&self, path: &str) -> usize {
        let position = self.position(path).unwrap_or(usize::MAX);
        let before = self.list.iter().take(position);
        let before: usize = before.map(|file| file.line_count).sum();
        FIRST_LINES.saturating_sub(before)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_comment_leads_to_its_file_whatever_that_is_called_now() {
        let text = "diff --git a/a b/b\nsimilarity index 90%\nrename from a\nrename to b\n";
        let files = Files::of(&RepositoryChanges {
            unified_diff: Some(text.to_owned()),
            ..RepositoryChanges::default()
        });
        let path_of = |name: &str| {
            files.path_of(&DiffComment {
                file_name: name.to_owned(),
                start_line: 1,
                end_line: 1,
                side: sdk::parts::DiffSide::New,
                content: "Why?".to_owned(),
                diff_hunk: None,
                repo_root: None,
                blob: None,
            })
        };
        assert_eq!(path_of("a").as_deref(), Some("b"));
        assert_eq!(path_of("b").as_deref(), Some("b"));
        assert_eq!(path_of("c"), None);
    }

    #[test]
    fn the_first_lines_are_those_of_the_first_files() {
        let lines = "+x\n".repeat(700);
        let file = |name: &str| format!("--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,700 @@\n{lines}");
        let files = Files::of(&RepositoryChanges {
            unified_diff: Some(file("a") + &file("b") + &file("c")),
            ..RepositoryChanges::default()
        });
        let first = |path| files.first_lines(path);
        assert_eq!((first("a"), first("b"), first("c")), (1000, 300, 0));
        assert_eq!(files.position("c"), Some(2));
        assert_eq!(files.get("b").unwrap().line_count, 700);
        assert_eq!((files.get("d"), files.first_lines("d")), (None, 0));
    }
}
