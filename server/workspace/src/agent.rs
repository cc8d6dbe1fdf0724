//! The program that runs inside a workspace: `switchyard agent`.
//!
//! It dials out to the control plane over a WebSocket and serves HTTP/2 on that connection, so a workspace needs
//! no open port. Everything it must keep (processes, their output, which repositories matter) lives in memory and
//! in its state folder and survives reconnects. [`router::router`] is testable without the tunnel.

mod control_plane;
mod credentials;
mod desktop;
mod dial;
mod error;
mod files;
mod git;
mod instructions;
mod options;
mod processes;
mod pushes;
mod redaction;
pub mod router;
mod skills;
mod state;
mod terminals;

pub use crate::limit_counters::{Counted, CountedLimits};
pub use desktop::IDLE_LIMIT as DESKTOP_IDLE_LIMIT;
pub use dial::run;
pub use options::{AgentOptions, OptionsError};
pub(crate) use pushes::tells_of_pushes;
pub use state::AgentState;

/// Why the agent ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The control plane says that the token is no longer valid. The workspace was stopped or deleted.
    #[error(
        "the server refused this agent's token ({status}); the workspace was stopped or started anew"
    )]
    TokenRefused {
        /// 401 or 410.
        status: http::StatusCode,
    },
    /// The control plane could not be reached for as long as the options allow.
    #[error("the server could not be reached for {} s", .after.as_secs())]
    Unreachable {
        /// For how long.
        after: std::time::Duration,
    },
    /// The workspace was deleted while the control plane was away.
    #[error("the workspace's folder is gone")]
    WorkspaceGone,
    /// The state folder or another thing the agent needs cannot be used.
    #[error("{what}: {error}")]
    Setup {
        /// What was being set up.
        what: String,
        /// What the system says.
        error: std::io::Error,
    },
}
