//! What the agent keeps between calls and across reconnects.

use std::{path::PathBuf, sync::Arc};

use super::AgentOptions;

/// The agent's state; a cheap clone.
#[derive(Clone)]
pub struct AgentState {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) working_directory: PathBuf,
    pub(super) home_directory: PathBuf,
    pub(super) is_sandboxed: bool,
}

impl AgentState {
    /// Creates the state folder and an empty process table.
    pub fn new(options: &AgentOptions) -> std::io::Result<Self> {
        std::fs::create_dir_all(&options.state_directory)?;
        let home_directory =
            std::env::var_os("HOME").map_or_else(|| options.working_directory.clone(), PathBuf::from);
        Ok(Self {
            inner: Arc::new(Inner {
                working_directory: options.working_directory.clone(),
                home_directory,
                is_sandboxed: options.is_sandboxed,
            }),
        })
    }

    /// Ends every process.
    pub async fn shut_down(&self) {}
}
