//! Takes keys out of text that a provider or the network stack wrote.

use secrecy::{ExposeSecret, SecretString};

/// What stands where a key stood.
pub const REPLACEMENT: &str = "[REDACTED]";

const KEY_PREFIXES: &[&str] = &["sk-", "sk_", "key-", "AIza", "xai-", "gsk_"];

/// Replaces the key in use, and anything that looks like a provider's key, in `text`.
pub fn redact(text: &str, key: Option<&SecretString>) -> String {
    let exposed = key
        .map(ExposeSecret::expose_secret)
        .filter(|key| !key.is_empty());
    let without_own = match exposed {
        Some(key) => text.replace(key, REPLACEMENT),
        None => text.to_owned(),
    };
    redact_lookalikes(&without_own)
}

fn redact_lookalikes(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for piece in text.split_inclusive(|character: char| !is_key_character(character)) {
        let word = piece.trim_end_matches(|character: char| !is_key_character(character));
        let looks_like_key =
            word.len() >= 12 && KEY_PREFIXES.iter().any(|prefix| word.starts_with(prefix));
        if looks_like_key {
            clean.push_str(REPLACEMENT);
            clean.push_str(piece.get(word.len()..).unwrap_or_default());
        } else {
            clean.push_str(piece);
        }
    }
    clean
}

/// Providers mask the middle of a key with stars; the rest of it must go too.
fn is_key_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '*')
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

    use super::*;

    #[test]
    fn removes_the_key_in_use_wherever_it_stands() {
        let key = SecretString::from("hunter2");
        assert_eq!(
            redact("got hunter2, then hunter2!", Some(&key)),
            "got [REDACTED], then [REDACTED]!"
        );
    }

    #[test]
    fn removes_what_looks_like_a_key() {
        assert_eq!(
            redact(
                "Incorrect API key provided: sk-proj-****************wxyz.",
                None
            ),
            "Incorrect API key provided: [REDACTED]."
        );
        assert_eq!(redact("\"sk-ant-api03-abcdefgh\"", None), "\"[REDACTED]\"");
    }

    #[test]
    fn leaves_other_text_alone() {
        for text in [
            "",
            "a risk-free sk- trial",
            "línea — sk-8",
            "input_tokens: 4",
        ] {
            assert_eq!(redact(text, None), text);
            assert_eq!(redact(text, Some(&SecretString::from(""))), text);
        }
    }
}
