//! What is read from the database for readers of a chat: the snapshot by cursor, later changes by version.
//!
//! What comes out depends on the chat's rows alone and on nothing that one reader has, so `feed` may give it to all
//! readers that stand at the same place.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sdk::chats::{ChatError, ChatStatus};
use sdk::ids::{ChatId, MessageId, WorkerId};
use sdk::messages::QueuedMessage;
use sdk::stream::{
    ActionRequired, HistoryReset, PreviewReset, RetryInfo, StatusUpdate, StreamEvent,
    StreamEventKind,
};
use store::chats::{self, ChatRow, Status};
use store::messages::{self, MessageRow};
use store::{Db, StoreError, Tx, queue};

use super::Renderer;
use crate::frame::Frame;
use crate::live::Pair;
use crate::state::open_calls;
use crate::wire;

/// Messages read at once.
const PAGE: i64 = 200;

/// Where a chat's durable events come from.
pub(crate) struct Source {
    pub(super) db: Db,
    pub(super) chat_id: ChatId,
    /// Fills `rendered` of messages.
    pub(super) renderer: Option<Arc<dyn Renderer>>,
}

/// How the chat stood at a version, as far as readers are told of it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(super) pair: Pair,
    /// The process that runs the chat.
    pub(super) worker_id: Option<WorkerId>,
    pub(super) snapshot_version: i64,
    queue_version: i64,
    retry_version: i64,
    status: (ChatStatus, DateTime<Utc>),
    error: Option<ChatError>,
}

/// A chat's state for a reader that comes.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(super) frames: Vec<Frame>,
    /// What a long history has beyond the first page.
    pub(super) rest: Option<Rest>,
    pub(super) known: Known,
}

/// Pages that follow, and what ends the snapshot after them.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    after: MessageId,
    end: Vec<Frame>,
}

/// What changed after a version.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(super) frames: Vec<Frame>,
    pub(super) known: Known,
}

impl From<&ChatRow> for Known {
    fn from(chat: &ChatRow) -> Self {
        Self {
            pair: (chat.history_version, chat.generation_attempt),
            worker_id: chat.worker_id,
            snapshot_version: chat.snapshot_version,
            queue_version: chat.queue_version,
            retry_version: chat.retry_state_version,
            status: (wire::status(chat), chat.status_since),
            error: chat.last_error.clone(),
        }
    }
}

impl Source {
    /// Everything that a reader needs who has the messages up to `after`. `None` when there is no such chat.
    pub(super) async fn snapshot(&self, after: MessageId) -> Result<Option<Snapshot>, StoreError> {
        let mut tx = self.db.begin_read().await?;
        let Some(chat) = chats::get_in(&mut tx, self.chat_id).await? else {
            return Ok(None);
        };
        let alive = messages::newest_alive_up_to(&mut tx, self.chat_id, after).await?;
        let rows = messages::after_in(&mut tx, self.chat_id, alive, PAGE).await?;
        let queue = queue::list_in(&mut tx, self.chat_id).await?;
        let action = action_of(&mut tx, &chat).await?;
        tx.rollback().await?;

        let mut events = vec![self.status_event(&chat)];
        if after.0 > 0 && alive != after {
            events.push(self.reset_event(&chat, alive));
        }
        let next_page = page_after(&rows);
        events.extend(self.message_events(rows).await);
        let mut end = vec![self.queue_event(queue)];
        end.extend(self.state_events(&chat, action, None));
        let rest = if let Some(after) = next_page {
            let end = Frame::all(&end);
            Some(Rest { after, end })
        } else {
            events.append(&mut end);
            None
        };
        Ok(Some(Snapshot {
            frames: Frame::all(&events),
            rest,
            known: Known::from(&chat),
        }))
    }

    /// The next page of a snapshot, and what follows it; the end when there is no further page. Pages are read on their
    /// own, so that a slow reader holds no connection: what happens meanwhile must be read after the last one.
    pub(super) async fn next_page(
        &self,
        rest: Rest,
    ) -> Result<(Vec<Frame>, Option<Rest>), StoreError> {
        let rows = messages::after(&self.db, self.chat_id, rest.after, PAGE).await?;
        let next_page = page_after(&rows);
        let mut frames = Frame::all(&self.message_events(rows).await);
        if let Some(after) = next_page {
            return Ok((frames, Some(Rest { after, ..rest })));
        }
        frames.extend(rest.end);
        Ok((frames, None))
    }

    /// What changed since the chat stood so. `None` when the chat is gone.
    pub(super) async fn changes(&self, known: &Known) -> Result<Option<Changes>, StoreError> {
        let mut tx = self.db.begin_read().await?;
        let Some(chat) = chats::get_in(&mut tx, self.chat_id).await? else {
            return Ok(None);
        };
        let since = known.snapshot_version;
        if chat.snapshot_version <= since {
            tx.rollback().await?;
            return Ok(Some(Changes {
                frames: Vec::new(),
                known: known.clone(),
            }));
        }
        let rows = self.changed_messages(&mut tx, since).await?;
        let alive = match messages::first_deleted_since(&mut tx, self.chat_id, since).await? {
            Some(id) => Some(messages::newest_alive_up_to(&mut tx, self.chat_id, id).await?),
            None => None,
        };
        let queue = if chat.queue_version > known.queue_version {
            Some(queue::list_in(&mut tx, self.chat_id).await?)
        } else {
            None
        };
        let action = action_of(&mut tx, &chat).await?;
        tx.rollback().await?;

        let mut events = Vec::new();
        events.extend(alive.map(|after_id| self.reset_event(&chat, after_id)));
        events.extend(self.message_events(rows).await);
        events.extend(queue.map(|queue| self.queue_event(queue)));
        let now_known = Known::from(&chat);
        if now_known.status != known.status {
            events.push(self.status_event(&chat));
        }
        events.extend(self.state_events(&chat, action, Some(known)));
        Ok(Some(Changes {
            frames: Frame::all(&events),
            known: now_known,
        }))
    }

    async fn changed_messages(
        &self,
        tx: &mut Tx,
        since: i64,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let mut rows = Vec::new();
        let mut after = MessageId(0);
        loop {
            let page = messages::changed_since(tx, self.chat_id, since, after, PAGE).await?;
            let next_page = page_after(&page);
            rows.extend(page);
            match next_page {
                Some(last) => after = last,
                None => return Ok(rows),
            }
        }
    }

    /// Error, pending action, preview reset and retry, in this order: all of them in a snapshot, else what is new.
    fn state_events(
        &self,
        chat: &ChatRow,
        action: Option<ActionRequired>,
        known: Option<&Known>,
    ) -> Vec<String> {
        let mut events = Vec::new();
        if let Some(error) = chat
            .last_error
            .clone()
            .filter(|_| chat.status == Status::Error)
            && known.is_none_or(|known| known.error.as_ref() != Some(&error))
        {
            events.push(self.event(StreamEventKind::Error { error }));
        }
        if let Some(action_required) = action {
            events.push(self.event(StreamEventKind::ActionRequired { action_required }));
        }
        // The reset comes first: it voids what an earlier attempt streamed and ends an earlier retry's countdown.
        let pair = (chat.history_version, chat.generation_attempt);
        if known.is_none_or(|known| known.pair != pair) {
            let preview_reset = PreviewReset {
                history_version: pair.0,
                generation_attempt: pair.1,
            };
            events.push(self.event(StreamEventKind::PreviewReset { preview_reset }));
        }
        let is_new_retry = known.is_none_or(|known| chat.retry_state_version > known.retry_version);
        let retry: Option<RetryInfo> = chat.retry_state.clone().filter(|_| is_new_retry);
        if let Some(retry) = retry {
            events.push(self.event(StreamEventKind::Retry { retry }));
        }
        events
    }

    fn status_event(&self, chat: &ChatRow) -> String {
        let status = StatusUpdate {
            status: wire::status(chat),
            since: Some(chat.status_since),
        };
        self.event(StreamEventKind::Status { status })
    }

    fn reset_event(&self, chat: &ChatRow, after_id: MessageId) -> String {
        let history_reset = HistoryReset {
            history_version: chat.history_version,
            after_id,
        };
        self.event(StreamEventKind::HistoryReset { history_reset })
    }

    fn queue_event(&self, queue: Vec<QueuedMessage>) -> String {
        let queued_messages = queue.into_iter().map(wire::queued).collect();
        self.event(StreamEventKind::QueueUpdate { queued_messages })
    }

    async fn message_events(&self, rows: Vec<MessageRow>) -> Vec<String> {
        if rows.is_empty() {
            return Vec::new();
        }
        let page = rows
            .into_iter()
            .map(|row| (wire::message(row.message), row.revision));
        let messages = match &self.renderer {
            Some(renderer) => renderer.render(page.collect()).await,
            None => page.map(|(message, _)| message).collect(),
        };
        let events = messages.into_iter().map(|message| {
            self.event(StreamEventKind::Message {
                message: Box::new(message),
            })
        });
        events.collect()
    }

    pub(super) fn event(&self, kind: StreamEventKind) -> String {
        let event = StreamEvent {
            chat_id: self.chat_id,
            kind,
        };
        serde_json::to_string(&event).unwrap_or_default()
    }
}

/// The last message of a full page: another one may follow.
fn page_after(rows: &[MessageRow]) -> Option<MessageId> {
    let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < PAGE;
    let last = rows.last().filter(|_| !is_last)?;
    Some(last.message.id)
}

async fn action_of(tx: &mut Tx, chat: &ChatRow) -> Result<Option<ActionRequired>, StoreError> {
    if chat.status != Status::RequiresAction {
        return Ok(None);
    }
    let tool_calls = open_calls::pending(tx, chat.id).await?;
    Ok(Some(ActionRequired { tool_calls }))
}
