//! When something may have changed: a count for each repository, and a bell for whoever waits.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// Counts what was noticed. A repository whose count is as it was has not been heard of since.
#[derive(Debug)]
pub struct Ticks {
    known: Mutex<Known>,
    bell: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Known {
    newest: u64,
    everywhere: u64,
    repositories: HashMap<PathBuf, u64>,
}

impl Default for Ticks {
    fn default() -> Self {
        let (bell, _) = watch::channel(0);
        Self {
            known: Mutex::default(),
            bell,
        }
    }
}

impl Ticks {
    /// Anything may have changed.
    pub fn notice(&self) {
        let newest = {
            let mut known = self.known();
            known.newest += 1;
            known.everywhere = known.newest;
            known.repositories.clear();
            known.newest
        };
        self.bell.send_replace(newest);
    }

    /// Something may have changed in this repository.
    pub fn notice_in(&self, root: &Path) {
        let newest = {
            let mut known = self.known();
            known.newest += 1;
            let newest = known.newest;
            known.repositories.insert(root.to_path_buf(), newest);
            newest
        };
        self.bell.send_replace(newest);
    }

    /// The count of a repository.
    pub fn of(&self, root: &Path) -> u64 {
        let known = self.known();
        let own = known.repositories.get(root).copied();
        own.unwrap_or_default().max(known.everywhere)
    }

    /// Wakes whoever waits for something to be noticed.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_in_one_repository_leaves_the_others_as_they_were() {
        let (ticks, one, other) = (Ticks::default(), Path::new("/one"), Path::new("/other"));
        let mut bell = ticks.subscribe();
        ticks.notice_in(one);
        assert_eq!((ticks.of(one), ticks.of(other)), (1, 0));
        ticks.notice();
        assert_eq!((ticks.of(one), ticks.of(other)), (2, 2));
        assert_eq!(*bell.borrow_and_update(), 2);
    }
}
