//! What a comment on lines of a diff quotes.

use super::{DiffComment, DiffSide};

impl DiffComment {
    /// The commented lines as the hunk quotes them; nothing without a hunk, or where the hunk does not hold all of them.
    pub fn quoted_lines(&self) -> Option<Vec<&str>> {
        let (header, lines) = self.diff_hunk.as_deref()?.split_once('\n')?;
        let (sign, other) = match self.side {
            DiffSide::Old => ('-', '+'),
            DiffSide::New => ('+', '-'),
        };
        let mut number = start(header, sign)?;
        let mut quoted = Vec::new();
        for line in lines.split('\n') {
            if line.starts_with(other) || line.starts_with('\\') {
                continue;
            }
            if (self.start_line..=self.end_line).contains(&number) {
                quoted.push(line.get(1..).unwrap_or_default());
            }
            number = number.checked_add(1)?;
        }
        let wanted = self.end_line.checked_sub(self.start_line)?.checked_add(1)?;
        (i64::try_from(quoted.len()) == Ok(wanted)).then_some(quoted)
    }

    /// The lines in words: `path:4` or `path:4-7`.
    pub fn place(&self) -> String {
        place(&self.file_name, self.start_line, self.end_line)
    }
}

pub(super) fn place(file: &str, start_line: i64, end_line: i64) -> String {
    if end_line > start_line {
        format!("{file}:{start_line}-{end_line}")
    } else {
        format!("{file}:{start_line}")
    }
}

/// The first line of a side, of `@@ -1,2 +3,4 @@`.
fn start(header: &str, sign: char) -> Option<i64> {
    let numbers = header.strip_prefix("@@ ")?;
    let range = numbers.split(' ').find_map(|it| it.strip_prefix(sign))?;
    range.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(side: DiffSide, start_line: i64, end_line: i64) -> DiffComment {
        DiffComment {
            file_name: "src/lib.rs".to_owned(),
            start_line,
            end_line,
            side,
            content: "Why?".to_owned(),
            diff_hunk: Some("@@ -3,3 +3,4 @@ fn greet\n one\n-two\n+2\n+\n three".to_owned()),
            repo_root: None,
            blob: None,
        }
    }

    #[test]
    fn quotes_the_lines_of_its_side() {
        let quoted = |side, start, end| {
            comment(side, start, end)
                .quoted_lines()
                .map(|lines| lines.join("|"))
        };
        assert_eq!(
            quoted(DiffSide::Old, 3, 5).as_deref(),
            Some("one|two|three")
        );
        assert_eq!(quoted(DiffSide::New, 4, 6).as_deref(), Some("2||three"));
        assert_eq!(quoted(DiffSide::New, 4, 4).as_deref(), Some("2"));
        // Lines that the hunk does not hold, and numbers that make no sense.
        for (start, end) in [(2, 3), (6, 7), (i64::MIN, i64::MAX)] {
            assert_eq!(quoted(DiffSide::New, start, end), None, "{start}-{end}");
        }
    }

    #[test]
    fn a_hunk_that_makes_no_sense_quotes_nothing() {
        for hunk in ["", "@@", "@@ -x +y @@\n a", "+3\n a", "@@ -1 @@\n+a"] {
            let mut comment = comment(DiffSide::New, 1, 1);
            comment.diff_hunk = Some(hunk.to_owned());
            assert_eq!(comment.quoted_lines(), None, "{hunk}");
        }
    }

    #[test]
    fn names_its_place() {
        assert_eq!(comment(DiffSide::New, 4, 4).place(), "src/lib.rs:4");
        assert_eq!(comment(DiffSide::New, 4, 6).place(), "src/lib.rs:4-6");
    }
}
