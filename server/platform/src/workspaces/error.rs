//! Why something about workspaces failed.

use sdk::errors::Validation;
use sdk::workspace_shares::WorkspacePermission;
use sdk::workspaces::WorkspaceStatus;
use store::StoreError;
use workspace::backend::{BackendError, UnsavedWork};

use crate::external_auth::ExternalAuthError;
use crate::{Failure, FailureKind};

/// Why something about workspaces failed.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// The name is taken.
    #[error("You have a workspace with this name already. Choose another name.")]
    NameTaken,
    /// No such workspace for the caller.
    #[error("There is no such workspace.")]
    NotFound,
    /// The caller may see the workspace and not do this with it; one of these would be needed.
    #[error("The workspace is shared with you without {}. Ask its owner for it.", names(.0))]
    NotShared(Vec<WorkspacePermission>),
    /// Only whose it is may share it.
    #[error("Only the owner of the workspace may share it. Ask them.")]
    NotYours,
    /// No such build.
    #[error("There is no such build of this workspace.")]
    NoBuild,
    /// Another build of it runs.
    #[error(
        "The workspace is being started, stopped or deleted. Wait until that is done and try again."
    )]
    Busy,
    /// A start would end what runs in it.
    #[error("The workspace runs already. Stop it first to start it anew.")]
    Running,
    /// Somebody stopped or deleted the workspace while it was started.
    #[error("The start was ended by a stop or a deletion.")]
    Ended,
    /// Deleting would lose work.
    #[error("Deleting the workspace would lose work: {}. Commit, merge or push it, or delete by force.", losses(.0))]
    UnsavedWork(Box<UnsavedWork>),
    /// What was asked for needs a workspace that runs.
    #[error("The workspace {}. Start it and try again.", state(*.0))]
    NotRunning(WorkspaceStatus),
    /// The agent's connection is lost and did not come back in time.
    #[error(
        "The connection to the workspace's agent is lost. It connects again by itself; try again in a moment."
    )]
    AgentAway,
    /// The agent's token holds no longer.
    #[error("The workspace was stopped or started anew; this agent is no longer needed.")]
    AgentGone,
    /// What the clone would sign in with cannot be read.
    #[error(transparent)]
    ExternalAuth(#[from] ExternalAuthError),
    /// The backend refuses, in words for people.
    #[error("{0}")]
    Backend(#[from] BackendError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WorkspaceError {
    pub(super) fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Validation {
            field: field.to_owned(),
            detail: detail.into(),
        }])
    }

    pub(super) fn from_write(error: StoreError) -> Self {
        if error.unique_violation().is_some() {
            Self::NameTaken
        } else {
            Self::Store(error)
        }
    }
}

impl Failure for WorkspaceError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::NotFound | Self::NoBuild => FailureKind::NotFound,
            Self::NotShared(_) | Self::NotYours => FailureKind::Forbidden,
            Self::NameTaken
            | Self::Busy
            | Self::Running
            | Self::Ended
            | Self::UnsavedWork(_)
            | Self::NotRunning(_) => FailureKind::Conflict,
            Self::AgentAway => FailureKind::Unavailable,
            // The server answers agents itself; anywhere else this is a credential that does not hold.
            Self::AgentGone => FailureKind::Unauthenticated,
            Self::ExternalAuth(error) => error.kind(),
            Self::Backend(error) => match error {
                BackendError::Folder { .. } | BackendError::Repository { .. } => {
                    FailureKind::Invalid
                }
                BackendError::NotFound { .. } => FailureKind::NotFound,
                BackendError::AlreadyRunning { .. } | BackendError::UnsavedWork(_) => {
                    FailureKind::Conflict
                }
                _ => FailureKind::Unavailable,
            },
            Self::Store(error) => error.kind(),
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::UnsavedWork(work) => Some(
                [
                    work.uncommitted_files.join("\n"),
                    work.unmerged_commits.join("\n"),
                ]
                .join("\n"),
            ),
            _ => None,
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) => validations.clone(),
            Self::NameTaken => vec![Validation {
                field: "name".to_owned(),
                detail: "This name is taken. Choose another one.".to_owned(),
            }],
            _ => Vec::new(),
        }
    }
}

fn state(status: WorkspaceStatus) -> &'static str {
    match status {
        WorkspaceStatus::Stopped => "is stopped",
        WorkspaceStatus::Failed => "could not be started",
        WorkspaceStatus::Deleted => "was deleted",
        _ => "is not running yet",
    }
}

fn names(permissions: &[WorkspacePermission]) -> String {
    let names: Vec<_> = permissions.iter().map(|one| one.as_str()).collect();
    names.join(" or ")
}

fn losses(work: &UnsavedWork) -> String {
    let mut losses = Vec::new();
    if work.uncommitted_count > 0 {
        losses.push(format!(
            "{} files with changes that are not committed",
            work.uncommitted_count
        ));
    }
    if work.unmerged_count > 0 {
        losses.push(format!(
            "{} commits that are on no other branch",
            work.unmerged_count
        ));
    }
    if let Some(reason) = &work.unknown_because {
        losses.push(format!("it cannot be found out how much ({reason})"));
    }
    losses.join(" and ")
}
