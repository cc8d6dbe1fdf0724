//! The files in a skill's folder.

use std::path::{Component, Path, PathBuf};

use super::FILE;
use crate::agent::error::ApiError;

const MAX_FILES: usize = 200;
const MAX_DEPTH: usize = 8;

/// A path that leads to a file below the skill's folder: nothing absolute, nothing above, nothing hidden.
pub fn relative(path: &str) -> Result<PathBuf, ApiError> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(name) if !name.to_string_lossy().starts_with('.'));
    let asked = Path::new(path);
    if path.is_empty() || path.contains('\0') || !asked.components().all(is_plain) {
        return Err(ApiError::bad_request(format!(
            "{path:?} is not a file of a skill: name one relative to the skill's folder, without \"..\" and hidden names"
        )));
    }
    Ok(asked.to_owned())
}

/// The files without `SKILL.md` and what is hidden, sorted, and whether there are more. Links are not followed.
pub fn list(folder: &Path) -> (Vec<String>, bool) {
    let mut files = Vec::new();
    let mut is_cut = false;
    let mut waiting = vec![(folder.to_owned(), 0)];
    while let Some((at, depth)) = waiting.pop() {
        for entry in std::fs::read_dir(&at).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if name.to_string_lossy().starts_with('.') || (depth == 0 && name == FILE) {
                continue;
            }
            if kind.is_dir() && depth < MAX_DEPTH {
                waiting.push((path, depth + 1));
            } else if kind.is_dir() || files.len() == MAX_FILES {
                is_cut = true;
            } else if let Ok(path) = path.strip_prefix(folder) {
                files.push(path.display().to_string());
            }
        }
    }
    files.sort();
    (files, is_cut)
}
