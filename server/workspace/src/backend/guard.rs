//! What an agent may write of a repository that somebody else uses as well.
//!
//! Git runs programs that its configuration and hooks name, and finds the configuration through files in its folder.
//! An agent that could write those would leave the sandbox through the owner's next command. A worktree's agent
//! therefore gets the shared folder read-only, with only objects, branches and its own notes writable; `shared_git`
//! tells how git gets along with that.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{MetadataExt, fchown},
    path::{Path, PathBuf},
};

use super::{
    BackendError, place::Held, record::GitFolders, sandbox::Placed, shared_git::SharedGit,
};

/// What is mounted how; later lists cover earlier ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Guard {
    pub read_only: Vec<PathBuf>,
    pub writable: Vec<PathBuf>,
    /// Parts of what is writable.
    pub protected: Vec<PathBuf>,
    /// What lies somewhere else inside.
    pub placed: Vec<Placed>,
}

/// For the agent of a worktree: nothing of the shared folder but what commits need.
pub fn worktree(git: &GitFolders, notes: &Path, shared: &SharedGit) -> Result<Guard, BackendError> {
    let common = &git.common;
    let held = Held::open(common)?;
    let mut guard = Guard {
        read_only: vec![common.clone()],
        ..Guard::default()
    };
    for name in ["objects", "refs", "logs"] {
        guard.writable.push(folder_like(common, &held, name)?);
    }
    for name in ["rr-cache", "lfs"].map(|name| common.join(name)) {
        if name.is_dir() {
            guard.writable.push(name);
        }
    }
    guard.writable.push(notes.to_path_buf());
    guard.writable.push(shared.locks.clone());
    guard.protected.push(shared.links.clone());
    guard.protected.push(notes.join("gitdir"));
    guard.placed = vec![
        Placed {
            from: shared.commondir.clone(),
            at: notes.join("commondir"),
            is_writable: false,
        },
        Placed {
            from: common.join("objects"),
            at: shared.objects.clone(),
            is_writable: true,
        },
    ];
    Ok(guard)
}

/// For an agent that works in the repository's own folder and needs its index and `HEAD` too.
pub fn direct(git: &GitFolders, shared: &SharedGit) -> Result<Guard, BackendError> {
    let common = &git.common;
    if let Some(notes) = &git.notes {
        let mut guard = worktree(git, notes, shared)?;
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
        // Mounted on itself, so that it cannot be renamed and made again without what is protected.
        writable: vec![common.clone()],
        protected: names
            .iter()
            .map(|name| common.join(name))
            .filter(|path| path.symlink_metadata().is_ok())
            .collect(),
        ..Guard::default()
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
