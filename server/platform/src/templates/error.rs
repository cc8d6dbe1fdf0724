//! Why something about templates failed.

use sdk::errors::Validation;
use store::StoreError;

use super::MAX_TEMPLATES;
use crate::{Failure, FailureKind};

/// Why something about templates failed.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Fields were refused.
    #[error("Some fields are not right. Correct them and try again.")]
    Invalid(Vec<Validation>),
    /// The name is taken.
    #[error("There is a template with this name already. Choose another name.")]
    NameTaken,
    /// As many as there may be.
    #[error("There are {MAX_TEMPLATES} templates already. Delete one that is not needed.")]
    TooMany,
    /// No such template for the caller.
    #[error("There is no such template.")]
    NotFound,
    /// Only owners may.
    #[error("Your role does not allow this. Ask an owner or administrator of this deployment.")]
    Forbidden,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TemplateError {
    pub(super) fn from_write(error: StoreError) -> Self {
        if error.unique_violation().is_some() {
            Self::NameTaken
        } else {
            error.into()
        }
    }
}

impl Failure for TemplateError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::NameTaken | Self::TooMany => FailureKind::Conflict,
            Self::NotFound => FailureKind::NotFound,
            Self::Forbidden => FailureKind::Forbidden,
            Self::Store(error) => error.kind(),
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
