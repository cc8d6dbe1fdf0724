//! Why a backend could not do what it was asked.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::UnsavedWork;
use crate::git_command::GitError;

/// Why a backend could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The folder is not there or not a directory.
    #[error("the folder {} {problem}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// The folder cannot be used for a worktree.
    #[error("{} cannot be worked on in a worktree: {problem}", .folder.display())]
    Repository {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// There is no such workspace.
    #[error("there is no workspace {workspace_id}")]
    NotFound {
        /// Which.
        workspace_id: Uuid,
    },
    /// An agent of this workspace runs already.
    #[error("the workspace runs already")]
    AlreadyRunning {
        /// Which agent.
        agent_id: Uuid,
    },
    /// Deleting would lose work.
    #[error("deleting the workspace would lose {} uncommitted files and {} commits", .0.uncommitted_count, .0.unmerged_count)]
    UnsavedWork(Box<UnsavedWork>),
    /// A program that is needed is not installed.
    #[error("{program} is needed and was not found; install it and try again")]
    ProgramMissing {
        /// Which.
        program: &'static str,
    },
    /// Git failed.
    #[error("git {action} failed: {message}")]
    Git {
        /// What was tried.
        action: String,
        /// What git says.
        message: String,
    },
    /// The setup script failed.
    #[error("the setup script {problem}")]
    Setup {
        /// How it ended, with the last it said, and what to do.
        problem: String,
    },
    /// The agent's process could not be started, or ended at once.
    #[error("the agent could not be started: {message}")]
    Agent {
        /// What is known of it, with the end of its log.
        message: String,
    },
    /// The system refused.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// What the system says.
        error: std::io::Error,
    },
}

impl BackendError {
    pub(super) fn system(path: &Path, what: &str, error: std::io::Error) -> Self {
        Self::System {
            what: format!("{what} {}", path.display()),
            error,
        }
    }

    pub(super) fn folder(folder: &Path, problem: impl Into<String>) -> Self {
        Self::Folder {
            folder: folder.to_path_buf(),
            problem: problem.into(),
        }
    }

    pub(super) fn repository(folder: &Path, problem: impl Into<String>) -> Self {
        Self::Repository {
            folder: folder.to_path_buf(),
            problem: problem.into(),
        }
    }
}

impl From<GitError> for BackendError {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Missing => Self::ProgramMissing { program: "git" },
            GitError::Failed { action, message } => Self::Git { action, message },
        }
    }
}
