//! Notices of the file system: what changes in a followed repository outside of a tool is heard of at once.
//!
//! Folders are watched one by one, those that git ignores are not, and no more than a fixed number of all repositories
//! together. What lies beyond, and what the system cannot watch, is seen by the scans that happen anyway. Nothing is
//! watched while nobody follows.

mod heard;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use self::heard::{Heard, Listener, MAX_CREATED, MAX_WATCHED_FOLDERS};
use super::{folders, place::Place, ticks::Ticks};

/// Who hears of what.
#[derive(Clone)]
pub struct Notices {
    shared: Arc<Shared>,
}

struct Shared {
    ticks: Arc<Ticks>,
    heard: Arc<Mutex<Heard>>,
    /// Made with the first follower and dropped with the last. Never taken by the thread that hears.
    watcher: Mutex<Option<RecommendedWatcher>>,
}

impl Notices {
    /// Notices that are told to these ticks.
    pub fn new(ticks: Arc<Ticks>) -> Self {
        let shared = Shared {
            ticks,
            heard: Arc::default(),
            watcher: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Somebody who will follow repositories.
    pub fn follower(&self) -> Follower {
        Follower {
            notices: self.clone(),
            roots: BTreeSet::new(),
        }
    }

    /// How many folders are watched.
    #[cfg(test)]
    pub fn watched_folders(&self) -> usize {
        self.shared.heard().folders.len()
    }
}

/// Follows repositories until it is dropped.
pub struct Follower {
    notices: Notices,
    roots: BTreeSet<PathBuf>,
}

impl Follower {
    /// Follows these repositories and no others, and what was made in them since the last time.
    pub async fn follow(&mut self, roots: &[PathBuf]) {
        let wanted: BTreeSet<PathBuf> = roots.iter().cloned().collect();
        let gone: Vec<PathBuf> = self.roots.difference(&wanted).cloned().collect();
        self.roots.retain(|root| wanted.contains(root));
        self.notices.shared.leave(&gone);
        for root in wanted {
            // Noted first: whoever follows no longer, also in the midst of this, leaves.
            let is_first = self.roots.insert(root.clone()) && self.notices.shared.join(&root);
            let notices = self.notices.clone();
            if is_first {
                // To its end, as others may follow by now.
                let _ = tokio::spawn(async move { notices.begin(&root).await }).await;
            } else {
                notices.catch_up(&root).await;
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let (shared, roots) = (self.notices.shared.clone(), std::mem::take(&mut self.roots));
        let roots: Vec<PathBuf> = roots.into_iter().collect();
        // Taking watches back speaks with the hearing thread.
        tokio::task::spawn_blocking(move || shared.leave(&roots));
    }
}

impl Notices {
    async fn begin(&self, root: &Path) {
        let mut listeners = Vec::new();
        if let Ok(place) = Place::of(root).await {
            listeners.extend(place.folders().into_iter().map(|folder| (folder, true)));
        }
        // Without a list there is the root, and the scans that happen anyway.
        let (folders, is_cut) = folders::of_work_tree(root)
            .await
            .unwrap_or_else(|_| (vec![PathBuf::new()], true));
        let folders = folders.into_iter().map(|folder| (root.join(folder), false));
        listeners.extend(folders);
        let is_whole = self.watch(root, listeners).await && !is_cut;
        if !is_whole {
            tracing::info!(root = %root.display(), MAX_WATCHED_FOLDERS, "not all folders are watched; changes in the others are seen every half minute");
        }
        if self.shared.followers(root) > 1 {
            // Whoever came in the meantime has looked without being told of what changed since.
            self.shared.ticks.notice_in(root);
        }
    }

    async fn catch_up(&self, root: &Path) {
        let created = self.shared.take_created(root);
        if created.is_empty() {
            return;
        }
        if created.len() >= MAX_CREATED {
            return self.begin(root).await;
        }
        let found = folders::worth_it(root, created, MAX_WATCHED_FOLDERS).await;
        let listeners = found.into_iter().map(|folder| (folder, false)).collect();
        self.watch(root, listeners).await;
    }

    /// Watches folders, in the order given; false when not all of them could be.
    async fn watch(&self, root: &Path, folders: Vec<(PathBuf, bool)>) -> bool {
        let (shared, root) = (self.shared.clone(), root.to_path_buf());
        let watching = tokio::task::spawn_blocking(move || shared.watch(&root, folders));
        watching.await.unwrap_or(false)
    }
}

impl Shared {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more follower; true for the first one.
    fn join(&self, root: &Path) -> bool {
        let mut heard = self.heard();
        let repository = heard.repositories.entry(root.to_path_buf()).or_default();
        repository.followers += 1;
        repository.followers == 1
    }

    fn followers(&self, root: &Path) -> usize {
        let heard = self.heard();
        let repository = heard.repositories.get(root);
        repository.map_or(0, |repository| repository.followers)
    }

    fn take_created(&self, root: &Path) -> Vec<PathBuf> {
        let mut heard = self.heard();
        let repository = heard.repositories.get_mut(root);
        repository.map_or_else(Vec::new, |known| std::mem::take(&mut known.created))
    }

    fn leave(&self, roots: &[PathBuf]) {
        let (quiet, is_over) = self.heard().leave(roots);
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if is_over {
            *watcher = None;
        } else if let Some(watcher) = watcher.as_mut() {
            for folder in quiet {
                // A folder that is gone is watched no more anyway.
                let _ = watcher.unwatch(&folder);
            }
        }
    }

    fn watch(&self, root: &Path, folders: Vec<(PathBuf, bool)>) -> bool {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if watcher.is_none() {
            *watcher = self.listen();
        }
        let Some(watcher) = watcher.as_mut() else {
            return false;
        };
        for (folder, is_of_git) in folders {
            let listener = Listener {
                root: root.to_path_buf(),
                is_of_git,
            };
            if !self.heard().add(&folder, listener) {
                return false;
            }
            // Also what is known already: it may be a new folder of an old name. Not under the lock: the hearing thread takes it, and this waits for that thread.
            if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
                self.heard().folders.remove(&folder);
                if !matches!(error.kind, notify::ErrorKind::PathNotFound) && folder.is_dir() {
                    tracing::info!(folder = %folder.display(), %error, "a folder cannot be watched");
                    return false;
                }
            }
        }
        true
    }

    fn listen(&self) -> Option<RecommendedWatcher> {
        let (heard, ticks) = (self.heard.clone(), self.ticks.clone());
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else {
                return ticks.notice();
            };
            if event.need_rescan() {
                return ticks.notice();
            }
            let touched = {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.hear(&event)
            };
            for root in touched {
                ticks.notice_in(&root);
            }
        });
        watcher
            .inspect_err(|error| tracing::info!(%error, "the file system gives no notices"))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use std::time::Duration;

    use super::super::scanner::git;
    use super::*;

    struct Stage {
        _folder: tempfile::TempDir,
        root: PathBuf,
        ticks: Arc<Ticks>,
        notices: Notices,
    }

    impl Stage {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap();
            git(&root, &["init", "--quiet", "-b", "trunk"]).await;
            std::fs::create_dir_all(root.join("src/deep")).unwrap();
            std::fs::create_dir_all(root.join("target/debug")).unwrap();
            std::fs::write(root.join("src/deep/file"), "1").unwrap();
            std::fs::write(root.join(".gitignore"), "target\n").unwrap();
            git(&root, &["add", "."]).await;
            let ticks = Arc::new(Ticks::default());
            Self {
                _folder: folder,
                root,
                notices: Notices::new(ticks.clone()),
                ticks,
            }
        }

        /// Waits until this was heard of. No scan happens here by itself.
        async fn heard(&self, change: impl Future<Output = ()>) {
            let mut bell = self.ticks.subscribe();
            bell.mark_unchanged();
            let before = self.ticks.of(&self.root);
            change.await;
            tokio::time::timeout(Duration::from_mins(1), bell.changed())
                .await
                .expect("it is heard of")
                .unwrap();
            assert!(self.ticks.of(&self.root) > before);
        }
    }

    #[tokio::test]
    async fn hears_of_files_folders_and_commits_and_not_of_what_is_ignored() {
        let stage = Stage::new().await;
        let (root, mut follower) = (&stage.root, stage.notices.follower());
        follower.follow(std::slice::from_ref(root)).await;
        stage
            .heard(async { std::fs::write(root.join("src/deep/file"), "2").unwrap() })
            .await;
        stage.heard(git(root, &["add", "."])).await;
        stage
            .heard(git(root, &["commit", "--quiet", "-m", "first"]))
            .await;
        stage
            .heard(async { std::fs::create_dir_all(root.join("new/below")).unwrap() })
            .await;
        follower.follow(std::slice::from_ref(root)).await;
        let watched: Vec<PathBuf> = stage
            .notices
            .shared
            .heard()
            .folders
            .keys()
            .cloned()
            .collect();
        assert!(watched.contains(&root.join("new/below")), "{watched:?}");
        assert!(
            watched
                .iter()
                .all(|folder| !folder.starts_with(root.join("target"))
                    && !folder.starts_with(root.join(".git/objects"))),
            "{watched:?}"
        );
        stage
            .heard(async { std::fs::write(root.join("new/below/file"), "").unwrap() })
            .await;
        stage
            .heard(async { std::fs::rename(root.join("new"), root.join("newer")).unwrap() })
            .await;
        // The old name's end may be heard of before the new name, which then is a notice of its own, and another look.
        let below = root.join("newer/below");
        let follows = async {
            while !stage.notices.shared.heard().folders.contains_key(&below) {
                follower.follow(std::slice::from_ref(root)).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), follows)
            .await
            .expect("the new name is followed");
        stage
            .heard(async { std::fs::write(root.join("newer/below/file"), "1").unwrap() })
            .await;
        stage
            .heard(async { std::fs::remove_dir_all(root.join("newer")).unwrap() })
            .await;
    }

    #[tokio::test]
    async fn watches_nothing_once_the_last_follower_is_gone() {
        let stage = Stage::new().await;
        let (mut one, mut other) = (stage.notices.follower(), stage.notices.follower());
        one.follow(std::slice::from_ref(&stage.root)).await;
        other.follow(std::slice::from_ref(&stage.root)).await;
        let watched = stage.notices.watched_folders();
        assert!(watched > 3);
        one.follow(&[]).await;
        assert_eq!(stage.notices.watched_folders(), watched);
        drop(other);
        let quiet = async {
            while stage.notices.watched_folders() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), quiet)
            .await
            .unwrap();
        let watcher = stage.notices.shared.watcher.lock().unwrap();
        assert!(watcher.is_none());
    }
}
