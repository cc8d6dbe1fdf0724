//! The whole output of a process, in a file of the state folder, up to a limit.

use std::{
    io::SeekFrom,
    path::{Path, PathBuf},
};

use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};

/// No file grows beyond this.
pub const MAX_SPOOL_BYTES: u64 = 256 * 1024 * 1024;

/// Writes one process's output.
pub struct Spool {
    path: PathBuf,
    file: Option<File>,
    written: u64,
    limit: u64,
}

/// What became of a piece that was to be written.
#[derive(Debug, PartialEq, Eq)]
pub enum Spooled {
    /// It is in the file.
    Written,
    /// It is not; said once, with the reason for the reader of the output.
    Stopped(String),
    /// It is not, as was said before.
    StoppedBefore,
}

impl Spool {
    /// Creates the file. When that fails, the first write says so.
    pub async fn create(path: PathBuf, limit: u64) -> Self {
        let file = File::create_new(&path).await;
        if let Err(error) = &file {
            tracing::warn!(path = %path.display(), %error, "cannot keep the whole output of a process");
        }
        Self {
            file: file.ok(),
            path,
            written: 0,
            limit,
        }
    }

    /// Appends a piece of the output.
    pub async fn write(&mut self, piece: &[u8]) -> Spooled {
        let Some(file) = &mut self.file else {
            return if self.written == u64::MAX {
                Spooled::StoppedBefore
            } else {
                self.stop("it could not be created")
            };
        };
        let room = usize::try_from(self.limit - self.written).unwrap_or(usize::MAX);
        let fitting = piece.get(..room.min(piece.len())).unwrap_or_default();
        // The flush waits for the write on the blocking thread, which is where a full disk shows.
        let outcome = match file.write_all(fitting).await {
            Ok(()) => file.flush().await,
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) => self.stop(&error.to_string()),
            Ok(()) if fitting.len() < piece.len() => {
                let limit = self.limit;
                self.stop(&format!("it reached its limit of {limit} bytes"))
            }
            Ok(()) => {
                self.written += fitting.len() as u64;
                Spooled::Written
            }
        }
    }

    fn stop(&mut self, reason: &str) -> Spooled {
        self.file = None;
        self.written = u64::MAX;
        Spooled::Stopped(format!(
            "the file with the whole output, {}, is incomplete: {reason}",
            self.path.display()
        ))
    }
}

/// Up to `length` bytes of a spool file from an offset on.
pub async fn read(path: &Path, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path).await?;
    file.seek(SeekFrom::Start(offset)).await?;
    let mut bytes = Vec::with_capacity(length);
    file.take(length as u64).read_to_end(&mut bytes).await?;
    Ok(bytes)
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

    #[tokio::test]
    async fn stops_at_its_limit_and_says_so_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let mut spool = Spool::create(path.clone(), 10).await;
        assert_eq!(spool.write(b"0123456").await, Spooled::Written);
        assert!(
            matches!(spool.write(b"789abc").await, Spooled::Stopped(reason) if reason.contains("limit of 10"))
        );
        assert_eq!(spool.write(b"def").await, Spooled::StoppedBefore);
        assert_eq!(read(&path, 3, 100).await.unwrap(), b"3456789");
    }

    #[tokio::test]
    async fn a_full_disk_is_a_notice_and_not_a_failure() {
        let mut spool = Spool::create("/dev/full-does-not-exist/x".into(), 10).await;
        assert!(matches!(spool.write(b"a").await, Spooled::Stopped(_)));
        assert_eq!(spool.write(b"a").await, Spooled::StoppedBefore);
        let file = tokio::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .await
            .unwrap();
        let mut spool = Spool {
            path: "/dev/full".into(),
            file: Some(file),
            written: 0,
            limit: 10,
        };
        assert!(
            matches!(spool.write(b"a").await, Spooled::Stopped(reason) if reason.contains("No space left"))
        );
    }
}
