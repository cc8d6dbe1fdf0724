//! A build's log for the page: what programs wrote is text of strangers. It is shown as a terminal would leave it, without
//! colours, and nothing in it can hide, turn around or overwrite what stands beside it.

use std::fmt::Write as _;

/// As much of a log as a page holds.
pub(super) const MAX_SHOWN_BYTES: usize = 256 * 1024;

/// The end of a text, from a line's beginning on; and whether something was left out.
pub(super) fn end_of(text: &str) -> (&str, bool) {
    if text.len() <= MAX_SHOWN_BYTES {
        return (text, false);
    }
    let end = text
        .get(text.ceil_char_boundary(text.len() - MAX_SHOWN_BYTES)..)
        .unwrap_or_default();
    let whole_lines = end.split_once('\n').map_or(end, |(_, lines)| lines);
    (whole_lines, true)
}

/// Lines that can be read.
pub(super) fn readable(text: &str) -> String {
    let mut readable = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            readable.push('\n');
        }
        write_line(last_state(line), &mut readable);
    }
    readable
}

/// What stands in the line after everything that was written over: programs that count up write one line many times.
fn last_state(line: &str) -> &str {
    let line = line.trim_end_matches('\r');
    line.rsplit_once('\r').map_or(line, |(_, last)| last)
}

fn write_line(line: &str, readable: &mut String) {
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if let Some(length) = length_of_command(rest) {
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        if is_odd(first) {
            let _ = write!(readable, "\\u{{{:x}}}", u32::from(first));
        } else {
            readable.push(first);
        }
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
}

/// The length of a terminal's command for colours or for clearing the line at the beginning of the text. Other commands
/// are shown, so that one sees what was tried.
fn length_of_command(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|character: char| !character.is_ascii_digit() && character != ';')?;
    let is_harmless = parameters.get(end..)?.starts_with(['m', 'K']);
    is_harmless.then_some("\u{1b}[".len() + end + 1)
}

/// Neither seen nor harmless: control characters, and those that turn the direction of writing or have no width.
fn is_odd(character: char) -> bool {
    match character {
        '\t' => false,
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{61c}'
        | '\u{ad}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn shows_what_a_terminal_would_leave_without_colours() {
        let said = "Receiving: 1%\rReceiving: 50%\rReceiving: 100%, done.\r\n\u{1b}[1;32mok\u{1b}[0m\u{1b}[K\n\tend";
        assert_eq!(readable(said), "Receiving: 100%, done.\nok\n\tend");
        assert_eq!(readable(""), "");
        assert_eq!(readable("a\n"), "a\n");
    }

    #[test]
    fn makes_seen_what_would_hide_or_turn_around() {
        let said = "a\u{8}b \u{1b}]8;;http://evil\u{7}x \u{202e}txt.exe \u{200b}\u{9b}2J\u{1b}[2J";
        assert_eq!(
            readable(said),
            "a\\u{8}b \\u{1b}]8;;http://evil\\u{7}x \\u{202e}txt.exe \\u{200b}\\u{9b}2J\\u{1b}[2J"
        );
        assert_eq!(readable("\u{1b}"), "\\u{1b}");
        assert_eq!(readable("\u{1b}[31"), "\\u{1b}[31");
        // Letters of the world, and the HTML that the page escapes itself, stay as they are.
        assert_eq!(readable("größer <b> 日本 🌐"), "größer <b> 日本 🌐");
    }

    #[test]
    fn keeps_the_end_of_a_long_log_from_a_lines_beginning_on() {
        let line = "é".repeat(40) + "\n";
        let log = line.repeat(MAX_SHOWN_BYTES / line.len() + 10);
        let (shown, is_cut) = end_of(&log);
        assert!(is_cut);
        assert!(shown.len() <= MAX_SHOWN_BYTES);
        assert!(shown.starts_with('é') && shown.len() % line.len() == 0);
        assert_eq!(end_of("short"), ("short", false));
    }
}
