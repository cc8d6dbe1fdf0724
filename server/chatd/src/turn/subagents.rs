//! The chats to which a running chat hands work.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sdk::chat_config::ModelPurpose;
use sdk::chats::ClientType;
use sdk::ids::{ChatId, MessageId, ModelConfigId};
use sdk::messages::{BusyBehavior, Role};
use sdk::parts::Part;
use store::chats::{self, ChatMode, ChatRow, Status};
use store::{StoreError, messages};
use tokio::time::{Instant, timeout_at};

use super::binding::RunningChat;
use super::first_words;
use super::model_overrides::model_for;
use crate::daemon::Daemon;
use crate::state::people::{Mode, NewChat, Outgoing};
use crate::state::{Change, StateError};
use crate::tools::subagents::{Subagents, Waited};
use crate::tools::{ToolContext, computer, exploring, subagents};

/// Notices can be lost; then an agent's end is seen this much later.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Messages among which an agent's last words are looked for.
const LAST_MESSAGES: i64 = 20;

const NO_AGENT: &str =
    "There is no such agent of this chat. Use a chat_id of spawn_agent or list_agents.";

impl RunningChat {
    fn daemon(&self) -> Daemon {
        Daemon {
            shared: Arc::clone(&self.shared),
        }
    }

    async fn try_spawn(
        &self,
        id: ChatId,
        chat_mode: ChatMode,
        title: Option<String>,
        prompt: String,
    ) -> Result<ChatRow, StateError> {
        let shared = &self.shared;
        if let Some(begun) = self.child(id).await? {
            return Ok(begun);
        }
        let parent = chats::get(&shared.db, self.chat_id).await?;
        let parent = parent.ok_or(StateError::ChatNotFound)?;
        let model_config_id = self.model_for(chat_mode, &parent).await;
        let mode = inherited(chat_mode, &parent);
        let new = NewChat {
            id,
            owner_id: parent.owner_id,
            organization_id: parent.organization_id,
            workspace_id: parent.workspace_id,
            is_title_final: title.is_some(),
            title: title.unwrap_or_else(|| first_words(&prompt)),
            model_config_id,
            labels: parent.labels,
            client_type: ClientType::Api,
            mode,
            chat_mode,
            system_prompt: Some(instructions(chat_mode).to_owned()),
            content: vec![Part::text(prompt)],
            client_tools: Vec::new(),
            parent: Some(parent.id),
        };
        let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
        let (mut locked, _) = change.spawn(parent.id, new).await?;
        shared.claim(&mut change, &mut locked).await?;
        let committed = change.close(locked).await?;
        change.commit(&shared.notices).await?;
        shared.run(committed.chat.clone());
        Ok(committed.chat)
    }

    /// The model of a new one: the parent's, or for one that explores what the deployment wants, as long as it can be used.
    async fn model_for(&self, chat_mode: ChatMode, parent: &ChatRow) -> ModelConfigId {
        let usual = parent.last_model_config_id;
        if chat_mode != ChatMode::Explore {
            return usual;
        }
        let wanted = model_for(&self.shared, ModelPurpose::Explore, parent.owner_id).await;
        wanted.map_or(usual, |model| model.model_config_id)
    }

    /// A chat that this one handed work to; any other is not there.
    async fn child(&self, id: ChatId) -> Result<Option<ChatRow>, StoreError> {
        let found = chats::get(&self.shared.db, id).await?;
        Ok(found.filter(|chat| chat.parent_chat_id == Some(self.chat_id)))
    }

    async fn existing(&self, id: ChatId) -> Result<ChatRow, StateError> {
        self.child(id).await?.ok_or(StateError::ChatNotFound)
    }

    async fn try_message(
        &self,
        id: ChatId,
        text: String,
        behavior: BusyBehavior,
    ) -> Result<ChatRow, StateError> {
        let chat = self.existing(id).await?;
        let outgoing = Outgoing {
            content: vec![Part::text(text)],
            model_config_id: None,
            created_by: chat.owner_id,
            mode: Mode::default(),
        };
        let shared = &self.shared;
        let mut change = Change::begin(&shared.db, shared.clock.now()).await?;
        let ids = (self.chat_id, id);
        let (mut locked, _) = change.message_agent(ids, outgoing, behavior).await?;
        shared.claim(&mut change, &mut locked).await?;
        let committed = change.close(locked).await?;
        change.commit(&shared.notices).await?;
        shared.run(committed.chat.clone());
        Ok(committed.chat)
    }

    async fn try_wait(
        &self,
        id: ChatId,
        deadline: Instant,
        context: &ToolContext,
    ) -> Result<Waited, StateError> {
        let channel = self.shared.hub.channel(id);
        let mut news = channel.subscribe();
        loop {
            news.mark_unchanged();
            let chat = self.existing(id).await?;
            match chat.status {
                Status::Waiting => {
                    let report = last_words(self, id).await?;
                    return Ok(Waited::Done(chat, report));
                }
                Status::Error => {
                    let error = chat.last_error.clone().unwrap_or_default();
                    return Ok(Waited::Failed(chat, error));
                }
                _ if Instant::now() >= deadline => return Ok(Waited::StillRunning(chat)),
                _ => {}
            }
            let next_look = deadline.min(Instant::now() + LOOK_EVERY);
            tokio::select! {
                _ = timeout_at(next_look, news.changed()) => {}
                () = context.cancel.cancelled() => return Ok(Waited::Cancelled),
            }
        }
    }
}

/// What a new one is told beside the usual.
const fn instructions(chat_mode: ChatMode) -> &'static str {
    match chat_mode {
        ChatMode::General => subagents::INSTRUCTIONS,
        ChatMode::ComputerUse => computer::INSTRUCTIONS,
        ChatMode::Explore => exploring::INSTRUCTIONS,
    }
}

/// What a new one has of its parent's ways. One that explores plans nothing and has no other tools.
fn inherited(chat_mode: ChatMode, parent: &ChatRow) -> Mode {
    match chat_mode {
        ChatMode::Explore => Mode::default(),
        ChatMode::General | ChatMode::ComputerUse => Mode {
            plan_mode: Some(parent.plan_mode),
            mcp_server_ids: Some(parent.mcp_server_ids.clone()),
        },
    }
}

/// What an agent said last.
async fn last_words(chat: &RunningChat, id: ChatId) -> Result<String, StoreError> {
    const NEWEST: MessageId = MessageId(i64::MAX);
    let rows = messages::between(&chat.shared.db, id, MessageId(0), NEWEST, LAST_MESSAGES).await?;
    let mut answers = rows
        .iter()
        .filter(|row| row.message.role == Role::Assistant)
        .map(|row| row.message.text());
    Ok(answers
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default())
}

/// What failed, in words for the model.
fn words(error: &StateError) -> String {
    match error {
        StateError::ChatNotFound => NO_AGENT.to_owned(),
        StateError::TooManySubagents { .. }
        | StateError::QueueFull { .. }
        | StateError::ParentStopped
        | StateError::Archived => {
            format!("This is not possible now: {error}.")
        }
        other => {
            tracing::error!(error = %other, "an agent's work could not be handed over");
            "The agent could not be reached. Try again.".to_owned()
        }
    }
}

#[async_trait]
impl Subagents for RunningChat {
    async fn spawn(
        &self,
        id: ChatId,
        chat_mode: ChatMode,
        title: Option<String>,
        prompt: String,
    ) -> Result<ChatRow, String> {
        let spawned = Box::pin(self.try_spawn(id, chat_mode, title, prompt)).await;
        spawned.map_err(|error| words(&error))
    }

    async fn find(&self, id: ChatId) -> Result<Option<ChatRow>, String> {
        let found = self.child(id).await.map_err(StateError::from);
        found.map_err(|error| words(&error))
    }

    async fn list(&self) -> Result<Vec<ChatRow>, String> {
        let family = chats::family(&self.shared.db, self.chat_id).await;
        let family = family.map_err(|error| words(&error.into()))?;
        let mut children = family;
        children.retain(|chat| chat.parent_chat_id == Some(self.chat_id));
        Ok(children)
    }

    async fn message(&self, id: ChatId, text: String, interrupts: bool) -> Result<ChatRow, String> {
        let behavior = if interrupts {
            BusyBehavior::Interrupt
        } else {
            BusyBehavior::Queue
        };
        let sent = Box::pin(self.try_message(id, text, behavior)).await;
        sent.map_err(|error| words(&error))
    }

    async fn interrupt(&self, id: ChatId) -> Result<ChatRow, String> {
        let outcome = async {
            self.existing(id).await?;
            self.daemon().interrupt(id).await
        };
        outcome.await.map_err(|error| words(&error))
    }

    async fn wait(
        &self,
        id: ChatId,
        at_most: Duration,
        context: &ToolContext,
    ) -> Result<Waited, String> {
        let waited = self.try_wait(id, Instant::now() + at_most, context).await;
        waited.map_err(|error| words(&error))
    }
}
