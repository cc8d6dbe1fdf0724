//! Deleting a workspace: its work tree, its branch, its folders. A folder that was used directly stays.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::Stdio,
};

use super::LocalBackend;
use crate::{
    backend::{
        BackendError, Sandbox, inspect,
        record::{GitFolders, Layout, Record},
        sandbox::Plan,
    },
    git_command::PROGRAM_PATH,
};

const REMOVE: [&str; 4] = ["rm", "-rf", "--one-file-system", "--"];

impl LocalBackend {
    pub(super) async fn remove(
        &self,
        layout: &Layout,
        record: &Record,
    ) -> Result<(), BackendError> {
        if let (Some(branch), Some(git)) = (&record.branch, &record.git)
            && git.common.is_dir()
        {
            self.remove_worktree(record, branch, git).await?;
        }
        remove_tree(&layout.root).await
    }

    async fn remove_worktree(
        &self,
        record: &Record,
        branch: &str,
        git: &GitFolders,
    ) -> Result<(), BackendError> {
        let plan = Plan {
            own: vec![git.common.clone()],
            dies_with_parent: true,
            ..Plan::default()
        };
        // Only the notes: git would look into the work tree, which is the agent's, before it removes that.
        let notes = inspect::notes(&git.common, &record.folder).or_else(|| git.notes.clone());
        if let Some(notes) = notes
            && notes.starts_with(git.common.join("worktrees"))
        {
            let wrapper = match self.shared.sandbox {
                Sandbox::Bubblewrap => self.wrapper(&plan)?,
                Sandbox::None { .. } => Vec::new(),
            };
            run(&wrapper, &REMOVE, &notes)
                .await
                .map_err(|error| BackendError::system(&notes, "cannot remove", error))?;
        }
        let command = || self.contained(inspect::git(&git.common), &plan);
        command()?
            .args(["update-ref", "-d", &format!("refs/heads/{branch}")])
            .output()
            .await?;
        command()?
            .args(["config", "--remove-section", &format!("branch.{branch}")])
            .run()
            .await?;
        Ok(())
    }
}

/// Removes a folder whatever is in it: parts that nobody may enter, and folders nested deeper than this process has
/// stack or open files for. Never follows links.
pub(super) async fn remove_tree(root: &Path) -> Result<(), BackendError> {
    if run(&[], &REMOVE, root).await.is_ok() {
        return Ok(());
    }
    // Commands may have taken away the right to enter folders.
    let _ = run(&[], &["chmod", "-R", "u+rwX", "--"], root).await;
    run(&[], &REMOVE, root)
        .await
        .map_err(|error| BackendError::system(root, "cannot remove", error))
}

async fn run(wrapper: &[OsString], words: &[&str], root: &Path) -> std::io::Result<()> {
    let mut words = wrapper
        .iter()
        .map(OsString::as_os_str)
        .chain(words.iter().map(OsStr::new));
    let output = tokio::process::Command::new(words.next().unwrap_or_default())
        .args(words)
        .arg(root)
        .env_clear()
        .env("PATH", PROGRAM_PATH)
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .await?;
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let line = message.lines().next().unwrap_or("it failed");
    Err(std::io::Error::other(line.to_owned()))
}
