//! What is known of the old version, to which git's diffs tie the lines of the new one: where it is the same, its numbers say
//! which line is which.

use sdk::parts::DiffSide;

use super::side::{self, SideLine, side_lines};
use super::{MANY_LETTERS, WORDS_AROUND, alike, letters, says_something};
use crate::diff::{Hunk, LineKind};

/// What is known besides the lines of a side.
pub struct Known<'a> {
    /// Whether the comment is on lines of the new version.
    pub is_new_side: bool,
    /// How many lines of both sides were quoted.
    pub quoted_rows: usize,
    /// Whether the old version is the same, as far as can be seen.
    pub is_same_old: Option<bool>,
    /// Lines of the old version that were quoted as removed.
    pub was_removed: Vec<u32>,
    /// Those that are shown as removed.
    is_removed: Vec<(u32, &'a str)>,
}

impl<'a> Known<'a> {
    /// What a line of the old version says that is shown as removed.
    pub fn removed(&self, number: u32) -> Option<&'a str> {
        let at = self
            .is_removed
            .binary_search_by_key(&number, |(number, _)| *number);
        self.is_removed.get(at.ok()?).map(|(_, text)| *text)
    }

    /// What a comment's hunks and those that are shown tell. The quoted lines of its side are given the numbers that they have in
    /// the old version as it is now, where that can be told.
    pub fn of(
        (quoted, shown): (&[Hunk], &'a [Hunk]),
        side: DiffSide,
        before: &mut [SideLine<'_>],
    ) -> Self {
        let mut known = Self {
            is_new_side: side == DiffSide::New,
            quoted_rows: quoted.iter().map(|hunk| hunk.lines.len()).sum(),
            is_same_old: is_same(quoted, shown),
            was_removed: removed(quoted).map(|(number, _)| number).collect(),
            is_removed: removed(shown).collect(),
        };
        if known.is_same_old == Some(true) {
            return known;
        }
        if are_old_now(quoted, shown) {
            let new_lines = side_lines(quoted, DiffSide::New);
            for line in before {
                let mut new_lines = new_lines.iter();
                let new = new_lines.find(|new| new.row == line.row);
                line.be_old(new.map(|new| new.number));
            }
            // What was removed is in neither version by now.
            known.was_removed.clear();
            known.is_same_old = Some(true);
        } else if let Some(shift) = shift(quoted, shown).filter(|_| known.is_new_side) {
            for line in before {
                line.shift_old(shift);
            }
            for number in &mut known.was_removed {
                *number = number.wrapping_add_signed(shift);
            }
            known.is_same_old = Some(true);
        }
        known
    }
}

/// Whether the old version is the same, by its lines that are both quoted and shown; nothing where they do not tell.
fn is_same(quoted: &[Hunk], shown: &[Hunk]) -> Option<bool> {
    let is_new = |hunks: &[Hunk]| {
        hunks
            .iter()
            .all(|hunk| (hunk.old_start, hunk.old_count) == (0, 0))
    };
    if is_new(quoted) || is_new(shown) {
        return Some(is_new(quoted) && is_new(shown));
    }
    let quoted = side_lines(quoted, DiffSide::Old);
    are_same(&quoted, &side_lines(shown, DiffSide::Old))
}

/// Whether what was quoted of the new version is the old one by now: somebody committed it.
fn are_old_now(quoted: &[Hunk], shown: &[Hunk]) -> bool {
    let quoted = side_lines(quoted, DiffSide::New);
    are_same(&quoted, &side_lines(shown, DiffSide::Old)) == Some(true)
}

/// Whether lines of the same numbers are the same; nothing where there are too few of them to tell.
fn are_same(quoted: &[SideLine<'_>], shown: &[SideLine<'_>]) -> Option<bool> {
    let mut told = 0;
    for was in quoted {
        let is = shown.binary_search_by_key(&was.number, |line| line.number);
        let Some(is) = is.ok().and_then(|at| shown.get(at)) else {
            continue;
        };
        if was.text != is.text {
            return Some(false);
        }
        told += letters(was.text);
    }
    (told >= MANY_LETTERS).then_some(true)
}

/// By how much the quoted lines of the old version are further down by now, where they all stand in one place and nothing came
/// between them.
fn shift(quoted: &[Hunk], shown: &[Hunk]) -> Option<i32> {
    let was = side_lines(quoted, DiffSide::Old);
    let now = side_lines(shown, DiffSide::Old);
    let saying = was.iter().filter(|line| says_something(line.text));
    if saying.count() < WORDS_AROUND {
        return None;
    }
    let places = alike(&was, &(0..was.len()), &now);
    let [place] = places.as_slice() else {
        return None;
    };
    let (was, is) = (was.first()?.number, now.get(place.start)?.number);
    Some(is.cast_signed().wrapping_sub(was.cast_signed()))
}

/// Removed lines, by their numbers.
fn removed(hunks: &[Hunk]) -> impl Iterator<Item = (u32, &str)> {
    let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
    let removed = lines.filter(|line| line.kind == LineKind::Removed);
    removed.filter_map(|line| Some((line.old_number?, side::cut(&line.text))))
}
