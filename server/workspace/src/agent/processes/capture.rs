//! What is kept of a process's output in memory: the cut beginning and end for the model, and the last raw bytes
//! for whoever watches it come.

use std::{collections::VecDeque, fmt::Write};

use super::{head_tail::HeadTail, line_cutter::LineCutter};
use crate::protocol::Truncation;

/// Raw bytes kept for watchers.
const RECENT_BYTES: usize = 64 * 1024;

/// The captured output.
#[derive(Debug, Default)]
pub struct Capture {
    /// Bytes of a character that is not complete yet.
    partial: Vec<u8>,
    cutter: LineCutter,
    kept: HeadTail,
    text_bytes: u64,
    raw_bytes: u64,
    recent: VecDeque<u8>,
    notice: Option<String>,
}

/// The output as it is shown.
pub struct Shown {
    /// Beginning and end, with a mark between them where something is missing.
    pub text: String,
    /// What is missing, if anything.
    pub truncated: Option<Truncation>,
    /// What to know about it.
    pub notice: Option<String>,
}

impl Capture {
    /// Takes a piece of output.
    pub fn push(&mut self, piece: &[u8]) {
        self.raw_bytes += piece.len() as u64;
        self.remember(piece);
        let mut joined = std::mem::take(&mut self.partial);
        joined.extend_from_slice(piece);
        let complete = joined.len() - incomplete_suffix(&joined);
        let (complete, partial) = joined.split_at(complete);
        self.partial = partial.to_vec();
        self.push_text(&String::from_utf8_lossy(complete));
    }

    /// Takes in the bytes of a character that will never be complete.
    pub fn end(&mut self) {
        let partial = std::mem::take(&mut self.partial);
        self.push_text(&String::from_utf8_lossy(&partial));
    }

    /// Adds something to know about the output.
    pub fn note(&mut self, notice: &str) {
        let all = self.notice.get_or_insert_default();
        if !all.is_empty() {
            all.push_str("; ");
        }
        all.push_str(notice);
    }

    /// Bytes the process wrote.
    pub fn raw_bytes(&self) -> u64 {
        self.raw_bytes
    }

    /// Raw bytes from `offset` on when they are still in memory.
    pub fn recent_from(&self, offset: u64, length: usize) -> Option<Vec<u8>> {
        let first = self.recent_start();
        let skip = usize::try_from(offset.checked_sub(first)?).ok()?;
        Some(
            self.recent
                .iter()
                .skip(skip)
                .take(length)
                .copied()
                .collect(),
        )
    }

    /// The offset of the oldest raw byte in memory.
    pub fn recent_start(&self) -> u64 {
        self.raw_bytes - self.recent.len() as u64
    }

    /// The output as it is shown; `whole_output` names where all of it is.
    pub fn show(&self, whole_output: &str) -> Shown {
        let (head, tail) = self.kept.parts();
        let gap = self.kept.left_out();
        let mut text = head.to_owned();
        if gap > 0 {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n\n… [{gap} bytes left out here; the whole output is in {whole_output}] …\n\n"
            );
        }
        text.push_str(tail);
        text.extend(self.cutter.pending_mark());
        Shown {
            text,
            truncated: self.truncation(gap),
            notice: self.notice.clone(),
        }
    }

    fn truncation(&self, gap: u64) -> Option<Truncation> {
        let cut = self.cutter.cut_bytes();
        let strategy = match (gap > 0, cut > 0) {
            (false, false) => return None,
            (true, false) => "head_tail",
            (false, true) => "long_lines",
            (true, true) => "head_tail+long_lines",
        };
        let omitted_bytes = (gap + cut).min(self.text_bytes);
        Some(Truncation {
            original_bytes: self.text_bytes,
            retained_bytes: self.text_bytes - omitted_bytes,
            omitted_bytes,
            strategy: strategy.into(),
        })
    }

    fn push_text(&mut self, text: &str) {
        self.text_bytes += text.len() as u64;
        let kept = &mut self.kept;
        self.cutter.push(text, |text| kept.push(text));
    }

    fn remember(&mut self, piece: &[u8]) {
        let last = piece
            .get(piece.len().saturating_sub(RECENT_BYTES)..)
            .unwrap_or_default();
        let overflow = (self.recent.len() + last.len()).saturating_sub(RECENT_BYTES);
        self.recent.drain(..overflow);
        self.recent.extend(last);
    }
}

/// How many bytes at the end begin a character without completing it.
pub fn incomplete_suffix(bytes: &[u8]) -> usize {
    let start = bytes.len().saturating_sub(3);
    let end = bytes.get(start..).unwrap_or_default();
    for (index, &byte) in end.iter().enumerate().rev() {
        let length = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        let present = end.len() - index;
        return if present < length { present } else { 0 };
    }
    0
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
    use proptest::prelude::*;

    use super::*;

    fn shown(pieces: &[&[u8]]) -> String {
        let mut capture = Capture::default();
        for piece in pieces {
            capture.push(piece);
        }
        capture.end();
        capture.show("/out").text
    }

    #[test]
    fn replaces_invalid_utf8_and_an_unfinished_character() {
        assert_eq!(shown(&[b"a\xffb", b"\xe2\x82"]), "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn counts_what_it_left_out_and_names_the_file() {
        let mut capture = Capture::default();
        let line = "0123456789\n".repeat(10_000);
        capture.push(line.as_bytes());
        let shown = capture.show("/state/x.log");
        let truncated = shown.truncated.unwrap();
        assert_eq!(truncated.original_bytes, 110_000);
        assert_eq!(truncated.retained_bytes, 32 * 1024);
        assert_eq!(truncated.omitted_bytes, 110_000 - 32 * 1024);
        assert_eq!(truncated.strategy, "head_tail");
        assert!(shown.text.contains("/state/x.log"));
    }

    #[test]
    fn gives_recent_bytes_only_while_it_has_them() {
        let mut capture = Capture::default();
        capture.push(&vec![b'a'; RECENT_BYTES]);
        capture.push(b"bc");
        assert_eq!(capture.recent_from(1, 10), None);
        assert_eq!(capture.recent_from(RECENT_BYTES as u64, 10).unwrap(), b"bc");
        assert_eq!(
            capture.recent_from(RECENT_BYTES as u64 + 2, 10).unwrap(),
            b""
        );
    }

    proptest! {
        #[test]
        fn text_is_whole_wherever_the_pieces_are_split(text in "[aß€😀\\n]{0,60}", split in 0_usize..240) {
            let bytes = text.as_bytes();
            let (first, second) = bytes.split_at(split.min(bytes.len()));
            prop_assert_eq!(shown(&[first, second]), text);
        }

        #[test]
        fn any_bytes_give_text(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6)) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            shown(&pieces);
        }
    }
}
