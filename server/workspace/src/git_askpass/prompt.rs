//! Git's question as it stands on the command line.
//!
//! The host in it decides which token goes out, and part of it was written by whoever wrote the repository's address.
//! So it is read strictly: what is not exactly one host is refused.

use super::Wanted;
use crate::git_host::{GitHost, GitHostError};

/// Why a question is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// It is about something else, for example the passphrase of a key.
    #[error("only names and passwords of https hosts are known here")]
    Unknown,
    /// `credential.useHttpPath` is set.
    #[error(
        "it names a path; tokens are for whole hosts, so unset git's credential.useHttpPath and try again"
    )]
    HasPath,
    /// The host is not right.
    #[error(transparent)]
    Host(#[from] GitHostError),
}

/// Reads `Username for 'https://host': ` and `Password for 'https://user@host': `.
pub(super) fn parse(prompt: &str) -> Result<(Wanted, GitHost), PromptError> {
    let prompt = prompt.trim_end().trim_end_matches(':').trim_end();
    let (wanted, quoted) = if let Some(quoted) = prompt.strip_prefix("Username for ") {
        (Wanted::Username, quoted)
    } else if let Some(quoted) = prompt.strip_prefix("Password for ") {
        (Wanted::Password, quoted)
    } else {
        return Err(PromptError::Unknown);
    };
    let (address, may_have_path) = if let Some(address) = unquoted(quoted, '\'') {
        (address, false)
    } else {
        // As git-lfs asks: with the path, and with everything encoded that could be mistaken.
        let address = unquoted(quoted, '"').ok_or(PromptError::Unknown)?;
        (address, true)
    };
    let (is_https, rest) = if let Some(rest) = address.strip_prefix("https://") {
        (true, rest)
    } else {
        let rest = address.strip_prefix("http://");
        (false, rest.ok_or(PromptError::Unknown)?)
    };
    let rest = match rest.split_once('/') {
        Some((authority, _)) if may_have_path => authority,
        _ => rest,
    };
    // The name was decoded by some versions of git and may hold anything, the host cannot hold an `@`.
    let authority = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if authority.contains('/') {
        return Err(PromptError::HasPath);
    }
    Ok((wanted, GitHost::of_authority(is_https, authority)?))
}

fn unquoted(text: &str, quote: char) -> Option<&str> {
    text.strip_prefix(quote)?.strip_suffix(quote)
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

    fn host(prompt: &str) -> Result<String, PromptError> {
        parse(prompt).map(|(_, host)| host.address())
    }

    #[test]
    fn reads_what_git_and_git_lfs_ask() {
        let (wanted, read) = parse("Username for 'https://git.example.com': ").unwrap();
        assert_eq!((wanted, read.name()), (Wanted::Username, "git.example.com"));
        let (wanted, read) = parse("Password for 'https://me@git.example.com:8443': ").unwrap();
        assert_eq!(
            (wanted, read.name()),
            (Wanted::Password, "git.example.com:8443")
        );
        for (prompt, address) in [
            (
                "Password for 'https://me%40example.com@git.example.com': ",
                "https://git.example.com",
            ),
            (
                "Password for 'https://me@example.com@git.example.com': ",
                "https://git.example.com",
            ),
            (
                "Username for 'http://127.0.0.1:3000'",
                "http://127.0.0.1:3000",
            ),
            ("Username for 'https://[::1]:3000': ", "https://[::1]:3000"),
            (
                "Username for \"https://git.example.com/team/project.git\"",
                "https://git.example.com",
            ),
        ] {
            assert_eq!(host(prompt).as_deref(), Ok(address), "{prompt}");
        }
    }

    #[test]
    fn takes_no_part_of_an_address_for_the_host_that_is_none() {
        // A name of `git.example.com/`, which some versions of git show decoded.
        let decoded = host("Password for 'https://git.example.com/@evil.example': ");
        assert_eq!(decoded.as_deref(), Ok("https://evil.example"));
        for prompt in [
            "Password for 'https://git.example.com/team': ",
            "Password for 'https://me@git.example.com/.evil.example': ",
            "Password for 'https://git.example.com\\.evil.example': ",
            "Password for 'https://git.example.com%2f.evil.example': ",
            "Password for 'https://git.example.com evil.example': ",
            "Password for 'https://git.example.com\nhost=evil.example': ",
            "Password for 'https://git.example.com'evil.example': ",
            "Password for 'http://git.example.com': ",
            "Password for 'ssh://git.example.com': ",
            "Password for 'git.example.com': ",
            "Password for '': ",
            "Password for ",
            "Enter passphrase for key '/home/me/.ssh/id': ",
            "password for 'https://git.example.com': ",
            "",
        ] {
            assert!(host(prompt).is_err(), "{prompt:?}");
        }
        let with_path = parse("Username for 'https://git.example.com/a': ");
        assert_eq!(with_path, Err(PromptError::HasPath));
    }

    proptest! {
        #[test]
        fn a_host_that_is_read_stands_in_the_question_after_the_last_at_sign(text in "[a-z/@.:\\\\%]{0,30}") {
            if let Ok((_, read)) = parse(&format!("Password for 'https://{text}': ")) {
                let after = text.rsplit('@').next().unwrap();
                prop_assert_eq!(read.name(), after.trim_end_matches(':'));
            }
        }
    }
}
