//! The files of a diff, each parsed when its lines are first asked for: what the heads of five thousand files say is known
//! from one pass that keeps no line.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use sdk::parts::DiffSide;

use super::{DiffFile, Found, Parser, parse};

/// A file of a diff.
#[derive(Debug)]
pub struct IndexedFile {
    /// Its paths, what happened to it and how many lines changed; its hunks are empty.
    pub head: DiffFile,
    /// How many lines there are to show.
    pub line_count: usize,
    /// How many runs of lines they stand in.
    pub hunk_count: usize,
    /// Tells what changed in it from any other change of it.
    pub print: u64,
    text: Arc<str>,
    range: Range<usize>,
    parsed: OnceLock<Arc<DiffFile>>,
}

impl IndexedFile {
    /// A file that is parsed already.
    pub fn of(file: &Arc<DiffFile>) -> Self {
        let mut hasher = DefaultHasher::new();
        file.hash(&mut hasher);
        Self {
            head: DiffFile {
                hunks: Vec::new(),
                ..(**file).clone()
            },
            line_count: file.line_count(),
            hunk_count: file.hunks.len(),
            print: hasher.finish(),
            text: Arc::from(""),
            range: 0..0,
            parsed: OnceLock::from(Arc::clone(file)),
        }
    }

    /// The path to show.
    pub fn path(&self) -> &str {
        self.head.path()
    }

    /// Its diff as it is written.
    pub fn text(&self) -> &str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    /// The version of a side, as git names it; nothing where there is none, or where it is not told.
    pub fn blob(&self, side: DiffSide) -> Option<&str> {
        let mut head = self
            .text()
            .lines()
            .take_while(|line| !line.starts_with("@@ "));
        let (old, new) = head
            .find_map(|line| line.strip_prefix("index "))?
            .split_once("..")?;
        let name = match side {
            DiffSide::Old => old,
            DiffSide::New => new.split([' ', '\r']).next()?,
        };
        let is_there = name.bytes().any(|letter| letter != b'0');
        let is_name = name.bytes().all(|letter| letter.is_ascii_hexdigit());
        (is_there && is_name).then_some(name)
    }

    /// The file with its lines.
    pub fn file(&self) -> &Arc<DiffFile> {
        self.parsed
            .get_or_init(|| Arc::new(parse(self.text()).into_iter().next().unwrap_or_default()))
    }
}

impl PartialEq for IndexedFile {
    fn eq(&self, other: &Self) -> bool {
        self.print == other.print
            && self.line_count == other.line_count
            && self.head == other.head
            && self.hunk_count == other.hunk_count
            // The same changes of other versions: what stands between them may be another text.
            && [DiffSide::Old, DiffSide::New]
                .into_iter()
                .all(|side| self.blob(side) == other.blob(side))
    }
}

/// Finds the files of a unified diff.
pub fn index(text: &str) -> Vec<Arc<IndexedFile>> {
    let text: Arc<str> = Arc::from(text);
    let found = Parser::new(false).read(&text);
    let files = found.into_iter().map(|mut found| {
        let hunk_count = found.file.hunks.len();
        found.file.hunks = Vec::new();
        let mut hasher = DefaultHasher::new();
        found.file.hash(&mut hasher);
        // Without lines, the names of its versions tell whether it has changed again.
        let start = if found.file.is_binary {
            found.range.start
        } else {
            found.hunks_start
        };
        text.get(start..found.range.end).hash(&mut hasher);
        Arc::new(IndexedFile {
            head: found.file,
            line_count: found.line_count,
            hunk_count,
            print: hasher.finish(),
            text: Arc::clone(&text),
            range: found.range,
            parsed: OnceLock::new(),
        })
    });
    files.collect()
}

/// The first files of a diff, as long as they have so many lines and are so many together: what is shown of it before anybody
/// moves. Nothing when that is all of it.
pub fn beginning(text: &str, most_lines: usize, most_files: usize) -> Option<&str> {
    let files = Parser::new(false).read(text);
    let mut lines = 0;
    let fits = |file: &&Found| {
        let is_within = lines < most_lines;
        lines += file.line_count;
        is_within
    };
    let kept = files.iter().take(most_files).take_while(fits).count();
    let last = files.get(kept.checked_sub(1)?)?;
    (kept < files.len()).then(|| text.get(..last.range.end))?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINES: [&str; 14] = [
        "diff --git a/x b/y",
        "diff --git a/z b/z",
        "--- a/x",
        "+++ b/y",
        "@@ -1,2 +1,3 @@",
        "@@ -1 +1 @@",
        "+a",
        "-b",
        " c",
        "",
        "\\ No newline",
        "rename to q",
        "Binary files ",
        "nonsense",
    ];

    proptest! {
        #[test]
        fn files_are_those_that_parsing_finds(lines in proptest::collection::vec(proptest::sample::select(&LINES[..]), 0..60)) {
            let text = lines.join("\n");
            let (indexed, parsed) = (index(&text), parse(&text));
            prop_assert_eq!(indexed.len(), parsed.len());
            for (indexed, parsed) in indexed.iter().zip(&parsed) {
                prop_assert_eq!(&**indexed.file(), parsed);
                prop_assert_eq!(indexed.line_count, parsed.line_count());
                prop_assert_eq!(indexed.hunk_count, parsed.hunks.len());
                let head = DiffFile { hunks: Vec::new(), ..parsed.clone() };
                prop_assert_eq!(&indexed.head, &head);
            }
        }

        #[test]
        fn a_beginning_holds_the_first_files_as_they_are(lines in proptest::collection::vec(proptest::sample::select(&LINES[..]), 0..60), most_lines in 1_usize..6, most_files in 1_usize..4) {
            let text = lines.join("\n");
            let whole = index(&text);
            if let Some(cut) = beginning(&text, most_lines, most_files) {
                let first = index(cut);
                prop_assert!(!first.is_empty() && first.len() < whole.len() && first.len() <= most_files);
                prop_assert_eq!(&first[..], whole.get(..first.len()).unwrap_or_default());
                let before_last: usize = first.iter().rev().skip(1).map(|file| file.line_count).sum();
                prop_assert!(before_last < most_lines);
            } else {
                let before_last: usize = whole.iter().rev().skip(1).map(|file| file.line_count).sum();
                prop_assert!(whole.len() <= most_files && (whole.len() < 2 || before_last < most_lines));
            }
        }
    }

    #[test]
    fn versions_are_named_where_there_are_any() {
        let blobs = |text: &str| {
            let file = index(text).remove(0);
            [DiffSide::Old, DiffSide::New].map(|side| file.blob(side).map(str::to_owned))
        };
        let text = |line: &str| {
            format!("diff --git a/x b/x\n{line}\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
        };
        let named = |old: &str, new: &str| [Some(old.to_owned()), Some(new.to_owned())];
        assert_eq!(
            blobs(&text("index 0a1b2c3..9f8e7d6 100644")),
            named("0a1b2c3", "9f8e7d6")
        );
        assert_eq!(
            blobs(&text("index 0a1b2c3..9f8e7d6\r")),
            named("0a1b2c3", "9f8e7d6")
        );
        assert_eq!(
            blobs(&text("index 0000000..9f8e7d6")),
            [None, Some("9f8e7d6".to_owned())]
        );
        assert_eq!(blobs(&text("index ../../x..--all")), [None, None]);
        assert_eq!(blobs(&text("similarity index 90%")), [None, None]);
        let hunk = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\nindex 0a1b2c3..9f8e7d6\n";
        assert_eq!(blobs(hunk), [None, None]);
    }

    #[test]
    fn a_binary_file_that_changes_again_is_another_one() {
        let text = |new: &str| {
            format!(
                "diff --git a/x b/x\nindex 1111111..{new} 100644\nBinary files a/x and b/x differ\n"
            )
        };
        assert!(index(&text("2222222")) != index(&text("3333333")));
        assert!(index(&text("2222222")) == index(&text("2222222")));
    }

    #[test]
    fn the_same_changes_of_another_version_are_another_file() {
        let text = |old: &str| {
            format!(
                "diff --git a/x b/x\nindex {old}..9f8e7d6 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n"
            )
        };
        let (was, is) = (index(&text("1111111")), index(&text("2222222")));
        assert!(was != is);
        // What was looked at says the same.
        let print = |files: &[Arc<IndexedFile>]| files.first().map(|file| file.print);
        assert_eq!(print(&was), print(&is));
    }

    #[test]
    fn a_change_of_one_file_leaves_the_others_the_same() {
        let text = |second: &str| {
            format!(
                "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-1\n+{second}\n"
            )
        };
        let (was, is) = (index(&text("2")), index(&text("3")));
        assert!(was.first() == is.first() && !was.is_empty());
        assert!(was.get(1) != is.get(1) && was.len() == 2);
        // Nor does another file behind it.
        let alone = text("2").split_inclusive("+2\n").next().map(index);
        assert!(alone.is_some_and(|alone| alone.first() == was.first()));
    }
}
