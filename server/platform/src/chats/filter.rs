//! The list's `q`: `key:value` conditions and free words, separated by spaces; quotes keep spaces and colons together.
//!
//! `archived`, `pinned`, `has_unread` take `true` or `false`; `status`, `title`, `model`, `label` (`label:key` or
//! `label:key=value`) take text. `pr` takes a pull request's number or `open`, `draft`, `merged`, `closed`; `pr_title`,
//! `diff_url` (its address or the branch's) and `repo` (the remote's) take text. Words are looked for in titles and messages.

#[cfg(test)]
mod tests;

use sdk::chats::ChatStatus;
use store::chats::Status;
use store::chats::list::{ChatFilter, PullRequestWanted};
use store::search::Wanted;

use super::ChatFailure;

/// More conditions than a person types.
const MAX_ELEMENTS: usize = 32;
const KEYS: &str =
    "archived, pinned, has_unread, status, title, model, label, pr, pr_title, diff_url, repo";

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) chats: ChatFilter,
    /// Whether nothing can be found: a condition on what no chat has.
    pub(super) finds_nothing: bool,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, ChatFailure> {
        super::fields::refuse_nul("q", text)?;
        let elements = split(text)?;
        if elements.len() > MAX_ELEMENTS {
            return Err(refuse("Search with at most 32 words and conditions."));
        }
        let mut filter = Self::default();
        for element in elements {
            match element {
                Element::Word(word) => filter.chats.words.push(Wanted::new(&word)),
                Element::Condition { key, value } => filter.add(&key, &value)?,
            }
        }
        Ok(filter)
    }

    /// Adds the list's own `label=key:value`.
    pub(super) fn add_label(&mut self, label: &str) -> Result<(), ChatFailure> {
        super::fields::refuse_nul("label", label)?;
        match label.split_once(':') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                let label = (key.to_owned(), Some(value.to_owned()));
                self.chats.labels.push(label);
                Ok(())
            }
            _ => Err(ChatFailure::field("label", "Write it as key:value.")),
        }
    }

    fn add(&mut self, key: &str, value: &str) -> Result<(), ChatFailure> {
        match key {
            "archived" => self.chats.archived = parse_flag(key, value)?,
            "pinned" => self.chats.is_pinned = Some(parse_flag(key, value)?),
            "has_unread" | "unread" => self.chats.has_unread = Some(parse_flag(key, value)?),
            "status" => self.set_status(value)?,
            "title" => self.chats.title_contains = Some(value.to_owned()),
            "model" => self.chats.model_contains = Some(value.to_owned()),
            "label" => self.chats.labels.push(parse_label(value)?),
            "pr" => self.set_pull_request(value)?,
            "pr_title" => self.chats.pull_request.title_contains = Some(value.to_owned()),
            "diff_url" => self.chats.pull_request.url_contains = Some(value.to_owned()),
            "repo" => self.chats.pull_request.repository_contains = Some(value.to_owned()),
            other => {
                return Err(refuse(&format!(
                    "{other:?} is no key that can be filtered by. There are {KEYS}."
                )));
            }
        }
        Ok(())
    }

    fn set_pull_request(&mut self, value: &str) -> Result<(), ChatFailure> {
        let wanted = &mut self.chats.pull_request;
        let number = value.trim_start_matches('#').parse();
        match (number, PullRequestWanted::parse(value)) {
            (Ok(number), _) if number > 0 => wanted.number = Some(number),
            (_, Some(state)) => wanted.state = Some(state),
            _ => {
                return Err(refuse(
                    "pr can be a number, or open, draft, merged or closed. Use one of them.",
                ));
            }
        }
        Ok(())
    }

    fn set_status(&mut self, value: &str) -> Result<(), ChatFailure> {
        let status: Result<ChatStatus, _> = serde_json::from_value(value.to_lowercase().into());
        let status = status.map_err(|_| {
            refuse(&format!(
                "{value:?} is no status of a chat. Use one that chats show."
            ))
        })?;
        let chats = &mut self.chats;
        (chats.status, chats.is_owned) = match status {
            ChatStatus::Waiting => (Some(Status::Waiting), None),
            ChatStatus::Pending => (Some(Status::Running), Some(false)),
            ChatStatus::Running => (Some(Status::Running), Some(true)),
            ChatStatus::Interrupting => (Some(Status::Interrupting), None),
            ChatStatus::RequiresAction => (Some(Status::RequiresAction), None),
            ChatStatus::Error => (Some(Status::Error), None),
            ChatStatus::Paused => {
                // No chat is stopped by a spending limit yet.
                self.finds_nothing = true;
                return Ok(());
            }
        };
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Element {
    Word(String),
    Condition { key: String, value: String },
}

/// Cuts at spaces outside of quotes; the first colon outside of quotes divides key and value.
fn split(text: &str) -> Result<Vec<Element>, ChatFailure> {
    let mut elements = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(first) = letters.peek() {
        if first.is_whitespace() {
            letters.next();
            continue;
        }
        let mut written = String::new();
        let mut word = String::new();
        let mut key: Option<String> = None;
        let mut is_quoted = false;
        while let Some(letter) = letters.next_if(|letter| is_quoted || !letter.is_whitespace()) {
            written.push(letter);
            match letter {
                '"' => is_quoted = !is_quoted,
                ':' if !is_quoted && key.is_none() => key = Some(std::mem::take(&mut word)),
                ':' if !is_quoted && key.as_deref() != Some("label") => {
                    return Err(refuse(&format!(
                        "{written:?} has two colons. Put the value in quotes."
                    )));
                }
                other => word.push(other),
            }
        }
        if is_quoted {
            return Err(refuse("A quote is not closed. Close it."));
        }
        match key {
            None if word.trim().is_empty() => {}
            None => elements.push(Element::Word(word)),
            Some(key) if key.is_empty() || word.is_empty() => {
                return Err(refuse(&format!(
                    "{written:?} is no key:value. Complete it or leave the colon out."
                )));
            }
            Some(key) => elements.push(Element::Condition {
                key: key.to_lowercase(),
                value: word,
            }),
        }
    }
    Ok(elements)
}

/// `key`, `key=value` or `key:value`.
fn parse_label(text: &str) -> Result<(String, Option<String>), ChatFailure> {
    let Some((key, value)) = text.split_once(['=', ':']) else {
        return Ok((text.to_owned(), None));
    };
    if key.is_empty() || value.is_empty() {
        return Err(refuse("Write a label as label:key or label:key=value."));
    }
    Ok((key.to_owned(), Some(value.to_owned())))
}

fn parse_flag(key: &str, value: &str) -> Result<bool, ChatFailure> {
    match value.to_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(refuse(&format!(
            "{key} can be true or false. Use one of them."
        ))),
    }
}

fn refuse(detail: &str) -> ChatFailure {
    ChatFailure::field("q", detail)
}
