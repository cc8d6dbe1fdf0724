//! The first start: the workspace's folders and its work tree.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{LocalBackend, remove::remove_tree};
use crate::{
    backend::{
        BackendError, BuildEvent, BuildLog, Source, StartSpec, branch, inspect, place,
        record::{GitFolders, Layout, Record},
        sandbox::Plan,
    },
    git_command::GitCommand,
};

/// Checking out a large repository takes its time.
const CHECKOUT_DEADLINE: Duration = Duration::from_mins(10);
const MAX_NAME_ATTEMPTS: u32 = 20;

impl LocalBackend {
    /// Makes everything the workspace needs. What was made is removed again when a later part fails.
    pub(super) async fn prepare(
        &self,
        layout: &Layout,
        spec: &StartSpec,
        log: &BuildLog,
    ) -> Result<Record, BackendError> {
        // Without a record these are the remains of a start that was cut off.
        if layout.root.exists() {
            remove_tree(&layout.root).await?;
        }
        layout.create()?;
        let prepared = match &spec.source {
            Source::Worktree { folder, title } => {
                self.prepare_worktree(layout, spec, folder, title, log)
                    .await
            }
            Source::Direct { folder } => self.prepare_direct(spec, folder, log).await,
            Source::Clone { url, branch } => {
                self.prepare_clone(layout, (url, branch.as_deref()), spec, log)
                    .await
            }
            Source::Empty => self.prepare_empty(layout, spec, log).await,
        };
        let prepared = prepared.map(|record| Record {
            needs_setup: !spec.setup_script.trim().is_empty(),
            ..record
        });
        let written = prepared.and_then(|record| layout.write(&record).map(|()| record));
        if written.is_err() {
            // No record, no workspace: nothing else would ever remove these folders.
            let _ = remove_tree(&layout.root).await;
        }
        written
    }

    async fn prepare_worktree(
        &self,
        layout: &Layout,
        spec: &StartSpec,
        folder: &Path,
        title: &str,
        log: &BuildLog,
    ) -> Result<Record, BackendError> {
        let folder = self.allowed_place(folder)?;
        let look = |folder: &Path, common: &Path| self.looking(folder, common);
        let (repository, base_commit) = inspect::for_worktree(&folder, &look).await?;
        let notices = inspect::worktree_notices(&repository, &look).await?;
        for notice in &notices {
            say(log, notice);
        }
        let wanted = branch::name(title, spec.workspace_id);
        let branch = free_branch(&repository.folders, &wanted, &look).await?;
        let name = folder
            .file_name()
            .map_or_else(|| "work".into(), std::ffi::OsStr::to_owned);
        let work_tree = layout.work().join(name);
        say(
            log,
            &format!(
                "making the worktree {} on the branch {branch}",
                work_tree.display()
            ),
        );
        let plan = self.checkout_plan(layout, Some(&repository.folders));
        self.contained(inspect::git(&folder), &plan)?
            // Locked: to a git inside another sandbox this folder does not exist, and it would forget it. Forced: the
            // notes of an earlier start that was cut off may still name the folder.
            .args([
                "worktree",
                "add",
                "--force",
                "--force",
                "--quiet",
                "--no-track",
                "--lock",
            ])
            .args(["-b", &branch])
            .args([work_tree.as_os_str(), base_commit.as_ref()])
            .deadline(CHECKOUT_DEADLINE)
            .output()
            .await?;
        let notes = inspect::notes(&repository.folders.common, &work_tree);
        Ok(Record {
            source: Source::Worktree {
                folder,
                title: title.to_owned(),
            },
            folder: work_tree,
            branch: Some(branch),
            base_commit: Some(base_commit),
            git: Some(GitFolders {
                notes,
                ..repository.folders
            }),
            notices,
            needs_setup: false,
            running: None,
        })
    }

    async fn prepare_direct(
        &self,
        _spec: &StartSpec,
        folder: &Path,
        log: &BuildLog,
    ) -> Result<Record, BackendError> {
        let folder = self.allowed_place(folder)?;
        let look = |folder: &Path, common: &Path| self.looking(folder, common);
        let (report, git) = inspect::direct(&folder, &look).await?;
        for notice in &report.notices {
            say(log, notice);
        }
        say(log, &format!("working in {} directly", folder.display()));
        Ok(Record {
            source: Source::Direct {
                folder: folder.clone(),
            },
            folder,
            branch: None,
            base_commit: report.base_commit,
            git,
            notices: report.notices,
            needs_setup: false,
            running: None,
        })
    }

    async fn prepare_empty(
        &self,
        layout: &Layout,
        spec: &StartSpec,
        log: &BuildLog,
    ) -> Result<Record, BackendError> {
        let folder = layout
            .work()
            .join(format!("workspace-{}", branch::short_id(spec.workspace_id)));
        std::fs::create_dir_all(&folder)
            .map_err(|error| BackendError::system(&folder, "cannot create", error))?;
        say(
            log,
            &format!("making the empty folder {}", folder.display()),
        );
        let plan = self.checkout_plan(layout, None);
        let git = || self.contained(inspect::git(&folder), &plan);
        let mut notices = Vec::new();
        // The first commit is what the changes are shown against.
        let base_commit = match first_commit(git, spec).await {
            Ok(commit) => Some(commit),
            Err(BackendError::ProgramMissing { .. }) => {
                notices.push("git is not installed; changes cannot be shown".to_owned());
                None
            }
            Err(error) => return Err(error),
        };
        let source = Source::Empty;
        Ok(Record {
            source,
            folder,
            branch: None,
            base_commit,
            git: None,
            notices,
            needs_setup: false,
            running: None,
        })
    }

    /// The real folder, unless the server's own data would be in the agent's hands.
    fn allowed_place(&self, folder: &Path) -> Result<PathBuf, BackendError> {
        let asked = folder;
        let folder = inspect::folder(asked)?;
        if folder != asked {
            // Permission was given for the path as it was; a link may have been put there since.
            place::require_real(asked)?;
        }
        if folder.starts_with(&self.shared.options.data_directory) {
            return Err(BackendError::folder(
                &folder,
                "is part of the server's data folder",
            ));
        }
        if folder == Path::new("/") {
            return Err(BackendError::folder(
                &folder,
                "is the root of the file system; choose a folder in it",
            ));
        }
        Ok(folder)
    }

    fn checkout_plan(&self, layout: &Layout, git: Option<&GitFolders>) -> Plan {
        let mut plan = Plan {
            own: vec![layout.work()],
            hidden: self.hidden(),
            dies_with_parent: true,
            ..Plan::default()
        };
        if let Some(git) = git {
            plan.read_only.push(git.repository.clone());
            plan.own.push(git.common.clone());
        }
        plan
    }

    /// Git that may look at the folder and its repository, and change nothing.
    pub(super) fn looking(&self, folder: &Path, common: &Path) -> Result<GitCommand, BackendError> {
        let plan = Plan {
            read_only: vec![common.to_path_buf(), folder.to_path_buf()],
            hidden: vec![self.shared.options.data_directory.clone()],
            dies_with_parent: true,
            ..Plan::default()
        };
        self.contained(inspect::git(folder), &plan)
    }

    /// What git sees when it looks for unsaved work.
    pub(super) fn looking_plan(&self, layout: &Layout, record: &Record) -> Plan {
        let git = record
            .git
            .iter()
            .flat_map(|git| [git.common.clone(), git.repository.clone()]);
        Plan {
            read_only: git.filter(|path| path.is_dir()).collect(),
            hidden: self.hidden(),
            // What git runs here, the workspace's configuration decides.
            shown: vec![layout.work()],
            dies_with_parent: true,
            ..Plan::default()
        }
    }
}

async fn first_commit(
    git: impl Fn() -> Result<GitCommand, BackendError>,
    spec: &StartSpec,
) -> Result<String, BackendError> {
    let (name, email) = identity(spec);
    git()?
        .args(["init", "--quiet", "--initial-branch=main"])
        .output()
        .await?;
    git()?
        .env("GIT_AUTHOR_NAME", &name)
        .env("GIT_AUTHOR_EMAIL", &email)
        .env("GIT_COMMITTER_NAME", &name)
        .env("GIT_COMMITTER_EMAIL", &email)
        .args([
            "commit",
            "--quiet",
            "--allow-empty",
            "--no-gpg-sign",
            "--message=Begin an empty workspace",
        ])
        .output()
        .await?;
    Ok(git()?.args(["rev-parse", "HEAD"]).text().await?)
}

/// Name and e-mail address for commits.
pub(super) fn identity(spec: &StartSpec) -> (String, String) {
    spec.git_identity
        .clone()
        .unwrap_or_else(|| ("Switchyard".into(), "switchyard@localhost".into()))
}

async fn free_branch(
    folders: &GitFolders,
    wanted: &str,
    look: inspect::Looker<'_>,
) -> Result<String, BackendError> {
    let folder = &folders.repository;
    let candidates = std::iter::once(wanted.to_owned())
        .chain((2..MAX_NAME_ATTEMPTS).map(|n| format!("{wanted}-{n}")));
    for candidate in candidates {
        let reference = format!("refs/heads/{candidate}");
        let found = look(folder, &folders.common)?
            .args(["show-ref", "--verify", "--quiet", &reference])
            .run()
            .await?;
        if !found.is_success {
            return Ok(candidate);
        }
    }
    Err(BackendError::repository(
        folder,
        format!("the branch {wanted} and the names after it exist already"),
    ))
}

pub(super) fn say(log: &BuildLog, line: &str) {
    // Nobody following the log is fine.
    let _ = log.send(BuildEvent::Line(line.to_owned()));
}
