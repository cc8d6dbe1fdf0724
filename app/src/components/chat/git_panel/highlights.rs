//! The colours of lines: a moment after the lines, from the server, one question at a time.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::git::RepositoryChanges;

use crate::api::chats::{HighlightedFile, render_diff};
use crate::components::chat::changes::Changes;
use crate::diff::{self, DiffFile};

const AFTER: std::time::Duration = std::time::Duration::from_millis(150);

type FileKey = (String, u64);

/// What is known of them. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Highlights {
    changes: Changes,
    known: RwSignal<HashMap<FileKey, Arc<Vec<String>>>>,
    is_due: StoredValue<bool>,
}

impl Highlights {
    /// Starts with what the server rendered and asks for what comes.
    pub fn new(changes: Changes) -> Self {
        let first = changes.first_lines.get_value();
        let known = changes.repositories.with_untracked(|repositories| {
            let files: Vec<_> = repositories.iter().flat_map(files_of).collect();
            pair(&files, first)
        });
        let highlights = Self {
            changes,
            known: RwSignal::new(known),
            is_due: StoredValue::new(false),
        };
        Effect::new(move |_| {
            changes.repositories.track();
            highlights.ask_soon();
        });
        highlights
    }

    /// The lines of a file as HTML.
    pub fn of(self, file: &DiffFile) -> Option<Arc<Vec<String>>> {
        self.known.with(|known| known.get(&key_of(file)).cloned())
    }

    fn ask_soon(self) {
        if self.is_due.try_get_value() != Some(false) {
            return;
        }
        self.is_due.set_value(true);
        set_timeout(
            move || {
                if self.is_due.try_set_value(false).is_none() {
                    self.ask();
                }
            },
            AFTER,
        );
    }

    fn ask(self) {
        for repository in self.changes.repositories.get_untracked() {
            let Some(text) = repository.unified_diff.clone() else {
                continue;
            };
            let files = files_of(&repository);
            let is_known = self
                .known
                .with_untracked(|known| files.iter().all(|file| known.contains_key(&key_of(file))));
            if is_known {
                continue;
            }
            spawn_local(async move {
                // Without colours the lines are as readable.
                if let Ok(highlights) = render_diff(text).await {
                    let pairs = pair(&files, highlights);
                    let _ = self.known.try_update(|known| known.extend(pairs));
                }
            });
        }
    }
}

/// The files of a repository's diff.
pub fn files_of(repository: &RepositoryChanges) -> Vec<Arc<DiffFile>> {
    let text = repository.unified_diff.as_deref().unwrap_or_default();
    diff::parse(text).into_iter().map(Arc::new).collect()
}

fn key_of(file: &DiffFile) -> FileKey {
    let mut hasher = DefaultHasher::new();
    file.hash(&mut hasher);
    (file.path().to_owned(), hasher.finish())
}

fn pair(
    files: &[Arc<DiffFile>],
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
                .filter(|lines| lines.len() == file.line_count())?;
            Some((key_of(file), Arc::new(lines)))
        })
        .collect()
}
