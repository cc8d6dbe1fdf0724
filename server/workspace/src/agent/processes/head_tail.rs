//! Keeps the beginning and the end of a text of any length in constant memory.

/// Bytes kept of the beginning.
pub const HEAD_BYTES: usize = 16 * 1024;
/// Bytes kept of the end.
pub const TAIL_BYTES: usize = 16 * 1024;
/// The end may grow to this before it is cut, so that cutting is rare.
const SLACK_BYTES: usize = 4 * TAIL_BYTES;

/// The beginning and the end of a text.
#[derive(Debug, Default)]
pub struct HeadTail {
    head: String,
    is_head_full: bool,
    tail: String,
    total: u64,
}

impl HeadTail {
    /// Appends to the text.
    pub fn push(&mut self, text: &str) {
        self.total += text.len() as u64;
        let mut rest = text;
        if !self.is_head_full {
            let (head, after) =
                text.split_at(text.floor_char_boundary(HEAD_BYTES - self.head.len()));
            self.head.push_str(head);
            self.is_head_full = !after.is_empty();
            rest = after;
        }
        if rest.len() > TAIL_BYTES {
            self.tail.clear();
        }
        self.tail.push_str(last(rest, TAIL_BYTES));
        if self.tail.len() > SLACK_BYTES {
            let cut = self.tail.len() - last(&self.tail, TAIL_BYTES).len();
            self.tail.drain(..cut);
        }
    }

    /// The kept beginning and end; together the whole text when nothing is left out.
    pub fn parts(&self) -> (&str, &str) {
        (&self.head, last(&self.tail, TAIL_BYTES))
    }

    /// Bytes between the two.
    pub fn left_out(&self) -> u64 {
        let (head, tail) = self.parts();
        self.total - (head.len() + tail.len()) as u64
    }
}

/// The end of the text, at most so many bytes, beginning on a character boundary.
fn last(text: &str, bytes: usize) -> &str {
    let start = text.ceil_char_boundary(text.len().saturating_sub(bytes));
    text.get(start..).unwrap_or_default()
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

    #[test]
    fn keeps_everything_that_fits() {
        let mut kept = HeadTail::default();
        let text = "ä".repeat(usize::midpoint(HEAD_BYTES, TAIL_BYTES));
        kept.push(&text);
        let (head, tail) = kept.parts();
        assert_eq!(format!("{head}{tail}"), text);
        assert_eq!(kept.left_out(), 0);
    }

    #[test]
    fn never_holds_more_than_its_slack() {
        let mut kept = HeadTail::default();
        for _ in 0..1000 {
            kept.push(&"0123456789".repeat(700));
        }
        assert!(kept.head.capacity() + kept.tail.capacity() < 3 * (HEAD_BYTES + SLACK_BYTES));
        assert_eq!(
            kept.left_out(),
            7_000_000 - (HEAD_BYTES + TAIL_BYTES) as u64
        );
    }

    proptest! {
        #[test]
        fn is_the_beginning_and_the_end_of_what_was_pushed(
            pieces in prop::collection::vec(("[a-zäß€😀]{1,40}", 1_usize..700), 0..12),
        ) {
            let pieces: Vec<String> = pieces.into_iter().map(|(piece, times)| piece.repeat(times)).collect();
            let mut kept = HeadTail::default();
            for piece in &pieces {
                kept.push(piece);
            }
            let text = pieces.concat();
            let (head, tail) = kept.parts();
            prop_assert!(text.starts_with(head) && text.ends_with(tail));
            prop_assert_eq!((head.len() + tail.len()) as u64 + kept.left_out(), text.len() as u64);
            if kept.left_out() > 0 {
                prop_assert!(head.len() > HEAD_BYTES - 4 && tail.len() > TAIL_BYTES - 4);
            }
        }
    }
}
