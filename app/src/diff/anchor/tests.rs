#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod blame;
mod histories;

use DiffSide::{New, Old};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A line that keeps its name through all versions of its file, and its text.
type Line = (u32, String);

/// What `git diff` prints from one version to another: with three lines around each change.
fn diff(old: &[Line], new: &[Line]) -> DiffFile {
    let mut rows: Vec<(char, &str)> = Vec::new();
    let (mut left, mut right) = (0, 0);
    while left < old.len() || right < new.len() {
        let is_kept = |line: &Line, others: &[Line]| others.iter().any(|other| other.0 == line.0);
        if let Some(line) = old.get(left).filter(|line| !is_kept(line, &new[right..])) {
            rows.push(('-', &line.1));
            left += 1;
        } else if let Some(line) = new.get(right).filter(|line| !is_kept(line, &old[left..])) {
            rows.push(('+', &line.1));
            right += 1;
        } else {
            rows.push((' ', &old[left].1));
            left += 1;
            right += 1;
        }
    }
    let is_near = |at: usize| {
        rows[at.saturating_sub(3)..(at + 4).min(rows.len())]
            .iter()
            .any(|row| row.0 != ' ')
    };
    let mut text = vec!["diff --git a/x b/x\n--- a/x\n+++ b/x".to_owned()];
    let (mut old_number, mut new_number, mut at) = (1, 1, 0);
    while at < rows.len() {
        let count = (at..rows.len()).take_while(|at| is_near(*at)).count();
        if count == 0 {
            (old_number, new_number, at) = (old_number + 1, new_number + 1, at + 1);
            continue;
        }
        let hunk = &rows[at..at + count];
        let old_count = hunk.iter().filter(|row| row.0 != '+').count();
        let new_count = hunk.iter().filter(|row| row.0 != '-').count();
        let start = |number: usize, count: usize| number - usize::from(count == 0);
        text.push(format!(
            "@@ -{},{old_count} +{},{new_count} @@",
            start(old_number, old_count),
            start(new_number, new_count)
        ));
        for (sign, line) in hunk {
            text.push(format!("{sign}{line}"));
        }
        (old_number, new_number, at) = (old_number + old_count, new_number + new_count, at + count);
    }
    parse(&text.join("\n"))
        .into_iter()
        .next()
        .unwrap_or_default()
}

fn comment(file: &DiffFile, side: DiffSide, start: u32, end: u32) -> Option<DiffComment> {
    let range = LineRange { side, start, end };
    Some(DiffComment {
        file_name: "x".to_owned(),
        start_line: start.into(),
        end_line: end.into(),
        side,
        content: "Why?".to_owned(),
        diff_hunk: Some(quote(file, range)?),
        repo_root: None,
        blob: None,
    })
}

fn named(texts: &[&str]) -> Vec<Line> {
    let lines = texts.iter().zip(0..);
    lines
        .map(|(text, name)| (name, (*text).to_owned()))
        .collect()
}

/// Changes of a version, at places of its own.
#[derive(Clone, Debug)]
enum Edit {
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, String),
}

fn edits(text: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Vec<Edit>> {
    let at = any::<prop::sample::Index>;
    vec(
        prop_oneof![
            at().prop_map(Edit::Remove),
            (at(), text).prop_map(|(at, text)| Edit::Insert(at, text)),
        ],
        0..8,
    )
}

/// `names` makes the texts different from all others.
fn apply(lines: &[Line], edits: &[Edit], next: &mut u32, is_unique: bool) -> Vec<Line> {
    let mut lines = lines.to_vec();
    for edit in edits {
        match edit {
            Edit::Remove(at) if !lines.is_empty() => drop(lines.remove(at.index(lines.len()))),
            Edit::Remove(_) => {}
            Edit::Insert(at, text) => {
                *next += 1;
                let text = if is_unique {
                    format!("{text}{next}")
                } else {
                    text.clone()
                };
                lines.insert(at.index(lines.len() + 1), (*next, text));
            }
        }
    }
    lines
}

#[test]
fn quotes_lines_with_their_surroundings() {
    let old = named(&["a", "b", "c", "d", "e", "f"]);
    let mut new = old.clone();
    new.splice(2..3, [(10, "C".to_owned()), (11, "D".to_owned())]);
    let file = diff(&old, &new);
    let quoted = |side, start, end| quote(&file, LineRange { side, start, end });
    assert_eq!(
        quoted(New, 3, 3).as_deref(),
        Some("@@ -1,5 +1,6 @@\n a\n b\n-c\n+C\n+D\n d\n e")
    );
    assert_eq!(
        quoted(Old, 6, 6).as_deref(),
        Some("@@ -3,4 +3,5 @@\n-c\n+C\n+D\n d\n e\n f")
    );
    assert_eq!(quoted(New, 8, 8), None);
    assert_eq!(quoted(New, 5, 9), None);
}

#[test]
fn as_much_is_quoted_as_tells_lines_from_others() {
    let block = ["fn one() {", "a", "b", "c", "d", "check", "}"];
    let mut texts = block.to_vec();
    texts.extend(["fn two() {", "a", "b", "c", "d", "check", "}"]);
    let file = diff(&[], &named(&texts));
    let hunk = quote(
        &file,
        LineRange {
            side: New,
            start: 6,
            end: 6,
        },
    )
    .unwrap();
    assert!(hunk.contains("+fn one() {"), "{hunk}");
}

#[test]
fn a_copy_is_not_taken_for_what_is_gone() {
    let test = |name: &str| {
        let lines = [
            "#[test]",
            name,
            "    let ok = run();",
            "    assert!(ok);",
            "}",
            "",
        ];
        lines.map(str::to_owned)
    };
    let all: Vec<String> = [test("fn one() {"), test("fn two() {")].concat();
    let all: Vec<Line> = (0..).zip(all).collect();
    let before = diff(&[], &all);
    let on_one = comment(&before, New, 4, 4).unwrap();
    assert_eq!(
        place(&on_one, &before),
        Placement::Here(LineRange {
            side: New,
            start: 4,
            end: 4
        })
    );
    // The second one moves up to where the first one was.
    assert_eq!(place(&on_one, &diff(&[], &all[6..])), Placement::Outdated);
    let on_two = comment(&before, New, 10, 10).unwrap();
    assert_eq!(
        place(&on_two, &diff(&[], &all[6..])),
        Placement::Moved(LineRange {
            side: New,
            start: 4,
            end: 4
        })
    );
}

#[test]
fn moves_with_its_lines_and_is_outdated_when_they_change() {
    let old = named(&["a", "b", "c", "d", "e"]);
    let mut new = old.clone();
    new.splice(2..3, [(10, "C".to_owned()), (11, "D".to_owned())]);
    let on = comment(&diff(&old, &new), New, 3, 4).unwrap();
    let moved = |lines: &[Line]| place(&on, &diff(&old, lines));
    let mut later = new.clone();
    later.insert(0, (12, "before".to_owned()));
    later.insert(3, (13, "just before".to_owned()));
    assert_eq!(
        moved(&later),
        Placement::Moved(LineRange {
            side: New,
            start: 5,
            end: 6
        })
    );
    later[4].1 = "other".to_owned();
    assert_eq!(moved(&later), Placement::Outdated);
    let mut apart = new.clone();
    apart.insert(3, (14, "between".to_owned()));
    assert_eq!(moved(&apart), Placement::Outdated);
    assert_eq!(moved(&old), Placement::Outdated);
}

#[test]
fn a_comment_that_quotes_nothing_is_not_placed() {
    let file = diff(&[], &named(&["b"]));
    let file_of = |hunk: Option<&str>| {
        let mut comment = comment(&file, New, 1, 1)?;
        comment.diff_hunk = hunk.map(str::to_owned);
        Some(place(&comment, &file))
    };
    for hunk in [
        None,
        Some(""),
        Some("@@ nonsense"),
        Some("@@ -1 +9 @@\n-a\n+b"),
    ] {
        assert_eq!(
            file_of(hunk).unwrap_or(Placement::Outdated),
            Placement::Outdated,
            "{hunk:?}"
        );
    }
}

#[test]
fn long_lines_are_compared_as_far_as_they_are_quoted() {
    let long = "ä".repeat(3000);
    let file = diff(&[], &named(&[&long, "b"]));
    let on = comment(&file, New, 1, 1).unwrap();
    assert!(on.diff_hunk.as_ref().unwrap().len() < 2100);
    assert!(matches!(place(&on, &file), Placement::Here(_)));
}

/// A side and where on it, as shares of what is shown.
fn choice() -> impl Strategy<Value = (bool, prop::sample::Index, u32)> {
    (any::<bool>(), any::<prop::sample::Index>(), 0_u32..4)
}

fn chosen(
    file: &DiffFile,
    (is_old, at, more): (bool, prop::sample::Index, u32),
) -> Option<DiffComment> {
    let side = if is_old { Old } else { New };
    let numbers: Vec<u32> = file.lines().filter_map(|line| line.number(side)).collect();
    let start = *numbers.get(at.index(numbers.len().max(1)))?;
    comment(file, side, start, start + more).or_else(|| comment(file, side, start, start))
}

fn text_at(file: &DiffFile, side: DiffSide, number: u32) -> Option<&str> {
    let line = file
        .lines()
        .find(|line| line.number(side) == Some(number))?;
    Some(&line.text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Every line has a name of its own here, so that it is known where it went.
    #[test]
    fn never_on_another_line(
        count in 0_u32..30, first in edits("[a-z]".boxed()), second in edits("[a-z]".boxed()), choice in choice(),
        rebase in edits("[a-z]".boxed()), has_other_base in any::<bool>(),
    ) {
        let old: Vec<Line> = (0..count).map(|name| (name, format!("line {name}"))).collect();
        let mut next = count;
        let new = apply(&old, &first, &mut next, true);
        let shown = diff(&old, &new);
        let Some(comment) = chosen(&shown, choice) else { return Ok(()) };
        let later = apply(&new, &second, &mut next, true);
        let base = if has_other_base { apply(&old, &rebase, &mut next, true) } else { old.clone() };
        let now = diff(&base, &later);
        let (was, is) = match comment.side {
            Old => (&old, &base),
            New => (&new, &later),
        };
        let line = |lines: &[Line], number: u32| lines[number as usize - 1].0;
        if let Some(range) = place(&comment, &now).range() {
            prop_assert_eq!(i64::from(range.end - range.start), comment.end_line - comment.start_line);
            for (from, to) in (comment.start_line..).zip(range.start..=range.end) {
                prop_assert_eq!(line(was, u32::try_from(from).unwrap()), line(is, to));
            }
        }
    }

    #[test]
    fn what_did_not_change_keeps_its_comments(
        old in vec("[ab}]", 0..20), first in edits("[ab}]".boxed()), choice in choice(),
    ) {
        let old: Vec<Line> = (0..).zip(old).collect();
        let mut next = 100;
        let file = diff(&old, &apply(&old, &first, &mut next, false));
        if let Some(comment) = chosen(&file, choice) {
            let quoted = comment.quoted_lines().map(|lines| lines.len());
            prop_assert_eq!(quoted, usize::try_from(comment.end_line - comment.start_line + 1).ok());
            prop_assert!(matches!(place(&comment, &file), Placement::Here(_)));
        }
    }

    /// Lines that say the same as many others: what is shown then is what was commented on, word for word.
    #[test]
    fn never_on_other_words(
        old in vec("[ab}]", 0..20), first in edits("[ab}]".boxed()), second in edits("[ab}]".boxed()), choice in choice(),
    ) {
        let old: Vec<Line> = (0..).zip(old).collect();
        let mut next = 100;
        let new = apply(&old, &first, &mut next, false);
        let Some(comment) = chosen(&diff(&old, &new), choice) else { return Ok(()) };
        let now = diff(&old, &apply(&new, &second, &mut next, false));
        if let Some(range) = place(&comment, &now).range() {
            let shown: Option<Vec<&str>> = (range.start..=range.end).map(|number| text_at(&now, range.side, number)).collect();
            prop_assert_eq!(shown, comment.quoted_lines());
        }
    }

    /// New lines elsewhere move it; they do not lose it.
    #[test]
    fn new_lines_elsewhere_keep_it(count in 8_u32..30, at in 0_u32..8, above in 0_usize..4, below in 0_usize..4) {
        let lines: Vec<Line> = (0..count).map(|name| (name, format!("line {name}"))).collect();
        let on = comment(&diff(&[], &lines), New, at + 1, at + 1).unwrap();
        let added = |from: u32, many: usize| (from..).take(many).map(|name| (name, format!("new {name}"))).collect::<Vec<_>>();
        let later = [added(100, above), lines, added(200, below)].concat();
        let number = at + 1 + u32::try_from(above).unwrap();
        let expected = LineRange { side: New, start: number, end: number };
        prop_assert_eq!(place(&on, &diff(&[], &later)).range(), Some(expected));
    }

    #[test]
    fn hostile_hunks_do_no_harm(hunk in "(?s).{0,200}", start in any::<i64>(), end in any::<i64>()) {
        let file = diff(&[], &named(&["b"]));
        let comment = DiffComment { start_line: start, end_line: end, diff_hunk: Some(hunk), ..comment(&file, New, 1, 1).unwrap() };
        let _ = (comment.quoted_lines(), place(&comment, &file));
    }
}
