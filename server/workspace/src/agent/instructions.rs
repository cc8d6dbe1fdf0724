//! The files in which people tell agents how to work here: `AGENTS.md`, or `CLAUDE.md` where there is none.
//!
//! Found anew at each question, because the agent itself may have changed them: in the home folder's `.switchyard`, then
//! from the repository's root down to the working directory. A file that cannot be read is passed over.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use axum::{Json, extract::State};

use super::{
    AgentState,
    error::ApiError,
    files::{blocking, regular_file_size},
    router::about,
    skills,
};
use crate::protocol::{InstructionFile, WorkspaceContext};

/// In lower case; of each folder the first that is there counts.
const NAMES: [&str; 2] = ["agents.md", "claude.md"];
/// Below the home folder.
const HOME_FOLDER: &str = ".switchyard";
/// Longer files are cut.
const MAX_FILE_BYTES: u64 = 64 * 1024;
/// Folders between the repository's root and the working directory that are looked into, the nearest first.
const MAX_FOLDERS: usize = 16;

/// `GET /context`.
pub async fn context(State(state): State<AgentState>) -> Result<Json<WorkspaceContext>, ApiError> {
    let inner = state.inner.clone();
    let files = move || {
        let (home, working_directory) = (&inner.home_directory, &inner.working_directory);
        let files = read(home, working_directory);
        Ok((files, skills::all(home, working_directory)))
    };
    let (instruction_files, skills) = blocking(files).await?;
    Ok(Json(WorkspaceContext {
        about: about(State(state)).await.0,
        instruction_files,
        skills,
    }))
}

/// The widest instructions first.
fn read(home: &Path, working_directory: &Path) -> Vec<InstructionFile> {
    let mut folders = vec![home.join(HOME_FOLDER)];
    folders.extend(repository_folders(working_directory));
    folders
        .iter()
        .filter_map(|folder| read_file(&find(folder)?))
        .collect()
}

/// From the repository's root down; without a repository the working directory alone.
pub(super) fn repository_folders(working_directory: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for folder in working_directory.ancestors().take(MAX_FOLDERS) {
        folders.push(folder.to_owned());
        if folder.join(".git").exists() {
            folders.reverse();
            return folders;
        }
    }
    vec![working_directory.to_owned()]
}

fn find(folder: &Path) -> Option<PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(folder).ok()?.flatten().collect();
    let named = |name: &str| {
        let mut found = entries.iter().map(std::fs::DirEntry::file_name);
        found.find(|found| found.to_string_lossy().eq_ignore_ascii_case(name))
    };
    NAMES
        .into_iter()
        .find_map(named)
        .map(|name| folder.join(name))
}

fn read_file(path: &Path) -> Option<InstructionFile> {
    let size = regular_file_size(path).ok()?;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).ok()?;
    Some(InstructionFile {
        path: path.display().to_string(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
        is_cut: size > MAX_FILE_BYTES,
    })
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

    fn write(path: PathBuf, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn texts(home: &Path, working_directory: &Path) -> Vec<String> {
        let files = read(home, working_directory);
        files.into_iter().map(|file| file.text).collect()
    }

    #[test]
    fn reads_from_the_home_folder_and_the_repository_down_to_the_working_directory() {
        let folder = tempfile::tempdir().unwrap();
        let (home, root) = (
            folder.path().join("home"),
            folder.path().join("outside/root"),
        );
        let inside = root.join("crates/one");
        std::fs::create_dir_all(root.join(".git")).unwrap();
        write(home.join(".switchyard/AGENTS.md"), "home");
        write(
            folder.path().join("outside/AGENTS.md"),
            "not of this repository",
        );
        write(root.join("agents.MD"), "root");
        write(root.join("CLAUDE.md"), "passed over");
        write(inside.join("CLAUDE.md"), "inside");
        write(inside.join("deeper/AGENTS.md"), "too deep");
        assert_eq!(texts(&home, &inside), ["home", "root", "inside"]);
        assert_eq!(texts(&home, &root), ["home", "root"]);
    }

    #[test]
    fn outside_of_repositories_the_working_directory_alone_counts() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("one");
        write(folder.path().join("AGENTS.md"), "above");
        write(inside.join("AGENTS.md"), "here");
        assert_eq!(texts(folder.path(), &inside), ["here"]);
    }

    #[test]
    fn long_files_are_cut_and_what_is_no_file_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let (long, none) = (folder.path().join("long"), folder.path().join("none"));
        write(long.join("AGENTS.md"), &"x".repeat(70_000));
        std::fs::create_dir_all(none.join("AGENTS.md")).unwrap();
        let files = read(folder.path(), &long);
        assert_eq!(files.len(), 1);
        assert!(files[0].is_cut);
        assert_eq!(files[0].text.len(), 64 * 1024);
        assert!(read(folder.path(), &none).is_empty());
    }
}
