//! Texts of others, made fit to be kept and shown.

use url::Url;

/// The longest address that is kept.
const LONGEST_URL_BYTES: usize = 2048;

/// One line without control characters and without characters that turn the direction of what follows.
pub(crate) fn line(text: &str, most_characters: usize) -> String {
    let is_shown = |character: &char| !character.is_control() && !is_direction(*character);
    let shown: String = text
        .chars()
        .filter(is_shown)
        .take(most_characters)
        .collect();
    shown.trim().to_owned()
}

const fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An `https` address without a name and a password in it.
pub(crate) fn https_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_sound = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    let text = url.as_str();
    (is_sound && text.len() <= LONGEST_URL_BYTES).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_line_is_one_line_that_reads_from_left_to_right() {
        assert_eq!(line("  Add\n\u{202e}greeting\u{7} ", 20), "Addgreeting");
        assert_eq!(line("längér", 3), "län");
    }

    #[test]
    fn only_https_addresses_pass() {
        assert_eq!(
            https_url("https://a.example/1?s=2").unwrap(),
            "https://a.example/1?s=2"
        );
        for refused in [
            "http://a.example",
            "javascript:alert(1)",
            "https://u:p@a.example",
            "data:x",
            "",
        ] {
            assert_eq!(https_url(refused), None, "{refused}");
        }
    }
}
