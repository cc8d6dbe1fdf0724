//! Reading what `git diff` prints: the list of files with their counts, and the text cut to whole files.

use std::collections::{HashMap, HashSet};

use crate::protocol::{ChangedFile, FileChange, LeftOut, MAX_LEFT_OUT_NAMES};

/// The text of a repository's changes holds at most this much, as it is written in JSON.
pub const MAX_DIFF_BYTES: usize = 3 * 1024 * 1024;
const SUBMODULE_MODE: &str = "160000";

/// Reads `git diff --raw --numstat -z`.
pub fn files(output: &[u8]) -> Vec<ChangedFile> {
    let mut fields = output
        .split(|&byte| byte == 0)
        .map(String::from_utf8_lossy)
        .peekable();
    let mut files: Vec<ChangedFile> = Vec::new();
    let mut modes: Vec<bool> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    while let Some(header) = fields.next_if(|field| field.starts_with(':')) {
        let mut words = header.trim_start_matches(':').split(' ');
        let (old_mode, new_mode) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        let status = words
            .nth(2)
            .and_then(|status| status.chars().next())
            .unwrap_or('M');
        let first = fields.next().unwrap_or_default().into_owned();
        let second = if matches!(status, 'R' | 'C') {
            fields.next().map(std::borrow::Cow::into_owned)
        } else {
            None
        };
        let (path, old_path) = match second {
            Some(path) => (path, Some(first)),
            None => (first, None),
        };
        let known = positions.get(&path).copied();
        if let Some(conflicted) = known.and_then(|position| files.get_mut(position)) {
            conflicted.change = FileChange::Conflicted;
            continue;
        }
        modes.push(old_mode != new_mode);
        positions.insert(path.clone(), files.len());
        files.push(ChangedFile {
            path,
            old_path,
            change: change(status),
            additions: 0,
            deletions: 0,
            is_binary: false,
            is_submodule: old_mode == SUBMODULE_MODE || new_mode == SUBMODULE_MODE,
        });
    }
    add_counts(&mut files, &positions, fields);
    for (file, is_mode_different) in files.iter_mut().zip(modes) {
        let is_same_text = file.additions == 0 && file.deletions == 0 && !file.is_binary;
        if file.change == FileChange::Modified && is_mode_different && is_same_text {
            file.change = FileChange::ModeChanged;
        }
    }
    files
}

/// Marks the files that are unmerged: compared with a commit, they look modified.
pub fn mark_conflicts(files: &mut [ChangedFile], unmerged: &[Vec<u8>]) {
    if unmerged.is_empty() {
        return;
    }
    let names: HashSet<_> = unmerged
        .iter()
        .map(|name| String::from_utf8_lossy(name))
        .collect();
    for file in files
        .iter_mut()
        .filter(|file| names.contains(file.path.as_str()))
    {
        file.change = FileChange::Conflicted;
    }
}

fn change(status: char) -> FileChange {
    match status {
        'A' => FileChange::Added,
        'D' => FileChange::Deleted,
        'R' => FileChange::Renamed,
        'C' => FileChange::Copied,
        'T' => FileChange::ModeChanged,
        'U' => FileChange::Conflicted,
        _ => FileChange::Modified,
    }
}

fn add_counts<'a>(
    files: &mut [ChangedFile],
    positions: &HashMap<String, usize>,
    mut fields: impl Iterator<Item = std::borrow::Cow<'a, str>>,
) {
    while let Some(record) = fields.next() {
        let mut parts = record.splitn(3, '\t');
        let (Some(additions), Some(deletions), Some(path)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        // A rename has an empty path here and the two names after it.
        let path = if path.is_empty() {
            let _old = fields.next();
            fields.next().unwrap_or_default().into_owned()
        } else {
            path.to_owned()
        };
        if let Some(file) = positions
            .get(&path)
            .and_then(|&position| files.get_mut(position))
        {
            file.is_binary |= additions == "-";
            file.additions += additions.parse::<u64>().unwrap_or(0);
            file.deletions += deletions.parse::<u64>().unwrap_or(0);
        }
    }
}

/// The text of the files that fit, and what does not. `is_cut` says that `patch` ends before git was done.
pub fn fitting(
    patch: &[u8],
    is_cut: bool,
    files: &[ChangedFile],
    limit: usize,
) -> (String, Option<LeftOut>) {
    let patch = String::from_utf8_lossy(patch);
    let mut sections = sections(&patch);
    if is_cut {
        sections.pop();
    }
    let mut text = String::new();
    let mut room = limit;
    let mut included = vec![false; files.len()];
    for (position, section) in sections.iter().enumerate() {
        let size = written_bytes(section);
        if size <= room {
            room -= size;
            text.push_str(section);
            if let Some(included) = included.get_mut(position) {
                *included = true;
            }
        }
    }
    let missing = files
        .iter()
        .zip(included)
        .filter(|(_, included)| !included)
        .map(|(file, _)| file);
    let mut left_out = LeftOut::default();
    for file in missing {
        left_out.files += 1;
        left_out.additions += file.additions;
        left_out.deletions += file.deletions;
        if left_out.named.len() < MAX_LEFT_OUT_NAMES {
            left_out.named.push(file.clone());
        }
    }
    // Without a cut, a file without a section (an unmerged path) is not missing for its size.
    let is_complete =
        !is_cut && sections.iter().map(|section| section.len()).sum::<usize>() == text.len();
    (
        text,
        (left_out.files > 0 && !is_complete).then_some(left_out),
    )
}

/// How long a text is when it is written in JSON.
pub fn written_bytes(text: &str) -> usize {
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 1,
        0..32 => 5,
        _ => 0,
    });
    text.len() + escapes.sum::<usize>()
}

/// The patch cut at the beginning of every file. No line of content can begin like that.
fn sections(patch: &str) -> Vec<&str> {
    const START: &str = "diff --git ";
    let mut starts: Vec<usize> = patch
        .match_indices("\ndiff --git ")
        .map(|(position, _)| position + 1)
        .collect();
    if patch.starts_with(START) {
        starts.insert(0, 0);
    }
    let ends = starts.iter().skip(1).copied().chain([patch.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(&start, end)| patch.get(start..end))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_names_with_tabs_quotes_newlines_and_a_leading_colon() {
        let output = b":100644 100644 aaa 000 M\0:odd\tna\"me\n\0:000000 100644 000 000 A\0b\0\
            2\t1\t:odd\tna\"me\n\0-\t-\tb\0";
        let files = files(output);
        assert_eq!(files[0].path, ":odd\tna\"me\n");
        assert_eq!(
            (files[0].additions, files[0].deletions, files[0].change),
            (2, 1, FileChange::Modified)
        );
        assert!(files[1].is_binary && files[1].change == FileChange::Added);
    }

    #[test]
    fn reads_renames_modes_and_submodules() {
        let output = b":100644 100644 a b R090\0old\0new\0:100644 100755 a a M\0tool\0:160000 160000 a b M\0sub\0\
            3\t0\t\0old\0new\x000\t0\ttool\x001\t1\tsub\0";
        let files = files(output);
        assert_eq!(
            (files[0].path.as_str(), files[0].old_path.as_deref()),
            ("new", Some("old"))
        );
        assert_eq!(files[0].additions, 3);
        assert_eq!(files[1].change, FileChange::ModeChanged);
        assert!(files[2].is_submodule);
    }

    fn file(path: &str, additions: u64) -> ChangedFile {
        ChangedFile {
            path: path.into(),
            old_path: None,
            change: FileChange::Modified,
            additions,
            deletions: 0,
            is_binary: false,
            is_submodule: false,
        }
    }

    #[test]
    fn leaves_out_whole_files_and_counts_them() {
        let big = format!("diff --git a/big b/big\n{}", "+x\n".repeat(100));
        let patch = format!("diff --git a/a b/a\n+1\n{big}diff --git a/c b/c\n+3\n");
        let files = [file("a", 1), file("big", 100), file("c", 1)];
        let small = "diff --git a/a b/a\n+1\ndiff --git a/c b/c\n+3\n";
        let (text, left_out) = fitting(patch.as_bytes(), false, &files, written_bytes(small));
        assert_eq!(text, small);
        assert_eq!(
            left_out,
            Some(LeftOut {
                files: 1,
                additions: 100,
                deletions: 0,
                named: vec![file("big", 100)],
            })
        );
        let (text, left_out) = fitting(patch.as_bytes(), true, &files, 10_000);
        assert!(text.ends_with("+x\n") && left_out.unwrap().files == 1);
        assert_eq!(
            fitting(patch.as_bytes(), false, &files, 10_000),
            (patch, None)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(output in prop::collection::vec(any::<u8>(), 0..300)) {
            let files = files(&output);
            fitting(&output, false, &files, 50);
        }

        #[test]
        fn knows_how_long_a_text_is_in_json(text in any::<String>()) {
            prop_assert_eq!(written_bytes(&text), serde_json::to_string(&text).unwrap().len() - 2);
        }
    }
}
