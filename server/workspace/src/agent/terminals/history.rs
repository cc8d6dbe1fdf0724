//! The last output of a terminal, and what a new reader needs to see the same screen.
//!
//! Old output goes in whole control sequences and characters. What it switched on for good (the other screen of an editor,
//! the keys of a cursor) is remembered, so that a screen can be built from what is left.

use std::collections::VecDeque;

use super::sequences::Sequences;

/// What is kept for readers that come later.
pub const SCROLL_BACK_BYTES: usize = 256 * 1024;
/// A sequence that is longer is cut all the same.
const MAX_SEQUENCE_BYTES: usize = 16 * 1024;

/// The last output of a terminal.
#[derive(Default)]
pub struct History {
    kept: VecDeque<u8>,
    /// How much there ever was.
    end: u64,
    /// What was let go.
    gone: Sequences,
}

impl History {
    /// Adds output and lets the oldest go.
    pub fn push(&mut self, piece: &[u8]) {
        self.kept.extend(piece);
        self.end += piece.len() as u64;
        let excess = self.kept.len().saturating_sub(SCROLL_BACK_BYTES);
        for byte in self.kept.drain(..excess) {
            self.gone.pass(byte);
        }
        if excess > 0 {
            self.let_go_of_begun_sequence();
        }
    }

    fn let_go_of_begun_sequence(&mut self) {
        for _ in 0..MAX_SEQUENCE_BYTES {
            match self.kept.front() {
                Some(&next) if !self.gone.can_begin_with(next) => {
                    self.kept.pop_front();
                    self.gone.pass(next);
                }
                _ => return,
            }
        }
    }

    /// How much output there ever was.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Where what is kept begins.
    pub fn start(&self) -> u64 {
        self.end - self.kept.len() as u64
    }

    /// At most so many bytes from an offset that is kept.
    pub fn read(&self, offset: u64, at_most: usize) -> Vec<u8> {
        let skipped = usize::try_from(offset.saturating_sub(self.start())).unwrap_or(usize::MAX);
        self.kept
            .iter()
            .skip(skipped)
            .take(at_most)
            .copied()
            .collect()
    }

    /// All that is kept, after what the rest had switched on.
    pub fn replay(&self) -> Vec<u8> {
        let mut replay = self.gone.modes_in_force();
        let (one, other) = self.kept.as_slices();
        replay.extend_from_slice(one);
        replay.extend_from_slice(other);
        replay
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

    fn filled_after(first: &[u8]) -> History {
        let mut history = History::default();
        history.push(first);
        // All of it but the first byte is let go when the rest does not stand within a sequence.
        history.push(&vec![b'x'; SCROLL_BACK_BYTES - first.len() + 1]);
        history
    }

    #[test]
    fn keeps_the_last_bytes_and_counts_all() {
        let mut history = History::default();
        for number in 0..200_000_u32 {
            history.push(format!("{number}\n").as_bytes());
        }
        assert_eq!(history.end() - history.start(), SCROLL_BACK_BYTES as u64);
        assert!(history.replay().ends_with(b"199998\n199999\n"));
        assert_eq!(history.read(history.end() - 7, 3), b"199");
        assert_eq!(history.read(history.end(), 3), b"");
    }

    #[test]
    fn begins_with_a_whole_character_and_a_whole_sequence() {
        for first in [
            "é",
            "😀",
            "\u{1b}[38;5;12m",
            "\u{1b}]0;title\u{7}",
            "\u{1b}]0;t\u{1b}\\",
            "\u{1b}(B",
            "\u{1b}c",
        ] {
            let history = filled_after(first.as_bytes());
            let replay = history.replay();
            assert!(replay.iter().all(|byte| *byte == b'x'), "{first:?}");
            assert!(replay.len() > SCROLL_BACK_BYTES - 20, "{first:?}");
        }
    }

    #[test]
    fn a_sequence_without_end_does_not_take_everything() {
        let history = filled_after(b"\x1b]0;");
        assert!(history.replay().len() > SCROLL_BACK_BYTES - MAX_SEQUENCE_BYTES - 20);
    }

    #[test]
    fn what_was_switched_on_before_is_switched_on_again() {
        let after = |first: &[u8]| {
            let mut history = History::default();
            history.push(first);
            history.push(&vec![b'x'; SCROLL_BACK_BYTES]);
            history
        };
        let history = after(b"\x1b[?1049h\x1b[?1;2004h\x1b[?25l\x1b[?2004l");
        let replay = history.replay();
        assert!(
            replay.starts_with(b"\x1b[?1h\x1b[?25l\x1b[?1049hx"),
            "{:?}",
            String::from_utf8_lossy(&replay[..40])
        );
        let history = after(b"\x1b[?1049h\x1bc");
        assert!(history.replay().starts_with(b"xxx"));
    }
}
