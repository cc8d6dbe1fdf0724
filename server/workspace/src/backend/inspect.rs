//! Looking at a folder: whether it is a repository, which, and whether it may be worked on.
//!
//! What a folder says about itself may be hostile, because an agent that worked in it directly could have written
//! it. A git folder outside the folder is therefore only accepted when it points back.

use std::path::{Path, PathBuf};

use super::{BackendError, place, record::GitFolders};
use crate::git_command::GitCommand;

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

/// Makes a git that may look at a folder and its repository's common folder, and change nothing.
pub type Looker<'a> = &'a (dyn Fn(&Path, &Path) -> Result<GitCommand, BackendError> + Sync);

/// Git on the folder, without the server's own configuration. It never talks to another repository: one that is a
/// partial clone would otherwise fetch what it lacks with a command that its configuration names.
pub fn git(folder: &Path) -> GitCommand {
    GitCommand::new(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CEILING_DIRECTORIES", "/")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_SSH_COMMAND", "false")
}

/// The repository whose root this folder is, or `None` when it is none or lies inside one.
pub async fn repository(
    folder: &Path,
    look: Looker<'_>,
) -> Result<Option<Repository>, BackendError> {
    // Git is only asked about folders that are known to belong together.
    let Some(folders) = find(folder)? else {
        return Ok(None);
    };
    let git = || look(folder, &folders.common);
    let output = git()?
        .args(["rev-parse", "--is-bare-repository"])
        .run()
        .await?;
    if !output.is_success {
        return Ok(None);
    }
    let is_bare = output.stdout.trim_ascii() == b"true";
    let head = git()?
        .args(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        .optional_text()
        .await?;
    let branch = git()?
        .args(["symbolic-ref", "--quiet", "--short", "HEAD"])
        .optional_text()
        .await?;
    Ok(Some(Repository {
        folders,
        is_bare,
        head,
        branch,
    }))
}

/// Where a repository's parts lie, read without running anything.
fn find(folder: &Path) -> Result<Option<GitFolders>, BackendError> {
    let link = folder.join(".git");
    let folders = |common: PathBuf, notes| GitFolders {
        repository: folder.to_path_buf(),
        common,
        notes,
    };
    match link.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => {
            require_own(folder, &link)?;
            Ok(Some(folders(link, None)))
        }
        Ok(metadata) if metadata.is_file() => {
            let Some(common) = linked(folder, &link) else {
                return Ok(None);
            };
            let notes = notes(&common, folder).ok_or_else(|| foreign(folder, &common))?;
            require_own(folder, &common)?;
            Ok(Some(folders(common, Some(notes))))
        }
        Ok(_) => Err(foreign(folder, &link)),
        Err(_) if folder.join("HEAD").is_file() && folder.join("objects").is_dir() => {
            require_own(folder, folder)?;
            Ok(Some(folders(folder.to_path_buf(), None)))
        }
        Err(_) => Ok(None),
    }
}

/// The common folder that a `.git` file leads to.
fn linked(folder: &Path, link: &Path) -> Option<PathBuf> {
    let text = place::small_file(link)?;
    let git = folder.join(text.strip_prefix("gitdir:")?.trim());
    let common = place::small_file(&git.join("commondir"))
        .map_or_else(|| git.clone(), |common| git.join(common.trim()));
    common.canonicalize().ok()
}

/// Refuses a git folder that sends git elsewhere for its configuration.
fn require_own(folder: &Path, common: &Path) -> Result<(), BackendError> {
    let path = common.join("commondir");
    let is_own = path.symlink_metadata().is_err()
        || place::small_file(&path).is_some_and(|text| text.trim() == ".");
    if is_own {
        return Ok(());
    }
    Err(BackendError::repository(
        folder,
        format!(
            "the file {} leads git to another folder; remove it if you did not make it",
            path.display()
        ),
    ))
}

fn foreign(folder: &Path, common: &Path) -> BackendError {
    BackendError::repository(
        folder,
        format!(
            "its git folder {} belongs to another repository",
            common.display()
        ),
    )
}

/// The repository's notes of this folder, if it knows it as one of its worktrees.
pub fn notes(common: &Path, folder: &Path) -> Option<PathBuf> {
    let worktrees = std::fs::read_dir(common.join("worktrees")).ok()?;
    worktrees.flatten().map(|entry| entry.path()).find(|notes| {
        let noted = place::small_file(&notes.join("gitdir")).unwrap_or_default();
        Path::new(noted.trim_end()).parent() == Some(folder)
    })
}

/// The repository for a worktree, or why there can be none.
pub async fn for_worktree(
    folder: &Path,
    look: Looker<'_>,
) -> Result<(Repository, String), BackendError> {
    let repository = repository(folder, look).await?.ok_or_else(|| {
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
    look: Looker<'_>,
) -> Result<Vec<String>, BackendError> {
    let git = || look(&repository.folders.repository, &repository.folders.common);
    let mut notices = Vec::new();
    if !repository.is_bare {
        let status = git()?
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
    let modules = git()?
        .args(["cat-file", "-e", "HEAD:.gitmodules"])
        .run()
        .await?;
    if modules.is_success {
        notices.push("the repository has submodules; they are empty until git submodule update --init is run".into());
    }
    Ok(notices)
}

/// What a folder that is used directly turned out to be.
#[derive(Debug, Default)]
pub struct SourceReport {
    /// The commit that is checked out; none where there is no repository.
    pub base_commit: Option<String>,
    /// What a person should know.
    pub notices: Vec<String>,
}

/// The report on a folder that is used directly.
pub async fn direct(
    folder: &Path,
    look: Looker<'_>,
) -> Result<(SourceReport, Option<GitFolders>), BackendError> {
    let repository = match repository(folder, look).await {
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
        base_commit: repository.head,
        notices: Vec::new(),
    };
    Ok((report, Some(repository.folders)))
}
