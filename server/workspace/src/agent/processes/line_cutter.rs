//! Cuts lines that are too long, as a stream: nothing is kept but a counter.

/// A longer line is cut.
pub const MAX_LINE_BYTES: usize = 2048;

/// Passes text on with every line cut. A carriage return ends a line as well, so a progress bar is many lines.
#[derive(Debug, Default)]
pub struct LineCutter {
    kept_of_line: usize,
    cut_of_line: u64,
    cut_in_total: u64,
}

impl LineCutter {
    /// Hands the text that stays to `sink`, with a mark at the end of each line that was cut.
    pub fn push(&mut self, text: &str, mut sink: impl FnMut(&str)) {
        let mut position = 0;
        for end in memchr::memchr2_iter(b'\n', b'\r', text.as_bytes()) {
            self.part_of_line(text.get(position..end).unwrap_or_default(), &mut sink);
            self.end_line(&mut sink);
            sink(text.get(end..=end).unwrap_or_default());
            position = end + 1;
        }
        self.part_of_line(text.get(position..).unwrap_or_default(), &mut sink);
    }

    /// Bytes cut so far.
    pub fn cut_bytes(&self) -> u64 {
        self.cut_in_total
    }

    /// The mark for a cut line that has not ended yet.
    pub fn pending_mark(&self) -> Option<String> {
        (self.cut_of_line > 0).then(|| format!("… [{} bytes of this line cut]", self.cut_of_line))
    }

    fn part_of_line(&mut self, part: &str, sink: &mut impl FnMut(&str)) {
        let room = if self.cut_of_line > 0 {
            0
        } else {
            MAX_LINE_BYTES - self.kept_of_line
        };
        let (kept, cut) = part.split_at(part.floor_char_boundary(room));
        if !kept.is_empty() {
            sink(kept);
        }
        self.kept_of_line += kept.len();
        self.cut_of_line += cut.len() as u64;
        self.cut_in_total += cut.len() as u64;
    }

    fn end_line(&mut self, sink: &mut impl FnMut(&str)) {
        if let Some(mark) = self.pending_mark() {
            sink(&mark);
        }
        self.kept_of_line = 0;
        self.cut_of_line = 0;
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
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[&str]) -> (String, u64) {
        let mut cutter = LineCutter::default();
        let mut result = String::new();
        for piece in pieces {
            cutter.push(piece, |text| result.push_str(text));
        }
        result.extend(cutter.pending_mark());
        (result, cutter.cut_bytes())
    }

    #[test]
    fn cuts_each_line_and_says_how_much() {
        let long = "x".repeat(MAX_LINE_BYTES + 7);
        let (result, bytes) = cut(&[&long, "y\nshort\n"]);
        assert_eq!(
            result,
            format!(
                "{}… [8 bytes of this line cut]\nshort\n",
                "x".repeat(MAX_LINE_BYTES)
            )
        );
        assert_eq!(bytes, 8);
    }

    #[test]
    fn a_carriage_return_begins_a_new_line() {
        let bar = format!("{}\r", "#".repeat(1500));
        assert_eq!(cut(&[&bar, &bar]).1, 0);
    }

    proptest! {
        #[test]
        fn the_same_wherever_the_text_is_split(lines in prop::collection::vec("[aß€😀]{0,1100}", 0..4), split in 0_usize..9000) {
            let text = lines.join("\n");
            let (first, second) = text.split_at(text.floor_char_boundary(split.min(text.len())));
            prop_assert_eq!(cut(&[first, second]), cut(&[&text]));
        }

        #[test]
        fn keeps_a_prefix_of_every_line(lines in prop::collection::vec("[aß€😀]{0,1100}", 1..4)) {
            let (result, cut_bytes) = cut(&[&lines.join("\n")]);
            let mut kept_bytes = 0;
            for (line, shown) in lines.iter().zip(result.split('\n')) {
                let kept = shown.split("… [").next().unwrap();
                prop_assert!(line.starts_with(kept) && kept.len() <= MAX_LINE_BYTES);
                kept_bytes += kept.len();
            }
            let all: usize = lines.iter().map(String::len).sum();
            prop_assert_eq!((all - kept_bytes) as u64, cut_bytes);
        }
    }
}
