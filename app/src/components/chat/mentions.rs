//! Naming a file of the workspace in a message: after an `@` the paths that match are offered (`mention_list`, a part of
//! its own), the arrow keys walk them, Enter or Tab takes one. What is taken goes with the message, too, as a reference.

use leptos::prelude::*;
use sdk::ids::ChatId;
use sdk::workspace_files::FoundFile;

use super::attachments::Given;
use super::editor::Editor;

/// What is longer is no path that somebody types.
const MAX_LETTERS: usize = 200;

/// The files that are offered. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Mentions {
    /// The chat.
    pub chat: ChatId,
    /// The letters behind the `@` at the cursor.
    pub letters: Memo<Option<String>>,
    /// What matches them, the best first.
    pub found: RwSignal<Vec<FoundFile>>,
    /// The one that Enter takes.
    pub at: RwSignal<usize>,
    editor: Editor,
    /// Where the cursor stood when the text was written, in bytes; nothing once the files were sent away.
    cursor: RwSignal<Option<usize>>,
}

/// A name that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    /// Where the letters begin and end, in bytes.
    place: std::ops::Range<usize>,
    letters: String,
}

impl Mentions {
    /// For the editor of a chat.
    pub fn new(chat: ChatId, editor: Editor) -> Self {
        let cursor = RwSignal::new(None);
        let letters = Memo::new(move |_| {
            let named = editor.text.with(|text| named(text, cursor.get()?))?;
            Some(named.letters)
        });
        Self {
            chat,
            letters,
            found: RwSignal::new(Vec::new()),
            at: RwSignal::new(0),
            editor,
            cursor,
        }
    }

    /// Whether files are offered.
    pub fn is_open(self) -> bool {
        self.letters.with(Option::is_some) && self.found.with(|found| !found.is_empty())
    }

    /// The text is another one.
    pub fn look(self) {
        let cursor = self
            .editor
            .text
            .with_untracked(|text| self.editor.cursor(text));
        self.cursor.set(cursor);
    }

    /// Takes a key that was pressed in the field; tells whether it meant the files.
    pub fn takes(self, key: &str) -> bool {
        if !untrack(|| self.is_open()) {
            return false;
        }
        let count = self.found.with_untracked(Vec::len);
        match key {
            "ArrowDown" => self.at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => self.at.update(|at| *at = (*at + count - 1) % count),
            "Enter" | "Tab" => self.choose(self.at.get_untracked()),
            "Escape" => self.close(),
            _ => return false,
        }
        true
    }

    /// Puts a path in the place of the letters, and the file into the message. Behind a folder its files are offered.
    pub fn choose(self, position: usize) {
        let file = self
            .found
            .with_untracked(|found| found.get(position).cloned());
        let cursor = self.cursor.get_untracked();
        let named = cursor.and_then(|at| self.editor.text.with_untracked(|text| named(text, at)));
        self.close();
        if let (Some(named), Some(file)) = (named, file) {
            let end = if file.is_dir { "/" } else { " " };
            self.editor
                .replace(named.place, &format!("{}{end}", file.path));
            if !file.is_dir {
                let given = Given::WorkspaceFile(self.chat, file.path);
                self.editor.attachments.give(given);
            }
            self.look();
        }
    }

    /// Offers nothing until more is written.
    pub fn close(self) {
        self.cursor.set(None);
        self.found.set(Vec::new());
    }
}

/// The name at the cursor: what follows an `@` at the beginning of a word.
fn named(text: &str, cursor: usize) -> Option<Named> {
    let before = text.get(..cursor)?;
    let (rest, letters) = before.rsplit_once('@')?;
    let begins_word = rest
        .chars()
        .next_back()
        .is_none_or(|letter| letter.is_whitespace() || "([{\"'`".contains(letter));
    let is_name = letters.len() <= MAX_LETTERS && !letters.contains(char::is_whitespace);
    (begins_word && is_name).then(|| Named {
        place: cursor - letters.len()..cursor,
        letters: letters.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_name_begins_behind_an_at_sign_that_begins_a_word() {
        for (text, letters) in [
            ("@", Some("")),
            ("see @src/li", Some("src/li")),
            ("(@lib", Some("lib")),
            ("ä\n@ö", Some("ö")),
            ("mail me@example", None),
            ("@lib.rs and", None),
            ("no name", None),
            ("@one @two", Some("two")),
            ("", None),
        ] {
            let found = named(text, text.len()).map(|named| named.letters);
            assert_eq!(found.as_deref(), letters, "{text:?}");
        }
        let long = format!("@{}", "x".repeat(300));
        assert_eq!(named(&long, long.len()), None);
    }

    #[test]
    fn what_is_behind_the_cursor_stays() {
        let found = named("see @sr and more", 7).map(|named| named.place);
        assert_eq!(found, Some(5..7));
    }
}
