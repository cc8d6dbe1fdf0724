//! Which repositories matter to whom, and scanning each at most once a second unless something was touched.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use uuid::Uuid;

use super::repository::{self, Scan};
use crate::{
    git_command::GitError,
    protocol::{ChatScope, RepositoryChanges},
};

/// A result this young is used again when nothing was touched since.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// Folders remembered for one chat.
const MAX_FOLDERS: usize = 500;

/// Knows the touched folders and the newest scan of each repository.
pub struct Scanner {
    working_directory: PathBuf,
    base_commit: Option<String>,
    scratch: PathBuf,
    touched: Mutex<HashMap<Uuid, BTreeSet<PathBuf>>>,
    ticks: watch::Sender<u64>,
    newest: tokio::sync::Mutex<HashMap<PathBuf, Newest>>,
}

struct Newest {
    tick: u64,
    at: Instant,
    changes: Arc<RepositoryChanges>,
}

impl Scanner {
    /// A scanner of the working directory's repository and of what will be touched.
    pub fn new(working_directory: PathBuf, base_commit: Option<String>, scratch: PathBuf) -> Self {
        let (ticks, _) = watch::channel(0);
        Self {
            working_directory,
            base_commit,
            scratch,
            touched: Mutex::default(),
            ticks,
            newest: tokio::sync::Mutex::default(),
        }
    }

    /// Remembers that this chat's tools touched files.
    pub fn touched(&self, scope: &ChatScope, paths: impl IntoIterator<Item = PathBuf>) {
        let folders: Vec<PathBuf> = paths
            .into_iter()
            .filter_map(|path| path.parent().map(Path::to_path_buf))
            .collect();
        {
            let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
            for chat in scope.chats() {
                let known = touched.entry(chat).or_default();
                let room = MAX_FOLDERS.saturating_sub(known.len());
                known.extend(folders.iter().take(room).cloned());
            }
        }
        self.notice();
    }

    /// Something may have changed.
    pub fn notice(&self) {
        self.ticks.send_modify(|tick| *tick += 1);
    }

    /// Wakes whoever waits for something to be touched.
    pub fn ticks(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }

    /// The state of every repository that matters to this chat.
    pub async fn scan(&self, scope: &ChatScope) -> Result<Vec<Arc<RepositoryChanges>>, GitError> {
        let mut changes = Vec::new();
        for root in self.roots(scope) {
            changes.push(self.scan_one(root).await?);
        }
        Ok(changes)
    }

    fn roots(&self, scope: &ChatScope) -> BTreeSet<PathBuf> {
        let touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        let folders = scope
            .chat_id
            .and_then(|chat| touched.get(&chat))
            .into_iter()
            .flatten();
        folders
            .chain([&self.working_directory])
            .filter_map(|folder| repository::root_of(folder))
            .collect()
    }

    async fn scan_one(&self, root: PathBuf) -> Result<Arc<RepositoryChanges>, GitError> {
        let mut newest = self.newest.lock().await;
        let tick = *self.ticks.borrow();
        if let Some(known) = newest.get(&root)
            && known.tick == tick
            && known.at.elapsed() < FRESH_FOR
        {
            return Ok(known.changes.clone());
        }
        let is_own = repository::root_of(&self.working_directory).as_ref() == Some(&root);
        let base = self.base_commit.as_deref().filter(|_| is_own);
        let changes = Arc::new(
            repository::scan(&Scan {
                root: &root,
                base,
                scratch: &self.scratch,
            })
            .await?,
        );
        newest.insert(
            root,
            Newest {
                tick,
                at: Instant::now(),
                changes: changes.clone(),
            },
        );
        Ok(changes)
    }
}
