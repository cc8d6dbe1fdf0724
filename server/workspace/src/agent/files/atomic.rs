//! Replacing files so that nobody ever sees half of one, and several so that either all change or none.
//!
//! New content goes to a temporary file beside its target, is synced, and is renamed over it. When a rename of a
//! batch fails, the ones before it are taken back. Mode bits stay; the owner stays where the system allows it.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, fchown},
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::agent::error::ApiError;

/// What a new file may have at most; the umask takes away from it.
const NEW_FILE_MODE: u32 = 0o666;

/// New content that waits beside its target. Dropping it removes the temporary file.
pub struct Staged {
    temporary: PathBuf,
    target: PathBuf,
    /// What the target was when its content was read; `None` for a new file.
    expected: Option<Metadata>,
    backup: Option<PathBuf>,
}

impl Staged {
    /// Writes `content` beside `target`, whose links are already resolved.
    pub fn new(
        target: PathBuf,
        expected: Option<Metadata>,
        content: &[u8],
    ) -> Result<Self, ApiError> {
        let temporary = beside(&target);
        let staged = Self {
            temporary,
            target,
            expected,
            backup: None,
        };
        staged.write(content).map_err(|error| {
            ApiError::from_io(format!("cannot write {}", staged.target.display()), &error)
        })?;
        Ok(staged)
    }

    fn write(&self, content: &[u8]) -> std::io::Result<()> {
        let mode = self
            .expected
            .as_ref()
            .map_or(NEW_FILE_MODE, MetadataExt::mode)
            & 0o7777;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(NEW_FILE_MODE)
            .open(&self.temporary)?;
        if let Some(expected) = &self.expected {
            // Another owner can only be kept by a privileged process; without it the file becomes ours.
            let _ = fchown(&file, Some(expected.uid()), Some(expected.gid()));
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
        }
        file.write_all(content)?;
        file.sync_all()
    }

    fn is_unchanged(&self) -> bool {
        let now = fs::metadata(&self.target).ok();
        let key = |metadata: &Metadata| {
            (
                metadata.ino(),
                metadata.len(),
                metadata.mtime(),
                metadata.mtime_nsec(),
            )
        };
        now.as_ref().map(key) == self.expected.as_ref().map(key)
    }

    fn apply(&mut self) -> std::io::Result<()> {
        if self.expected.is_some() {
            let backup = beside(&self.target);
            fs::hard_link(&self.target, &backup)
                .or_else(|_| fs::copy(&self.target, &backup).map(drop))?;
            self.backup = Some(backup);
        }
        fs::rename(&self.temporary, &self.target)
    }

    fn take_back(&mut self) {
        let outcome = match self.backup.take() {
            Some(backup) => fs::rename(&backup, &self.target),
            None => fs::remove_file(&self.target),
        };
        if let Err(error) = outcome {
            tracing::error!(target = %self.target.display(), %error, "an edit could not be taken back");
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let leftovers = std::iter::once(&self.temporary).chain(&self.backup);
        for leftover in leftovers {
            let _ = fs::remove_file(leftover);
        }
    }
}

/// Puts every staged file in place, or none of them.
pub fn commit(mut staged: Vec<Staged>) -> Result<(), ApiError> {
    if let Some(changed) = staged.iter().find(|file| !file.is_unchanged()) {
        return Err(ApiError::conflict(format!(
            "{} was changed by something else in the meantime; nothing was written, read it again",
            changed.target.display()
        )));
    }
    let mut failure = None;
    let mut applied = 0;
    for file in &mut staged {
        if let Err(error) = file.apply() {
            failure = Some(ApiError::from_io(
                format!("cannot write {}", file.target.display()),
                &error,
            ));
            break;
        }
        applied += 1;
    }
    if let Some(failure) = failure {
        staged.iter_mut().take(applied).for_each(Staged::take_back);
        return Err(failure);
    }
    for file in &staged {
        sync_folder(&file.target);
    }
    Ok(())
}

/// The file's metadata, or `None` when there is none yet; folders and pipes are refused.
pub fn expect_writable(target: &Path) -> Result<Option<Metadata>, ApiError> {
    match fs::metadata(target) {
        Ok(metadata) if metadata.is_file() => Ok(Some(metadata)),
        Ok(_) => Err(ApiError::bad_request(format!(
            "{} is not a regular file",
            target.display()
        ))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ApiError::from_io(
            format!("cannot write {}", target.display()),
            &error,
        )),
    }
}

fn beside(target: &Path) -> PathBuf {
    let name = format!(".switchyard-{}.tmp", Uuid::new_v4().simple());
    target.with_file_name(name)
}

fn sync_folder(target: &Path) {
    // Best effort: some file systems cannot sync a folder, and the content itself is already safe.
    if let Some(folder) = target.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}
