//! The lines between `diff --git` and the first hunk: paths, modes, renames, binary markers.

use super::paths::{split_git_line, strip_side, unquote};
use super::submodule::MODE;
use super::{DiffFile, FileChange};

/// A file from the rest of a `diff --git` line.
pub fn from_git_line(rest: &str) -> DiffFile {
    let (old_path, new_path) = split_git_line(rest);
    DiffFile {
        old_path,
        new_path,
        ..DiffFile::default()
    }
}

/// Takes one header line into the file; lines that mean nothing are ignored.
pub fn take_line(file: &mut DiffFile, line: &str) {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let Some((key, value)) = split_key(line) else {
        return;
    };
    match key {
        "--- " => set_path(
            &mut file.old_path,
            value,
            "a/",
            file.change == FileChange::Renamed,
        ),
        "+++ " => set_path(
            &mut file.new_path,
            value,
            "b/",
            file.change == FileChange::Renamed,
        ),
        "new file mode " => {
            file.change = FileChange::Added;
            file.new_mode = Some(value.to_owned());
            file.is_submodule |= value == MODE;
        }
        "deleted file mode " => {
            file.change = FileChange::Deleted;
            file.old_mode = Some(value.to_owned());
            file.is_submodule |= value == MODE;
        }
        // The names of the versions, and the mode where it is the same.
        "index " => file.is_submodule |= value.split(' ').nth(1) == Some(MODE),
        "old mode " => file.old_mode = Some(value.to_owned()),
        "new mode " => file.new_mode = Some(value.to_owned()),
        "rename from " => rename(
            &mut file.old_path,
            &mut file.change,
            FileChange::Renamed,
            value,
        ),
        "rename to " => rename(
            &mut file.new_path,
            &mut file.change,
            FileChange::Renamed,
            value,
        ),
        "copy from " => rename(
            &mut file.old_path,
            &mut file.change,
            FileChange::Copied,
            value,
        ),
        "copy to " => rename(
            &mut file.new_path,
            &mut file.change,
            FileChange::Copied,
            value,
        ),
        _ => file.is_binary = true,
    }
}

/// Decides what the header lines left open once the file is complete.
pub fn settle(file: &mut DiffFile) {
    match file.change {
        FileChange::Added => file.old_path = None,
        FileChange::Deleted => file.new_path = None,
        FileChange::Modified if file.old_path.is_none() && file.new_path.is_some() => {
            file.change = FileChange::Added;
        }
        FileChange::Modified if file.new_path.is_none() && file.old_path.is_some() => {
            file.change = FileChange::Deleted;
        }
        FileChange::Modified
            if file.hunks.is_empty() && !file.is_binary && file.old_mode != file.new_mode =>
        {
            file.change = FileChange::ModeOnly;
        }
        _ => {}
    }
}

const KEYS: [&str; 13] = [
    "--- ",
    "+++ ",
    "index ",
    "new file mode ",
    "deleted file mode ",
    "old mode ",
    "new mode ",
    "rename from ",
    "rename to ",
    "copy from ",
    "copy to ",
    "Binary files ",
    "GIT binary patch",
];

fn split_key(line: &str) -> Option<(&'static str, &str)> {
    KEYS.into_iter()
        .find_map(|key| line.strip_prefix(key).map(|value| (key, value)))
}

/// `--- a/x` names the old side. `/dev/null` empties it; a rename's own lines are the better source.
fn set_path(slot: &mut Option<String>, value: &str, side: &str, is_known: bool) {
    // Behind a tab some tools write a time stamp; git itself ends a path with spaces by a tab.
    let path = unquote(value.split('\t').next().unwrap_or(value));
    if path == "/dev/null" {
        *slot = None;
    } else if !is_known {
        *slot = Some(strip_side(&path, side).to_owned());
    }
}

fn rename(slot: &mut Option<String>, change: &mut FileChange, to: FileChange, value: &str) {
    *change = to;
    *slot = Some(unquote(value));
}
