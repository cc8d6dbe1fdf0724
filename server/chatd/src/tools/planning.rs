//! What a chat in plan mode may use: it looks, asks, and writes its plan. Everything else of the workspace stays as it
//! is, except for what a command does: that is asked of the model and not held by anything.

use async_trait::async_trait;
use sdk::chats::PlanMode;
use sdk::ids::ChatId;
use sdk::parts::ToolCallPart;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::chats::{ChatMode, ChatRow};
use workspace::connection::AgentClient;
use workspace::protocol::FileEdits;

use super::arguments::{absolute, parse};
use super::workspace_tools::{WorkspaceTools, agent_error};
use super::{Outcome, ToolContext, ToolSet, definitions};

const PROPOSE_PLAN: &str = "propose_plan";
const ASK: &str = "ask_user_question";
/// For all who plan.
const FOR_ALL: [&str; 5] = [
    "read_file",
    "execute",
    "process_output",
    "read_skill",
    "read_skill_file",
];
/// For root chats beside those: the plan, and how they come to a workspace.
const FOR_ROOTS: [&str; 9] = [
    "write_file",
    "edit_files",
    "list_templates",
    "read_template",
    "create_workspace",
    "start_workspace",
    "spawn_agent",
    "wait_agent",
    "list_agents",
];
const MAX_PLAN_BYTES: usize = 32 * 1024;
const MAX_QUESTIONS: usize = 4;
/// Fewer than two are no choice, and more than four are hard to weigh.
const OPTIONS: std::ops::RangeInclusive<usize> = 2..=4;

#[derive(Deserialize)]
struct PlanArguments {
    #[serde(default)]
    path: String,
}

#[derive(Deserialize)]
struct WriteArguments {
    path: String,
}

#[derive(Deserialize)]
struct EditArguments {
    files: Vec<FileEdits>,
}

#[derive(Deserialize, Serialize)]
struct Questions {
    questions: Vec<Question>,
}

#[derive(Deserialize, Serialize)]
struct Question {
    #[serde(default)]
    header: String,
    #[serde(rename = "question")]
    words: String,
    options: Vec<Choice>,
}

#[derive(Deserialize, Serialize)]
struct Choice {
    label: String,
    #[serde(default)]
    description: String,
}

/// Whether a chat plans. One that explores never does: it may do less, and proposes nothing.
pub(crate) fn mode_of(chat: &ChatRow) -> PlanMode {
    match chat.chat_mode {
        ChatMode::Explore => PlanMode::Off,
        ChatMode::General | ChatMode::ComputerUse => chat.plan_mode,
    }
}

/// Where a chat's plan lies.
pub(super) fn plan_file(home_directory: &str, chat: ChatId) -> String {
    let home = home_directory.trim_end_matches('/');
    format!("{home}/.switchyard/plans/PLAN-{chat}.md")
}

/// The tools of a chat in plan mode.
#[derive(Debug)]
pub(super) struct PlanTools {
    pub(super) tools: WorkspaceTools,
    pub(super) chat_id: ChatId,
    pub(super) is_root: bool,
}

impl PlanTools {
    fn is_allowed(&self, tool_name: &str) -> bool {
        FOR_ALL.contains(&tool_name) || (self.is_root && FOR_ROOTS.contains(&tool_name))
    }

    async fn dispatch(
        &self,
        call: &ToolCallPart,
        context: &ToolContext,
    ) -> Result<Outcome, Outcome> {
        match call.tool_name.as_str() {
            ASK if self.is_root => return ask(call),
            PROPOSE_PLAN if self.is_root => return self.propose(call, context).await,
            "write_file" if self.is_root => {
                let arguments: WriteArguments = parse(call)?;
                self.require_plan_file(&[arguments.path], context).await?;
            }
            "edit_files" if self.is_root => {
                let arguments: EditArguments = parse(call)?;
                let paths: Vec<_> = arguments.files.into_iter().map(|file| file.path).collect();
                self.require_plan_file(&paths, context).await?;
            }
            name if self.is_allowed(name) => {}
            name => {
                return Err(Outcome::error(format!(
                    "{name:?} cannot be used in plan mode. Finish the plan; the user decides when it is carried out."
                )));
            }
        }
        Ok(self.tools.run(call, context.clone()).await)
    }

    /// Succeeds when each of the paths is the plan's, also through symbolic links.
    async fn require_plan_file(
        &self,
        paths: &[String],
        context: &ToolContext,
    ) -> Result<(), Outcome> {
        for path in paths {
            absolute(path)?;
        }
        let client = self.tools.connect(context).await?.client;
        let (plan, place) = self.plan(&client).await?;
        for path in paths {
            if resolved(&client, path).await? != place {
                return Err(Outcome::error(format!(
                    "In plan mode only the plan can be written: {plan}"
                )));
            }
        }
        Ok(())
    }

    /// Where the plan lies, and where that is when links of the home folder are followed.
    async fn plan(&self, client: &AgentClient) -> Result<(String, String), Outcome> {
        let about = client.about().await.map_err(|error| agent_error(&error))?;
        let home = resolved(client, &about.home_directory).await?;
        let plan = plan_file(&about.home_directory, self.chat_id);
        Ok((plan, plan_file(&home, self.chat_id)))
    }

    /// Reads the plan as it is now: what the person sees does not change with the file.
    async fn propose(
        &self,
        call: &ToolCallPart,
        context: &ToolContext,
    ) -> Result<Outcome, Outcome> {
        let PlanArguments { path } = parse(call)?;
        let client = self.tools.connect(context).await?.client;
        let (plan, place) = self.plan(&client).await?;
        let path = if path.is_empty() { plan.clone() } else { path };
        absolute(&path)?;
        if resolved(&client, &path).await? != place {
            return Err(Outcome::error(format!("The plan of this chat is {plan}")));
        }
        let content = client
            .read_file(&path)
            .await
            .map_err(|error| agent_error(&error))?;
        if content.len() > MAX_PLAN_BYTES {
            return Err(Outcome::error(format!(
                "The plan is longer than {MAX_PLAN_BYTES} bytes. Shorten it, then propose it again."
            )));
        }
        let Ok(text) = std::str::from_utf8(&content) else {
            return Err(Outcome::error("The plan is not UTF-8. Write it again."));
        };
        if text.trim().is_empty() {
            return Err(Outcome::error("The plan is empty. Write it first."));
        }
        Ok(Outcome::success(json!({
            "ok": true,
            "path": path,
            "kind": "plan",
            "media_type": "text/markdown",
            "content": text,
        })))
    }
}

#[async_trait]
impl ToolSet for PlanTools {
    fn definitions(&self) -> Vec<llm::Tool> {
        let mut tools = self.tools.definitions();
        tools.retain(|tool| self.is_allowed(&tool.name));
        if self.is_root {
            tools.extend(definitions::planning());
        }
        tools
    }

    async fn facts(&self) -> Option<String> {
        let plan_of = self.is_root.then_some(self.chat_id);
        self.tools.gather_facts(plan_of).await
    }

    async fn run(&self, call: &ToolCallPart, context: ToolContext) -> Outcome {
        self.dispatch(call, &context)
            .await
            .unwrap_or_else(|error| error)
    }

    async fn resume(&self, call: &ToolCallPart, context: ToolContext) -> Option<Outcome> {
        self.tools.resume(call, context).await
    }

    fn ends_turn(&self, tool_name: &str) -> bool {
        matches!(tool_name, PROPOSE_PLAN | ASK)
    }
}

/// The questions, as the page shows them. What the person chooses comes as their next message.
fn ask(call: &ToolCallPart) -> Result<Outcome, Outcome> {
    let asked: Questions = parse(call)?;
    if !(1..=MAX_QUESTIONS).contains(&asked.questions.len()) {
        return Err(Outcome::error(format!(
            "Ask 1 to {MAX_QUESTIONS} questions."
        )));
    }
    for question in &asked.questions {
        let is_empty = |text: &str| text.trim().is_empty();
        if is_empty(&question.words)
            || !OPTIONS.contains(&question.options.len())
            || question
                .options
                .iter()
                .any(|option| is_empty(&option.label))
        {
            return Err(Outcome::error(
                "Each question needs words and 2 to 4 options with a label. The user can always answer something else.",
            ));
        }
    }
    Ok(Outcome::success(json!(asked)))
}

async fn resolved(client: &AgentClient, path: &str) -> Result<String, Outcome> {
    let resolved = client.resolve_path(path).await;
    let resolved = resolved.map_err(|error| agent_error(&error))?;
    Ok(resolved.resolved_path)
}
