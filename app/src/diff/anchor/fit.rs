//! How well lines that were found fit those that were quoted: what stands around both is laid side by side, as git does.

use std::ops::Range;

use sdk::parts::DiffSide;

use super::side::{SideLine, run_around, side_lines};
use super::{NEW_LINES_BETWEEN, says_something};
use crate::diff::Hunk;

/// What was quoted and what is shown now.
pub struct Sides<'a> {
    before: &'a [SideLine<'a>],
    was: Range<usize>,
    now: &'a [SideLine<'a>],
    /// Lines around that say something and stand once in what was quoted and once in what is shown: where.
    landmarks: Vec<(usize, usize)>,
    /// Whether the lines themselves are such.
    is_landmark: bool,
    /// Whether the old version is the same, as far as can be seen.
    is_same_old: Option<bool>,
}

impl<'a> Sides<'a> {
    /// Lines that were quoted, and all that is shown now. `places` are those where the same words stand.
    pub fn new(
        before: &'a [SideLine<'a>],
        was: Range<usize>,
        now: &'a [SideLine<'a>],
        places: &[Range<usize>],
        is_same_old: Option<bool>,
    ) -> Self {
        let around = (0..was.start).chain(was.end..before.len());
        let landmarks = around.filter_map(|at| Some((at, only(before, now, before.get(at)?)?)));
        let own = before.get(was.clone()).unwrap_or_default();
        Self {
            landmarks: landmarks.collect(),
            is_landmark: places.len() == 1
                && own.iter().any(|line| only(before, now, line).is_some()),
            before,
            was,
            now,
            is_same_old,
        }
    }

    /// Whether lines are where and as they were.
    pub fn is_unchanged(&self, is: &Range<usize>) -> bool {
        let window = self.window();
        let shown = self.shown_around(&window, is);
        let above = (self.was.start - window.start).min(is.start - shown.start);
        let below = (window.end - self.was.end).min(shown.end - is.end);
        let was_around = self.was.start - above..self.was.end + below;
        let is_around = is.start - above..is.end + below;
        let mut around = self.pairs(&was_around, &is_around);
        let mut own = self.pairs(&self.was, is);
        around.all(|(was, is)| was.text == is.text)
            && own.all(|(was, is)| (was.number, was.old) == (is.number, is.old))
    }

    fn pairs(
        &self,
        was: &Range<usize>,
        is: &Range<usize>,
    ) -> impl Iterator<Item = (&SideLine<'a>, &SideLine<'a>)> {
        let was = self.before.get(was.clone()).unwrap_or_default();
        was.iter().zip(self.now.get(is.clone()).unwrap_or_default())
    }

    /// Whether nothing is shown where the lines were. What was committed meanwhile is not; a copy of it may be.
    pub fn may_be_hidden(&self, shown: &[Hunk]) -> bool {
        let old = side_lines(shown, DiffSide::Old);
        let is_shown =
            |lines: &[SideLine<'_>], number| lines.iter().any(|line| line.number == number);
        let mut own = self.before.get(self.was.clone()).unwrap_or_default().iter();
        own.any(|line| {
            !is_shown(self.now, line.number)
                || self.is_same_old.is_none() && line.is_in_old && !is_shown(&old, line.old)
        })
    }

    /// Whether it is these lines that were quoted. What is known of the old version has to allow it, enough of what stands
    /// around has to be there, on both sides where the lines themselves do not tell, and no other way to lay both side by side
    /// may keep as much.
    pub fn fits(&self, is: &Range<usize>) -> bool {
        let is_same_old = self.is_same_old == Some(true);
        if is_same_old && !self.pairs(&self.was, is).all(is_of_one_place) {
            return false;
        }
        let is_in_old = |(was, is): (&SideLine<'_>, &SideLine<'_>)| was.is_in_old && is.is_in_old;
        let is_old_line = is_same_old && self.pairs(&self.was, is).all(is_in_old);
        let window = self.window();
        let shown = self.shown_around(&window, is);
        let near = |was: &Range<usize>, now: &Range<usize>| {
            let mut here = self.landmarks.iter();
            here.any(|(at, is_now)| was.contains(at) && now.contains(is_now))
        };
        let (above, below) = (window.start..self.was.start, self.was.end..window.end);
        let (shown_above, shown_below) = (shown.start..is.start, is.end..shown.end);
        let is_crossed = near(&above, &shown_below) || near(&below, &shown_above);
        let is_within = near(&above, &shown_above) && near(&below, &shown_below);
        if is_crossed && !(self.is_landmark && is_within) || self.are_most_elsewhere(&shown) {
            return false;
        }
        let begins =
            |lines: &[SideLine<'_>], at: usize| lines.get(at).is_some_and(|it| it.number == 1);
        let is_begin = begins(self.before, window.start) && begins(self.now, shown.start);
        let holds = (
            is_begin || near(&above, &shown_above),
            near(&below, &shown_below),
        );
        let kept = self.kept_with(&window, &shown, is);
        let is_half = 2 * kept > window.len();
        let is_told = self.is_landmark || is_old_line;
        let is_held = match holds {
            (true, true) => true,
            (false, false) => self.is_landmark && is_old_line,
            _ => {
                is_told && (is_half || self.has_nearest(&window, &shown))
                    || self.is_below_landmark(is)
            }
        };
        is_held && (is_half || is_old_line) && self.is_best(&window, &shown, is)
    }

    /// Whether what stood around stands elsewhere by now.
    fn are_most_elsewhere(&self, shown: &Range<usize>) -> bool {
        let here = self.landmarks.iter().filter(|(_, at)| shown.contains(at));
        2 * here.count() < self.landmarks.len()
    }

    /// Whether the nearest line that says something is still there, above or below.
    fn has_nearest(&self, window: &Range<usize>, shown: &Range<usize>) -> bool {
        let says = |at: &usize| {
            let line = self.before.get(*at);
            line.is_some_and(|line| says_something(line.text))
        };
        let above = (window.start..self.was.start).rev().find(says);
        let below = (self.was.end..window.end).find(says);
        let mut here = self.landmarks.iter().filter(|(_, at)| shown.contains(at));
        here.any(|(at, _)| [above, below].contains(&Some(*at)))
    }

    /// Whether the line right above is a landmark: of lines alike git keeps the first ones.
    fn is_below_landmark(&self, is: &Range<usize>) -> bool {
        let pair = self.was.start.checked_sub(1).zip(is.start.checked_sub(1));
        pair.is_some_and(|pair| self.landmarks.contains(&pair))
    }

    /// How many lines stay when these are taken for the quoted ones.
    fn kept_with(&self, window: &Range<usize>, shown: &Range<usize>, is: &Range<usize>) -> usize {
        let (before, now) = (self.before, self.now);
        let above = kept(
            &texts(before, window.start..self.was.start),
            &texts(now, shown.start..is.start),
            None,
        );
        let below = kept(
            &texts(before, self.was.end..window.end),
            &texts(now, is.end..shown.end),
            None,
        );
        above + self.was.len() + below
    }

    /// What stands together with lines, as far as it is looked at.
    fn shown_around(&self, window: &Range<usize>, is: &Range<usize>) -> Range<usize> {
        let above = self.was.start - window.start + NEW_LINES_BETWEEN;
        let below = window.end - self.was.end + NEW_LINES_BETWEEN;
        run_around(self.now, is, (above, below))
    }

    /// What was quoted.
    fn window(&self) -> Range<usize> {
        run_around(self.before, &self.was, (usize::MAX, usize::MAX))
    }

    /// Whether other lines that say the same fit as well.
    pub fn has_rival(&self, is: &Range<usize>, places: &[Range<usize>]) -> bool {
        let window = self.window();
        let kept_at =
            |is: &Range<usize>| self.kept_with(&window, &self.shown_around(&window, is), is);
        let own = kept_at(is);
        places
            .iter()
            .any(|other| other != is && kept_at(other) >= own)
    }

    /// Whether there is no other way to lay both side by side that keeps as many lines.
    fn is_best(&self, window: &Range<usize>, shown: &Range<usize>, is: &Range<usize>) -> bool {
        let this_way = self.kept_with(window, shown, is);
        let (was, shown_texts) = (
            texts(self.before, window.clone()),
            texts(self.now, shown.clone()),
        );
        let (first, last) = (
            self.was.start - window.start,
            self.was.end - 1 - window.start,
        );
        let (is_first, is_last) = (is.start - shown.start, is.end - 1 - shown.start);
        kept(&was, &shown_texts, Some((first, is_first))) < this_way
            && (first == last || kept(&was, &shown_texts, Some((last, is_last))) < this_way)
    }
}

/// Whether two lines may be one, where the old version is the same.
fn is_of_one_place((was, is): (&SideLine<'_>, &SideLine<'_>)) -> bool {
    match (was.is_in_old, is.is_in_old) {
        (true, true) => was.old == is.old,
        _ => was.change.0.max(is.change.0) <= was.change.1.min(is.change.1),
    }
}

fn texts<'a>(lines: &[SideLine<'a>], range: Range<usize>) -> Vec<&'a str> {
    let lines = lines.get(range).unwrap_or_default();
    lines.iter().map(|line| line.text).collect()
}

/// Where a line that says something stands now, when it is the only one with these words on both sides.
fn only(before: &[SideLine<'_>], now: &[SideLine<'_>], line: &SideLine<'_>) -> Option<usize> {
    if !says_something(line.text) {
        return None;
    }
    let is_it = |other: &&SideLine<'_>| other.text == line.text;
    let mut found = now.iter().enumerate().filter(|(_, other)| is_it(other));
    let (at, _) = found.next()?;
    let is_only = found.next().is_none() && before.iter().filter(is_it).count() == 1;
    is_only.then_some(at)
}

/// How many lines stay when one text becomes the other, at most. `apart` are two lines that are not to be taken for one.
fn kept(was: &[&str], is: &[&str], apart: Option<(usize, usize)>) -> usize {
    let mut row = vec![0; is.len() + 1];
    for (at, line) in was.iter().enumerate() {
        let mut diagonal = 0;
        let mut left = 0;
        for (is_at, (other, slot)) in is.iter().zip(row.iter_mut().skip(1)).enumerate() {
            let above = *slot;
            *slot = if line == other && apart != Some((at, is_at)) {
                diagonal + 1
            } else {
                above.max(left)
            };
            (diagonal, left) = (above, *slot);
        }
    }
    row.last().copied().unwrap_or_default()
}
