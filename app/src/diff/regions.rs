//! What stands unchanged before, between and after the changes of a file, and the file with some of that opened.
//!
//! Opened lines join the hunk that they touch, so that all else takes them for what they are: lines of both versions. They
//! are those of one version of the file, by its name, and unchanged where the diff says so: no later change of the file
//! makes them wrong.

#[cfg(test)]
mod tests;
pub mod wanted;

use std::collections::BTreeMap;
use std::sync::Arc;

use sdk::git::GitLines;
use sdk::parts::DiffSide;

use super::{DiffFile, DiffLine, FileChange, Hunk, LineKind};

/// Lines around a change that are shown from the beginning. Fewer at the end tell that the file ends there.
const CONTEXT_LINES: usize = 3;
/// Lines that are read at once.
pub const MOST_LINES: u32 = 2000;

/// Lines of one version of a file that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadLines {
    lines: BTreeMap<u32, ReadLine>,
    total_lines: u32,
    is_unterminated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ReadLine {
    text: String,
    html: Option<String>,
}

impl ReadLines {
    /// Takes what was read, with the lines in colours as far as there are any.
    pub fn take(&mut self, read: GitLines, html: Vec<String>) {
        let mut html = html.into_iter();
        for (number, text) in (read.first_line..).zip(read.lines) {
            let html = html.next();
            self.lines.insert(number, ReadLine { text, html });
        }
        self.total_lines = read.total_lines;
        self.is_unterminated = read.is_unterminated;
    }

    /// A line in colours.
    pub fn html(&self, number: u32) -> Option<&String> {
        self.lines.get(&number)?.html.as_ref()
    }
}

/// Lines that are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Which of them, as they are without anything opened: that before the first hunk is 0.
    pub index: usize,
    /// The first one in the old version.
    pub old_first: u32,
    /// The first one in the new version.
    pub new_first: u32,
    /// How many there are; none where the end of the file is not known.
    pub count: Option<u32>,
    /// Whether there is a hunk above, and one below.
    pub touches: (bool, bool),
    /// What the hunk below stands in.
    pub section: String,
}

impl Region {
    /// The first one on a side.
    pub const fn first(&self, side: DiffSide) -> u32 {
        match side {
            DiffSide::Old => self.old_first,
            DiffSide::New => self.new_first,
        }
    }

    /// Whether there is nothing to open: only what the hunk below stands in is said.
    pub fn is_empty(&self) -> bool {
        self.count == Some(0)
    }
}

/// Where a line of the file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the diff; which of its lines.
    Diff(usize),
    /// It was opened; its number on the side that is read.
    Read(u32),
}

/// A file with what is opened of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opened {
    /// The file.
    pub file: Arc<DiffFile>,
    /// For each hunk what is not shown before it, and for the end of the file what is not shown there.
    pub regions: Vec<Option<Region>>,
    /// For each line where it comes from; nothing when all are the diff's.
    origins: Vec<Origin>,
}

impl Opened {
    /// Where a line comes from.
    pub fn origin(&self, position: usize) -> Origin {
        let origin = self.origins.get(position).copied();
        origin.unwrap_or(Origin::Diff(position))
    }

    /// What is left of a region.
    pub fn region(&self, index: usize) -> Option<&Region> {
        let mut regions = self.regions.iter().flatten();
        regions.find(|region| region.index == index)
    }
}

/// Where lines of both versions begin.
#[derive(Clone, Copy)]
struct Edge {
    old: u32,
    new: u32,
}

impl Edge {
    const START: Self = Self { old: 1, new: 1 };

    /// A hunk without lines of a side names the line before it.
    fn before(hunk: &Hunk) -> Self {
        let is_empty = |count| u32::from(count == 0);
        Self {
            old: hunk.old_start.saturating_add(is_empty(hunk.old_count)),
            new: hunk.new_start.saturating_add(is_empty(hunk.new_count)),
        }
    }

    fn after(hunk: &Hunk) -> Self {
        let first = Self::before(hunk);
        Self {
            old: first.old.saturating_add(hunk.old_count),
            new: first.new.saturating_add(hunk.new_count),
        }
    }

    const fn further(self, count: u32) -> Self {
        Self {
            old: self.old.saturating_add(count),
            new: self.new.saturating_add(count),
        }
    }

    const fn on(self, side: DiffSide) -> u32 {
        match side {
            DiffSide::Old => self.old,
            DiffSide::New => self.new,
        }
    }
}

/// The file with what was read of a side's version.
pub fn open(file: &Arc<DiffFile>, side: DiffSide, read: Option<&ReadLines>) -> Opened {
    let read = read.filter(|read| !read.lines.is_empty());
    let mut opening = Opening {
        side,
        read,
        hunks: Vec::new(),
        regions: Vec::new(),
        origins: Vec::new(),
    };
    let mut position = 0;
    let mut from = Edge::START;
    for (index, hunk) in file.hunks.iter().enumerate() {
        opening.join(index, from, hunk, position);
        position += hunk.lines.len();
        from = Edge::after(hunk);
    }
    opening.end(file, from);
    let is_as_it_was = read.is_none();
    Opened {
        file: if is_as_it_was {
            Arc::clone(file)
        } else {
            let hunks = opening.hunks;
            Arc::new(DiffFile {
                hunks,
                ..(**file).clone()
            })
        },
        regions: opening.regions,
        origins: opening.origins,
    }
}

struct Opening<'a> {
    side: DiffSide,
    read: Option<&'a ReadLines>,
    hunks: Vec<Hunk>,
    regions: Vec<Option<Region>>,
    origins: Vec<Origin>,
}

impl Opening<'_> {
    /// A hunk with what is opened before it.
    fn join(&mut self, index: usize, from: Edge, hunk: &Hunk, position: usize) {
        let to = Edge::before(hunk);
        let count = to.new.checked_sub(from.new);
        // As many on both sides, or the diff is none that can be trusted.
        let is_sound = count.is_some() && to.old.checked_sub(from.old) == count;
        let count = count.unwrap_or(0);
        let (mut above, below) = if is_sound {
            self.known(from.on(self.side), count)
        } else {
            (0, 0)
        };
        let is_whole = count > 0 && above == count;
        if index == 0 && !is_whole {
            above = 0;
        }
        let mut below_lines = Vec::new();
        if is_whole && index > 0 {
            self.extend_last(from, count);
        } else if is_whole {
            below_lines = self.lines(from, count);
        } else {
            self.extend_last(from, above);
            below_lines = self.lines(from.further(count - below), below);
        }
        let lines = (position..position + hunk.lines.len()).map(Origin::Diff);
        if self.read.is_some() {
            self.origins.extend(lines);
        }
        if is_whole && index > 0 {
            self.append(hunk);
            return;
        }
        let left = if is_whole { 0 } else { count - above - below };
        let is_told = left > 0 || (!hunk.section.is_empty() && below_lines.is_empty());
        let edge = from.further(above);
        self.regions.push(is_told.then(|| Region {
            index,
            old_first: edge.old,
            new_first: edge.new,
            count: Some(left),
            touches: (index > 0 && is_sound, is_sound),
            section: hunk.section.clone(),
        }));
        self.push(hunk, below_lines);
    }

    /// What comes after the last hunk.
    fn end(&mut self, file: &DiffFile, from: Edge) {
        let is_of_one_side = matches!(file.change, FileChange::Added | FileChange::Deleted);
        if is_of_one_side || !file.hunks.last().is_some_and(goes_on) {
            self.regions.push(None);
            return;
        }
        let first = from.on(self.side);
        let count = self
            .read
            .map(|read| read.total_lines.saturating_add(1).saturating_sub(first));
        let above = count.map_or(0, |count| self.known(first, count).0);
        self.extend_last(from, above);
        let is_at_end = above > 0 && count == Some(above);
        if is_at_end
            && self.read.is_some_and(|read| read.is_unterminated)
            && let Some(line) = self.hunks.last_mut().and_then(|it| it.lines.last_mut())
        {
            line.is_unterminated = true;
        }
        let edge = from.further(above);
        let count = count.map(|count| count - above);
        self.regions.push((count != Some(0)).then(|| Region {
            index: file.hunks.len(),
            old_first: edge.old,
            new_first: edge.new,
            count,
            touches: (true, false),
            section: String::new(),
        }));
    }

    /// How many of these lines are known at the beginning, and then at the end.
    fn known(&self, first: u32, count: u32) -> (u32, u32) {
        let Some(read) = self.read else {
            return (0, 0);
        };
        let is_known = |at: &u32| read.lines.contains_key(&first.saturating_add(*at));
        let number = |found: usize| u32::try_from(found).unwrap_or(u32::MAX);
        let above = number((0..count).take_while(is_known).count());
        let below = number((above..count).rev().take_while(is_known).count());
        (above, below)
    }

    fn lines(&mut self, from: Edge, count: u32) -> Vec<DiffLine> {
        let Some(read) = self.read else {
            return Vec::new();
        };
        let lines = (0..count).filter_map(|at| {
            let edge = from.further(at);
            let number = edge.on(self.side);
            let line = read.lines.get(&number)?;
            Some((
                number,
                DiffLine {
                    kind: LineKind::Context,
                    old_number: Some(edge.old),
                    new_number: Some(edge.new),
                    text: line.text.clone(),
                    is_unterminated: false,
                },
            ))
        });
        let (numbers, lines): (Vec<_>, Vec<_>) = lines.unzip();
        self.origins.extend(numbers.into_iter().map(Origin::Read));
        lines
    }

    /// Opened lines after the last hunk that there is by now.
    fn extend_last(&mut self, from: Edge, count: u32) {
        if count == 0 || self.hunks.is_empty() {
            return;
        }
        let lines = self.lines(from, count);
        if let Some(last) = self.hunks.last_mut() {
            let first = Edge::before(last);
            (last.old_start, last.new_start) = (first.old, first.new);
            last.old_count = last.old_count.saturating_add(count);
            last.new_count = last.new_count.saturating_add(count);
            last.lines.extend(lines);
        }
    }

    /// A hunk that goes on where the last one ends by now.
    fn append(&mut self, hunk: &Hunk) {
        if self.read.is_none() {
            return;
        }
        if let Some(last) = self.hunks.last_mut() {
            last.old_count = last.old_count.saturating_add(hunk.old_count);
            last.new_count = last.new_count.saturating_add(hunk.new_count);
            last.lines.extend(hunk.lines.iter().cloned());
        }
    }

    /// A hunk with opened lines before it.
    fn push(&mut self, hunk: &Hunk, before: Vec<DiffLine>) {
        if self.read.is_none() {
            return;
        }
        let mut hunk = hunk.clone();
        if let Some(first) = before.first() {
            let count = u32::try_from(before.len()).unwrap_or(u32::MAX);
            hunk.old_start = first.old_number.unwrap_or(hunk.old_start);
            hunk.new_start = first.new_number.unwrap_or(hunk.new_start);
            hunk.old_count = hunk.old_count.saturating_add(count);
            hunk.new_count = hunk.new_count.saturating_add(count);
            // What it stood in may be among them.
            hunk.section = String::new();
            hunk.lines.splice(0..0, before);
        }
        self.hunks.push(hunk);
    }
}

/// Whether a file may have more lines after a hunk.
fn goes_on(hunk: &Hunk) -> bool {
    let around = hunk.lines.iter().rev();
    let around = around.take_while(|line| line.kind == LineKind::Context);
    let is_unterminated = hunk.lines.last().is_some_and(|line| line.is_unterminated);
    around.count() >= CONTEXT_LINES && !is_unterminated
}

/// Whether lines that were read are those that the diff shows, as far as it shows them.
pub fn fits(file: &DiffFile, side: DiffSide, read: &GitLines) -> bool {
    let text = |number: u32| {
        let at = number.checked_sub(read.first_line)?;
        read.lines.get(usize::try_from(at).ok()?)
    };
    let mut shown = file
        .lines()
        .filter_map(|line| Some((line.number(side)?, &line.text)));
    shown.all(|(number, shown)| {
        number <= read.total_lines && text(number).is_none_or(|text| text == shown)
    })
}
