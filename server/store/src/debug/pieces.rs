//! How a body is cut, so that what two bodies of a chat have in common is kept once.
//!
//! A body is cut into segments at the fields of its outermost object, a segment into pieces at the elements within. Each piece
//! is named after all pieces of its segment before it and itself: a name stands for a whole prefix. So the messages of a
//! conversation are one chain that grows, and what stands behind them (tools, options) is a chain of its own that stays the
//! same. Where it is cut depends on nothing that comes later.

use sha2::{Digest as _, Sha256};

/// Smaller ones are not worth a row.
const LEAST_BYTES: usize = 512;
/// What has no places to cut at is cut here.
const MOST_BYTES: usize = 16 * 1024;

/// The name of a piece and of all that stands before it.
pub(super) type Hash = [u8; 16];

/// A piece of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) hash: Hash,
    pub(super) parent_hash: Option<Hash>,
    pub(super) content: &'a [u8],
}

/// Cuts a body: the pieces of each of its segments. An empty body has none.
pub(super) fn cut(body: &[u8]) -> Vec<Vec<Piece<'_>>> {
    let mut cutter = Cutter {
        body,
        segments: Vec::new(),
        pieces: Vec::new(),
        segment_start: 0,
        piece_start: 0,
    };
    for place in places(body) {
        let ends_segment = place.is_outermost && place.at - cutter.segment_start >= LEAST_BYTES;
        if ends_segment || place.at - cutter.piece_start >= LEAST_BYTES {
            cutter.cut_at(place.at);
        }
        if ends_segment {
            cutter.end_segment();
        }
    }
    cutter.cut_at(body.len());
    cutter.end_segment();
    cutter.segments
}

struct Cutter<'a> {
    body: &'a [u8],
    segments: Vec<Vec<Piece<'a>>>,
    pieces: Vec<Piece<'a>>,
    segment_start: usize,
    piece_start: usize,
}

impl Cutter<'_> {
    fn cut_at(&mut self, place: usize) {
        while self.piece_start < place {
            let end = place.min(self.piece_start + MOST_BYTES);
            let content = self.body.get(self.piece_start..end).unwrap_or_default();
            let parent_hash = self.pieces.last().map(|piece| piece.hash);
            self.pieces.push(Piece {
                hash: name(parent_hash, content),
                parent_hash,
                content,
            });
            self.piece_start = end;
        }
    }

    fn end_segment(&mut self) {
        if !self.pieces.is_empty() {
            self.segments.push(std::mem::take(&mut self.pieces));
        }
        self.segment_start = self.piece_start;
    }
}

fn name(parent: Option<Hash>, content: &[u8]) -> Hash {
    let mut digest = Sha256::new();
    digest.update(parent.unwrap_or_default());
    digest.update(content);
    let mut hash = Hash::default();
    for (byte, of_digest) in hash.iter_mut().zip(digest.finalize()) {
        *byte = of_digest;
    }
    hash
}

#[derive(Clone, Copy)]
struct Place {
    /// Behind a comma.
    at: usize,
    /// Whether it separates fields of the outermost object.
    is_outermost: bool,
}

/// Where JSON may be cut: behind the commas of its two outermost levels. Nowhere in other texts.
fn places(body: &[u8]) -> impl Iterator<Item = Place> {
    let is_json = matches!(body.first(), Some(b'{' | b'['));
    let body = if is_json { body } else { &[] };
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    body.iter().enumerate().filter_map(move |(at, byte)| {
        if is_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_text = false,
                _ => {}
            }
            return None;
        }
        match byte {
            b'"' => is_text = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if matches!(depth, 1 | 2) => {
                return Some(Place {
                    at: at + 1,
                    is_outermost: depth == 1,
                });
            }
            _ => {}
        }
        None
    })
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

    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn request(messages: usize) -> Vec<u8> {
        let messages: Vec<_> = (0..messages)
            .map(|number| json!({"role": "user", "content": format!("{number}, \\\"{}\"", "word ".repeat(300))}))
            .collect();
        let tools: Vec<_> = (0..20)
            .map(|number| json!({"name": format!("tool_{number}"), "description": "what it does ".repeat(50)}))
            .collect();
        json!({"max_tokens": 1, "messages": messages, "model": "m", "tools": tools})
            .to_string()
            .into_bytes()
    }

    fn whole(segments: &[Vec<Piece<'_>>]) -> Vec<u8> {
        let pieces = segments.iter().flatten();
        pieces.flat_map(|piece| piece.content.to_vec()).collect()
    }

    #[test]
    fn what_requests_have_in_common_has_the_same_names() {
        let (short, long) = (request(50), request(51));
        let known: BTreeSet<Hash> = cut(&short)
            .iter()
            .flatten()
            .map(|piece| piece.hash)
            .collect();
        let segments = cut(&long);
        let new: usize = segments
            .iter()
            .flatten()
            .filter(|piece| !known.contains(&piece.hash))
            .map(|piece| piece.content.len())
            .sum();
        assert!(new < 6_000, "{new} bytes are new of {}", long.len());
    }

    #[test]
    fn a_name_stands_for_all_that_is_before_it() {
        let mut other = request(10);
        other[40] ^= 1;
        let last = |body: &[u8]| cut(body)[0].last().unwrap().hash;
        assert_ne!(last(&request(10)), last(&other));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_piece_is_too_long(body in "[\\[{]?[\\[\\]{},\"\\\\a]{0,3000}", times in 1_usize..20) {
            let body = body.repeat(times).into_bytes();
            let segments = cut(&body);
            prop_assert_eq!(&whole(&segments), &body);
            for piece in segments.iter().flatten() {
                prop_assert!((1..=MOST_BYTES).contains(&piece.content.len()));
            }
        }
    }
}
