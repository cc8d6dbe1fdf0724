//! What a backend remembers of a workspace, as a file in the workspace's control folder.
//!
//! The control folder is outside the sandbox: commands of the workspace can neither read nor change it.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BackendError, Source, machine::ProcessId};

/// What is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub source: Source,
    /// The folder that commands start in.
    pub folder: PathBuf,
    /// The branch of a worktree.
    pub branch: Option<String>,
    pub base_commit: Option<String>,
    /// The repository's common git folder, when it is outside `folder` or shared with others.
    pub git: Option<GitFolders>,
    pub notices: Vec<String>,
    /// Whether the setup script still has to run; it failed or was cut off when the workspace has been started before.
    #[serde(default)]
    pub needs_setup: bool,
    pub running: Option<Running>,
}

/// Git's folders of a repository that does not belong to the workspace alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GitFolders {
    /// The work tree it was found in; the bare repository's folder when it has none.
    pub repository: PathBuf,
    /// Objects, branches, configuration.
    pub common: PathBuf,
    /// Git's notes of this worktree, below `common`; absent for the repository's own work tree.
    #[serde(default)]
    pub notes: Option<PathBuf>,
}

/// The agent that was started last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub agent_id: Uuid,
    pub process: ProcessId,
}

/// Where a workspace's parts lie.
pub struct Layout {
    pub root: PathBuf,
}

impl Layout {
    pub fn new(workspaces: &Path, workspace_id: Uuid) -> Self {
        Self {
            root: workspaces.join(workspace_id.to_string()),
        }
    }

    /// The server's own notes; not visible in the workspace.
    pub fn control(&self) -> PathBuf {
        self.root.join("control")
    }

    /// Home of the commands.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The agent's state.
    pub fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// `/tmp` of the commands.
    pub fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Holds the work tree or the empty folder.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// System calls that commands may not make, as bubblewrap reads it.
    pub fn filter(&self) -> PathBuf {
        self.control().join("system-calls.filter")
    }

    /// Where commands ask for names, when they have a network of their own.
    pub fn resolver(&self) -> PathBuf {
        self.control().join("resolv.conf")
    }

    pub fn agent_log(&self) -> PathBuf {
        self.control().join("agent.log")
    }

    pub fn create(&self) -> Result<(), BackendError> {
        use std::os::unix::fs::PermissionsExt;
        for folder in [
            self.control(),
            self.home(),
            self.state(),
            self.temporary(),
            self.work(),
        ] {
            std::fs::create_dir_all(&folder)
                .map_err(|error| BackendError::system(&folder, "cannot create", error))?;
        }
        std::fs::set_permissions(&self.root, PermissionsExt::from_mode(0o700))
            .map_err(|error| BackendError::system(&self.root, "cannot protect", error))
    }

    /// The record, or `None` when there is no such workspace.
    pub fn read(&self) -> Result<Option<Record>, BackendError> {
        let path = self.record();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(BackendError::system(&path, "cannot read", error)),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| BackendError::system(&path, "cannot read", error.into()))
    }

    pub fn write(&self, record: &Record) -> Result<(), BackendError> {
        let path = self.record();
        let write = || {
            let temporary = path.with_extension("new");
            std::fs::write(&temporary, serde_json::to_vec_pretty(record)?)?;
            std::fs::rename(&temporary, &path)
        };
        write().map_err(|error| BackendError::system(&path, "cannot write", error))
    }

    fn record(&self) -> PathBuf {
        self.control().join("workspace.json")
    }
}
