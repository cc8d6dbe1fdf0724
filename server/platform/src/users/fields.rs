//! What an e-mail address, a user name, a display name and a password must look like.

use sdk::ids::UserId;

use super::UserError;
use crate::failure::Checks;

const MAX_EMAIL_BYTES: usize = 254;
const MAX_USERNAME_CHARACTERS: usize = 32;
const MAX_NAME_CHARACTERS: usize = 128;
const MIN_PASSWORD_CHARACTERS: usize = 8;
const MAX_PASSWORD_BYTES: usize = 1024;

/// Words that stand where a user name stands in URLs.
const RESERVED: [&str; 5] = ["me", "first", "login", "logout", "new"];

/// The checked fields of a new account, in the form they are stored in.
pub(super) struct Account {
    pub(super) email: String,
    pub(super) username: String,
    pub(super) name: String,
    pub(super) password: Option<String>,
}

/// Checks all fields and names every one that is refused.
pub(super) fn check_account(
    email: &str,
    username: &str,
    name: Option<&str>,
    password: Option<&str>,
) -> Result<Account, UserError> {
    let mut checks = Checks::default();
    let account = Account {
        email: checks.take("email", check_email(email)).unwrap_or_default(),
        username: checks
            .take("username", check_username(username))
            .unwrap_or_default(),
        name: checks
            .take("name", check_name(name.unwrap_or_default()))
            .unwrap_or_default(),
        password: password.map(str::to_owned),
    };
    if let Some(password) = password {
        checks.take("password", check_password(password));
    }
    checks.finish().map_err(UserError::Invalid)?;
    Ok(account)
}

/// The form in which addresses are stored and compared.
pub(crate) fn normalize_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether an account may have this address; what cannot be one is not looked up.
pub(crate) fn can_be_email(normalized: &str) -> bool {
    normalized.len() <= MAX_EMAIL_BYTES && !normalized.contains('\0')
}

/// Only the shape: whether mail arrives, only mail can tell.
pub(super) fn check_email(email: &str) -> Result<String, &'static str> {
    let email = normalize_email(email);
    if email.len() > MAX_EMAIL_BYTES {
        return Err("Use an address of at most 254 bytes.");
    }
    let has_odd_characters = email
        .chars()
        .any(|character| character.is_whitespace() || character.is_control());
    match email.split_once('@') {
        Some((local, domain))
            if !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !has_odd_characters =>
        {
            Ok(email)
        }
        _ => Err("Enter an e-mail address such as name@example.com."),
    }
}

pub(super) fn check_username(username: &str) -> Result<String, &'static str> {
    let username = username.trim().to_lowercase();
    let is_word = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    if username.is_empty() || username.chars().count() > MAX_USERNAME_CHARACTERS {
        return Err("Enter a name of 1 to 32 characters.");
    }
    if !username.starts_with(is_word)
        || !username
            .chars()
            .all(|character| is_word(character) || "-_.".contains(character))
    {
        return Err(
            "Use letters, digits, dots, dashes and underscores, and begin with a letter or digit.",
        );
    }
    if RESERVED.contains(&username.as_str()) || username.parse::<UserId>().is_ok() {
        return Err("This name is reserved. Choose another one.");
    }
    Ok(username)
}

pub(super) fn check_name(name: &str) -> Result<String, &'static str> {
    let name = name.trim();
    if name.chars().count() > MAX_NAME_CHARACTERS {
        return Err("Use at most 128 characters.");
    }
    if name.chars().any(char::is_control) {
        return Err("Remove line breaks and other control characters.");
    }
    Ok(name.to_owned())
}

pub(super) fn check_password(password: &str) -> Result<(), &'static str> {
    if password.chars().count() < MIN_PASSWORD_CHARACTERS {
        return Err("Use at least 8 characters.");
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err("Use at most 1,024 bytes.");
    }
    Ok(())
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
    use crate::Failure;

    #[test]
    fn names_every_refused_field_at_once() {
        let refusal = check_account("nobody", "two words", Some("line\nbreak"), Some("short"))
            .err()
            .unwrap();
        let fields: Vec<_> = refusal
            .validations()
            .into_iter()
            .map(|one| one.field)
            .collect();
        assert_eq!(fields, ["email", "username", "name", "password"]);
    }

    #[test]
    fn keeps_addresses_and_names_in_lower_case() {
        let account =
            check_account(" Ada@Example.COM ", "Ada.L", None, Some("long enough")).unwrap();
        assert_eq!(
            (account.email.as_str(), account.username.as_str()),
            ("ada@example.com", "ada.l")
        );
    }

    #[test]
    fn refuses_addresses_without_shape() {
        for email in [
            "",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a@b\u{0}",
            &format!("a@{}", "b".repeat(260)),
        ] {
            assert!(check_email(email).is_err(), "{email:?}");
        }
        assert!(check_email("ada@localhost").is_ok());
    }

    #[test]
    fn refuses_user_names_that_stand_for_something_else_in_urls() {
        let id = UserId::generate().to_string();
        for username in [
            "",
            "me",
            "Me",
            "-a",
            ".a",
            "a/b",
            "a@b",
            "ä",
            "🦀",
            &"a".repeat(33),
            &id,
        ] {
            assert!(check_username(username).is_err(), "{username:?}");
        }
        for username in ["a", "7", "ada-l_1.x", &"x".repeat(32)] {
            assert!(check_username(username).is_ok(), "{username:?}");
        }
    }

    #[test]
    fn counts_characters_at_the_lower_and_bytes_at_the_upper_end() {
        assert!(check_password("äöüäöüä").is_err());
        assert!(check_password("äöüäöüäö").is_ok());
        assert!(check_password(&"a".repeat(1024)).is_ok());
        assert!(check_password(&"a".repeat(1025)).is_err());
    }
}
