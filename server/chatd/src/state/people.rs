//! Transitions that people make through the API: making chats, sending, editing, stopping. Those of the queue are in
//! [`super::queue`], those of the context in [`super::context`].

use std::collections::BTreeMap;

use sdk::chats::{ClientType, DynamicTool, PlanMode};
use sdk::ids::{
    ChatId, McpServerId, MessageId, ModelConfigId, OrganizationId, UserId, WorkspaceId,
};
use sdk::messages::{BusyBehavior, Message, QueuedMessage, Role};
use sdk::parts::Part;
use store::chats::{self, ChatMode, ChatRow, Status, client_tools};
use store::messages::{self, NewMessage, Visibility};
use store::queue::NewQueued;

use super::change::{Change, Locked};
use super::error::StateError;
use super::open_calls::Unanswered;
use super::table::{self, Code};

/// At most this many messages wait.
pub const QUEUE_LIMIT: i64 = 20;

/// At most this many agents of one root chat are at work.
pub const RUNNING_SUBAGENTS: usize = 5;

/// How a chat's agent works from here on; an absent field stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// Whether it only plans.
    pub plan_mode: Option<PlanMode>,
    /// The MCP servers that it may use.
    pub mcp_server_ids: Option<Vec<McpServerId>>,
}

/// A new chat.
#[derive(Clone, Debug)]
pub struct NewChat {
    /// Its id.
    pub id: ChatId,
    /// Whose it is.
    pub owner_id: UserId,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Where its agent works.
    pub workspace_id: Option<WorkspaceId>,
    /// The first words.
    pub title: String,
    /// Its model.
    pub model_config_id: ModelConfigId,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
    /// Who makes it.
    pub client_type: ClientType,
    /// How its agent works.
    pub mode: Mode,
    /// What it is for.
    pub chat_mode: ChatMode,
    /// Instructions of this chat alone.
    pub system_prompt: Option<String>,
    /// The first message.
    pub content: Vec<Part>,
    /// Tools that its client runs itself.
    pub client_tools: Vec<DynamicTool>,
    /// The root chat whose agent hands the work over.
    pub parent: Option<ChatId>,
    /// Whether the title stays as it is; else the model makes one.
    pub is_title_final: bool,
}

/// A person's message.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its parts.
    pub content: Vec<Part>,
    /// The model to use from here on.
    pub model_config_id: Option<ModelConfigId>,
    /// Who writes it.
    pub created_by: UserId,
    /// How the agent works from here on, also while the message waits.
    pub mode: Mode,
}

/// What became of a sent message.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// It is in the history.
    Committed(Message),
    /// It waits.
    Queued(QueuedMessage),
}

impl Change {
    /// N → R0.
    pub async fn create(&mut self, new: NewChat) -> Result<(Locked, Message), StateError> {
        let chat = ChatRow {
            id: new.id,
            owner_id: new.owner_id,
            organization_id: new.organization_id,
            workspace_id: new.workspace_id,
            build_id: None,
            agent_id: None,
            parent_chat_id: new.parent,
            root_chat_id: new.parent,
            title: new.title,
            is_title_fallback: !new.is_title_final,
            status: Status::Running,
            status_since: self.now,
            last_error: None,
            last_model_config_id: new.model_config_id,
            labels: new.labels,
            client_type: new.client_type,
            archived: false,
            archive_requested: false,
            pin_order: 0,
            last_read_message_id: MessageId(0),
            worker_id: None,
            runner_id: None,
            snapshot_version: 1,
            history_version: 1,
            queue_version: 0,
            generation_attempt: 0,
            retry_state: None,
            retry_state_version: 0,
            requires_action_deadline_at: None,
            created_at: self.now,
            updated_at: self.now,
            changed_at: self.now,
            compaction_request: None,
            plan_mode: new.mode.plan_mode.unwrap_or_default(),
            mcp_server_ids: new.mode.mcp_server_ids.unwrap_or_default(),
            chat_mode: new.chat_mode,
        };
        let mut locked = self.insert(chat).await?;
        if !new.client_tools.is_empty() {
            client_tools::insert(&mut self.tx, new.id, &new.client_tools).await?;
        }
        if let Some(prompt) = new.system_prompt {
            let row = NewMessage {
                visibility: Visibility::Model,
                ..NewMessage::new(Role::System, vec![Part::text(prompt)])
            };
            self.insert_messages(&mut locked, vec![row]).await?;
        }
        let outgoing = Outgoing {
            content: new.content,
            model_config_id: Some(new.model_config_id),
            created_by: new.owner_id,
            mode: Mode::default(),
        };
        let message = self.insert_user(&mut locked, outgoing).await?;
        locked.leave(&table::CREATE)?;
        Ok((locked, message))
    }

    /// N → R0, below a root chat that has fewer than [`RUNNING_SUBAGENTS`] at work. The root's row is locked meanwhile.
    pub async fn spawn(
        &mut self,
        parent: ChatId,
        new: NewChat,
    ) -> Result<(Locked, Message), StateError> {
        let children = self.lock_children(parent).await?;
        require_room(&children)?;
        let parent = Some(parent);
        self.create(NewChat { parent, ..new }).await
    }

    /// A message of a root chat's agent to one that it handed work to. One that is idle begins to work for it, so there must
    /// be room for it as for a new one.
    pub async fn message_agent(
        &mut self,
        (parent, child): (ChatId, ChatId),
        outgoing: Outgoing,
        behavior: BusyBehavior,
    ) -> Result<(Locked, Sent), StateError> {
        let children = self.lock_children(parent).await?;
        let chat = children.iter().find(|chat| chat.id == child);
        let chat = chat.ok_or(StateError::ChatNotFound)?;
        if !chat.status.is_at_work() {
            require_room(&children)?;
        }
        let mut locked = self.locked(chat.clone()).await?;
        self.mend(&mut locked).await?;
        let sent = self.send(&mut locked, outgoing, behavior).await?;
        Ok((locked, sent))
    }

    /// Locks a chat for what may have it begin to work. An agent's chat that is idle needs room beside the others of its root
    /// as it does for a message of that root's agent, whoever has it work; all rows stay locked, so that nothing else begins
    /// there.
    pub async fn lock_to_work(&mut self, id: ChatId) -> Result<Locked, StateError> {
        let chat = chats::get_in(&mut self.tx, id).await?;
        let chat = chat.ok_or(StateError::ChatNotFound)?;
        let Some(parent) = chat.parent_chat_id else {
            return self.lock(id).await;
        };
        // The root first, as everybody locks a tree.
        let mut children = chats::lock_family(&mut self.tx, parent).await?;
        children.retain(|chat| chat.parent_chat_id == Some(parent));
        let chat = children.iter().find(|chat| chat.id == id);
        let chat = chat.ok_or(StateError::ChatNotFound)?;
        if !chat.status.is_at_work() && !chat.archived {
            require_room(&children)?;
        }
        self.locked(chat.clone()).await
    }

    /// What a root chat handed work to, as long as it may do so. All rows stay locked, so that nothing else begins there.
    async fn lock_children(&mut self, parent: ChatId) -> Result<Vec<ChatRow>, StateError> {
        let family = chats::lock_family(&mut self.tx, parent).await?;
        let (root, children): (Vec<_>, Vec<_>) =
            family.into_iter().partition(|chat| chat.id == parent);
        let root = root.first().ok_or(StateError::ChatNotFound)?;
        if root.archived || root.archive_requested {
            return Err(StateError::Archived);
        }
        // Whoever stops it stops its children after it, and would miss one that begins later.
        if root.status != Status::Running {
            return Err(StateError::ParentStopped);
        }
        Ok(children)
    }

    /// A message. Idle chats run at once; busy ones queue it, and with [`BusyBehavior::Interrupt`] stop for it.
    pub async fn send(
        &mut self,
        locked: &mut Locked,
        mut outgoing: Outgoing,
        behavior: BusyBehavior,
    ) -> Result<Sent, StateError> {
        let transition = match behavior {
            BusyBehavior::Queue => &table::SEND_QUEUE,
            BusyBehavior::Interrupt => &table::SEND_INTERRUPT,
        };
        if locked.chat.archive_requested {
            return Err(StateError::Archived);
        }
        let state = locked.enter(transition)?;
        locked.chat.updated_at = self.now;
        locked.set_mode(std::mem::take(&mut outgoing.mode));
        let sent = match state {
            Code::W | Code::E0 => {
                self.answer_open_calls(locked, Unanswered::Failed).await?;
                let message = self.insert_user(locked, outgoing).await?;
                locked.set_status(Status::Running);
                Sent::Committed(message)
            }
            Code::E1 => {
                let queued = self.queue(locked, outgoing).await?;
                self.answer_open_calls(locked, Unanswered::Failed).await?;
                self.promote(locked, None).await?;
                locked.set_status(Status::Running);
                Sent::Queued(queued)
            }
            _ => {
                let queued = self.queue(locked, outgoing).await?;
                if behavior == BusyBehavior::Interrupt {
                    self.stop_for_message(locked).await?;
                }
                Sent::Queued(queued)
            }
        };
        locked.leave(transition)?;
        Ok(sent)
    }

    /// Replaces a person's message: it and everything after it is removed, the queue is emptied, running work is
    /// made obsolete.
    pub async fn edit(
        &mut self,
        locked: &mut Locked,
        message_id: MessageId,
        outgoing: Outgoing,
    ) -> Result<Message, StateError> {
        if locked.chat.archive_requested {
            return Err(StateError::Archived);
        }
        let row = messages::get_in(&mut self.tx, locked.chat.id, message_id).await?;
        locked.enter(&table::EDIT)?;
        let row = row
            .filter(|row| !row.deleted)
            .ok_or(StateError::MessageNotFound)?;
        if row.message.role != Role::User {
            return Err(StateError::NotAUserMessage);
        }
        locked.chat.updated_at = self.now;
        self.delete_from(locked, message_id).await?;
        self.clear_queue(locked).await?;
        let message = self.insert_user(locked, outgoing).await?;
        locked.clear_owner();
        locked.chat.compaction_request = None;
        locked.set_status(Status::Running);
        locked.leave(&table::EDIT)?;
        Ok(message)
    }

    /// Stops the turn; a pending client action is cancelled instead and the turn goes on.
    pub async fn interrupt(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        let state = locked.enter(&table::INTERRUPT)?;
        if matches!(state, Code::A0 | Code::A1) {
            self.answer_open_calls(locked, Unanswered::Cancelled)
                .await?;
            locked.set_status(Status::Running);
        } else {
            locked.set_status(Status::Interrupting);
        }
        locked.leave(&table::INTERRUPT)
    }

    /// Runs the failed turn again: the history stays, the error goes.
    pub async fn retry(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        locked.enter(&table::RETRY)?;
        self.answer_open_calls(locked, Unanswered::Failed).await?;
        locked.next_attempt();
        locked.set_status(Status::Running);
        locked.leave(&table::RETRY)
    }

    async fn stop_for_message(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        if locked.chat.status == Status::RequiresAction {
            self.answer_open_calls(locked, Unanswered::Cancelled)
                .await?;
            locked.set_status(Status::Running);
        } else {
            locked.set_status(Status::Interrupting);
        }
        Ok(())
    }

    async fn queue(
        &mut self,
        locked: &mut Locked,
        outgoing: Outgoing,
    ) -> Result<QueuedMessage, StateError> {
        if locked.queue_length >= QUEUE_LIMIT {
            return Err(StateError::QueueFull { limit: QUEUE_LIMIT });
        }
        let new = NewQueued {
            content: outgoing.content,
            model_config_id: outgoing.model_config_id,
            created_by: Some(outgoing.created_by),
            created_at: self.now,
        };
        self.link_files(locked, &new.content).await?;
        self.enqueue(locked, &new).await
    }

    async fn insert_user(
        &mut self,
        locked: &mut Locked,
        outgoing: Outgoing,
    ) -> Result<Message, StateError> {
        let model = outgoing
            .model_config_id
            .unwrap_or(locked.chat.last_model_config_id);
        locked.chat.last_model_config_id = model;
        let new = NewMessage {
            model_config_id: Some(model),
            created_by: Some(outgoing.created_by),
            ..NewMessage::new(Role::User, outgoing.content)
        };
        self.link_files(locked, &new.content).await?;
        let mut inserted = self.insert_messages(locked, vec![new]).await?;
        inserted.pop().ok_or(StateError::MessageNotFound)
    }
}

/// Whether one more may be at work beside these.
fn require_room(children: &[ChatRow]) -> Result<(), StateError> {
    let at_work = children.iter().filter(|chat| chat.status.is_at_work());
    if at_work.count() >= RUNNING_SUBAGENTS {
        return Err(StateError::TooManySubagents {
            limit: RUNNING_SUBAGENTS,
        });
    }
    Ok(())
}
