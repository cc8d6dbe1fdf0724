//! What the agent keeps between calls and across reconnects.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{
    AgentOptions, credentials::Variables, desktop::Desktop, files::FileIndex, git::Scanner,
    processes::ProcessTable, redaction::HandedOut, terminals::Terminals,
};
use crate::{limit_counters::CountedLimits, protocol::ChatScope};

/// The agent's state; a cheap clone.
#[derive(Clone)]
pub struct AgentState {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) working_directory: PathBuf,
    pub(super) home_directory: PathBuf,
    pub(super) state_directory: PathBuf,
    pub(super) is_sandboxed: bool,
    pub(super) limits: CountedLimits,
    /// Held while files are written: one writer at a time.
    pub(super) write_lock: tokio::sync::Mutex<()>,
    pub(super) processes: ProcessTable,
    pub(super) terminals: Terminals,
    pub(super) desktop: Desktop,
    pub(super) scanner: Scanner,
    pub(super) files: FileIndex,
    /// Set once git's questions are answered here.
    pub(super) askpass_variables: OnceLock<Variables>,
    /// Set once git is listened to.
    pub(super) trace_socket: OnceLock<PathBuf>,
    pub(super) handed_out: HandedOut,
}

impl AgentState {
    /// Creates the state folder and an empty process table.
    pub fn new(options: &AgentOptions) -> std::io::Result<Self> {
        let scratch = options.state_directory.join("git");
        std::fs::create_dir_all(options.state_directory.join("output"))?;
        std::fs::create_dir_all(&scratch)?;
        let home_directory = std::env::var_os("HOME")
            .map_or_else(|| options.working_directory.clone(), PathBuf::from);
        Ok(Self {
            inner: Arc::new(Inner {
                working_directory: options.working_directory.clone(),
                home_directory,
                state_directory: options.state_directory.clone(),
                is_sandboxed: options.is_sandboxed,
                limits: options.limits.clone(),
                write_lock: tokio::sync::Mutex::default(),
                processes: ProcessTable::default(),
                terminals: Terminals::default(),
                desktop: Desktop::new(
                    options.state_directory.join("desktop"),
                    options.desktop_idle_limit,
                ),
                scanner: Scanner::new(
                    options.working_directory.clone(),
                    options.base_commit.clone(),
                    scratch,
                ),
                files: FileIndex::default(),
                askpass_variables: OnceLock::new(),
                trace_socket: OnceLock::new(),
                handed_out: HandedOut::default(),
            }),
        })
    }

    /// Ends every process, every terminal and the desktop.
    pub async fn shut_down(&self) {
        self.inner.processes.kill_all();
        self.inner.terminals.kill_all();
        self.inner.desktop.shut_down().await;
        // The kernel needs a moment; whoever waits for an exit code gets it.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    /// Remembers what this chat's tools touched, so that the git panel looks there.
    pub(super) fn touched(&self, scope: &ChatScope, paths: impl IntoIterator<Item = PathBuf>) {
        self.inner.scanner.touched(scope, paths);
    }

    /// Remembers where this chat runs a command, which may change anything.
    pub(super) fn worked_in(&self, scope: &ChatScope, folder: PathBuf) {
        self.inner.scanner.worked_in(scope, folder);
    }

    /// A command ended and may have changed files.
    pub(super) fn notice_process_end(&self) {
        self.inner.scanner.notice();
    }
}
