//! What a model is shown of a conversation to find a title for it: how it began and its last turns, cut to size.

use sdk::messages::{Message, Role};

/// Turns shown from the end.
const LAST_TURNS: usize = 3;
const MAX_CHARACTERS: usize = 6000;
const MAX_LATEST_CHARACTERS: usize = 1000;
const GAP: &str = "[…]";

/// The sample of messages in order; empty when nobody said anything.
pub(crate) fn conversation(messages: &[Message]) -> String {
    let spoken: Vec<(Role, String)> = messages.iter().filter_map(spoken).collect();
    let turns: Vec<usize> = spoken
        .iter()
        .enumerate()
        .filter(|(_, (role, _))| *role == Role::User)
        .map(|(place, _)| place)
        .collect();
    let (Some(first), Some(latest)) = (turns.first(), turns.last()) else {
        return String::new();
    };
    let from = turns.iter().rev().nth(LAST_TURNS - 1).unwrap_or(first);
    let mut lines = Vec::new();
    if from > first {
        lines.extend(spoken.get(*first).map(line));
        lines.push(GAP.to_owned());
    }
    lines.extend(spoken.iter().skip(*from).map(line));
    let sample: String = lines.join("\n").chars().take(MAX_CHARACTERS).collect();
    let latest: String = spoken
        .get(*latest)
        .map(|(_, text)| text.chars().take(MAX_LATEST_CHARACTERS).collect())
        .unwrap_or_default();
    format!("{sample}\n\nThe newest message:\n{latest}")
}

fn spoken(message: &Message) -> Option<(Role, String)> {
    let text = message.text();
    let is_said = matches!(message.role, Role::User | Role::Assistant) && !text.trim().is_empty();
    is_said.then_some((message.role, text))
}

fn line((role, text): &(Role, String)) -> String {
    let who = if *role == Role::User {
        "Person"
    } else {
        "Agent"
    };
    format!("{who}: {text}")
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

    use chrono::Utc;
    use sdk::ids::{ChatId, MessageId};
    use sdk::parts::Part;

    use super::*;

    fn message(role: Role, text: &str) -> Message {
        Message {
            id: MessageId(1),
            chat_id: ChatId::generate(),
            created_by: None,
            model_config_id: None,
            created_at: Utc::now(),
            role,
            content: vec![Part::text(text)],
            usage: None,
            cut_short: None,
            runtime_ms: None,
            rendered: Vec::new(),
        }
    }

    #[test]
    fn shows_the_beginning_and_the_last_three_turns() {
        let messages: Vec<_> = (0..6)
            .flat_map(|turn| {
                [
                    message(Role::User, &format!("question {turn}")),
                    message(Role::Tool, "noise"),
                    message(Role::Assistant, &format!("answer {turn}")),
                ]
            })
            .collect();
        let sample = conversation(&messages);
        assert!(sample.starts_with("Person: question 0\n[…]\nPerson: question 3\nAgent: answer 3"));
        assert!(sample.ends_with("The newest message:\nquestion 5"));
        assert!(!sample.contains("answer 0") && !sample.contains("noise"));
    }

    #[test]
    fn a_short_conversation_has_no_gap_and_an_empty_one_is_empty() {
        let messages = [message(Role::User, "only")];
        assert_eq!(
            conversation(&messages),
            "Person: only\n\nThe newest message:\nonly"
        );
        assert_eq!(conversation(&[message(Role::Assistant, "hm")]), "");
    }

    #[test]
    fn long_words_are_cut() {
        let messages = [message(Role::User, &"ß".repeat(20_000))];
        let count = conversation(&messages).chars().count();
        assert!(count < MAX_CHARACTERS + MAX_LATEST_CHARACTERS + 100);
    }
}
