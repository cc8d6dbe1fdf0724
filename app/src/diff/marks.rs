//! Which part of a changed line changed: the middle that is left when a removed and an added line that face each
//! other lose what they have in common at both ends.

use std::ops::Range;

use super::{DiffLine, LineKind};

/// For each line the byte range that differs from its partner, where marking it helps: lines are paired within a
/// block of removals followed by equally many additions, and lines that share too little stay unmarked.
pub fn changed_ranges(lines: &[DiffLine]) -> Vec<Option<Range<usize>>> {
    let mut ranges = vec![None; lines.len()];
    let mut position = 0;
    while position < lines.len() {
        let removed = run_length(lines, position, LineKind::Removed);
        let added = run_length(lines, position + removed, LineKind::Added);
        if removed == added {
            for offset in 0..removed {
                mark_pair(
                    lines,
                    &mut ranges,
                    position + offset,
                    position + removed + offset,
                );
            }
        }
        position += (removed + added).max(1);
    }
    ranges
}

fn run_length(lines: &[DiffLine], start: usize, kind: LineKind) -> usize {
    lines
        .iter()
        .skip(start)
        .take_while(|line| line.kind == kind)
        .count()
}

fn mark_pair(lines: &[DiffLine], ranges: &mut [Option<Range<usize>>], old: usize, new: usize) {
    let (Some(old_line), Some(new_line)) = (lines.get(old), lines.get(new)) else {
        return;
    };
    let Some((old_range, new_range)) = differing_middles(&old_line.text, &new_line.text) else {
        return;
    };
    if let Some(slot) = ranges.get_mut(old).filter(|_| !old_range.is_empty()) {
        *slot = Some(old_range);
    }
    if let Some(slot) = ranges.get_mut(new).filter(|_| !new_range.is_empty()) {
        *slot = Some(new_range);
    }
}

/// The ranges that differ, or nothing when less than a third of the shorter line is shared.
fn differing_middles(old: &str, new: &str) -> Option<(Range<usize>, Range<usize>)> {
    let shared = |(left, right): &(char, char)| left == right;
    let prefix: usize = old
        .chars()
        .zip(new.chars())
        .take_while(shared)
        .map(|(character, _)| character.len_utf8())
        .sum();
    let (old_rest, new_rest) = (old.get(prefix..)?, new.get(prefix..)?);
    let suffix: usize = old_rest
        .chars()
        .rev()
        .zip(new_rest.chars().rev())
        .take_while(shared)
        .map(|(character, _)| character.len_utf8())
        .sum();
    let solid = old.trim_start().len().min(new.trim_start().len());
    let indent = old.len() - old.trim_start().len();
    let is_helpful = (prefix.saturating_sub(indent) + suffix) * 3 >= solid && solid > 0;
    is_helpful.then(|| (prefix..old.len() - suffix, prefix..new.len() - suffix))
}
