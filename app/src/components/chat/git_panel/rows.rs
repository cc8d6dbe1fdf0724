//! The rows of a file's diff in order: lines, what is left out between them, comments under their lines, the open box.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use super::review::Shown;
use crate::diff::anchor::Placement;
use crate::diff::selection::LineRange;
use crate::diff::{DiffFile, DiffLine, Hunk, changed_ranges};

/// Lines shown before the reader asks for the rest.
pub const SHOWN_LINES: usize = 600;
/// Lines shown after the last comment.
const AFTER_COMMENT: usize = 10;

/// A row.
#[derive(Clone)]
pub enum Row {
    /// Lines that are left out.
    Gap(String),
    /// A line.
    Line(LineRow),
    /// A comment on the lines above.
    Comment(Shown, Placement),
    /// The box for the lines above.
    Box,
}

/// A line of the diff.
#[derive(Clone)]
pub struct LineRow {
    /// The file.
    file: Arc<DiffFile>,
    /// Which of its hunks, and which line of that.
    at: (usize, usize),
    /// Which line of the file.
    pub position: usize,
    /// What changed in it.
    pub mark: Option<Range<usize>>,
    /// Its text in colours.
    pub html: Option<String>,
}

impl LineRow {
    /// The line.
    pub fn line(&self) -> Option<&DiffLine> {
        let (hunk, line) = self.at;
        self.file.hunks.get(hunk)?.lines.get(line)
    }
}

impl Row {
    /// What tells it from the others of its file. A line that changes is another one.
    pub fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Gap(words) => ("gap", words).hash(&mut hasher),
            Self::Line(row) => {
                ("line", row.position, row.line(), &row.mark).hash(&mut hasher);
                row.html.hash(&mut hasher);
            }
            Self::Comment(shown, placement) => {
                let is_moved = matches!(placement, Placement::Moved(_));
                let lines = placement.range().map(|range| (range.start, range.end));
                (shown.element_id(), &shown.comment.content, is_moved, lines).hash(&mut hasher);
            }
            Self::Box => "box".hash(&mut hasher),
        }
        hasher.finish()
    }
}

/// What is shown of a file.
pub struct Shape<'a> {
    /// The file.
    pub file: &'a Arc<DiffFile>,
    /// Its lines in colours.
    pub html: Option<&'a Vec<String>>,
    /// Whether all of it is shown.
    pub is_whole: bool,
    /// The comments that have a place.
    pub placed: &'a [(Shown, Placement)],
    /// The lines of the open box.
    pub open: Option<LineRange>,
}

/// The rows.
pub fn rows(shape: &Shape<'_>) -> Vec<Row> {
    let limit = limit(shape);
    let mut rows = Vec::new();
    let mut position = 0;
    let mut last_line = 0;
    for (at, hunk) in shape.file.hunks.iter().enumerate() {
        if position >= limit {
            break;
        }
        rows.extend(gap(hunk, last_line).map(Row::Gap));
        let marks = changed_ranges(&hunk.lines);
        let lines = hunk.lines.iter().zip(marks).enumerate();
        for (index, (line, mark)) in lines.take(limit - position) {
            rows.push(Row::Line(LineRow {
                file: Arc::clone(shape.file),
                at: (at, index),
                position,
                mark,
                html: shape.html.and_then(|lines| lines.get(position)).cloned(),
            }));
            rows.extend(below(shape, line));
            position += 1;
        }
        last_line = hunk.new_start.saturating_add(hunk.new_count);
    }
    rows
}

/// What stands under a line.
fn below(shape: &Shape<'_>, line: &DiffLine) -> Vec<Row> {
    let ends_here = |range: LineRange| line.number(range.side) == Some(range.end);
    let comments = shape.placed.iter().filter(|(_, placement)| {
        let range = placement.range();
        range.is_some_and(ends_here)
    });
    let comments = comments.map(|(shown, placement)| Row::Comment(shown.clone(), *placement));
    let open = shape.open.filter(|range| ends_here(*range));
    comments.chain(open.map(|_| Row::Box)).collect()
}

/// How many lines are shown: as far as there are comments, whatever else.
fn limit(shape: &Shape<'_>) -> usize {
    let total = shape.file.line_count();
    if shape.is_whole || total <= SHOWN_LINES {
        return total;
    }
    let ranges = shape.placed.iter().filter_map(|(_, it)| it.range());
    let ranges: Vec<LineRange> = ranges.chain(shape.open).collect();
    let is_commented = |line: &DiffLine| ranges.iter().any(|range| range.holds(line));
    let mut last = 0;
    for (position, line) in shape.file.lines().enumerate().skip(SHOWN_LINES) {
        if is_commented(line) {
            last = position + AFTER_COMMENT;
        }
    }
    last.max(SHOWN_LINES).min(total)
}

/// Lines that are shown only when the reader asks.
pub fn hidden_lines(shape: &Shape<'_>) -> usize {
    shape.file.line_count().saturating_sub(limit(shape))
}

/// How many lines are left out before a hunk and what they belong to.
fn gap(hunk: &Hunk, last_line: u32) -> Option<String> {
    let skipped = hunk.new_start.saturating_sub(last_line.max(1));
    let section = &hunk.section;
    match skipped {
        0 if section.is_empty() => None,
        0 => Some(section.clone()),
        1 => Some(format!("1 unchanged line  {section}")),
        many => Some(format!("{many} unchanged lines  {section}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use sdk::parts::{DiffComment, DiffSide};

    use super::*;
    use crate::components::chat::git_panel::review::Source;
    use crate::diff::parse;

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
            }),
        }
    }

    fn drawn(text: &str, placed: &[(Shown, Placement)], open: Option<LineRange>) -> Vec<String> {
        let file = Arc::new(parse(text).remove(0));
        let shape = Shape {
            file: &file,
            html: None,
            is_whole: false,
            placed,
            open,
        };
        let words = |row: &Row| match row {
            Row::Gap(words) => words.clone(),
            Row::Line(row) => row.line().unwrap().text.clone(),
            Row::Comment(shown, _) => shown.element_id(),
            Row::Box => "box".to_owned(),
        };
        rows(&shape).iter().map(words).collect()
    }

    fn lines(side: DiffSide, start: u32, end: u32) -> LineRange {
        LineRange { side, start, end }
    }

    #[test]
    fn comments_and_the_box_stand_under_the_last_of_their_lines() {
        let text = "--- a/x\n+++ b/x\n@@ -3,2 +3,3 @@ fn main\n one\n-two\n+2\n+2b\n";
        let here = Placement::Here(lines(DiffSide::New, 3, 4));
        let outdated = (shown(2), Placement::Outdated);
        let placed = [(shown(1), here), outdated];
        assert_eq!(
            drawn(text, &placed, Some(lines(DiffSide::Old, 4, 4))),
            [
                "2 unchanged lines  fn main",
                "one",
                "two",
                "box",
                "2",
                "comment-1",
                "2b"
            ]
        );
    }

    #[test]
    fn a_long_file_is_shown_as_far_as_it_has_comments() {
        let all: Vec<_> = (1..=900).map(|number| format!("+{number}")).collect();
        let all = all.join("\n");
        let text = format!("--- /dev/null\n+++ b/x\n@@ -0,0 +1,900 @@\n{all}\n");
        assert_eq!(drawn(&text, &[], None).len(), SHOWN_LINES);
        let far = Placement::Here(lines(DiffSide::New, 700, 702));
        let drawn = drawn(&text, &[(shown(1), far)], None);
        assert_eq!(drawn.len(), 701 + AFTER_COMMENT + 1);
        assert_eq!(drawn[702], "comment-1");
    }
}
