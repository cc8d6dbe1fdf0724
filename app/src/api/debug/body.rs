//! Bodies of attempts as people read them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The text of a body; what is no text is told by its size.
pub(super) fn text(base64: &str) -> String {
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    match String::from_utf8(bytes) {
        Ok(text) if is_json(&text) => indented(&text),
        Ok(text) => text,
        Err(error) => format!("[{} bytes that are no text]", error.as_bytes().len()),
    }
}

fn is_json(text: &str) -> bool {
    let is_nested = text.trim_start().starts_with(['{', '[']);
    is_nested && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// JSON with a line for each field and element, in the order in which they came.
fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let (mut is_in_string, mut is_escaped) = (false, false);
    let mut letters = json.chars().filter(char_or_string()).peekable();
    while let Some(letter) = letters.next() {
        if is_in_string {
            text.push(letter);
            match letter {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => is_in_string = false,
                _ => {}
            }
            continue;
        }
        match letter {
            '{' | '[' => {
                text.push(letter);
                if matches!(letters.peek(), Some('}' | ']')) {
                    text.extend(letters.next());
                } else {
                    depth += 1;
                    new_line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(letter);
            }
            ',' => {
                text.push(letter);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            '"' => {
                is_in_string = true;
                text.push(letter);
            }
            letter => text.push(letter),
        }
    }
    text
}

/// Keeps all but white space that stands between values.
fn char_or_string() -> impl FnMut(&char) -> bool {
    let (mut is_in_string, mut is_escaped) = (false, false);
    move |letter| {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_in_string => is_escaped = true,
            '"' => is_in_string = !is_in_string,
            _ => {}
        }
        is_in_string || !letter.is_ascii_whitespace()
    }
}

/// Deeper than this nothing moves to the right any more: whoever sends it decides how deep it is.
const DEEPEST: usize = 16;

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_as_it_came() {
        let json = r#"{"b" : [1, {"a":"x, {\"y\": [] }"}],
            "empty":{},"a":-1.50}"#;
        let shown = "{\n  \"b\": [\n    1,\n    {\n      \"a\": \"x, {\\\"y\\\": [] }\"\n    }\n  ],\n  \"empty\": {},\n  \"a\": -1.50\n}";
        assert_eq!(text(&STANDARD.encode(json)), shown);
    }

    #[test]
    fn what_is_no_json_stays_and_what_is_no_text_is_told() {
        for body in [
            "",
            "[TRUNCATED]",
            "data: {\"a\":1}\n\ndata: [DONE]\n",
            "{\"a\":",
        ] {
            assert_eq!(text(&STANDARD.encode(body)), body);
        }
        assert_eq!(
            text(&STANDARD.encode([0xff, 0xfe])),
            "[2 bytes that are no text]"
        );
        assert_eq!(text("no base64"), "");
    }

    #[test]
    fn a_deep_body_does_not_grow_without_end() {
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let indented = indented(&deep);
        assert!(indented.lines().all(|line| line.len() <= 2 * DEEPEST + 2));
    }
}
