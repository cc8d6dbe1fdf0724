//! Makes live parts of what a model streams, gathers small deltas, and numbers tool calls uniquely.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use llm::{Content, StreamPart};
use sdk::messages::Role;
use sdk::parts::{Part, ReasoningPart, ToolCallPart};
use serde_json::Value;
use store::Clock;
use tokio::time::Instant;
use uuid::Uuid;

use super::provider_calls::{self, ProviderCalls};
use crate::hub::Channel;
use crate::live::Pair;
use crate::prompt::Prompt;
use sdk::ids::ChatId;

/// Deltas are gathered this long after some went out.
const GATHER: Duration = Duration::from_millis(12);
/// Deepest nesting of a call's arguments; the parser gives up at 128, and messages and events wrap them further.
const MAX_NESTING: usize = 64;

/// Where one attempt's parts go.
pub(super) struct Publisher<'a> {
    channel: &'a Channel,
    chat_id: ChatId,
    pair: Pair,
    clock: &'a Clock,
    pending: Option<Part>,
    last_flush: Option<Instant>,
    call_ids: HashMap<usize, String>,
    provider_calls: ProviderCalls,
    taken_ids: HashSet<String>,
    /// The provider's ids may have been used before without being in `taken_ids`.
    distrusts_ids: bool,
    times: Times,
}

/// When the blocks of an answer began and ended, in their order.
#[derive(Default)]
struct Times {
    reasoning: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    calls: Vec<(String, DateTime<Utc>)>,
    is_reasoning: bool,
}

impl<'a> Publisher<'a> {
    pub(super) fn new(
        channel: &'a Channel,
        chat_id: ChatId,
        pair: Pair,
        clock: &'a Clock,
        prompt: &Prompt,
    ) -> Self {
        Self {
            channel,
            chat_id,
            pair,
            clock,
            pending: None,
            last_flush: None,
            call_ids: HashMap::new(),
            provider_calls: ProviderCalls::default(),
            taken_ids: prompt.call_ids.clone(),
            distrusts_ids: prompt.is_abridged,
            times: Times::default(),
        }
    }

    /// Shows a part; what comes back is the part with ids that are unique in the chat.
    pub(super) fn push(&mut self, part: StreamPart) -> StreamPart {
        let part = self.with_unique_id(part);
        let now = self.clock.now();
        self.note_times(&part, now);
        let live = provider_calls::live_part(&part, now, self.provider_calls.source_count);
        if let Some(live) = live.or_else(|| live_part(&part, now, &self.call_ids)) {
            self.gather(live);
        }
        part
    }

    /// When gathered deltas must go out.
    pub(super) fn due(&self) -> Option<Instant> {
        let last = self.last_flush.filter(|_| self.pending.is_some())?;
        Some(last + GATHER)
    }

    /// Sends what was gathered.
    pub(super) fn flush(&mut self) {
        if let Some(part) = self.pending.take() {
            self.channel
                .live
                .publish(self.pair, self.chat_id, Role::Assistant, part);
            self.last_flush = Some(Instant::now());
        }
    }

    /// The answer as parts, with its times.
    pub(super) fn parts(&self, content: Vec<Content>) -> Vec<Part> {
        let mut reasoning_times = self.times.reasoning.iter();
        let mut parts = Vec::with_capacity(content.len());
        let mut provider = self.provider_calls.parts();
        for piece in content {
            match piece {
                Content::Text(text) => parts.push(Part::Text { text }),
                Content::Reasoning {
                    text,
                    provider_metadata,
                } => {
                    let times = reasoning_times.next();
                    parts.push(Part::Reasoning(ReasoningPart {
                        text,
                        created_at: times.map(|(began, _)| *began),
                        completed_at: times.map(|(began, ended)| ended.unwrap_or(*began)),
                        provider_metadata,
                    }));
                }
                Content::ToolCall {
                    id,
                    name,
                    arguments,
                } => {
                    let began = self.times.calls.iter().find(|(known, _)| *known == id);
                    parts.push(Part::ToolCall(ToolCallPart {
                        args: Some(parse_arguments(&arguments)),
                        created_at: began.map(|(_, began)| *began),
                        tool_call_id: id,
                        tool_name: name,
                        ..ToolCallPart::default()
                    }));
                }
                Content::Image { .. } | Content::ToolResult { .. } => {}
                Content::ProviderCall { .. }
                | Content::ProviderResult { .. }
                | Content::Source { .. } => parts.extend(provider.next(piece)),
            }
        }
        parts
    }

    fn gather(&mut self, part: Part) {
        let rest = match &mut self.pending {
            Some(pending) => merge(pending, part),
            None => Some(part),
        };
        if let Some(rest) = rest {
            self.flush_pending();
            self.pending = Some(rest);
        }
        let may_go = self.last_flush.is_none_or(|last| last.elapsed() >= GATHER);
        if may_go {
            self.flush();
        }
    }

    /// Sends what another kind of delta follows, without starting a new gathering.
    fn flush_pending(&mut self) {
        if let Some(part) = self.pending.take() {
            self.channel
                .live
                .publish(self.pair, self.chat_id, Role::Assistant, part);
        }
    }

    fn with_unique_id(&mut self, part: StreamPart) -> StreamPart {
        match part {
            StreamPart::ToolCallStart { index, id, name } => {
                let id = self.unique_id(index, id);
                StreamPart::ToolCallStart { index, id, name }
            }
            StreamPart::ToolCallEnd {
                index,
                id,
                name,
                arguments,
            } => {
                let id = self.unique_id(index, id);
                StreamPart::ToolCallEnd {
                    index,
                    id,
                    name,
                    arguments,
                }
            }
            StreamPart::ProviderCallStart { id, name } => {
                let unique = self.provider_call_id(id.clone());
                self.provider_calls.begin(id, &unique, self.clock.now());
                StreamPart::ProviderCallStart { id: unique, name }
            }
            other => self.provider_calls.with_unique_id(other, self.clock.now()),
        }
    }

    fn unique_id(&mut self, index: usize, id: String) -> String {
        if let Some(known) = self.call_ids.get(&index) {
            return known.clone();
        }
        let id = self.free_id(id);
        self.call_ids.insert(index, id.clone());
        id
    }

    /// The id of a call that the provider runs itself: its own, as the result may come with the next answer and names it so.
    fn provider_call_id(&mut self, id: String) -> String {
        if id.is_empty() || !self.taken_ids.insert(id.clone()) {
            return self.free_id(String::new());
        }
        id
    }

    /// The provider's id, or one of ours when it is taken.
    fn free_id(&mut self, id: String) -> String {
        let is_usable = !self.distrusts_ids && !id.is_empty() && !self.taken_ids.contains(&id);
        let id = if is_usable {
            id
        } else {
            format!("call_{}", Uuid::now_v7().simple())
        };
        self.taken_ids.insert(id.clone());
        id
    }

    fn note_times(&mut self, part: &StreamPart, now: DateTime<Utc>) {
        match part {
            StreamPart::ReasoningDelta { .. } if !self.times.is_reasoning => {
                self.times.reasoning.push((now, None));
                self.times.is_reasoning = true;
            }
            StreamPart::ReasoningEnd { .. } => {
                if !self.times.is_reasoning {
                    self.times.reasoning.push((now, None));
                }
                if let Some(last) = self.times.reasoning.last_mut() {
                    last.1 = Some(now);
                }
                self.times.is_reasoning = false;
            }
            StreamPart::TextDelta { .. } => self.times.is_reasoning = false,
            StreamPart::ToolCallStart { id, .. } => self.times.calls.push((id.clone(), now)),
            _ => {}
        }
    }
}

fn live_part(
    part: &StreamPart,
    now: DateTime<Utc>,
    call_ids: &HashMap<usize, String>,
) -> Option<Part> {
    match part {
        StreamPart::TextDelta { text } => Some(Part::Text { text: text.clone() }),
        StreamPart::ReasoningDelta { text } => Some(Part::Reasoning(ReasoningPart {
            text: text.clone(),
            created_at: Some(now),
            ..ReasoningPart::default()
        })),
        StreamPart::ReasoningEnd { .. } => Some(Part::Reasoning(ReasoningPart {
            completed_at: Some(now),
            ..ReasoningPart::default()
        })),
        StreamPart::ToolCallStart { id, name, .. } => Some(Part::ToolCall(ToolCallPart {
            tool_call_id: id.clone(),
            tool_name: name.clone(),
            created_at: Some(now),
            ..ToolCallPart::default()
        })),
        StreamPart::ToolCallDelta {
            index,
            arguments_delta,
        } => Some(Part::ToolCall(ToolCallPart {
            tool_call_id: call_ids.get(index)?.clone(),
            args_delta: Some(arguments_delta.clone()),
            ..ToolCallPart::default()
        })),
        StreamPart::ToolCallEnd {
            id,
            name,
            arguments,
            ..
        } => Some(Part::ToolCall(ToolCallPart {
            tool_call_id: id.clone(),
            tool_name: name.clone(),
            args: Some(parse_arguments(arguments)),
            ..ToolCallPart::default()
        })),
        _ => None,
    }
}

/// Adds a delta to the one before it; gives it back when it is of another kind.
fn merge(pending: &mut Part, next: Part) -> Option<Part> {
    match (pending, next) {
        (Part::Text { text }, Part::Text { text: more }) => text.push_str(&more),
        (Part::Reasoning(known), Part::Reasoning(more)) if known.completed_at.is_none() => {
            known.text.push_str(&more.text);
            known.completed_at = more.completed_at;
        }
        (Part::ToolCall(known), Part::ToolCall(more))
            if known.tool_call_id == more.tool_call_id
                && known.args_delta.is_some()
                && more.args.is_none() =>
        {
            known
                .args_delta
                .get_or_insert_default()
                .push_str(more.args_delta.as_deref().unwrap_or_default());
        }
        (_, next) => return Some(next),
    }
    None
}

/// Arguments as JSON; as text when they are none, or nested so deeply that a message around them could not be read
/// again.
pub(super) fn parse_arguments(arguments: &str) -> Value {
    if arguments.trim().is_empty() {
        return Value::Object(serde_json::Map::new());
    }
    serde_json::from_str(arguments)
        .ok()
        .filter(can_be_kept)
        .unwrap_or_else(|| Value::String(arguments.to_owned()))
}

/// Whether a value can be kept with a part and read again.
pub(super) fn can_be_kept(value: &Value) -> bool {
    is_nested_within(value, MAX_NESTING)
}

fn is_nested_within(value: &Value, levels: usize) -> bool {
    let is_inner_within = |inner| levels > 0 && is_nested_within(inner, levels - 1);
    match value {
        Value::Array(items) => items.iter().all(is_inner_within),
        Value::Object(fields) => fields.values().all(is_inner_within),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn arguments_of_any_depth_can_be_read_again() {
        for levels in [1, 64, 65, 110, 120, 127, 128, 100_000] {
            let text = nested(levels);
            let part = Part::ToolCall(ToolCallPart {
                args: Some(parse_arguments(&text)),
                ..ToolCallPart::default()
            });
            let stored = store::messages::content::encode(std::slice::from_ref(&part)).unwrap();
            let read =
                store::messages::content::decode("chat_messages", 1, stored.0.get()).unwrap();
            assert_eq!(read, [part], "{levels} levels");
        }
    }

    #[test]
    fn the_first_delta_goes_out_at_once_and_the_next_are_gathered() {
        let (chat, pair) = (ChatId::generate(), (1, 1));
        let channel = crate::hub::Hub::default().channel(chat);
        channel.live.begin(pair);
        let (clock, prompt) = (Clock::system(), Prompt::default());
        let mut publisher = Publisher::new(&channel, chat, pair, &clock, &prompt);
        let sent = || channel.live.batch_after(pair, 0).events;
        let text = |text: &str| StreamPart::TextDelta {
            text: text.to_owned(),
        };
        publisher.push(text("one "));
        assert_eq!(sent().len(), 1, "nobody waits for the first words");
        assert_eq!(publisher.due(), None);

        // As if it had gone out just now, however slow this machine is.
        publisher.last_flush = Some(Instant::now() + Duration::from_hours(1));
        publisher.push(text("two "));
        publisher.push(text("three"));
        assert_eq!(sent().len(), 1);
        assert!(publisher.due().is_some(), "what was gathered has its time");
        publisher.flush();
        let two = sent();
        assert_eq!(two.len(), 2);
        assert!(two[1].contains("two three"), "{}", two[1]);
        assert_eq!(publisher.due(), None);

        // After a pause the next is the first again.
        publisher.last_flush = Instant::now().checked_sub(GATHER);
        publisher.push(text(" four"));
        assert_eq!(sent().len(), 3);

        // Another kind of delta sends what was gathered before it, in its order.
        publisher.last_flush = Some(Instant::now() + Duration::from_hours(1));
        publisher.push(text(" five"));
        let name = "execute".to_owned();
        publisher.push(StreamPart::ToolCallStart {
            index: 0,
            id: "call".to_owned(),
            name,
        });
        let four = sent();
        assert_eq!(four.len(), 4);
        assert!(four[3].contains(" five"), "{}", four[3]);
        publisher.flush();
        assert!(sent()[4].contains("execute"));
    }

    #[test]
    fn only_deep_or_broken_arguments_become_text() {
        assert_eq!(parse_arguments(" "), serde_json::json!({}));
        assert!(parse_arguments(&nested(64)).is_array());
        assert_eq!(parse_arguments(&nested(66)), Value::String(nested(66)));
        assert_eq!(
            parse_arguments("{\"a\":"),
            Value::String("{\"a\":".to_owned())
        );
    }
}
