//! Bodies of the process routes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A command to run with the shell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartProcess {
    /// The id the process shall have. A start that is repeated with the same id returns the running process, so a
    /// lost answer can be asked for again. The agent makes one up when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// The command, given to `bash -c`.
    #[serde(default)]
    pub command: String,
    /// Absolute working directory; the workspace's folder when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// Further environment variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Whether nobody intends to wait for it. A single trailing `&` in the command means the same.
    #[serde(default)]
    pub background: bool,
    /// Up to how long the answer waits for the end, for commands that are done at once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wait_ms: u64,
    /// Whether it may change nothing but its temporary files (`$TMPDIR`). Where that cannot be held it does not run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_read_only: bool,
}

/// The answer to a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedProcess {
    /// The id under which the process is known.
    pub id: Uuid,
    /// Always true; a failed start is an error.
    pub started: bool,
    /// Whether it runs in the background, by request or by a trailing `&`.
    pub background: bool,
    /// What it printed, when it ended before this answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<ProcessOutput>,
}

/// A process as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessInfo {
    /// Its id.
    pub id: Uuid,
    /// The command as it was given.
    pub command: String,
    /// Its working directory.
    pub workdir: String,
    /// Whether it was started in the background.
    pub background: bool,
    /// Whether it still runs.
    pub running: bool,
    /// Its exit code; 128 + the signal's number when a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// When it started, in seconds since 1970.
    pub started_at_unix: i64,
    /// When it ended, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exited_at_unix: Option<i64>,
}

/// The processes a chat may see: running first, then newest first, at most ten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessList {
    /// The processes.
    pub processes: Vec<ProcessInfo>,
}

/// What of the output was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truncation {
    /// Bytes the process wrote.
    pub original_bytes: u64,
    /// Bytes of these that `output` holds.
    pub retained_bytes: u64,
    /// Bytes that were left out.
    pub omitted_bytes: u64,
    /// How: `head_tail` (the middle is missing), `long_lines` (only lines were cut) or both, joined by `+`.
    pub strategy: String,
}

/// A process's output so far and whether it still runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessOutput {
    /// Standard output and error in the order of writing: the first and the last part.
    pub output: String,
    /// Present when `output` is not everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<Truncation>,
    /// Absolute path, inside the workspace, of the file with the whole output; present when something was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_path: Option<String>,
    /// What to know about the output, for example that the file reached its size limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Whether the process still runs.
    pub running: bool,
    /// Its exit code; 128 + the signal's number when a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How long it has run, or ran.
    pub wall_duration_ms: u64,
}

/// A piece of the output from an offset on, for showing it while it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessTail {
    /// Where `data` begins, in bytes of the whole output; later than asked for when older bytes are gone.
    pub offset: u64,
    /// Where to ask next.
    pub next_offset: u64,
    /// The text; invalid UTF-8 is replaced, a character is never split between two pieces.
    pub data: String,
    /// Bytes between the offset that was asked for and `offset`.
    pub skipped_bytes: u64,
    /// Whether the process still runs or output is still to come.
    pub running: bool,
    /// Its exit code once it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

/// A signal for a process and everything it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessSignal {
    /// Ask it to end (`SIGTERM`).
    Terminate,
    /// End it now (`SIGKILL`).
    Kill,
}

/// The body of a signal call; the text is checked by the agent so that a wrong one gets a clear answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalRequest {
    /// `terminate` or `kill`.
    #[serde(default)]
    pub signal: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}
