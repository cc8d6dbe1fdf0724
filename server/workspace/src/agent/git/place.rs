//! Where a repository keeps what git writes of it: its own folder, the folder that work trees share, the index.

use std::path::{Path, PathBuf};

use crate::git_command::{GitCommand, GitError};

/// Paths of a repository's own files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `HEAD`, `index` and what else belongs to one work tree.
    pub git_folder: PathBuf,
    /// Refs and configuration; the same folder unless there are several work trees.
    pub common_folder: PathBuf,
    /// The index.
    pub index: PathBuf,
}

impl Place {
    /// Asks git.
    pub async fn of(root: &Path) -> Result<Self, GitError> {
        let git = GitCommand::in_workspace(root);
        let arguments = [
            "rev-parse",
            "--git-dir",
            "--git-common-dir",
            "--git-path",
            "index",
        ];
        let printed = git.args(arguments).text().await?;
        let lines: Vec<&str> = printed.lines().collect();
        let [git_folder, common_folder, index] = lines.as_slice() else {
            return Err(GitError::Failed {
                action: "rev-parse".into(),
                message: "it does not say where the repository's files are".into(),
            });
        };
        Ok(Self {
            git_folder: root.join(git_folder),
            common_folder: root.join(common_folder),
            index: root.join(index),
        })
    }

    /// The repository's configuration.
    pub fn configuration(&self) -> PathBuf {
        self.common_folder.join("config")
    }

    /// Folders in which a commit, a checkout or a new branch leaves its traces.
    pub fn folders(&self) -> Vec<PathBuf> {
        vec![
            self.git_folder.clone(),
            self.git_folder.join("logs"),
            self.common_folder.clone(),
            self.common_folder.join("refs/heads"),
        ]
    }
}
