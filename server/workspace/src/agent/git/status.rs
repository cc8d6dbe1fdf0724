//! What `git status` says of a work tree, and a mark that is the same as long as everything is.
//!
//! One walk over the tree: it names the branch, what is not committed, what is not tracked and what is unmerged. The mark
//! adds the times of the named files, so that a scan of a tree in which nothing happened ends here.

use std::{
    ffi::OsStr,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::git_command::{GitCommand, GitError};

/// Untracked files beyond this many are only counted.
pub const MAX_UNTRACKED: usize = 20_000;
/// The clock of files is coarse: of what changed so lately nobody can say that it did not change again.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// What the status says.
#[derive(Debug, Default)]
pub struct Status {
    /// The commit HEAD names.
    pub head: Option<String>,
    /// The branch, unless HEAD is detached.
    pub branch: Option<String>,
    /// Tracked files that differ from HEAD or in the index.
    pub tracked: Vec<Vec<u8>>,
    /// Those of them with merge conflicts.
    pub unmerged: Vec<Vec<u8>>,
    /// The first files that are neither tracked nor ignored; no repositories inside this one.
    pub untracked: Vec<Vec<u8>>,
    /// Whether there are repositories inside this one, which are not looked at.
    pub has_repositories: bool,
    /// How many more there are.
    pub unlisted: u64,
    /// The same as long as nothing changed; absent when that cannot be told.
    pub mark: Option<u64>,
}

/// Reads the status of a work tree. `configuration` is the repository's own file of it.
pub async fn read(root: &Path, configuration: &Path) -> Result<Status, GitError> {
    let printed = GitCommand::in_workspace(root)
        .args([
            "status",
            "--porcelain=v2",
            "--branch",
            "--no-ahead-behind",
            "--no-renames",
            "--untracked-files=all",
            "-z",
        ])
        .output()
        .await?;
    let (root, configuration) = (root.to_path_buf(), configuration.to_path_buf());
    let reading = tokio::task::spawn_blocking(move || {
        let mut status = parse(&printed.stdout);
        if !printed.is_cut {
            status.mark = mark(&printed.stdout, &status, &root, &configuration);
        }
        status
    });
    reading.await.map_err(|error| GitError::Failed {
        action: "status".into(),
        message: error.to_string(),
    })
}

fn parse(output: &[u8]) -> Status {
    let mut status = Status::default();
    let mut records = output.split(|&byte| byte == 0);
    while let Some(record) = records.next() {
        let (kind, rest) = record.split_at_checked(2).unwrap_or((record, b""));
        match kind {
            b"# " => header(&mut status, rest),
            b"1 " => status.tracked.extend(path_after(rest, 7)),
            b"2 " => {
                status.tracked.extend(path_after(rest, 8));
                let _old_name = records.next();
            }
            b"u " => {
                let path = path_after(rest, 9);
                status.unmerged.extend(path.clone());
                status.tracked.extend(path);
            }
            // A name that ends in a slash is a repository inside this one.
            b"? " if rest.ends_with(b"/") => status.has_repositories = true,
            b"? " if status.untracked.len() < MAX_UNTRACKED => status.untracked.push(rest.to_vec()),
            b"? " => status.unlisted += 1,
            _ => {}
        }
    }
    status
}

fn header(status: &mut Status, header: &[u8]) {
    let header = String::from_utf8_lossy(header);
    match header.split_once(' ') {
        Some(("branch.oid", head)) if head != "(initial)" => status.head = Some(head.to_owned()),
        Some(("branch.head", branch)) if branch != "(detached)" => {
            status.branch = Some(branch.to_owned());
        }
        _ => {}
    }
}

/// The path after so many fields.
fn path_after(record: &[u8], fields: usize) -> Option<Vec<u8>> {
    record
        .splitn(fields + 1, |&byte| byte == b' ')
        .nth(fields)
        .map(<[u8]>::to_vec)
}

fn mark(output: &[u8], status: &Status, root: &Path, configuration: &Path) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    output.hash(&mut hasher);
    let settled = SystemTime::now()
        .checked_sub(SETTLED_AFTER)?
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?
        .as_secs();
    let named = status.tracked.iter().chain(&status.untracked);
    let named = named.map(|path| root.join(OsStr::from_bytes(path)));
    for path in named.chain([configuration.to_path_buf()]) {
        let Some(times) = Times::of(&path) else {
            continue;
        };
        if u64::try_from(times.changed.0).is_ok_and(|changed| changed >= settled) {
            return None;
        }
        times.hash(&mut hasher);
    }
    Some(hasher.finish())
}

#[derive(Hash)]
struct Times {
    inode: u64,
    mode: u32,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Times {
    fn of(path: &PathBuf) -> Option<Self> {
        let metadata = std::fs::symlink_metadata(path).ok()?;
        Some(Self {
            inode: metadata.ino(),
            mode: metadata.mode(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
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
    fn reads_names_with_spaces_of_every_kind_of_record() {
        let output =
            b"# branch.oid abc\0# branch.head a b\x001 .M N... 100644 100644 100644 h i a name\n\0\
            2 R. N... 100644 100644 100644 h i R100 new name\0old name\0\
            u UU N... 100644 100644 100644 100644 a b c both ways\0? not tracked\0? inner/\0";
        let status = parse(output);
        assert_eq!(status.head.as_deref(), Some("abc"));
        assert_eq!(status.branch.as_deref(), Some("a b"));
        let names: [&[u8]; 3] = [b"a name\n", b"new name", b"both ways"];
        assert_eq!(status.tracked, names);
        assert_eq!(status.unmerged, [b"both ways"]);
        assert_eq!(status.untracked, [b"not tracked"]);
    }

    #[test]
    fn an_unborn_branch_has_no_commit_and_a_detached_head_no_branch() {
        let status = parse(b"# branch.oid (initial)\0# branch.head trunk\0");
        assert_eq!(
            (status.head, status.branch.as_deref()),
            (None, Some("trunk"))
        );
        let status = parse(b"# branch.oid abc\0# branch.head (detached)\0");
        assert_eq!((status.head.as_deref(), status.branch), (Some("abc"), None));
    }

    #[test]
    fn the_mark_tells_of_a_change_that_the_status_does_not_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "1").unwrap();
        let output = b"1 .M N... 100644 100644 100644 h i a\0";
        let seen = || mark(output, &parse(output), folder.path(), Path::new("/nowhere"));
        assert_eq!(seen(), None, "what was just written may be written again");
        let old = std::fs::File::options().write(true).open(&file).unwrap();
        old.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        // The time of its last change cannot be set back; an hour cannot be waited for either.
        std::fs::remove_file(&file).unwrap();
        let without = seen();
        assert!(without.is_some());
        assert_ne!(
            without,
            mark(
                b"? b\0",
                &parse(b"? b\0"),
                folder.path(),
                Path::new("/nowhere")
            )
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(output in prop::collection::vec(any::<u8>(), 0..300)) {
            parse(&output);
        }
    }
}
