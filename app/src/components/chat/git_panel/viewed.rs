//! Which files of a chat's changes the reader has looked through: kept in the browser, and over when a file's diff is another
//! one.

use std::collections::BTreeMap;

use leptos::prelude::*;
use sdk::ids::ChatId;

use super::review::Place;
use crate::components::chat::draft;
use crate::diff::index::IndexedFile;
use crate::json;

/// The marks of a chat. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Viewed {
    key: StoredValue<String>,
    /// What the diffs were that were looked through, by work tree and path.
    marks: RwSignal<BTreeMap<String, String>>,
}

impl Viewed {
    /// The marks that are kept for a chat; without one they are forgotten.
    pub fn new(chat: Option<ChatId>) -> Self {
        let key = chat.map(|chat| format!("switchyard-viewed-{chat}"));
        let viewed = Self {
            key: StoredValue::new(key.unwrap_or_default()),
            marks: RwSignal::new(BTreeMap::new()),
        };
        Effect::new(move |_| {
            let kept = viewed.key.with_value(|key| draft::read(key));
            // What cannot be read was written by another version.
            let marks = kept.and_then(|kept| json::read(&kept).ok());
            viewed.marks.set(marks.unwrap_or_default());
        });
        viewed
    }

    /// Whether a file was looked through as it is now.
    pub fn holds(self, place: &Place, file: &IndexedFile) -> bool {
        self.marks.with(|marks| {
            // Few files are marked, and only theirs are worth going through.
            let mark = marks.get(&name_of(place));
            mark.is_some_and(|mark| *mark == print_of(file))
        })
    }

    /// Marks a file, or takes its mark away.
    pub fn mark(self, place: &Place, file: &IndexedFile, is_viewed: bool) {
        self.marks.update(|marks| {
            if is_viewed {
                marks.insert(name_of(place), print_of(file));
            } else {
                marks.remove(&name_of(place));
            }
        });
        let kept = self.marks.with_untracked(|marks| {
            let is_empty = marks.is_empty();
            (!is_empty).then(|| serde_json::to_string(marks).unwrap_or_default())
        });
        self.key.with_value(|key| {
            if !key.is_empty() {
                draft::write(key, &kept.unwrap_or_default());
            }
        });
    }
}

fn name_of(place: &Place) -> String {
    let root = place.root.as_deref().unwrap_or_default();
    format!("{root}:{}", place.path)
}

fn print_of(file: &IndexedFile) -> String {
    format!("{:x}", file.print)
}
