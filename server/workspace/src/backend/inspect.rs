//! Looking at a folder: whether it is a repository, which, and whether it may be worked on.
//!
//! What a folder says about itself may be hostile, because an agent that worked in it directly could have written
//! it. A git folder outside the folder is therefore only accepted when it points back.

use std::path::{Path, PathBuf};

use super::{BackendError, SourceReport, record::GitFolders};
use crate::git_command::{GitCommand, GitError};

/// What a repository is.
pub struct Repository {
    pub folders: GitFolders,
    pub is_bare: bool,
    pub head: Option<String>,
    pub branch: Option<String>,
}

/// The folder's real path.
pub fn folder(folder: &Path) -> Result<PathBuf, BackendError> {
    if !folder.is_absolute() {
        return Err(BackendError::folder(folder, "is not an absolute path"));
    }
    let real = folder
        .canonicalize()
        .map_err(|_| BackendError::folder(folder, "does not exist"))?;
    if real.is_dir() {
        Ok(real)
    } else {
        Err(BackendError::folder(folder, "is not a folder"))
    }
}

/// Git on the folder, without the server's own configuration.
pub fn git(folder: &Path) -> GitCommand {
    GitCommand::new(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CEILING_DIRECTORIES", "/")
}

/// The repository whose root this folder is, or `None` when it is none or lies inside one.
pub async fn repository(folder: &Path) -> Result<Option<Repository>, BackendError> {
    let arguments = [
        "rev-parse",
        "--is-bare-repository",
        "--path-format=absolute",
        "--git-common-dir",
    ];
    let output = git(folder).args(arguments).run().await?;
    if !output.is_success {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let Some((is_bare, common)) = text.split_once('\n') else {
        return Ok(None);
    };
    let is_bare = is_bare.trim() == "true";
    let common = PathBuf::from(common.trim_end_matches('\n'));
    let common = common
        .canonicalize()
        .map_err(|error| BackendError::system(&common, "cannot find", error))?;
    let is_root = if is_bare {
        common == folder
    } else {
        folder.join(".git").exists()
    };
    if !is_root {
        return Ok(None);
    }
    if !common.starts_with(folder) && !points_back(&common, folder) {
        return Err(BackendError::repository(
            folder,
            format!(
                "its git folder {} belongs to another repository",
                common.display()
            ),
        ));
    }
    let head = git(folder)
        .args(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        .optional_text()
        .await?;
    let branch = git(folder)
        .args(["symbolic-ref", "--quiet", "--short", "HEAD"])
        .optional_text()
        .await?;
    Ok(Some(Repository {
        folders: GitFolders {
            repository: folder.to_path_buf(),
            common,
        },
        is_bare,
        head,
        branch,
    }))
}

/// Whether the repository knows this folder as one of its worktrees.
fn points_back(common: &Path, folder: &Path) -> bool {
    let worktrees = std::fs::read_dir(common.join("worktrees"))
        .into_iter()
        .flatten()
        .flatten();
    worktrees.into_iter().any(|worktree| {
        let noted = std::fs::read_to_string(worktree.path().join("gitdir")).unwrap_or_default();
        Path::new(noted.trim_end())
            .parent()
            .is_some_and(|noted| noted == folder)
    })
}

/// The repository for a worktree, or why there can be none.
pub async fn for_worktree(folder: &Path) -> Result<(Repository, String), BackendError> {
    let repository = repository(folder).await?.ok_or_else(|| {
        BackendError::repository(
            folder,
            "it is not the root of a git repository; run git init and commit there, or work in the folder directly",
        )
    })?;
    match repository.head.clone() {
        Some(head) => Ok((repository, head)),
        None => Err(BackendError::repository(
            folder,
            "the repository has no commits yet; make a first commit, or work in the folder directly",
        )),
    }
}

/// What a person should know before working on a worktree of this repository.
pub async fn worktree_notices(
    repository: &Repository,
    status: GitCommand,
) -> Result<Vec<String>, GitError> {
    let mut notices = Vec::new();
    if !repository.is_bare {
        let status = status
            .args(["status", "--porcelain=v1", "-z", "--untracked-files=normal"])
            .output()
            .await?;
        let changed = status
            .stdout
            .split(|&byte| byte == 0)
            .filter(|entry| !entry.is_empty())
            .count();
        if changed > 0 {
            notices.push(format!(
                "{changed} uncommitted changes in {} are not included: the worktree begins at the last commit",
                repository.folders.repository.display()
            ));
        }
    }
    if repository.branch.is_none() {
        notices.push("the repository is not on a branch; the worktree begins at the commit that is checked out".into());
    }
    let modules = git(&repository.folders.repository)
        .args(["cat-file", "-e", "HEAD:.gitmodules"])
        .run()
        .await?;
    if modules.is_success {
        notices.push("the repository has submodules; they are empty until git submodule update --init is run".into());
    }
    Ok(notices)
}

/// The report on a folder that is used directly.
pub async fn direct(folder: &Path) -> Result<(SourceReport, Option<GitFolders>), BackendError> {
    let repository = match repository(folder).await {
        Ok(repository) => repository,
        Err(BackendError::ProgramMissing { .. }) => {
            let notices = vec!["git is not installed; changes cannot be shown".to_owned()];
            return Ok((
                SourceReport {
                    notices,
                    ..SourceReport::default()
                },
                None,
            ));
        }
        Err(error) => return Err(error),
    };
    let Some(repository) = repository else {
        let notices =
            vec!["the folder is not a git repository; changes cannot be shown".to_owned()];
        return Ok((
            SourceReport {
                notices,
                ..SourceReport::default()
            },
            None,
        ));
    };
    if repository.is_bare {
        return Err(BackendError::folder(
            folder,
            "is a bare repository without files; work in a worktree of it",
        ));
    }
    let report = SourceReport {
        is_repository: true,
        branch: repository.branch,
        base_commit: repository.head,
        notices: Vec::new(),
    };
    Ok((report, Some(repository.folders)))
}
