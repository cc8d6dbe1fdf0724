//! One database transaction that holds one or more transitions, and the notices that follow its commit.

use chrono::{DateTime, Utc};
use sdk::chats::ChatError;
use sdk::files::MAX_FILES_OF_A_CHAT;
use sdk::ids::{ChatId, MessageId, QueuedMessageId, RunnerId, UserId};
use sdk::messages::{Message, QueuedMessage, Role};
use sdk::parts::Part;
use sdk::stream::WatchEventKind;
use store::chats::{self, ChatRow, Status};
use store::files;
use store::messages::{self, NewMessage};
use store::notices::ChatVersions;
use store::queue::{self, NewQueued};
use store::{Db, Notice, Notices, StoreError, Tx, heartbeats};

use super::error::StateError;
use super::people::Mode;
use super::table::{Code, Transition};
use super::text;

/// A transaction in which chats change.
#[derive(Debug)]
pub struct Change {
    /// The transaction.
    pub tx: Tx,
    /// The time of everything in it.
    pub now: DateTime<Utc>,
    notices: Vec<Notice>,
}

/// What a commit left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// The chat's row.
    pub chat: ChatRow,
}

/// A chat that this transaction has locked.
#[derive(Clone, Debug)]
pub struct Locked {
    /// The row, to be written back by [`Change::close`].
    pub chat: ChatRow,
    /// How many messages wait.
    pub queue_length: i64,
    /// The last answer of a model that was added.
    pub(crate) answer: Option<MessageId>,
    before: Option<ChatRow>,
}

/// What a worker's write must still find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The acquisition it works under.
    pub runner_id: RunnerId,
    /// The history it worked from.
    pub history_version: i64,
    /// The attempt it worked in.
    pub generation_attempt: i64,
}

impl Fence {
    /// The fence of a chat's owner now.
    pub fn of(chat: &ChatRow, runner_id: RunnerId) -> Self {
        Self {
            runner_id,
            history_version: chat.history_version,
            generation_attempt: chat.generation_attempt,
        }
    }

    /// Refuses when it no longer holds.
    pub fn check(&self, chat: &ChatRow) -> Result<(), StateError> {
        let holds = chat.runner_id == Some(self.runner_id)
            && chat.history_version == self.history_version
            && chat.generation_attempt == self.generation_attempt;
        if holds {
            Ok(())
        } else {
            Err(StateError::Stale)
        }
    }
}

impl Change {
    /// Begins the transaction.
    pub async fn begin(db: &Db, now: DateTime<Utc>) -> Result<Self, StateError> {
        Ok(Self {
            tx: db.begin().await?,
            now,
            notices: Vec::new(),
        })
    }

    /// Locks a chat.
    pub async fn lock(&mut self, id: ChatId) -> Result<Locked, StateError> {
        let chat = chats::lock(&mut self.tx, id)
            .await?
            .ok_or(StateError::ChatNotFound)?;
        self.locked(chat).await
    }

    /// Takes a row that was read with a lock.
    pub async fn locked(&mut self, chat: ChatRow) -> Result<Locked, StateError> {
        let queue_length = queue::count(&mut self.tx, chat.id).await?;
        Ok(Locked {
            before: Some(chat.clone()),
            chat,
            queue_length,
            answer: None,
        })
    }

    /// Locks a root chat and everything it spawned, the root first.
    pub(super) async fn lock_family(&mut self, root: ChatId) -> Result<Vec<Locked>, StateError> {
        let mut members = Vec::new();
        for chat in chats::lock_family(&mut self.tx, root).await? {
            members.push(self.locked(chat).await?);
        }
        Ok(members)
    }

    /// Writes the archive mark of a whole tree in one statement; `members` are those that change, as they are then.
    pub(super) async fn close_family(
        &mut self,
        root: ChatId,
        archived: bool,
        members: Vec<Locked>,
    ) -> Result<Vec<Committed>, StateError> {
        let changed = chats::set_archived(&mut self.tx, root, archived, self.now).await?;
        let expected = members.len() as u64;
        if changed != expected {
            return Err(StateError::Store(StoreError::RowCount {
                statement: "chats::set_archived",
                changed,
                expected,
            }));
        }
        let mut committed = Vec::with_capacity(members.len());
        for member in members {
            self.note(member.before.as_ref(), &member.chat);
            committed.push(Committed { chat: member.chat });
        }
        Ok(committed)
    }

    /// Writes a new chat.
    pub(super) async fn insert(&mut self, mut chat: ChatRow) -> Result<Locked, StateError> {
        text::strip_nul(&mut chat);
        chats::insert(&mut self.tx, &chat).await?;
        Ok(Locked {
            chat,
            queue_length: 0,
            answer: None,
            before: None,
        })
    }

    /// Writes the row back and notes who must hear of it.
    pub async fn close(&mut self, mut locked: Locked) -> Result<Committed, StateError> {
        let chat = &mut locked.chat;
        if let Some(before) = &locked.before {
            if before.status != chat.status {
                chat.status_since = self.now;
                chat.updated_at = self.now;
            }
            if before.runner_id.is_some() && chat.runner_id.is_none() {
                heartbeats::end(&mut self.tx, chat.id).await?;
            }
        }
        text::strip_nul(chat);
        chat.changed_at = self.now;
        chats::save(&mut self.tx, chat).await?;
        self.note(locked.before.as_ref(), &locked.chat);
        Ok(Committed { chat: locked.chat })
    }

    /// Commits, then tells everybody.
    pub async fn commit(self, notices: &Notices) -> Result<(), StateError> {
        self.tx.commit().await?;
        for notice in self.notices {
            notices.publish(notice);
        }
        Ok(())
    }

    /// Tells the owner's lists of a chat of which nothing else changes than its details.
    pub(super) fn note_details(&mut self, chat_id: ChatId, owner_id: UserId) {
        self.notices.push(Notice::ChatWatch {
            chat_id,
            owner_id,
            event: WatchEventKind::DetailsChange,
        });
    }

    fn note(&mut self, before: Option<&ChatRow>, chat: &ChatRow) {
        let versions = ChatVersions {
            snapshot_version: chat.snapshot_version,
            history_version: chat.history_version,
            queue_version: chat.queue_version,
            retry_state_version: chat.retry_state_version,
            generation_attempt: chat.generation_attempt,
        };
        self.notices.push(Notice::ChatChanged {
            chat_id: chat.id,
            owner_id: chat.owner_id,
            versions,
        });
        for event in watch_events(before, chat) {
            self.notices.push(Notice::ChatWatch {
                chat_id: chat.id,
                owner_id: chat.owner_id,
                event,
            });
        }
        let has_work = matches!(chat.status, Status::Running | Status::Interrupting);
        if has_work && chat.worker_id.is_none() {
            self.notices
                .push(Notice::OwnershipWake { chat_id: chat.id });
        }
    }

    /// Inserts messages; the history has a new version.
    pub async fn insert_messages(
        &mut self,
        locked: &mut Locked,
        new: Vec<NewMessage>,
    ) -> Result<Vec<Message>, StateError> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        locked.history_changed();
        let (id, revision) = (locked.chat.id, locked.chat.snapshot_version);
        let inserted = messages::insert(&mut self.tx, id, revision, self.now, new).await?;
        let mut latest_first = inserted.iter().rev();
        if let Some(answer) = latest_first.find(|message| message.role == Role::Assistant) {
            locked.answer = Some(answer.id);
        }
        Ok(inserted)
    }

    /// Counts the files of a message as sent in the chat. When it would hold too many, none of them is counted: they can be
    /// read all the same, until files that stand in no chat are removed.
    pub(super) async fn link_files(
        &mut self,
        locked: &Locked,
        content: &[Part],
    ) -> Result<(), StateError> {
        let ids = crate::files::ids_of(content);
        if !ids.is_empty() {
            let chat = locked.chat.id;
            files::link(&mut self.tx, chat, &ids, MAX_FILES_OF_A_CHAT, self.now).await?;
        }
        Ok(())
    }

    /// Puts a message at the end of the queue.
    pub(super) async fn enqueue(
        &mut self,
        locked: &mut Locked,
        new: &NewQueued,
    ) -> Result<QueuedMessage, StateError> {
        let id: QueuedMessageId = queue::append(&mut self.tx, locked.chat.id, new).await?;
        locked.queue_length += 1;
        locked.chat.queue_version = locked.chat.snapshot_version;
        Ok(QueuedMessage {
            id,
            chat_id: locked.chat.id,
            created_by: new.created_by,
            model_config_id: new.model_config_id,
            content: new.content.clone(),
            created_at: new.created_at,
        })
    }

    /// Moves the head of the queue, or the named message, into the history. `None` when it is not there.
    pub(super) async fn promote(
        &mut self,
        locked: &mut Locked,
        id: Option<QueuedMessageId>,
    ) -> Result<Option<Message>, StateError> {
        let queued = queue::list_in(&mut self.tx, locked.chat.id).await?;
        let wanted = queued
            .into_iter()
            .find(|message| id.is_none_or(|id| message.id == id));
        let Some(queued) = wanted else {
            return Ok(None);
        };
        queue::delete(&mut self.tx, locked.chat.id, queued.id).await?;
        locked.queue_length -= 1;
        locked.chat.queue_version = locked.chat.snapshot_version;
        let model = queued
            .model_config_id
            .unwrap_or(locked.chat.last_model_config_id);
        locked.chat.last_model_config_id = model;
        let message = NewMessage {
            model_config_id: Some(model),
            created_by: queued.created_by,
            ..NewMessage::new(Role::User, queued.content)
        };
        Ok(self.insert_messages(locked, vec![message]).await?.pop())
    }

    /// Marks a message and all after it as deleted; the history has a new version.
    pub(super) async fn delete_from(
        &mut self,
        locked: &mut Locked,
        from: MessageId,
    ) -> Result<(), StateError> {
        locked.history_changed();
        messages::delete_from(
            &mut self.tx,
            locked.chat.id,
            from,
            locked.chat.snapshot_version,
        )
        .await?;
        Ok(())
    }

    /// Empties the queue.
    pub(super) async fn clear_queue(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        if locked.queue_length > 0 {
            queue::clear(&mut self.tx, locked.chat.id).await?;
            locked.queue_length = 0;
            locked.chat.queue_version = locked.chat.snapshot_version;
        }
        Ok(())
    }
}

impl Locked {
    /// The state it is in.
    pub fn code(&self) -> Code {
        Code::of(self.chat.status, self.queue_length > 0, self.chat.archived)
    }

    /// Begins a transition: refused unless the state accepts it.
    pub(super) fn enter(&mut self, transition: &Transition) -> Result<Code, StateError> {
        let state = self.code();
        if !transition.accepts.contains(&state) {
            if self.chat.archived && transition.name != super::table::UNARCHIVE.name {
                return Err(StateError::Archived);
            }
            return Err(StateError::Refused {
                transition: transition.name,
                state,
            });
        }
        self.chat.snapshot_version += 1;
        Ok(state)
    }

    /// Ends a transition: an error unless it landed where it may.
    pub(super) fn leave(&self, transition: &Transition) -> Result<(), StateError> {
        let state = self.code();
        if transition.lands.contains(&state) {
            Ok(())
        } else {
            Err(StateError::WrongLanding {
                transition: transition.name,
                state,
            })
        }
    }

    /// Sets the status with what hangs on it.
    pub(super) fn set_status(&mut self, status: Status) {
        let chat = &mut self.chat;
        if chat.status == Status::RequiresAction && status != Status::RequiresAction {
            chat.requires_action_deadline_at = None;
        }
        if status != Status::Error {
            chat.last_error = None;
        }
        if status != Status::Running {
            chat.compaction_request = None;
        }
        let is_at_work = matches!(
            status,
            Status::Running | Status::Interrupting | Status::RequiresAction
        );
        if !is_at_work {
            self.clear_owner();
            self.clear_retry();
            self.chat.archive_requested = false;
        }
        self.chat.status = status;
    }

    /// Fails with this error.
    pub(super) fn set_error(&mut self, error: ChatError) {
        self.set_status(Status::Error);
        self.chat.last_error = Some(error);
    }

    /// The agent works like this from here on.
    pub(super) fn set_mode(&mut self, mode: Mode) {
        if let Some(plan_mode) = mode.plan_mode {
            self.chat.plan_mode = plan_mode;
        }
        if let Some(mcp_server_ids) = mode.mcp_server_ids {
            self.chat.mcp_server_ids = mcp_server_ids;
        }
    }

    /// Nobody owns the chat any more.
    pub(super) fn clear_owner(&mut self) {
        self.chat.worker_id = None;
        self.chat.runner_id = None;
    }

    /// No retry is waited for.
    pub(super) fn clear_retry(&mut self) {
        if self.chat.retry_state.take().is_some() {
            self.chat.retry_state_version = self.chat.snapshot_version;
        }
    }

    /// What was streamed so far is void.
    pub(super) fn next_attempt(&mut self) {
        self.chat.generation_attempt += 1;
        self.clear_retry();
    }

    fn history_changed(&mut self) {
        self.chat.history_version = self.chat.snapshot_version;
        self.chat.generation_attempt = 0;
        self.clear_retry();
    }
}

fn watch_events(before: Option<&ChatRow>, chat: &ChatRow) -> Vec<WatchEventKind> {
    let Some(before) = before else {
        return vec![WatchEventKind::Created];
    };
    let mut events = Vec::new();
    match (before.archived, chat.archived) {
        // A tree goes with its root.
        (false, true) if chat.parent_chat_id.is_none() => events.push(WatchEventKind::Deleted),
        (true, false) => events.push(WatchEventKind::Created),
        _ => {}
    }
    let was_owned = before.worker_id.is_some();
    let is_moved = before.status != chat.status
        || before.workspace_id != chat.workspace_id
        || before.build_id != chat.build_id
        || (chat.status == Status::Running && was_owned != chat.worker_id.is_some());
    if is_moved {
        events.push(WatchEventKind::StatusChange);
    }
    if before.status != chat.status && chat.status == Status::RequiresAction {
        events.push(WatchEventKind::ActionRequired);
    }
    if before.title != chat.title {
        events.push(WatchEventKind::TitleChange);
    }
    let is_otherwise = before.pin_order != chat.pin_order
        || before.labels != chat.labels
        || before.plan_mode != chat.plan_mode
        || before.mcp_server_ids != chat.mcp_server_ids;
    if is_otherwise {
        events.push(WatchEventKind::DetailsChange);
    }
    events
}
