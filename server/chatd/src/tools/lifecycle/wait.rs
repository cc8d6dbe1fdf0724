//! Waiting until nothing is being done with a workspace any more. What its build says goes out while it comes.

use std::time::Duration;

use sdk::ids::BuildId;
use sdk::workspaces::{Build, BuildStatus, ReadBuildLog, Workspace, WorkspaceStatus};
use tokio::time::{Instant, sleep};

use super::answer::Answer;
use super::{DELETED, Lifecycle};
use crate::tools::{Outcome, ToolContext};

/// A call waits for a start so long. A clone or a setup script may take longer; the answer tells how to go on.
pub(super) const BUILD_WAIT: Duration = Duration::from_mins(10);
/// An agent that lost its connection has so long to come back.
pub(super) const AGENT_WAIT: Duration = Duration::from_mins(2);
/// A stop takes less.
pub(super) const STOP_WAIT: Duration = Duration::from_mins(1);
/// Somebody else is done with the workspace for a moment within this time.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(30);
pub(super) const BUSY_PAUSE: Duration = Duration::from_millis(50);
/// Between two looks, at first and later.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Lifecycle {
    /// The workspace when nothing is being done with it any more, or as it is after `wait`. An agent that may come back
    /// is waited for too.
    pub(super) async fn settled(
        &self,
        workspace: &Workspace,
        wait: Duration,
        context: &ToolContext,
    ) -> Result<Answer, Outcome> {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut log = LogReader::default();
        loop {
            let now = self.look(workspace.id).await?;
            let now = now.ok_or_else(|| Outcome::error(DELETED))?;
            if let Some(build) = &now.latest_build {
                log.read(self, &now, build, context).await;
            }
            let limit = if is_building(&now) {
                wait
            } else {
                wait.min(AGENT_WAIT)
            };
            let is_over = began.elapsed() >= limit;
            if is_over || !is_on_its_way(&now) {
                return Ok(Answer::of(now).after(log.text));
            }
            tokio::select! {
                () = sleep(pause.min(limit.saturating_sub(began.elapsed()))) => {}
                () = context.cancel.cancelled() => return Err(interrupted()),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn interrupted() -> Outcome {
    Outcome::interrupted(
        "The user stopped this. What was begun with the workspace goes on; start_workspace tells its state.",
    )
}

/// Whether somebody works on it.
pub(super) fn is_building(workspace: &Workspace) -> bool {
    let build = workspace.latest_build.as_ref();
    build.is_some_and(|build| build.status == BuildStatus::Running)
}

/// Whether it is likely to be otherwise soon.
fn is_on_its_way(workspace: &Workspace) -> bool {
    is_building(workspace)
        || workspace.status == WorkspaceStatus::Reconnecting
        || workspace.status.start_in_words().is_some()
}

/// Reads a build's log as it grows.
#[derive(Default)]
struct LogReader {
    build: Option<BuildId>,
    offset: u64,
    /// What the newest build said so far.
    text: String,
}

impl LogReader {
    /// Sends on what is new. The log is a help: what cannot be read is left out.
    async fn read(
        &mut self,
        lifecycle: &Lifecycle,
        workspace: &Workspace,
        build: &Build,
        context: &ToolContext,
    ) {
        if self.build != Some(build.id) {
            *self = Self {
                build: Some(build.id),
                ..Self::default()
            };
        }
        let query = ReadBuildLog {
            offset: self.offset,
            wait_seconds: 0,
        };
        let read = lifecycle
            .own
            .get_build_log(lifecycle.owner_id, workspace.id, build.id, query);
        if let Ok(log) = read.await
            && !log.text.is_empty()
        {
            self.offset = log.next_offset;
            self.text.push_str(&log.text);
            context.output.push(log.text);
        }
    }
}
