//! What the thread that hears of the file system looks into: which folders belong to whom.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use notify::{
    Event, EventKind,
    event::{CreateKind, ModifyKind, RenameMode},
};

/// As many folders are watched; each costs the kernel a little memory.
pub const MAX_WATCHED_FOLDERS: usize = 8192;
/// As many new folders are remembered until the next look.
pub const MAX_CREATED: usize = 1024;

/// What the hearing thread looks into.
#[derive(Default)]
pub struct Heard {
    /// Watched folders, and who listens to each.
    pub folders: HashMap<PathBuf, Vec<Listener>>,
    /// Followed repositories.
    pub repositories: HashMap<PathBuf, Repository>,
}

/// A repository that listens to a folder.
#[derive(Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its root.
    pub root: PathBuf,
    /// Whether the folder is git's own.
    pub is_of_git: bool,
}

/// A followed repository.
#[derive(Default)]
pub struct Repository {
    /// By how many.
    pub followers: usize,
    /// New folders that are not watched yet.
    pub created: Vec<PathBuf>,
}

impl Heard {
    /// Adds a listener to a folder. False when there is no room, or nobody follows any more.
    pub fn add(&mut self, folder: &Path, listener: Listener) -> bool {
        if !self.repositories.contains_key(&listener.root) {
            return false;
        }
        let is_known = self.folders.contains_key(folder);
        if !is_known && self.folders.len() >= MAX_WATCHED_FOLDERS {
            return false;
        }
        let known = self.folders.entry(folder.to_path_buf()).or_default();
        if !known.contains(&listener) {
            known.push(listener);
        }
        true
    }

    /// Folders that nobody listens to any more, and whether nobody follows anything.
    pub fn leave(&mut self, roots: &[PathBuf]) -> (Vec<PathBuf>, bool) {
        let mut left = BTreeSet::new();
        for root in roots {
            if let Some(repository) = self.repositories.get_mut(root) {
                repository.followers -= 1;
                if repository.followers == 0 {
                    self.repositories.remove(root);
                    left.insert(root.clone());
                }
            }
        }
        if left.is_empty() {
            return (Vec::new(), false);
        }
        for listeners in self.folders.values_mut() {
            listeners.retain(|listener| !left.contains(&listener.root));
        }
        let quiet = self
            .folders
            .extract_if(|_, listeners| listeners.is_empty())
            .map(|(folder, _)| folder)
            .collect();
        (quiet, self.repositories.is_empty())
    }

    /// The repositories in which something may look different after this.
    pub fn hear(&mut self, event: &Event) -> BTreeSet<PathBuf> {
        let mut touched = BTreeSet::new();
        // Reading changes nothing, and closing comes after a change that was told.
        if matches!(event.kind, EventKind::Access(_)) {
            return touched;
        }
        for path in &event.paths {
            let holder = path.parent().and_then(|folder| self.folders.get(folder));
            let listeners = holder.into_iter().chain(self.folders.get(path)).flatten();
            let is_lock = path.extension().is_some_and(|ending| ending == "lock");
            let mut is_in_tree = BTreeSet::new();
            for listener in listeners {
                if listener.is_of_git && is_lock {
                    continue;
                }
                if !listener.is_of_git {
                    is_in_tree.insert(listener.root.clone());
                }
                touched.insert(listener.root.clone());
            }
            if may_be_new_folder(event.kind) {
                self.note_created(path, is_in_tree);
            }
            if self.folders.contains_key(path) && is_gone(event.kind, path) {
                self.folders.retain(|folder, _| !folder.starts_with(path));
            }
        }
        touched
    }

    fn note_created(&mut self, path: &Path, roots: BTreeSet<PathBuf>) {
        for root in roots {
            if let Some(repository) = self.repositories.get_mut(&root)
                && repository.created.len() < MAX_CREATED
            {
                repository.created.push(path.to_path_buf());
            }
        }
    }
}

/// Whether a folder is no longer where it was. One of the same name may have come since a name was given away.
fn is_gone(kind: EventKind, path: &Path) -> bool {
    match kind {
        EventKind::Remove(_) => true,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => !path.exists(),
        _ => false,
    }
}

fn may_be_new_folder(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(CreateKind::Folder | CreateKind::Any)
            | EventKind::Modify(ModifyKind::Name(_))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_the_limit_and_says_so() {
        let mut heard = Heard::default();
        let listener = Listener {
            root: PathBuf::from("/root"),
            is_of_git: false,
        };
        heard.repositories.entry(listener.root.clone()).or_default();
        for number in 0..MAX_WATCHED_FOLDERS {
            let folder = PathBuf::from(format!("/root/{number}"));
            assert!(heard.add(&folder, listener.clone()));
        }
        assert!(!heard.add(Path::new("/root/more"), listener.clone()));
        assert!(heard.add(Path::new("/root/1"), listener));
    }
}
