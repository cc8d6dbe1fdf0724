//! Why a call to an agent did not succeed, in the cases a caller treats differently.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;

/// Why a call to an agent did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// The agent has no connection, or lost it during the call and the call must not be repeated blindly.
    #[error("the workspace's agent is not connected{}", since_text(*.since))]
    Disconnected {
        /// Since when; `None` when it never was connected to this server process.
        since: Option<DateTime<Utc>>,
    },
    /// The file, folder or process does not exist, or belongs to another chat.
    #[error("{message}")]
    NotFound {
        /// What the agent says.
        message: String,
    },
    /// The agent refuses the call as it is; the message says what to do instead.
    #[error("{message}")]
    Refused {
        /// The HTTP status: 400, 403, 409, 413 or 422.
        status: StatusCode,
        /// What the agent says.
        message: String,
    },
    /// The agent tried and could not, for example because the disk is full.
    #[error("{message}")]
    Failed {
        /// What the agent says.
        message: String,
    },
    /// The answer is larger than is read; asking again would not help.
    #[error("the workspace's agent answered with more than {} MiB; ask for less", .limit_bytes / (1024 * 1024))]
    TooLarge {
        /// As much as is read.
        limit_bytes: usize,
    },
    /// The workspace has no programs for a desktop; the message names them.
    #[error("{message}")]
    ProgramsMissing {
        /// What the agent says.
        message: String,
    },
    /// No answer came in time.
    #[error("waited {} s for {waiting_for}", .after.as_secs())]
    Timeout {
        /// What was waited for.
        waiting_for: &'static str,
        /// For how long.
        after: Duration,
    },
    /// The answer was not what this version understands.
    #[error("the workspace's agent answered with something unreadable: {message}")]
    Protocol {
        /// What was wrong with it.
        message: String,
    },
}

fn since_text(since: Option<DateTime<Utc>>) -> String {
    since.map_or_else(String::new, |since| {
        format!(" since {}", since.format("%Y-%m-%d %H:%M:%S UTC"))
    })
}

impl AgentError {
    /// Whether the same call may succeed when it is made again a little later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Disconnected { .. } | Self::Timeout { .. })
    }
}
