//! What an open turn works with, and the calls that an earlier one left open.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdk::chats::{DynamicTool, PlanMode};
use sdk::ids::WorkspaceId;
use sdk::messages::Role;
use sdk::parts::{Part, ToolCallPart};
use serde_json::{Value, json};
use store::chat_config::TurnConfig;
use store::chats::{ChatMode, ChatRow};
use store::messages::{MessageRow, NewMessage};

use super::headers;
use crate::prompt::attachments::LoadedFiles;
use crate::prompt::kept::Known;
use crate::prompt::{Instructions, Prompt};
use crate::sources::ResolvedModel;
use crate::state::open_calls::open_calls;
use crate::tools::{ToolSet, planning};

/// What a turn works with.
pub(crate) struct Turn {
    pub(super) model: ResolvedModel,
    /// Percent of the context at which the history is summarized: 0 = after every step, 100 = never.
    pub(super) compaction_threshold: i32,
    pub(super) tools: Option<Arc<dyn ToolSet>>,
    /// What the provider is told of each call beside the prompt.
    pub(super) headers: BTreeMap<String, String>,
    client_tools: Vec<llm::Tool>,
    /// What is configured; holds for the whole turn.
    pub(super) instructions: Instructions,
    facts: Option<String>,
    /// The workspace that they are about; of a chat without one they say so.
    facts_of: Option<WorkspaceId>,
    pub(super) prompt: Prompt,
    /// Those of the prompt's files that were read.
    pub(super) files: LoadedFiles,
    /// The `history_version` up to which `prompt` holds the chat's history; unknown while a commit is under way.
    pub(super) known_at: Option<i64>,
    /// As it was when the turn began.
    pub(super) plan_mode: PlanMode,
    /// Whether its model may search the web, where its settings and its provider have that.
    pub(super) searches_web: bool,
    /// What the last call of the model read; unknown after a summary.
    pub(super) context_tokens: Option<i64>,
    /// Summaries made in this turn.
    pub(super) compactions: u32,
}

impl Turn {
    pub(super) fn new(
        model: ResolvedModel,
        tools: Option<Arc<dyn ToolSet>>,
        client_tools: Vec<DynamicTool>,
        config: &TurnConfig,
        chat: &ChatRow,
    ) -> Self {
        let plan_mode = planning::mode_of(chat);
        let own_threshold = config.compaction_threshold;
        Self {
            compaction_threshold: own_threshold.unwrap_or(model.compression_threshold),
            model,
            tools,
            headers: headers::of(chat),
            // What the client does with a call is not known, so who plans makes none.
            client_tools: match plan_mode {
                PlanMode::Plan => Vec::new(),
                PlanMode::Off => client_tools.into_iter().map(definition).collect(),
            },
            instructions: Instructions::of(config, plan_mode, chat.parent_chat_id.is_none()),
            facts: None,
            facts_of: chat.workspace_id,
            prompt: Prompt::default(),
            files: LoadedFiles::new(),
            known_at: None,
            plan_mode,
            // Who plans, explores or works on a desktop searches nothing: what is searched for leaves the house, and each
            // search costs.
            searches_web: chat.chat_mode == ChatMode::General && plan_mode == PlanMode::Off,
            context_tokens: None,
            compactions: 0,
        }
    }

    /// Begins with what is known of the chat.
    pub(super) fn load(&mut self, known: Known) {
        self.prompt = known.prompt;
        self.known_at = Some(known.history_version);
        self.prompt.set_instructions(&self.instructions);
        self.context_tokens = known.context_tokens;
        if let Some(facts) = self.facts.clone() {
            self.prompt.set_facts(facts);
        }
    }

    /// Gives back what is known, for the chat's next turn. What is configured may be something else by then.
    pub(super) fn unload(&mut self) -> Option<Known> {
        let history_version = self.known_at.take()?;
        self.prompt.set_instructions(&Instructions::default());
        Some(Known {
            prompt: std::mem::take(&mut self.prompt),
            context_tokens: self.context_tokens,
            history_version,
        })
    }

    /// Forgets what is known of another workspace than the chat works in now.
    pub(super) fn works_in(&mut self, workspace: Option<WorkspaceId>) {
        if self.facts_of != workspace {
            self.facts_of = workspace;
            self.facts = None;
            self.prompt.forget_facts();
        }
    }

    pub(super) fn set_facts(&mut self, facts: String) {
        if self.facts.as_ref() != Some(&facts) {
            self.prompt.set_facts(facts.clone());
            self.facts = Some(facts);
        }
    }

    pub(super) fn facts(&self) -> Option<String> {
        self.facts.clone()
    }

    /// What the model is told of tools. A tool of the server wins over one of the client with the same name.
    pub(super) fn definitions(&self) -> Vec<llm::Tool> {
        let mut definitions = self.own_definitions();
        let is_own = |tool: &llm::Tool| definitions.iter().any(|own| own.name == tool.name);
        let client: Vec<_> = self
            .client_tools
            .iter()
            .filter(|tool| !is_own(tool))
            .cloned()
            .collect();
        definitions.extend(client);
        definitions
    }

    /// Whether the client runs this tool.
    pub(super) fn is_client_call(&self, tool_name: &str) -> bool {
        self.client_tools.iter().any(|tool| tool.name == tool_name)
            && !self
                .own_definitions()
                .iter()
                .any(|own| own.name == tool_name)
    }

    /// Whether one of these results is that of a tool that ends the turn, and a good one.
    pub(super) fn is_ended_by(&self, results: &[NewMessage]) -> bool {
        let Some(tools) = &self.tools else {
            return false;
        };
        results
            .iter()
            .flat_map(|result| &result.content)
            .any(|part| matches!(part, Part::ToolResult(result) if !result.is_error && tools.ends_turn(&result.tool_name)))
    }

    fn own_definitions(&self) -> Vec<llm::Tool> {
        self.tools
            .as_ref()
            .map(|tools| tools.definitions())
            .unwrap_or_default()
    }
}

fn definition(tool: DynamicTool) -> llm::Tool {
    let input_schema = match tool.input_schema {
        Value::Null => json!({ "type": "object", "properties": {} }),
        schema => schema,
    };
    llm::Tool {
        name: tool.name,
        description: tool.description,
        input_schema,
        ..llm::Tool::default()
    }
}

/// Calls of the newest answer without a result.
pub(super) struct OpenCalls {
    pub(super) calls: Vec<ToolCallPart>,
    /// That of the answer that made them.
    pub(super) revision: i64,
}

impl OpenCalls {
    /// The open calls of a history; `None` when there are none.
    pub(super) fn of(rows: &[MessageRow]) -> Option<Self> {
        let last = rows
            .iter()
            .rposition(|row| row.message.role == Role::Assistant)?;
        let (answer, after) = (rows.get(last)?, rows.get(last + 1..)?);
        let answered = after.iter().flat_map(|row| &row.message.content);
        let calls = open_calls(&answer.message.content, answered);
        (!calls.is_empty()).then_some(Self {
            calls,
            revision: answer.revision,
        })
    }
}
