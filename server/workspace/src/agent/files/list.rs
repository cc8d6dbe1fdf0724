//! Listing a directory.

use std::path::{Path, PathBuf};

use crate::{
    agent::error::ApiError,
    protocol::{DirectoryEntry, ListDirectoryRequest, ListDirectoryResult, Relativity},
};

/// Entries in one answer.
const MAX_ENTRIES: usize = 5000;

/// The entries of the directory, directories first.
pub fn list(request: &ListDirectoryRequest, home: &Path) -> Result<ListDirectoryResult, ApiError> {
    let mut path = match request.relativity {
        Relativity::Root => PathBuf::from("/"),
        Relativity::Home => home.to_path_buf(),
    };
    if let Some(wrong) = request
        .path
        .iter()
        .find(|part| part.contains(['/', '\0']) || part.is_empty())
    {
        return Err(ApiError::bad_request(format!(
            "{wrong:?} is not a single path component"
        )));
    }
    path.extend(&request.path);
    let refused = |error: std::io::Error| {
        ApiError::from_io(format!("cannot list {}", path.display()), &error)
    };
    let path = path.canonicalize().map_err(refused)?;
    let mut contents = Vec::new();
    let mut is_cut = false;
    for entry in std::fs::read_dir(&path).map_err(refused)? {
        if contents.len() == MAX_ENTRIES {
            is_cut = true;
            break;
        }
        let entry = entry.map_err(refused)?;
        // Follows links, so that a link to a folder can be opened like one; a dangling link is a file.
        let metadata = std::fs::metadata(entry.path()).ok();
        contents.push(DirectoryEntry {
            name: entry.file_name().to_string_lossy().into_owned(),
            absolute_path_string: entry.path().display().to_string(),
            is_dir: metadata.as_ref().is_some_and(std::fs::Metadata::is_dir),
            size: metadata
                .filter(std::fs::Metadata::is_file)
                .map_or(0, |metadata| metadata.len()),
        });
    }
    contents.sort_by(|a, b| b.is_dir.cmp(&a.is_dir).then_with(|| a.name.cmp(&b.name)));
    let components = path.components().skip(1);
    Ok(ListDirectoryResult {
        absolute_path: components
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect(),
        absolute_path_string: path.display().to_string(),
        contents,
        is_cut,
    })
}
