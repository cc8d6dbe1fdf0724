//! Submodules: instead of lines git prints which commit of the other repository is taken.

use super::{DiffFile, LineKind};

/// What git calls the mode of a submodule.
pub const MODE: &str = "160000";
/// As much of a commit's name as is shown.
const SHORT: usize = 7;
const LINE: &str = "Subproject commit ";
/// Behind the name when something in the submodule is not committed.
const DIRTY: &str = "-dirty";

/// The commit on one side.
fn commit(file: &DiffFile, without: LineKind) -> Option<&str> {
    let mut lines = file.lines().filter(|line| line.kind != without);
    lines.find_map(|line| line.text.strip_prefix(LINE))
}

fn short(commit: &str) -> &str {
    let name = commit.strip_suffix(DIRTY).unwrap_or(commit);
    name.get(..SHORT).unwrap_or(name)
}

/// What happened to a submodule, in words.
pub fn in_words(file: &DiffFile) -> String {
    let old = commit(file, LineKind::Added);
    let new = commit(file, LineKind::Removed);
    let words = match (old.map(short), new.map(short)) {
        (Some(old), Some(new)) if old != new => {
            format!("Another repository, moved from commit {old} to {new}")
        }
        (_, Some(new)) => format!("Another repository, at commit {new}"),
        (Some(old), None) => format!("Another repository, which was at commit {old}"),
        (None, None) => "Another repository".to_owned(),
    };
    if new.is_some_and(|new| new.ends_with(DIRTY)) {
        words + ", with changes in it that are not committed."
    } else {
        words + "."
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::diff::index::index;
    use crate::diff::{FileChange, parse};

    const OLD: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
    const NEW: &str = "89abcdef0123456789abcdef0123456789abcdef";

    fn text(header: &str, hunk: &str) -> String {
        format!("diff --git a/lib b/lib\n{header}\n{hunk}\n")
    }

    fn told(text: &str) -> (bool, String) {
        let (parsed, indexed) = (parse(text).remove(0), index(text).remove(0));
        assert_eq!(parsed.is_submodule, indexed.head.is_submodule);
        (parsed.is_submodule, in_words(indexed.file()))
    }

    #[test]
    fn a_submodule_is_told_by_its_mode_and_says_its_commits() {
        let moved = |end: &str| {
            let hunk = format!(
                "--- a/lib\n+++ b/lib\n@@ -1 +1 @@\n-Subproject commit {OLD}\n+Subproject commit {NEW}{end}"
            );
            told(&text("index 0a1b2c3..89abcde 160000", &hunk))
        };
        assert_eq!(
            moved(""),
            (
                true,
                "Another repository, moved from commit 0a1b2c3 to 89abcde.".to_owned()
            )
        );
        let (_, words) = moved(DIRTY);
        assert!(
            words.ends_with("to 89abcde, with changes in it that are not committed."),
            "{words}"
        );
        let added = text(
            "new file mode 160000\nindex 0000000..89abcde",
            &format!("--- /dev/null\n+++ b/lib\n@@ -0,0 +1 @@\n+Subproject commit {NEW}"),
        );
        assert_eq!(parse(&added)[0].change, FileChange::Added);
        assert_eq!(
            told(&added),
            (true, "Another repository, at commit 89abcde.".to_owned())
        );
        let gone = text(
            "deleted file mode 160000\nindex 0a1b2c3..0000000",
            &format!("--- a/lib\n+++ /dev/null\n@@ -1 +0,0 @@\n-Subproject commit {OLD}"),
        );
        assert_eq!(
            told(&gone),
            (
                true,
                "Another repository, which was at commit 0a1b2c3.".to_owned()
            )
        );
    }

    #[test]
    fn a_file_that_speaks_of_commits_is_none() {
        let hunk = format!("--- a/lib\n+++ b/lib\n@@ -1 +1 @@\n-x\n+Subproject commit {NEW}");
        assert!(!told(&text("index 0a1b2c3..89abcde 100644", &hunk)).0);
    }
}
