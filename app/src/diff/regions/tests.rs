#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::fmt::Write as _;

use DiffSide::{New, Old};
use proptest::prelude::*;

use super::*;
use crate::diff::parse;

/// An old file of lines that say their numbers, some of which are changed, with the diff between them as git writes it.
struct Changed {
    old: Vec<String>,
    new: Vec<String>,
    file: Arc<DiffFile>,
}

impl Changed {
    /// Each change takes some lines out after a line and puts some in.
    fn of(total: u32, changes: &[(u32, u32, u32)]) -> Self {
        let old: Vec<String> = (1..=total).map(|number| format!("line {number}")).collect();
        let mut all = Vec::new();
        let mut at = 0;
        for &(after, removed, added) in changes {
            all.extend(
                old[at..after as usize]
                    .iter()
                    .map(|line| (' ', line.clone())),
            );
            at = ((after + removed).min(total)) as usize;
            all.extend(
                old[after as usize..at]
                    .iter()
                    .map(|line| ('-', line.clone())),
            );
            all.extend((0..added).map(|number| ('+', format!("new {after}.{number}"))));
        }
        all.extend(old[at..].iter().map(|line| (' ', line.clone())));
        let new = all.iter().filter(|(sign, _)| *sign != '-');
        let new = new.map(|(_, line)| line.clone()).collect();
        let file = Arc::new(parse(&printed(&all)).into_iter().next().unwrap_or_default());
        Self { old, new, file }
    }

    fn side(&self, side: DiffSide) -> &[String] {
        match side {
            Old => &self.old,
            New => &self.new,
        }
    }

    fn read(&self, side: DiffSide, first: u32, last: u32) -> GitLines {
        let all = self.side(side);
        let range = first as usize - 1..(last as usize).min(all.len());
        GitLines {
            first_line: first,
            lines: all.get(range).unwrap_or_default().to_vec(),
            total_lines: u32::try_from(all.len()).unwrap(),
            is_unterminated: false,
        }
    }

    fn opened(&self, side: DiffSide, ranges: &[(u32, u32)]) -> Opened {
        let mut read = ReadLines::default();
        for &(first, last) in ranges {
            let lines = self.read(side, first, last);
            let html = lines.lines.iter().map(|line| format!("<b>{line}</b>"));
            let html = html.collect();
            read.take(lines, html);
        }
        open(&self.file, side, Some(&read))
    }
}

/// As git prints it, with three lines around.
fn printed(all: &[(char, String)]) -> String {
    let is_near = |at: usize| {
        let near = at.saturating_sub(3)..(at + 4).min(all.len());
        all[near].iter().any(|(sign, _)| *sign != ' ')
    };
    let count =
        |lines: &[(char, String)], not: char| lines.iter().filter(|(sign, _)| *sign != not).count();
    let mut text = "--- a/x\n+++ b/x\n".to_owned();
    let mut at = 0;
    while at < all.len() {
        let length = (at..all.len()).take_while(|at| is_near(*at)).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let (before, lines) = (&all[..at], &all[at..at + length]);
        let [old, new] = ['+', '-'].map(|not| {
            let own = count(lines, not);
            format!("{},{own}", count(before, not) + usize::from(own > 0))
        });
        let _ = writeln!(text, "@@ -{old} +{new} @@");
        for (sign, line) in lines {
            let _ = writeln!(text, "{sign}{line}");
        }
        at += length;
    }
    text
}

fn regions(opened: &Opened) -> Vec<(usize, u32, u32, Option<u32>)> {
    let told = opened.regions.iter().flatten();
    told.map(|it| (it.index, it.old_first, it.new_first, it.count))
        .collect()
}

fn numbers(opened: &Opened) -> Vec<(u32, u32, usize)> {
    let hunks = opened.file.hunks.iter();
    hunks
        .map(|hunk| (hunk.old_start, hunk.new_start, hunk.lines.len()))
        .collect()
}

#[test]
fn says_what_is_not_shown_before_between_and_after() {
    let changed = Changed::of(100, &[(20, 1, 2), (60, 2, 0)]);
    let opened = open(&changed.file, Old, None);
    assert_eq!(
        regions(&opened),
        [
            (0, 1, 1, Some(17)),
            (1, 25, 26, Some(33)),
            (2, 66, 65, None),
        ]
    );
    assert_eq!(opened.file, changed.file);
    assert_eq!(opened.origin(5), Origin::Diff(5));
}

#[test]
fn a_file_that_ends_with_its_last_hunk_has_no_rest() {
    let at_its_end = Changed::of(10, &[(8, 1, 1)]);
    assert_eq!(
        regions(&open(&at_its_end.file, Old, None)),
        [(0, 1, 1, Some(5))]
    );
    for text in [
        "--- /dev/null\n+++ b/x\n@@ -0,0 +1,4 @@\n+a\n+b\n+c\n+d\n",
        "--- a/x\n+++ /dev/null\n@@ -1,4 +0,0 @@\n-a\n-b\n-c\n-d\n",
        "--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n-a\n+A\n b\n c\n d\n\\ No newline at end of file\n",
    ] {
        let file = Arc::new(parse(text).remove(0));
        assert_eq!(regions(&open(&file, Old, None)), [], "{text}");
    }
}

#[test]
fn opened_lines_join_the_hunk_that_they_touch() {
    let changed = Changed::of(100, &[(20, 1, 2), (60, 2, 0)]);
    let down = changed.opened(Old, &[(25, 44)]);
    assert_eq!(regions(&down)[1], (1, 45, 46, Some(13)));
    assert_eq!(numbers(&down), [(18, 18, 29), (58, 59, 8)]);
    let up = changed.opened(Old, &[(38, 57)]);
    assert_eq!(regions(&up)[1], (1, 25, 26, Some(13)));
    assert_eq!(numbers(&up), [(18, 18, 9), (38, 39, 28)]);
    let line = up.file.hunks[1].lines.first().unwrap();
    assert_eq!((line.old_number, line.new_number), (Some(38), Some(39)));
    assert_eq!(up.origin(9), Origin::Read(38));
    assert_eq!(up.origin(9 + 20), Origin::Diff(9));
}

#[test]
fn a_region_that_is_opened_whole_leaves_one_hunk() {
    let changed = Changed::of(100, &[(20, 1, 2), (60, 2, 0)]);
    let opened = changed.opened(Old, &[(25, 57)]);
    assert_eq!(
        regions(&opened),
        [(0, 1, 1, Some(17)), (2, 66, 65, Some(35))]
    );
    assert_eq!(numbers(&opened), [(18, 18, 9 + 33 + 8)]);
    let all = changed.opened(Old, &[(1, 100)]);
    assert_eq!(regions(&all), []);
    assert_eq!(numbers(&all), [(1, 1, 102)]);
}

#[test]
fn lines_that_touch_nothing_wait_until_they_do() {
    let changed = Changed::of(100, &[(20, 1, 2), (60, 2, 0)]);
    let opened = changed.opened(Old, &[(1, 5), (30, 40)]);
    assert_eq!(regions(&opened)[0], (0, 1, 1, Some(17)));
    assert_eq!(regions(&opened)[1], (1, 25, 26, Some(33)));
    let opened = changed.opened(Old, &[(25, 29), (30, 40)]);
    assert_eq!(regions(&opened)[1].3, Some(17));
}

#[test]
fn what_was_opened_stays_when_the_file_is_changed_elsewhere() {
    let before = Changed::of(100, &[(60, 2, 0)]);
    let after = Changed::of(100, &[(3, 0, 7), (60, 2, 0)]);
    let mut read = ReadLines::default();
    read.take(before.read(Old, 48, 57), Vec::new());
    let opened = open(&after.file, Old, Some(&read));
    let line = opened.file.hunks[1].lines.first().unwrap();
    assert_eq!((line.old_number, line.new_number), (Some(48), Some(55)));
    assert_eq!(line.text, after.new[54]);
}

#[test]
fn the_end_of_a_file_is_known_once_something_was_read() {
    let changed = Changed::of(100, &[(20, 1, 1)]);
    let opened = changed.opened(Old, &[(25, 44)]);
    assert_eq!(regions(&opened)[1], (1, 45, 45, Some(56)));
    let short = Changed::of(24, &[(20, 1, 1)]);
    let mut read = ReadLines::default();
    read.take(short.read(Old, 24, 24), Vec::new());
    assert_eq!(regions(&open(&short.file, Old, Some(&read))).len(), 1);
    let mut open_end = changed.read(Old, 25, 100);
    open_end.is_unterminated = true;
    let mut read = ReadLines::default();
    read.take(open_end, Vec::new());
    let opened = open(&changed.file, Old, Some(&read));
    assert_eq!(regions(&opened).len(), 1);
    assert!(opened.file.lines().last().unwrap().is_unterminated);
}

#[test]
fn hunks_that_make_no_sense_are_not_opened() {
    let text = "--- a/x\n+++ b/x\n@@ -10,1 +20,1 @@ fn\n-a\n+b\n@@ -4294967295,9 +3,1 @@\n-a\n+b\n";
    let file = Arc::new(parse(text).remove(0));
    let mut read = ReadLines::default();
    let lines = GitLines {
        first_line: 1,
        lines: vec!["x".to_owned(); 30],
        total_lines: 30,
        is_unterminated: false,
    };
    read.take(lines, Vec::new());
    let opened = open(&file, Old, Some(&read));
    assert!(opened.file.lines().all(|line| line.text != "x"));
    assert!(!opened.regions[0].as_ref().unwrap().touches.1);
}

#[test]
fn lines_of_another_version_do_not_fit() {
    let changed = Changed::of(100, &[(20, 1, 2)]);
    assert!(fits(&changed.file, Old, &changed.read(Old, 24, 60)));
    assert!(fits(&changed.file, New, &changed.read(New, 25, 60)));
    let mut other = changed.read(Old, 24, 60);
    other.lines[0].push('!');
    assert!(!fits(&changed.file, Old, &other));
    let mut cut = changed.read(Old, 30, 60);
    cut.total_lines = 12;
    assert!(!fits(&changed.file, Old, &cut));
}

proptest! {
    #[test]
    fn what_is_shown_is_the_file(
        total in 1_u32..120,
        changes in proptest::collection::vec((0_u32..120, 0_u32..4, 0_u32..4), 1..5),
        ranges in proptest::collection::vec((1_u32..130, 0_u32..40), 0..6),
        is_old: bool,
    ) {
        let mut changes: Vec<_> = changes.into_iter().filter(|change| change.0 <= total).collect();
        changes.sort_unstable();
        changes.dedup_by(|next, before| next.0 < before.0 + before.1 + 1);
        let changed = Changed::of(total, &changes);
        let side = if is_old { Old } else { New };
        let ranges: Vec<_> = ranges.into_iter().map(|(first, count)| (first, first + count)).collect();
        let opened = changed.opened(side, &ranges);
        // Each line is where it says on both sides, in order, and nothing of the diff is lost.
        for side in [Old, New] {
            let mut last = 0;
            for line in opened.file.lines() {
                if let Some(number) = line.number(side) {
                    prop_assert!(number > last);
                    last = number;
                    prop_assert_eq!(&line.text, &changed.side(side)[number as usize - 1]);
                }
            }
        }
        let own: Vec<_> = changed.file.lines().collect();
        let origins = (0..opened.file.line_count()).map(|at| opened.origin(at));
        let kept: Vec<_> = origins.filter_map(|it| match it { Origin::Diff(at) => Some(at), Origin::Read(_) => None }).collect();
        prop_assert_eq!(kept, (0..own.len()).collect::<Vec<_>>());
        // What a hunk says of itself holds, and what is not shown is told.
        let mut shown = 0;
        for hunk in &opened.file.hunks {
            let count = |side| u32::try_from(hunk.lines.iter().filter(|line| line.number(side).is_some()).count()).unwrap();
            prop_assert_eq!((hunk.old_count, hunk.new_count), (count(Old), count(New)));
            shown += count(side);
        }
        let hidden: u32 = opened.regions.iter().flatten().filter_map(|region| region.count).sum();
        let all = u32::try_from(changed.side(side).len()).unwrap();
        let is_known = opened.regions.iter().flatten().all(|region| region.count.is_some());
        if is_known && !opened.file.hunks.is_empty() && opened.regions.iter().any(Option::is_some) {
            prop_assert_eq!(shown + hidden, all);
        }
        prop_assert_eq!(opened.regions.len(), opened.file.hunks.len() + 1);
    }
}
