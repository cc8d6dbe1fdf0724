//! The files of a diff in their folders.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::index::IndexedFile;

/// A row of the tree as it is drawn, from top to bottom.
#[derive(Clone, Debug)]
pub enum TreeRow {
    /// A folder; what is in it follows while it is open.
    Folder(TreeFolder),
    /// A file.
    File(TreeFile),
}

/// A folder with files of the diff.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TreeFolder {
    /// Its path, without a slash at its end.
    pub path: String,
    /// What of it is not said by the folder above; several names where each holds nothing but the next.
    pub name: String,
    /// How many folders it is in.
    pub depth: usize,
    /// Files in it and below.
    pub file_count: usize,
    /// Lines added in these.
    pub additions: u32,
    /// Lines taken from these.
    pub deletions: u32,
    /// Whether what is in it follows.
    pub is_open: bool,
}

/// A file of the diff.
#[derive(Clone, Debug)]
pub struct TreeFile {
    /// How many folders it is in.
    pub depth: usize,
    /// Which of the diff's files it is.
    pub position: usize,
    /// The file.
    pub file: Arc<IndexedFile>,
}

#[derive(Default)]
struct Node {
    folders: BTreeMap<String, Node>,
    files: Vec<(usize, Arc<IndexedFile>)>,
    file_count: usize,
    additions: u32,
    deletions: u32,
}

/// The rows of these files, given with their positions: folders before files, by name; files in the order of the diff.
/// `is_open` says of a folder's path whether what is in it is shown.
pub fn tree_rows(
    files: impl IntoIterator<Item = (usize, Arc<IndexedFile>)>,
    is_open: impl Fn(&str) -> bool,
) -> Vec<TreeRow> {
    let mut root = Node::default();
    for (position, file) in files {
        let mut node = &mut root;
        node.count(&file);
        let path = file.path().to_owned();
        let folders = path.rsplit_once('/').map(|(folders, _)| folders);
        for name in folders.into_iter().flat_map(|folders| folders.split('/')) {
            node = node.folders.entry(name.to_owned()).or_default();
            node.count(&file);
        }
        node.files.push((position, file));
    }
    let mut rows = Vec::new();
    root.append(&mut rows, "", 0, &is_open);
    rows
}

impl Node {
    fn count(&mut self, file: &IndexedFile) {
        self.file_count += 1;
        self.additions = self.additions.saturating_add(file.head.additions);
        self.deletions = self.deletions.saturating_add(file.head.deletions);
    }

    fn append(
        self,
        rows: &mut Vec<TreeRow>,
        path: &str,
        depth: usize,
        is_open: &impl Fn(&str) -> bool,
    ) {
        for (mut name, mut node) in self.folders {
            // A folder that holds one folder and nothing else is drawn with it.
            while node.files.is_empty() && node.folders.len() == 1 {
                let Some((next, inner)) = node.folders.pop_first() else {
                    break;
                };
                name = format!("{name}/{next}");
                node = inner;
            }
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}/{name}")
            };
            let folder = TreeFolder {
                name,
                depth,
                file_count: node.file_count,
                additions: node.additions,
                deletions: node.deletions,
                is_open: is_open(&path),
                path,
            };
            let (path, is_shown) = (folder.path.clone(), folder.is_open);
            rows.push(TreeRow::Folder(folder));
            if is_shown {
                node.append(rows, &path, depth + 1, is_open);
            }
        }
        let files = self.files.into_iter();
        rows.extend(files.map(|(position, file)| {
            TreeRow::File(TreeFile {
                depth,
                position,
                file,
            })
        }));
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )]

    use super::*;
    use crate::diff::DiffFile;

    fn drawn(paths: &[&str], is_open: impl Fn(&str) -> bool) -> Vec<String> {
        let files = paths.iter().enumerate().map(|(position, path)| {
            let file = DiffFile {
                new_path: Some((*path).to_owned()),
                additions: 2,
                deletions: 1,
                ..DiffFile::default()
            };
            (position, Arc::new(IndexedFile::of(&Arc::new(file))))
        });
        let draw = |row: TreeRow| match row {
            TreeRow::Folder(folder) => {
                let indent = "  ".repeat(folder.depth);
                let (name, files) = (folder.name, folder.file_count);
                format!(
                    "{indent}{name}/ {files} +{} -{}",
                    folder.additions, folder.deletions
                )
            }
            TreeRow::File(file) => {
                let indent = "  ".repeat(file.depth);
                format!("{indent}{} {}", file.file.path(), file.position)
            }
        };
        tree_rows(files, is_open).into_iter().map(draw).collect()
    }

    #[test]
    fn files_stand_in_their_folders_and_folders_count_them() {
        let paths = [
            "README.md",
            "app/main.rs",
            "app/ui/button.rs",
            "app/ui/icon.rs",
            "b.rs",
        ];
        assert_eq!(
            drawn(&paths, |_| true),
            [
                "app/ 3 +6 -3",
                "  ui/ 2 +4 -2",
                "    app/ui/button.rs 2",
                "    app/ui/icon.rs 3",
                "  app/main.rs 1",
                "README.md 0",
                "b.rs 4",
            ]
        );
    }

    #[test]
    fn a_folder_that_is_not_open_shows_nothing_of_what_is_in_it() {
        let paths = ["app/main.rs", "app/ui/button.rs", "docs/a.md"];
        assert_eq!(
            drawn(&paths, |path| path == "docs"),
            ["app/ 2 +4 -2", "docs/ 1 +2 -1", "  docs/a.md 2"]
        );
        assert_eq!(
            drawn(&paths, |path| path == "app"),
            [
                "app/ 2 +4 -2",
                "  ui/ 1 +2 -1",
                "  app/main.rs 0",
                "docs/ 1 +2 -1"
            ]
        );
    }

    #[test]
    fn folders_that_hold_but_one_are_drawn_as_one() {
        let paths = ["src/main/java/a.java", "src/main/java/b/c.java"];
        assert_eq!(
            drawn(&paths, |_| true),
            [
                "src/main/java/ 2 +4 -2",
                "  b/ 1 +2 -1",
                "    src/main/java/b/c.java 1",
                "  src/main/java/a.java 0"
            ]
        );
    }

    #[test]
    fn files_out_of_order_and_odd_paths_are_placed_too() {
        let deep = format!("{}z", "d/".repeat(2000));
        let paths = [
            "b/x",
            "a/y",
            "b/a",
            "/rooted",
            "double//slash",
            deep.as_str(),
            "",
        ];
        let rows = drawn(&paths, |_| true);
        let files = rows.iter().filter(|row| !row.contains('+'));
        assert_eq!(files.count(), paths.len());
        assert_eq!(drawn(&[], |_| true), Vec::<String>::new());
    }
}
