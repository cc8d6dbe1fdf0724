#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use sdk::parts::DiffSide::New;

use super::*;
use crate::diff::parse;

/// All ways to lay two texts side by side: which lines each of them pairs.
fn ways(was: &[u32], is: &[u32]) -> BTreeSet<Vec<(usize, usize)>> {
    let Some((last, rest)) = was.split_last() else {
        return BTreeSet::from([Vec::new()]);
    };
    let mut all = ways(rest, is);
    for (at, _) in is.iter().enumerate().filter(|(_, line)| *line == last) {
        for mut way in ways(rest, &is[..at]) {
            way.push((rest.len(), at));
            all.insert(way);
        }
    }
    all
}

/// Where each line is in all of those that keep as many lines as possible.
fn kept_in_all(was: &[u32], is: &[u32]) -> Kept {
    let all = ways(was, is);
    let most = all.iter().map(Vec::len).max().unwrap();
    let best: Vec<_> = all.iter().filter(|way| way.len() == most).collect();
    let place = |line: usize| {
        let pair = best[0].iter().find(|pair| pair.0 == line)?;
        best.iter().all(|way| way.contains(pair)).then_some(pair.1)
    };
    Kept((0..was.len()).map(place).collect())
}

proptest! {
    #[test]
    fn tells_what_all_best_ways_have_in_common(
        was in prop::collection::vec(0_u32..6, 0..9),
        is in prop::collection::vec(0_u32..6, 0..9),
        first_different in 1_usize..4,
    ) {
        prop_assert_eq!(Kept::of(&was, &is, first_different), Some(kept_in_all(&was, &is)));
    }

    /// As texts mostly are: the same, but for few lines.
    #[test]
    fn tells_it_of_texts_with_few_changes(
        was in prop::collection::vec(0_u32..12, 0..10),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u32..13), 0..4),
        first_different in 1_usize..4,
    ) {
        let mut is = was.clone();
        for (at, line) in changes {
            let at = at.index(is.len() + 1);
            if line == 12 && at < is.len() {
                is.remove(at);
            } else {
                is.insert(at, line);
            }
        }
        prop_assert_eq!(Kept::of(&was, &is, first_different), Some(kept_in_all(&was, &is)));
    }
}

fn find(was: &str, is: &str, start: u32, end: u32) -> Option<u32> {
    Kept::between(was, is).unwrap().find(start, end)
}

#[test]
fn lines_are_followed_where_they_stay_together() {
    let (was, is) = ("a\nb\nc\nd\n", "x\na\nb\ny\nc\nd\n");
    assert_eq!(find(was, is, 1, 2), Some(2));
    assert_eq!(find(was, is, 2, 3), None);
    assert_eq!(find(was, "a\nb\nc\ne\n", 3, 3), Some(3));
    assert_eq!(find(was, "a\nb\nc\ne\n", 4, 4), None);
}

#[test]
fn what_may_be_another_line_is_not_followed() {
    assert_eq!(find("a\n}\nb\n", "a\n}\n}\nb\n", 2, 2), None);
    assert_eq!(find("a\n}\n}\nb\n", "a\n}\nb\n", 2, 3), None);
    // Another one is in its place, and it stands elsewhere.
    assert_eq!(find("a\nb\n", "b\na\n", 1, 1), None);
}

#[test]
fn a_line_that_has_lost_its_end_is_another_one() {
    assert_eq!(find("a\nb\n", "a\nb", 2, 2), None);
    assert_eq!(find("a\nb", "a\nb", 2, 2), Some(2));
}

#[test]
fn lines_that_are_not_there_are_nowhere() {
    for (start, end) in [(0, 1), (3, 3), (2, 1), (1, u32::MAX), (u32::MAX, u32::MAX)] {
        assert_eq!(find("a\nb\n", "a\nb\n", start, end), None, "{start}-{end}");
    }
    assert_eq!(find("", "a\n", 1, 1), None);
}

#[test]
fn large_texts_with_few_changes_are_compared_and_very_different_ones_are_not() {
    let lines = (0..20_000).map(|line| format!("{}\n", line % 9000));
    let was: String = lines.collect();
    let is = was.replacen("8000\n", "other\n", 1);
    let is = is.replacen("17\n", "", 1);
    let kept = Kept::between(&was, &is).unwrap();
    assert_eq!(kept.find(10_000, 10_100), Some(9_999));
    assert_eq!(kept.find(8_001, 8_001), None);
    assert_eq!(Kept::between(&was, &was.replace('1', "one")), None);
    let (ones, others) = ("a\n".repeat(9_000), "b\n".repeat(9_000));
    assert_eq!(Kept::between(&ones, &others), None);
}

const SHOWN: &str = "--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n+0\n a\n b\n";

#[test]
fn what_is_shown_has_to_say_what_was_quoted() {
    let file = parse(SHOWN).remove(0);
    let mut comment = DiffComment {
        file_name: "x".to_owned(),
        start_line: 1,
        end_line: 2,
        side: New,
        content: "Why?".to_owned(),
        diff_hunk: Some("@@ -1,2 +1,2 @@\n a\n b".to_owned()),
        repo_root: None,
        blob: None,
    };
    let range = |start, end| LineRange {
        side: New,
        start,
        end,
    };
    let moved = Some(Placement::Moved(range(2, 3)));
    assert_eq!(place(&comment, Some(2), &file), moved);
    assert_eq!(place(&comment, None, &file), Some(Placement::Outdated));
    assert_eq!(place(&comment, Some(1), &file), None);
    // One of its lines is not shown, and then none.
    let outdated = Some(Placement::Outdated);
    comment.diff_hunk = Some("@@ -1,2 +1,2 @@\n b\n c".to_owned());
    assert_eq!(place(&comment, Some(3), &file), outdated);
    assert_eq!(place(&comment, Some(u32::MAX - 1), &file), outdated);
    assert_eq!(place(&comment, Some(u32::MAX), &file), None);
    comment.diff_hunk = None;
    let here = Some(Placement::Here(range(1, 2)));
    assert_eq!(place(&comment, Some(1), &file), here);
    comment.end_line = 0;
    assert_eq!(place(&comment, Some(1), &file), None);
}
