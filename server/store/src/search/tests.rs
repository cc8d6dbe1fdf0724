//! Words, folding and queries.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn words(text: &str) -> Vec<String> {
    words_of(&fold(text)).collect()
}

#[test]
fn folds_letters_of_every_script() {
    for (one, other) in [
        ("ÄRGER", "ärger"),
        ("ΟΔΟΣ", "οδος"),
        ("οδός", "ΟΔΌΣ"),
        ("ЖУК", "жук"),
        ("Éa", "éA"),
    ] {
        assert_eq!(fold(one), fold(other));
    }
}

#[test]
fn cuts_texts_into_words() {
    assert_eq!(
        words("Fix the_login-form (v2)!"),
        ["fix", "the", "login", "form", "v2"]
    );
    assert_eq!(words("漢字abcかな"), ["漢", "字", "abc", "か", "な"]);
    assert_eq!(words(" \n … — 🦀 "), Vec::<String>::new());
    assert_eq!(words(&"é".repeat(100)), ["é".repeat(32)]);
}

#[test]
fn a_message_keeps_a_bounded_list() {
    let words: Vec<String> = (0..100_000).map(|number| format!("word{number}")).collect();
    let text = words.join(" ");
    let kept: usize = words_of_parts(&[Part::text(text)])
        .iter()
        .map(|word| word.len() + 1)
        .sum();
    assert!(
        kept <= MAX_WORDS_BYTES && kept > MAX_WORDS_BYTES - 64,
        "{kept}"
    );
}

#[test]
fn queries_name_the_owner_and_end_open() {
    let owner = UserId(Uuid::nil());
    let mark = "u00000000000000000000000000000000";
    let wanted = Wanted::new("Log-IN");
    assert_eq!(
        wanted.fts5_query(owner),
        format!("\"{mark}\" AND \"log\" AND \"in\" *")
    );
    assert_eq!(wanted.tsquery(owner), format!("'{mark}' & 'log' & 'in':*"));
    assert_eq!(wanted.title_pattern(), "%log-in%");
    assert_eq!(Wanted::new("%_!").title_pattern(), "%!%!_!!%");
    let impossible = "x".repeat(MAX_WORD_BYTES + 1);
    assert_eq!(
        Wanted::new("\"'%").tsquery(owner),
        format!("'{impossible}'")
    );
}

proptest! {
    #[test]
    fn words_need_no_escapes(text in any::<String>()) {
        for word in words(&text) {
            prop_assert!(!word.is_empty() && word.len() <= MAX_WORD_BYTES);
            prop_assert!(word.chars().all(char::is_alphanumeric), "{word:?}");
        }
    }
}
