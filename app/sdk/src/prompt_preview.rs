//! What a model will be sent with the next call of a chat, block by block.

use serde::{Deserialize, Serialize};

use crate::ids::{ChatId, ModelConfigId};

/// Answer of `GET /api/v2/chats/{chat}/prompt`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptPreview {
    /// The chat.
    pub chat_id: ChatId,
    /// The model's configuration.
    pub model_config_id: ModelConfigId,
    /// The provider's identifier of the model.
    pub model: String,
    /// Context window in tokens.
    pub context_limit: i64,
    /// What is sent, in order: instructions, tools, the conversation.
    pub blocks: Vec<PromptBlock>,
    /// All blocks together, estimated.
    pub estimated_tokens: i64,
    /// What the chat's last call really read, as its provider counted; none before the first call, and after a summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_call_tokens: Option<i64>,
    /// Whether the chat has a workspace of which nothing is known now, because it does not run: what it would add is missing
    /// here.
    pub is_workspace_missing: bool,
    /// Whether the history is summarized before that call, so that it will be shorter than here.
    pub is_summarized_first: bool,
}

/// A part of what is sent.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptBlock {
    /// Where it comes from.
    pub kind: PromptBlockKind,
    /// Which one of its kind: the path of a file, the name of a tool, who speaks; empty where there is one alone.
    #[serde(default)]
    pub name: String,
    /// Its text. Pictures are named, not shown.
    pub text: String,
    /// Its tokens, estimated: one for four bytes of text. Providers count with tokenizers of their own.
    pub estimated_tokens: i64,
}

/// Where a block comes from.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptBlockKind {
    /// What Switchyard tells every agent, unless the deployment leaves it out.
    BuiltInInstructions,
    /// What owners tell every agent.
    DeploymentInstructions,
    /// What the chat's owner tells all of their agents.
    UserInstructions,
    /// What an agent that plans is told.
    PlanMode,
    /// What the chat was made with.
    ChatInstructions,
    /// What is known of the workspace.
    Workspace,
    /// `AGENTS.md` and the like.
    InstructionFile,
    /// The names of what can be read when it is needed.
    Skills,
    /// The description of a tool.
    Tool,
    /// A message of the conversation, as the model sees it.
    Message,
}
