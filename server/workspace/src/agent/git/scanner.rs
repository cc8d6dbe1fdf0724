//! Scans repositories: each at most once a second, and only when something may have changed.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedMutexGuard, watch},
    time::Instant,
};

use super::{
    notices::{Follower, Notices},
    repository::{self, Scan},
    ticks::Ticks,
    touched::{Touched, root_of},
};
use crate::{
    git_command::GitError,
    protocol::{ChatScope, RepositoryChanges},
};

/// Scans of a repository begin at least this long after each other.
pub const SCAN_PAUSE: Duration = Duration::from_secs(1);
/// What was scanned and not asked for again is kept this long.
pub const KEPT_FOR: Duration = Duration::from_mins(2);

type Slot = Arc<tokio::sync::Mutex<Option<Newest>>>;

/// Knows the touched folders and the newest scan of each repository.
pub struct Scanner {
    working_directory: PathBuf,
    base_commit: Option<String>,
    scratch: PathBuf,
    touched: Touched,
    ticks: Arc<Ticks>,
    notices: Notices,
    slots: Mutex<HashMap<PathBuf, Slot>>,
}

struct Newest {
    tick: u64,
    at: Instant,
    took: Duration,
    mark: Option<u64>,
    changes: Arc<RepositoryChanges>,
}

/// The repositories of a chat.
pub struct Scanned {
    /// Each root with its state, or why it cannot be told now.
    pub repositories: Vec<(PathBuf, Result<Arc<RepositoryChanges>, GitError>)>,
    /// Repositories beyond the limit.
    pub left_out: u64,
}

impl Scanner {
    /// A scanner of the working directory's repository and of what will be touched.
    pub fn new(working_directory: PathBuf, base_commit: Option<String>, scratch: PathBuf) -> Self {
        let ticks = Arc::new(Ticks::default());
        Self {
            working_directory,
            base_commit,
            scratch,
            touched: Touched::default(),
            notices: Notices::new(ticks.clone()),
            ticks,
            slots: Mutex::default(),
        }
    }

    /// Remembers that this chat's tools touched files.
    pub fn touched(&self, scope: &ChatScope, files: impl IntoIterator<Item = PathBuf>) {
        let folders = files
            .into_iter()
            .filter_map(|path| path.parent().map(Path::to_path_buf));
        for root in self.touched.add(scope, folders) {
            self.ticks.notice_in(&root);
        }
    }

    /// Remembers that this chat's command works in a folder; what it changes is anybody's guess.
    pub fn worked_in(&self, scope: &ChatScope, folder: PathBuf) {
        self.touched.add(scope, [folder]);
        self.notice();
    }

    /// Anything may have changed.
    pub fn notice(&self) {
        self.ticks.notice();
    }

    /// Wakes whoever waits for something to be touched.
    pub fn ticks(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }

    /// Somebody who hears from the file system.
    pub fn follower(&self) -> Follower {
        self.notices.follower()
    }

    /// The repositories that matter to this chat, and how many there are beyond the limit.
    pub fn roots(&self, scope: &ChatScope) -> (Vec<PathBuf>, u64) {
        self.touched.roots(scope, &self.working_directory)
    }

    /// The state of every repository that matters to this chat. What was seen within `max_age` is taken as it is, when
    /// nothing was noticed since.
    pub async fn scan(&self, scope: &ChatScope, max_age: Duration) -> Scanned {
        let (roots, left_out) = self.roots(scope);
        let mut repositories = Vec::with_capacity(roots.len());
        for root in roots {
            let changes = self.scan_one(&root, max_age).await;
            repositories.push((root, changes));
        }
        self.forget_old();
        Scanned {
            repositories,
            left_out,
        }
    }

    async fn scan_one(
        &self,
        root: &Path,
        max_age: Duration,
    ) -> Result<Arc<RepositoryChanges>, GitError> {
        let newest = self.slot(root).lock_owned().await;
        if let Some(known) = &*newest {
            if known.tick == self.ticks.of(root) && known.at.elapsed() < max_age {
                return Ok(known.changes.clone());
            }
            // A tree that takes long to look at is looked at half of the time at most.
            tokio::time::sleep_until(known.at + SCAN_PAUSE.max(known.took * 2)).await;
        }
        let is_own = root_of(&self.working_directory).as_deref() == Some(root);
        let look = Look {
            tick: self.ticks.of(root),
            root: root.to_path_buf(),
            base: self.base_commit.clone().filter(|_| is_own),
            scratch: self.scratch.clone(),
        };
        // To the end, also when whoever asked waits no longer: a tree that takes long is looked at once, not for each who asks.
        let looked = tokio::spawn(look.take(newest)).await;
        looked.unwrap_or_else(|error| Err(failed(error.to_string())))
    }

    fn slot(&self, root: &Path) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(root.to_path_buf()).or_default().clone()
    }

    /// Lets go of what nobody has asked for in a while; a diff may be large.
    fn forget_old(&self) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| {
            slot.try_lock().map_or(true, |newest| {
                newest
                    .as_ref()
                    .is_none_or(|known| known.at.elapsed() < KEPT_FOR)
            })
        });
    }
}

/// A scan that was decided on.
struct Look {
    tick: u64,
    root: PathBuf,
    base: Option<String>,
    scratch: PathBuf,
}

impl Look {
    async fn take(
        self,
        mut newest: OwnedMutexGuard<Option<Newest>>,
    ) -> Result<Arc<RepositoryChanges>, GitError> {
        let at = Instant::now();
        let scan = Scan {
            root: &self.root,
            base: self.base.as_deref(),
            scratch: &self.scratch,
            mark: newest.as_ref().and_then(|known| known.mark),
        };
        let found = repository::scan(&scan).await?;
        let changes = match (found.changes, newest.as_ref()) {
            (Some(changes), _) => Arc::new(changes),
            (None, Some(known)) => known.changes.clone(),
            // A scan without a mark before it always has a state.
            (None, None) => {
                return Err(failed(
                    "nothing is known of the repository yet; look again".into(),
                ));
            }
        };
        *newest = Some(Newest {
            tick: self.tick,
            at,
            took: at.elapsed(),
            mark: found.mark,
            changes: changes.clone(),
        });
        Ok(changes)
    }
}

fn failed(message: String) -> GitError {
    GitError::Failed {
        action: "status".into(),
        message,
    }
}

/// A new repository in a folder of its own, and its scanner.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "for tests")]
pub fn new_repository() -> (tempfile::TempDir, PathBuf, Scanner) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("project");
    let made = std::process::Command::new("git")
        .args(["init", "--quiet"])
        .arg(&root)
        .status();
    assert!(made.unwrap().success());
    let scratch = folder.path().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let scanner = Scanner::new(root.clone(), None, scratch);
    (folder, root, scanner)
}

/// Git with somebody's name.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "for tests")]
pub async fn git(root: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    let git = crate::git_command::GitCommand::in_workspace(root)
        .args(identity)
        .args(arguments);
    git.output().await.unwrap();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn scans_of_a_repository_begin_a_second_apart_however_often_something_is_noticed() {
        let (_folder, root, scanner) = new_repository();
        let scope = ChatScope::default();
        let begun = Instant::now();
        for number in 0..3 {
            std::fs::write(root.join("file"), format!("{number}")).unwrap();
            scanner.notice();
            // Two who ask at once are answered by one scan.
            let (one, other) = tokio::join!(
                scanner.scan(&scope, SCAN_PAUSE),
                scanner.scan(&scope, SCAN_PAUSE)
            );
            let diffs = [one, other].map(|scanned| scanned.repositories[0].1.clone().unwrap());
            assert!(Arc::ptr_eq(&diffs[0], &diffs[1]));
        }
        assert!(begun.elapsed() >= 2 * SCAN_PAUSE);
    }

    #[tokio::test]
    async fn a_change_in_the_second_of_the_checkout_is_seen_later_too() {
        let (_folder, root, scanner) = new_repository();
        let second = || {
            let now = std::time::SystemTime::now();
            now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
        };
        // As large as before, and in the same second: nothing but the content tells.
        loop {
            let begun = second();
            std::fs::write(root.join("file"), format!("{begun}\n")).unwrap();
            git(&root, &["add", "."]).await;
            git(&root, &["commit", "--quiet", "-m", "first"]).await;
            std::fs::write(root.join("file"), format!("{}\n", begun + 1)).unwrap();
            if second() == begun {
                break;
            }
        }
        for untracked in [None, Some("new")] {
            tokio::time::sleep(SCAN_PAUSE + Duration::from_millis(50)).await;
            if let Some(name) = untracked {
                std::fs::write(root.join(name), "new").unwrap();
            }
            scanner.notice();
            let scanned = scanner.scan(&ChatScope::default(), Duration::ZERO).await;
            let changes = scanned.repositories[0].1.clone().unwrap();
            assert!(
                changes.files.iter().any(|file| file.path == "file"),
                "{changes:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_scan_that_nobody_waits_for_any_more_is_there_for_the_next_who_asks() {
        let (_folder, root, scanner) = new_repository();
        std::fs::write(root.join("file"), "before").unwrap();
        let scope = ChatScope::default();
        let given_up = tokio::time::timeout(Duration::ZERO, scanner.scan(&scope, SCAN_PAUSE)).await;
        assert!(given_up.is_err());
        // What was seen a long time ago would do: only the scan that was given up can have seen it.
        let slot = scanner.slot(&root);
        let newest = slot.lock().await;
        assert!(
            newest
                .as_ref()
                .unwrap()
                .changes
                .unified_diff
                .contains("+before")
        );
    }
}
