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

/// OpenAI's way: a bearer token.
pub(crate) fn check_openai(state: &Standin, headers: &HeaderMap) -> Result<(), KeyProblem> {
    judge(state, bearer(headers))
}

/// Anthropic's ways: a header of its own, which clients have always sent, or a bearer token, which its newer SDKs send.
pub(crate) fn check_anthropic(state: &Standin, headers: &HeaderMap) -> Result<(), KeyProblem> {
    let own = headers
        .get("x-api-key")
        .and_then(|value| value.to_str().ok());
    judge(state, own.or_else(|| bearer(headers)))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get("authorization")?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

fn judge(state: &Standin, key: Option<&str>) -> Result<(), KeyProblem> {
    match key {
        Some(WRONG_KEY) => Err(KeyProblem::Wrong),
        Some(key) if !key.is_empty() => Ok(()),
        _ if state.requires_key => Err(KeyProblem::Missing),
        _ => Ok(()),
    }
}
