//! Names of branches and folders for a workspace.

use uuid::Uuid;

const MAX_SLUG_BYTES: usize = 40;
const PREFIX: &str = "switchyard/";

/// `switchyard/<title>-<short id>`.
pub fn name(title: &str, workspace_id: Uuid) -> String {
    format!("{PREFIX}{}-{}", slug(title), short_id(workspace_id))
}

/// The last six hexadecimal digits: the random end of an id that begins with the time.
pub fn short_id(id: Uuid) -> String {
    let digits = id.simple().to_string();
    digits
        .get(digits.len().saturating_sub(6)..)
        .unwrap_or_default()
        .to_owned()
}

/// Lower-case letters, digits and single hyphens; `chat` when nothing is left.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for character in title.chars() {
        if slug.len() >= MAX_SLUG_BYTES {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "chat".into()
    } else {
        slug.to_owned()
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

    #[test]
    fn makes_names_that_can_be_read() {
        let id = Uuid::parse_str("0190b0a0-0000-7000-8000-000000abcdef").unwrap();
        assert_eq!(
            name("Fix the Login (again)!", id),
            "switchyard/fix-the-login-again-abcdef"
        );
        assert_eq!(slug("…"), "chat");
        assert_eq!(slug("..lock.lock"), "lock-lock");
    }

    proptest! {
        #[test]
        fn any_title_gives_a_valid_ref_component(title in "\\PC{0,80}") {
            let slug = slug(&title);
            prop_assert!(!slug.is_empty() && slug.len() <= MAX_SLUG_BYTES);
            prop_assert!(slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-') && !slug.contains("--"));
        }
    }
}
