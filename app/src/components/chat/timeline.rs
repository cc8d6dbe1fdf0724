//! The conversation as a list of entries: messages and the answer being streamed, in reading order.
//!
//! Pure: the same messages give the same entries on the server and in the browser. An entry's key names it for as
//! long as its element should live: a tool card keeps its key when its call moves from the stream into history, so
//! it neither closes nor jumps.

mod blocks;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use sdk::ids::MessageId;
use sdk::messages::{Message, Role};
use sdk::parts::{Part, ToolResultPart};

use self::blocks::blocks_of;
pub use self::blocks::{
    Block, begin_of_growing_window, begin_of_window, block_starts, end_of_window,
};
use super::tools::ToolRun;
use super::words;

/// One thing in the timeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A new day begins.
    Day(NaiveDate),
    /// What a person said.
    User(Arc<Message>),
    /// A committed text part of an answer.
    Text(Arc<Message>, usize),
    /// A committed thought.
    Reasoning(Arc<Message>, usize),
    /// Tool calls that follow each other.
    Tools(Vec<Arc<ToolRun>>),
    /// A part that is shown as a neutral line.
    Note(Arc<Message>, usize),
    /// A text part that is being streamed.
    LiveText(usize),
    /// A thought that is being streamed.
    LiveReasoning(usize),
}

/// What an entry is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EntryKey {
    /// A day.
    Day(NaiveDate),
    /// A part of a committed message.
    Part(MessageId, usize),
    /// Tool calls, by the first call's id.
    Tools(String),
    /// A part of the stream.
    Live(usize),
}

impl Entry {
    /// What the entry is known by.
    pub fn key(&self) -> EntryKey {
        match self {
            Self::Day(day) => EntryKey::Day(*day),
            Self::User(message) => EntryKey::Part(message.id, usize::MAX),
            Self::Text(message, part)
            | Self::Reasoning(message, part)
            | Self::Note(message, part) => EntryKey::Part(message.id, *part),
            Self::Tools(runs) => EntryKey::Tools(
                runs.first()
                    .map(|run| run.call.tool_call_id.clone())
                    .unwrap_or_default(),
            ),
            Self::LiveText(part) | Self::LiveReasoning(part) => EntryKey::Live(*part),
        }
    }
}

/// Lays out committed messages, in blocks that begin at `starts`. `is_busy` tells whether a turn is under way, so that
/// calls without a result are still running; days are the reader's, `offset_minutes` east of UTC.
pub fn history(
    messages: &[Arc<Message>],
    starts: &[MessageId],
    is_busy: bool,
    offset_minutes: i32,
) -> Vec<Block> {
    let results = collect_results(messages.iter().flat_map(|message| message.content.iter()));
    // A turn answers the newest thing that was said: what stands before it runs no more.
    let asked = messages
        .iter()
        .rev()
        .find(|message| message.role == Role::User);
    let asked = asked.map(|message| message.id);
    let mut layout = Layout {
        entries: Vec::new(),
        day: None,
        offset_minutes,
        is_live: false,
        results,
    };
    let mut blocks = Vec::new();
    for messages in blocks_of(messages, starts) {
        for message in messages {
            layout.is_live = is_busy && asked.is_none_or(|asked| message.id > asked);
            layout.push_message(message);
        }
        blocks.push(Block {
            start: messages.first().map(|message| message.id),
            entries: std::mem::take(&mut layout.entries),
        });
    }
    blocks
}

/// Lays the streamed parts out behind the history's entries. Calls that are already in `messages` are left out:
/// between a step's commit and the word that voids its stream, both hold them.
pub fn with_preview(
    mut blocks: Vec<Block>,
    messages: &[Arc<Message>],
    preview: &[Part],
) -> Vec<Block> {
    let last = blocks.pop().unwrap_or_default();
    let mut layout = Layout {
        entries: last.entries,
        day: None,
        offset_minutes: 0,
        is_live: true,
        results: collect_results(preview.iter()),
    };
    layout.answer_committed_calls();
    layout.push_preview(messages, preview);
    blocks.push(Block {
        start: last.start,
        entries: layout.entries,
    });
    blocks
}

type Results<'messages> = HashMap<&'messages str, &'messages ToolResultPart>;

fn collect_results<'messages>(parts: impl Iterator<Item = &'messages Part>) -> Results<'messages> {
    parts
        .filter_map(|part| match part {
            Part::ToolResult(result) => Some((result.tool_call_id.as_str(), result)),
            _ => None,
        })
        .collect()
}

struct Layout<'messages> {
    entries: Vec<Entry>,
    day: Option<NaiveDate>,
    offset_minutes: i32,
    /// Whether calls without a result may still be running.
    is_live: bool,
    results: Results<'messages>,
}

impl Layout<'_> {
    fn push_message(&mut self, message: &Arc<Message>) {
        match message.role {
            Role::User => {
                self.push_day(message.created_at);
                self.entries.push(Entry::User(Arc::clone(message)));
            }
            Role::Assistant => {
                for (position, part) in message.content.iter().enumerate() {
                    self.push_part(message, position, part);
                }
            }
            Role::Tool | Role::System => {}
        }
    }

    fn push_day(&mut self, time: DateTime<Utc>) {
        let day = words::local_day(time, self.offset_minutes);
        if self.day.is_none_or(|known| known != day) {
            self.day = Some(day);
            self.entries.push(Entry::Day(day));
        }
    }

    fn push_part(&mut self, message: &Arc<Message>, position: usize, part: &Part) {
        match part {
            Part::Text { text } if text.trim().is_empty() => {}
            Part::Text { .. } => self
                .entries
                .push(Entry::Text(Arc::clone(message), position)),
            Part::Reasoning(reasoning) if reasoning.text.trim().is_empty() => {}
            Part::Reasoning(_) => self
                .entries
                .push(Entry::Reasoning(Arc::clone(message), position)),
            Part::ToolCall(_) => self.push_call(part),
            Part::ToolResult(_) => {}
            // It stands under the text that cites it.
            Part::Source(_) if cites(message, position) => {}
            _ => self
                .entries
                .push(Entry::Note(Arc::clone(message), position)),
        }
    }

    fn push_call(&mut self, part: &Part) {
        let Part::ToolCall(call) = part else { return };
        let result = self
            .results
            .get(call.tool_call_id.as_str())
            .map(|result| (*result).clone());
        let run = Arc::new(ToolRun::new(call.clone(), result, self.is_live));
        match self.entries.last_mut() {
            Some(Entry::Tools(runs)) => runs.push(run),
            _ => self.entries.push(Entry::Tools(vec![run])),
        }
    }

    /// A call is committed before its tool runs: what the tool prints and answers is streamed.
    fn answer_committed_calls(&mut self) {
        let Some(Entry::Tools(runs)) = self.entries.last_mut() else {
            return;
        };
        for run in runs {
            if let Some(result) = self.results.get(run.call.tool_call_id.as_str()) {
                *run = Arc::new(ToolRun::new(
                    run.call.clone(),
                    Some((*result).clone()),
                    true,
                ));
            }
        }
    }

    fn push_preview(&mut self, messages: &[Arc<Message>], preview: &[Part]) {
        for (position, part) in preview.iter().enumerate() {
            match part {
                Part::Text { text } if !text.trim().is_empty() => {
                    self.entries.push(Entry::LiveText(position));
                }
                Part::Reasoning(reasoning) if !reasoning.text.trim().is_empty() => {
                    self.entries.push(Entry::LiveReasoning(position));
                }
                Part::ToolCall(call) if !is_committed(messages, &call.tool_call_id) => {
                    self.push_call(part);
                }
                _ => {}
            }
        }
    }
}

/// Whether a source belongs to a text before it.
fn cites(message: &Message, position: usize) -> bool {
    let before = message.content.iter().take(position).rev();
    let mut before = before.skip_while(|part| matches!(part, Part::Source(_)));
    matches!(before.next(), Some(Part::Text { text }) if !text.trim().is_empty())
}

fn is_committed(messages: &[Arc<Message>], tool_call_id: &str) -> bool {
    messages
        .iter()
        .rev()
        .take(4)
        .flat_map(|message| message.content.iter())
        .any(|part| matches!(part, Part::ToolCall(call) if call.tool_call_id == tool_call_id))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use chrono::TimeZone as _;
    use sdk::ids::ChatId;
    use sdk::parts::{ReasoningPart, SourcePart, ToolCallPart};
    use serde_json::json;
    use uuid::Uuid;

    use super::super::tools::ToolState;
    use super::super::web_pages::sources_of;
    use super::*;

    fn message(id: i64, role: Role, day: u32, content: Vec<Part>) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId(id),
            chat_id: ChatId(Uuid::nil()),
            created_by: None,
            model_config_id: None,
            created_at: Utc.with_ymd_and_hms(2026, 3, day, 23, 30, 0).unwrap(),
            role,
            content,
            usage: None,
            cut_short: None,
            runtime_ms: None,
            rendered: Vec::new(),
        })
    }

    fn call(id: &str) -> Part {
        Part::ToolCall(ToolCallPart {
            tool_call_id: id.into(),
            tool_name: "execute".into(),
            args: Some(json!({"command": "ls"})),
            ..ToolCallPart::default()
        })
    }

    fn result(id: &str) -> Part {
        Part::ToolResult(ToolResultPart {
            tool_call_id: id.into(),
            result: Some(json!({"output": "x", "exit_code": 0})),
            ..ToolResultPart::default()
        })
    }

    fn build(
        messages: &[Arc<Message>],
        preview: &[Part],
        is_busy: bool,
        offset: i32,
    ) -> Vec<Entry> {
        let starts = block_starts(messages, &[]);
        let blocks = history(messages, &starts, is_busy, offset);
        let blocks = with_preview(blocks, messages, preview).into_iter();
        blocks.flat_map(|block| block.entries).collect()
    }

    fn keys(entries: &[Entry]) -> Vec<EntryKey> {
        entries.iter().map(Entry::key).collect()
    }

    #[test]
    fn groups_calls_of_steps_that_follow_each_other() {
        let messages = [
            message(1, Role::User, 1, vec![Part::text("go")]),
            message(2, Role::Assistant, 1, vec![Part::text("first"), call("a")]),
            message(3, Role::Tool, 1, vec![result("a")]),
            message(4, Role::Assistant, 1, vec![call("b"), call("c")]),
            message(5, Role::Tool, 1, vec![result("b"), result("c")]),
            message(6, Role::Assistant, 1, vec![Part::text("done")]),
        ];
        let entries = build(&messages, &[], false, 0);
        let Entry::Tools(runs) = &entries[3] else {
            panic!("tools")
        };
        assert_eq!(runs.len(), 3);
        assert!(runs.iter().all(|run| run.state == ToolState::Done));
        assert_eq!(entries.len(), 5);
    }

    #[test]
    fn a_card_keeps_its_key_when_its_call_is_committed() {
        let history = vec![message(1, Role::User, 1, vec![Part::text("go")])];
        let preview = [Part::text("look"), call("a")];
        let before = build(&history, &preview, true, 0);
        let committed = [
            history,
            vec![
                message(2, Role::Assistant, 1, vec![Part::text("look"), call("a")]),
                message(3, Role::Tool, 1, vec![result("a")]),
            ],
        ]
        .concat();
        let between = build(&committed, &preview[1..], true, 0);
        let after = build(&committed, &[], true, 0);
        assert_eq!(before.last().unwrap().key(), EntryKey::Tools("a".into()));
        assert_eq!(keys(&between), keys(&after));
        assert_eq!(after.last().unwrap().key(), EntryKey::Tools("a".into()));
    }

    #[test]
    fn a_committed_call_shows_what_its_tool_streams() {
        let messages = [message(2, Role::Assistant, 1, vec![call("a")])];
        let printed = Part::ToolResult(ToolResultPart {
            tool_call_id: "a".into(),
            result_delta: Some("begun".into()),
            ..ToolResultPart::default()
        });
        let entries = build(&messages, &[printed], true, 0);
        let Entry::Tools(runs) = &entries[0] else {
            panic!("tools")
        };
        assert_eq!(runs[0].state, ToolState::Running);
        let streamed = runs[0].result.as_ref().unwrap();
        assert_eq!(streamed.result_delta.as_deref(), Some("begun"));
    }

    #[test]
    fn streamed_calls_join_the_group_above_them() {
        let messages = [
            message(2, Role::Assistant, 1, vec![call("a")]),
            message(3, Role::Tool, 1, vec![result("a")]),
        ];
        let entries = build(&messages, &[call("b")], true, 0);
        let Entry::Tools(runs) = &entries[0] else {
            panic!("tools")
        };
        assert_eq!((runs.len(), runs[1].state), (2, ToolState::Running));
    }

    #[test]
    fn days_are_the_readers_own() {
        let messages = [
            message(1, Role::User, 1, vec![Part::text("a")]),
            message(2, Role::User, 1, vec![Part::text("b")]),
            message(3, Role::User, 2, vec![Part::text("c")]),
        ];
        let days = |offset| {
            let entries = build(&messages, &[], false, offset);
            entries
                .iter()
                .filter_map(|entry| {
                    if let Entry::Day(day) = entry {
                        Some(day.to_string())
                    } else {
                        None
                    }
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(days(0), ["2026-03-01", "2026-03-02"]);
        assert_eq!(days(60), ["2026-03-02", "2026-03-03"]);
    }

    #[test]
    fn sources_stand_under_their_text_and_searches_of_the_provider_have_cards() {
        let source = || {
            Part::Source(SourcePart {
                url: "https://example.com".into(),
                ..SourcePart::default()
            })
        };
        let content = vec![
            call("s"),
            result("s"),
            Part::text("so"),
            source(),
            source(),
            call("t"),
            source(),
        ];
        let entries = build(&[message(1, Role::Assistant, 1, content)], &[], false, 0);
        let [
            Entry::Tools(runs),
            Entry::Text(cited, 2),
            Entry::Tools(_),
            Entry::Note(_, 6),
        ] = entries.as_slice()
        else {
            panic!("{entries:?}")
        };
        assert_eq!(runs[0].state, ToolState::Done);
        assert_eq!(sources_of(cited, 2).len(), 1, "each page once");
    }

    #[test]
    fn leaves_out_parts_without_text() {
        let empty = vec![Part::text("  "), Part::Reasoning(ReasoningPart::default())];
        assert!(
            build(
                &[message(1, Role::Assistant, 1, empty)],
                &[Part::text("")],
                true,
                0
            )
            .is_empty()
        );
    }
}
