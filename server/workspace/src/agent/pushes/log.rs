//! Git's log of the branches of remotes (`logs/refs/remotes`), where each push leaves its line. The files are the workspace's:
//! anything may stand there, also very much of it.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// What git writes of a branch that it pushed.
const PUSHED: &str = "update by push";
/// Files have their times from a clock that may stand still so long.
const CLOCK_TICK: Duration = Duration::from_millis(10);
/// The last line is within so many bytes.
const TAIL_BYTES: u64 = 4 * 1024;
const MOST_FILES: usize = 10_000;
const MOST_FOLDERS_DEEP: usize = 32;

/// A branch at a remote.
#[derive(Debug, PartialEq, Eq)]
pub struct RemoteBranch {
    pub remote: String,
    pub branch: String,
}

/// The branch that was pushed last, when one was since then.
pub fn last_pushed(logs: &Path, remotes: &[String], began_at: SystemTime) -> Option<RemoteBranch> {
    let since = began_at.checked_sub(CLOCK_TICK)?;
    let mut files_left = MOST_FILES;
    let pushed = remotes.iter().flat_map(|remote| {
        let folder = logs.join("refs/remotes").join(remote);
        let mut files = Vec::new();
        collect(&folder, MOST_FOLDERS_DEEP, &mut files_left, &mut files);
        files.into_iter().filter_map(move |(changed, path)| {
            (changed >= since && is_pushed(&path)).then_some(())?;
            let branch = path.strip_prefix(&folder).ok()?.to_str()?.to_owned();
            let remote = remote.clone();
            Some((changed, RemoteBranch { remote, branch }))
        })
    });
    let newest = pushed.max_by_key(|(changed, _)| *changed);
    newest.map(|(_, branch)| branch)
}

/// Files below a folder with the time of their last change; links are not followed.
fn collect(
    folder: &Path,
    deep: usize,
    files_left: &mut usize,
    files: &mut Vec<(SystemTime, PathBuf)>,
) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(about) = entry.metadata() else {
            continue;
        };
        if about.is_dir() && deep > 0 {
            collect(&entry.path(), deep - 1, files_left, files);
        } else if about.is_file() {
            if *files_left == 0 {
                return;
            }
            *files_left -= 1;
            files.extend(about.modified().ok().map(|changed| (changed, entry.path())));
        }
    }
}

/// Whether the last that happened to the branch is that it was pushed.
fn is_pushed(path: &Path) -> bool {
    let tail = tail(path).unwrap_or_default();
    let tail = String::from_utf8_lossy(&tail);
    // old new name <mail> seconds zone TAB message
    let message = tail
        .trim_end()
        .rsplit_once('\t')
        .map(|(_, message)| message);
    message == Some(PUSHED)
}

fn tail(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    Ok(tail)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn write(logs: &Path, branch: &str, at: SystemTime, message: &str) {
        let path = logs.join("refs/remotes").join(branch);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let line = format!("{ZERO} {ZERO} Ada <ada@example.com> 1795993477 +0100\t{message}\n");
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, before + &line).unwrap();
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(at).unwrap();
    }

    fn found(logs: &Path, began_at: SystemTime) -> Option<(String, String)> {
        let remotes = ["origin".to_owned(), "team/fork".to_owned()];
        let found = last_pushed(logs, &remotes, began_at)?;
        Some((found.remote, found.branch))
    }

    #[test]
    fn the_last_push_since_then_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (logs, now) = (folder.path(), SystemTime::now());
        let after = |milliseconds| now + Duration::from_millis(milliseconds);
        assert_eq!(found(logs, now), None);
        write(logs, "origin/main", after(900), "fetch: fast-forward");
        write(logs, "origin/old", now - Duration::from_millis(50), PUSHED);
        assert_eq!(found(logs, now), None);
        write(logs, "origin/feature/one", after(50), PUSHED);
        let first = Some(("origin".to_owned(), "feature/one".to_owned()));
        assert_eq!(found(logs, now), first);
        write(logs, "team/fork/two", after(60), PUSHED);
        let second = Some(("team/fork".to_owned(), "two".to_owned()));
        assert_eq!(found(logs, now), second);
        assert_eq!(found(logs, after(100)), None);
        // Fetched again after it.
        write(logs, "team/fork/two", after(70), "fetch: forced-update");
        assert_eq!(found(logs, now), first);
    }

    #[test]
    fn nonsense_is_no_push() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path();
        let remote = logs.join("refs/remotes/origin");
        fs::create_dir_all(&remote).unwrap();
        std::os::unix::fs::symlink("/dev/zero", remote.join("endless")).unwrap();
        std::os::unix::fs::symlink(".", remote.join("round")).unwrap();
        for (name, text) in [
            ("empty", Vec::new()),
            ("no-tab", b"update by push".to_vec()),
            ("more", b"a b c\tupdate by push of another\n".to_vec()),
            ("bytes", vec![0xff; 100_000]),
        ] {
            fs::write(remote.join(name), text).unwrap();
        }
        assert_eq!(
            found(logs, SystemTime::UNIX_EPOCH + Duration::from_secs(1)),
            None
        );
    }
}
