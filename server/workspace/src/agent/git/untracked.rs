//! Untracked files by as few names as possible.

use std::collections::HashSet;

use super::status::Status;

/// Names that stand for exactly the untracked files: folders in which all is untracked, and files. Of a list that was cut, only
/// the last name's own folders may hold more than is listed, because the list is in the order of its names.
pub fn names<'a>(status: &'a Status, folders: &HashSet<Vec<u8>>) -> Vec<&'a [u8]> {
    let last = status.untracked.last().filter(|_| status.unlisted > 0);
    let is_whole = |folder: &[u8]| last.is_none_or(|last| !last.starts_with(folder));
    let mut names: Vec<&[u8]> = Vec::new();
    for file in &status.untracked {
        let is_told = |name: &&[u8]| name.ends_with(b"/") && file.starts_with(name);
        if names.last().is_some_and(is_told) {
            continue;
        }
        let ends = file.iter().enumerate().filter(|&(_, &byte)| byte == b'/');
        let above = ends.filter_map(|(end, _)| file.get(..=end));
        let mut untracked = above.skip_while(|&folder| !folders.contains(folder));
        names.push(untracked.find(|folder| is_whole(folder)).unwrap_or(file));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(untracked: &[&str], unlisted: u64, folders: &[&str]) -> Vec<String> {
        let bytes = |names: &[&str]| {
            names
                .iter()
                .map(|name| name.as_bytes().to_vec())
                .collect::<Vec<_>>()
        };
        let status = Status {
            untracked: bytes(untracked),
            unlisted,
            ..Status::default()
        };
        let folders = bytes(folders).into_iter().collect();
        let names = names(&status, &folders);
        names
            .into_iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect()
    }

    #[test]
    fn whole_folders_stand_for_their_files() {
        let files = [
            "a",
            "new/b",
            "new/deep/c",
            "new/deep/d",
            "old/e",
            "old/new/f",
        ];
        let folders = ["new/", "old/new/"];
        assert_eq!(
            told(&files, 0, &folders),
            ["a", "new/", "old/e", "old/new/"]
        );
        assert_eq!(told(&files, 0, &[]), files);
    }

    #[test]
    fn a_folder_of_which_not_all_is_listed_is_told_by_what_is() {
        let files = ["new/a/b", "new/a/c", "new/d", "new/e/f", "new/e/g"];
        assert_eq!(
            told(&files, 1, &["new/"]),
            ["new/a/", "new/d", "new/e/f", "new/e/g"]
        );
    }
}
