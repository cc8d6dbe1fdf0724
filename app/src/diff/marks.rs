//! Which words of a changed line changed: removed and added lines that are alike face each other, and what they do not share
//! is marked. Server and browser both do this; what would take long stays unmarked.

use std::ops::Range;

use super::{DiffLine, LineKind};

/// What changed of a line: bytes, in order.
pub type Marks = Vec<Range<usize>>;

/// Longer lines stay unmarked.
const MAX_LINE_BYTES: usize = 4000;
/// Runs of more lines stay unmarked.
const MAX_RUN_LINES: usize = 1000;
/// Words of one side times words of the other, at most, for which it is looked what they share.
const MAX_CELLS: usize = 100_000;

/// For each line what differs from its partner, where marking it helps: lines that share too little stay unmarked.
pub fn changed_ranges(lines: &[DiffLine]) -> Vec<Marks> {
    let mut marks = vec![Marks::new(); lines.len()];
    let mut position = 0;
    while position < lines.len() {
        let removed = run_length(lines, position, LineKind::Removed);
        let added = run_length(lines, position + removed, LineKind::Added);
        let middle = position + removed;
        if removed > 0 && added > 0 && removed.max(added) <= MAX_RUN_LINES {
            let read = |from: usize, to: usize| -> Vec<Line<'_>> {
                let run = lines.get(from..to).unwrap_or_default();
                run.iter().map(|line| Line::new(&line.text)).collect()
            };
            let (old, new) = (read(position, middle), read(middle, middle + added));
            for (at, is_at, compared) in pairs(&old, &new) {
                let slots = [
                    (position + at, compared.old),
                    (middle + is_at, compared.new),
                ];
                for (at, found) in slots {
                    if let Some(slot) = marks.get_mut(at) {
                        *slot = found;
                    }
                }
            }
        }
        position += (removed + added).max(1);
    }
    marks
}

fn run_length(lines: &[DiffLine], start: usize, kind: LineKind) -> usize {
    let rest = lines.iter().skip(start);
    rest.take_while(|line| line.kind == kind).count()
}

/// A line as words, blanks and single signs.
struct Line<'a> {
    text: &'a str,
    words: Vec<Range<usize>>,
}

/// What two lines do not share.
#[derive(Clone)]
struct Compared {
    /// How many bytes they share, blanks aside.
    shared: usize,
    old: Marks,
    new: Marks,
}

impl<'a> Line<'a> {
    fn new(text: &'a str) -> Self {
        let kind = |letter: char| match letter {
            '_' => 1,
            _ if letter.is_alphanumeric() => 1,
            _ if letter.is_whitespace() => 2,
            _ => 0,
        };
        let mut words: Vec<Range<usize>> = Vec::new();
        let mut last = 0;
        let letters = if text.len() <= MAX_LINE_BYTES {
            text
        } else {
            ""
        };
        for (at, letter) in letters.char_indices() {
            let (this, end) = (kind(letter), at + letter.len_utf8());
            match words.last_mut() {
                Some(word) if this == last && this > 0 => word.end = end,
                _ => words.push(at..end),
            }
            last = this;
        }
        Self { text, words }
    }

    fn word(&self, at: usize) -> &'a str {
        let word = self.words.get(at).cloned();
        word.and_then(|word| self.text.get(word))
            .unwrap_or_default()
    }

    /// Its bytes, blanks aside.
    fn solid(&self) -> usize {
        (0..self.words.len()).map(|at| solid(self.word(at))).sum()
    }

    /// What is left of it, without the words that are shared. Blanks between two marks are marked with them.
    fn marks(&self, shared: impl Iterator<Item = usize>) -> Marks {
        let mut marks = Marks::new();
        let mut next = 0;
        for kept in shared.chain([self.words.len()]) {
            for at in next..kept {
                let Some(word) = self.words.get(at).cloned() else {
                    continue;
                };
                match marks.last_mut() {
                    Some(mark) if self.is_blank(mark.end..word.start) => mark.end = word.end,
                    _ => marks.push(word),
                }
            }
            next = kept + 1;
        }
        marks
    }

    fn is_blank(&self, range: Range<usize>) -> bool {
        let between = self.text.get(range);
        between.is_some_and(|between| between.trim_start().is_empty())
    }
}

fn solid(word: &str) -> usize {
    if word.trim_start().is_empty() {
        0
    } else {
        word.len()
    }
}

/// Which lines face each other: those that share most, in their order. Where there are too many to look, as many removed ones as
/// added ones face each other one by one.
fn pairs(old: &[Line<'_>], new: &[Line<'_>]) -> Vec<(usize, usize, Compared)> {
    let words = |lines: &[Line<'_>]| -> usize { lines.iter().map(|it| it.words.len() + 1).sum() };
    let facing = if words(old).saturating_mul(words(new)) <= MAX_CELLS {
        let shared = |at: usize, is_at: usize| {
            let pair = old.get(at).zip(new.get(is_at));
            let compared = pair.and_then(|(old, new)| compare(old, new));
            compared.map_or(0, |compared| compared.shared)
        };
        align(old.len(), new.len(), &shared)
    } else if old.len() == new.len() {
        (0..old.len()).map(|at| (at, at)).collect()
    } else {
        Vec::new()
    };
    let compared = facing
        .into_iter()
        .filter_map(|(at, is_at)| Some((at, is_at, compare(old.get(at)?, new.get(is_at)?)?)));
    compared.collect()
}

/// What they share and what not; nothing when that is less than a third of the shorter one.
fn compare(old: &Line<'_>, new: &Line<'_>) -> Option<Compared> {
    let (mut old_end, mut new_end) = (old.words.len(), new.words.len());
    let both = old_end.min(new_end);
    let is_same = |at: &usize| old.word(*at) == new.word(*at);
    let start = (0..both).take_while(is_same).count();
    while old_end.min(new_end) > start && old.word(old_end - 1) == new.word(new_end - 1) {
        (old_end, new_end) = (old_end - 1, new_end - 1);
    }
    let (old_count, new_count) = (old_end - start, new_end - start);
    if old_count.saturating_mul(new_count) > MAX_CELLS {
        return None;
    }
    let score = |at: usize, is_at: usize| {
        let (word, other) = (old.word(start + at), new.word(start + is_at));
        if word == other {
            2 * solid(word) + 1
        } else {
            0
        }
    };
    let mut kept: Vec<(usize, usize)> = (0..start).map(|at| (at, at)).collect();
    let middle = align(old_count, new_count, &score);
    kept.extend(middle.iter().map(|(at, is_at)| (start + at, start + is_at)));
    kept.extend((old_end..old.words.len()).zip(new_end..));
    let shared = kept.iter().map(|(at, _)| solid(old.word(*at))).sum();
    let shorter = old.solid().min(new.solid());
    (shorter > 0 && 3 * shared >= shorter).then(|| Compared {
        shared,
        old: old.marks(kept.iter().map(|(at, _)| *at)),
        new: new.marks(kept.iter().map(|(_, at)| *at)),
    })
}

/// Pairs in the order of both sides whose scores are most together; those that score nothing are none.
fn align(old: usize, new: usize, score: &dyn Fn(usize, usize) -> usize) -> Vec<(usize, usize)> {
    let width = new + 1;
    // What the rest of both sides scores.
    let mut best = vec![0_usize; (old + 1) * width];
    let at = |best: &[usize], row: usize, column: usize| {
        best.get(row * width + column).copied().unwrap_or_default()
    };
    let scores: Vec<usize> = (0..old * new)
        .map(|cell| score(cell / new, cell % new))
        .collect();
    let score = |row: usize, column: usize| scores.get(row * new + column).copied().unwrap_or(0);
    for row in (0..old).rev() {
        for column in (0..new).rev() {
            let both = match score(row, column) {
                0 => 0,
                score => score + at(&best, row + 1, column + 1),
            };
            let most = both
                .max(at(&best, row + 1, column))
                .max(at(&best, row, column + 1));
            if let Some(slot) = best.get_mut(row * width + column) {
                *slot = most;
            }
        }
    }
    let mut pairs = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < old && column < new {
        let most = at(&best, row, column);
        let this = score(row, column);
        if this > 0 && most == this + at(&best, row + 1, column + 1) {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if most == at(&best, row + 1, column) {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}
