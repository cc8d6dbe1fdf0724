//! Keeping rows true to what happens: agents that come and go, and what a server finds when it starts again.

use std::time::Duration;

use chrono::TimeDelta;
use sdk::ids::AgentId;
use sdk::workspaces::{Transition, WorkspaceStatus};
use store::workspaces::{self, NewStatus, WorkspaceRow, agents, builds};
use store::{StoreError, chat_config};
use tokio::sync::broadcast::error::RecvError;
use workspace::backend::{BackendError, Status};
use workspace::connection::{ConnectionEvent, ConnectionState};

use super::WorkspaceError;
use super::service::Workspaces;

/// How often workspaces that lost their agent are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// How often workspaces that nobody uses are looked for.
const IDLE_INTERVAL: Duration = Duration::from_secs(30);
/// Rows that are looked at in one go.
const MAX_ROWS: i64 = 1000;
const LOST: &str = "The connection to the workspace's agent is lost; it connects again by itself.";
const ENDED: &str =
    "The workspace's agent has ended; the workspace starts again when it is needed.";
const RESTARTED: &str = "The server was restarted meanwhile. Start it again.";
const GONE: &str = "The server that worked on it is gone. Start it again.";
/// Longer than the deadlines of a checkout, a clone, a setup script and an agent together.
const LONGEST_BUILD: TimeDelta = TimeDelta::minutes(90);
const UNDER_WAY: [WorkspaceStatus; 4] = [
    WorkspaceStatus::Queued,
    WorkspaceStatus::Cloning,
    WorkspaceStatus::SettingUp,
    WorkspaceStatus::Starting,
];

impl Workspaces {
    /// Makes the rows true after a restart and follows the agents from now on.
    pub(crate) async fn start_following(&self) -> Result<(), WorkspaceError> {
        let events = self.hub().events();
        self.recover().await?;
        let service = self.clone();
        self.background
            .spawn(async move { service.follow(events).await });
        let service = self.clone();
        self.background
            .spawn(async move { service.look_again().await });
        let service = self.clone();
        self.background
            .spawn(async move { service.stop_idle_again().await });
        Ok(())
    }

    async fn recover(&self) -> Result<(), WorkspaceError> {
        let now = self.clock.now();
        // On PostgreSQL a build may be another replica's.
        if self.is_only_server() {
            builds::finish_all(&self.db, now, RESTARTED, now).await?;
        }
        for status in UNDER_WAY {
            for row in workspaces::list_with_status(&self.db, status, MAX_ROWS).await? {
                if self.is_here(&row).await? {
                    self.end_builds(&row, RESTARTED).await?;
                }
            }
        }
        for status in [WorkspaceStatus::Ready, WorkspaceStatus::WaitingForAgent] {
            for row in workspaces::list_with_status(&self.db, status, MAX_ROWS).await? {
                if self.is_here(&row).await? {
                    if !self.is_only_server() {
                        builds::finish_of_workspace(&self.db, row.id, RESTARTED, now).await?;
                    }
                    self.show(&row, WorkspaceStatus::Reconnecting, Some(LOST))
                        .await;
                }
            }
        }
        self.look().await
    }

    /// Ends what this process has begun and cannot bring to its end.
    pub(super) async fn end_own_builds(&self) {
        for (build, row) in self.take_builds() {
            let now = self.clock.now();
            if let Err(error) = builds::finish(&self.db, build, Some(RESTARTED), now).await {
                tracing::error!(%error, "the end of a build cannot be noted");
            }
            self.show(&row, WorkspaceStatus::Failed, Some(RESTARTED))
                .await;
        }
    }

    /// Ends builds whose process is gone: nothing on this machine or another one works on them so long.
    pub(super) async fn end_lost_builds(&self) -> Result<(), WorkspaceError> {
        let now = self.clock.now();
        builds::finish_all(&self.db, now - LONGEST_BUILD, GONE, now).await?;
        for status in UNDER_WAY {
            for row in workspaces::list_with_status(&self.db, status, MAX_ROWS).await? {
                if row.status_since <= now - LONGEST_BUILD {
                    self.end_builds(&row, GONE).await?;
                }
            }
        }
        Ok(())
    }

    async fn end_builds(&self, row: &WorkspaceRow, reason: &str) -> Result<(), StoreError> {
        builds::finish_of_workspace(&self.db, row.id, reason, self.clock.now()).await?;
        self.show(row, WorkspaceStatus::Failed, Some(reason)).await;
        Ok(())
    }

    /// With SQLite this process is the only one.
    fn is_only_server(&self) -> bool {
        matches!(self.db, store::Db::Sqlite { .. })
    }

    /// Whether the workspace lies on this machine; that of the only server does.
    async fn is_here(&self, row: &WorkspaceRow) -> Result<bool, BackendError> {
        Ok(self.is_only_server() || self.backend().status(row.id.0).await? != Status::Absent)
    }

    async fn follow(&self, mut events: tokio::sync::broadcast::Receiver<ConnectionEvent>) {
        loop {
            match events.recv().await {
                Ok(event) => {
                    if let Err(error) = self.note_connection(event).await {
                        tracing::error!(%error, "an agent's connection cannot be noted");
                    }
                }
                // The next look finds what was missed.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn note_connection(&self, event: ConnectionEvent) -> Result<(), StoreError> {
        let Some(agent) = agents::get(&self.db, AgentId(event.agent_id)).await? else {
            return Ok(());
        };
        if agent.stopped_at.is_some() {
            return Ok(());
        }
        let (from, to, reason) = match event.state {
            ConnectionState::Connected { .. } => {
                (WorkspaceStatus::Reconnecting, WorkspaceStatus::Ready, None)
            }
            _ => (
                WorkspaceStatus::Ready,
                WorkspaceStatus::Reconnecting,
                Some(LOST),
            ),
        };
        let to = NewStatus {
            status: to,
            reason,
            since: self.clock.now(),
        };
        if workspaces::move_status(&self.db, agent.workspace_id, from, to).await? {
            self.announce(agent.workspace_id, agent.owner_id);
        }
        Ok(())
    }

    async fn look_again(&self) {
        let mut interval = tokio::time::interval(LOOK_INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            if let Err(error) = self.look().await {
                tracing::error!(%error, "workspaces cannot be looked at");
            }
        }
    }

    async fn stop_idle_again(&self) {
        let mut interval = tokio::time::interval(IDLE_INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            if let Err(error) = self.stop_idle().await {
                tracing::error!(%error, "workspaces that nobody uses cannot be stopped");
            }
            if let Err(error) = self.end_lost_builds().await {
                tracing::error!(%error, "builds that were lost cannot be ended");
            }
        }
    }

    /// Stops workspaces that nobody used for as long as their template says, or else the deployment.
    pub(super) async fn stop_idle(&self) -> Result<(), WorkspaceError> {
        let now = self.clock.now();
        let ttl_ms = chat_config::get_workspace_ttl_ms(&self.db).await?;
        let usual_seconds = (ttl_ms > 0).then_some(ttl_ms.saturating_add(999) / 1000);
        for (row, idle) in workspaces::list_stoppable(&self.db, usual_seconds, MAX_ROWS).await? {
            let last_used_at = row.last_used_at.unwrap_or(row.created_at);
            let is_idle = (now - last_used_at)
                .to_std()
                .is_ok_and(|unused| unused >= idle);
            // On PostgreSQL a workspace is the business of the replica on whose machine it lies.
            if !is_idle || !self.is_here(&row).await? {
                continue;
            }
            match self.begin(&row, Transition::Stop, &row.name).await {
                // Somebody has begun something with it: it is used.
                Ok(_) | Err(WorkspaceError::Busy) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Finds workspaces whose agent has ended, or has connected without being noticed.
    async fn look(&self) -> Result<(), WorkspaceError> {
        for row in
            workspaces::list_with_status(&self.db, WorkspaceStatus::Reconnecting, MAX_ROWS).await?
        {
            let found = match self.backend().status(row.id.0).await? {
                Status::Running { .. } if self.connected(row.id).await?.is_some() => {
                    (WorkspaceStatus::Ready, None)
                }
                Status::Running { .. } => continue,
                Status::Absent if !self.is_here(&row).await? => continue,
                _ => (WorkspaceStatus::Stopped, Some(ENDED)),
            };
            let to = NewStatus {
                status: found.0,
                reason: found.1,
                since: self.clock.now(),
            };
            if workspaces::move_status(&self.db, row.id, WorkspaceStatus::Reconnecting, to).await? {
                self.announce(row.id, row.owner_id);
            }
        }
        Ok(())
    }
}
