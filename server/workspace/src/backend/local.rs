//! Workspaces on the server's own machine.
//!
//! Each has a folder `<workspaces>/<id>/` with its home, its `/tmp`, its agent's state, its work tree, and a control
//! folder that only the server sees. Its agent is this program again, in a process group of its own and, where
//! bubblewrap works, in a sandbox. It outlives the server: the next one finds it by its record and the agent dials
//! again.

mod bounds;
mod clone;
mod launch;
mod prepare;
mod remove;
mod setup;
mod stop;
mod told;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use uuid::Uuid;

use super::{
    Backend, BackendError, BuildEvent, BuildLog, HeldLimits, NetworkOptions, Phase, Sandbox,
    Source, StartSpec, Started, Status, UnsavedWork, WorkspaceLimits, inspect,
    limits::Keeper,
    place,
    record::{Layout, Record, Running},
    sandbox::{self, Plan},
    unsaved,
};
use crate::git_command::GitCommand;

const AGENT_LOG_BYTES: u64 = 4096;

/// What the local backend must know.
#[derive(Clone, Debug)]
pub struct LocalOptions {
    /// Where the workspaces lie, absolute; usually `<data folder>/workspaces`.
    pub workspaces: PathBuf,
    /// The server's data folder, which no workspace may see.
    pub data_directory: PathBuf,
    /// The program that is the agent, usually this one.
    pub agent_program: PathBuf,
    /// Its arguments, usually `agent`.
    pub agent_arguments: Vec<String>,
    /// Further folders that workspaces may read, for example toolchains.
    pub extra_read_only: Vec<PathBuf>,
    /// Whether to use bubblewrap where it works.
    pub use_sandbox: bool,
    /// What a workspace may take of the machine; `None` for a short command beside a server that may be running, which
    /// starts no workspaces and leaves the limits of others alone.
    pub limits: Option<WorkspaceLimits>,
    /// What workspaces reach of the network.
    pub network: NetworkOptions,
    /// An agent ends when the server is away for this long.
    pub give_up_after: Duration,
    /// A desktop that nobody uses ends after this time.
    pub desktop_idle_limit: Duration,
}

impl LocalOptions {
    /// The usual options for a data folder.
    pub fn new(data_directory: PathBuf, agent_program: PathBuf) -> Self {
        Self {
            workspaces: data_directory.join("workspaces"),
            data_directory,
            agent_program,
            agent_arguments: vec!["agent".into()],
            extra_read_only: Vec::new(),
            use_sandbox: true,
            limits: Some(WorkspaceLimits::default()),
            network: NetworkOptions::default(),
            give_up_after: Duration::from_hours(12),
            desktop_idle_limit: crate::agent::DESKTOP_IDLE_LIMIT,
        }
    }
}

/// Workspaces on the server's own machine; a cheap clone.
#[derive(Clone)]
pub struct LocalBackend {
    shared: Arc<Shared>,
}

struct Shared {
    options: LocalOptions,
    /// Which folder the data folder is, so that it cannot be moved to where it is not hidden.
    data_identity: String,
    sandbox: Sandbox,
    /// Whether workspaces get a network of their own, or why not.
    own_network: Result<(), String>,
    keeper: Arc<Keeper>,
}

impl LocalBackend {
    /// Makes the folder for workspaces and finds out which sandbox this machine offers. Logs loudly when none.
    pub async fn new(options: LocalOptions) -> Result<Self, BackendError> {
        let mut options = options;
        std::fs::create_dir_all(&options.workspaces)
            .map_err(|error| BackendError::system(&options.workspaces, "cannot create", error))?;
        // Git notes real paths and the sandbox mounts them, so the links must be out of the way.
        for path in [
            &mut options.workspaces,
            &mut options.data_directory,
            &mut options.agent_program,
        ] {
            *path = path
                .canonicalize()
                .map_err(|error| BackendError::system(path, "cannot find", error))?;
        }
        let (sandbox, own_network) = detect(&options).await;
        let data_identity = place::identity(&options.data_directory)?;
        let keeper = keeper(options.limits, &data_identity, &sandbox);
        Ok(Self {
            shared: Arc::new(Shared {
                options,
                data_identity,
                sandbox,
                own_network,
                keeper: Arc::new(keeper),
            }),
        })
    }

    fn layout(&self, workspace_id: Uuid) -> Layout {
        Layout::new(&self.shared.options.workspaces, workspace_id)
    }

    fn existing(&self, workspace_id: Uuid) -> Result<(Layout, Record), BackendError> {
        let layout = self.layout(workspace_id);
        let record = layout
            .read()?
            .ok_or(BackendError::NotFound { workspace_id })?;
        Ok((layout, record))
    }

    /// Git that sees only what the plan shows, where there is a sandbox.
    fn contained(&self, git: GitCommand, plan: &Plan) -> Result<GitCommand, BackendError> {
        match self.shared.sandbox {
            Sandbox::Bubblewrap => Ok(git.wrapped(self.wrapper(plan)?)),
            Sandbox::None { .. } => Ok(git),
        }
    }

    /// The words that make a sandbox, while the data folder is where it is hidden.
    fn wrapper(&self, plan: &Plan) -> Result<Vec<OsString>, BackendError> {
        let data = &self.shared.options.data_directory;
        if place::identity(data)? != self.shared.data_identity {
            return Err(BackendError::folder(
                data,
                "was replaced; restart the server with its data folder where it was",
            ));
        }
        plan.wrapper()
    }

    /// Whether workspaces get a network of their own, or why not.
    pub fn own_network(&self) -> Result<(), String> {
        self.shared.own_network.clone()
    }

    /// Which limits hold for each workspace, in words.
    pub fn limits(&self) -> String {
        self.shared.keeper.describe()
    }

    /// What of the server's no workspace may see.
    fn hidden(&self) -> Vec<PathBuf> {
        let options = &self.shared.options;
        vec![options.data_directory.clone(), options.workspaces.clone()]
    }

    fn running(record: &Record) -> Option<Running> {
        record.running.filter(|running| running.process.is_alive())
    }
}

#[async_trait]
impl Backend for LocalBackend {
    fn sandbox(&self) -> Sandbox {
        self.shared.sandbox.clone()
    }

    fn held_limits(&self) -> HeldLimits {
        self.shared.keeper.report()
    }

    async fn check(&self, source: &Source) -> Result<(), BackendError> {
        let look = |folder: &Path, common: &Path| self.looking(folder, common);
        match source {
            // Whether a repository elsewhere answers, its clone will tell.
            Source::Empty | Source::Clone { .. } => {}
            Source::Direct { folder } => {
                inspect::direct(&inspect::folder(folder)?, &look).await?;
            }
            Source::Worktree { folder, .. } => {
                inspect::for_worktree(&inspect::folder(folder)?, &look).await?;
            }
        }
        Ok(())
    }

    async fn start(&self, spec: &StartSpec, log: &BuildLog) -> Result<Started, BackendError> {
        let layout = self.layout(spec.workspace_id);
        let mut record = match layout.read()? {
            Some(record) => record,
            None => self.prepare(&layout, spec, log).await?,
        };
        if let Some(running) = Self::running(&record) {
            return Err(BackendError::AlreadyRunning {
                agent_id: running.agent_id,
            });
        }
        place::require_real(&record.folder)?;
        self.share_git(&layout, &record).await?;
        launch::write_git_configuration(&layout, spec)?;
        if record.needs_setup {
            self.set_up(&layout, &record, spec, log).await?;
            record.needs_setup = false;
            layout.write(&record)?;
        }
        let _ = log.send(BuildEvent::Phase(Phase::Starting));
        record.running = Some(self.launch(&layout, &record, spec, log)?);
        layout.write(&record)?;
        Ok(Started {
            folder: record.folder,
            branch: record.branch,
            base_commit: record.base_commit,
            sandbox: self.sandbox(),
            notices: record.notices,
        })
    }

    async fn stop(&self, workspace_id: Uuid) -> Result<(), BackendError> {
        let (layout, mut record) = self.existing(workspace_id)?;
        if let Some(running) = Self::running(&record) {
            stop::end(running).await?;
        }
        if let Some(running) = record.running {
            self.remove_bounds(running.agent_id).await;
        }
        record.running = None;
        layout.write(&record)
    }

    async fn delete(&self, workspace_id: Uuid, force: bool) -> Result<(), BackendError> {
        let layout = self.layout(workspace_id);
        let Some(record) = layout.read()? else {
            // What a start left that was ended before it had made the workspace.
            let is_left = layout.root.symlink_metadata().is_ok();
            if !is_left {
                return Err(BackendError::NotFound { workspace_id });
            }
            return remove::remove_tree(&layout.root).await;
        };
        if !force {
            let work = self.unsaved_work(workspace_id).await?;
            if !work.is_empty() {
                return Err(BackendError::UnsavedWork(Box::new(work)));
            }
        }
        self.stop(workspace_id).await?;
        self.remove(&layout, &record).await
    }

    async fn status(&self, workspace_id: Uuid) -> Result<Status, BackendError> {
        let Some(record) = self.layout(workspace_id).read()? else {
            return Ok(Status::Absent);
        };
        Ok(match Self::running(&record) {
            Some(running) => Status::Running {
                agent_id: running.agent_id,
            },
            None if !record.folder.is_dir() => Status::FolderGone,
            None => Status::Stopped,
        })
    }

    async fn unsaved_work(&self, workspace_id: Uuid) -> Result<UnsavedWork, BackendError> {
        let (layout, record) = self.existing(workspace_id)?;
        let has_own_files = !matches!(record.source, Source::Direct { .. });
        let has_repository = record.branch.is_some() || record.folder.is_dir();
        if !has_own_files || !has_repository {
            return Ok(UnsavedWork::default());
        }
        let place = match &record.git {
            Some(git) if !record.folder.is_dir() => {
                if !git.common.is_dir() {
                    return Ok(UnsavedWork::default());
                }
                git.repository.clone()
            }
            _ => record.folder.clone(),
        };
        let plan = self.looking_plan(&layout, &record);
        Ok(unsaved::look(&record, || self.contained(inspect::git(&place), &plan)).await)
    }

    async fn agent_log(&self, workspace_id: Uuid) -> String {
        let path = self.layout(workspace_id).agent_log();
        let end = read_end(&path).await.unwrap_or_default();
        String::from_utf8_lossy(&end).trim().to_owned()
    }
}

/// What this machine offers. Logs loudly what it does not.
async fn detect(options: &LocalOptions) -> (Sandbox, Result<(), String>) {
    if !options.use_sandbox {
        let reason = "it is switched off in the server's configuration";
        warn_about_sandbox(reason);
        let reason = reason.to_owned();
        return (Sandbox::None { reason }, Err("there is no sandbox".into()));
    }
    if options.limits.is_none() {
        return (sandbox::detect().await, Err("nothing is started".into()));
    }
    let (sandbox, own_network) = tokio::join!(sandbox::detect(), options.network.look());
    match (&sandbox, &own_network) {
        (Sandbox::None { reason }, _) => warn_about_sandbox(reason),
        (Sandbox::Bubblewrap, Err(reason)) => tracing::warn!(
            reason,
            "WORKSPACES SHARE THE NETWORK OF THIS MACHINE: commands of chats reach its loopback and its cloud's metadata service"
        ),
        (Sandbox::Bubblewrap, Ok(())) => {}
    }
    (sandbox, own_network)
}

fn warn_about_sandbox(reason: &str) {
    tracing::warn!(
        reason,
        "WORKSPACES RUN WITHOUT A SANDBOX: commands of chats can do everything the server's user can do"
    );
}

fn keeper(limits: Option<WorkspaceLimits>, data_identity: &str, sandbox: &Sandbox) -> Keeper {
    let Some(limits) = limits else {
        return Keeper::default();
    };
    let keeper = Keeper::new(limits, data_identity, *sandbox == Sandbox::Bubblewrap);
    tracing::info!(limits = keeper.describe(), "limits of each workspace");
    if let Some(missing) = keeper.missing() {
        tracing::warn!(
            missing,
            "SOME LIMITS OF WORKSPACES DO NOT HOLD: a command can take what the machine has of it"
        );
    }
    keeper
}

/// The last bytes only: nothing limits what an agent writes there.
async fn read_end(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = tokio::fs::File::open(path).await?;
    let length = file.metadata().await?.len();
    let start = length.saturating_sub(AGENT_LOG_BYTES);
    file.seek(std::io::SeekFrom::Start(start)).await?;
    let mut end = Vec::new();
    file.take(AGENT_LOG_BYTES).read_to_end(&mut end).await?;
    Ok(end)
}
