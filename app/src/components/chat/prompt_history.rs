//! What the person wrote in a chat before, brought back into its empty field with the arrow keys.

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::ids::ChatId;

use super::editor::Editor;
use crate::api::chats::list_prompts;
use crate::error::AppError;

/// The way back through the prompts of a chat. Cheap to copy.
#[derive(Clone, Copy)]
pub struct PromptHistory {
    chat: ChatId,
    editor: Editor,
    error: RwSignal<Option<AppError>>,
    /// Newest first; read anew each time that somebody sets out.
    prompts: StoredValue<Vec<String>>,
    place: StoredValue<usize>,
    is_reading: StoredValue<bool>,
}

impl PromptHistory {
    /// The prompts of `chat` for its editor; why they could not be read is told in `error`.
    pub fn new(chat: ChatId, editor: Editor, error: RwSignal<Option<AppError>>) -> Self {
        Self {
            chat,
            editor,
            error,
            prompts: StoredValue::new(Vec::new()),
            place: StoredValue::new(0),
            is_reading: StoredValue::new(false),
        }
    }

    /// Takes a key that was pressed in the field; tells whether it meant the history. A prompt that was brought back is
    /// left by Escape, and is one's own text as soon as it is changed.
    pub fn takes(self, key: &str) -> bool {
        let shown = self.shown();
        match (key, shown) {
            ("ArrowUp", None) if self.editor.text.with_untracked(String::is_empty) => self.read(),
            ("ArrowUp", Some(place)) if self.editor.is_cursor_at_a_border() => {
                self.show(place + 1);
            }
            ("ArrowDown", Some(place)) if self.editor.is_cursor_at_a_border() => {
                match place.checked_sub(1) {
                    Some(newer) => self.show(newer),
                    None => self.editor.set(String::new()),
                }
            }
            ("Escape", Some(_)) => self.editor.set(String::new()),
            _ => return false,
        }
        true
    }

    /// The place of the prompt that stands in the field as it was brought back.
    fn shown(self) -> Option<usize> {
        let place = self.place.get_value();
        let is_shown = self.prompts.with_value(|prompts| {
            let text = prompts.get(place);
            text.is_some_and(|text| self.editor.text.with_untracked(|shown| shown == text))
        });
        is_shown.then_some(place)
    }

    fn show(self, place: usize) {
        let text = self
            .prompts
            .with_value(|prompts| prompts.get(place).cloned());
        if let Some(text) = text {
            self.place.set_value(place);
            self.editor.set(text);
            self.editor.focus();
        }
    }

    fn read(self) {
        if self.is_reading.get_value() {
            return;
        }
        self.is_reading.set_value(true);
        spawn_local(async move {
            let outcome = list_prompts(self.chat).await;
            if self.is_reading.try_set_value(false).is_some() {
                return;
            }
            match outcome {
                Ok(prompts) => {
                    self.prompts.set_value(prompts);
                    // Who began to write meanwhile is not disturbed.
                    if self.editor.text.with_untracked(String::is_empty) {
                        self.show(0);
                    }
                }
                Err(error) => self.error.set(Some(error)),
            }
        });
    }
}
