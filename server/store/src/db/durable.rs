//! Makes SQLite's commits survive a loss of power, for many at once.
//!
//! SQLite itself would call the disk inside of every commit, with the one writer held and everybody behind it waiting.
//! Here a commit writes its log without that call (`synchronous = NORMAL`): it survives the end of this process at any
//! instant, and a loss of power leaves a whole database that may lack the last commits. Whoever must not lose theirs
//! waits for [`LogSync::wait`], which calls the disk for all that were committed before. See "Durability" of
//! <https://sqlite.org/pragma.html#pragma_synchronous>: the log is read back up to its last whole commit.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// Calls the disk for a database's log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LogSync(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    log: PathBuf,
    /// How many have asked.
    asked: AtomicU64,
    /// Those up to here were served.
    served: AtomicU64,
    turn: Mutex<()>,
    calls: AtomicU64,
}

impl LogSync {
    pub(super) fn new(database: &Path) -> Self {
        let mut log = OsString::from(database);
        log.push("-wal");
        Self(Arc::new(Shared {
            log: log.into(),
            asked: AtomicU64::new(0),
            served: AtomicU64::new(0),
            turn: Mutex::new(()),
            calls: AtomicU64::new(0),
        }))
    }

    /// Returns when everything that was committed before is on the disk.
    pub(super) async fn wait(&self) -> io::Result<()> {
        let shared = &self.0;
        let mine = shared.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let _turn = shared.turn.lock().await;
        // Somebody's call that began after this was asked for has served it.
        if shared.served.load(Ordering::SeqCst) >= mine {
            return Ok(());
        }
        let asked = shared.asked.load(Ordering::SeqCst);
        let log = shared.log.clone();
        tokio::task::spawn_blocking(move || call_disk(&log))
            .await
            .map_err(io::Error::other)??;
        shared.calls.fetch_add(1, Ordering::Relaxed);
        shared.served.store(asked, Ordering::SeqCst);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }
}

/// SQLite keeps its locks on other files, so opening and closing this one gives none of them up.
fn call_disk(log: &Path) -> io::Result<()> {
    match File::open(log) {
        Ok(file) => file.sync_data(),
        // Folded into the database, which calls the disk.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
