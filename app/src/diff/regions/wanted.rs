//! Which lines have to be read for a comment that is on lines which are not shown.

use sdk::parts::{DiffComment, DiffSide};

use super::{MOST_LINES, Opened, Region};
use crate::diff::selection::LineRange;
use crate::diff::{LineKind, parse};

/// Lines shown around the lines of a comment.
const AROUND_COMMENT: u32 = 3;

/// With the lines of the hunks that they touch, which tell whether it is what the diff was made of.
pub fn with_edges(region: &Region, side: DiffSide, (first, last): (u32, u32)) -> (u32, u32) {
    let edge = region.first(side);
    let end = region.count.map(|count| edge.saturating_add(count));
    let touches_above = region.touches.0 && first == edge;
    let touches_below = region.touches.1 && end == last.checked_add(1);
    (
        first - u32::from(touches_above && first > 1),
        last.saturating_add(u32::from(touches_below)),
    )
}

/// The region that may hold a comment's lines, and what of it has to be read for them to be shown. The old version is more
/// often the same than the new one, so that lines of both are looked for there first.
pub fn for_comment<'a>(
    opened: &'a Opened,
    read: DiffSide,
    comment: &DiffComment,
) -> Option<(&'a Region, (u32, u32, bool))> {
    let start = comment.start_line.try_into().ok()?;
    let end = comment.end_line.try_into().ok()?;
    let was_old = || {
        let quoted = parse(comment.diff_hunk.as_deref()?);
        let mut lines = quoted.first()?.lines();
        let first = lines.find(|line| line.number(comment.side) == Some(start))?;
        let mut own = std::iter::once(first)
            .chain(lines)
            .take_while(|line| line.number(comment.side).is_none_or(|number| number <= end));
        let old = first.old_number?;
        own.all(|line| line.kind == LineKind::Context)
            .then(|| (old, old.saturating_add(end - start)))
    };
    was_old()
        .and_then(|(start, end)| around(opened, read, DiffSide::Old, start, end))
        .or_else(|| around(opened, read, comment.side, start, end))
}

/// The region that holds these lines, and what of it has to be read for them to be shown.
pub fn for_lines(
    opened: &Opened,
    read: DiffSide,
    range: LineRange,
) -> Option<(&Region, (u32, u32, bool))> {
    around(opened, read, range.side, range.start, range.end)
}

/// The region that holds these lines of a side, and what of it has to be read for them to be shown.
fn around(
    opened: &Opened,
    read: DiffSide,
    side: DiffSide,
    start: u32,
    end: u32,
) -> Option<(&Region, (u32, u32, bool))> {
    let mut regions = opened.regions.iter().flatten();
    let region = regions.find(|region| {
        let first = region.first(side);
        let is_before_end = |count: u32| end < first.saturating_add(count);
        first <= start && start <= end && region.count.is_none_or(is_before_end)
    })?;
    let (above, length) = (start - region.first(side), end - start + 1);
    let below = region.count.map(|count| count - above - length);
    let first = region.first(read);
    let is_from_above = region.touches.0 && below.is_none_or(|below| above <= below);
    let wanted = AROUND_COMMENT + length + if is_from_above { above } else { below? };
    let wanted = region.count.map_or(wanted, |count| wanted.min(count));
    if wanted > MOST_LINES {
        return None;
    }
    let range = if is_from_above {
        (first, first.saturating_add(wanted - 1), false)
    } else {
        let last = first.saturating_add(region.count?.saturating_sub(1));
        (last.saturating_sub(wanted - 1), last, true)
    };
    Some((region, range))
}

#[cfg(test)]
mod tests {
    use DiffSide::{New, Old};

    use super::*;

    fn region(index: usize, count: Option<u32>) -> Region {
        Region {
            index,
            old_first: 101,
            new_first: 111,
            count,
            touches: (index > 0, count.is_some()),
            section: String::new(),
        }
    }

    #[test]
    fn only_lines_of_hunks_are_read_besides() {
        let middle = region(1, Some(100));
        assert_eq!(with_edges(&middle, Old, (101, 120)), (100, 120));
        assert_eq!(with_edges(&middle, Old, (181, 200)), (181, 201));
        assert_eq!(with_edges(&middle, New, (111, 210)), (110, 211));
        assert_eq!(
            with_edges(&region(0, Some(100)), Old, (101, 200)),
            (101, 201)
        );
        assert_eq!(with_edges(&region(1, None), Old, (101, 120)), (100, 120));
    }

    #[test]
    fn reads_as_far_as_a_comment_that_is_not_shown() {
        let opened = |region: Region| {
            let mut opened = Opened::default();
            opened.regions.extend([None, Some(region)]);
            opened
        };
        let range = |opened: &Opened, side, start, end| {
            around(opened, Old, side, start, end).map(|(_, range)| range)
        };
        let middle = opened(region(1, Some(100)));
        assert_eq!(range(&middle, Old, 110, 111), Some((101, 114, false)));
        assert_eq!(range(&middle, New, 120, 121), Some((101, 114, false)));
        assert_eq!(range(&middle, Old, 195, 196), Some((192, 200, true)));
        assert_eq!(range(&middle, Old, 101, 200), Some((101, 200, false)));
        assert_eq!(range(&middle, Old, 100, 101), None);
        assert_eq!(range(&middle, Old, 200, 201), None);
        let rest = opened(region(1, None));
        assert_eq!(range(&rest, Old, 111, 111), Some((101, 114, false)));
        assert_eq!(range(&rest, Old, 9000, 9000), None);
        let first = opened(region(0, Some(100)));
        assert_eq!(range(&first, Old, 110, 110), Some((107, 200, true)));
    }
}
