//! Who is asking.

use axum::extract::Request;

use super::access::Access;
use super::error::ApiError;

/// Refuses a request that the route's access does not allow.
pub fn check(access: Access, _request: &Request) -> Result<(), ApiError> {
    match access {
        Access::Public { .. } => Ok(()),
        Access::SignedIn | Access::Owner => Err(ApiError::unauthenticated()),
    }
}
