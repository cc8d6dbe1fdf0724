//! Which repositories matter to a chat: that of the working directory, and those its tools and those of the chats above
//! and below it touched.
//!
//! Kept in memory only. Folders in no repository are remembered too: one may be made there.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use uuid::Uuid;

use crate::protocol::ChatScope;

/// A chat's repositories beyond this many are counted only, as far as they are remembered.
pub const MAX_REPOSITORIES: usize = 20;
/// Folders remembered for one chat. Those in no repository make room for others.
const MAX_FOLDERS: usize = 500;

/// What was touched by whom.
#[derive(Debug, Default)]
pub struct Touched {
    folders: Mutex<HashMap<Uuid, BTreeSet<PathBuf>>>,
}

impl Touched {
    /// Remembers folders for a chat and the chats above it. Returns what is remembered: the root of each folder's
    /// repository, or the folder where there is none.
    pub fn add(
        &self,
        scope: &ChatScope,
        folders: impl IntoIterator<Item = PathBuf>,
    ) -> BTreeSet<PathBuf> {
        let places: BTreeSet<PathBuf> = folders
            .into_iter()
            .filter(|folder| folder.is_absolute())
            .map(|folder| root_of(&folder).unwrap_or(folder))
            .collect();
        let mut known = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        for chat in scope.chats() {
            remember(known.entry(chat).or_default(), &places);
        }
        places
    }

    /// The roots for a chat, its own working directory's first, and how many there are beyond the limit.
    pub fn roots(&self, scope: &ChatScope, working_directory: &Path) -> (Vec<PathBuf>, u64) {
        let mut roots: Vec<PathBuf> = root_of(working_directory).into_iter().collect();
        let found: BTreeSet<PathBuf> = {
            let known = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
            let folders = scope.chats().filter_map(|chat| known.get(&chat)).flatten();
            folders.filter_map(|folder| root_of(folder)).collect()
        };
        let others: Vec<_> = found
            .into_iter()
            .filter(|root| !roots.contains(root))
            .collect();
        roots.extend(others);
        let left_out = roots.len().saturating_sub(MAX_REPOSITORIES);
        roots.truncate(MAX_REPOSITORIES);
        (roots, left_out as u64)
    }
}

fn remember(known: &mut BTreeSet<PathBuf>, places: &BTreeSet<PathBuf>) {
    let new: Vec<PathBuf> = places.difference(known).cloned().collect();
    if known.len() + new.len() > MAX_FOLDERS {
        known.retain(|folder| root_of(folder).is_some());
    }
    let room = MAX_FOLDERS.saturating_sub(known.len());
    known.extend(new.into_iter().take(room));
}

/// The root of the innermost repository that this folder really lies in.
pub fn root_of(folder: &Path) -> Option<PathBuf> {
    // What does not exist yet lies where it is written.
    let existing = folder.ancestors().find(|folder| folder.is_dir())?;
    let real = existing.canonicalize().ok()?;
    real.ancestors()
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_path_buf)
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
    use super::*;

    fn repository(folder: &Path) -> PathBuf {
        std::fs::create_dir_all(folder.join(".git")).unwrap();
        folder.canonicalize().unwrap()
    }

    #[test]
    fn a_chat_sees_what_it_and_the_chats_above_and_below_it_touched() {
        let folder = tempfile::tempdir().unwrap();
        let own = repository(&folder.path().join("own"));
        let other = repository(&folder.path().join("other"));
        let inner = repository(&other.join("inner"));
        let (parent, child, stranger) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let touched = Touched::default();
        touched.add(&ChatScope::new(parent, vec![]), [other.join("not/yet")]);
        let below = ChatScope::new(child, vec![parent]);
        touched.add(&below, [inner.clone(), PathBuf::from("relative")]);
        for scope in [&below, &ChatScope::new(parent, vec![])] {
            let (roots, left_out) = touched.roots(scope, &own);
            assert_eq!(roots, [own.clone(), other.clone(), inner.clone()]);
            assert_eq!(left_out, 0);
        }
        let (roots, _) = touched.roots(&ChatScope::new(stranger, vec![]), &own);
        assert_eq!(roots, [own]);
    }

    #[test]
    fn folders_of_no_repository_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let early = repository(&folder.path().join("early"));
        let late = repository(&folder.path().join("late"));
        let scope = ChatScope::new(Uuid::now_v7(), vec![]);
        let touched = Touched::default();
        touched.add(&scope, [early.clone()]);
        for number in 0..MAX_FOLDERS + 10 {
            touched.add(&scope, [folder.path().join(format!("no/{number}"))]);
            std::fs::create_dir_all(folder.path().join(format!("no/{number}"))).unwrap();
        }
        touched.add(&scope, [late.clone()]);
        let (roots, left_out) = touched.roots(&scope, folder.path());
        assert_eq!((roots, left_out), (vec![early, late], 0));
        let known = touched.folders.lock().unwrap();
        assert!(known.values().all(|folders| folders.len() <= MAX_FOLDERS));
    }

    #[test]
    fn counts_repositories_beyond_the_limit_and_follows_links() {
        let folder = tempfile::tempdir().unwrap();
        let roots: Vec<_> = (0..MAX_REPOSITORIES + 3)
            .map(|number| repository(&folder.path().join(format!("{number:02}"))))
            .collect();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&roots[0], &link).unwrap();
        let scope = ChatScope::new(Uuid::now_v7(), vec![]);
        let touched = Touched::default();
        touched.add(&scope, roots.iter().cloned().chain([link]));
        let (shown, left_out) = touched.roots(&scope, folder.path());
        assert_eq!((shown.len(), left_out), (MAX_REPOSITORIES, 3));
    }
}
