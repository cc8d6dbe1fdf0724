//! Tools that a model may call, and the seam behind which they run.
//!
//! A tool never fails the turn: whatever goes wrong becomes a result with `is_error` that tells the model what to do
//! next. [`WorkspaceTools`] work in the chat's workspace; root chats get one with those of `lifecycle`.
//! Of a chat in plan mode `planning` holds back what would change anything.

mod arguments;
pub(crate) mod computer;
mod definitions;
mod dump;
mod duration;
mod execute;
pub(crate) mod exploring;
mod facts;
mod files;
mod lifecycle;
pub(crate) mod planning;
mod processes;
mod skills;
pub mod subagents;
mod templates;
mod workspace_tools;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use sdk::files::ChatFile;
use sdk::ids::{BuildId, WorkspaceId};
use sdk::parts::ToolCallPart;
use serde_json::{Value, json};
use store::chats::ChatRow;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use subagents::Subagents;
pub use workspace_tools::{WorkspaceToolSource, WorkspaceTools};

/// What a tool answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub result: Value,
    /// Whether it failed.
    pub is_error: bool,
    /// Whether it was stopped before it was done.
    pub interrupted: bool,
}

impl Outcome {
    /// A good answer.
    pub fn success(result: Value) -> Self {
        Self {
            result,
            is_error: false,
            interrupted: false,
        }
    }

    /// A failure that says what to do next.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            result: json!({ "error": message.into() }),
            is_error: true,
            interrupted: false,
        }
    }

    /// A person stopped the turn.
    pub fn stopped() -> Self {
        Self::interrupted("The user stopped this.")
    }

    /// The tool was stopped before it was done.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self {
            interrupted: true,
            ..Self::error(message)
        }
    }
}

/// Takes the output of a running tool while it comes.
pub trait OutputSink: Send + Sync {
    /// More output.
    fn push(&self, delta: String);
}

/// How a picture of a desktop is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Among the files of the chat, while it can hold more; else beside them.
    AsAttachment,
    /// Not counted among them.
    Beside,
}

/// The chat that a tool runs for: what it works in, and what a tool may change of it.
#[async_trait]
pub trait ChatBinding: Send + Sync {
    /// The workspace that the chat works in now. An error is words for the model.
    async fn workspace(&self) -> Result<Option<WorkspaceId>, String>;

    /// From now on the chat works in this workspace, which the build makes ready. An error is words for the model.
    async fn bind(&self, workspace: WorkspaceId, build: Option<BuildId>) -> Result<(), String>;

    /// Hands a file over to the chat's owner. An error is words for the model.
    async fn attach(&self, name: &str, data: Vec<u8>) -> Result<ChatFile, String>;

    /// Keeps a picture of the workspace's desktop, of which the chat has only the newest. An error is words for the model.
    async fn keep_screenshot(&self, png: Vec<u8>, kept: Kept) -> Result<ChatFile, String>;
}

/// What a running tool gets besides its arguments.
#[derive(Clone)]
pub struct ToolContext {
    /// The chat.
    pub chat: Arc<dyn ChatBinding>,
    /// Those that it hands work to.
    pub agents: Arc<dyn Subagents>,
    /// Takes live output.
    pub output: Arc<dyn OutputSink>,
    /// Cancelled when the turn is stopped.
    pub cancel: CancellationToken,
    /// Names this run of the call: unlike the call's id it never comes again in the chat, and it is the same after a
    /// restart of the server. What a tool starts outside the server carries it, so that it can be found again.
    pub run_id: Uuid,
}

/// The tools of one chat.
#[async_trait]
pub trait ToolSet: Send + Sync {
    /// What the model is told of them. Some are there only when the facts, which are asked for first, name their use.
    fn definitions(&self) -> Vec<llm::Tool>;

    /// Facts for the system prompt; `None` when nothing is known now. Has its own deadline.
    async fn facts(&self) -> Option<String>;

    /// Runs one call.
    async fn run(&self, call: &ToolCallPart, context: ToolContext) -> Outcome;

    /// Collects the outcome of a call that ran when the server stopped, if what it started can still be found. Must
    /// never start anything.
    async fn resume(&self, _call: &ToolCallPart, _context: ToolContext) -> Option<Outcome> {
        None
    }

    /// Whether the turn ends with a good answer of this tool: it is the person's turn then.
    fn ends_turn(&self, _tool_name: &str) -> bool {
        false
    }
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
