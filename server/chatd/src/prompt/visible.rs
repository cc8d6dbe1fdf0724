//! Instructions that people and repositories write for models, without what a reader of them cannot see.

/// The text without invisible characters, with one kind of line end, no spaces at the ends of lines and at most one
/// empty line in a row.
pub fn clean(text: &str) -> String {
    let visible: String = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|letter| is_kept(*letter))
        .collect();
    let mut cleaned = String::with_capacity(visible.len());
    let mut empty_lines = 0;
    for line in visible.trim().lines().map(str::trim_end) {
        empty_lines = if line.is_empty() { empty_lines + 1 } else { 0 };
        if empty_lines > 1 {
            continue;
        }
        if !cleaned.is_empty() {
            cleaned.push('\n');
        }
        cleaned.push_str(line);
    }
    cleaned
}

/// What a reader of a rendered page sees of a text.
pub fn shown(text: &str) -> String {
    clean(&without_html_comments(text))
}

/// The text without `<!-- … -->`, which no page shows. One that never ends hides the rest.
fn without_html_comments(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("<!--") {
        shown.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    shown.push_str(rest);
    shown
}

/// Whether a reader can see a letter, or it is a space or a line end.
pub(crate) fn is_kept(letter: char) -> bool {
    !matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200d}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::{clean, without_html_comments};

    #[test]
    fn takes_comments_out() {
        for (text, shown) in [
            ("a<!-- b -->c<!--\n-->d", "acd"),
            ("a <!-- open", "a "),
            ("<!--<!-- -->a-->", "a-->"),
            ("plain -- text", "plain -- text"),
        ] {
            assert_eq!(without_html_comments(text), shown, "{text}");
        }
    }

    #[test]
    fn takes_out_what_cannot_be_seen() {
        assert_eq!(clean("a\u{200b}b\u{202e}c\u{200c}d"), "abc\u{200c}d");
        assert_eq!(clean("\u{feff} \n "), "");
    }

    #[test]
    fn keeps_indents_and_one_empty_line() {
        assert_eq!(
            clean("\r\nfirst \u{a0}\r\n  - second\r\r\n \n\n\nthird\n"),
            "first\n  - second\n\nthird"
        );
    }
}
