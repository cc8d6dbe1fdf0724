//! Which lines a reader chooses to comment on: of one side, shown, and standing together.

use sdk::parts::{DiffComment, DiffSide};

use super::{DiffFile, DiffLine, Hunk};

/// Longer choices are cut to the lines at their end.
const MAX_LINES: u32 = 500;

/// A line of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The side.
    pub side: DiffSide,
    /// Its number there, from 1.
    pub number: u32,
}

/// Lines of one side, from the first to the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRange {
    /// The side.
    pub side: DiffSide,
    /// The first line, from 1.
    pub start: u32,
    /// The last line.
    pub end: u32,
}

impl LineRange {
    /// One line.
    pub const fn of(point: Point) -> Self {
        Self {
            side: point.side,
            start: point.number,
            end: point.number,
        }
    }

    /// The lines that a comment is on, where its numbers can be those of lines.
    pub fn of_comment(comment: &DiffComment) -> Option<Self> {
        Some(Self {
            side: comment.side,
            start: u32::try_from(comment.start_line).ok()?,
            end: u32::try_from(comment.end_line).ok()?,
        })
    }

    /// The last of them.
    pub const fn last(self) -> Point {
        Point {
            side: self.side,
            number: self.end,
        }
    }

    /// Whether a line is among them.
    pub fn holds(self, line: &DiffLine) -> bool {
        let number = line.number(self.side);
        number.is_some_and(|number| (self.start..=self.end).contains(&number))
    }
}

impl DiffLine {
    /// The line as one of the wanted side, else of the only one that it stands on.
    pub fn point(&self, wanted: DiffSide) -> Option<Point> {
        let on = |side| self.number(side).map(|number| Point { side, number });
        on(wanted)
            .or_else(|| on(DiffSide::New))
            .or_else(|| on(DiffSide::Old))
    }
}

/// What is chosen from one line to another. Numbers of two versions are not compared: across sides it is the end alone. Lines
/// that are not shown are not chosen: it ends with the run of lines in which it began.
pub fn between(file: &DiffFile, from: Point, to: Point) -> LineRange {
    if from.side != to.side {
        return LineRange::of(to);
    }
    let side = from.side;
    let Some((first, last)) = file
        .hunks
        .iter()
        .filter_map(|hunk| ends(hunk, side))
        .find(|(first, last)| (*first..=*last).contains(&from.number))
    else {
        return LineRange::of(to);
    };
    let to = to.number.clamp(first, last);
    let (start, end) = (from.number.min(to), from.number.max(to));
    LineRange {
        side,
        start: start.max(end.saturating_sub(MAX_LINES - 1)),
        end,
    }
}

/// The first and the last line of a hunk on a side.
fn ends(hunk: &Hunk, side: DiffSide) -> Option<(u32, u32)> {
    let mut numbers = hunk.lines.iter().filter_map(|line| line.number(side));
    let first = numbers.next()?;
    Some((first, numbers.next_back().unwrap_or(first)))
}

/// The next line in the order that is shown, `by` lines on, as one of the wanted side where it stands there. Ends stay.
pub fn step(file: &DiffFile, from: Point, by: isize) -> Option<Point> {
    let at = file
        .lines()
        .position(|line| line.number(from.side) == Some(from.number))?;
    let last = file.line_count().checked_sub(1)?;
    let to = at.saturating_add_signed(by).min(last);
    file.lines().nth(to)?.point(from.side)
}

/// The next line of the same side, `by` lines on. Ends stay.
pub fn step_in_column(file: &DiffFile, from: Point, by: isize) -> Option<Point> {
    let numbers = || file.lines().filter_map(|line| line.number(from.side));
    let at = numbers().position(|number| number == from.number)?;
    let last = numbers().count().checked_sub(1)?;
    let number = numbers().nth(at.saturating_add_signed(by).min(last))?;
    Some(Point {
        side: from.side,
        number,
    })
}

/// The first line of the next run of lines, or of the one before: of its own when the line is not the first there.
pub fn step_hunk(file: &DiffFile, from: Point, is_next: bool) -> Option<Point> {
    let is_it = |line: &DiffLine| line.number(from.side) == Some(from.number);
    let find = |hunk: &Hunk| hunk.lines.iter().position(is_it);
    let (at, line) = file
        .hunks
        .iter()
        .enumerate()
        .find_map(|(at, hunk)| Some((at, find(hunk)?)))?;
    let to = match (is_next, line) {
        (true, _) => at + 1,
        (false, 0) => at.checked_sub(1)?,
        (false, _) => at,
    };
    file.hunks.get(to)?.lines.first()?.point(from.side)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use DiffSide::{New, Old};
    use proptest::prelude::*;

    use super::*;
    use crate::diff::parse;

    const DIFF: &str = "--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n one\n-two\n-three\n+2\n+3\n four\n@@ -20,2 +20,3 @@\n a\n+b\n c\n";

    fn file() -> DiffFile {
        parse(DIFF).remove(0)
    }

    fn at(side: DiffSide, number: u32) -> Point {
        Point { side, number }
    }

    fn range(from: Point, to: Point) -> (DiffSide, u32, u32) {
        let range = between(&file(), from, to);
        (range.side, range.start, range.end)
    }

    #[test]
    fn one_side_gives_all_lines_between_in_either_direction() {
        assert_eq!(range(at(New, 1), at(New, 3)), (New, 1, 3));
        assert_eq!(range(at(Old, 4), at(Old, 2)), (Old, 2, 4));
        assert_eq!(range(at(New, 2), at(New, 2)), (New, 2, 2));
    }

    #[test]
    fn across_sides_it_is_the_end_alone() {
        assert_eq!(range(at(Old, 2), at(New, 3)), (New, 3, 3));
        assert_eq!(range(at(New, 21), at(Old, 1)), (Old, 1, 1));
    }

    #[test]
    fn it_does_not_reach_over_what_is_not_shown() {
        assert_eq!(range(at(New, 3), at(New, 21)), (New, 3, 4));
        assert_eq!(range(at(New, 21), at(New, 2)), (New, 20, 21));
    }

    #[test]
    fn a_line_of_one_side_only_is_taken_there() {
        let file = file();
        let lines: Vec<_> = file.lines().collect();
        assert_eq!(lines[0].point(Old), Some(at(Old, 1)));
        assert_eq!(lines[1].point(New), Some(at(Old, 2)));
        assert_eq!(lines[3].point(Old), Some(at(New, 2)));
    }

    #[test]
    fn steps_go_through_what_is_shown() {
        let file = file();
        let walk = |from, by| step(&file, from, by).unwrap();
        assert_eq!(walk(at(New, 1), 1), at(Old, 2));
        assert_eq!(walk(at(Old, 3), 1), at(New, 2));
        assert_eq!(walk(at(New, 4), 1), at(New, 20));
        assert_eq!(walk(at(New, 1), -1), at(New, 1));
        assert_eq!(walk(at(New, 22), 9), at(New, 22));
        assert_eq!(step(&file, at(New, 10), 1), None);
    }

    #[test]
    fn steps_in_a_column_stay_on_its_side() {
        let file = file();
        let walk = |from, by| step_in_column(&file, from, by).unwrap();
        assert_eq!(walk(at(New, 1), 1), at(New, 2));
        assert_eq!(walk(at(New, 4), 1), at(New, 20));
        assert_eq!(walk(at(New, 22), 1), at(New, 22));
        assert_eq!(walk(at(Old, 3), 1), at(Old, 4));
        assert_eq!(walk(at(Old, 4), 1), at(Old, 20));
        assert_eq!(walk(at(Old, 20), -9), at(Old, 1));
        assert_eq!(step_in_column(&file, at(Old, 9), 1), None);
    }

    #[test]
    fn steps_from_run_to_run() {
        let file = file();
        let walk = |from, is_next| step_hunk(&file, from, is_next);
        assert_eq!(walk(at(New, 2), true), Some(at(New, 20)));
        assert_eq!(walk(at(New, 21), true), None);
        assert_eq!(walk(at(New, 21), false), Some(at(New, 20)));
        assert_eq!(walk(at(New, 20), false), Some(at(New, 1)));
        assert_eq!(walk(at(Old, 1), false), None);
    }

    #[test]
    fn long_choices_are_cut_to_their_end() {
        let lines: Vec<_> = (0..700).map(|number| format!("+{number}")).collect();
        let lines = lines.join("\n");
        let file = parse(&format!(
            "--- /dev/null\n+++ b/x\n@@ -0,0 +1,700 @@\n{lines}"
        ))
        .remove(0);
        let range = between(&file, at(New, 1), at(New, 650));
        assert_eq!((range.start, range.end), (151, 650));
    }

    proptest! {
        #[test]
        fn every_chosen_line_is_shown(from in (0_usize..9, any::<bool>()), to in (0_usize..9, any::<bool>())) {
            let file = file();
            let is_shown = |point: Point| file.lines().any(|line| line.number(point.side) == Some(point.number));
            let point = |(line, is_old)| {
                let line = file.lines().nth(line)?;
                line.point(if is_old { Old } else { New })
            };
            let (from, to) = (point(from).unwrap(), point(to).unwrap());
            let range = between(&file, from, to);
            prop_assert!(range.start <= range.end);
            for number in range.start..=range.end {
                prop_assert!(is_shown(at(range.side, number)), "{range:?}");
            }
            if from.side == to.side {
                prop_assert!((range.start..=range.end).contains(&from.number));
            } else {
                prop_assert_eq!(range, LineRange::of(to));
            }
        }
    }
}
