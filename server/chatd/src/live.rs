//! The answer that a chat is generating: an append-only log of its parts, each serialised once.
//!
//! Readers pull from the log at their own pace, so a slow one misses nothing and costs nothing. The log belongs to
//! one `(history_version, generation_attempt)` and is void with it. It is bounded: past the bound the preview stands
//! still until the commit, it never lies. A process that does not run the chat keeps a mirror of the log ([`relay`]).

pub mod relay;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sdk::ids::ChatId;
use sdk::messages::Role;
use sdk::parts::Part;
use sdk::stream::{LivePart, RetryInfo, StreamEvent, StreamEventKind};
use tokio::sync::watch;

use crate::frame::Frame;

/// History version and attempt.
pub type Pair = (i64, i64);

/// Parts of one attempt, as one process tells another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The attempt.
    pub pair: Pair,
    /// The first event's position in the log.
    pub first_seq: usize,
    /// Stream events as JSON, ready to be sent.
    pub events: Vec<Arc<str>>,
}

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
    /// `seq` of the next part; a retry begins anew.
    next_seq: u64,
    /// Whether a retry voided all parts so far.
    is_void: bool,
    /// What was asked for last.
    joined: Option<Joined>,
}

/// Live parts, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) frames: Vec<Frame>,
    /// The position after them.
    pub(crate) end: usize,
}

#[derive(Debug)]
struct Joined {
    position: usize,
    parts: Parts,
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
    /// A new attempt: what was streamed before is void. One that begins again after [`Self::retry`] keeps its log, so
    /// that readers hear of the retry and stay in step.
    pub fn begin(&self, pair: Pair) {
        let mut log = self.lock();
        if log.pair == pair && log.is_void {
            return;
        }
        *log = Log {
            pair,
            ..Log::default()
        };
    }

    /// Voids what the attempt streamed and tells readers why and until when they must wait. Works without the
    /// database.
    pub fn retry(&self, chat_id: ChatId, retry: RetryInfo) {
        let event = StreamEvent {
            chat_id,
            kind: StreamEventKind::Retry { retry },
        };
        let Ok(text) = serde_json::to_string(&event) else {
            return;
        };
        let mut log = self.lock();
        log.next_seq = 0;
        log.is_void = true;
        log.append(text);
        drop(log);
        self.length.send_modify(|length| *length += 1);
    }

    /// Appends a part of this attempt; dropped when another one is in force.
    pub fn publish(&self, pair: Pair, chat_id: ChatId, role: Role, part: Part) {
        let mut log = self.lock();
        if log.pair != pair || log.bytes >= MAX_BYTES {
            return;
        }
        let (history_version, generation_attempt) = log.pair;
        let seq = log.next_seq;
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
        log.next_seq += 1;
        log.is_void = false;
        log.append(text);
        drop(log);
        self.length.send_modify(|length| *length += 1);
    }

    /// What the attempt has streamed from `position` on; nothing when another attempt is in force. Readers at the same
    /// position share the frames.
    pub(crate) fn frames(&self, pair: Pair, position: usize) -> Parts {
        let mut log = self.lock();
        let end = log.events.len();
        if log.pair != pair || position >= end {
            return Parts {
                frames: Vec::new(),
                end: position,
            };
        }
        if let Some(joined) = log.joined.as_ref()
            && (joined.position, joined.parts.end) == (position, end)
        {
            return joined.parts.clone();
        }
        let new = log.events.get(position..).unwrap_or_default();
        let parts = Parts {
            frames: Frame::all(new),
            end,
        };
        log.joined = Some(Joined {
            position,
            parts: parts.clone(),
        });
        parts
    }

    /// The parts of [`Self::frames`] one by one.
    #[cfg(test)]
    fn read(&self, pair: Pair, position: usize) -> Vec<Arc<str>> {
        let log = self.lock();
        let events = log.events.get(position..).filter(|_| log.pair == pair);
        events.map(<[_]>::to_vec).unwrap_or_default()
    }

    /// The pair in force.
    pub fn pair(&self) -> Pair {
        self.lock().pair
    }

    /// What follows `position` of `pair`; everything from the beginning when another pair is in force.
    pub fn batch_after(&self, pair: Pair, position: usize) -> Batch {
        let log = self.lock();
        let first_seq = if log.pair == pair && position <= log.events.len() {
            position
        } else {
            0
        };
        let events = log.events.get(first_seq..).map(<[_]>::to_vec);
        Batch {
            pair: log.pair,
            first_seq,
            events: events.unwrap_or_default(),
        }
    }

    /// Takes over what another process's log holds. Repeats and older pairs change nothing; false when something is
    /// missing before it.
    pub fn mirror(&self, batch: &Batch) -> bool {
        let mut log = self.lock();
        if batch.pair < log.pair {
            return true;
        }
        if batch.pair > log.pair {
            *log = Log {
                pair: batch.pair,
                ..Log::default()
            };
        }
        let Some(known) = log.events.len().checked_sub(batch.first_seq) else {
            return false;
        };
        let new = batch.events.get(known..).unwrap_or_default();
        if new.is_empty() {
            return true;
        }
        log.bytes += new.iter().map(|event| event.len()).sum::<usize>();
        log.events.extend_from_slice(new);
        drop(log);
        self.length.send_modify(|length| *length += 1);
        true
    }

    /// Wakes when a part was appended.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.length.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn append(&mut self, event: String) {
        self.bytes += event.len();
        self.events.push(event.into());
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
    fn an_attempt_that_begins_again_keeps_its_readers_in_step() {
        let (buffer, chat) = (Buffer::default(), ChatId::generate());
        let retry = RetryInfo {
            attempt: 1,
            delay_ms: 0,
            error: "no space".to_owned(),
            kind: String::new(),
            provider: None,
            status_code: None,
            retrying_at: chrono::DateTime::UNIX_EPOCH,
        };
        let mut reader = sdk::live::LiveChat::default();
        let mut position = 0;
        let mut read = |reader: &mut sdk::live::LiveChat| {
            let events = buffer.read((3, 1), position);
            position += events.len();
            for event in events {
                let applied = reader.apply(serde_json::from_str(&event).unwrap());
                assert_eq!(applied, sdk::live::Applied::Changed, "{event}");
            }
        };
        let publish = |text| buffer.publish((3, 1), chat, Role::Assistant, Part::text(text));
        buffer.begin((3, 1));
        publish("void");
        publish("ed");
        read(&mut reader);
        buffer.retry(chat, retry);
        buffer.begin((3, 1));
        read(&mut reader);
        assert!(reader.retry.is_some() && reader.preview.parts.is_empty());
        publish("again");
        read(&mut reader);
        assert_eq!(reader.answer_text(), "again");
        assert!(reader.retry.is_none());
        let mut late = sdk::live::LiveChat::default();
        for event in buffer.read((3, 1), 0) {
            late.apply(serde_json::from_str(&event).unwrap());
        }
        assert_eq!(late.preview, reader.preview);
    }

    #[test]
    fn a_mirror_takes_each_part_once_and_sees_gaps() {
        let batch = |pair: Pair, first_seq: usize, events: &[&str]| Batch {
            pair,
            first_seq,
            events: events.iter().map(|event| Arc::from(*event)).collect(),
        };
        let mirror = Buffer::default();
        assert!(mirror.mirror(&batch((2, 1), 0, &["a", "b"])));
        assert!(mirror.mirror(&batch((2, 1), 1, &["b", "c"])));
        assert!(mirror.mirror(&batch((2, 1), 0, &["a"])));
        assert!(!mirror.mirror(&batch((2, 1), 4, &["e"])));
        assert!(mirror.mirror(&batch((2, 0), 0, &["late"])));
        let texts: Vec<_> = mirror.read((2, 1), 0);
        assert_eq!(texts.iter().map(|text| &**text).collect::<String>(), "abc");
        assert!(!mirror.mirror(&batch((3, 0), 1, &["x"])));
        assert!(mirror.mirror(&batch((3, 1), 0, &["y"])));
        assert_eq!(mirror.batch_after((3, 1), 0), batch((3, 1), 0, &["y"]));
        assert_eq!(mirror.batch_after((2, 1), 3), batch((3, 1), 0, &["y"]));
        assert_eq!(mirror.batch_after((3, 1), 1), batch((3, 1), 1, &[]));
    }

    #[test]
    fn readers_at_the_same_place_share_what_is_sent() {
        let (buffer, chat) = (Buffer::default(), ChatId::generate());
        buffer.begin((1, 0));
        for text in ["a", "b", "c"] {
            buffer.publish((1, 0), chat, Role::Assistant, Part::text(text));
        }
        let (one, other) = (buffer.frames((1, 0), 1), buffer.frames((1, 0), 1));
        assert_eq!(one.frames[0].as_ptr(), other.frames[0].as_ptr());
        assert_eq!((one.frames.len(), one.end), (1, 3));
        assert!(!one.frames[0].contains("\"a\"") && one.frames[0].contains("\"c\""));
        assert_eq!(buffer.frames((1, 0), 0).end, 3);
        assert!(buffer.frames((1, 0), 3).frames.is_empty());
        let void = buffer.frames((1, 1), 1);
        assert!(void.frames.is_empty());
        assert_eq!(void.end, 1);
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
