//! The one error type of the HTTP face and the only table from failures to status codes.
//!
//! A failure inside the server answers 500 with a sentence; its cause goes to the log by
//! [`super::request_id`] and never to the client.

use std::fmt::Write as _;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use platform::{Failure, FailureKind};
use sdk::errors::{ErrorBody, Validation};
use sdk::permissions::Permission;

use super::request_id::InternalCause;

/// A failed request.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: ErrorBody,
    retry_after_s: Option<u64>,
    cause: Option<String>,
}

impl ApiError {
    /// An error with its status and a sentence for people.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            body: ErrorBody::new(message),
            retry_after_s: None,
            cause: None,
        }
    }

    /// Adds more about the cause.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.body.detail = Some(detail.into());
        self
    }

    /// Names a refused field.
    pub fn with_validation(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.body.validations.push(Validation {
            field: field.into(),
            detail: detail.into(),
        });
        self
    }

    /// Nobody is signed in, or the credential does not hold.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Sign in, or send an API token as `Authorization: Bearer <token>`.",
        )
    }

    /// The caller's role does not hold what the route needs. What one may not read does not exist; of everybody's costs
    /// clients of the chat API expect to be told.
    pub fn not_permitted(permission: Permission) -> Self {
        match permission {
            Permission::ReadUsers | Permission::ReadSettings | Permission::ReadAuditLog => {
                Self::new(
                    StatusCode::NOT_FOUND,
                    "There is no such section for your role. Ask an owner or administrator of this deployment.",
                )
            }
            _ => Self::new(
                StatusCode::FORBIDDEN,
                "Your role does not allow this. Ask an owner or administrator of this deployment.",
            ),
        }
    }

    /// No such route below `/api`.
    pub fn unknown_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is no such API route. See /api/v2/openapi.json for those there are.",
        )
    }

    /// The route exists, not with this method.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "This API route does not take this method.",
        )
    }

    /// The object does not exist for the caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}."))
    }

    /// The body is over the limit.
    pub fn body_too_large(limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "The request body is larger than {} KiB.",
                limit_bytes / 1024
            ),
        )
    }

    /// A fault of the server; `cause` goes to the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong on the server. Try again; if it goes on, ask the administrator to look into the log.",
        );
        error.cause = Some(cause.into());
        error
    }

    /// The status it answers with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body it answers with.
    pub fn body(&self) -> &ErrorBody {
        &self.body
    }
}

impl<F: Failure> From<F> for ApiError {
    fn from(failure: F) -> Self {
        let kind = failure.kind();
        Self {
            status: status_of(kind),
            body: ErrorBody {
                message: failure.message(),
                detail: failure.detail(),
                validations: failure.validations(),
            },
            retry_after_s: match kind {
                FailureKind::TooMany { retry_after_s } => Some(retry_after_s),
                _ => None,
            },
            cause: (kind == FailureKind::Internal).then(|| chain_of(&failure)),
        }
    }
}

fn status_of(kind: FailureKind) -> StatusCode {
    match kind {
        FailureKind::Invalid => StatusCode::BAD_REQUEST,
        FailureKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        FailureKind::Forbidden => StatusCode::FORBIDDEN,
        FailureKind::NotFound => StatusCode::NOT_FOUND,
        FailureKind::Conflict => StatusCode::CONFLICT,
        FailureKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FailureKind::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        FailureKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        FailureKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(InternalCause(cause));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("secret driver text")]
    struct Broken(FailureKind);

    impl Failure for Broken {
        fn kind(&self) -> FailureKind {
            self.0
        }
    }

    #[tokio::test]
    async fn keeps_the_cause_of_an_internal_failure_out_of_the_body() {
        let response = ApiError::from(Broken(FailureKind::Internal)).into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            response.extensions().get::<InternalCause>().unwrap().0,
            "secret driver text"
        );
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }

    #[test]
    fn says_when_to_try_again() {
        let response =
            ApiError::from(Broken(FailureKind::TooMany { retry_after_s: 7 })).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
    }
}
