//! The agent's routes. Handlers parse, call the part that does the work, and map its errors.

use axum::{Json, Router, extract::State, routing::get};

use super::AgentState;
use crate::protocol::About;

/// The agent's HTTP API, below `/api/v0`.
pub fn router(state: AgentState) -> Router {
    Router::new().route("/api/v0/about", get(about)).with_state(state)
}

async fn about(State(state): State<AgentState>) -> Json<About> {
    Json(About {
        version: env!("CARGO_PKG_VERSION").into(),
        working_directory: state.inner.working_directory.display().to_string(),
        home_directory: state.inner.home_directory.display().to_string(),
        operating_system: std::env::consts::OS.into(),
        architecture: std::env::consts::ARCH.into(),
        shell: "bash".into(),
        is_sandboxed: state.inner.is_sandboxed,
    })
}
