//! One server process per SQLite file.
//!
//! SQLite itself would let two servers write in turn, but each keeps notices and live text in its own memory. The
//! lock is the kernel's, on a file beside the database: it ends with the process, however that ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::StoreError;

/// The lock, or the knowledge that another process has it. Clones share it.
#[derive(Clone, Debug)]
pub struct FileLock(Arc<Mutex<Option<File>>>);

impl FileLock {
    /// Takes the lock of a database file; [`StoreError::Locked`] when another process has it.
    pub(super) fn exclusive(database: &Path) -> Result<Self, StoreError> {
        let lock = Self::exclusive_or_none(database)?;
        if lock.is_held() {
            return Ok(lock);
        }
        Err(StoreError::Locked {
            path: lock_path(database).display().to_string(),
        })
    }

    /// Takes the lock when it is free.
    pub(super) fn exclusive_or_none(database: &Path) -> Result<Self, StoreError> {
        let path = lock_path(database);
        let failed = |source| StoreError::Io {
            path: path.display().to_string(),
            source,
        };
        let file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(failed)?;
        let held = match file.try_lock() {
            Ok(()) => Some(file),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        };
        Ok(Self(Arc::new(Mutex::new(held))))
    }

    /// Whether this process has the lock.
    pub fn is_held(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Gives the lock back. The file stays: removing it would let two processes lock two files of one name.
    pub(super) fn release(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
