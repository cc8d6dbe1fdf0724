//! The one error type of the HTTP face and the only table from failures to status codes.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sdk::errors::ErrorBody;

/// A failed request.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: ErrorBody,
}

impl ApiError {
    /// An error with its status and body.
    pub fn new(status: StatusCode, body: ErrorBody) -> Self {
        Self { status, body }
    }

    /// Nobody is signed in, or the token does not hold.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorBody::new("Sign in, or send an API token as `Authorization: Bearer <token>`."),
        )
    }

    /// No such route below `/api`.
    pub fn unknown_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorBody::new("There is no such API route."))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
