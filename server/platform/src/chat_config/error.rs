//! Why something about the configuration of agents failed.

use sdk::errors::Validation;
use store::StoreError;

use crate::{Failure, FailureKind};

/// Why something about the configuration of agents failed.
#[derive(Debug, thiserror::Error)]
pub enum ChatConfigError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// There is no such setting for the caller.
    #[error("There is no such setting.")]
    NotFound,
    /// No such model.
    #[error("There is no such model.")]
    ModelNotFound,
    /// Only owners may.
    #[error("Your role does not allow this. Ask an owner or administrator of this deployment.")]
    Forbidden,
    /// People may not choose whether calls are recorded.
    #[error("Debug logging is not allowed for users. Ask an owner to allow it.")]
    DebugLoggingNotAllowed,
    /// The deployment records everybody's calls.
    #[error(
        "Debug logging is on for everybody in this deployment. It can only be changed where the server is configured."
    )]
    DebugLoggingForced,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChatConfigError {
    /// One refused field.
    pub(super) fn field(field: &str, detail: &str) -> Self {
        Self::Invalid(vec![Validation {
            field: field.to_owned(),
            detail: detail.to_owned(),
        }])
    }
}

impl Failure for ChatConfigError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::NotFound | Self::ModelNotFound => FailureKind::NotFound,
            Self::Forbidden | Self::DebugLoggingNotAllowed => FailureKind::Forbidden,
            Self::DebugLoggingForced => FailureKind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(validations) => validations.clone(),
            _ => Vec::new(),
        }
    }
}
