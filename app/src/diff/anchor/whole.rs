//! Where lines are in another version of their file, when both are known as a whole.
//!
//! Nearly always there are several ways to lay two texts side by side so that as many lines as possible stay. Only what all of
//! them have in common is told: no line that may as well be another one that says the same. So it is what git says too,
//! whichever of these ways it takes; a line that went elsewhere is gone, as it is for `git blame`.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use sdk::parts::DiffComment;

use super::{Placement, side};
use crate::diff::DiffFile;
use crate::diff::selection::LineRange;

/// As many lines of the one text, times as many as differ, are compared at most: some tens of milliseconds.
const MAX_CELLS: usize = 4_000_000;
/// Lines that are taken to differ at first.
const FIRST_DIFFERENT: usize = 32;

/// Which lines of a version of a file are in another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept(Vec<Option<usize>>);

impl Kept {
    /// Compares two versions; nothing where so much differs that they are not compared to the end.
    pub fn between(was: &str, is: &str) -> Option<Self> {
        let mut words = Words::default();
        // A line without an end is another one than that with it, as for git.
        let mut lines = |text| {
            let lines = str::split_inclusive(text, '\n');
            lines.map(|line| words.of(line)).collect::<Vec<_>>()
        };
        Self::of(&lines(was), &lines(is), FIRST_DIFFERENT)
    }

    /// Lines of both versions by what they say.
    fn of(was: &[u32], is: &[u32], first_different: usize) -> Option<Self> {
        let (head, tail) = common_ends(was, is);
        let end = is.len() - tail;
        let middle = (was.get(head..was.len() - tail)?, is.get(head..end)?);
        let table = Table::fill(middle, first_different)?;
        let places = table.places().into_iter();
        let places = places.map(|place| place.map(|at| head + at));
        let whole = (0..head).map(Some).chain(places);
        Some(Self(whole.chain((end..is.len()).map(Some)).collect()))
    }

    /// The number of the first of these lines in the second version, when they are together there. They are counted from 1.
    pub fn find(&self, start: u32, end: u32) -> Option<u32> {
        let first = usize::try_from(start.checked_sub(1)?).ok()?;
        let lines = self.0.get(first..usize::try_from(end).ok()?)?;
        let found = (*lines.first()?)?;
        let mut pairs = (found..).zip(lines);
        pairs.all(|(at, line)| *line == Some(at)).then_some(())?;
        u32::try_from(found + 1).ok()
    }
}

/// Where a comment is whose lines both versions tell, the first of them by its number. Nothing when the file says something else
/// there than the comment quotes: then the versions are not those of this diff.
pub fn place(comment: &DiffComment, start: Option<u32>, file: &DiffFile) -> Option<Placement> {
    let Some(start) = start else {
        return Some(Placement::Outdated);
    };
    let was = LineRange::of_comment(comment)?;
    let range = LineRange {
        start,
        end: start.checked_add(was.end.checked_sub(was.start)?)?,
        ..was
    };
    let quoted = comment.quoted_lines();
    let mut shown = 0;
    for line in file.lines().filter(|line| range.holds(line)) {
        let number = line.number(range.side)?;
        let at = usize::try_from(number - start).ok()?;
        let said = quoted.as_ref().and_then(|quoted| quoted.get(at));
        if said.is_some_and(|said| side::cut(said) != side::cut(&line.text)) {
            return None;
        }
        shown += 1;
    }
    // It is nowhere as long as the lines are not opened.
    Some(if shown <= range.end - range.start {
        Placement::Outdated
    } else if range == was {
        Placement::Here(range)
    } else {
        Placement::Moved(range)
    })
}

/// Lines by number: those that say the same have the same one.
#[derive(Default)]
struct Words<'a>(HashMap<&'a str, u32>);

impl<'a> Words<'a> {
    fn of(&mut self, line: &'a str) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(line).or_insert(next)
    }
}

/// How many lines at the beginning and at the end stay in every way to lay both texts side by side.
///
/// Where both begin with the same lines, these stay up to the last one of them that is nowhere else: what does not take that for
/// the same pairs fewer lines of the beginning than there are, and may have all of them with it. So it is with the ends.
fn common_ends(was: &[u32], is: &[u32]) -> (usize, usize) {
    let (was_counts, is_counts) = (counts(was), counts(is));
    let is_lone = |line: &u32| was_counts.get(line) == Some(&1) && is_counts.get(line) == Some(&1);
    let up_to_lone = |pairs: &mut dyn Iterator<Item = (&u32, &u32)>| {
        let same = pairs.take_while(|(was, is)| was == is);
        let lone = same.enumerate().filter(|(_, (line, _))| is_lone(line));
        lone.last().map_or(0, |(at, _)| at + 1)
    };
    let head = up_to_lone(&mut was.iter().zip(is));
    let room = was.len().min(is.len()) - head;
    let tail = up_to_lone(&mut was.iter().rev().zip(is.iter().rev()).take(room));
    (head, tail)
}

fn counts(lines: &[u32]) -> HashMap<u32, usize> {
    let mut counts = HashMap::new();
    for line in lines {
        *counts.entry(*line).or_default() += 1;
    }
    counts
}

/// How many lines of the beginnings of two texts stay at most, for all beginnings that may be laid side by side.
struct Table<'a> {
    was: &'a [u32],
    is: &'a [u32],
    /// A beginning of the second text is so many lines shorter at most than that of the first one which it is laid beside.
    gone: usize,
    /// How many beginnings of the second text are looked at for each of the first one.
    width: usize,
    /// A row for each beginning of the first text, with the shortest of the second one first.
    kept: Vec<u32>,
}

impl<'a> Table<'a> {
    /// Fills as much of it as there are differences; nothing where that is too much.
    fn fill((was, is): (&'a [u32], &'a [u32]), first_different: usize) -> Option<Self> {
        let (least, most) = (was.len().abs_diff(is.len()), was.len() + is.len());
        let mut extra = first_different.max(1);
        loop {
            // Lines that went without another one in their place, or that came.
            let both = extra.div_ceil(2);
            let gone = was.len().saturating_sub(is.len()) + both;
            let width = gone + is.len().saturating_sub(was.len()) + both + 1;
            let cells = (was.len() + 1).checked_mul(width)?;
            if cells > MAX_CELLS {
                return None;
            }
            let kept = vec![0; cells];
            let mut table = Self {
                was,
                is,
                gone,
                width,
                kept,
            };
            table.count();
            // No way with fewer differences leaves what was looked at.
            if most - 2 * table.most() as usize <= least + extra {
                return Some(table);
            }
            extra *= 2;
        }
    }

    /// The beginnings of the second text that are looked at for one of the first, as they lie in its row.
    fn row(&self, was: usize) -> Range<usize> {
        let end = (self.is.len() + self.gone + 1).saturating_sub(was);
        self.gone.saturating_sub(was)..end.min(self.width)
    }

    /// Whether a line is the one that the beginning in a row ends with, or that comes after it.
    fn is_same(&self, was: usize, is: Option<usize>) -> bool {
        let line = self.was.get(was);
        line.is_some() && line == is.and_then(|is| self.is.get(is))
    }

    /// How many lines of both texts stay.
    fn most(&self) -> u32 {
        let row = self.kept.chunks(self.width).next_back();
        let end = (self.is.len() + self.gone).checked_sub(self.was.len());
        let most = end.zip(row).and_then(|(end, row)| row.get(end));
        most.copied().unwrap_or_default()
    }

    fn count(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        let mut rows = kept.chunks_mut(self.width).enumerate();
        let mut last: &mut [u32] = &mut [];
        for (was, row) in &mut rows {
            let mut left = 0;
            for at in self.row(was) {
                let is = (was + at).checked_sub(self.gone + 1);
                let of_last = |at: usize| last.get(at).copied().unwrap_or_default();
                let pair = was.checked_sub(1).filter(|was| self.is_same(*was, is));
                let with = pair.map_or(0, |_| of_last(at) + 1);
                left = left.max(of_last(at + 1)).max(with);
                if let Some(slot) = row.get_mut(at) {
                    *slot = left;
                }
            }
            last = row;
        }
        self.kept = kept;
    }

    /// Where each line of the first text is in every best way.
    fn places(&self) -> Vec<Option<usize>> {
        let mut places = vec![None; self.was.len()];
        let most = self.most();
        // How many lines of what comes after both beginnings stay at most: of the row below, and from right to left of this one.
        let mut rest = vec![0_u32; self.width];
        let rows = places
            .iter_mut()
            .zip(self.kept.chunks(self.width))
            .enumerate();
        for (was, (place, row)) in rows.rev() {
            let (mut found, mut ways, mut right) = (None, 0_usize, 0);
            for at in self.row(was).rev() {
                let below = |at: Option<usize>| at.and_then(|at| rest.get(at)).copied();
                let is = (was + at).checked_sub(self.gone);
                let with = below(Some(at)).filter(|_| self.is_same(was, is));
                let with = with.map(|rest| rest + 1);
                let without = below(at.checked_sub(1));
                let begin = row.get(at).copied().unwrap_or_default();
                let is_best = |rest: Option<u32>| rest.is_some_and(|rest| begin + rest == most);
                if is_best(with) {
                    (found, ways) = (is, ways + 1);
                }
                ways += usize::from(is_best(without));
                right = right
                    .max(with.unwrap_or_default())
                    .max(without.unwrap_or_default());
                if let Some(slot) = rest.get_mut(at) {
                    *slot = right;
                }
            }
            *place = found.filter(|_| ways == 1);
        }
        places
    }
}
