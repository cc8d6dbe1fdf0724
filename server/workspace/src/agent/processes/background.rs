//! The trailing `&` that models are used to write.

/// The command without a single trailing `&`, and whether there was one. `&&`, `|&`, `>&` and `\&` are not meant.
pub fn strip(command: &str) -> (&str, bool) {
    let trimmed = command.trim_end();
    match trimmed.strip_suffix('&') {
        Some(rest)
            if !rest.trim_end().is_empty() && !rest.ends_with(['&', '|', '>', '<', ';', '\\']) =>
        {
            (rest.trim_end(), true)
        }
        _ => (command, false),
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
    use super::*;

    #[test]
    fn takes_off_one_ampersand_and_nothing_else() {
        assert_eq!(strip("sleep 1 &"), ("sleep 1", true));
        assert_eq!(strip("sleep 1& \n"), ("sleep 1", true));
        for kept in [
            "true &&", "a |&", "echo \\&", "cat >&", "&", " & ", "a & b", "echo '&'",
        ] {
            assert_eq!(strip(kept), (kept, false), "{kept}");
        }
    }
}
