//! The rows of a file's diff in order: lines in one column or in two, what is left out between them, comments under their
//! lines, the open box. They are drawn in runs of [`RUN_ROWS`], those near the reader.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use sdk::parts::DiffSide;

use super::review::Shown;
use super::windows::{GAP_PX, LINE_PX};
use crate::diff::anchor::Placement;
use crate::diff::pairs::{Pair, facing, single};
use crate::diff::regions::{Opened, Origin, ReadLines, Region};
use crate::diff::selection::{LineRange, Point};
use crate::diff::{DiffFile, DiffLine, Hunk, Marks, changed_ranges};

/// Rows drawn together.
pub const RUN_ROWS: usize = 100;

/// A row.
#[derive(Clone)]
pub enum Row {
    /// Lines that are not shown.
    Gap(Region),
    /// A line, or two that face each other.
    Line(LineRow),
    /// A comment on the lines above.
    Comment(Shown, Placement),
    /// The box for the lines above, of a side.
    Box(DiffSide),
}

/// A row of lines.
#[derive(Clone)]
pub struct LineRow {
    /// The file.
    file: Arc<DiffFile>,
    /// Which of its hunks.
    hunk: usize,
    /// What stands on the left, or the line of the only column.
    pub old: Option<Cell>,
    /// What stands on the right, or the line of the only column.
    pub new: Option<Cell>,
}

/// A line in a row.
#[derive(Clone)]
pub struct Cell {
    /// Which line of its hunk.
    at: usize,
    /// Whether it is the first line of the file.
    pub is_first: bool,
    /// What changed in it.
    pub marks: Marks,
    /// Its text in colours.
    pub html: Option<String>,
}

impl LineRow {
    /// A line of the row.
    pub fn line(&self, cell: &Cell) -> Option<&DiffLine> {
        self.file.hunks.get(self.hunk)?.lines.get(cell.at)
    }
}

impl Row {
    /// What tells it from the others of its file. A line that changes is another one.
    pub fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        match self {
            // It stays where it is while lines come out of it.
            Self::Gap(region) => ("gap", region.index).hash(&mut hasher),
            Self::Line(row) => {
                for cell in [&row.old, &row.new] {
                    let line = cell.as_ref().and_then(|cell| row.line(cell));
                    let seen = cell.as_ref().map(|it| (it.is_first, &it.marks, &it.html));
                    ("line", line, seen).hash(&mut hasher);
                }
            }
            Self::Comment(shown, placement) => {
                let is_moved = matches!(placement, Placement::Moved(_));
                let lines = placement.range().map(|range| (range.start, range.end));
                (shown.element_id(), &shown.comment.content, is_moved, lines).hash(&mut hasher);
            }
            Self::Box(side) => ("box", side == &DiffSide::Old).hash(&mut hasher),
        }
        hasher.finish()
    }
}

/// Where the lines of a file stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    opened: Arc<Opened>,
    /// Each row's hunk and lines.
    rows: Vec<(usize, Pair)>,
    /// What changed in the lines.
    marks: Vec<Vec<Marks>>,
    /// Which line of the file is the first of a hunk.
    firsts: Vec<usize>,
}

impl Plan {
    /// In one column or in two.
    pub fn new(opened: &Arc<Opened>, is_split: bool) -> Self {
        let file = &opened.file;
        let mut plan = Self {
            opened: Arc::clone(opened),
            rows: Vec::with_capacity(file.line_count()),
            marks: Vec::new(),
            firsts: Vec::new(),
        };
        let mut position = 0;
        for (at, hunk) in file.hunks.iter().enumerate() {
            if is_split {
                let pairs = facing(&hunk.lines);
                plan.rows.extend(pairs.into_iter().map(|pair| (at, pair)));
            } else {
                plan.rows.extend(single(&hunk.lines).map(|pair| (at, pair)));
            }
            plan.marks.push(changed_ranges(&hunk.lines));
            plan.firsts.push(position);
            position += hunk.lines.len();
        }
        plan
    }

    /// How many runs of rows there are.
    pub fn run_count(&self) -> usize {
        self.rows.len().div_ceil(RUN_ROWS)
    }

    fn run(&self, run: usize) -> impl Iterator<Item = &(usize, Pair)> {
        self.rows.iter().skip(run * RUN_ROWS).take(RUN_ROWS)
    }

    /// What is left of a region.
    pub fn region(&self, index: usize) -> Option<&Region> {
        self.opened.region(index)
    }

    /// What is not shown before a hunk, or behind the last one.
    fn region_before(&self, hunk: usize) -> Option<Row> {
        let region = self.opened.regions.get(hunk)?.clone();
        region.map(Row::Gap)
    }

    /// How high a run is likely to be.
    pub fn run_px(&self, run: usize) -> usize {
        let firsts = self.run(run).filter(|(_, pair)| is_first(*pair));
        let gaps = firsts.filter(|(hunk, _)| self.region_before(*hunk).is_some());
        self.run(run).count() * LINE_PX + gaps.count() * GAP_PX
    }

    /// The run in which a line is.
    pub fn run_of(&self, point: Point) -> Option<usize> {
        let is_it = |(hunk, pair): &(usize, Pair)| {
            let at = match point.side {
                DiffSide::Old => pair.old,
                DiffSide::New => pair.new,
            };
            let line = at.and_then(|at| self.opened.file.hunks.get(*hunk)?.lines.get(at));
            line.is_some_and(|line| line.number(point.side) == Some(point.number))
        };
        Some(self.rows.iter().position(is_it)? / RUN_ROWS)
    }

    fn cell(&self, hunk: usize, at: Option<usize>, shape: &Shape<'_>) -> Option<Cell> {
        let at = at?;
        let position = self.firsts.get(hunk)? + at;
        let html = match self.opened.origin(position) {
            Origin::Diff(position) => shape.html.and_then(|lines| lines.get(position)),
            Origin::Read(number) => shape.read.and_then(|read| read.html(number)),
        };
        Some(Cell {
            at,
            is_first: position == 0,
            marks: self.marks.get(hunk)?.get(at)?.clone(),
            html: html.cloned(),
        })
    }
}

/// Whether a row is the first of its hunk.
fn is_first(pair: Pair) -> bool {
    pair.old == Some(0) || pair.new == Some(0)
}

/// What is shown of a file.
pub struct Shape<'a> {
    /// Where its lines stand.
    pub plan: &'a Plan,
    /// The lines of its diff in colours.
    pub html: Option<&'a Vec<String>>,
    /// The lines that are opened.
    pub read: Option<&'a ReadLines>,
    /// The comments that have a place.
    pub placed: &'a [(Shown, Placement)],
    /// The lines of the open box.
    pub open: Option<LineRange>,
}

/// The rows of a run.
pub fn rows(shape: &Shape<'_>, run: usize) -> Vec<Row> {
    let plan = shape.plan;
    let mut rows = Vec::new();
    for &(at, pair) in plan.run(run) {
        let file = &plan.opened.file;
        let Some(hunk) = file.hunks.get(at) else {
            continue;
        };
        if is_first(pair) {
            rows.extend(plan.region_before(at));
        }
        rows.push(Row::Line(LineRow {
            file: Arc::clone(file),
            hunk: at,
            old: plan.cell(at, pair.old, shape),
            new: plan.cell(at, pair.new, shape),
        }));
        rows.extend(below(shape, hunk, pair));
    }
    if run + 1 == plan.run_count() {
        rows.extend(plan.region_before(plan.opened.file.hunks.len()));
    }
    rows
}

/// What stands under a row.
fn below(shape: &Shape<'_>, hunk: &Hunk, pair: Pair) -> Vec<Row> {
    let number = |side| {
        let at = match side {
            DiffSide::Old => pair.old,
            DiffSide::New => pair.new,
        };
        hunk.lines.get(at?)?.number(side)
    };
    let ends_here = |range: LineRange| number(range.side) == Some(range.end);
    let comments = shape.placed.iter().filter(|(_, placement)| {
        let range = placement.range();
        range.is_some_and(ends_here)
    });
    let comments = comments.map(|(shown, placement)| Row::Comment(shown.clone(), *placement));
    let open = shape.open.filter(|range| ends_here(*range));
    let open = open.map(|range| Row::Box(range.side));
    comments.chain(open).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use sdk::parts::DiffComment;

    use super::*;
    use crate::components::chat::git_panel::review::Source;
    use crate::diff::parse;
    use crate::diff::regions::open;

    fn shown(key: u32) -> Shown {
        Shown {
            source: Source::Draft(key),
            comment: Arc::new(DiffComment {
                file_name: "x".to_owned(),
                start_line: 1,
                end_line: 1,
                side: DiffSide::New,
                content: "Why?".to_owned(),
                diff_hunk: None,
                repo_root: None,
                blob: None,
            }),
        }
    }

    fn plan(text: &str, is_split: bool) -> Plan {
        let file = Arc::new(parse(text).remove(0));
        Plan::new(&Arc::new(open(&file, DiffSide::Old, None)), is_split)
    }

    fn drawn(plan: &Plan, placed: &[(Shown, Placement)], open: Option<LineRange>) -> Vec<String> {
        let shape = Shape {
            plan,
            html: None,
            read: None,
            placed,
            open,
        };
        let text = |row: &LineRow, cell: &Option<Cell>| {
            let line = cell.as_ref().and_then(|cell| row.line(cell));
            line.map_or(String::new(), |line| line.text.clone())
        };
        let words = |row: &Row| match row {
            Row::Gap(region) => format!("{:?} {}", region.count, region.section),
            Row::Line(row) => format!("{}|{}", text(row, &row.old), text(row, &row.new)),
            Row::Comment(shown, _) => shown.element_id(),
            Row::Box(side) => format!("box {side:?}"),
        };
        let runs = (0..plan.run_count()).flat_map(|run| rows(&shape, run));
        runs.map(|row| words(&row)).collect()
    }

    fn lines(side: DiffSide, start: u32, end: u32) -> LineRange {
        LineRange { side, start, end }
    }

    const CHANGED: &str = "--- a/x\n+++ b/x\n@@ -3,2 +3,3 @@ fn main\n one\n-two\n+2\n+2b\n";

    #[test]
    fn comments_and_the_box_stand_under_the_last_of_their_lines() {
        let here = Placement::Here(lines(DiffSide::New, 3, 4));
        let outdated = (shown(2), Placement::Outdated);
        let placed = [(shown(1), here), outdated];
        let open = Some(lines(DiffSide::Old, 4, 4));
        assert_eq!(
            drawn(&plan(CHANGED, false), &placed, open),
            [
                "Some(2) fn main",
                "one|one",
                "two|",
                "box Old",
                "|2",
                "comment-1",
                "|2b"
            ]
        );
        assert_eq!(
            drawn(&plan(CHANGED, true), &placed, open),
            [
                "Some(2) fn main",
                "one|one",
                "two|2",
                "comment-1",
                "box Old",
                "|2b"
            ]
        );
    }

    #[test]
    fn a_gap_is_said_once_also_where_nothing_faces_the_first_line() {
        let text = "--- a/x\n+++ b/x\n@@ -3,1 +3,2 @@ fn\n+0\n one\n@@ -9,1 +10,2 @@\n-a\n+b\n+c\n";
        for is_split in [false, true] {
            let drawn = drawn(&plan(text, is_split), &[], None);
            let gaps = drawn.iter().filter(|row| row.starts_with("Some"));
            assert_eq!(gaps.count(), 2, "{drawn:?}");
        }
    }

    #[test]
    fn what_comes_after_the_last_lines_stands_behind_them_and_keeps_its_name() {
        let text = "--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n-a\n+b\n c\n d\n e\n";
        let file = Arc::new(parse(text).remove(0));
        let mut read = ReadLines::default();
        let key_of_last = |plan: &Plan, read| {
            let shape = Shape {
                plan,
                html: None,
                read,
                placed: &[],
                open: None,
            };
            let rows = rows(&shape, plan.run_count() - 1);
            (rows.len(), rows.last().map(Row::key))
        };
        let plan = Plan::new(&Arc::new(open(&file, DiffSide::Old, None)), false);
        let before = key_of_last(&plan, None);
        let lines = sdk::git::GitLines {
            first_line: 5,
            lines: vec!["f".to_owned()],
            total_lines: 9,
            is_unterminated: false,
        };
        read.take(lines, vec!["<b>f</b>".to_owned()]);
        let plan = Plan::new(&Arc::new(open(&file, DiffSide::Old, Some(&read))), false);
        let after = key_of_last(&plan, Some(&read));
        assert_eq!((before.0, after.0), (6, 7));
        assert_eq!(before.1, after.1);
        assert_eq!(plan.region(1).unwrap().count, Some(4));
    }

    proptest::proptest! {
        #[test]
        fn runs_hold_all_lines_in_order(signs in "[ +-]{1,450}") {
            let count = |other| signs.chars().filter(|sign| *sign != other).count();
            let lines: Vec<_> = signs.chars().zip(0..).map(|(sign, at)| format!("{sign}{at}\n")).collect();
            let header = format!("--- a/x\n+++ b/x\n@@ -1,{} +1,{} @@\n", count('+'), count('-'));
            let text = header + &lines.concat();
            for is_split in [false, true] {
                let drawn = drawn(&plan(&text, is_split), &[], None);
                let rows: Vec<(&str, &str)> = drawn.iter().filter_map(|row| row.split_once('|')).collect();
                proptest::prop_assert!(is_split || rows.len() == lines.len());
                let column = |side: &str, other| {
                    let lines = lines.iter().filter(|line| !line.starts_with(other));
                    let lines: Vec<&str> = lines.map(|line| line[1..].trim_end()).collect();
                    let shown = rows.iter().map(|row| if side == "old" { row.0 } else { row.1 });
                    shown.filter(|text| !text.is_empty()).eq(lines)
                };
                proptest::prop_assert!(column("old", '+') && column("new", '-'));
            }
        }
    }

    #[test]
    fn a_long_file_is_drawn_in_runs() {
        let all: Vec<_> = (1..=250).map(|number| format!("+{number}")).collect();
        let all = all.join("\n");
        let text = format!("--- /dev/null\n+++ b/x\n@@ -0,0 +1,250 @@\n{all}\n");
        for is_split in [false, true] {
            let plan = plan(&text, is_split);
            assert_eq!(plan.run_count(), 3);
            let shape = Shape {
                plan: &plan,
                html: None,
                read: None,
                placed: &[],
                open: None,
            };
            let counts: Vec<_> = (0..4).map(|run| rows(&shape, run).len()).collect();
            assert_eq!(counts, [100, 100, 50, 0]);
            let run_of = |side, number| plan.run_of(Point { side, number });
            assert_eq!(run_of(DiffSide::New, 201), Some(2));
            assert_eq!(run_of(DiffSide::New, 100), Some(0));
            assert_eq!(run_of(DiffSide::Old, 1), None);
            assert_eq!(plan.run_px(2), 50 * LINE_PX);
        }
    }
}
