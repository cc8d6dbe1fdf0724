//! Content of changed files: lines of a version that git keeps, a version as a whole, or the file in the work tree.
//!
//! A version is named by its object, as a diff names it, so no path leads anywhere and what is read is what the diff was
//! made of, whatever happened to the file since. A path in the work tree is walked folder by folder without following links.

use std::{
    ffi::OsStr,
    fs::File,
    io::Read as _,
    os::fd::OwnedFd,
    path::{Component, Path, PathBuf},
};

use axum::{
    Json,
    body::Bytes,
    extract::{Query, rejection::QueryRejection},
};
use http::StatusCode;
use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat},
    sys::stat::Mode,
};

use crate::{
    agent::{error::ApiError, files::blocking},
    git_command::{GitCommand, GitError},
    protocol::{GitFileQuery, GitLines, GitLinesQuery},
};

/// A larger version is not read, neither whole nor by lines.
const MAX_FILE_BYTES: u64 = 10 * 1024 * 1024;
/// Lines in one answer. A little more than the page asks for, which looks at the lines around as well.
const MAX_LINES: usize = 2048;
/// Bytes in one answer.
const MAX_LINES_BYTES: usize = 1024 * 1024;
/// Names of objects: the shortest that git writes, and the whole of the longest hash.
const BLOB_LETTERS: std::ops::RangeInclusive<usize> = 4..=64;

/// `GET /git/lines`: lines of a version that git keeps.
pub async fn lines(
    query: Result<Query<GitLinesQuery>, QueryRejection>,
) -> Result<Json<GitLines>, ApiError> {
    let query = query?.0;
    if query.first_line == 0 || query.last_line < query.first_line {
        return Err(ApiError::bad_request(
            "first_line counts from 1, and last_line is not before it",
        ));
    }
    let bytes = blob(&root(&query.repo_root).await?, &query.blob).await?;
    let read = blocking(move || cut(&bytes, &query));
    read.await.map(Json)
}

/// `GET /git/file`: a version as a whole.
pub async fn file(query: Result<Query<GitFileQuery>, QueryRejection>) -> Result<Bytes, ApiError> {
    let query = query?.0;
    let root = root(&query.repo_root).await?;
    match (query.blob, query.path) {
        (Some(name), Some(path)) => version(&root, &name, &path).await.map(Bytes::from),
        (Some(name), None) => blob(&root, &name).await.map(Bytes::from),
        (None, Some(path)) => {
            let path = inside(&path)?;
            blocking(move || in_work_tree(&root, &path))
                .await
                .map(Bytes::from)
        }
        (None, None) => Err(ApiError::bad_request(
            "name the blob or the path of the file to read",
        )),
    }
}

/// The root, when it is one of a work tree.
async fn root(given: &str) -> Result<PathBuf, ApiError> {
    let missing = || ApiError::not_found(format!("{given} is not the root of a repository"));
    if !given.starts_with('/') || given.contains('\0') {
        return Err(missing());
    }
    let root = tokio::fs::canonicalize(given).await;
    let root = root.map_err(|_| missing())?;
    let git = GitCommand::in_workspace(&root).args(["rev-parse", "--show-toplevel"]);
    let top = git.run().await.map_err(failed)?;
    let top = String::from_utf8_lossy(&top.stdout);
    if Path::new(top.trim_end_matches('\n')) == root {
        Ok(root)
    } else {
        Err(missing())
    }
}

/// A version that git keeps. What is not here is not fetched.
async fn blob(root: &Path, name: &str) -> Result<Vec<u8>, ApiError> {
    let is_name =
        BLOB_LETTERS.contains(&name.len()) && name.bytes().all(|letter| letter.is_ascii_hexdigit());
    if !is_name {
        return Err(ApiError::bad_request(format!(
            "{name:?} is not the name of a version: 4 to 64 hexadecimal digits"
        )));
    }
    let git = || GitCommand::in_workspace(root).env("GIT_NO_LAZY_FETCH", "1");
    let described = git()
        .args(["cat-file", "--batch-check"])
        .input(format!("{name}^{{blob}}\n").into_bytes())
        .text()
        .await
        .map_err(failed)?;
    let mut words = described.split(' ');
    let (Some(object), Some("blob"), Some(size)) = (words.next(), words.next(), words.next())
    else {
        return Err(ApiError::not_found(format!(
            "this repository does not hold the version {name}"
        )));
    };
    if size.parse().is_ok_and(|size: u64| size > MAX_FILE_BYTES) {
        return Err(too_large());
    }
    let read = git().args(["cat-file", "blob", object]).output().await;
    read.map(|read| read.stdout).map_err(failed)
}

/// A version that git keeps, or that lies in the work tree. Its name tells its content.
async fn version(root: &Path, name: &str, path: &str) -> Result<Vec<u8>, ApiError> {
    let missing = match blob(root, name).await {
        Err(error) if error.status == StatusCode::NOT_FOUND => error,
        read => return read,
    };
    let (folder, path) = (root.to_owned(), inside(path)?);
    let bytes = blocking(move || in_work_tree(&folder, &path)).await?;
    let named = GitCommand::in_workspace(root)
        .args(["hash-object", "--stdin"])
        .input(bytes.clone())
        .text()
        .await
        .map_err(failed)?;
    if named.starts_with(&name.to_ascii_lowercase()) {
        Ok(bytes)
    } else {
        Err(missing)
    }
}

fn too_large() -> ApiError {
    ApiError {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        message: "the file is larger than 10 MiB; look at it in the workspace".into(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: GitError) -> ApiError {
    ApiError::failed(error.to_string())
}

fn cut(bytes: &[u8], query: &GitLinesQuery) -> Result<GitLines, ApiError> {
    if bytes.contains(&0) {
        return Err(ApiError::bad_request("the file is binary; it has no lines"));
    }
    let text = String::from_utf8_lossy(bytes);
    let all: Vec<&str> = text.split_terminator('\n').collect();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let index = |line: u32| usize::try_from(line).unwrap_or(usize::MAX).min(all.len());
    let from = index(query.first_line - 1);
    let wanted = all
        .get(from..index(query.last_line).max(from))
        .unwrap_or_default();
    let mut room = MAX_LINES_BYTES;
    let mut fits = |line: &&&str| match room.checked_sub(line.len() + 1) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    let kept = if query.from_end {
        wanted
            .iter()
            .rev()
            .take(MAX_LINES)
            .take_while(&mut fits)
            .count()
    } else {
        wanted.iter().take(MAX_LINES).take_while(&mut fits).count()
    };
    if kept == 0 && !wanted.is_empty() {
        return Err(ApiError {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            message: "the next line is longer than 1 MiB; look at it in the workspace".into(),
        });
    }
    let skipped = if query.from_end {
        wanted.len() - kept
    } else {
        0
    };
    let lines = wanted.iter().skip(skipped).take(kept);
    Ok(GitLines {
        first_line: number(from + skipped + 1),
        lines: lines.map(|line| (*line).to_owned()).collect(),
        total_lines: number(all.len()),
        is_unterminated: !bytes.is_empty() && bytes.last() != Some(&b'\n'),
    })
}

/// A path that leads to a file below the root: nothing absolute, nothing above, nothing of git's own.
fn inside(path: &str) -> Result<PathBuf, ApiError> {
    let asked = Path::new(path);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(name) if name != ".git");
    if path.is_empty() || path.contains('\0') || !asked.components().all(is_plain) {
        return Err(ApiError::bad_request(format!(
            "{path:?} is not a file of the repository: name one relative to its root, without \"..\""
        )));
    }
    Ok(asked.to_owned())
}

/// Folder by folder, so that no link is followed, whatever is put in its place meanwhile.
fn in_work_tree(root: &Path, path: &Path) -> Result<Vec<u8>, ApiError> {
    let refused = |error: Errno| match error {
        Errno::ELOOP | Errno::ENOTDIR => ApiError::bad_request(format!(
            "{} is a link or does not lie in a folder; links are not followed",
            path.display()
        )),
        error => ApiError::from_io(format!("cannot read {}", path.display()), &error.into()),
    };
    let folder = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let top = open(root, folder, Mode::empty()).map_err(refused)?;
    let step = |at: &OwnedFd, name: &OsStr, how| openat(at, name, how, Mode::empty());
    let parts: Vec<&OsStr> = path.iter().collect();
    let Some((name, folders)) = parts.split_last() else {
        return Err(refused(Errno::ENOENT));
    };
    let parent = folders
        .iter()
        .try_fold(top, |at, name| step(&at, name, folder));
    let parent = parent.map_err(refused)?;
    // A pipe would be waited for.
    let how = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = File::from(step(&parent, name, how).map_err(refused)?);
    if !file.metadata().is_ok_and(|it| it.is_file()) {
        return Err(ApiError::bad_request(format!(
            "{} is not a regular file",
            path.display()
        )));
    }
    let mut bytes = Vec::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| ApiError::from_io(format!("cannot read {}", path.display()), &error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(too_large());
    }
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
    use std::os::unix::fs::symlink;

    use super::*;

    fn query(first_line: u32, last_line: u32, from_end: bool) -> GitLinesQuery {
        GitLinesQuery {
            repo_root: "/srv".into(),
            blob: "abcd".into(),
            first_line,
            last_line,
            from_end,
        }
    }

    fn read(text: &str, first: u32, last: u32, from_end: bool) -> (u32, Vec<String>, u32, bool) {
        let read = cut(text.as_bytes(), &query(first, last, from_end)).unwrap();
        (
            read.first_line,
            read.lines,
            read.total_lines,
            read.is_unterminated,
        )
    }

    fn owned(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn gives_the_lines_that_are_there_and_says_how_many_there_are() {
        let text = "a\r\nb\n\nd";
        assert_eq!(read(text, 1, 2, false), (1, owned(&["a\r", "b"]), 4, true));
        assert_eq!(read(text, 3, 9, true), (3, owned(&["", "d"]), 4, true));
        assert_eq!(read("a\nb\n", 3, 9, false), (3, Vec::new(), 2, false));
        assert_eq!(read("a\nb\n", 7, 9, false), (3, Vec::new(), 2, false));
        assert_eq!(read("", 1, u32::MAX, false), (1, Vec::new(), 0, false));
    }

    #[test]
    fn what_is_too_much_is_cut_at_the_far_end() {
        let text = "x\n".repeat(5000);
        let (first, lines, ..) = read(&text, 100, 5000, false);
        assert_eq!((first, lines.len()), (100, MAX_LINES));
        let (first, lines, ..) = read(&text, 100, 4000, true);
        assert_eq!((first, lines.len()), (4001 - 2048, MAX_LINES));
        let wide = format!("{}\n", "x".repeat(400 * 1024)).repeat(4);
        assert_eq!(read(&wide, 1, 4, false).1.len(), 2);
        let (first, lines, ..) = read(&wide, 1, 4, true);
        assert_eq!((first, lines.len()), (3, 2));
    }

    #[test]
    fn a_line_that_is_too_long_and_a_binary_file_are_refused() {
        let wide = "x".repeat(MAX_LINES_BYTES);
        let refused = cut(wide.as_bytes(), &query(1, 1, false)).unwrap_err();
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        let binary = cut(b"PNG\0", &query(1, 1, false)).unwrap_err();
        assert!(binary.message.contains("binary"));
    }

    #[test]
    fn a_path_stays_inside() {
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            ".git/config",
            "a\0b",
            "./a",
        ] {
            assert!(inside(path).is_err(), "{path:?}");
        }
        assert!(inside("a/b..c/.gitignore").is_ok());
    }

    #[test]
    fn links_are_not_followed_and_what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("real")).unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        std::fs::write(root.join("real/file"), "f").unwrap();
        symlink("../secret", root.join("link")).unwrap();
        symlink("real", root.join("also")).unwrap();
        symlink("..", root.join("up")).unwrap();
        nix::unistd::mkfifo(&root.join("pipe"), Mode::S_IRWXU).unwrap();
        let read = |path: &str| in_work_tree(&root, Path::new(path));
        assert_eq!(read("real/file").unwrap(), b"f");
        for path in [
            "link",
            "also/file",
            "up/secret",
            "real",
            "pipe",
            "real/file/x",
        ] {
            assert_eq!(
                read(path).unwrap_err().status,
                StatusCode::BAD_REQUEST,
                "{path}"
            );
        }
        assert_eq!(read("real/none").unwrap_err().status, StatusCode::NOT_FOUND);
        let large = vec![0; usize::try_from(MAX_FILE_BYTES).unwrap() + 1];
        std::fs::write(root.join("large"), large).unwrap();
        assert_eq!(
            read("large").unwrap_err().status,
            StatusCode::PAYLOAD_TOO_LARGE
        );
    }
}
