//! Finding files by a few letters of their path.
//!
//! The paths below the working directory are kept for a moment, so that typing a name looks at the disk once. What git
//! ignores is left out; links are not followed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ignore::WalkBuilder;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::blocking;
use crate::agent::error::ApiError;
use crate::protocol::{FindFilesQuery, FoundFile, FoundFiles};

/// How long the paths count as new.
const KEPT: Duration = Duration::from_secs(5);
/// Paths that are looked at.
const MAX_PATHS: usize = 50_000;
const MAX_DEPTH: usize = 32;
/// Letters that are looked for; what is longer is no name.
const MAX_QUERY_CHARACTERS: usize = 200;
/// Results of one call.
const MAX_FOUND: usize = 100;

/// The paths below a working directory.
#[derive(Default)]
pub struct FileIndex(Mutex<Option<Known>>);

#[derive(Clone)]
struct Known {
    paths: Arc<Paths>,
    read_at: Instant,
}

struct Paths {
    /// Relative, folders with a slash at the end; the shortest first.
    sorted: Vec<String>,
    is_cut: bool,
}

impl FileIndex {
    /// The paths that match best.
    pub async fn find(&self, root: &Path, query: &FindFilesQuery) -> Result<FoundFiles, ApiError> {
        let paths = self.paths(root).await?;
        let letters: String = query.query.chars().take(MAX_QUERY_CHARACTERS).collect();
        let limit = query.limit.clamp(1, MAX_FOUND);
        blocking(move || {
            Ok(FoundFiles {
                files: best(&paths.sorted, &letters, limit),
                is_cut: paths.is_cut,
            })
        })
        .await
    }

    async fn paths(&self, root: &Path) -> Result<Arc<Paths>, ApiError> {
        // Held while the disk is looked at: who comes meanwhile gets the same.
        let mut known = self.0.lock().await;
        if let Some(known) = known
            .as_ref()
            .filter(|known| known.read_at.elapsed() < KEPT)
        {
            return Ok(Arc::clone(&known.paths));
        }
        let root = root.to_owned();
        let paths = blocking(move || Ok(Arc::new(walk(&root, MAX_PATHS)))).await?;
        *known = Some(Known {
            paths: Arc::clone(&paths),
            read_at: Instant::now(),
        });
        Ok(paths)
    }
}

fn walk(root: &Path, limit: usize) -> Paths {
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .max_depth(Some(MAX_DEPTH))
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let mut sorted = Vec::new();
    let mut is_cut = false;
    // What cannot be read is passed over.
    for entry in walk.flatten() {
        let Ok(path) = entry.path().strip_prefix(root) else {
            continue;
        };
        // The root itself, and names that cannot be written in a message.
        let Some(path) = path.to_str().filter(|path| !path.is_empty()) else {
            continue;
        };
        if sorted.len() == limit {
            is_cut = true;
            break;
        }
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        sorted.push(format!("{path}{}", if is_folder { "/" } else { "" }));
    }
    sorted.sort_by(|one: &String, other| (one.len(), one).cmp(&(other.len(), other)));
    Paths { sorted, is_cut }
}

/// Nothing to look for finds what lies at the top.
fn best(paths: &[String], letters: &str, limit: usize) -> Vec<FoundFile> {
    let found: Vec<&String> = if letters.trim().is_empty() {
        let is_at_top = |path: &&String| !path.trim_end_matches('/').contains('/');
        let mut top: Vec<_> = paths.iter().filter(is_at_top).collect();
        top.sort();
        top
    } else {
        let pattern = Pattern::new(
            letters,
            CaseMatching::Smart,
            Normalization::Smart,
            AtomKind::Fuzzy,
        );
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let matched = pattern.match_list(paths, &mut matcher);
        matched.into_iter().map(|(path, _)| path).collect()
    };
    let file = |path: &String| FoundFile {
        path: path.trim_end_matches('/').to_owned(),
        is_dir: path.ends_with('/'),
    };
    found.into_iter().take(limit).map(file).collect()
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

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join(".git")).unwrap();
        for file in [
            ".gitignore",
            ".github/workflows/test.yml",
            "README.md",
            "src/main.rs",
            "src/terminal/main_window.rs",
            "docs/domain.md",
            "target/debug/main",
        ] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::fs::write(folder.path().join(".gitignore"), "/target\n").unwrap();
        std::os::unix::fs::symlink("/etc", folder.path().join("outside")).unwrap();
        folder
    }

    fn found(folder: &Path, letters: &str) -> Vec<String> {
        let files = best(&walk(folder, MAX_PATHS).sorted, letters, 10);
        files.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn the_best_match_comes_first_and_what_git_ignores_not_at_all() {
        let folder = tree();
        let main = found(folder.path(), "main");
        assert_eq!(main[..2], ["src/main.rs", "src/terminal/main_window.rs"]);
        assert_eq!(main[2..], ["docs/domain.md"], "ignored ones are not found");
        assert_eq!(found(folder.path(), "srmn")[0], "src/main.rs");
        assert_eq!(
            found(folder.path(), "work/test")[0],
            ".github/workflows/test.yml"
        );
        assert_eq!(found(folder.path(), "passwd"), Vec::<String>::new());
        assert_eq!(found(folder.path(), "!^$' \u{0}"), Vec::<String>::new());
    }

    #[test]
    fn nothing_to_look_for_finds_what_lies_at_the_top() {
        let folder = tree();
        let top = [
            ".github",
            ".gitignore",
            "README.md",
            "docs",
            "outside",
            "src",
        ];
        assert_eq!(found(folder.path(), " "), top);
    }

    #[test]
    fn only_so_many_paths_are_looked_at() {
        let folder = tree();
        let paths = walk(folder.path(), 3);
        assert_eq!((paths.sorted.len(), paths.is_cut), (3, true));
        assert!(!walk(folder.path(), 100).is_cut);
    }

    #[tokio::test]
    async fn the_paths_are_kept_for_a_moment() {
        let folder = tree();
        let index = FileIndex::default();
        let query = FindFilesQuery {
            query: "fresh".to_owned(),
            limit: 5,
        };
        let count = async || index.find(folder.path(), &query).await.unwrap().files.len();
        assert_eq!(count().await, 0);
        std::fs::write(folder.path().join("fresh.md"), "").unwrap();
        assert_eq!(count().await, 0);
        tokio::time::pause();
        tokio::time::advance(KEPT).await;
        tokio::time::resume();
        assert_eq!(count().await, 1);
    }
}
