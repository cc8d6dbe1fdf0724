//! Deleting a workspace: its work tree, its branch, its folders. A folder that was used directly stays.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::LocalBackend;
use crate::{
    backend::{
        BackendError, inspect,
        record::{GitFolders, Layout, Record},
        sandbox::Plan,
    },
    git_command::GitError,
};

impl LocalBackend {
    pub(super) async fn remove(
        &self,
        layout: &Layout,
        record: &Record,
    ) -> Result<(), BackendError> {
        if let (Some(branch), Some(git)) = (&record.branch, &record.git)
            && git.common.is_dir()
        {
            self.remove_worktree(layout, record, branch, git).await?;
        }
        let root = layout.root.clone();
        let removed = tokio::task::spawn_blocking(move || remove_tree(&root)).await;
        match removed {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(BackendError::system(&layout.root, "cannot remove", error)),
            Err(error) => Err(BackendError::system(
                &layout.root,
                "cannot remove",
                error.into(),
            )),
        }
    }

    async fn remove_worktree(
        &self,
        layout: &Layout,
        record: &Record,
        branch: &str,
        git: &GitFolders,
    ) -> Result<(), GitError> {
        let plan = Plan {
            own: vec![layout.work(), git.common.clone()],
            read_only: vec![git.repository.clone()],
            dies_with_parent: true,
            ..Plan::default()
        };
        let command = || self.contained(inspect::git(&git.common), &plan);
        let removed = command()
            .args(["worktree", "remove", "--force", "--force"])
            .arg(&record.folder)
            .run()
            .await?;
        if !removed.is_success {
            // Perhaps the folder is gone or its link is damaged; the branch must go all the same.
            tracing::warn!(folder = %record.folder.display(), message = removed.stderr, "git did not remove a worktree");
            forget_worktree(&git.common, &record.folder);
        }
        command()
            .args(["update-ref", "-d", &format!("refs/heads/{branch}")])
            .output()
            .await?;
        command()
            .args(["config", "--remove-section", &format!("branch.{branch}")])
            .run()
            .await?;
        Ok(())
    }
}

/// Removes git's notes of one worktree. Not `git worktree prune`: that would forget others it cannot see.
fn forget_worktree(common: &Path, folder: &Path) {
    for notes in fs::read_dir(common.join("worktrees"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let noted = fs::read_to_string(notes.path().join("gitdir")).unwrap_or_default();
        if Path::new(noted.trim_end()).parent() == Some(folder)
            && let Err(error) = fs::remove_dir_all(notes.path())
        {
            tracing::warn!(notes = %notes.path().display(), %error, "cannot remove the notes of a worktree");
        }
    }
}

/// Removes a folder also when commands took away the right to enter parts of it. Never follows links.
fn remove_tree(root: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(root) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            open_up(root);
            fs::remove_dir_all(root)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn open_up(folder: &Path) {
    let _ = fs::set_permissions(folder, PermissionsExt::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
