#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod cuts;
mod windows;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::ids::ChatId;
use crate::messages::Role;
use crate::stream::{HistoryReset, PreviewReset, StatusUpdate};

const CHAT: ChatId = ChatId(uuid::Uuid::nil());

fn event(kind: StreamEventKind) -> StreamEvent {
    StreamEvent {
        chat_id: CHAT,
        kind,
    }
}

fn text_part(pair: (i64, i64), seq: u64, text: &str) -> StreamEvent {
    event(StreamEventKind::MessagePart {
        message_part: LivePart {
            role: Role::Assistant,
            part: Part::text(text),
            history_version: pair.0,
            generation_attempt: pair.1,
            seq,
        },
    })
}

fn message(id: i64, text: &str) -> StreamEvent {
    event(StreamEventKind::Message {
        message: Box::new(Message {
            id: MessageId(id),
            chat_id: CHAT,
            created_by: None,
            model_config_id: None,
            created_at: DateTime::<Utc>::UNIX_EPOCH,
            role: Role::Assistant,
            content: vec![Part::text(text)],
            usage: None,
            cut_short: None,
            runtime_ms: None,
            rendered: Vec::new(),
        }),
    })
}

fn preview_reset(pair: (i64, i64)) -> StreamEvent {
    event(StreamEventKind::PreviewReset {
        preview_reset: PreviewReset {
            history_version: pair.0,
            generation_attempt: pair.1,
        },
    })
}

fn preview_text(chat: &LiveChat) -> String {
    chat.preview
        .parts
        .iter()
        .map(|part| match part {
            Part::Text { text } => text.as_str(),
            _ => "",
        })
        .collect()
}

#[test]
fn joins_deltas_and_ignores_repeats() {
    let mut chat = LiveChat::default();
    assert_eq!(chat.apply(text_part((1, 1), 0, "Hel")), Applied::Changed);
    assert_eq!(chat.apply(text_part((1, 1), 0, "Hel")), Applied::Unchanged);
    assert_eq!(chat.apply(text_part((1, 1), 1, "lo")), Applied::Changed);
    assert_eq!(preview_text(&chat), "Hello");
}

#[test]
fn asks_to_reconnect_when_a_part_is_missing() {
    let mut chat = LiveChat::default();
    chat.apply(text_part((1, 1), 0, "a"));
    assert_eq!(chat.apply(text_part((1, 1), 2, "c")), Applied::Resync);
    assert_eq!(chat.apply(text_part((1, 2), 1, "x")), Applied::Resync);
    assert_eq!(preview_text(&chat), "a");
}

#[test]
fn a_new_attempt_replaces_the_old_one_and_the_old_one_stays_void() {
    let mut chat = LiveChat::default();
    chat.apply(text_part((1, 1), 0, "old"));
    chat.apply(text_part((1, 2), 0, "new"));
    assert_eq!(chat.apply(text_part((1, 1), 1, "late")), Applied::Unchanged);
    assert_eq!(preview_text(&chat), "new");
}

#[test]
fn the_commit_takes_the_place_of_the_preview() {
    let mut chat = LiveChat::default();
    chat.apply(text_part((1, 1), 0, "Hello"));
    chat.apply(message(7, "Hello"));
    chat.apply(preview_reset((2, 0)));
    assert!(chat.preview.parts.is_empty());
    assert_eq!(chat.messages.len(), 1);
    assert_eq!(chat.cursor(), MessageId(7));
    assert_eq!(
        chat.apply(text_part((1, 1), 1, " again")),
        Applied::Unchanged
    );
}

#[test]
fn an_edit_drops_what_came_after_it() {
    let mut chat = LiveChat::default();
    for id in 1..=4 {
        chat.apply(message(id, "x"));
    }
    chat.apply(text_part((5, 1), 0, "void"));
    chat.apply(event(StreamEventKind::HistoryReset {
        history_reset: HistoryReset {
            history_version: 6,
            after_id: MessageId(2),
        },
    }));
    chat.apply(message(5, "edited"));
    let ids: Vec<i64> = chat.messages.iter().map(|message| message.id.0).collect();
    assert_eq!(ids, [1, 2, 5]);
    assert!(chat.preview.parts.is_empty());
}

#[test]
fn leaving_the_error_status_clears_the_error() {
    let mut chat = LiveChat::default();
    let error = ChatError {
        message: "refused".into(),
        ..ChatError::default()
    };
    chat.apply(event(StreamEventKind::Error { error }));
    assert!(chat.error.is_some());
    let running = StatusUpdate {
        status: ChatStatus::Running,
        since: None,
    };
    chat.apply(event(StreamEventKind::Status { status: running }));
    assert!(chat.error.is_none());
    assert!(chat.is_busy());
}

#[test]
fn tool_call_arguments_stream_and_are_replaced_by_the_whole() {
    let mut parts = Vec::new();
    let delta = |text: &str| {
        Part::ToolCall(ToolCallPart {
            tool_call_id: "1".into(),
            tool_name: "execute".into(),
            args_delta: Some(text.into()),
            ..ToolCallPart::default()
        })
    };
    join_part(&mut parts, delta("{\"command\":"));
    join_part(&mut parts, delta("\"ls\"}"));
    let Part::ToolCall(call) = &parts[0] else {
        unreachable!()
    };
    assert_eq!(call.args_delta.as_deref(), Some("{\"command\":\"ls\"}"));
    join_part(
        &mut parts,
        Part::ToolCall(ToolCallPart {
            tool_call_id: "1".into(),
            tool_name: "execute".into(),
            args: Some(serde_json::json!({"command": "ls"})),
            ..ToolCallPart::default()
        }),
    );
    let Part::ToolCall(call) = &parts[0] else {
        unreachable!()
    };
    assert_eq!(call.args_delta, None);
    assert_eq!(parts.len(), 1);
}

#[test]
fn events_of_a_newer_version_are_ignored() {
    let json = format!(r#"{{"chat_id":"{}","type":"hologram","beam":1}}"#, CHAT.0);
    let event: StreamEvent = serde_json::from_str(&json).unwrap();
    assert_eq!(LiveChat::default().apply(event), Applied::Unchanged);
}

#[test]
fn an_absent_queue_is_an_empty_queue() {
    let json = format!(r#"{{"chat_id":"{}","type":"queue_update"}}"#, CHAT.0);
    let event: StreamEvent = serde_json::from_str(&json).unwrap();
    assert_eq!(
        event.kind,
        StreamEventKind::QueueUpdate {
            queued_messages: Vec::new()
        }
    );
}

proptest! {
    /// However often the reader reconnects and whatever is sent again, it ends with the whole text once.
    #[test]
    fn replays_never_lose_or_repeat_text(
        chunks in prop::collection::vec("[a-z ]{1,4}", 1..20),
        reconnects in prop::collection::vec(0usize..20, 0..6),
    ) {
        let events: Vec<StreamEvent> = chunks
            .iter()
            .enumerate()
            .map(|(seq, text)| text_part((3, 1), seq as u64, text))
            .collect();
        let mut chat = LiveChat::default();
        for cut in reconnects {
            for event in events.iter().take(cut) {
                prop_assert_ne!(chat.apply(event.clone()), Applied::Resync);
            }
        }
        for event in &events {
            prop_assert_ne!(chat.apply(event.clone()), Applied::Resync);
        }
        prop_assert_eq!(preview_text(&chat), chunks.concat());
    }

    /// Messages in any order and any number of repeats end sorted, each once.
    #[test]
    fn messages_end_sorted_and_once(ids in prop::collection::vec(1i64..30, 0..60)) {
        let mut chat = LiveChat::default();
        for id in &ids {
            chat.apply(message(*id, "x"));
        }
        let mut expected = ids.clone();
        expected.sort_unstable();
        expected.dedup();
        let seen: Vec<i64> = chat.messages.iter().map(|message| message.id.0).collect();
        prop_assert_eq!(seen, expected);
    }
}
