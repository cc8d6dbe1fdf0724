//! The folders of a work tree that are worth listening to: those that hold files which git tracks, or would.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use crate::git_command::{GitCommand, GitError};

/// The folders of a work tree, those near its root first, and whether there may be more.
pub async fn of_work_tree(root: &Path) -> Result<(Vec<PathBuf>, bool), GitError> {
    let arguments = [
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ];
    let listed = GitCommand::in_workspace(root)
        .args(arguments)
        .output()
        .await?;
    Ok((folders_of(&listed.stdout), listed.is_cut))
}

fn folders_of(listed: &[u8]) -> Vec<PathBuf> {
    let mut folders = BTreeSet::from([PathBuf::new()]);
    for name in listed.split(|&byte| byte == 0) {
        let mut folder = Path::new(OsStr::from_bytes(name)).parent();
        // Whose own folder is known, all above it are.
        while let Some(new) = folder.filter(|folder| !folders.contains(*folder)) {
            folders.insert(new.to_path_buf());
            folder = new.parent();
        }
    }
    let mut folders: Vec<PathBuf> = folders.into_iter().collect();
    folders.sort_by_cached_key(|folder| folder.components().count());
    folders
}

/// Those of these new folders that git does not ignore, with the folders in them; at most so many.
pub async fn worth_it(root: &Path, created: Vec<PathBuf>, most: usize) -> Vec<PathBuf> {
    let walked = tokio::task::spawn_blocking(move || walk(created, most));
    let folders = walked.await.unwrap_or_default();
    if folders.is_empty() {
        return folders;
    }
    let names: Vec<&[u8]> = folders
        .iter()
        .map(|folder| folder.as_os_str().as_bytes())
        .collect();
    let asked = GitCommand::in_workspace(root)
        .args(["check-ignore", "--stdin", "-z"])
        .input(names.join(&0_u8))
        .run()
        .await;
    // It ends with 1 when nothing is ignored. Without an answer all of them count.
    let ignored: BTreeSet<Vec<u8>> = asked
        .map(|answer| answer.stdout)
        .unwrap_or_default()
        .split(|&byte| byte == 0)
        .map(<[u8]>::to_vec)
        .collect();
    folders
        .into_iter()
        .filter(|folder| !ignored.contains(folder.as_os_str().as_bytes()))
        .collect()
}

fn walk(created: Vec<PathBuf>, most: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting: std::collections::VecDeque<PathBuf> = created.into();
    while let Some(folder) = waiting.pop_front() {
        let is_folder = std::fs::symlink_metadata(&folder).is_ok_and(|about| about.is_dir());
        // What has a repository of its own is no part of this one.
        if !is_folder || folder.ends_with(".git") || folder.join(".git").exists() {
            continue;
        }
        if found.len() >= most {
            break;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let inside = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        waiting.extend(inside.map(|entry| entry.path()).take(most));
        found.push(folder);
    }
    found
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
    use super::*;

    #[test]
    fn names_every_folder_above_a_file_once_and_the_near_ones_first() {
        let folders = folders_of(b"a/b/c/one\0a/b/c/two\0d/three\0four\0");
        let names: Vec<_> = folders
            .iter()
            .map(|folder| folder.to_str().unwrap())
            .collect();
        assert_eq!(names, ["", "a", "d", "a/b", "a/b/c"]);
    }

    #[test]
    fn walks_new_folders_to_a_limit_and_not_into_other_repositories() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["a/b", "a/c", "a/other/.git", "a/.git"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        std::fs::remove_dir(root.join("a/.git")).unwrap();
        let mut found = walk(vec![root.join("a"), root.join("gone")], 100);
        found.sort();
        assert_eq!(found, [root.join("a"), root.join("a/b"), root.join("a/c")]);
        assert_eq!(walk(vec![root.join("a")], 2).len(), 2);
    }
}
