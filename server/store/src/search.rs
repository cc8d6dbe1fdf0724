//! Full-text search: which words the messages of chats hold, and how a query finds them.
//!
//! Texts are folded and cut into words here, in one way for both databases, so that letters of every script are found
//! whatever their case; SQLite (FTS5) and PostgreSQL (`tsvector`) only keep the lists. Each list of words also holds
//! its owner's mark, so that a search reads nobody else's words. Titles are searched as they are, by [`fold`]ed text.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use sdk::ids::{ChatId, MessageId, UserId};
use sdk::messages::{Message, Role};
use sdk::parts::Part;

use crate::{StoreError, Tx, on_tx};

const INSERT: &str = "INSERT INTO chat_search (message_id, chat_id, words) VALUES ($1, $2, $3)";
const DELETE_FROM: &str = "DELETE FROM chat_search WHERE chat_id = $1 AND message_id >= $2";

/// Longer words are found by their beginning.
const MAX_WORD_BYTES: usize = 64;
/// Words kept of one message; PostgreSQL's limit of a list is 1 MB.
const MAX_WORDS_BYTES: usize = 256 * 1024;

/// One element of a query: a word, or several in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    text: String,
}

impl Wanted {
    /// What must occur in the title as it is, or in a message word by word.
    pub fn new(text: &str) -> Self {
        Self { text: fold(text) }
    }

    /// For `LIKE … ESCAPE '!'` on a folded title.
    pub(crate) fn title_pattern(&self) -> String {
        contains_pattern(&self.text)
    }

    /// The query of SQLite's FTS5.
    pub(crate) fn fts5_query(&self, owner: UserId) -> String {
        self.query(owner, " AND ", |word, is_last| {
            format!("\"{word}\"{}", if is_last { " *" } else { "" })
        })
    }

    /// The same as PostgreSQL's `tsquery`.
    pub(crate) fn tsquery(&self, owner: UserId) -> String {
        self.query(owner, " & ", |word, is_last| {
            format!("'{word}'{}", if is_last { ":*" } else { "" })
        })
    }

    /// Words hold letters and digits only, so they need no escapes. The last one may be the beginning of a word.
    fn query(&self, owner: UserId, and: &str, term: impl Fn(&str, bool) -> String) -> String {
        let words: Vec<String> = words_of(&self.text).collect();
        if words.is_empty() {
            // Longer than any word, so that nothing is found; an empty query is an error.
            return term(&"x".repeat(MAX_WORD_BYTES + 1), false);
        }
        let mut terms = vec![term(&owner_mark(owner), false)];
        let last = words.len() - 1;
        terms.extend(
            words
                .iter()
                .enumerate()
                .map(|(position, word)| term(word, position == last)),
        );
        terms.join(and)
    }
}

/// A text without differences of case.
pub fn fold(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        // The small sigma has a form of its own at the end of a word.
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .collect()
}

/// For `LIKE … ESCAPE '!'`: holds this folded text.
pub(crate) fn contains_pattern(folded: &str) -> String {
    let escaped: String = folded
        .chars()
        .flat_map(|letter| {
            let escape = matches!(letter, '%' | '_' | '!').then_some('!');
            escape.into_iter().chain([letter])
        })
        .collect();
    format!("%{escaped}%")
}

/// Keeps the words of a new message that people see.
pub(crate) async fn insert(
    tx: &mut Tx,
    owner: UserId,
    message: &Message,
) -> Result<(), StoreError> {
    if !matches!(message.role, Role::User | Role::Assistant) {
        return Ok(());
    }
    let mut words = words_of_parts(&message.content);
    if words.is_empty() {
        return Ok(());
    }
    words.insert(owner_mark(owner));
    let words = words.into_iter().collect::<Vec<_>>().join(" ");
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(message.id.0)
        .bind(message.chat_id.0)
        .bind(words)
        .execute(connection)
        .await
        .map(|_| ())?);
    Ok(())
}

/// Forgets the words of a message and of everything after it.
pub(crate) async fn delete_from(
    tx: &mut Tx,
    chat: ChatId,
    from: MessageId,
) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(DELETE_FROM)
        .bind(chat.0)
        .bind(from.0)
        .execute(connection)
        .await
        .map(|_| ())?);
    Ok(())
}

fn words_of_parts(parts: &[Part]) -> BTreeSet<String> {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        Part::DiffComment(comment) => Some(comment.content.as_str()),
        _ => None,
    });
    let mut words = BTreeSet::new();
    let mut bytes = 0;
    for text in texts {
        for word in words_of(&fold(text)) {
            bytes += word.len() + 1;
            if bytes > MAX_WORDS_BYTES {
                return words;
            }
            if !words.insert(word.clone()) {
                bytes -= word.len() + 1;
            }
        }
    }
    words
}

/// Runs of letters and digits. Scripts that write no spaces between words are cut into single characters.
fn words_of(folded: &str) -> impl Iterator<Item = String> {
    folded
        .split(|letter: char| !letter.is_alphanumeric())
        .flat_map(pieces)
        .filter(|piece| !piece.is_empty())
        .map(|piece| cut(piece).to_owned())
}

fn pieces(run: &str) -> impl Iterator<Item = &str> {
    run.split_inclusive(stands_alone)
        .flat_map(|piece| match piece.char_indices().next_back() {
            Some((start, last)) if stands_alone(last) => {
                let (before, alone) = piece.split_at(start);
                [before, alone]
            }
            _ => [piece, ""],
        })
}

const fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

fn cut(word: &str) -> &str {
    let mut end = word.len().min(MAX_WORD_BYTES);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    word.get(..end).unwrap_or(word)
}

/// A word that stands in every list of one person's messages.
fn owner_mark(owner: UserId) -> String {
    format!("u{}", owner.0.simple())
}

crate::statements![INSERT, DELETE_FROM];
