//! Paths as the tools give them: absolute or refused, and where they lead.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::agent::{AgentState, error::ApiError};

/// As many links are followed as the kernel would follow.
const MAX_LINKS: usize = 40;

/// The path when it is absolute; otherwise a refusal that says which path was probably meant.
pub fn absolute(state: &AgentState, path: &str) -> Result<PathBuf, ApiError> {
    let working_directory = &state.inner.working_directory;
    if path.is_empty() {
        return Err(ApiError::bad_request(
            "the path is empty; give an absolute path",
        ));
    }
    if path.contains('\0') {
        return Err(ApiError::bad_request("the path contains a NUL character"));
    }
    if Path::new(path).is_absolute() {
        return Ok(PathBuf::from(path));
    }
    let (base, rest) = match path.strip_prefix('~') {
        Some(rest) => (&state.inner.home_directory, rest.trim_start_matches('/')),
        None => (working_directory, path.trim_start_matches("./")),
    };
    Err(ApiError::bad_request(format!(
        "paths must be absolute and {path:?} is not; the working directory is {}, so perhaps {} is meant",
        working_directory.display(),
        base.join(rest).display(),
    )))
}

/// The path as a diff names it: relative to the working directory when it lies in there.
pub fn shown(state: &AgentState, path: &Path) -> String {
    path.strip_prefix(&state.inner.working_directory)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Follows symbolic links; parts that do not exist yet are kept as they are written.
pub fn resolve(path: &Path) -> Result<PathBuf, ApiError> {
    let refused = |error: &std::io::Error| {
        ApiError::from_io(format!("cannot resolve {}", path.display()), error)
    };
    let mut existing = path.to_path_buf();
    let mut missing: Vec<std::ffi::OsString> = Vec::new();
    let mut links = 0;
    loop {
        let error = match existing.canonicalize() {
            Ok(mut resolved) => {
                resolved.extend(missing.iter().rev());
                return Ok(resolved);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => error,
            Err(error) => return Err(refused(&error)),
        };
        let parent = existing.parent().map(Path::to_path_buf);
        let (Some(parent), Some(name)) =
            (parent, existing.file_name().map(std::ffi::OsStr::to_owned))
        else {
            return Err(refused(&error));
        };
        if let Ok(target) = existing.read_link() {
            links += 1;
            if links > MAX_LINKS {
                return Err(refused(&error));
            }
            existing = parent.join(target);
        } else {
            missing.push(name);
            existing = parent;
        }
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
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn follows_links_also_to_what_does_not_exist_yet() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("real")).unwrap();
        symlink("real", root.join("link")).unwrap();
        symlink("real/later.txt", root.join("dangling")).unwrap();
        assert_eq!(
            resolve(&root.join("link/new/file.txt")).unwrap(),
            root.join("real/new/file.txt")
        );
        assert_eq!(
            resolve(&root.join("dangling")).unwrap(),
            root.join("real/later.txt")
        );
    }

    #[test]
    fn refuses_a_circle_of_links() {
        let folder = tempfile::tempdir().unwrap();
        symlink("b", folder.path().join("a")).unwrap();
        symlink("a", folder.path().join("b")).unwrap();
        assert!(resolve(&folder.path().join("a")).is_err());
    }
}
