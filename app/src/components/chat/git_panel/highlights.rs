//! The colours of lines: a moment after the lines, from the server, for the files that are drawn.

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::files::Files;
use crate::api::chats::{HighlightedFile, render_diff};
use crate::components::chat::changes::Changes;
use crate::diff::index::IndexedFile;

const AFTER: std::time::Duration = std::time::Duration::from_millis(150);
/// Larger diffs stay without colours, as on the server.
const MAX_FILE_BYTES: usize = 512 * 1024;
/// So much is asked for at once.
const MAX_QUESTION_BYTES: usize = 768 * 1024;

type FileKey = (String, u64);

/// What is known of them. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Highlights {
    known: RwSignal<HashMap<FileKey, Arc<Vec<String>>>>,
    /// What is to be asked.
    wanted: StoredValue<Vec<Arc<IndexedFile>>>,
    is_due: StoredValue<bool>,
}

impl Highlights {
    /// Starts with what the server rendered.
    pub fn new(changes: Changes) -> Self {
        let first = changes.first_lines.get_value();
        let known = if first.is_empty() {
            HashMap::new()
        } else {
            changes.repositories.with_untracked(|repositories| {
                let files = repositories.iter().flat_map(|it| Files::of(it).list);
                pair(&files.collect::<Vec<_>>(), first)
            })
        };
        Self {
            known: RwSignal::new(known),
            wanted: StoredValue::new(Vec::new()),
            is_due: StoredValue::new(false),
        }
    }

    /// The lines of a file as HTML.
    pub fn of(self, file: &IndexedFile) -> Option<Arc<Vec<String>>> {
        self.known.with(|known| known.get(&key_of(file)).cloned())
    }

    /// Asks for the colours of a file that is drawn, with others that are.
    pub fn ask_for(self, file: &Arc<IndexedFile>) {
        let is_known = self
            .known
            .with_untracked(|it| it.contains_key(&key_of(file)));
        if is_known || file.text().len() > MAX_FILE_BYTES {
            return;
        }
        self.wanted
            .update_value(|wanted| wanted.push(Arc::clone(file)));
        self.ask_soon();
    }

    fn ask_soon(self) {
        if self.is_due.try_get_value() != Some(false) {
            return;
        }
        self.is_due.set_value(true);
        set_timeout(move || self.ask(), AFTER);
    }

    fn ask(self) {
        let Some(wanted) = self.wanted.try_update_value(std::mem::take) else {
            return;
        };
        let (files, text) = question(wanted, self.wanted);
        spawn_local(async move {
            // Without colours the lines are as readable.
            if let Ok(highlights) = render_diff(text).await {
                let pairs = pair(&files, highlights);
                let _ = self.known.try_update(|known| known.extend(pairs));
            }
            // One question at a time.
            let is_there = self.is_due.try_set_value(false).is_none();
            if is_there && self.wanted.try_with_value(Vec::is_empty) == Some(false) {
                self.ask_soon();
            }
        });
    }
}

/// As many files as one question may hold; the others wait.
fn question(
    wanted: Vec<Arc<IndexedFile>>,
    rest: StoredValue<Vec<Arc<IndexedFile>>>,
) -> (Vec<Arc<IndexedFile>>, String) {
    let (mut files, mut later, mut text) = (Vec::new(), Vec::new(), String::new());
    for file in wanted {
        if text.len() + file.text().len() > MAX_QUESTION_BYTES {
            later.push(file);
        } else {
            text.push_str(file.text());
            if !text.ends_with('\n') {
                text.push('\n');
            }
            files.push(file);
        }
    }
    rest.update_value(|rest| rest.extend(later));
    (files, text)
}

fn key_of(file: &IndexedFile) -> FileKey {
    (file.path().to_owned(), file.print)
}

fn pair(
    files: &[Arc<IndexedFile>],
    highlights: Vec<HighlightedFile>,
) -> HashMap<FileKey, Arc<Vec<String>>> {
    let mut by_path: HashMap<String, Vec<Vec<String>>> = HashMap::new();
    for file in highlights {
        by_path.entry(file.path).or_default().push(file.lines);
    }
    files
        .iter()
        .filter_map(|file| {
            // Two repositories may have files of one name.
            let lines = by_path
                .get_mut(file.path())
                .and_then(|found| (!found.is_empty()).then(|| found.remove(0)))
                .filter(|lines| lines.len() == file.line_count)?;
            Some((key_of(file), Arc::new(lines)))
        })
        .collect()
}
