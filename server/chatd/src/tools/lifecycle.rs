//! `create_workspace`, `start_workspace` and `stop_workspace`: how a root chat comes to a workspace and lets it go.
//!
//! One call of a chat begins something at a time, so that calls that run in parallel make one workspace. The chat is
//! bound to the workspace at once when its build is queued, and the wait follows: a wait that ends before the build
//! tells how to go on, and an interrupted one leaves the build alone. A build that fails is an answer with its `error`
//! and the end of its log, no error of the tool: the model can do something about it.

mod answer;
mod wait;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use sdk::ids::{ChatId, UserId, WorkspaceId};
use sdk::parts::ToolCallPart;
use sdk::workspaces::{CreateBuild, CreateWorkspace, Transition, Workspace, WorkspaceStatus};
use serde::Deserialize;
use serde_json::{Value, json};
use store::chats::ChatRow;
use tokio::time::{Instant, sleep};

use super::arguments::parse;
use super::{Outcome, ToolContext, templates};
use crate::sources::{OwnWorkspaces, WorkspaceRefused};
use answer::Answer;
use wait::{AGENT_WAIT, BUILD_WAIT, BUSY_PAUSE, BUSY_WAIT, STOP_WAIT, is_building};

const NONE: &str = "This chat has no workspace. Choose a template with list_templates and make one with create_workspace.";
const DELETED: &str =
    "The workspace of this chat was deleted. Make another one with create_workspace.";

#[derive(Deserialize)]
struct CreateArguments {
    template_id: String,
    name: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct StartArguments {
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
}

/// Whose turn it is in each chat.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<ChatId, Turn>>>);

type Turn = Arc<tokio::sync::Mutex<()>>;

impl Turns {
    pub(super) fn of(&self, chat: ChatId) -> Turn {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody holds or waits for what only the map knows.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(chat).or_default().clone()
    }
}

/// These tools for one chat.
#[derive(Debug)]
pub(super) struct Lifecycle {
    own: Arc<dyn OwnWorkspaces>,
    owner_id: UserId,
    /// The chat's title, after which a branch is called.
    title: String,
    turn: Turn,
}

impl Lifecycle {
    pub(super) fn new(own: Arc<dyn OwnWorkspaces>, chat: &ChatRow, turn: Turn) -> Self {
        Self {
            own,
            owner_id: chat.owner_id,
            title: chat.title.clone(),
            turn,
        }
    }

    /// Runs a call of these tools; `None` for one of others.
    pub(super) async fn run(
        &self,
        call: &ToolCallPart,
        context: &ToolContext,
    ) -> Option<Result<Outcome, Outcome>> {
        let own = self.own.as_ref();
        Some(match call.tool_name.as_str() {
            "list_templates" => templates::list_templates(own, self.owner_id, call).await,
            "read_template" => templates::read_template(own, self.owner_id, call).await,
            "create_workspace" => self.create(call, context).await,
            "start_workspace" => self.start(call, context).await,
            "stop_workspace" => self.stop(context).await,
            _ => return None,
        })
    }

    /// What became of a workspace that a server made or started that is gone.
    pub(super) async fn resume(
        &self,
        call: &ToolCallPart,
        context: &ToolContext,
    ) -> Option<Outcome> {
        let is_new = match call.tool_name.as_str() {
            "create_workspace" => true,
            "start_workspace" => false,
            _ => return None,
        };
        let workspace = self.bound(context).await.ok()??;
        let settled = self.settled(&workspace, BUILD_WAIT, context).await;
        Some(settled.map_or_else(
            |refused| refused,
            |answer| {
                if is_new {
                    answer.with("created", true).outcome()
                } else {
                    started(answer)
                }
            },
        ))
    }

    async fn create(&self, call: &ToolCallPart, context: &ToolContext) -> Result<Outcome, Outcome> {
        let arguments: CreateArguments = parse(call)?;
        let (workspace, is_new) = {
            let _turn = self.turn.lock().await;
            match self.bound(context).await? {
                Some(existing) if !is_to_be_replaced(&existing) => (existing, false),
                _ => (self.make(arguments, context).await?, true),
            }
        };
        let answer = self.settled(&workspace, BUILD_WAIT, context).await?;
        Ok(answer.with("created", is_new).outcome())
    }

    /// A new workspace, bound to the chat.
    async fn make(
        &self,
        arguments: CreateArguments,
        context: &ToolContext,
    ) -> Result<Workspace, Outcome> {
        let template =
            templates::find(self.own.as_ref(), self.owner_id, &arguments.template_id).await?;
        let request = CreateWorkspace {
            name: arguments.name.filter(|name| !name.trim().is_empty()),
            template_id: Some(template.id),
            parameters: texts(arguments.parameters),
            ..CreateWorkspace::default()
        };
        let made = self
            .own
            .create_workspace(self.owner_id, request, &self.title)
            .await;
        let workspace = made.map_err(|error| with_template(refused(error), &template.id))?;
        let build = workspace.latest_build.as_ref().map(|build| build.id);
        let bound = context.chat.bind(workspace.id, build).await;
        bound.map_err(|error| {
            Outcome::error(format!(
                "The workspace {} was made but could not be attached to this chat: {error}",
                workspace.name
            ))
        })?;
        Ok(workspace)
    }

    async fn start(&self, call: &ToolCallPart, context: &ToolContext) -> Result<Outcome, Outcome> {
        let arguments: StartArguments = parse(call)?;
        let parameters = texts(arguments.parameters);
        let deadline = Instant::now() + BUILD_WAIT;
        let found = self.existing(context).await?;
        // A stop that is under way comes first; an agent that lost its connection mostly comes back.
        if is_stopping(&found) || found.status == WorkspaceStatus::Reconnecting {
            self.settled(&found, AGENT_WAIT, context).await?;
        }
        let workspace = {
            let _turn = self.turn.lock().await;
            // Another call may have begun a start meanwhile.
            let workspace = self.existing(context).await?;
            if workspace.status != WorkspaceStatus::Ready && !is_building(&workspace) {
                self.begin_start(&workspace, &parameters, context).await?;
            }
            workspace
        };
        if workspace.status == WorkspaceStatus::Ready {
            return Ok(already_running(workspace, !parameters.is_empty()));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let answer = self.settled(&workspace, left, context).await?;
        Ok(started(answer))
    }

    /// Begins a start, unless somebody else has begun something with the workspace just now.
    async fn begin_start(
        &self,
        workspace: &Workspace,
        parameters: &BTreeMap<String, String>,
        context: &ToolContext,
    ) -> Result<(), Outcome> {
        let request = CreateBuild {
            transition: Transition::Start,
            parameters: parameters.clone(),
            force: false,
        };
        let gives_up = Instant::now() + BUSY_WAIT;
        loop {
            let begun = self
                .own
                .create_build(self.owner_id, workspace.id, request.clone())
                .await;
            match begun {
                Ok(build) => {
                    let bound = context.chat.bind(workspace.id, Some(build.id)).await;
                    return bound.map_err(Outcome::error);
                }
                Err(error) if error.is_busy && Instant::now() < gives_up => {
                    let now = self.look(workspace.id).await?;
                    if now.as_ref().is_some_and(is_building) {
                        return Ok(());
                    }
                    // What was done before is over and gives the workspace back in a moment.
                    sleep(BUSY_PAUSE).await;
                }
                Err(error) => {
                    return Err(match workspace.template_id {
                        Some(template) => with_template(refused(error), &template),
                        None => refused(error),
                    });
                }
            }
        }
    }

    async fn stop(&self, context: &ToolContext) -> Result<Outcome, Outcome> {
        let workspace = {
            let _turn = self.turn.lock().await;
            let workspace = self.existing(context).await?;
            if workspace.status == WorkspaceStatus::Stopped && !is_building(&workspace) {
                let answer = Answer::of(workspace).with("stopped", false);
                return Ok(answer.with("already_stopped", true).outcome());
            }
            let request = CreateBuild {
                transition: Transition::Stop,
                parameters: BTreeMap::new(),
                force: false,
            };
            let begun = self
                .own
                .create_build(self.owner_id, workspace.id, request)
                .await;
            begun.map_err(refused)?;
            workspace
        };
        let answer = self.settled(&workspace, STOP_WAIT, context).await?;
        let is_stopped = answer.workspace.status == WorkspaceStatus::Stopped;
        Ok(answer.with("stopped", is_stopped).outcome())
    }

    /// The chat's workspace, unless there is none or it is gone.
    async fn bound(&self, context: &ToolContext) -> Result<Option<Workspace>, Outcome> {
        match context.chat.workspace().await.map_err(Outcome::error)? {
            Some(id) => self.look(id).await,
            None => Ok(None),
        }
    }

    /// The chat's workspace; words for the model when there is none.
    async fn existing(&self, context: &ToolContext) -> Result<Workspace, Outcome> {
        let id = context.chat.workspace().await.map_err(Outcome::error)?;
        let id = id.ok_or_else(|| Outcome::error(NONE))?;
        self.look(id).await?.ok_or_else(|| Outcome::error(DELETED))
    }

    async fn look(&self, id: WorkspaceId) -> Result<Option<Workspace>, Outcome> {
        let found = self.own.get_workspace(self.owner_id, id).await;
        found.map_err(refused)
    }
}

/// A refusal in words for the model, with the fields that are wrong.
pub(super) fn refused(error: WorkspaceRefused) -> Outcome {
    let mut outcome = Outcome::error(error.message);
    if let (false, Some(fields)) = (error.validations.is_empty(), outcome.result.as_object_mut()) {
        fields.insert("validations".to_owned(), json!(error.validations));
    }
    outcome
}

/// The template whose parameters were wrong, so that the model can read it.
fn with_template(mut outcome: Outcome, template: &sdk::ids::TemplateId) -> Outcome {
    if let Some(fields) = outcome.result.as_object_mut() {
        fields.insert("template_id".to_owned(), json!(template));
        let hint = "read_template tells the template's parameters.";
        fields.insert("hint".to_owned(), hint.into());
    }
    outcome
}

fn started(answer: Answer) -> Outcome {
    let is_ready = answer.workspace.status == WorkspaceStatus::Ready;
    answer.with("started", is_ready).outcome()
}

fn already_running(workspace: Workspace, has_parameters: bool) -> Outcome {
    let answer = Answer::of(workspace)
        .with("started", false)
        .with("no_build", true);
    if has_parameters {
        let hint = "It runs with its old parameters. To change them, call stop_workspace and then this again.";
        return answer.with("hint", hint).outcome();
    }
    answer.outcome()
}

/// Whether another workspace may take its place: the first start failed before there was anything in it.
fn is_to_be_replaced(workspace: &Workspace) -> bool {
    workspace.status == WorkspaceStatus::Failed
        && workspace.working_directory.is_empty()
        && !is_building(workspace)
}

fn is_stopping(workspace: &Workspace) -> bool {
    let build = workspace.latest_build.as_ref();
    is_building(workspace) && build.is_some_and(|build| build.transition != Transition::Start)
}

/// Values as templates take them: texts. Models write numbers, truth values and lists as such.
fn texts(values: BTreeMap<String, Value>) -> BTreeMap<String, String> {
    values
        .into_iter()
        .filter_map(|(name, value)| match value {
            Value::Null => None,
            Value::String(text) => Some((name, text)),
            other => Some((name, other.to_string())),
        })
        .collect()
}
