//! Which keys are taken: any but the wrong one.

use axum::http::HeaderMap;

use crate::WRONG_KEY;
use crate::state::Standin;

/// What is wrong with the key of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyProblem {
    Missing,
    Wrong,
}

/// Checks the key in a header, after its prefix.
pub(crate) fn check(
    state: &Standin,
    headers: &HeaderMap,
    name: &str,
    prefix: &str,
) -> Result<(), KeyProblem> {
    let key = headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix(prefix));
    match key {
        Some(WRONG_KEY) => Err(KeyProblem::Wrong),
        Some(key) if !key.is_empty() => Ok(()),
        _ if state.requires_key => Err(KeyProblem::Missing),
        _ => Ok(()),
    }
}
