//! One hunk: its header's numbers and the lines that they promise.

use super::{DiffLine, Hunk, LineKind};

/// How many lines there are.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    /// Those that were added.
    pub additions: u32,
    /// Those that were removed.
    pub deletions: u32,
    /// All of them.
    pub lines: usize,
}

/// A hunk that still expects lines.
pub struct OpenHunk {
    hunk: Hunk,
    /// Whether its lines are kept, or counted only.
    keeps_lines: bool,
    /// How many came.
    pub counts: Counts,
    old_next: u32,
    new_next: u32,
    old_left: u32,
    new_left: u32,
}

impl OpenHunk {
    /// Parses `@@ -1,2 +3,4 @@ section`; a header that makes no sense opens nothing.
    pub fn from_header(line: &str, keeps_lines: bool) -> Option<Self> {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (numbers, section) = line.strip_prefix("@@ ")?.split_once(" @@")?;
        let (old, new) = numbers.split_once(' ')?;
        let (old_start, old_count) = parse_range(old.strip_prefix('-')?)?;
        let (new_start, new_count) = parse_range(new.strip_prefix('+')?)?;
        let section = section.trim().to_owned();
        Some(Self {
            hunk: Hunk {
                old_start,
                old_count,
                new_start,
                new_count,
                section,
                lines: Vec::new(),
            },
            keeps_lines,
            counts: Counts::default(),
            old_next: old_start,
            new_next: new_start,
            old_left: old_count,
            new_left: new_count,
        })
    }

    /// Takes a line that belongs to the hunk; false when the hunk is over.
    pub fn take(&mut self, line: &str) -> bool {
        if line.starts_with('\\') {
            if let Some(last) = self.hunk.lines.last_mut() {
                last.is_unterminated = true;
            }
            return true;
        }
        match line.as_bytes().first() {
            Some(b'+') if self.new_left > 0 => self.push(LineKind::Added, line),
            Some(b'-') if self.old_left > 0 => self.push(LineKind::Removed, line),
            Some(b' ') if self.old_left > 0 && self.new_left > 0 => {
                self.push(LineKind::Context, line);
            }
            // Some tools drop the space of an empty context line.
            None if self.old_left > 0 && self.new_left > 0 => self.push(LineKind::Context, " "),
            _ => return false,
        }
        true
    }

    /// The hunk with the lines that came.
    pub fn into_hunk(self) -> Hunk {
        self.hunk
    }

    fn push(&mut self, kind: LineKind, line: &str) {
        let has_old = kind != LineKind::Added;
        let has_new = kind != LineKind::Removed;
        self.counts.lines += 1;
        self.counts.additions += u32::from(!has_old);
        self.counts.deletions += u32::from(!has_new);
        if self.keeps_lines {
            self.hunk.lines.push(DiffLine {
                kind,
                old_number: has_old.then_some(self.old_next),
                new_number: has_new.then_some(self.new_next),
                text: line.get(1..).unwrap_or_default().to_owned(),
                is_unterminated: false,
            });
        }
        if has_old {
            self.old_next = self.old_next.saturating_add(1);
            self.old_left -= 1;
        }
        if has_new {
            self.new_next = self.new_next.saturating_add(1);
            self.new_left -= 1;
        }
    }
}

fn parse_range(range: &str) -> Option<(u32, u32)> {
    match range.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((range.parse().ok()?, 1)),
    }
}
