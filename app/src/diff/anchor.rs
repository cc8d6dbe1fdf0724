//! How a comment finds its lines again. Where the version that it was made on is kept and the one that is shown can be read,
//! both texts tell where they are ([`whole`]). Else it is by what the comment quotes, its lines with some around as a hunk
//! ([`quote`]): when the file has changed they are looked for by their text and by what stands around them ([`place`]).
//!
//! By either a comment is on its line or outdated, rather nowhere than on another line or a copy. Of a quote, what speaks for a
//! place has to rule the others out:
//!
//! - Where the old version is the same (`old`), git itself says which of its lines a shown one is, and between which an added
//!   one stands. No text is taken against that, but where all that was quoted stands together.
//! - What stands right beside the lines, outwards to one that is there only once, has to bear witness (`witness`); lines that
//!   say little, and lines of which few letters tell, need it where others are content with lines near them.
//! - No other place may have a witness that this one has not (`witness`), and no other way to lay both texts side by side may
//!   keep as many lines (`fit`). A line beside which the same words were removed may be the other one.
//! - Where nothing is known of the old version, lines may be out of sight; then all that was quoted has to be there, or on one
//!   side all of it, where the other one or the lines themselves tell as well.
//!
//! What is left the two diffs do not tell: the line itself went, and a copy or one that says the same has come to stand with what
//! stood around it. Over random edits with many moves and copies it is three in 100,000 (`tests::blame`). So that lines alike
//! can be told apart later, as much is quoted around them as that takes.

mod fit;
mod old;
mod side;
#[cfg(test)]
mod tests;
pub mod whole;
mod witness;

use std::fmt::Write as _;
use std::ops::Range;

use sdk::parts::{DiffComment, DiffSide};

use self::fit::Sides;
use self::old::Known;
use self::side::{SideLine, run_after, run_before, side_lines};
use super::selection::LineRange;
use super::{DiffFile, Hunk, LineKind, parse};

/// Lines quoted before and after, where there are as many.
const CONTEXT_LINES: usize = 3;
/// Lines quoted before and after at most, to tell them from others.
const MAX_CONTEXT_LINES: usize = 20;
/// Lines of both sides quoted before and after at most.
const MAX_CONTEXT_ROWS: usize = 40;
/// Lines that say something among those quoted before and after, where there are as many.
const WORDS_AROUND: usize = 3;
/// What is quoted of a line at most.
const MAX_LINE_BYTES: usize = 2000;
/// Letters and digits of lines that tell themselves: as many as git asks of moved lines before it takes them for the same ones.
const MANY_LETTERS: usize = 20;
/// How many lines may have come between the lines that stood around.
const NEW_LINES_BETWEEN: usize = 12;

/// Where a comment's lines are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Where they were.
    Here(LineRange),
    /// Elsewhere in the file.
    Moved(LineRange),
    /// Changed, gone, not shown, or not to be told from others.
    Outdated,
}

impl Placement {
    /// The lines, where they were found.
    pub const fn range(self) -> Option<LineRange> {
        match self {
            Self::Here(range) | Self::Moved(range) => Some(range),
            Self::Outdated => None,
        }
    }
}

/// Lines of a shown file with some around them, as a hunk; nothing when they are not shown together.
pub fn quote(file: &DiffFile, range: LineRange) -> Option<String> {
    let hunk = file
        .hunks
        .iter()
        .find(|hunk| hunk.lines.iter().any(|line| range.holds(line)))?;
    let own = side_lines(std::slice::from_ref(hunk), range.side);
    let quoted = indices(&own, range)?;
    let all = side_lines(&file.hunks, range.side);
    let around = context_wanted(&own, &all, &quoted);
    let first = own.get(quoted.start.saturating_sub(around))?.row;
    let last = own.get((quoted.end + around).min(own.len()) - 1)?.row;
    let (from, to) = (own.get(quoted.start)?.row, own.get(quoted.end - 1)?.row);
    let first = first.max(from.saturating_sub(MAX_CONTEXT_ROWS));
    let last = last.min(to + MAX_CONTEXT_ROWS);
    print(hunk, first..last + 1)
}

/// Finds a comment's lines in a file as it is shown now.
pub fn place(comment: &DiffComment, file: &DiffFile) -> Placement {
    find(comment, file).unwrap_or(Placement::Outdated)
}

fn find(comment: &DiffComment, file: &DiffFile) -> Option<Placement> {
    let range = LineRange::of_comment(comment)?;
    let quoted = parse(comment.diff_hunk.as_deref()?);
    let quoted = &quoted.first()?.hunks;
    let mut before = side_lines(quoted, range.side);
    let was = indices(&before, range)?;
    let now = side_lines(&file.hunks, range.side);
    let places = alike(&before, &was, &now);
    let known = Known::of((quoted, &file.hunks), range.side, &mut before);
    let is_other_old = known.is_same_old != Some(true);
    let sides = Sides::new(&before, was, &now, &places, known);
    if places.iter().any(|is| sides.is_unchanged(is)) {
        return Some(Placement::Here(range));
    }
    if is_other_old && sides.may_be_hidden(&file.hunks) {
        return None;
    }
    let mut fitting = places.iter().filter(|is| sides.fits(is));
    let (Some(is), None) = (fitting.next(), fitting.next()) else {
        return None;
    };
    if sides.has_rival(is, &places) {
        return None;
    }
    let placed = LineRange {
        side: range.side,
        start: now.get(is.start)?.number,
        end: now.get(is.end - 1)?.number,
    };
    Some(if placed == range {
        Placement::Here(placed)
    } else {
        Placement::Moved(placed)
    })
}

/// Where the lines of a range are among those of their side, when all of them are there.
fn indices(lines: &[SideLine<'_>], range: LineRange) -> Option<Range<usize>> {
    let start = lines.iter().position(|line| line.number == range.start)?;
    let count = usize::try_from(range.end.checked_sub(range.start)?).ok()? + 1;
    let last = lines.get(start + count - 1)?;
    (last.number == range.end).then_some(start..start + count)
}

/// All places where the same texts stand together.
fn alike(before: &[SideLine<'_>], was: &Range<usize>, now: &[SideLine<'_>]) -> Vec<Range<usize>> {
    let quoted = before.get(was.clone()).unwrap_or_default();
    let is_alike = |window: &[SideLine<'_>]| {
        let is_together = window.windows(2).all(SideLine::are_neighbours);
        is_together
            && window
                .iter()
                .zip(quoted)
                .all(|(is, was)| is.text == was.text)
    };
    now.windows(quoted.len().max(1))
        .enumerate()
        .filter(|(_, window)| is_alike(window))
        .map(|(at, window)| at..at + window.len())
        .collect()
}

/// How many lines around tell the quoted ones from all others that are shown.
fn context_wanted(own: &[SideLine<'_>], all: &[SideLine<'_>], quoted: &Range<usize>) -> usize {
    let places = alike(own, quoted, all);
    let (above, below) = (run_before(own, quoted), run_after(own, quoted));
    let is_told_by = |around: usize| {
        let is_same = |was: &[&str], is: &[&str]| {
            let mut pairs = was.iter().zip(is).take(around);
            pairs.all(|(was, is)| was == is)
        };
        let others = places.iter().filter(|place| {
            is_same(&above, &run_before(all, place)) && is_same(&below, &run_after(all, place))
        });
        let says_much = |run: &[&str]| {
            let lines = run.iter().take(around);
            lines.filter(|line| says_something(line)).count() >= WORDS_AROUND || run.len() <= around
        };
        says_much(&above) && says_much(&below) && others.count() < 2
    };
    let mut wanted = CONTEXT_LINES..=MAX_CONTEXT_LINES;
    wanted
        .find(|around| is_told_by(*around))
        .unwrap_or(MAX_CONTEXT_LINES)
}

/// Whether there is more in a line than signs.
fn says_something(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// How many letters and digits there are in a line.
fn letters(text: &str) -> usize {
    text.chars().filter(|sign| sign.is_alphanumeric()).count()
}

fn print(hunk: &Hunk, rows: Range<usize>) -> Option<String> {
    let lines = hunk.lines.get(rows.clone())?;
    let before = hunk.lines.get(..rows.start)?;
    let range = |side, start: u32, count: u32| {
        let number = |line: &super::DiffLine| line.number(side);
        let here = lines.iter().filter_map(number).count();
        let first = lines.iter().find_map(number);
        // Where a side has no line here, git names the line before.
        let last_before = before.iter().rev().find_map(number);
        let begin = start.saturating_sub(u32::from(count > 0));
        (first.or(last_before).unwrap_or(begin), here)
    };
    let (old, old_count) = range(DiffSide::Old, hunk.old_start, hunk.old_count);
    let (new, new_count) = range(DiffSide::New, hunk.new_start, hunk.new_count);
    let mut text = format!("@@ -{old},{old_count} +{new},{new_count} @@");
    if !hunk.section.is_empty() {
        let _ = write!(text, " {}", hunk.section);
    }
    for line in lines {
        let sign = match line.kind {
            LineKind::Context => ' ',
            LineKind::Added => '+',
            LineKind::Removed => '-',
        };
        text.push('\n');
        text.push(sign);
        text.push_str(side::cut(&line.text));
    }
    Some(text)
}
