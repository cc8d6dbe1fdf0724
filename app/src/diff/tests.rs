#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub(super) mod dice;
mod git;
mod rebuilt;

use proptest::prelude::*;

use super::*;

const MODIFIED: &str = "diff --git a/src/a.rs b/src/a.rs
index 1..2 100644
--- a/src/a.rs
+++ b/src/a.rs
@@ -1,3 +1,4 @@ fn main() {
 one
-two
+2
+2b
 three
";

#[test]
fn lines_are_counted_without_parsing_as_parsing_counts_them() {
    let odd = "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n--- gone\n+++ come\n same\n\\ No newline at end of file\n";
    for text in [
        MODIFIED,
        odd,
        "",
        "no diff",
        "Binary files a/b and b/b differ\n",
    ] {
        let parsed = parse(text).iter().fold((0, 0), |sum, file| {
            (sum.0 + file.additions, sum.1 + file.deletions)
        });
        assert_eq!(count_lines(text), parsed, "{text}");
    }
}

#[test]
fn numbers_lines_on_both_sides() {
    let files = parse(MODIFIED);
    assert_eq!(files.len(), 1);
    let file = &files[0];
    assert_eq!(
        (file.path(), file.change, file.additions, file.deletions),
        ("src/a.rs", FileChange::Modified, 2, 1)
    );
    let numbers: Vec<_> = file
        .lines()
        .map(|line| (line.old_number, line.new_number, line.text.as_str()))
        .collect();
    assert_eq!(
        numbers,
        [
            (Some(1), Some(1), "one"),
            (Some(2), None, "two"),
            (None, Some(2), "2"),
            (None, Some(3), "2b"),
            (Some(3), Some(4), "three"),
        ]
    );
    assert_eq!(file.hunks[0].section, "fn main() {");
}

#[test]
fn tells_new_deleted_renamed_binary_and_mode_only_files_apart() {
    let text = "diff --git a/n b/n
new file mode 100644
index 0..1
--- /dev/null
+++ b/n
@@ -0,0 +1 @@
+x
\\ No newline at end of file
diff --git a/d b/d
deleted file mode 100644
--- a/d
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/old name b/new name
similarity index 90%
rename from old name
rename to new name
diff --git a/p.png b/p.png
index 1..2 100644
Binary files a/p.png and b/p.png differ
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
";
    let files = parse(text);
    let seen: Vec<_> = files
        .iter()
        .map(|file| (file.path(), file.change, file.is_binary))
        .collect();
    assert_eq!(
        seen,
        [
            ("n", FileChange::Added, false),
            ("d", FileChange::Deleted, false),
            ("new name", FileChange::Renamed, false),
            ("p.png", FileChange::Modified, true),
            ("run.sh", FileChange::ModeOnly, false),
        ]
    );
    assert!(files[0].hunks[0].lines[0].is_unterminated);
    assert_eq!(files[0].old_path, None);
    assert_eq!(files[1].new_path, None);
    assert_eq!(files[2].old_path.as_deref(), Some("old name"));
    assert_eq!(files[4].new_mode.as_deref(), Some("100755"));
}

#[test]
fn takes_removed_lines_that_look_like_headers_as_lines() {
    let text =
        "--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1,2 @@\n--- old comment\n+++ new comment\n same\n";
    let files = parse(text);
    assert_eq!(files.len(), 1);
    let texts: Vec<_> = files[0].lines().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["-- old comment", "++ new comment", "same"]);
}

#[test]
fn reads_quoted_paths_and_paths_with_spaces() {
    let text = "diff --git \"a/\\303\\244 \\\"x\\\".txt\" \"b/\\303\\244 \\\"x\\\".txt\"\nold mode 100644\nnew mode 100755\n\
                diff --git a/two words b/two words\nBinary files differ\n";
    let files = parse(text);
    assert_eq!(files[0].path(), "ä \"x\".txt");
    assert_eq!(files[1].path(), "two words");
}

#[test]
fn reads_several_plain_files_without_git_headers() {
    let text = "--- a/1\n+++ b/1\n@@ -1 +1 @@\n-a\n+b\n--- a/2\n+++ b/2\n@@ -1 +1 @@\n-c\n+d\n";
    let files = parse(text);
    assert_eq!(
        files.iter().map(DiffFile::path).collect::<Vec<_>>(),
        ["1", "2"]
    );
}

#[test]
fn keeps_what_it_can_of_a_cut_diff() {
    let files = parse("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n a\n-b");
    assert_eq!(files[0].line_count(), 2);
    assert!(parse("no diff at all\n@@ nonsense @@\n").is_empty());
    assert!(parse("").is_empty());
}

#[test]
fn marks_the_middle_that_changed() {
    let files = parse("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-let wait = 1;\n+let wait = 20;\n");
    let lines = &files[0].hunks[0].lines;
    let ranges = changed_ranges(lines);
    assert_eq!(&lines[0].text[ranges[0][0].clone()], "1");
    assert_eq!(&lines[1].text[ranges[1][0].clone()], "20");
}

/// The marked words of each line.
fn marked(removed: &[&str], added: &[&str]) -> Vec<Vec<String>> {
    let line = |kind| move |text: &&str| (kind, (*text).to_owned());
    let lines = removed.iter().map(line(LineKind::Removed));
    let lines: Vec<_> = lines
        .chain(added.iter().map(line(LineKind::Added)))
        .collect();
    let parsed = parse(&print("x", &lines));
    let lines = &parsed[0].hunks[0].lines;
    let marks = lines.iter().zip(changed_ranges(lines));
    let words = marks.map(|(line, marks)| {
        let words = marks.into_iter().map(|mark| line.text[mark].to_owned());
        words.collect()
    });
    words.collect()
}

#[test]
fn marks_the_words_that_changed_each_by_itself() {
    let none: [&str; 0] = [];
    assert_eq!(
        marked(&["a = one + two"], &["a = one + three"]),
        [["two"], ["three"]]
    );
    assert_eq!(
        marked(&["call(first, second, third)"], &["call(1st, second, 3rd)"]),
        [["first", "third"], ["1st", "3rd"]]
    );
    // What stands between two marks and says nothing is marked with them.
    assert_eq!(
        marked(&["let it be so now"], &["let them go so now"]),
        [["it be"], ["them go"]]
    );
    let marks = marked(&["    run(plan);"], &["    run(plan, true);"]);
    assert_eq!(marks, [none.to_vec(), vec![", true"]]);
}

#[test]
fn lines_face_those_that_they_are_like() {
    let none: [&str; 0] = [];
    assert_eq!(
        marked(
            &["send(text);"],
            &["let text = trim(raw);", "send(text, now);"]
        ),
        [none.to_vec(), none.to_vec(), vec![", now"]]
    );
    assert_eq!(
        marked(
            &["first(1);", "gone entirely", "last(2);"],
            &["first(3);", "last(4);"]
        ),
        [vec!["1"], none.to_vec(), vec!["2"], vec!["3"], vec!["4"]]
    );
}

#[test]
fn what_would_take_long_stays_unmarked() {
    let long = "word ".repeat(200_000);
    let changed = format!("{long}x");
    assert!(marked(&[&long], &[&changed]).iter().all(Vec::is_empty));
    let lines: Vec<String> = (0..10_000).map(|at| format!("let a = {at};")).collect();
    let old: Vec<&str> = lines.iter().map(String::as_str).collect();
    let new: Vec<&str> = old.iter().rev().copied().collect();
    assert!(marked(&old, &new).iter().all(Vec::is_empty));
    assert!(marked(&old, &new[1..]).iter().all(Vec::is_empty));
}

#[test]
fn leaves_lines_unmarked_that_share_nothing() {
    let files = parse("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-alpha beta\n+42\n");
    assert!(
        changed_ranges(&files[0].hunks[0].lines)
            .iter()
            .all(Vec::is_empty)
    );
}

fn line() -> impl Strategy<Value = (LineKind, String)> {
    (
        prop_oneof![
            Just(LineKind::Context),
            Just(LineKind::Added),
            Just(LineKind::Removed)
        ],
        "[ -~äß…]{0,20}",
    )
}

fn print(path: &str, lines: &[(LineKind, String)]) -> String {
    let old = lines
        .iter()
        .filter(|(kind, _)| *kind != LineKind::Added)
        .count();
    let new = lines
        .iter()
        .filter(|(kind, _)| *kind != LineKind::Removed)
        .count();
    let mut text = format!(
        "diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,{old} +1,{new} @@\n"
    );
    for (kind, line) in lines {
        let sign = match kind {
            LineKind::Context => ' ',
            LineKind::Added => '+',
            LineKind::Removed => '-',
        };
        text.push(sign);
        text.push_str(line);
        text.push('\n');
    }
    text
}

proptest! {
    #[test]
    fn never_fails_and_never_invents_text(text in "(?s).{0,400}") {
        for file in parse(&text) {
            for line in file.lines() {
                prop_assert!(text.contains(&line.text));
            }
        }
    }

    #[test]
    fn survives_any_mixture_of_its_own_lines(lines in proptest::collection::vec(
        prop_oneof![Just("diff --git a/x b/y"), Just("--- a/x"), Just("+++ b/y"), Just("@@ -1,2 +1,3 @@"), Just("+a"), Just("-b"),
            Just(" c"), Just(""), Just("\\ No newline"), Just("@@ -4294967295 +4294967295,9 @@"), Just("rename to \"\\9"), Just("Binary files ")],
        0..40,
    )) {
        let text = lines.join("\n");
        let counted: usize = parse(&text).iter().map(DiffFile::line_count).sum();
        prop_assert!(counted <= lines.len());
    }

    #[test]
    fn reads_back_what_was_printed(files in proptest::collection::vec(("[a-z][a-z ./_-]{0,10}[a-z]", proptest::collection::vec(line(), 1..20)), 1..5)) {
        let text: String = files.iter().map(|(path, lines)| print(path, lines)).collect();
        let parsed = parse(&text);
        prop_assert_eq!(parsed.len(), files.len());
        for (file, (path, lines)) in parsed.iter().zip(&files) {
            prop_assert_eq!(file.path(), path.as_str());
            let read: Vec<_> = file.lines().map(|line| (line.kind, line.text.clone())).collect();
            prop_assert_eq!(&read, lines);
        }
    }

    #[test]
    fn marks_lie_on_character_borders(old in "[aäß… ]{0,12}", new in "[aäß… ]{0,12}") {
        let lines = [(LineKind::Removed, old), (LineKind::Added, new)];
        let parsed = parse(&print("x", &lines));
        let lines = &parsed[0].hunks[0].lines;
        for (line, range) in lines.iter().zip(changed_ranges(lines)) {
            prop_assert!(range.windows(2).all(|pair| pair[0].end < pair[1].start));
            for range in range {
                prop_assert!(line.text.get(range).is_some_and(|text| !text.is_empty()));
            }
        }
    }
}
