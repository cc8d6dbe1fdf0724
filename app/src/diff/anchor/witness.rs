//! What stands right above and right below lines, from them outwards: whether it bears witness that they are the quoted ones.

use std::ops::Range;

use super::fit::Sides;
use super::side::SideLine;
use super::{MAX_CONTEXT_LINES, MAX_CONTEXT_ROWS, WORDS_AROUND, says_something};

/// What one side of lines tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// Up to a landmark, or as far as was quoted, all is as it was.
    Same {
        /// Whether that is all that was quoted, or as many lines that say something as are quoted at least.
        is_all: bool,
    },
    /// As far as was quoted all is as it was, but stands elsewhere as well.
    Alike,
    /// As far as was quoted all is as it was, which tells nothing; what comes next is what came next in the old version, or is
    /// not shown either.
    Open,
    /// Something else stands there.
    Changed,
}

impl Witness {
    /// Whether it speaks for the lines.
    pub const fn is_same(self) -> bool {
        matches!(self, Self::Same { .. })
    }

    /// Whether it speaks for them with all that was quoted.
    pub const fn is_all(self) -> bool {
        matches!(self, Self::Same { is_all: true })
    }
}

/// From lines outwards.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// To smaller numbers.
    Up,
    /// To larger ones.
    Down,
}

impl Way {
    fn next<'a>(self, lines: &'a [SideLine<'a>], at: usize) -> Option<(usize, &'a SideLine<'a>)> {
        let (next, pair) = match self {
            Self::Up => {
                let next = at.checked_sub(1)?;
                (next, lines.get(next..=at)?)
            }
            Self::Down => (at + 1, lines.get(at..=at + 1)?),
        };
        let line = lines.get(next)?;
        SideLine::are_neighbours(pair).then_some((next, line))
    }

    /// The outermost of lines.
    const fn edge(self, range: &Range<usize>) -> usize {
        match self {
            Self::Up => range.start,
            Self::Down => range.end.saturating_sub(1),
        }
    }

    /// Whether a line of the old version comes right after another one, this way.
    fn are_old_neighbours(self, one: &SideLine<'_>, next: &SideLine<'_>) -> bool {
        let (first, last) = match self {
            Self::Up => (next, one),
            Self::Down => (one, next),
        };
        one.is_in_old && next.is_in_old && first.old.checked_add(1) == Some(last.old)
    }
}

impl Sides<'_> {
    /// What one side of the lines tells.
    pub fn witness(&self, is: &Range<usize>, way: Way) -> Witness {
        let (mut was_at, mut is_at) = (way.edge(&self.was), way.edge(is));
        let (mut said, mut rows, mut is_landmark_met) = (0, 0, false);
        loop {
            let was = way.next(self.before, was_at);
            let now = way.next(self.now, is_at);
            let same = |is_all| Witness::Same { is_all };
            match (was, now) {
                (Some((was_next, was)), Some((is_next, is))) if was.text == is.text => {
                    rows += 1;
                    let is_landmark = self.landmarks.contains(&(was_next, is_next));
                    said += usize::from(says_something(was.text));
                    is_landmark_met |= is_landmark;
                    (was_at, is_at) = (was_next, is_next);
                    if said >= WORDS_AROUND || rows >= MAX_CONTEXT_LINES {
                        return if is_landmark_met {
                            same(true)
                        } else {
                            Witness::Alike
                        };
                    }
                }
                (None, _) if is_landmark_met => return same(true),
                (None, _) if self.is_cut(way) => return Witness::Alike,
                (None, None) => return Witness::Open,
                (None, Some((_, next))) => {
                    let edge = self.now.get(is_at);
                    let goes_on = edge.is_some_and(|edge| way.are_old_neighbours(edge, next));
                    return if goes_on {
                        Witness::Open
                    } else {
                        Witness::Changed
                    };
                }
                (Some(_), _) if is_landmark_met => return same(false),
                // What is not shown is as it is in the old version.
                (Some((_, next)), None) => {
                    let edge = self.before.get(was_at);
                    let goes_on = edge.is_some_and(|edge| {
                        way.are_old_neighbours(edge, next) && !self.is_next_removed(edge, way)
                    });
                    return if goes_on
                        && self.known.is_new_side
                        && self.known.is_same_old == Some(true)
                    {
                        Witness::Open
                    } else {
                        Witness::Changed
                    };
                }
                (Some(_), Some(_)) => return Witness::Changed,
            }
        }
    }

    /// Whether the old version had another line next to it that is gone since.
    fn is_next_removed(&self, edge: &SideLine<'_>, way: Way) -> bool {
        let next = match way {
            Way::Up => edge.old.checked_sub(1),
            Way::Down => edge.old.checked_add(1),
        };
        let is_gone = |next: u32| {
            self.known.removed(next).is_some() && !self.known.was_removed.contains(&next)
        };
        self.known.is_new_side && edge.is_in_old && next.is_some_and(is_gone)
    }

    /// Whether a line that says the same as the outermost one was removed next to it, so that it may as well be that one.
    pub fn may_have_slid(&self, is: &Range<usize>, way: Way) -> bool {
        let Some(edge) = self.now.get(way.edge(is)) else {
            return true;
        };
        let mut number = edge.old;
        loop {
            let next = match way {
                Way::Up => number.checked_sub(1),
                Way::Down => number.checked_add(1),
            };
            let Some((at, text)) = next.and_then(|at| Some((at, self.known.removed(at)?))) else {
                return false;
            };
            if text == edge.text {
                return true;
            }
            number = at;
        }
    }

    /// Whether more stood there than was quoted.
    fn is_cut(&self, way: Way) -> bool {
        let row = self.before.get(way.edge(&self.was)).map(|line| line.row);
        let rows = row.map(|row| match way {
            Way::Up => row,
            Way::Down => self.known.quoted_rows.saturating_sub(row + 1),
        });
        rows.is_some_and(|rows| rows >= MAX_CONTEXT_ROWS)
    }

    /// Whether one of the lines may as well be another one that says the same: that has lines beside it which stood beside
    /// the quoted one, and those where it is taken to be do not tell more.
    pub fn is_disputed(&self, is: &Range<usize>) -> bool {
        let mut pairs = self.was.clone().zip(is.clone());
        pairs.any(|(was_at, is_at)| {
            let text = self.before.get(was_at).map(|line| line.text);
            let mut others = self.now.iter().enumerate();
            let (above, below) = self.told_beside(was_at, is_at, true);
            let own = (
                above || was_at == self.was.start && self.witness(is, Way::Up).is_same(),
                below || was_at + 1 == self.was.end && self.witness(is, Way::Down).is_same(),
            );
            others.any(|(at, line)| {
                if at == is_at || Some(line.text) != text {
                    return false;
                }
                let told = self.told_beside(was_at, at, false);
                let is_less = told.0 <= own.0 && told.1 <= own.1 && told != own;
                (told.0 || told.1) && !is_less
            })
        })
    }

    /// Whether the next line that says something is the same, above and below. Of the place itself it has to be there only once.
    fn told_beside(&self, was_at: usize, is_at: usize, is_own: bool) -> (bool, bool) {
        let tells = |way: Way| {
            let (mut was_at, mut is_at) = (was_at, is_at);
            loop {
                let was = way.next(self.before, was_at);
                let now = way.next(self.now, is_at);
                let Some(((was_next, was), (is_next, is))) = was.zip(now) else {
                    return false;
                };
                if was.text != is.text || says_something(was.text) {
                    let is_landmark = self.was.contains(&was_next)
                        || self.landmarks.contains(&(was_next, is_next));
                    return was.text == is.text && (!is_own || is_landmark);
                }
                (was_at, is_at) = (was_next, is_next);
            }
        };
        (tells(Way::Up), tells(Way::Down))
    }
}
