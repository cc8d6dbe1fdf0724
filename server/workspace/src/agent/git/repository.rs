//! One scan of one repository.
//!
//! Untracked files are shown like new ones: a copy of the index learns of them, the repository's own index is
//! never touched.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::{
    diff,
    place::Place,
    remote,
    status::{self, Status},
    untracked,
};
use crate::{
    git_command::{GitCommand, GitError},
    protocol::RepositoryChanges,
};

/// As many lines around as everywhere: readers of the text tell by them where a file ends.
const PATCH: &[&str] = &["--patch", "--unified=3"];

/// From here on untracked files are told to git by their folders.
const MANY: usize = 200;

/// What to scan.
pub struct Scan<'a> {
    /// Root of the work tree.
    pub root: &'a Path,
    /// The commit to compare with; `HEAD` when absent or not there.
    pub base: Option<&'a str>,
    /// A folder for the copy of the index.
    pub scratch: &'a Path,
    /// The mark of the scan before; the same one means that nothing changed since.
    pub mark: Option<u64>,
}

/// What a scan found.
pub struct Found {
    /// What the next scan compares itself with.
    pub mark: Option<u64>,
    /// The state; absent when nothing changed since the scan before.
    pub changes: Option<RepositoryChanges>,
}

/// Scans a repository.
pub async fn scan(scan: &Scan<'_>) -> Result<Found, GitError> {
    let place = Place::of(scan.root).await?;
    let status = status::read(scan.root, &place.configuration()).await?;
    if status.mark.is_some() && status.mark == scan.mark {
        return Ok(Found {
            mark: status.mark,
            changes: None,
        });
    }
    Ok(Found {
        mark: status.mark,
        changes: Some(changes(scan, &place, status).await?),
    })
}

async fn changes(
    scan: &Scan<'_>,
    place: &Place,
    status: Status,
) -> Result<RepositoryChanges, GitError> {
    let git = || GitCommand::in_workspace(scan.root);
    let origin = git()
        .args(["config", "--get", "remote.origin.url"])
        .optional_text()
        .await?;
    let base = base(scan, status.head.as_deref()).await?;
    let tree = match &base {
        Some(base) => base.clone(),
        // The empty tree's name depends on the repository's hash function.
        None => {
            git()
                .args(["hash-object", "-t", "tree", "/dev/null"])
                .text()
                .await?
        }
    };
    let index = IndexCopy::new(scan, place).await?;
    index.add_untracked(scan.root, &status).await?;
    let listed = index
        .diff(scan.root, &tree, &["--raw", "--numstat", "-z"])
        .output()
        .await?;
    let mut files = diff::files(&listed.stdout);
    diff::mark_conflicts(&mut files, &status.unmerged);
    let patch = index.diff(scan.root, &tree, PATCH).output().await?;
    let (unified_diff, left_out) =
        diff::fitting(&patch.stdout, patch.is_cut, &files, diff::MAX_DIFF_BYTES);
    let untracked = status.untracked.len() as u64 + status.unlisted;
    Ok(RepositoryChanges {
        repo_root: scan.root.display().to_string(),
        branch: status.branch,
        head: status.head,
        base,
        remote_origin: origin.as_deref().map(remote::without_credentials),
        unified_diff,
        additions: files.iter().map(|file| file.additions).sum(),
        deletions: files.iter().map(|file| file.deletions).sum(),
        files,
        left_out,
        untracked_files: untracked,
        unlisted_files: status.unlisted,
        uncommitted_files: status.tracked.len() as u64 + untracked,
        removed: false,
    })
}

async fn base(scan: &Scan<'_>, head: Option<&str>) -> Result<Option<String>, GitError> {
    if let Some(base) = scan.base {
        let commit = format!("{base}^{{commit}}");
        let git = GitCommand::in_workspace(scan.root).args([
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ]);
        if let Some(found) = git.optional_text().await? {
            return Ok(Some(found));
        }
    }
    Ok(head.map(str::to_owned))
}

/// A copy of the index, removed when dropped.
struct IndexCopy {
    path: PathBuf,
}

impl IndexCopy {
    async fn new(scan: &Scan<'_>, place: &Place) -> Result<Self, GitError> {
        let copy = Self {
            path: scan
                .scratch
                .join(format!("index-{}", Uuid::new_v4().simple())),
        };
        let (from, to) = (place.index.clone(), copy.path.clone());
        let copied = tokio::task::spawn_blocking(move || copy_with_its_time(&from, &to)).await;
        match copied.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            Ok(()) => Ok(copy),
            // Nothing was ever added.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && scan.scratch.is_dir() => {
                Ok(copy)
            }
            Err(error) => Err(GitError::Failed {
                action: "diff".into(),
                message: format!("cannot copy the index: {error}"),
            }),
        }
    }

    fn git(&self, root: &Path) -> GitCommand {
        GitCommand::in_workspace(root).env("GIT_INDEX_FILE", &self.path)
    }

    async fn add_untracked(&self, root: &Path, status: &Status) -> Result<(), GitError> {
        if status.untracked.is_empty() {
            return Ok(());
        }
        // Git looks through all names for each file; a repository inside a folder must not be added with it.
        let names = if status.untracked.len() > MANY && !status.has_repositories {
            let folders = self.untracked_folders(root).await?;
            untracked::names(status, &folders)
        } else {
            status.untracked.iter().map(Vec::as_slice).collect()
        };
        let arguments = [
            "add",
            "--intent-to-add",
            "--ignore-errors",
            "--pathspec-from-file=-",
            "--pathspec-file-nul",
        ];
        // Files that went away in the meantime or cannot be read are no reason to show nothing.
        self.git(root)
            .args(arguments)
            .input(names.join(&0_u8))
            .run()
            .await?;
        Ok(())
    }

    /// The topmost folders in which everything is untracked, each with a slash at its end.
    async fn untracked_folders(&self, root: &Path) -> Result<HashSet<Vec<u8>>, GitError> {
        let arguments = [
            "ls-files",
            "--others",
            "--exclude-standard",
            "--directory",
            "--no-empty-directory",
            "-z",
        ];
        let listed = self.git(root).args(arguments).output().await?;
        let entries = listed.stdout.split(|&byte| byte == 0);
        let folders = entries.filter(|entry| entry.ends_with(b"/"));
        Ok(folders.map(<[u8]>::to_vec).collect())
    }

    fn diff(&self, root: &Path, tree: &str, form: &[&str]) -> GitCommand {
        self.git(root)
            .args([
                "diff",
                "--no-ext-diff",
                "--no-textconv",
                "--no-color",
                "--find-renames",
                "--submodule=short",
            ])
            .args(["--src-prefix=a/", "--dst-prefix=b/", "-O/dev/null"])
            .args(form)
            .args(["--end-of-options", tree, "--"])
    }
}

/// Git looks into files that changed in the second in which the index was written, because their times say nothing then. In
/// a copy that is younger it would take them for unchanged.
fn copy_with_its_time(from: &Path, to: &Path) -> std::io::Result<()> {
    let modified = std::fs::metadata(from)?.modified()?;
    std::fs::copy(from, to)?;
    // Its owner may set its time, whatever else the index lets anybody do.
    std::fs::File::open(to)?.set_modified(modified)
}

impl Drop for IndexCopy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_file(self.path.with_extension("lock"));
    }
}
