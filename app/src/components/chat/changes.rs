//! What is known of the changes in an open chat's workspace. The panel that shows and follows them is loaded when it is
//! needed; what stands above the chat counts them.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use sdk::git::{GitWatchProblem, RepositoryChanges};

use crate::api::chats::HighlightedFile;
use crate::live::socket::Socket;

/// Why nothing new is heard of the workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// In words for people.
    pub message: String,
    /// The kind of it, when it is one that is waited out or final.
    pub reason: Option<GitWatchProblem>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// The changes of an open chat. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Changes {
    /// The repositories by path.
    pub repositories: RwSignal<Vec<RepositoryChanges>>,
    /// Repositories beyond the limit.
    pub omitted: RwSignal<u32>,
    /// Whether the workspace has said which repositories there are.
    pub is_known: RwSignal<bool>,
    /// Whether only their beginning is known yet: the workspace tells the rest in a moment.
    pub are_cut: RwSignal<bool>,
    /// Why the workspace cannot be watched.
    pub problem: RwSignal<Option<Problem>>,
    /// What the server rendered of their lines.
    pub first_lines: StoredValue<Vec<HighlightedFile>>,
    /// Where they are heard of.
    pub socket: Socket,
}

impl Changes {
    /// Starts with what the server rendered; nothing when the workspace did not answer in time.
    pub fn new(
        repositories: Option<Vec<RepositoryChanges>>,
        highlights: Vec<HighlightedFile>,
    ) -> Self {
        Self {
            is_known: RwSignal::new(repositories.is_some()),
            repositories: RwSignal::new(repositories.unwrap_or_default()),
            omitted: RwSignal::new(0),
            are_cut: RwSignal::new(false),
            problem: RwSignal::new(None),
            first_lines: StoredValue::new(highlights),
            socket: Socket::new(),
        }
    }

    /// Whether the workspace said why it cannot be watched.
    pub fn has_failed(self) -> bool {
        self.problem.with(Option::is_some)
    }

    /// Changed files, added and removed lines of everything.
    pub fn totals(self) -> (u32, u32, u32) {
        self.repositories.with(|repositories| {
            repositories
                .iter()
                .fold((0, 0, 0), |(files, added, removed), repository| {
                    (
                        files + repository.changed_files,
                        added + repository.additions,
                        removed + repository.deletions,
                    )
                })
        })
    }
}
