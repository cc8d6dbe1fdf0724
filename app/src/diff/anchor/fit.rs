//! How well lines that were found fit those that were quoted: what stands around both is laid side by side, as git does.

use std::ops::Range;

use sdk::parts::DiffSide;

use super::old::Known;
use super::side::{SideLine, run_around, side_lines};
use super::witness::{Way, Witness};
use super::{MANY_LETTERS, NEW_LINES_BETWEEN, letters, says_something};
use crate::diff::Hunk;

/// What was quoted and what is shown now.
pub struct Sides<'a> {
    pub(super) before: &'a [SideLine<'a>],
    pub(super) was: Range<usize>,
    pub(super) now: &'a [SideLine<'a>],
    /// Lines around that say something and stand once in what was quoted and once in what is shown: where.
    pub(super) landmarks: Vec<(usize, usize)>,
    /// Whether the lines themselves are such.
    is_landmark: bool,
    /// Whether each of them says something and is there only once.
    is_lone: bool,
    /// What is known besides.
    pub(super) known: Known<'a>,
}

/// How what stands around lies.
struct Around {
    /// Whether lines that tell stand on the other side, or most of them elsewhere.
    is_torn: bool,
    /// Whether lines that tell are still above, or the file begins there, and below.
    holds: (bool, bool),
}

impl<'a> Sides<'a> {
    /// Lines that were quoted, and all that is shown now. `places` are those where the same words stand.
    pub fn new(
        before: &'a [SideLine<'a>],
        was: Range<usize>,
        now: &'a [SideLine<'a>],
        places: &[Range<usize>],
        known: Known<'a>,
    ) -> Self {
        let around = (0..was.start).chain(was.end..before.len());
        let landmarks = around.filter_map(|at| Some((at, only(before, now, before.get(at)?)?)));
        let own = before.get(was.clone()).unwrap_or_default();
        let is_only = |line: &SideLine<'_>| only(before, now, line).is_some();
        Self {
            landmarks: landmarks.collect(),
            is_lone: places.len() == 1 && own.iter().all(is_only),
            is_landmark: places.len() == 1 && {
                let mut saying = own.iter().filter(|line| says_something(line.text));
                let edges = [own.first(), own.last()];
                saying.all(is_only)
                    && edges.iter().flatten().all(|line| says_something(line.text))
                    && own.iter().map(|line| letters(line.text)).sum::<usize>() >= MANY_LETTERS
            },
            before,
            was,
            now,
            known,
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
            && [Way::Up, Way::Down]
                .iter()
                .all(|way| self.witness(is, *way) != Witness::Changed)
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
                || self.known.is_same_old.is_none() && line.is_in_old && !is_shown(&old, line.old)
        })
    }

    /// Whether it is these lines that were quoted, by what git says of the old version or by all that was quoted, and whether
    /// neither another way to lay both side by side nor another place speaks for other ones.
    pub fn fits(&self, is: &Range<usize>) -> bool {
        let witnesses = [Way::Up, Way::Down].map(|way| self.witness(is, way));
        let (may_be_one, do_texts_tell) = (self.may_be_one(is), self.do_texts_tell(witnesses));
        if !may_be_one && !do_texts_tell {
            return false;
        }
        let window = self.window();
        let shown = self.shown_around(&window, is);
        let is_half = 2 * self.kept_with(&window, &shown, is) > window.len();
        let around = self.around(&window, &shown, is);
        let does_git_tell = may_be_one && self.does_git_tell(is, witnesses, &around, is_half);
        (does_git_tell || do_texts_tell && is_half && !around.is_torn)
            && self.is_best(&window, &shown, is)
            && !self.is_disputed(is)
    }

    /// What is known where the old version is the same: git says of its lines where they are, and between which of them a line
    /// was added.
    fn does_git_tell(
        &self,
        is: &Range<usize>,
        witnesses: [Witness; 2],
        around: &Around,
        is_half: bool,
    ) -> bool {
        let is_old_line = self
            .pairs(&self.was, is)
            .all(|(was, is)| was.is_in_old && is.is_in_old);
        if around.is_torn || !is_half && !is_old_line {
            return false;
        }
        let ([above, below], (holds_above, holds_below)) = (witnesses, around.holds);
        let [is_firm_above, is_firm_below] =
            [Way::Up, Way::Down].map(|way| !self.may_have_slid(is, way));
        let is_open_above = is_old_line && is_firm_above && above == Witness::Open;
        let is_open_below = is_old_line && is_firm_below && below == Witness::Open;
        let is_any_same = above.is_same() || below.is_same();
        if self.is_landmark {
            let is_any_near = holds_above || holds_below;
            return is_old_line && (is_any_same || is_open_above || is_open_below)
                || holds_above && holds_below
                || is_any_near && (above.is_all() || below.is_all());
        }
        let is_unchanged =
            witnesses.iter().all(|it| *it != Witness::Changed) && (is_any_same || is_old_line);
        let is_between = (above.is_all() || is_open_above) && holds_below
            || (below.is_all() || is_open_below) && holds_above;
        let has_stayed = above.is_all() && is_firm_below || below.is_all() && is_firm_above;
        is_unchanged || is_between || (is_old_line || self.is_lone) && has_stayed
    }

    /// What the texts alone tell: all that was quoted has to stand there. Where the old version is another one, less is enough
    /// for lines of the new one that tell themselves, or that stand next to lines that are in both versions.
    fn do_texts_tell(&self, witnesses: [Witness; 2]) -> bool {
        let [above, below] = witnesses;
        let is_enough = |one: Witness, other: Witness| {
            one.is_all() && (other == Witness::Open || self.is_landmark && other.is_same())
        };
        let is_other_old = self.known.is_new_side && !self.is_same_old();
        above.is_all() && below.is_all()
            || is_other_old && (is_enough(above, below) || is_enough(below, above))
    }

    /// How what stands around lies.
    fn around(&self, window: &Range<usize>, shown: &Range<usize>, is: &Range<usize>) -> Around {
        let near = |was: &Range<usize>, now: &Range<usize>| {
            let mut here = self.landmarks.iter();
            here.any(|(at, is_now)| was.contains(at) && now.contains(is_now))
        };
        let (above, below) = (window.start..self.was.start, self.was.end..window.end);
        let (shown_above, shown_below) = (shown.start..is.start, is.end..shown.end);
        let is_crossed = near(&above, &shown_below) || near(&below, &shown_above);
        let near_above = near(&above, &shown_above);
        let near_below = near(&below, &shown_below);
        let is_within = self.is_landmark && near_above && near_below;
        let begins =
            |lines: &[SideLine<'_>], at: usize| lines.get(at).is_some_and(|it| it.number == 1);
        let is_begin = begins(self.before, window.start) && begins(self.now, shown.start);
        Around {
            is_torn: is_crossed && !is_within || self.are_most_elsewhere(shown),
            holds: (is_begin || near_above, near_below),
        }
    }

    fn is_same_old(&self) -> bool {
        self.known.is_same_old == Some(true)
    }

    /// Whether the old version is the same and allows that these are the quoted lines.
    fn may_be_one(&self, is: &Range<usize>) -> bool {
        self.is_same_old()
            && self
                .pairs(&self.was, is)
                .all(|pair| self.is_of_one_place(pair))
    }

    /// Whether what stood around stands elsewhere by now.
    fn are_most_elsewhere(&self, shown: &Range<usize>) -> bool {
        let here = self.landmarks.iter().filter(|(_, at)| shown.contains(at));
        2 * here.count() < self.landmarks.len()
    }

    /// Whether two lines may be one, where the old version is the same. Git says of its lines where they are.
    fn is_of_one_place(&self, (was, is): (&SideLine<'_>, &SideLine<'_>)) -> bool {
        let is_in_reach = was.change.0.max(is.change.0) <= was.change.1.min(is.change.1);
        match (was.is_in_old, is.is_in_old) {
            (true, true) => was.old == is.old,
            (true, false) => is_in_reach && self.known.removed(was.old).is_some(),
            (false, true) => is_in_reach && self.known.was_removed.contains(&is.old),
            (false, false) => is_in_reach,
        }
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
        places.iter().any(|other| {
            other != is && kept_at(other) >= own && (!self.is_same_old() || self.may_be_one(other))
        })
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
