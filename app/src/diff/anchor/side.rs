//! The lines of one side of a diff.

use std::ops::Range;

use sdk::parts::DiffSide;

use super::MAX_LINE_BYTES;
use crate::diff::{Hunk, LineKind};

/// A line of a side.
pub struct SideLine<'a> {
    /// Its number there.
    pub number: u32,
    /// Its number in the old version, or that of the line before which it was added.
    pub old: u32,
    /// Before which lines of the old version the change that it is in begins and ends.
    pub change: (u32, u32),
    /// Whether it stands in the old version.
    pub is_in_old: bool,
    /// Where it stands in its hunk.
    pub row: usize,
    /// As much of its text as is compared.
    pub text: &'a str,
}

impl SideLine<'_> {
    /// Takes it for a line of the old version, where that is what the new one was: its number there.
    pub fn be_old(&mut self, number: Option<u32>) {
        self.is_in_old = number.is_some();
        self.old = number.unwrap_or_default();
        self.change = (self.old, self.old);
    }

    /// Takes it for one whose old version has so many more lines before it.
    pub const fn shift_old(&mut self, shift: i32) {
        self.old = self.old.wrapping_add_signed(shift);
        let (begin, end) = self.change;
        self.change = (
            begin.wrapping_add_signed(shift),
            end.wrapping_add_signed(shift),
        );
    }

    /// Whether each of them follows the one before.
    pub fn are_neighbours(pair: &[SideLine<'_>]) -> bool {
        match pair {
            [one, next] => one.number.checked_add(1) == Some(next.number),
            _ => true,
        }
    }
}

/// What is quoted and compared of a line.
pub fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_LINE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The lines of a side in order.
pub fn side_lines(hunks: &[Hunk], side: DiffSide) -> Vec<SideLine<'_>> {
    let mut lines = Vec::new();
    for hunk in hunks {
        // A hunk without old lines names the one before.
        let mut old = hunk
            .old_start
            .saturating_add(u32::from(hunk.old_count == 0));
        let (mut begin, mut first) = (old, lines.len());
        for (row, line) in hunk.lines.iter().enumerate() {
            if line.kind == LineKind::Context {
                end_change(&mut lines, first, old);
            }
            if let Some(number) = line.number(side) {
                lines.push(SideLine {
                    number,
                    old,
                    change: (begin, old),
                    is_in_old: line.old_number.is_some(),
                    row,
                    text: cut(&line.text),
                });
            }
            old = old.saturating_add(u32::from(line.old_number.is_some()));
            if line.kind == LineKind::Context {
                (begin, first) = (old, lines.len());
            }
        }
        end_change(&mut lines, first, old);
    }
    lines
}

fn end_change(lines: &mut [SideLine<'_>], first: usize, end: u32) {
    for line in lines.iter_mut().skip(first) {
        line.change.1 = end;
    }
}

/// The lines that stand together with those of a range, so many above and below at most.
pub fn run_around(
    lines: &[SideLine<'_>],
    range: &Range<usize>,
    (above, below): (usize, usize),
) -> Range<usize> {
    let is_torn = |at: usize| {
        let pair = at.checked_sub(1).and_then(|before| lines.get(before..=at));
        pair.is_none_or(|pair| !SideLine::are_neighbours(pair))
    };
    let first = range.start.saturating_sub(above);
    let last = lines.len().min(range.end.saturating_add(below));
    let start = (first..=range.start).rev().find(|at| is_torn(*at));
    let end = (range.end..last).find(|at| is_torn(*at));
    start.unwrap_or(first)..end.unwrap_or(last)
}

/// The texts before a range that stand together with it, the nearest first.
pub fn run_before<'a>(lines: &[SideLine<'a>], range: &Range<usize>) -> Vec<&'a str> {
    let start = (1..=range.start)
        .rev()
        .find(|at| {
            lines
                .get(at - 1..=*at)
                .is_none_or(|pair| !SideLine::are_neighbours(pair))
        })
        .unwrap_or(0);
    let run = lines.get(start..range.start).unwrap_or_default();
    run.iter().rev().map(|line| line.text).collect()
}

/// The texts after a range that stand together with it, the nearest first.
pub fn run_after<'a>(lines: &[SideLine<'a>], range: &Range<usize>) -> Vec<&'a str> {
    let from = range.end.saturating_sub(1);
    let run = lines.get(from..).unwrap_or_default();
    let count = run
        .windows(2)
        .take_while(|pair| SideLine::are_neighbours(pair))
        .count();
    run.iter()
        .skip(1)
        .take(count)
        .map(|line| line.text)
        .collect()
}
