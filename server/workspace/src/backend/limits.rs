//! Limits of memory and of processes: a control group of the kernel for each start of a workspace.
//!
//! A fork bomb or a command that eats memory ends in its workspace; the server and other workspaces go on. Groups are
//! named by data folder and agent, so that a server finds what the one before left, and two starts never share one.
//! A group whose processes run cannot be removed: workspaces outlive the server. Where there are no control groups,
//! what holds without them is in [`Keeper::process_fallback`].

mod cgroup;
mod controller;
mod removal;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use self::{
    controller::{Controller, Kind, find, half_of_memory},
    removal::{end_and_remove, remove_tree},
};
use super::BackendError;
use crate::limit_counters::{Counted, CountedLimits, size};

const USUAL_PROCESSES: u64 = 4096;
/// Makes the shell something that the kernel ends before the server when memory runs out, moves it into the groups
/// whose files are named, and becomes the command, with the file before them open as number 9 when there is one.
const ENTER: &str = r#"{ echo 500 > /proc/self/oom_score_adj; } 2> /dev/null
filter=$1; shift
while [ "$1" != -- ]; do
  echo 0 > "$1" || { echo "the workspace's limits cannot be set: $1 cannot be written" >&2; exit 126; }
  shift
done
shift
if [ -n "$filter" ]; then exec "$@" 9< "$filter"; fi
exec "$@""#;
/// The number under which the file is open.
pub const FILTER_NUMBER: &str = "9";

/// What a workspace may take of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkspaceLimits {
    /// Bytes of memory; 0 = no limit, `None` = half of what the server has.
    pub memory_bytes: Option<u64>,
    /// Processes and threads; 0 = no limit.
    pub processes: u64,
}

impl Default for WorkspaceLimits {
    fn default() -> Self {
        Self {
            memory_bytes: None,
            processes: USUAL_PROCESSES,
        }
    }
}

/// What holds of the limits on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLimits {
    /// What holds, in words: "at most 12 GiB of memory, no limit of processes".
    pub words: String,
    /// What is wanted and does not hold, and why.
    pub missing: Option<String>,
}

impl WorkspaceLimits {
    /// What would hold for workspaces of a server that this process started; tried out beside those of others.
    pub fn look(self, has_sandbox: bool) -> HeldLimits {
        let name = format!("look-{}", std::process::id());
        Keeper::new(self, &name, has_sandbox).report()
    }
}

/// Makes and removes the groups.
#[derive(Debug, Default)]
pub struct Keeper {
    memory: Option<Controller>,
    processes: Option<Controller>,
    /// Of the names of this server's groups.
    prefix: String,
    /// A limit of processes that no group keeps.
    process_fallback: Option<u64>,
    /// What is wanted and does not hold, and why.
    missing: Vec<String>,
}

/// The groups of one start.
#[derive(Debug, Default)]
pub struct Groups {
    folders: Vec<PathBuf>,
    /// What the kernel counts, at its path outside of the sandbox.
    pub counted: CountedLimits,
}

impl Keeper {
    /// Finds out what this machine can keep, by trying it, and removes what ended workspaces left. `identity` is the
    /// data folder's. In a sandbox the agent can limit its processes by itself where no group does; without one, those
    /// would be counted together with everything else that the user runs.
    pub fn new(limits: WorkspaceLimits, identity: &str, has_sandbox: bool) -> Self {
        let mut keeper = Self {
            prefix: format!("switchyard-{}-", identity.replace(':', "-")),
            ..Self::default()
        };
        if limits.memory_bytes != Some(0) {
            match find("memory", Kind::Memory, Kind::MemoryOfVersion1) {
                Ok((place, mut controller)) => {
                    let half = half_of_memory(&place);
                    controller.limit = limits.memory_bytes.unwrap_or(half);
                    keeper.memory = keeper.tried("memory", controller);
                }
                Err(reason) => keeper.missing.push(format!("memory ({reason})")),
            }
        }
        if limits.processes != 0 {
            match find("pids", Kind::Processes, Kind::Processes) {
                Ok((_, mut controller)) => {
                    controller.limit = limits.processes;
                    keeper.processes = keeper.tried("processes", controller);
                }
                Err(reason) => keeper.missing.push(format!("processes ({reason})")),
            }
            if keeper.processes.is_none() && has_sandbox {
                keeper.process_fallback = Some(limits.processes);
            }
        }
        keeper.remove_leftovers();
        keeper
    }

    /// A limit of processes for the agent to set for itself, where no group keeps it. It counts per user, and root is
    /// free of it.
    pub fn process_fallback(&self) -> Option<u64> {
        self.process_fallback
            .filter(|_| !nix::unistd::geteuid().is_root())
    }

    /// What holds, in words: "at most 12 GiB of memory, at most 4096 processes".
    pub fn describe(&self) -> String {
        let memory = self.memory.as_ref().map_or_else(
            || "no limit of memory".to_owned(),
            |controller| format!("at most {} of memory", size(controller.limit)),
        );
        let processes = match (&self.processes, self.process_fallback()) {
            (Some(controller), _) => format!("at most {} processes", controller.limit),
            (None, Some(limit)) => format!("at most {limit} processes of this user"),
            (None, None) => "no limit of processes".to_owned(),
        };
        format!("{memory}, {processes}")
    }

    /// What is wanted and does not hold, and why.
    pub fn missing(&self) -> Option<String> {
        (!self.missing.is_empty()).then(|| self.missing.join("; "))
    }

    /// Both of it.
    pub fn report(&self) -> HeldLimits {
        HeldLimits {
            words: self.describe(),
            missing: self.missing(),
        }
    }

    /// Makes the groups of a start.
    pub fn make(&self, agent_id: Uuid) -> Result<Groups, BackendError> {
        let mut groups = Groups::default();
        for controller in self.controllers() {
            let folder = controller.parent.join(self.name(agent_id));
            controller.make(&folder).map_err(|error| {
                BackendError::system(&folder, "cannot set the workspace's limits in", error)
            })?;
            let counted = Some(Counted {
                limit: controller.limit,
                counter: folder.join(controller.kind.counter()),
            });
            match controller.kind {
                Kind::Processes => groups.counted.processes = counted,
                Kind::Memory | Kind::MemoryOfVersion1 => groups.counted.memory = counted,
            }
            if !groups.folders.contains(&folder) {
                groups.folders.push(folder);
            }
        }
        Ok(groups)
    }

    /// Ends what is left in the groups of a start, and removes them.
    pub fn remove(&self, agent_id: Uuid) {
        for parent in self.parents() {
            let folder = parent.join(self.name(agent_id));
            if let Err(error) = end_and_remove(&folder) {
                tracing::warn!(folder = %folder.display(), %error, "a workspace's control group cannot be removed");
            }
        }
    }

    fn remove_leftovers(&self) {
        for parent in self.parents() {
            for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
                if entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with(&self.prefix)
                {
                    // Refused for a workspace that still runs.
                    let _ = remove_tree(&entry.path());
                }
            }
        }
    }

    fn tried(&mut self, what: &str, controller: Controller) -> Option<Controller> {
        let folder = controller.parent.join(format!("{}trial", self.prefix));
        let tried = controller.make(&folder);
        let _ = remove_tree(&folder);
        match tried {
            Ok(()) => Some(controller),
            Err(error) => {
                let parent = controller.parent.display();
                self.missing.push(format!(
                    "{what} (the control group {parent} cannot be used: {error})"
                ));
                None
            }
        }
    }

    fn name(&self, agent_id: Uuid) -> String {
        format!("{}{agent_id}", self.prefix)
    }

    fn controllers(&self) -> impl Iterator<Item = &Controller> {
        self.memory.iter().chain(&self.processes)
    }

    fn parents(&self) -> Vec<&Path> {
        let mut parents: Vec<&Path> = self
            .controllers()
            .map(|controller| controller.parent.as_path())
            .collect();
        parents.dedup();
        parents
    }
}

impl Groups {
    /// The words before a command that put it into the groups. A filter is a file that the command finds open under
    /// [`FILTER_NUMBER`].
    pub fn entrance(&self, filter: Option<&Path>) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["/bin/sh", "-c", ENTER, "sh"].map(Into::into).to_vec();
        words.push(filter.map(Into::into).unwrap_or_default());
        words.extend(
            self.folders
                .iter()
                .map(|folder| folder.join("cgroup.procs").into()),
        );
        words.push("--".into());
        words
    }
}
