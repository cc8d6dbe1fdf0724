//! Running commands: start, list, read the output, signal.
//!
//! A process belongs to the chat that started it; for every other chat but its descendants it does not exist. It
//! runs until it ends by itself or is signalled, whatever happens to the connection.

mod background;
mod capture;
mod head_tail;
mod limits;
mod line_cutter;
mod process;
mod spawn;
mod spool;
mod table;

pub use limits::harden;
pub use spawn::{inherited_environment, shell};
pub use table::ProcessTable;

use std::time::Duration;

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
};
use http::HeaderMap;
use nix::sys::signal::Signal;
use serde::Deserialize;
use uuid::Uuid;

use super::{AgentState, error::ApiError};
use crate::protocol::{
    Acknowledged, ChatScope, ProcessList, ProcessOutput, ProcessTail, SignalRequest, StartProcess,
    StartedProcess,
};

/// A call waits for a process at most this long.
const MAX_WAIT: Duration = Duration::from_mins(5);

/// How long to wait for a process: `true` for the longest, `false` for not at all, or a duration such as `10s`.
#[derive(Deserialize)]
pub struct WaitQuery {
    #[serde(default)]
    wait: Option<String>,
    #[serde(default)]
    offset: u64,
}

type IdParameter = Result<Path<Uuid>, PathRejection>;
type WaitParameter = Result<Query<WaitQuery>, QueryRejection>;

/// `POST /processes/start`.
pub async fn start(
    State(state): State<AgentState>,
    headers: HeaderMap,
    body: Result<Json<StartProcess>, JsonRejection>,
) -> Result<Json<StartedProcess>, ApiError> {
    let scope = ChatScope::from_headers(&headers);
    let request = body?.0;
    let wait = Duration::from_millis(request.wait_ms).min(MAX_WAIT);
    let processes = &state.inner.processes;
    let mut started = processes.start(&state, &scope, request).await?;
    let process = processes.find(&scope, started.id)?;
    // A command may change anything; the git panel looks again.
    state.worked_in(&scope, process.workdir.clone());
    if !started.background && !wait.is_zero() {
        process.wait_for_end(wait).await;
        let output = process.output();
        started.output = (!output.running).then_some(output);
    }
    Ok(Json(started))
}

/// `GET /processes/list`.
pub async fn list(State(state): State<AgentState>, headers: HeaderMap) -> Json<ProcessList> {
    Json(
        state
            .inner
            .processes
            .list(&ChatScope::from_headers(&headers)),
    )
}

/// `GET /processes/{id}/output`.
pub async fn output(
    State(state): State<AgentState>,
    headers: HeaderMap,
    id: IdParameter,
    query: WaitParameter,
) -> Result<Json<ProcessOutput>, ApiError> {
    let process = state
        .inner
        .processes
        .find(&ChatScope::from_headers(&headers), known_id(id)?)?;
    process.wait_for_end(query?.wait()?).await;
    Ok(Json(process.output()))
}

/// `GET /processes/{id}/tail`: output from an offset on, as it comes.
pub async fn tail(
    State(state): State<AgentState>,
    headers: HeaderMap,
    id: IdParameter,
    query: WaitParameter,
) -> Result<Json<ProcessTail>, ApiError> {
    let query = query?;
    let process = state
        .inner
        .processes
        .find(&ChatScope::from_headers(&headers), known_id(id)?)?;
    Ok(Json(process.tail(query.offset, query.wait()?).await))
}

/// `POST /processes/{id}/signal`.
pub async fn signal(
    State(state): State<AgentState>,
    headers: HeaderMap,
    id: IdParameter,
    body: Result<Json<SignalRequest>, JsonRejection>,
) -> Result<Json<Acknowledged>, ApiError> {
    let signal = match body?.0.signal.as_str() {
        "terminate" => Signal::SIGTERM,
        "kill" => Signal::SIGKILL,
        other => {
            return Err(ApiError::bad_request(format!(
                "signal is terminate or kill, not {other:?}"
            )));
        }
    };
    let process = state
        .inner
        .processes
        .find(&ChatScope::from_headers(&headers), known_id(id)?)?;
    process.signal(signal)?;
    Ok(Json(Acknowledged {
        message: format!("sent {signal} to the process and everything it started"),
    }))
}

fn known_id(id: IdParameter) -> Result<Uuid, ApiError> {
    id.map(|Path(id)| id)
        .map_err(|_| ApiError::not_found("there is no such process; list them to see their ids"))
}

impl WaitQuery {
    fn wait(&self) -> Result<Duration, ApiError> {
        let wait = match self.wait.as_deref() {
            None | Some("" | "false" | "0") => Duration::ZERO,
            Some("true" | "1") => MAX_WAIT,
            Some(text) => parse_duration(text).ok_or_else(|| {
                ApiError::bad_request(format!(
                    "wait is true, false or a duration such as 10s or 500ms, not {text:?}"
                ))
            })?,
        };
        Ok(wait.min(MAX_WAIT))
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
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

    #[test]
    fn reads_waits_and_caps_them() {
        let wait = |text: &str| {
            WaitQuery {
                wait: Some(text.into()),
                offset: 0,
            }
            .wait()
            .ok()
        };
        assert_eq!(wait("true"), Some(MAX_WAIT));
        assert_eq!(wait("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(wait("10s"), Some(Duration::from_secs(10)));
        assert_eq!(wait("99999999m"), Some(MAX_WAIT));
        for wrong in ["10", "s", "-1s", "10 s", "18446744073709551616s"] {
            assert_eq!(wait(wrong), None, "{wrong}");
        }
    }
}
