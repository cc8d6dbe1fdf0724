//! Finding the text an edit means.
//!
//! First exactly as it is given, then with the file's line endings, then line by line with more and more
//! tolerance for white space. The first pass that finds something decides. A replacement that was found with other
//! indentation is indented like the place it goes to; in a file with CRLF line endings it gets those.

use crate::protocol::FileEdit;

/// At most this many places are named when an edit is ambiguous.
const MAX_PLACES_SHOWN: usize = 5;

/// The text with the edit applied, or what stands in its way.
pub fn replace(text: &str, edit: &FileEdit) -> Result<String, String> {
    if edit.search.is_empty() {
        return Err("search is empty; give the text to replace, or write the whole file".into());
    }
    let is_crlf = uses_crlf(text);
    let search = if is_crlf {
        to_crlf(&edit.search)
    } else {
        edit.search.clone()
    };
    let replacement = if is_crlf {
        to_crlf(&edit.replace)
    } else {
        edit.replace.clone()
    };
    let mut spans = exact_spans(text, &edit.search, &replacement);
    if spans.is_empty() && search != edit.search {
        spans = exact_spans(text, &search, &replacement);
    }
    for tolerance in [
        Tolerance::LineEnds,
        Tolerance::Indentation,
        Tolerance::AllWhiteSpace,
    ] {
        if spans.is_empty() {
            spans = tolerant_spans(text, &search, &replacement, tolerance);
        }
    }
    match spans.as_slice() {
        [] => Err(not_found(text, &edit.search)),
        [_, _, ..] if !edit.replace_all => Err(ambiguous(text, &spans)),
        _ => Ok(splice(text, &spans)),
    }
}

/// A part of the text and what goes there.
struct Span {
    start: usize,
    end: usize,
    replacement: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tolerance {
    /// White space at the ends of lines does not count.
    LineEnds,
    /// Neither does indentation.
    Indentation,
    /// Runs of white space inside a line are equal.
    AllWhiteSpace,
}

impl Tolerance {
    fn key(self, line: &str) -> String {
        match self {
            Self::LineEnds => line.trim_end().to_owned(),
            Self::Indentation => line.trim().to_owned(),
            Self::AllWhiteSpace => line.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
}

fn uses_crlf(text: &str) -> bool {
    let lines = text.matches('\n').count();
    lines > 0 && text.matches("\r\n").count() * 2 > lines
}

fn to_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn exact_spans(text: &str, search: &str, replacement: &str) -> Vec<Span> {
    text.match_indices(search)
        .map(|(start, found)| Span {
            start,
            end: start + found.len(),
            replacement: replacement.to_owned(),
        })
        .collect()
}

fn tolerant_spans(text: &str, search: &str, replacement: &str, tolerance: Tolerance) -> Vec<Span> {
    let wanted_lines: Vec<&str> = search.lines().collect();
    let wanted: Vec<String> = wanted_lines
        .iter()
        .map(|line| tolerance.key(line))
        .collect();
    if wanted.iter().all(String::is_empty) {
        return Vec::new();
    }
    let lines = lines_with_starts(text);
    let keys: Vec<String> = lines.iter().map(|(_, line)| tolerance.key(line)).collect();
    let mut spans = Vec::new();
    let mut next = 0;
    for (position, window) in keys.windows(wanted.len()).enumerate() {
        if position < next || window != wanted {
            continue;
        }
        next = position + wanted.len();
        let Some(found) = lines.get(position..next) else {
            continue;
        };
        spans.extend(line_span(
            found,
            search,
            &wanted_lines,
            replacement,
            tolerance,
        ));
    }
    spans
}

/// Lines with their endings, and where each begins.
fn lines_with_starts(text: &str) -> Vec<(usize, &str)> {
    text.split_inclusive('\n')
        .scan(0, |start, line| {
            let this = *start;
            *start += line.len();
            Some((this, line))
        })
        .collect()
}

fn line_span(
    found: &[(usize, &str)],
    search: &str,
    wanted_lines: &[&str],
    replacement: &str,
    tolerance: Tolerance,
) -> Option<Span> {
    let (start, _) = *found.first()?;
    let (last_start, last_line) = *found.last()?;
    let kept_ending = if search.ends_with('\n') {
        0
    } else {
        last_line.len() - last_line.trim_end_matches(['\r', '\n']).len()
    };
    let replacement = if tolerance == Tolerance::LineEnds {
        replacement.to_owned()
    } else {
        let indented = wanted_lines
            .iter()
            .zip(found)
            .find(|(wanted, _)| !wanted.trim().is_empty());
        let (wanted, (_, line)) = indented?;
        reindent(replacement, indentation(wanted), indentation(line))
    };
    Some(Span {
        start,
        end: last_start + last_line.len() - kept_ending,
        replacement,
    })
}

fn indentation(line: &str) -> &str {
    line.get(..line.len() - line.trim_start().len())
        .unwrap_or_default()
}

/// Lines that begin with the indentation of the search begin with that of the file instead.
fn reindent(replacement: &str, from: &str, to: &str) -> String {
    replacement
        .split_inclusive('\n')
        .map(|line| match line.strip_prefix(from) {
            Some(rest) if !line.trim().is_empty() => format!("{to}{rest}"),
            _ => line.to_owned(),
        })
        .collect()
}

fn splice(text: &str, spans: &[Span]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut position = 0;
    for span in spans {
        result.push_str(text.get(position..span.start).unwrap_or_default());
        result.push_str(&span.replacement);
        position = span.end;
    }
    result.push_str(text.get(position..).unwrap_or_default());
    result
}

fn line_number(text: &str, position: usize) -> usize {
    text.get(..position)
        .unwrap_or_default()
        .matches('\n')
        .count()
        + 1
}

fn ambiguous(text: &str, spans: &[Span]) -> String {
    let mut places: Vec<String> = spans
        .iter()
        .take(MAX_PLACES_SHOWN)
        .map(|span| line_number(text, span.start).to_string())
        .collect();
    if spans.len() > MAX_PLACES_SHOWN {
        places.push("…".into());
    }
    format!(
        "search is found {} times (lines {}); give more of the surrounding text, or set replace_all",
        spans.len(),
        places.join(", ")
    )
}

fn not_found(text: &str, search: &str) -> String {
    let first = search
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let near = text
        .lines()
        .position(|line| !first.is_empty() && line.trim() == first);
    match near {
        Some(index) => format!(
            "search is not found; its first line is like line {}, but what follows differs. Read the file again",
            index + 1
        ),
        None => {
            "search is not found. Read the file again and copy the text as it stands there".into()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use proptest::prelude::*;

    use super::*;

    fn edit(search: &str, replace: &str) -> FileEdit {
        FileEdit {
            search: search.into(),
            replace: replace.into(),
            replace_all: false,
        }
    }

    fn all(search: &str, replace: &str) -> FileEdit {
        FileEdit {
            replace_all: true,
            ..edit(search, replace)
        }
    }

    #[test]
    fn prefers_the_exact_place_over_tolerant_ones() {
        let text = "  a = 1\na = 1\n";
        assert_eq!(
            replace(text, &edit("\na = 1", "\na = 2")).unwrap(),
            "  a = 1\na = 2\n"
        );
    }

    #[test]
    fn an_ambiguous_edit_names_the_lines_unless_all_are_meant() {
        let text = "x\ny\nx\n";
        assert!(
            replace(text, &edit("x", "z"))
                .unwrap_err()
                .contains("lines 1, 3")
        );
        assert_eq!(replace(text, &all("x", "z")).unwrap(), "z\ny\nz\n");
    }

    #[test]
    fn ignores_white_space_at_line_ends() {
        assert_eq!(
            replace("a  \nb\t\nc\n", &edit("a\nb\n", "x\n")).unwrap(),
            "x\nc\n"
        );
    }

    #[test]
    fn indents_the_replacement_like_the_place_it_goes_to() {
        let text = "fn f() {\n\t\tif a {\n\t\t\tb();\n\t\t}\n}\n";
        let found = replace(text, &edit("if a {\n\tb();\n}", "if c {\n\td();\n}")).unwrap();
        assert_eq!(found, "fn f() {\n\t\tif c {\n\t\t\td();\n\t\t}\n}\n");
    }

    #[test]
    fn takes_tabs_for_spaces_inside_a_line() {
        assert_eq!(
            replace("let  a\t= 1;\n", &edit("let a = 1;", "let a = 2;")).unwrap(),
            "let a = 2;\n"
        );
    }

    #[test]
    fn keeps_crlf_line_endings() {
        let text = "one\r\ntwo\r\nthree\r\n";
        assert_eq!(
            replace(text, &edit("one\ntwo", "1\n2\n2b")).unwrap(),
            "1\r\n2\r\n2b\r\nthree\r\n"
        );
        assert_eq!(
            replace(text, &edit("two", "2\n2")).unwrap(),
            "one\r\n2\r\n2\r\nthree\r\n"
        );
    }

    #[test]
    fn refuses_what_is_empty_blank_or_not_there() {
        assert!(replace("a", &edit("", "b")).unwrap_err().contains("empty"));
        assert!(replace("a\n \n \n", &edit("\t\n\t\n", "b")).is_err());
        assert!(
            replace("a\nb\n", &edit("a\nc\n", "x"))
                .unwrap_err()
                .contains("line 1")
        );
    }

    #[test]
    fn overlapping_places_are_replaced_once() {
        assert_eq!(replace("aaa", &all("aa", "b")).unwrap(), "ba");
        assert_eq!(
            replace("a \na \na \n", &all("a\na", "b")).unwrap(),
            "b\na \n"
        );
    }

    proptest! {
        #[test]
        fn never_panics_and_agrees_with_plain_replacement(text in "[ab\\n\\r \tä]{0,60}", search in "[ab\\n ä]{1,8}", with in "[xy\\n]{0,5}") {
            let found = replace(&text, &all(&search, &with));
            if text.contains(&search) && !text.contains('\r') {
                prop_assert_eq!(found.unwrap(), text.replace(&search, &with));
            }
        }
    }
}
