//! What every feature's error can tell, so that one table in the server turns any of them into an answer.

use sdk::errors::Validation;
use store::StoreError;

/// An error that a caller can act on.
pub trait Failure: std::error::Error {
    /// Its kind, which decides the status.
    fn kind(&self) -> FailureKind;

    /// What happened and what to do next, for people. Never holds a driver's text.
    fn message(&self) -> String {
        match self.kind() {
            FailureKind::Internal => {
                "Something went wrong on the server. Try again; if it goes on, ask the administrator to look into the log."
                    .to_owned()
            }
            _ => self.to_string(),
        }
    }

    /// More about the cause.
    fn detail(&self) -> Option<String> {
        None
    }

    /// The fields that were refused.
    fn validations(&self) -> Vec<Validation> {
        Vec::new()
    }
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The request itself is wrong: 400.
    Invalid,
    /// Nobody is signed in, or the credential is wrong: 401.
    Unauthenticated,
    /// The object is visible but the action is not allowed: 403.
    Forbidden,
    /// It does not exist for the caller: 404.
    NotFound,
    /// It contradicts the state of things: 409.
    Conflict,
    /// Too large: 413.
    TooLarge,
    /// Too often: 429.
    TooMany {
        /// Seconds until it may work again.
        retry_after_s: u64,
    },
    /// Something that is needed does not answer: 503.
    Unavailable,
    /// A fault of the server: 500. The error's `Display` is for the log.
    Internal,
}

impl Failure for StoreError {
    /// What passes by itself or by freeing space is [`FailureKind::Unavailable`], with a text of its own for people.
    fn kind(&self) -> FailureKind {
        match self {
            Self::Full(_) | Self::Unreachable(_) => FailureKind::Unavailable,
            _ => FailureKind::Internal,
        }
    }
}

/// A fault inside the server that no caller can act on. Its text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(String);

impl Fault {
    pub(crate) fn new(what: &str, cause: &dyn std::fmt::Display) -> Self {
        Self(format!("{what}: {cause}"))
    }
}

impl Failure for Fault {
    fn kind(&self) -> FailureKind {
        FailureKind::Internal
    }
}

/// Collects refused fields while a request is checked.
#[derive(Debug, Default)]
pub(crate) struct Checks(Vec<Validation>);

impl Checks {
    /// Refuses a field.
    pub(crate) fn refuse(&mut self, field: &str, detail: impl Into<String>) {
        self.0.push(Validation {
            field: field.to_owned(),
            detail: detail.into(),
        });
    }

    /// Keeps the value of a check that succeeded.
    pub(crate) fn take<T>(
        &mut self,
        field: &str,
        checked: Result<T, impl Into<String>>,
    ) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(detail) => {
                self.refuse(field, detail);
                None
            }
        }
    }

    /// The refused fields, when there are any.
    pub(crate) fn finish(self) -> Result<(), Vec<Validation>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }
}

/// Words of another program as a sentence for people.
pub(crate) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .map(|letter| letter.to_uppercase().collect())
        .unwrap_or_default();
    let rest = letters.as_str();
    let end = if rest.ends_with('.') { "" } else { "." };
    format!("{first}{rest}{end}")
}
