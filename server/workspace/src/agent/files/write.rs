//! Writing a whole file.

use std::path::Path;

use super::{atomic, diff, path, read};
use crate::{agent::error::ApiError, protocol::WriteFileResult};

/// Replaces the content of `path`, creating it and its folders.
pub fn write(path: &Path, shown: &str, content: &[u8]) -> Result<WriteFileResult, ApiError> {
    let target = path::resolve(path)?;
    let expected = atomic::expect_writable(&target)?;
    let is_new = expected.is_none();
    let before = match &expected {
        Some(metadata) if metadata.len() <= read::MAX_FILE_BYTES => {
            read::read_at_most(&target, read::MAX_FILE_BYTES).ok()
        }
        Some(_) => None,
        None => Some(Vec::new()),
    };
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder).map_err(|error| {
            ApiError::from_io(
                format!("cannot create the folder {}", folder.display()),
                &error,
            )
        })?;
    }
    let staged = atomic::Staged::new(target, expected, content)?;
    atomic::commit(vec![staged])?;
    Ok(WriteFileResult {
        message: format!(
            "{} {}",
            if is_new { "created" } else { "replaced" },
            path.display()
        ),
        is_new,
        bytes_written: content.len() as u64,
        diff: before.and_then(|before| diff::unified(shown, &before, content)),
    })
}
