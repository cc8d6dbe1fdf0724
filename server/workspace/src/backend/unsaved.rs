//! What would be lost with a workspace: changes that are not committed, commits that are nowhere else, stashes. What git
//! ignores can be made again and is not counted.

use super::{BackendError, UnsavedWork, record::Record};
use crate::git_command::GitCommand;

const MAX_SHOWN: usize = 100;

/// Looks into a folder that goes away with the workspace. `git` makes commands that run there.
pub async fn look(
    record: &Record,
    git: impl Fn() -> Result<GitCommand, BackendError>,
) -> UnsavedWork {
    match look_at_repository(record, git).await {
        Ok(work) => work,
        Err(error) => UnsavedWork {
            unknown_because: Some(error.to_string()),
            ..UnsavedWork::default()
        },
    }
}

async fn look_at_repository(
    record: &Record,
    git: impl Fn() -> Result<GitCommand, BackendError>,
) -> Result<UnsavedWork, BackendError> {
    let mut work = UnsavedWork::default();
    if record.folder.is_dir() {
        let status = git()?
            .args(["status", "--porcelain=v1", "-z", "--untracked-files=all"])
            .output()
            .await?;
        let files = changed_files(&status.stdout);
        work.uncommitted_count = files.len() as u64;
        work.uncommitted_files = files.into_iter().take(MAX_SHOWN).collect();
    }
    let range = lost_commits(record);
    let count = git()?
        .args(["rev-list", "--count"])
        .args(&range)
        .text()
        .await?;
    work.unmerged_count = count.parse().unwrap_or(0);
    if work.unmerged_count > 0 {
        let limit = format!("--max-count={MAX_SHOWN}");
        let log = git()?
            .args(["log", "--no-show-signature", "--format=%h %s", &limit])
            .args(&range)
            .text()
            .await?;
        work.unmerged_commits = log.lines().map(str::to_owned).collect();
    }
    // Where the repository lives on, its stashes do.
    if record.branch.is_none() {
        let stashes = git()?
            .args(["stash", "list", "--format=%h %gs"])
            .text()
            .await?;
        work.unmerged_count += stashes.lines().count() as u64;
        let room = MAX_SHOWN.saturating_sub(work.unmerged_commits.len());
        let stashes = stashes.lines().take(room).map(str::to_owned);
        work.unmerged_commits.extend(stashes);
    }
    Ok(work)
}

/// Arguments that name the commits which only the workspace has.
fn lost_commits(record: &Record) -> Vec<String> {
    let mut range: Vec<String> = Vec::new();
    if record.folder.is_dir() {
        range.push("HEAD".into());
    }
    match &record.branch {
        // The repository lives on with its other branches.
        Some(branch) => {
            range.push(format!("refs/heads/{branch}"));
            range.push("--not".into());
            range.push(format!("--exclude={branch}"));
            range.extend(["--branches", "--tags", "--remotes"].map(str::to_owned));
        }
        // The repository goes as well; only what was pushed stays.
        None => range.extend(["--branches", "--tags", "--not", "--remotes"].map(str::to_owned)),
    }
    range.extend(record.base_commit.clone());
    range.push("--".into());
    range
}

/// Paths in `git status --porcelain -z`; a rename has its old name in a field of its own.
fn changed_files(output: &[u8]) -> Vec<String> {
    let mut fields = output
        .split(|&byte| byte == 0)
        .map(String::from_utf8_lossy)
        .filter(|field| !field.is_empty());
    let mut files = Vec::new();
    while let Some(entry) = fields.next() {
        if entry.starts_with(['R', 'C']) {
            fields.next();
        }
        files.push(entry.get(3..).unwrap_or_default().to_owned());
    }
    files
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

    #[test]
    fn reads_names_and_skips_the_old_name_of_a_rename() {
        let output = b"?? new file\0R  to\0from\0 M a\nb\0";
        assert_eq!(changed_files(output), ["new file", "to", "a\nb"]);
    }
}
