//! The one error of the page: what a server function answers when it cannot do what was asked.
//!
//! It says what happened in a sentence for people, names refused fields, and carries the request's id so that
//! an operator can find it in the log.

use crate::api::codec::PageJsonEncoding;
use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use sdk::errors::Validation;
use serde::{Deserialize, Serialize};

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Something that was sent is not acceptable.
    Invalid,
    /// Nobody is signed in.
    Unauthenticated,
    /// Not allowed for this user.
    Forbidden,
    /// It does not exist, or not for this user.
    NotFound,
    /// It clashes with what is there.
    Conflict,
    /// Too many bytes were sent.
    TooLarge,
    /// Asked too often.
    TooMany,
    /// Something that is needed does not answer.
    Unavailable,
    /// A fault of the server.
    #[default]
    Internal,
    /// The server could not be reached.
    Offline,
}

/// A failed server function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppError {
    /// What kind of failure it was.
    pub code: ErrorCode,
    /// What happened and what to do next.
    pub message: String,
    /// More about the cause, when it helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Refused fields, each with its reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validations: Vec<Validation>,
    /// The request's id, for the operator's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl AppError {
    /// An error with a message alone.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            ..Self::default()
        }
    }

    /// An error about one field.
    pub fn invalid_field(field: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            code: ErrorCode::Invalid,
            message: detail.clone(),
            validations: vec![Validation {
                field: field.to_owned(),
                detail,
            }],
            ..Self::default()
        }
    }

    /// Why a field was refused, if it was.
    pub fn field(&self, name: &str) -> Option<String> {
        self.validations
            .iter()
            .find(|validation| validation.field == name)
            .map(|validation| validation.detail.clone())
    }
}

impl std::fmt::Display for AppError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = PageJsonEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        // On the server only a call's arguments are deserialized; in the browser, answers are.
        #[cfg(feature = "ssr")]
        let value = match value {
            ServerFnErrorErr::Args(detail)
            | ServerFnErrorErr::MissingArg(detail)
            | ServerFnErrorErr::Deserialization(detail) => {
                crate::api::misunderstood();
                ServerFnErrorErr::Args(detail)
            }
            other => other,
        };
        match value {
            ServerFnErrorErr::Request(detail) => Self {
                detail: Some(detail),
                ..Self::new(
                    ErrorCode::Offline,
                    "The server could not be reached. Check the connection and try again.",
                )
            },
            ServerFnErrorErr::Args(detail) | ServerFnErrorErr::MissingArg(detail) => Self {
                detail: Some(detail),
                ..Self::new(
                    ErrorCode::Invalid,
                    "The form was not understood. Check the fields and send it again.",
                )
            },
            other => Self {
                detail: Some(other.to_string()),
                ..Self::new(
                    ErrorCode::Internal,
                    "The server answered in a way the page does not understand. Reload the page and try again.",
                )
            },
        }
    }
}
