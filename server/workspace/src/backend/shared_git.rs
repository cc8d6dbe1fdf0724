//! The git folder that the agent of a worktree sees in place of the repository's own.
//!
//! Git locks `packed-refs` beside the file whenever a reference goes away, but beside it lies the configuration, which
//! an agent must not write. The worktree is therefore sent to a folder of links to everything that the repository has,
//! and its `packed-refs` leads through more links than git follows for a lock: reading arrives at the owner's file,
//! the lock arrives in a small folder of the workspace. A folder where git would put the new file keeps it from ever
//! writing its own, so the owner's `packed-refs` stays what it is and the agent always reads it as it is.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use super::{BackendError, place::Held, record::Layout};

const PACKED: &str = "packed-refs";
/// Links that git itself resolves before it locks (`MAXDEPTH` of its `lockfile.c`).
const LINKS_BEFORE_LOCK: usize = 5;
/// What git finds in a repository's common folder.
const ENTRIES: [&str; 14] = [
    "HEAD",
    "branches",
    "config",
    "config.worktree",
    "description",
    "hooks",
    "info",
    "lfs",
    "logs",
    "modules",
    "refs",
    "rr-cache",
    "shallow",
    "worktrees",
];
/// Where earlier versions put `packed-refs`, with a link left behind.
const EARLIER_FOLDER: &str = "switchyard-refs";

/// Where the parts lie in a workspace.
pub struct SharedGit {
    /// The folder of links; read-only in the workspace.
    pub links: PathBuf,
    /// Where git's lock goes; writable in the workspace.
    pub locks: PathBuf,
    /// Where the repository's objects are mounted: git clones from no folder whose objects are behind a link.
    pub objects: PathBuf,
    /// Says where the folder of links is; takes the place of the worktree's `commondir`.
    pub commondir: PathBuf,
}

impl SharedGit {
    pub fn of(layout: &Layout) -> Self {
        let links = layout.root.join("repository");
        Self {
            objects: links.join("objects"),
            commondir: links.join("switchyard-commondir"),
            locks: layout.root.join("owners-packed-refs"),
            links,
        }
    }

    /// Makes the folders. What an earlier run left there must be gone already.
    pub fn make(&self, common: &Path) -> Result<(), BackendError> {
        self.try_make(common)
            .map_err(|error| BackendError::system(&self.links, "cannot create", error))
    }

    fn try_make(&self, common: &Path) -> io::Result<()> {
        fs::create_dir(&self.links)?;
        fs::create_dir(&self.locks)?;
        fs::create_dir(&self.objects)?;
        for name in ENTRIES {
            symlink(common.join(name), self.links.join(name))?;
        }
        let mut name = PACKED.to_owned();
        for number in 1..LINKS_BEFORE_LOCK {
            let next = format!("{PACKED}-{number}");
            symlink(&next, self.links.join(&name))?;
            name = next;
        }
        let last = self.locks.join(PACKED);
        symlink(&last, self.links.join(name))?;
        symlink(common.join(PACKED), last)?;
        // Git makes this file anew to replace the one that it locked.
        fs::create_dir(self.locks.join(format!("{PACKED}.new")))?;
        let mut commondir = self.links.clone().into_os_string();
        commondir.push("\n");
        fs::write(&self.commondir, commondir.as_encoded_bytes())
    }
}

/// Puts `packed-refs` back that an earlier version moved. When a git is at work there, a later start does it: until
/// then everything can be read through the link.
pub fn restore_packed_refs(common: &Path) {
    let is_moved = fs::read_link(common.join(PACKED))
        .is_ok_and(|target| target == Path::new(EARLIER_FOLDER).join(PACKED));
    if is_moved && let Err(error) = try_restore(common) {
        tracing::warn!(common = %common.display(), %error, "packed-refs cannot be put back yet");
    }
}

fn try_restore(common: &Path) -> Result<(), BackendError> {
    let held = Held::open(common)?;
    let folder = Held::open(&common.join(EARLIER_FOLDER))?;
    let failed = |error| BackendError::system(&common.join(PACKED), "cannot put back", error);
    // Gits that started before and after the move lock in different folders.
    let _lock = Lock::take(&held).map_err(failed)?;
    let lock_there = Lock::take(&folder).map_err(failed)?;
    put_back(&held, &folder).map_err(failed)?;
    drop(lock_there);
    // Fails when something else lies there, which then stays.
    let _ = fs::remove_dir(held.path().join(EARLIER_FOLDER));
    Ok(())
}

fn put_back(held: &Held, folder: &Held) -> io::Result<()> {
    let (link, file) = (held.path().join(PACKED), folder.path().join(PACKED));
    match fs::symlink_metadata(&file) {
        Ok(metadata) if metadata.is_file() => fs::rename(file, link),
        Ok(_) => Err(io::Error::other("it is no file any more")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::remove_file(link),
        Err(error) => Err(error),
    }
}

/// Git's lock of a `packed-refs`; given back at the end.
struct Lock(PathBuf);

impl Lock {
    fn take(folder: &Held) -> io::Result<Self> {
        let path = folder.path().join(format!("{PACKED}.lock"));
        fs::File::create_new(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
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
    use super::*;

    fn moved(root: &Path) -> PathBuf {
        let common = root.canonicalize().unwrap().join("git");
        fs::create_dir_all(common.join(EARLIER_FOLDER)).unwrap();
        symlink(Path::new(EARLIER_FOLDER).join(PACKED), common.join(PACKED)).unwrap();
        common
    }

    #[test]
    fn an_earlier_move_is_undone_and_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let common = moved(root.path());
        fs::write(common.join(EARLIER_FOLDER).join(PACKED), "refs").unwrap();
        restore_packed_refs(&common);
        assert!(fs::symlink_metadata(common.join(PACKED)).unwrap().is_file());
        assert_eq!(fs::read_to_string(common.join(PACKED)).unwrap(), "refs");
        assert_eq!(fs::read_dir(&common).unwrap().count(), 1);
        restore_packed_refs(&common);
        assert_eq!(fs::read_to_string(common.join(PACKED)).unwrap(), "refs");
    }

    #[test]
    fn a_link_without_its_file_goes_and_a_locked_one_waits() {
        let root = tempfile::tempdir().unwrap();
        let common = moved(root.path());
        let lock = common.join("packed-refs.lock");
        fs::write(&lock, "").unwrap();
        restore_packed_refs(&common);
        assert!(fs::symlink_metadata(common.join(PACKED)).is_ok());
        fs::remove_file(&lock).unwrap();
        restore_packed_refs(&common);
        assert_eq!(fs::read_dir(&common).unwrap().count(), 0);
    }

    #[test]
    fn a_link_of_somebody_else_stays() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = root.path().join("elsewhere");
        fs::write(&elsewhere, "refs").unwrap();
        let link = root.path().join(PACKED);
        symlink(&elsewhere, &link).unwrap();
        restore_packed_refs(root.path());
        assert_eq!(fs::read_link(&link).unwrap(), elsewhere);
        // An agent that could write the folder put a link in place of the file.
        let common = moved(root.path());
        symlink(&elsewhere, common.join(EARLIER_FOLDER).join(PACKED)).unwrap();
        restore_packed_refs(&common);
        assert!(common.join(EARLIER_FOLDER).join(PACKED).is_symlink());
        assert!(common.join(PACKED).is_symlink());
    }
}
