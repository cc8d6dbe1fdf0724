//! Names of files as they are shown and sent.

use crate::prompt::visible;

/// Longest name.
const MAX_NAME_BYTES: usize = 255;

/// The name without folders, without what cannot be seen or turns text around, and not too long; `None` when nothing is left.
pub fn clean_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last
        .chars()
        .filter(|character| !character.is_control() && visible::is_kept(*character))
        .collect();
    let mut name = seen.trim().to_owned();
    name.truncate(name.floor_char_boundary(MAX_NAME_BYTES));
    let is_folder = matches!(name.as_str(), "." | "..");
    (!name.is_empty() && !is_folder).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_can_be_seen_of_the_last_part() {
        let cleaned = |name| clean_name(name).unwrap_or_default();
        assert_eq!(cleaned("  a picture.png "), "a picture.png");
        assert_eq!(cleaned("../../etc/passwd"), "passwd");
        assert_eq!(cleaned("C:\\Users\\a\\b.txt"), "b.txt");
        assert_eq!(cleaned("a\u{0}\r\nb\u{202e}gnp.exe"), "abgnp.exe");
        assert_eq!(cleaned("übung.md"), "übung.md");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let name = clean_name(&"ä".repeat(200)).unwrap_or_default();
        assert_eq!(name, "ä".repeat(127));
    }

    #[test]
    fn nothing_is_not_a_name() {
        for name in ["", " ", "\u{200b}", "a/", "..", "."] {
            assert_eq!(clean_name(name), None, "{name:?}");
        }
    }
}
