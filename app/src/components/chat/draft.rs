//! Drafts and last choices, kept in the browser's own storage. Storage may be missing or full; then nothing is kept.

use leptos::prelude::*;
use sdk::ids::ChatId;

/// The key of a chat's draft; no chat = the form of a new one.
pub fn draft_key(chat: Option<ChatId>) -> String {
    match chat {
        Some(id) => format!("switchyard-draft-{id}"),
        None => "switchyard-draft-new".to_owned(),
    }
}

/// The model that was chosen last.
pub const LAST_MODEL: &str = "switchyard-last-model";
/// The place that was worked in last.
pub const LAST_PLACE: &str = "switchyard-last-place";

/// Reads a kept text. Browser only.
pub fn read(key: &str) -> Option<String> {
    storage()?
        .get_item(key)
        .ok()
        .flatten()
        .filter(|text| !text.is_empty())
}

/// Keeps a text; an empty one is forgotten. Browser only.
pub fn write(key: &str, text: &str) {
    let Some(storage) = storage() else { return };
    let outcome = if text.is_empty() {
        storage.remove_item(key)
    } else {
        storage.set_item(key, text)
    };
    // A full or forbidden storage only means that the draft is gone after a reload.
    drop(outcome);
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
