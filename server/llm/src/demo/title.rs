//! Titles of the demo model: the person's first words.

use super::conversation::Conversation;
use super::parse::plain_words;
use super::script::Script;

const MOST_WORDS: usize = 6;
const MOST_CHARACTERS: usize = 60;

/// A title for a conversation: the scripted one, else the first words that are no directive.
pub(super) fn title(conversation: &Conversation<'_>) -> String {
    let message = conversation.first_words();
    if let Ok(Some(Script {
        title: Some(title), ..
    })) = Script::parse(&message)
    {
        return title;
    }
    let words: Vec<&str> = plain_words(&message).take(MOST_WORDS).collect();
    let title: String = words.join(" ").chars().take(MOST_CHARACTERS).collect();
    let title = title
        .trim_end_matches(|character: char| character.is_ascii_punctuation() && character != ')');
    if title.is_empty() {
        "Scripted demo".to_owned()
    } else {
        title.to_owned()
    }
}
