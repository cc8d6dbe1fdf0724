//! The reader of a chat's stream: a pure reducer, events in, view state out.
//!
//! The same code runs in the browser, in the typed client and in the server's tests. It knows no network: when
//! it returns [`Applied::Resync`] the caller reconnects with [`LiveChat::cursor`] and goes on with the same state.

mod window;

pub use window::Edges;

use chrono::{DateTime, Utc};

use crate::chats::{ChatError, ChatStatus};
use crate::ids::MessageId;
use crate::messages::{Message, MessagePage, QueuedMessage, Role};
use crate::parts::{Part, ReasoningPart, ToolCallPart, ToolResultPart};
use crate::stream::{ActionRequired, LivePart, RetryInfo, StreamEvent, StreamEventKind};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The state changed.
    Changed,
    /// Nothing new: a repeat, a void part, a ping.
    Unchanged,
    /// Something is missing before this event; reconnect.
    Resync,
}

/// The answer being generated, as far as it was streamed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// History version and attempt that the parts belong to.
    pub pair: (i64, i64),
    /// The next expected `seq`.
    pub next_seq: u64,
    /// Parts with all deltas joined.
    pub parts: Vec<Part>,
}

/// An open chat as a reader sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveChat {
    /// What the chat is doing; unknown before the first snapshot.
    pub status: Option<ChatStatus>,
    /// Since when.
    pub status_since: Option<DateTime<Utc>>,
    /// Committed messages in order of id, without gaps from the oldest loaded one to the newest loaded one.
    pub messages: Vec<Message>,
    /// Whether older messages exist on the server.
    pub has_older: bool,
    /// The newest message of the chat where the loaded ones end before it; nothing while they reach the end.
    pub newest_beyond: Option<MessageId>,
    /// The queue.
    pub queue: Vec<QueuedMessage>,
    /// The answer being generated.
    pub preview: Preview,
    /// Why the last turn failed.
    pub error: Option<ChatError>,
    /// A retry that is being waited for.
    pub retry: Option<RetryInfo>,
    /// Tool calls that a client must answer.
    pub action_required: Option<ActionRequired>,
}

impl LiveChat {
    /// Starts from the newest page of messages.
    pub fn from_page(page: MessagePage) -> Self {
        let mut chat = Self {
            has_older: page.has_more,
            queue: page.queued_messages,
            ..Self::default()
        };
        // The newest comes first.
        for message in page.messages.into_iter().rev() {
            chat.insert_message(message);
        }
        chat
    }

    /// The newest committed message seen: what to reconnect with as `after_id`.
    pub fn cursor(&self) -> MessageId {
        let last = self.messages.last().map(|message| message.id);
        self.newest_beyond.or(last).unwrap_or(MessageId(0))
    }

    /// Whether a turn is under way.
    pub fn is_busy(&self) -> bool {
        self.status.is_some_and(ChatStatus::is_busy)
    }

    /// Everything that the agent said and thought, committed and streaming, in order.
    pub fn answer_text(&self) -> String {
        let committed = self
            .messages
            .iter()
            .filter(|message| message.role == Role::Assistant)
            .flat_map(|message| &message.content);
        committed
            .chain(&self.preview.parts)
            .filter_map(|part| match part {
                Part::Text { text } => Some(text.as_str()),
                Part::Reasoning(reasoning) => Some(reasoning.text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Applies one event.
    pub fn apply(&mut self, event: StreamEvent) -> Applied {
        match event.kind {
            StreamEventKind::Status { status } => self.set_status(status.status, status.since),
            StreamEventKind::Message { message } => self.hear_message(*message),
            StreamEventKind::MessagePart { message_part } => self.apply_part(message_part),
            StreamEventKind::QueueUpdate { queued_messages } => {
                replace(&mut self.queue, queued_messages)
            }
            StreamEventKind::Error { error } => {
                self.retry = None;
                replace(&mut self.error, Some(error))
            }
            StreamEventKind::Retry { retry } => {
                // What follows within the same attempt is counted from 0 again.
                self.preview.parts.clear();
                self.preview.next_seq = 0;
                replace(&mut self.retry, Some(retry))
            }
            StreamEventKind::ActionRequired { action_required } => {
                replace(&mut self.action_required, Some(action_required))
            }
            StreamEventKind::PreviewReset { preview_reset } => {
                let pair = (
                    preview_reset.history_version,
                    preview_reset.generation_attempt,
                );
                self.void_preview_before(pair)
            }
            StreamEventKind::HistoryReset { history_reset } => {
                let count = self.messages.len();
                self.messages
                    .retain(|message| message.id <= history_reset.after_id);
                let is_cut = self.messages.len() < count;
                let is_shorter = self.shorten_beyond(history_reset.after_id, is_cut);
                let voided = self.void_preview_before((history_reset.history_version, 0));
                if is_cut || is_shorter {
                    Applied::Changed
                } else {
                    voided
                }
            }
            StreamEventKind::DebugRun { .. } | StreamEventKind::Ping | StreamEventKind::Unknown => {
                Applied::Unchanged
            }
        }
    }

    fn set_status(&mut self, status: ChatStatus, since: Option<DateTime<Utc>>) -> Applied {
        if status != ChatStatus::Error {
            self.error = None;
        }
        if status != ChatStatus::RequiresAction {
            self.action_required = None;
        }
        if !status.is_busy() {
            self.retry = None;
        }
        let changed = replace(&mut self.status, Some(status));
        if since.is_some() {
            self.status_since = since;
        }
        changed
    }

    fn insert_message(&mut self, message: Message) -> Applied {
        match self
            .messages
            .binary_search_by_key(&message.id, |known| known.id)
        {
            Ok(position) => match self.messages.get_mut(position) {
                Some(known) => replace(known, message),
                None => Applied::Unchanged,
            },
            Err(position) => {
                self.messages.insert(position, message);
                Applied::Changed
            }
        }
    }

    fn void_preview_before(&mut self, pair: (i64, i64)) -> Applied {
        if self.preview.pair >= pair {
            return Applied::Unchanged;
        }
        let had_parts = !self.preview.parts.is_empty();
        self.preview = Preview {
            pair,
            ..Preview::default()
        };
        self.retry = None;
        if had_parts {
            Applied::Changed
        } else {
            Applied::Unchanged
        }
    }

    fn apply_part(&mut self, live: LivePart) -> Applied {
        let pair = (live.history_version, live.generation_attempt);
        if pair < self.preview.pair {
            return Applied::Unchanged;
        }
        if pair > self.preview.pair {
            if live.seq != 0 {
                return Applied::Resync;
            }
            self.preview = Preview {
                pair,
                ..Preview::default()
            };
        }
        if live.seq < self.preview.next_seq {
            return Applied::Unchanged;
        }
        if live.seq > self.preview.next_seq {
            return Applied::Resync;
        }
        self.preview.next_seq += 1;
        self.retry = None;
        join_part(&mut self.preview.parts, live.part);
        Applied::Changed
    }
}

/// Joins a live part to the parts before it: deltas are appended to the part they continue.
pub fn join_part(parts: &mut Vec<Part>, part: Part) {
    match part {
        Part::Text { text } => match parts.last_mut() {
            Some(Part::Text { text: known }) => known.push_str(&text),
            _ => parts.push(Part::Text { text }),
        },
        Part::Reasoning(reasoning) => join_reasoning(parts, reasoning),
        Part::ToolCall(call) => join_tool_call(parts, call),
        Part::ToolResult(result) => join_tool_result(parts, result),
        other => parts.push(other),
    }
}

fn join_reasoning(parts: &mut Vec<Part>, reasoning: ReasoningPart) {
    match parts.last_mut() {
        Some(Part::Reasoning(known)) if known.completed_at.is_none() => {
            known.text.push_str(&reasoning.text);
            known.completed_at = reasoning.completed_at;
        }
        _ => parts.push(Part::Reasoning(reasoning)),
    }
}

fn join_tool_call(parts: &mut Vec<Part>, call: ToolCallPart) {
    let known = parts.iter_mut().rev().find_map(|part| match part {
        Part::ToolCall(known) if known.tool_call_id == call.tool_call_id => Some(known),
        _ => None,
    });
    match known {
        Some(known) => {
            if let Some(delta) = call.args_delta {
                known.args_delta.get_or_insert_default().push_str(&delta);
            }
            if call.args.is_some() {
                known.args = call.args;
                known.args_delta = None;
            }
            if !call.tool_name.is_empty() {
                known.tool_name = call.tool_name;
            }
        }
        None => parts.push(Part::ToolCall(call)),
    }
}

fn join_tool_result(parts: &mut Vec<Part>, result: ToolResultPart) {
    let known = parts.iter_mut().rev().find_map(|part| match part {
        Part::ToolResult(known) if known.tool_call_id == result.tool_call_id => Some(known),
        _ => None,
    });
    match known {
        Some(known) if result.result.is_some() => *known = result,
        Some(known) => {
            if let Some(delta) = result.result_delta {
                known.result_delta.get_or_insert_default().push_str(&delta);
            }
        }
        None => parts.push(Part::ToolResult(result)),
    }
}

fn replace<T: PartialEq>(slot: &mut T, value: T) -> Applied {
    if *slot == value {
        return Applied::Unchanged;
    }
    *slot = value;
    Applied::Changed
}

#[cfg(test)]
mod tests;
