//! The list's `q`: `archived:true`, `status:error`, and words that the title must contain.

use sdk::chats::ChatStatus;
use store::chats::Status;

use super::ChatFailure;

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) archived: bool,
    pub(super) status: Option<Status>,
    pub(super) words: Option<String>,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, ChatFailure> {
        super::fields::refuse_nul("q", text)?;
        let mut filter = Self::default();
        let mut words = Vec::new();
        for element in text.split_whitespace() {
            let Some((key, value)) = element.split_once(':') else {
                words.push(element);
                continue;
            };
            if key.is_empty() || value.is_empty() || value.contains(':') {
                return Err(refuse(&format!("{element:?} is no key:value")));
            }
            let value = value.to_lowercase();
            match key.to_lowercase().as_str() {
                "archived" => filter.archived = parse_flag(&value)?,
                "status" => filter.status = Some(parse_status(&value)?),
                other => {
                    return Err(refuse(&format!(
                        "{other:?} is no key that can be filtered by"
                    )));
                }
            }
        }
        if !words.is_empty() {
            filter.words = Some(words.join(" "));
        }
        Ok(filter)
    }
}

fn parse_flag(value: &str) -> Result<bool, ChatFailure> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(refuse("archived must be true or false")),
    }
}

fn parse_status(value: &str) -> Result<Status, ChatFailure> {
    let status: Result<ChatStatus, _> = serde_json::from_value(value.into());
    match status {
        Ok(ChatStatus::Waiting) => Ok(Status::Waiting),
        Ok(ChatStatus::Pending | ChatStatus::Running) => Ok(Status::Running),
        Ok(ChatStatus::Interrupting) => Ok(Status::Interrupting),
        Ok(ChatStatus::RequiresAction) => Ok(Status::RequiresAction),
        Ok(ChatStatus::Error) => Ok(Status::Error),
        Ok(ChatStatus::Paused) | Err(_) => {
            Err(refuse(&format!("{value:?} is no status of a chat")))
        }
    }
}

fn refuse(detail: &str) -> ChatFailure {
    ChatFailure::field("q", detail)
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
    fn reads_keys_and_words() {
        assert_eq!(Filter::parse("").unwrap(), Filter::default());
        let filter = Filter::parse("login archived:TRUE form status:error").unwrap();
        assert!(filter.archived);
        assert_eq!(filter.status, Some(Status::Error));
        assert_eq!(filter.words.as_deref(), Some("login form"));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            "colour:red",
            "archived:maybe",
            "archived:",
            ":true",
            "a:b:c",
            "status:paused",
            "status:7",
            "nul\0",
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }
}
