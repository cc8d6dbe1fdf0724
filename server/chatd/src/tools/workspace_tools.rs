//! The tools that work in a chat's workspace. It is connected when the first of them needs it, and not before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sdk::chats::PlanMode;
use sdk::ids::{ChatId, WorkspaceId};
use sdk::parts::ToolCallPart;
use store::chats::{ChatMode, ChatRow};
use tokio::time::timeout;
use uuid::Uuid;
use workspace::connection::AgentError;

use super::exploring::ExploreTools;
use super::facts::NoWorkspaceTools;
use super::lifecycle::{Lifecycle, Turns};
use super::planning::{self, PlanTools};
use super::{
    Outcome, ToolContext, ToolSet, ToolSource, computer, definitions, execute, facts, files,
    processes, skills, subagents,
};
use crate::sources::{ConnectFor, ConnectedWorkspace, OwnWorkspaces, WorkspaceSource};

/// A workspace that is being started may take this long before the turn goes on without its facts.
const FACTS_DEADLINE: Duration = Duration::from_secs(20);

/// Said to a chat that can make itself a workspace.
const NO_WORKSPACE: &str = "This chat has no workspace yet. Choose a template with list_templates, make a workspace with \
                            create_workspace, then call this again.";
/// Said to a chat that cannot.
const NO_WORKSPACE_HERE: &str = "This chat has no workspace. Tell the user that it needs one.";
const NO_DESKTOPS: &str =
    "The owners of this server have switched desktops off. Tell the user, or find another way.";

/// Gives chats the tools of their workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceToolSource {
    workspaces: Arc<dyn WorkspaceSource>,
    own: Option<Arc<dyn OwnWorkspaces>>,
    turns: Turns,
}

impl WorkspaceToolSource {
    /// Tools that run in these workspaces.
    pub fn new(workspaces: Arc<dyn WorkspaceSource>) -> Self {
        Self {
            workspaces,
            own: None,
            turns: Turns::default(),
        }
    }

    /// Lets root chats make, start and stop workspaces.
    #[must_use]
    pub fn with_lifecycle(mut self, own: Arc<dyn OwnWorkspaces>) -> Self {
        self.own = Some(own);
        self
    }
}

impl ToolSource for WorkspaceToolSource {
    fn tools(&self, chat: &ChatRow) -> Option<Arc<dyn ToolSet>> {
        let is_root = chat.parent_chat_id.is_none();
        let plans = planning::mode_of(chat) == PlanMode::Plan;
        let own = self.own.clone().filter(|_| is_root);
        let lifecycle = own.map(|own| Lifecycle::new(own, chat, self.turns.of(chat.id)));
        if chat.workspace_id.is_none() && lifecycle.is_none() && !(plans && is_root) {
            return Some(Arc::new(NoWorkspaceTools));
        }
        let tools = WorkspaceTools {
            workspaces: self.workspaces.clone(),
            workspace_id: chat.workspace_id,
            whom: ConnectFor {
                chat_id: chat.id,
                owner_id: chat.owner_id,
            },
            is_root,
            ancestors: chat.ancestor_ids(),
            lifecycle,
            has_skills: AtomicBool::new(false),
            has_desktops: AtomicBool::new(false),
            is_read_only: chat.chat_mode == ChatMode::Explore,
            desktop: (chat.chat_mode == ChatMode::ComputerUse).then(computer::Desktop::default),
        };
        if chat.chat_mode == ChatMode::Explore {
            return Some(Arc::new(ExploreTools { tools }));
        }
        if plans {
            let chat_id = chat.id;
            return Some(Arc::new(PlanTools {
                tools,
                chat_id,
                is_root,
            }));
        }
        Some(Arc::new(tools))
    }
}

/// The tools of one chat.
#[derive(Debug)]
pub struct WorkspaceTools {
    workspaces: Arc<dyn WorkspaceSource>,
    /// As it was when the step began.
    workspace_id: Option<WorkspaceId>,
    whom: ConnectFor,
    /// Whether it may hand work to others.
    is_root: bool,
    /// The chats above it, who see what it touches.
    ancestors: Vec<Uuid>,
    /// Those of root chats.
    lifecycle: Option<Lifecycle>,
    /// Whether skills were found when the facts were gathered.
    has_skills: AtomicBool,
    /// Whether there were desktops when the facts were gathered.
    has_desktops: AtomicBool,
    /// Whether its commands change nothing.
    is_read_only: bool,
    /// Of an agent that works on it.
    desktop: Option<computer::Desktop>,
}

impl WorkspaceTools {
    pub(super) async fn connect(
        &self,
        context: &ToolContext,
    ) -> Result<ConnectedWorkspace, Outcome> {
        let id = self.bound(context).await?;
        let connected = self.workspaces.connect(id, self.whom).await;
        let connected = connected.map_err(|error| Outcome::error(error.message))?;
        Ok(self.for_chat(connected))
    }

    /// The chat's workspace.
    async fn bound(&self, context: &ToolContext) -> Result<WorkspaceId, Outcome> {
        // Another call of the same step may just have made one.
        let id = match self.workspace_id {
            Some(id) => Some(id),
            None => context.chat.workspace().await.map_err(Outcome::error)?,
        };
        let none = if self.lifecycle.is_some() {
            NO_WORKSPACE
        } else {
            NO_WORKSPACE_HERE
        };
        id.ok_or_else(|| Outcome::error(none))
    }

    /// Asked at each call: owners may switch it at any time.
    async fn require_desktops(&self) -> Result<(), Outcome> {
        if self.workspaces.has_desktops().await {
            Ok(())
        } else {
            Err(Outcome::error(NO_DESKTOPS))
        }
    }

    /// What is known of the workspace, and where that chat's plan lies.
    pub(super) async fn gather_facts(&self, plan_of: Option<ChatId>) -> Option<String> {
        if self.is_root {
            let has_desktops = self.workspaces.has_desktops().await;
            self.has_desktops.store(has_desktops, Ordering::Relaxed);
        }
        let Some(id) = self.workspace_id else {
            let can_make_one = self.lifecycle.is_some();
            let none = if can_make_one {
                facts::NO_WORKSPACE_YET
            } else {
                facts::NO_WORKSPACE
            };
            return Some(none.to_owned());
        };
        let gathered = timeout(FACTS_DEADLINE, async {
            let connected = self.workspaces.look(id, self.whom).await?;
            facts::gather(&self.for_chat(connected), plan_of).await.ok()
        });
        let facts = gathered.await.ok().flatten()?;
        self.has_skills.store(facts.has_skills, Ordering::Relaxed);
        Some(facts.text)
    }

    fn for_chat(&self, mut connected: ConnectedWorkspace) -> ConnectedWorkspace {
        let (chat, ancestors) = (self.whom.chat_id.0, self.ancestors.clone());
        connected.client = connected.client.for_chat(chat, ancestors);
        connected
    }

    /// Works on the desktop.
    async fn act(&self, call: &ToolCallPart, context: &ToolContext) -> Result<Outcome, Outcome> {
        let acting = async {
            self.require_desktops().await?;
            let connected = self.connect(context).await?;
            computer::act(&connected.client, call, context).await
        };
        tokio::select! {
            acted = acting => acted,
            () = context.cancel.cancelled() => Err(Outcome::stopped()),
        }
    }

    async fn dispatch(
        &self,
        call: &ToolCallPart,
        context: &ToolContext,
    ) -> Result<Outcome, Outcome> {
        if let Some(lifecycle) = &self.lifecycle
            && let Some(outcome) = lifecycle.run(call, context).await
        {
            return outcome;
        }
        if self.is_root && call.tool_name == subagents::SPAWN_COMPUTER_USE {
            self.require_desktops().await?;
            self.bound(context).await?;
        }
        if self.is_root
            && let Some(outcome) = subagents::run(call, context).await
        {
            return outcome;
        }
        if call.tool_name == computer::COMPUTER
            && let Some(desktop) = &self.desktop
        {
            return desktop.in_turn(self.act(call, context)).await;
        }
        let connected = tokio::select! {
            connected = self.connect(context) => connected?,
            () = context.cancel.cancelled() => return Err(Outcome::stopped()),
        };
        let client = &connected.client;
        match call.tool_name.as_str() {
            "read_file" => files::read_file(client, call).await,
            "write_file" => files::write_file(client, call).await,
            "edit_files" => files::edit_files(client, call).await,
            "attach_file" => files::attach_file(client, call, context).await,
            "execute" => execute::execute(client, call, context, self.is_read_only).await,
            "process_output" => processes::process_output(client, call, context).await,
            "process_list" => processes::process_list(client).await,
            "process_signal" => processes::process_signal(client, call).await,
            "read_skill" => skills::read_skill(client, call).await,
            "read_skill_file" => skills::read_skill_file(client, call).await,
            other => Err(Outcome::error(format!("There is no tool {other:?}."))),
        }
    }
}

#[async_trait]
impl ToolSet for WorkspaceTools {
    fn definitions(&self) -> Vec<llm::Tool> {
        let mut tools = definitions::workspace();
        if self.lifecycle.is_some() {
            tools.extend(definitions::lifecycle(self.workspace_id.is_some()));
        }
        if self.is_root {
            tools.extend(definitions::subagents());
        }
        if self.has_desktops.load(Ordering::Relaxed) {
            tools.push(definitions::computer_use());
        }
        if self.desktop.is_some() {
            tools.push(computer::definition());
        }
        if self.has_skills.load(Ordering::Relaxed) {
            tools.extend(definitions::skills());
        }
        tools
    }

    async fn facts(&self) -> Option<String> {
        self.gather_facts(None).await
    }

    async fn run(&self, call: &ToolCallPart, context: ToolContext) -> Outcome {
        self.dispatch(call, &context)
            .await
            .unwrap_or_else(|error| error)
    }

    async fn resume(&self, call: &ToolCallPart, context: ToolContext) -> Option<Outcome> {
        if let Some(lifecycle) = &self.lifecycle
            && let Some(outcome) = lifecycle.resume(call, &context).await
        {
            return Some(outcome);
        }
        if self.is_root
            && let Some(outcome) = subagents::resume(call, &context).await
        {
            return Some(outcome);
        }
        if call.tool_name != "execute" {
            return None;
        }
        let connected = tokio::select! {
            connected = self.connect(&context) => connected.ok()?,
            () = context.cancel.cancelled() => return None,
        };
        execute::resume(&connected.client, call, &context).await
    }
}

/// An agent's refusal in words for the model.
pub(super) fn agent_error(error: &AgentError) -> Outcome {
    match error {
        AgentError::Disconnected { .. } | AgentError::Timeout { .. } => Outcome::error(format!(
            "The workspace does not answer: {error}. Try again, or tell the user."
        )),
        _ => Outcome::error(error.to_string()),
    }
}
