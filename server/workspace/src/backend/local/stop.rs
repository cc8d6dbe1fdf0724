//! Ending the processes of a workspace.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::backend::{BackendError, record::Running};

/// How long an agent has to end its processes before it is killed.
const STOP_GRACE: Duration = Duration::from_secs(3);
const KILL_DEADLINE: Duration = Duration::from_secs(5);

/// Asks the agent to end its processes and itself, then kills what is left.
pub(super) async fn end(running: Running) -> Result<(), BackendError> {
    // In a sandbox the process is bubblewrap's, and the agent is below it; the signal is for the agent.
    let everything = running.process.descendants();
    for process in everything.iter().chain([&running.process]) {
        process.signal(Signal::SIGTERM);
    }
    if running.process.wait_for_end(STOP_GRACE).await {
        for process in &everything {
            process.signal(Signal::SIGKILL);
        }
        return Ok(());
    }
    // The first process of a sandbox takes everything in it along.
    for process in running
        .process
        .descendants()
        .iter()
        .chain(&everything)
        .chain([&running.process])
    {
        process.signal(Signal::SIGKILL);
    }
    if running.process.wait_for_end(KILL_DEADLINE).await {
        return Ok(());
    }
    Err(BackendError::Agent {
        message: "it cannot be killed; it may hang in the kernel".into(),
    })
}
