//! What a reader reads from the database: the snapshot by cursor, later changes by version.

use sdk::chats::{ChatError, ChatStatus};
use sdk::ids::{MessageId, WorkerId};
use sdk::messages::{QueuedMessage, Role};
use sdk::stream::{
    ActionRequired, HistoryReset, PendingToolCall, PreviewReset, RetryInfo, StatusUpdate,
    StreamEventKind,
};
use store::chats::{self, ChatRow, Status};
use store::messages::{self, MessageRow};
use store::{StoreError, queue};
use tokio::time::Instant;

use super::Reader;
use crate::live::Pair;
use crate::state::open_calls::open_calls;
use crate::wire;

/// Messages read at once.
const PAGE: i64 = 200;

/// What the reader was told already.
pub(super) struct Seen {
    pub(super) pair: Pair,
    pub(super) last_ping: Instant,
    /// The process that runs the chat.
    pub(super) worker_id: Option<WorkerId>,
    snapshot_version: i64,
    queue_version: i64,
    retry_version: i64,
    status: Option<(ChatStatus, chrono::DateTime<chrono::Utc>)>,
    error: Option<ChatError>,
    /// The next page of the snapshot begins after this message; `None` when the snapshot's messages are out.
    page_after: Option<MessageId>,
    /// Whether the snapshot was read in several transactions.
    pub(super) is_paged: bool,
    /// Events before the next page.
    head: Vec<String>,
    /// Events after the last page.
    tail: Vec<String>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            pair: (0, 0),
            last_ping: Instant::now(),
            worker_id: None,
            snapshot_version: 0,
            queue_version: 0,
            retry_version: 0,
            status: None,
            error: None,
            page_after: None,
            is_paged: false,
            head: Vec::new(),
            tail: Vec::new(),
        }
    }
}

impl Seen {
    pub(super) fn take_tail(&mut self) -> Vec<String> {
        let mut events = std::mem::take(&mut self.head);
        events.append(&mut self.tail);
        events
    }
}

impl Reader {
    /// Reads everything of the snapshot but the pages of messages. False when there is no such chat.
    pub(super) async fn snapshot_begins(&mut self) -> Result<bool, StoreError> {
        self.news.mark_unchanged();
        let mut tx = self.db.begin_read().await?;
        let Some(chat) = chats::get_in(&mut tx, self.chat_id).await? else {
            return Ok(false);
        };
        let after = self.options.after_id;
        let alive = messages::newest_alive_up_to(&mut tx, self.chat_id, after).await?;
        let rows = messages::after_in(&mut tx, self.chat_id, alive, PAGE).await?;
        let queue = queue::list_in(&mut tx, self.chat_id).await?;
        let action = action_of(&mut tx, &chat).await?;
        tx.rollback().await?;

        self.seen.head.push(self.status_event(&chat));
        if after.0 > 0 && alive != after {
            let history_reset = HistoryReset {
                history_version: chat.history_version,
                after_id: alive,
            };
            self.seen
                .head
                .push(self.event(StreamEventKind::HistoryReset { history_reset }));
        }
        self.add_page(rows).await;
        self.seen.is_paged = self.seen.page_after.is_some();
        let mut tail = vec![self.queue_event(queue)];
        tail.extend(self.state_events(&chat, action, true));
        self.seen.tail = tail;
        self.remember(&chat);
        Ok(true)
    }

    /// A page of the snapshot when more follow; the last one joins the snapshot's end. Pages after the first are read
    /// on their own, so that a slow reader holds no connection: what happens meanwhile is read at the end.
    pub(super) async fn next_page(&mut self) -> Result<Option<String>, StoreError> {
        let Some(after) = self.seen.page_after else {
            return Ok(None);
        };
        let head = std::mem::take(&mut self.seen.head);
        let rows = messages::after(&self.db, self.chat_id, after, PAGE).await?;
        self.add_page(rows).await;
        Ok(Some(format!("[{}]", head.join(","))))
    }

    async fn add_page(&mut self, rows: Vec<MessageRow>) {
        let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < PAGE;
        self.seen.page_after = if is_last {
            None
        } else {
            rows.last().map(|row| row.message.id)
        };
        let events = self.message_events(rows).await;
        self.seen.head.extend(events);
    }

    /// What changed since the last look. `None` when the chat is gone.
    pub(super) async fn changes(&mut self) -> Result<Option<Vec<String>>, StoreError> {
        let mut tx = self.db.begin_read().await?;
        let Some(chat) = chats::get_in(&mut tx, self.chat_id).await? else {
            return Ok(None);
        };
        if chat.snapshot_version <= self.seen.snapshot_version {
            tx.rollback().await?;
            return Ok(Some(Vec::new()));
        }
        let rows = self.changed_messages(&mut tx).await?;
        let since = self.seen.snapshot_version;
        let alive = match messages::first_deleted_since(&mut tx, self.chat_id, since).await? {
            Some(id) => Some(messages::newest_alive_up_to(&mut tx, self.chat_id, id).await?),
            None => None,
        };
        let queue = if chat.queue_version > self.seen.queue_version {
            Some(queue::list_in(&mut tx, self.chat_id).await?)
        } else {
            None
        };
        let action = action_of(&mut tx, &chat).await?;
        tx.rollback().await?;

        let mut events = Vec::new();
        if let Some(after_id) = alive {
            let history_reset = HistoryReset {
                history_version: chat.history_version,
                after_id,
            };
            events.push(self.event(StreamEventKind::HistoryReset { history_reset }));
        }
        events.extend(self.message_events(rows).await);
        events.extend(queue.map(|queue| self.queue_event(queue)));
        let status = (wire::status(&chat), chat.status_since);
        if self.seen.status != Some(status) {
            events.push(self.status_event(&chat));
        }
        events.extend(self.state_events(&chat, action, false));
        self.remember(&chat);
        Ok(Some(events))
    }

    async fn changed_messages(&self, tx: &mut store::Tx) -> Result<Vec<MessageRow>, StoreError> {
        let mut rows = Vec::new();
        let mut after = MessageId(0);
        loop {
            let since = self.seen.snapshot_version;
            let page = messages::changed_since(tx, self.chat_id, since, after, PAGE).await?;
            let is_last = i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE;
            after = page.last().map_or(after, |row| row.message.id);
            rows.extend(page);
            if is_last {
                return Ok(rows);
            }
        }
    }

    /// Error, pending action, preview reset and retry, in this order.
    fn state_events(
        &self,
        chat: &ChatRow,
        action: Option<ActionRequired>,
        is_snapshot: bool,
    ) -> Vec<String> {
        let mut events = Vec::new();
        if let Some(error) = chat
            .last_error
            .clone()
            .filter(|_| chat.status == Status::Error)
            && (is_snapshot || self.seen.error.as_ref() != Some(&error))
        {
            events.push(self.event(StreamEventKind::Error { error }));
        }
        if let Some(action_required) = action {
            events.push(self.event(StreamEventKind::ActionRequired { action_required }));
        }
        // The reset comes first: it voids what an earlier attempt streamed and ends an earlier retry's countdown.
        let pair = (chat.history_version, chat.generation_attempt);
        if is_snapshot || pair != self.seen.pair {
            let preview_reset = PreviewReset {
                history_version: pair.0,
                generation_attempt: pair.1,
            };
            events.push(self.event(StreamEventKind::PreviewReset { preview_reset }));
        }
        let is_new_retry = is_snapshot || chat.retry_state_version > self.seen.retry_version;
        let retry: Option<RetryInfo> = chat.retry_state.clone().filter(|_| is_new_retry);
        if let Some(retry) = retry {
            events.push(self.event(StreamEventKind::Retry { retry }));
        }
        events
    }

    fn remember(&mut self, chat: &ChatRow) {
        let seen = &mut self.seen;
        seen.pair = (chat.history_version, chat.generation_attempt);
        seen.worker_id = chat.worker_id;
        seen.snapshot_version = chat.snapshot_version;
        seen.queue_version = chat.queue_version;
        seen.retry_version = chat.retry_state_version;
        seen.status = Some((wire::status(chat), chat.status_since));
        seen.error.clone_from(&chat.last_error);
    }

    fn status_event(&self, chat: &ChatRow) -> String {
        let status = StatusUpdate {
            status: wire::status(chat),
            since: Some(chat.status_since),
        };
        self.event(StreamEventKind::Status { status })
    }

    fn queue_event(&self, queue: Vec<QueuedMessage>) -> String {
        let queued_messages = queue.into_iter().map(wire::queued).collect();
        self.event(StreamEventKind::QueueUpdate { queued_messages })
    }

    async fn message_events(&self, rows: Vec<MessageRow>) -> Vec<String> {
        let page = rows
            .into_iter()
            .map(|row| (wire::message(row.message), row.revision));
        let messages = match &self.options.renderer {
            Some(renderer) => renderer.render(page.collect()).await,
            None => page.map(|(message, _)| message).collect(),
        };
        messages
            .into_iter()
            .map(|message| {
                self.event(StreamEventKind::Message {
                    message: Box::new(message),
                })
            })
            .collect()
    }
}

async fn action_of(
    tx: &mut store::Tx,
    chat: &ChatRow,
) -> Result<Option<ActionRequired>, StoreError> {
    if chat.status != Status::RequiresAction {
        return Ok(None);
    }
    let step = messages::last_step(tx, chat.id).await?;
    let parts = |role: Role| {
        step.iter()
            .filter(move |row| row.message.role == role)
            .flat_map(|row| &row.message.content)
    };
    let tool_calls = open_calls(parts(Role::Assistant), parts(Role::Tool))
        .into_iter()
        .map(|call| PendingToolCall {
            tool_call_id: call.tool_call_id,
            tool_name: call.tool_name,
            args: call.args.unwrap_or_default().to_string(),
        })
        .collect();
    Ok(Some(ActionRequired { tool_calls }))
}
