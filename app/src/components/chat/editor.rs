//! The text field of the composer: grows with its text, keeps a draft, sends on Enter.

use leptos::ev::KeyboardEvent;
use leptos::html::Textarea;
use leptos::prelude::*;
use sdk::messages::BusyBehavior;

use crate::view;

use super::attachments::{Attachment, Attachments};
use super::draft;
use super::mentions::Mentions;
use super::prompt_history::PromptHistory;

/// What is being written. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Editor {
    /// The field.
    pub field: NodeRef<Textarea>,
    /// Its text.
    pub text: RwSignal<String>,
    /// What goes with it.
    pub attachments: Attachments,
    key: StoredValue<String>,
    is_saving_due: StoredValue<bool>,
}

/// What is on its way to the server.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The text.
    pub text: String,
    /// What goes with it.
    pub files: Vec<Attachment>,
    key: String,
    files_key: String,
    kept_files: String,
}

impl Sent {
    /// Makes the draft of it that it was, for an editor that is gone by now. Browser only.
    pub fn keep_as_draft(&self) {
        let newer = draft::read(&self.key).unwrap_or_default();
        draft::write(&self.key, &joined(&self.text, &newer));
        if draft::read(&self.files_key).is_none() {
            draft::write(&self.files_key, &self.kept_files);
        }
    }
}

/// A text and what was typed since it was taken away.
fn joined(text: &str, typed: &str) -> String {
    if typed.trim().is_empty() {
        text.to_owned()
    } else {
        format!("{text}\n\n{typed}")
    }
}

const SAVE_AFTER: std::time::Duration = std::time::Duration::from_millis(300);

impl Editor {
    /// An empty field whose draft is kept under `key`.
    pub fn new(key: String) -> Self {
        let editor = Self {
            field: NodeRef::new(),
            text: RwSignal::new(String::new()),
            attachments: Attachments::new(&key),
            key: StoredValue::new(key),
            is_saving_due: StoredValue::new(false),
        };
        editor.restore_once();
        // What was typed in the last moments before the editor goes is kept too.
        on_cleanup(move || {
            if editor.is_saving_due.try_get_value() == Some(true) {
                editor.save();
            }
        });
        editor
    }

    /// Whether there is nothing to send, or something of it is still on its way here.
    pub fn is_blank(self) -> bool {
        let has_text = self.text.with(|text| !text.trim().is_empty());
        self.attachments.is_open() || !has_text && self.attachments.is_empty()
    }

    /// Takes all away: it is on its way. The draft goes with it.
    pub fn take(self) -> Sent {
        let (key, files_key) = (self.key.get_value(), self.attachments.key.get_value());
        let sent = Sent {
            text: self.text.get_untracked(),
            kept_files: draft::read(&files_key).unwrap_or_default(),
            files: self.attachments.take(),
            key,
            files_key,
        };
        self.set(String::new());
        if self.attachments.is_draft.get_value() {
            draft::write(&sent.key, "");
        }
        sent
    }

    /// Puts a text in, also as the draft.
    pub fn set(self, text: String) {
        let _ = self.text.try_set(text);
        self.save_soon();
        request_animation_frame(move || self.fit());
    }

    /// Brings back what could not be sent, without losing what was typed since.
    pub fn give_back(self, sent: Sent) {
        let typed = self.text.try_get_untracked().unwrap_or_default();
        self.set(joined(&sent.text, &typed));
        self.attachments.give_back(sent.files);
    }

    /// Puts the cursor into the field, behind the text.
    pub fn focus(self) {
        request_animation_frame(move || {
            if let Some(field) = self.field.try_get_untracked().flatten() {
                let _ = field.focus();
                let end = end_of(&field);
                let _ = field.set_selection_range(end, end);
            }
        });
    }

    /// Puts the cursor into the field once it is there, where a keyboard is at hand. Browser only.
    pub fn focus_when_ready(self) {
        Effect::new(move |_| {
            if self.field.get().is_some() && !is_touch() {
                self.focus();
            }
        });
    }

    /// Whether the cursor stands before or behind all of the text, with nothing chosen. Browser only.
    pub fn is_cursor_at_a_border(self) -> bool {
        let Some(field) = self.field.try_get_untracked().flatten() else {
            return false;
        };
        let from = field.selection_start().ok().flatten();
        let to = field.selection_end().ok().flatten();
        let end = end_of(&field);
        from == to && from.is_some_and(|from| from == 0 || from == end)
    }

    /// Where the cursor stands in the text, in bytes, with nothing chosen. Browser only.
    pub fn cursor(self, text: &str) -> Option<usize> {
        let field = self.field.try_get_untracked().flatten()?;
        let from = field.selection_start().ok().flatten()?;
        let to = field.selection_end().ok().flatten()?;
        (from == to).then(|| byte_at(text, from))
    }

    /// Puts other words in a place of the text, and the cursor behind them. Browser only.
    pub fn replace(self, place: std::ops::Range<usize>, words: &str) {
        let mut text = self.text.get_untracked();
        let behind = place.start + words.len();
        text.replace_range(place, words);
        let Some(field) = self.field.try_get_untracked().flatten() else {
            return;
        };
        // At once: what is typed next must not come before the field has the text.
        field.set_value(&text);
        let cursor = text
            .get(..behind)
            .unwrap_or_default()
            .encode_utf16()
            .count();
        let cursor = u32::try_from(cursor).unwrap_or(u32::MAX);
        let _ = field.set_selection_range(cursor, cursor);
        self.set(text);
    }

    /// Makes the field as tall as its text; the style sheet has the last word on how tall.
    pub fn fit(self) {
        let Some(field) = self.field.try_get_untracked().flatten() else {
            return;
        };
        let style = web_sys::HtmlElement::style(&field);
        let _ = style.set_property("height", "auto");
        let _ = style.set_property("height", &format!("{}px", field.scroll_height()));
    }

    fn restore_once(self) {
        Effect::new(move |_| {
            let Some(field) = self.field.get() else {
                return;
            };
            // What was typed before the page came to life is worth more than the draft.
            let typed = field.value();
            let kept = if typed.is_empty() {
                draft::read(&self.key.get_value()).unwrap_or_default()
            } else {
                typed
            };
            if !kept.is_empty() && self.text.with_untracked(String::is_empty) {
                self.text.set(kept);
            }
            request_animation_frame(move || self.fit());
        });
    }

    fn save_soon(self) {
        if self.is_saving_due.try_get_value() != Some(false) {
            return;
        }
        self.is_saving_due.set_value(true);
        set_timeout(
            move || {
                if self.is_saving_due.try_set_value(false).is_none() {
                    self.save();
                }
            },
            SAVE_AFTER,
        );
    }

    /// Keeps the draft now. The key and the text may be gone when the time comes: then this editor is, too.
    pub fn save(self) {
        if self.attachments.is_draft.try_get_value() == Some(true)
            && let (Some(key), Some(text)) =
                (self.key.try_get_value(), self.text.try_get_untracked())
        {
            draft::write(&key, &text);
        }
    }
}

/// The place behind the last letter, as the browser counts.
fn end_of(field: &web_sys::HtmlTextAreaElement) -> u32 {
    u32::try_from(field.value().encode_utf16().count()).unwrap_or(u32::MAX)
}

/// From the browser's units to bytes.
fn byte_at(text: &str, utf16_units: u32) -> usize {
    let mut left = usize::try_from(utf16_units).unwrap_or(usize::MAX);
    for (at, letter) in text.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(letter.len_utf16());
    }
    text.len()
}

/// The field. Enter sends, Shift+Enter begins a new line; where the finger types, Enter is a new line. Ctrl+Shift+Enter
/// sends at once, also while a turn runs.
#[component]
pub fn EditorField(
    /// What is being written.
    editor: Editor,
    /// What the field is for.
    #[prop(into)]
    label: String,
    /// What it says while it is empty.
    #[prop(into)]
    placeholder: Signal<String>,
    /// How many lines it has at least.
    #[prop(default = 2)]
    rows: u32,
    /// Sends; while a turn runs, so.
    on_send: Callback<BusyBehavior>,
    /// What the arrow keys bring back.
    #[prop(optional)]
    history: Option<PromptHistory>,
    /// The files that can be named.
    #[prop(optional)]
    mentions: Option<Mentions>,
) -> impl IntoView {
    let on_keydown = move |event: KeyboardEvent| {
        editor.attachments.on_key(&event);
        if event.is_composing() {
            return;
        }
        let is_plain = !event.shift_key() && !event.ctrl_key() && !event.meta_key();
        if is_plain && mentions.is_some_and(|mentions| mentions.takes(&event.key())) {
            event.prevent_default();
            return;
        }
        match event.key().as_str() {
            "Enter" if event.shift_key() && (event.ctrl_key() || event.meta_key()) => {
                event.prevent_default();
                on_send.run(BusyBehavior::Interrupt);
            }
            "Enter"
                if !event.shift_key() && (event.ctrl_key() || event.meta_key() || !is_touch()) =>
            {
                event.prevent_default();
                on_send.run(BusyBehavior::Queue);
            }
            key => {
                if history.is_some_and(|history| history.takes(key)) {
                    event.prevent_default();
                }
            }
        }
    };
    let chosen = move || {
        let mentions = mentions.filter(|mentions| mentions.is_open())?;
        Some(format!("mention-{}", mentions.at.get()))
    };
    view! {
        <textarea
            class="editor"
            node_ref=editor.field
            rows=rows
            aria-label=label
            placeholder=move || placeholder.get()
            aria-autocomplete=mentions.map(|_| "list")
            aria-controls=move || chosen().map(|_| "mentions")
            aria-activedescendant=chosen
            prop:value=move || editor.text.get()
            on:keydown=on_keydown
            on:paste=move |event| editor.attachments.on_paste(&event)
            on:blur=move |_| {
                if let Some(mentions) = mentions {
                    mentions.close();
                }
            }
            on:input=move |event| {
                editor.text.set(event_target_value(&event));
                editor.fit();
                editor.save_soon();
                if let Some(mentions) = mentions {
                    mentions.look();
                }
            }
        ></textarea>
    }
}

fn is_touch() -> bool {
    window()
        .match_media("(pointer: coarse)")
        .ok()
        .flatten()
        .is_some_and(|query| query.matches())
}

#[cfg(test)]
mod tests {
    use super::byte_at;

    #[test]
    fn places_of_the_browser_are_places_in_the_text() {
        let text = "aä😀b";
        for (units, byte) in [(0, 0), (1, 1), (2, 3), (4, 7), (5, 8), (9, 8)] {
            assert_eq!(byte_at(text, units), byte, "{units}");
        }
    }
}
