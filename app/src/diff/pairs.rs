//! Lines of a hunk as rows of two columns: what was on the left, what is on the right.

use super::{DiffLine, LineKind};

/// A row: which of a hunk's lines stands in each column. A line in both versions stands in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The line of the old version.
    pub old: Option<usize>,
    /// The line of the new version.
    pub new: Option<usize>,
}

/// The rows of one column for all: each line by itself, in the order of the diff.
pub fn single(lines: &[DiffLine]) -> impl Iterator<Item = Pair> {
    lines.iter().enumerate().map(|(at, line)| Pair {
        old: (line.kind != LineKind::Added).then_some(at),
        new: (line.kind != LineKind::Removed).then_some(at),
    })
}

/// The rows of two columns. Removed lines face the added ones that follow them, the first the first; what has no partner faces
/// nothing.
pub fn facing(lines: &[DiffLine]) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(lines.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if line.kind == LineKind::Context {
            pairs.push(Pair {
                old: Some(at),
                new: Some(at),
            });
            at += 1;
            continue;
        }
        let removed = run(lines, at, LineKind::Removed);
        let added = run(lines, at + removed, LineKind::Added);
        pairs.extend((0..removed.max(added)).map(|offset| Pair {
            old: (offset < removed).then_some(at + offset),
            new: (offset < added).then_some(at + removed + offset),
        }));
        at += removed + added;
    }
    pairs
}

fn run(lines: &[DiffLine], start: usize, kind: LineKind) -> usize {
    let rest = lines.iter().skip(start);
    rest.take_while(|line| line.kind == kind).count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn lines(signs: &str) -> Vec<DiffLine> {
        let line = |sign| DiffLine {
            kind: match sign {
                '+' => LineKind::Added,
                '-' => LineKind::Removed,
                _ => LineKind::Context,
            },
            old_number: None,
            new_number: None,
            text: String::new(),
            is_unterminated: false,
        };
        signs.chars().map(line).collect()
    }

    fn rows(signs: &str) -> Vec<(Option<usize>, Option<usize>)> {
        let pairs = facing(&lines(signs));
        pairs.iter().map(|pair| (pair.old, pair.new)).collect()
    }

    /// The lines in the order of the diff again.
    fn unfold(pairs: &[Pair]) -> Vec<usize> {
        let mut order = Vec::new();
        let mut added = Vec::new();
        let mut last_removed = None;
        for pair in pairs {
            let is_context = pair.old == pair.new;
            // A run ends with a line of both versions, or where lines are removed after others were added.
            let is_next_run = pair
                .old
                .is_some_and(|old| last_removed != old.checked_sub(1));
            if is_context || is_next_run {
                order.append(&mut added);
            }
            if is_context {
                order.extend(pair.old);
            } else {
                order.extend(pair.old);
                added.extend(pair.new);
            }
            last_removed = pair.old.filter(|_| !is_context).or(last_removed);
        }
        order.append(&mut added);
        order
    }

    #[test]
    fn removed_lines_face_added_ones() {
        assert_eq!(
            rows(" --+ +"),
            [
                (Some(0), Some(0)),
                (Some(1), Some(3)),
                (Some(2), None),
                (Some(4), Some(4)),
                (None, Some(5)),
            ]
        );
        assert_eq!(rows("-++"), [(Some(0), Some(1)), (None, Some(2))]);
        // What is removed after something was added is a change of its own.
        assert_eq!(rows("+-"), [(None, Some(0)), (Some(1), None)]);
        assert_eq!(rows(""), []);
    }

    proptest! {
        #[test]
        fn rows_hold_all_lines_in_their_order(signs in "[ +-]{0,60}") {
            let lines = lines(&signs);
            let pairs = facing(&lines);
            prop_assert_eq!(unfold(&pairs), (0..lines.len()).collect::<Vec<_>>());
            // Each column is in order, and holds what belongs there.
            for (side, kind) in [(true, LineKind::Added), (false, LineKind::Removed)] {
                let column = pairs.iter().filter_map(|pair| if side { pair.old } else { pair.new });
                let expected = (0..lines.len()).filter(|at| lines[*at].kind != kind);
                prop_assert!(column.eq(expected));
            }
            let each: Vec<_> = single(&lines).collect();
            prop_assert_eq!(unfold(&each), (0..lines.len()).collect::<Vec<_>>());
        }
    }
}
