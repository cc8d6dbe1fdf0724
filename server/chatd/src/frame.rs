//! Frames: what a stream sends in one piece, a JSON array of events.
//!
//! A frame is made once and shared by all readers that are sent it; cloning it copies nothing.

use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::Arc;

/// Events in one frame.
const FRAME_EVENTS: usize = 256;

/// One frame's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(Arc<str>);

impl Frame {
    /// All of these events, in as few frames as the limit allows; no frame when there is nothing to tell.
    pub(crate) fn all<Event: Borrow<str>>(events: &[Event]) -> Vec<Self> {
        events
            .chunks(FRAME_EVENTS)
            .map(|chunk| Self(format!("[{}]", chunk.join(",")).into()))
            .collect()
    }
}

impl Deref for Frame {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
