//! All processes of this agent.

use std::{
    collections::HashMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use uuid::Uuid;

use super::{
    background,
    process::{Description, Kept, Process},
    spawn,
    spool::{MAX_SPOOL_BYTES, Spool},
};
use crate::{
    agent::{AgentState, error::ApiError, pushes, redaction::Redactor},
    protocol::{ChatScope, ProcessList, StartProcess, StartedProcess},
};

/// An ended process is forgotten after this time; the file with its output stays until room is needed.
const REAPED_AFTER: Duration = Duration::from_mins(5);
/// Processes in one list.
const MAX_LISTED: usize = 10;
/// Processes that may run at once.
const MAX_RUNNING: usize = 200;
/// Files of ended processes are removed, oldest first, when all together are larger.
const MAX_ALL_SPOOLS_BYTES: u64 = 1024 * 1024 * 1024;

/// All processes of this agent.
#[derive(Default)]
pub struct ProcessTable {
    processes: Mutex<HashMap<Uuid, Arc<Process>>>,
}

impl ProcessTable {
    /// Starts a command, or returns the process that this id already has.
    pub async fn start(
        &self,
        state: &AgentState,
        scope: &ChatScope,
        request: StartProcess,
    ) -> Result<StartedProcess, ApiError> {
        let id = request.id.unwrap_or_else(Uuid::now_v7);
        let (command, has_ampersand) = background::strip(&request.command);
        let background = request.background || has_ampersand;
        if let Some(existing) = self.lock().get(&id) {
            return if existing.is_visible_to(scope) && existing.command == request.command {
                Ok(StartedProcess {
                    id,
                    started: true,
                    background: existing.background,
                    output: None,
                })
            } else {
                Err(ApiError::conflict("this process id is in use"))
            };
        }
        let workdir = self.check(state, &request)?;
        let spools = state.inner.state_directory.join("output");
        let spool_path = spools.join(format!("{id}.log"));
        make_room(&spools, &self.running_spools());
        let spool = Spool::create(spool_path.clone(), MAX_SPOOL_BYTES).await;
        let limits = state.inner.limits.clone();
        let counts = limits.counts();
        let scratch = state.inner.state_directory.join("scratch");
        if request.is_read_only {
            tokio::fs::create_dir_all(&scratch).await.map_err(|error| {
                ApiError::failed(format!("the folder for temporary files: {error}"))
            })?;
        }
        let spawned = spawn::spawn(&spawn::Command {
            script: command,
            workdir: &workdir,
            chat_id: scope.chat_id,
            environment: &request.env,
            // Who changes nothing pushes nothing.
            git: if scope.chat_id.is_some() && !request.is_read_only {
                git_variables(state, id)
            } else {
                Vec::new()
            },
            scratch: request.is_read_only.then_some(scratch.as_path()),
            desktop: &state.inner.desktop.environment(),
        })
        .map_err(|error| ApiError::failed(format!("the command could not be started: {error}")))?;
        let description = Description {
            id,
            command: request.command.clone(),
            workdir,
            background,
            chat_id: scope.chat_id,
            spool_path,
            limits: (limits, counts),
        };
        let process = Process::new(description, &spawned.child);
        self.lock().insert(id, process.clone());
        let redactor = Redactor::new(state.inner.handed_out.clone());
        let kept = Kept { spool, redactor };
        tokio::spawn(process.clone().attend(spawned.child, spawned.output, kept));
        tokio::spawn(reap(state.clone(), process));
        Ok(StartedProcess {
            id,
            started: true,
            background,
            output: None,
        })
    }

    /// The processes of this chat.
    pub fn list(&self, scope: &ChatScope) -> ProcessList {
        let own = ChatScope {
            chat_id: scope.chat_id,
            ancestor_chat_ids: Vec::new(),
        };
        let mut processes: Vec<_> = self
            .lock()
            .values()
            .filter(|process| process.is_visible_to(&own))
            .cloned()
            .collect();
        // Ids are ordered by time only when we made them, so the start decides; the id breaks ties.
        processes.sort_by_key(|process| {
            let info = process.info();
            std::cmp::Reverse((info.running, info.started_at_unix, process.id))
        });
        processes.truncate(MAX_LISTED);
        ProcessList {
            processes: processes.iter().map(|process| process.info()).collect(),
        }
    }

    /// The process when this chat may see it.
    pub fn find(&self, scope: &ChatScope, id: Uuid) -> Result<Arc<Process>, ApiError> {
        let found = self
            .lock()
            .get(&id)
            .filter(|process| process.is_visible_to(scope))
            .cloned();
        found.ok_or_else(|| {
            ApiError::not_found(format!(
                "there is no process {id}; an ended one is forgotten after {} minutes",
                REAPED_AFTER.as_secs() / 60
            ))
        })
    }

    /// The chat that a command was started for.
    pub fn chat_of(&self, id: Uuid) -> Option<Uuid> {
        self.lock().get(&id)?.chat_id
    }

    /// Kills everything.
    pub fn kill_all(&self) {
        for process in self.lock().values() {
            process.kill_group();
        }
    }

    fn check(&self, state: &AgentState, request: &StartProcess) -> Result<PathBuf, ApiError> {
        if request.command.trim().is_empty() || request.command.contains('\0') {
            return Err(ApiError::bad_request("command is missing"));
        }
        if let Some(name) = request
            .env
            .keys()
            .find(|name| name.is_empty() || name.contains(['=', '\0']))
        {
            return Err(ApiError::bad_request(format!(
                "{name:?} cannot be the name of an environment variable"
            )));
        }
        if self
            .lock()
            .values()
            .filter(|process| process.is_running())
            .count()
            >= MAX_RUNNING
        {
            return Err(ApiError::conflict(format!(
                "{MAX_RUNNING} processes run already; end some of them first"
            )));
        }
        let working_directory = &state.inner.working_directory;
        let workdir = match request
            .workdir
            .as_deref()
            .filter(|workdir| !workdir.is_empty())
        {
            Some(workdir) if Path::new(workdir).is_absolute() => PathBuf::from(workdir),
            Some(workdir) => {
                return Err(ApiError::bad_request(format!(
                    "workdir must be an absolute path and {workdir:?} is not; the working directory is {}",
                    working_directory.display()
                )));
            }
            None => working_directory.clone(),
        };
        if workdir.is_dir() {
            Ok(workdir)
        } else {
            Err(ApiError::bad_request(format!(
                "the working directory {} does not exist",
                workdir.display()
            )))
        }
    }

    fn running_spools(&self) -> Vec<PathBuf> {
        self.lock()
            .values()
            .filter(|process| process.is_running())
            .map(|process| process.spool_path.clone())
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Process>>> {
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What git of a chat's command finds.
fn git_variables(state: &AgentState, id: Uuid) -> Vec<(&'static str, OsString)> {
    let askpass = state.inner.askpass_variables.get().cloned();
    let trace = state.inner.trace_socket.get();
    let trace = trace.map(|socket| pushes::variables(socket, id));
    askpass
        .into_iter()
        .flatten()
        .chain(trace.into_iter().flatten())
        .collect()
}

async fn reap(state: AgentState, process: Arc<Process>) {
    process.wait_for_end(Duration::MAX).await;
    // The command may have changed files at its very end.
    state.notice_process_end();
    tokio::time::sleep(REAPED_AFTER).await;
    state.inner.processes.lock().remove(&process.id);
}

/// Removes the oldest files until the rest is within its limit.
fn make_room(spools: &Path, in_use: &[PathBuf]) {
    let Ok(entries) = std::fs::read_dir(spools) else {
        return;
    };
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let metadata = std::fs::symlink_metadata(&path).ok()?;
            Some((metadata.modified().ok()?, metadata.len(), path))
        })
        .collect();
    files.sort();
    let mut total: u64 = files.iter().map(|(_, length, _)| length).sum();
    for (_, length, path) in files {
        if total <= MAX_ALL_SPOOLS_BYTES {
            return;
        }
        if !in_use.contains(&path) && std::fs::remove_file(&path).is_ok() {
            total -= length;
        }
    }
}
