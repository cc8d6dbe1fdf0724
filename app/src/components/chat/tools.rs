//! What a tool call says about itself: verb, object, numbers and state, from its arguments and its result.
//! Pure; the cards in [`super::tool_card`] draw the line, [`super::tool_body`] what is in them.

mod body;
mod computer;
mod describe;
mod files;
mod partial_json;
mod planning;
mod subagents;
#[cfg(test)]
mod tests;
mod web_search;
mod workspaces;

use sdk::parts::{ToolCallPart, ToolResultPart};

pub use body::Body;
pub use describe::{Summary, describe};

const ATTACH_FILE: &str = "attach_file";
const PROPOSE_PLAN: &str = "propose_plan";

/// A tool call with what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolRun {
    /// The call.
    pub call: ToolCallPart,
    /// The answer, or as much of it as has come.
    pub result: Option<ToolResultPart>,
    /// How far it is.
    pub state: ToolState,
}

/// How far a tool call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolState {
    /// Its arguments are still being written.
    Preparing,
    /// It runs.
    Running,
    /// It answered.
    Done,
    /// It answered with an error.
    Failed,
    /// The turn ended before it answered.
    Interrupted,
}

impl ToolState {
    /// The state's name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether more is to come.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Preparing | Self::Running)
    }
}

impl ToolRun {
    /// Pairs a call with its result. `is_live` tells whether the turn that made the call is still running.
    pub fn new(call: ToolCallPart, result: Option<ToolResultPart>, is_live: bool) -> Self {
        let answer = result
            .as_ref()
            .and_then(|result| result.result.as_ref().map(|value| (result.is_error, value)));
        let is_interrupted = result.as_ref().is_some_and(|result| result.interrupted);
        let state = match answer {
            Some(_) if is_interrupted => ToolState::Interrupted,
            Some((true, _)) => ToolState::Failed,
            Some((false, value)) if describe::is_failure(value) => ToolState::Failed,
            Some(_) => ToolState::Done,
            None if !is_live => ToolState::Interrupted,
            None if call.args.is_none() => ToolState::Preparing,
            None => ToolState::Running,
        };
        Self {
            call,
            result,
            state,
        }
    }

    /// Whether it ran a command, which can succeed or not.
    pub fn is_command(&self) -> bool {
        matches!(self.call.tool_name.as_str(), "execute" | "process_output")
    }

    /// Whether its command still runs in the background.
    pub fn goes_on(&self) -> bool {
        describe::answer_text(self, "background_process_id").is_some_and(|id| !id.is_empty())
    }

    /// Whether its card opens by itself: what prints or is waited for while the reader watches, and what is handed to the reader.
    pub fn opens_itself(&self) -> bool {
        match (self.state, self.call.tool_name.as_str()) {
            (ToolState::Running, "wait_agent") | (ToolState::Done, ATTACH_FILE | PROPOSE_PLAN) => {
                true
            }
            (ToolState::Running, _) => self
                .result
                .as_ref()
                .and_then(|result| result.result_delta.as_ref())
                .is_some_and(|text| !text.is_empty()),
            _ => false,
        }
    }

    /// How long it took in milliseconds, when that is known.
    pub fn duration_ms(&self) -> Option<i64> {
        let result = self.result.as_ref()?;
        let measured = result
            .result
            .as_ref()?
            .get("wall_duration_ms")
            .and_then(serde_json::Value::as_i64);
        measured.or_else(|| {
            Some(
                (result.created_at? - self.call.created_at?)
                    .num_milliseconds()
                    .max(0),
            )
        })
    }
}
