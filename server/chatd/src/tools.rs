//! Tools that a model may call, and the seam behind which they run.
//!
//! A tool never fails the turn: whatever goes wrong becomes a result with `is_error` that tells the model what to do
//! next. [`WorkspaceTools`] are those of a chat with a workspace.

mod arguments;
mod definitions;
mod duration;
mod execute;
mod files;
mod processes;
mod workspace_tools;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use sdk::parts::ToolCallPart;
use serde_json::{Value, json};
use store::chats::ChatRow;
use tokio_util::sync::CancellationToken;

pub use workspace_tools::{WorkspaceToolSource, WorkspaceTools};

/// What a tool answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub result: Value,
    /// Whether it failed.
    pub is_error: bool,
}

impl Outcome {
    /// A good answer.
    pub fn success(result: Value) -> Self {
        Self {
            result,
            is_error: false,
        }
    }

    /// A failure that says what to do next.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            result: json!({ "error": message.into() }),
            is_error: true,
        }
    }
}

/// Takes the output of a running tool while it comes.
pub trait OutputSink: Send + Sync {
    /// More output.
    fn push(&self, delta: String);
}

/// What a running tool gets besides its arguments.
#[derive(Clone)]
pub struct ToolContext {
    /// Takes live output.
    pub output: Arc<dyn OutputSink>,
    /// Cancelled when the turn is stopped.
    pub cancel: CancellationToken,
}

/// The tools of one chat.
#[async_trait]
pub trait ToolSet: Send + Sync {
    /// What the model is told of them.
    fn definitions(&self) -> Vec<llm::Tool>;

    /// Facts for the system prompt; `None` when nothing is known now. Has its own deadline.
    async fn facts(&self) -> Option<String>;

    /// Runs one call.
    async fn run(&self, call: &ToolCallPart, context: ToolContext) -> Outcome;
}

/// Gives each chat its tools.
pub trait ToolSource: Debug + Send + Sync {
    /// The chat's tools; `None` when it has none.
    fn tools(&self, chat: &ChatRow) -> Option<Arc<dyn ToolSet>>;
}

/// No tools for anybody.
#[derive(Clone, Copy, Debug)]
pub struct NoTools;

impl ToolSource for NoTools {
    fn tools(&self, _chat: &ChatRow) -> Option<Arc<dyn ToolSet>> {
        None
    }
}
