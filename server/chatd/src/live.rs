//! The answer that a chat is generating: an append-only log of its parts, each serialised once.
//!
//! Readers pull from the log at their own pace, so a slow one misses nothing and costs nothing. The log belongs to
//! one `(history_version, generation_attempt)` and is void with it. It is bounded: past the bound the preview stands
//! still until the commit, it never lies.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sdk::ids::ChatId;
use sdk::messages::Role;
use sdk::parts::Part;
use sdk::stream::{LivePart, StreamEvent, StreamEventKind};
use tokio::sync::watch;

/// History version and attempt.
pub type Pair = (i64, i64);

const MAX_BYTES: usize = 8 * 1024 * 1024;

/// One chat's log.
#[derive(Debug)]
pub struct Buffer {
    log: Mutex<Log>,
    length: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Log {
    pair: Pair,
    events: Vec<Arc<str>>,
    bytes: usize,
}

impl Default for Buffer {
    fn default() -> Self {
        Self {
            log: Mutex::default(),
            length: watch::Sender::new(0),
        }
    }
}

impl Buffer {
    /// A new attempt: what was streamed before is void.
    pub fn begin(&self, pair: Pair) {
        let mut log = self.lock();
        *log = Log {
            pair,
            ..Log::default()
        };
    }

    /// Voids what the attempt streamed.
    pub fn clear(&self) {
        let mut log = self.lock();
        let pair = log.pair;
        *log = Log {
            pair,
            ..Log::default()
        };
    }

    /// Appends a part of this attempt; dropped when another one is in force.
    pub fn publish(&self, pair: Pair, chat_id: ChatId, role: Role, part: Part) {
        let mut log = self.lock();
        if log.pair != pair || log.bytes >= MAX_BYTES {
            return;
        }
        let (history_version, generation_attempt) = log.pair;
        let seq = log.events.len() as u64;
        let message_part = LivePart {
            role,
            part: part.for_client(),
            history_version,
            generation_attempt,
            seq,
        };
        let event = StreamEvent {
            chat_id,
            kind: StreamEventKind::MessagePart { message_part },
        };
        let Ok(text) = serde_json::to_string(&event) else {
            return;
        };
        log.bytes += text.len();
        log.events.push(text.into());
        drop(log);
        self.length.send_modify(|length| *length += 1);
    }

    /// What the attempt has streamed from `position` on; nothing when another attempt is in force.
    pub fn read(&self, pair: Pair, position: usize) -> Vec<Arc<str>> {
        let log = self.lock();
        if log.pair != pair {
            return Vec::new();
        }
        log.events
            .get(position..)
            .map(<[_]>::to_vec)
            .unwrap_or_default()
    }

    /// Wakes when a part was appended.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.length.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn numbers_parts_from_zero_within_an_attempt() {
        let buffer = Buffer::default();
        let chat = ChatId::generate();
        buffer.begin((3, 1));
        buffer.publish((3, 1), chat, Role::Assistant, Part::text("a"));
        buffer.publish((3, 1), chat, Role::Assistant, Part::text("b"));
        assert_eq!(buffer.read((3, 1), 0).len(), 2);
        assert!(buffer.read((3, 1), 1)[0].contains("\"seq\":1"));
        assert!(buffer.read((3, 0), 0).is_empty());
        buffer.begin((3, 2));
        assert!(buffer.read((3, 1), 0).is_empty());
        buffer.publish((3, 1), chat, Role::Assistant, Part::text("late"));
        buffer.publish((3, 2), chat, Role::Assistant, Part::text("c"));
        assert!(buffer.read((3, 2), 0)[0].contains("\"seq\":0"));
    }

    #[test]
    fn stops_growing_at_its_bound() {
        let buffer = Buffer::default();
        buffer.begin((1, 0));
        let chunk = "x".repeat(1024 * 1024);
        for _ in 0..20 {
            buffer.publish(
                (1, 0),
                ChatId::generate(),
                Role::Assistant,
                Part::text(chunk.as_str()),
            );
        }
        assert_eq!(buffer.read((1, 0), 0).len(), 8);
    }

    #[test]
    fn hides_internal_fields() {
        let buffer = Buffer::default();
        buffer.begin((1, 0));
        let secret = sdk::parts::ReasoningPart {
            text: "t".into(),
            provider_metadata: Some(serde_json::json!({"signature": "s3cret"})),
            ..Default::default()
        };
        buffer.publish(
            (1, 0),
            ChatId::generate(),
            Role::Assistant,
            Part::Reasoning(secret),
        );
        assert!(!buffer.read((1, 0), 0)[0].contains("s3cret"));
    }
}
