//! What an agent may write of a repository that somebody else uses as well.
//!
//! Git runs programs that its configuration and hooks name, and finds the configuration through files in its folder.
//! An agent that could write those would leave the sandbox through the owner's next command. A worktree's agent
//! therefore gets the shared folder read-only, with only objects, branches and its own notes writable. Git replaces
//! `packed-refs` by renaming and locks it for nearly everything, so that file moves into a folder of its own.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{MetadataExt, fchown, symlink},
    path::{Path, PathBuf},
};

use super::{BackendError, place::Held, record::GitFolders};

const PACKED: &str = "packed-refs";
const PACKED_FOLDER: &str = "switchyard-refs";
const PACKED_TARGET: &str = "switchyard-refs/packed-refs";

/// What is mounted how; later lists cover earlier ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Guard {
    pub read_only: Vec<PathBuf>,
    pub writable: Vec<PathBuf>,
    /// Parts of what is writable.
    pub protected: Vec<PathBuf>,
}

/// For the agent of a worktree: nothing of the shared folder but what commits need.
pub fn worktree(git: &GitFolders, notes: &Path) -> Result<Guard, BackendError> {
    let common = &git.common;
    let held = Held::open(common)?;
    let mut guard = Guard {
        read_only: vec![common.clone()],
        ..Guard::default()
    };
    for name in ["objects", "refs", "logs", PACKED_FOLDER] {
        guard.writable.push(folder_like(common, &held, name)?);
    }
    share_packed_refs(common, &held)?;
    for name in ["rr-cache", "lfs"].map(|name| common.join(name)) {
        if name.is_dir() {
            guard.writable.push(name);
        }
    }
    guard.writable.push(notes.to_path_buf());
    for name in ["commondir", "gitdir"] {
        guard.protected.push(notes.join(name));
    }
    Ok(guard)
}

/// For an agent that works in the repository's own folder and needs its index and `HEAD` too.
pub fn direct(git: &GitFolders) -> Result<Guard, BackendError> {
    let common = &git.common;
    if let Some(notes) = &git.notes {
        let mut guard = worktree(git, notes)?;
        guard.protected.push(git.repository.join(".git"));
        return Ok(guard);
    }
    let held = Held::open(common)?;
    folder_like(common, &held, "hooks")?;
    // Git looks for its configuration where this file says, so it must be there and say "here".
    file_like(common, &held, "commondir", ".\n")?;
    file_like(common, &held, "config.worktree", "")?;
    let names = [
        "config",
        "config.worktree",
        "commondir",
        "hooks",
        "modules",
        "worktrees",
    ];
    Ok(Guard {
        read_only: Vec::new(),
        // Mounted on itself, so that it cannot be renamed and made again without what is protected.
        writable: vec![common.clone()],
        protected: names
            .iter()
            .map(|name| common.join(name))
            .filter(|path| path.symlink_metadata().is_ok())
            .collect(),
    })
}

/// A folder below the repository's, made with the same owner when it is missing.
fn folder_like(common: &Path, held: &Held, name: &str) -> Result<PathBuf, BackendError> {
    let path = common.join(name);
    match fs::create_dir(held.path().join(name)) {
        Ok(()) => Held::open(&path)?.own_like(held),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
    .map_err(|error| BackendError::system(&path, "cannot protect", error))?;
    Ok(path)
}

fn file_like(common: &Path, held: &Held, name: &str, content: &str) -> Result<(), BackendError> {
    let make = || match fs::File::create_new(held.path().join(name)) {
        Ok(mut file) => {
            file.write_all(content.as_bytes())?;
            // Through the link of the open folder, so this is the repository's own.
            let owner = fs::metadata(held.path())?;
            fchown(&file, Some(owner.uid()), Some(owner.gid()))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    };
    make().map_err(|error| BackendError::system(&common.join(name), "cannot protect", error))
}

/// Moves `packed-refs` into a folder of its own and leaves a link, which git follows when it locks and replaces it.
fn share_packed_refs(common: &Path, held: &Held) -> Result<(), BackendError> {
    let path = held.path().join(PACKED);
    let failed = |error| BackendError::system(&common.join(PACKED), "cannot share", error);
    if let Ok(target) = fs::read_link(&path) {
        if target == Path::new(PACKED_TARGET) {
            return Ok(());
        }
        return Err(BackendError::repository(
            common,
            "its packed-refs is a link to elsewhere",
        ));
    }
    let lock = held.path().join("packed-refs.lock");
    fs::File::create_new(&lock).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackendError::repository(
            common,
            "another git is at work in it; try again in a moment, or remove packed-refs.lock if none is",
        ),
        _ => failed(error),
    })?;
    let moved = Held::open(&common.join(PACKED_FOLDER))
        .and_then(|folder| replace_by_link(held, &folder).map_err(failed));
    let _ = fs::remove_file(&lock);
    moved
}

fn replace_by_link(held: &Held, folder: &Held) -> io::Result<()> {
    let path = held.path().join(PACKED);
    let target = folder.path().join(PACKED);
    // What a tool that knows no links left behind; the regular file is the newer one.
    if path.symlink_metadata().is_ok() && target.symlink_metadata().is_ok() {
        fs::remove_file(&target)?;
    }
    match fs::hard_link(&path, &target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        outcome => outcome?,
    }
    let link = held.path().join("packed-refs.link");
    let _ = fs::remove_file(&link);
    symlink(PACKED_TARGET, &link)?;
    fs::rename(&link, &path)
}
