//! Getting a connected agent for a chat: take the one there is, wait for one that is coming back, start one. A chat
//! that only looks starts none.

use std::time::Duration;

use async_trait::async_trait;
use chatd::sources::{ConnectFor, ConnectedWorkspace, WorkspaceSource, WorkspaceUnavailable};
use chrono::TimeDelta;
use sdk::ids::{UserId, WorkspaceId};
use sdk::workspace_shares::WorkspacePermission;
use sdk::workspaces::{Transition, WorkspaceStatus};
use store::chat_config;
use store::workspaces::{self, WorkspaceRow, agents};
use workspace::backend::Status;

use super::service::Workspaces;
use super::shares::permissions_of;
use super::{WorkspaceError, reload};
use crate::{Failure as _, FailureKind};

/// The whole of it: a large repository may have to be checked out.
const CONNECT_DEADLINE: Duration = Duration::from_mins(10);
/// An agent whose process runs comes back within this time, or is replaced.
const RECONNECT_DEADLINE: Duration = Duration::from_secs(30);
/// How exactly is noted when a workspace was last used.
const USE_INTERVAL: TimeDelta = TimeDelta::seconds(30);

const GONE: &str = "The workspace of this chat was deleted. Make another one with create_workspace, or start a new chat.";
const NOT_SHARED: &str = "The workspace of this chat is no longer shared with its owner. Tell the user to ask for it, or \
                          to choose another one.";
const ASLEEP: &str = "The workspace of this chat is not running, and the chat's owner may not start it. Tell the user to \
                      ask whoever it belongs to.";

#[async_trait]
impl WorkspaceSource for Workspaces {
    async fn connect(
        &self,
        id: WorkspaceId,
        whom: ConnectFor,
    ) -> Result<ConnectedWorkspace, WorkspaceUnavailable> {
        let connecting = self.connect_now(id, whom.owner_id);
        match tokio::time::timeout(CONNECT_DEADLINE, connecting).await {
            Ok(Ok(connected)) => Ok(connected),
            Ok(Err(message)) => Err(WorkspaceUnavailable { message }),
            Err(_) => {
                tracing::warn!(workspace_id = %id, chat_id = %whom.chat_id, "a workspace did not become ready in time");
                let minutes = CONNECT_DEADLINE.as_secs() / 60;
                Err(WorkspaceUnavailable {
                    message: format!(
                        "The workspace was not ready after {minutes} minutes. Stop it and try again."
                    ),
                })
            }
        }
    }

    async fn look(&self, id: WorkspaceId, whom: ConnectFor) -> Option<ConnectedWorkspace> {
        let looked = tokio::time::timeout(CONNECT_DEADLINE, self.look_now(id, whom.owner_id));
        looked.await.ok().flatten()
    }

    async fn has_desktops(&self) -> bool {
        let enabled = chat_config::is_desktop_enabled(&self.db).await;
        enabled.unwrap_or_else(|error| {
            tracing::error!(%error, "whether there are desktops cannot be looked up");
            false
        })
    }
}

impl Workspaces {
    /// The agent that is there or comes; starts nothing.
    async fn look_now(&self, id: WorkspaceId, owner: UserId) -> Option<ConnectedWorkspace> {
        if let Some(connected) = self.already_connected(id, owner).await.ok()? {
            return Some(connected);
        }
        let row = self.usable(id, owner).await.ok()?;
        if row.status.start_in_words().is_some() {
            // Whoever has the turn is starting it.
            drop(self.turn(id).await);
        } else if row.status == WorkspaceStatus::Reconnecting {
            let agent = agents::current(&self.db, id).await.ok()??;
            let client = self.hub().client(agent.id.0);
            client.wait_until_connected(RECONNECT_DEADLINE).await.ok()?;
        }
        self.already_connected(id, owner).await.ok()?
    }

    async fn connect_now(
        &self,
        id: WorkspaceId,
        owner: UserId,
    ) -> Result<ConnectedWorkspace, String> {
        if let Some(connected) = self.already_connected(id, owner).await? {
            return Ok(connected);
        }
        // Whoever has the turn may be starting it right now.
        let turn = self.turn(id).await;
        if let Some(connected) = self.already_connected(id, owner).await? {
            return Ok(connected);
        }
        let row = self.usable(id, owner).await?;
        if self.comes_back(&row).await.map_err(in_words)? {
            self.show(&row, WorkspaceStatus::Ready, None).await;
        } else {
            self.startable(&row, owner).await?;
            let job = self
                .note(&row, Transition::Start, &row.name, turn)
                .await
                .map_err(|error| in_words(error.into()))?;
            let service = self.clone();
            let (done, outcome) = tokio::sync::oneshot::channel();
            // In the background: a chat that is interrupted while it waits must not leave a start half done.
            self.background.spawn(async move {
                let _ = done.send(service.carry_out(job).await);
            });
            match outcome.await {
                Ok(Ok(_)) => {}
                Ok(Err(reason)) => {
                    return Err(format!("The workspace cannot be started: {reason}"));
                }
                Err(_) => return Err("The server is being stopped.".to_owned()),
            }
        }
        self.already_connected(id, owner)
            .await?
            .ok_or_else(|| "The workspace's agent lost its connection. Try again.".to_owned())
    }

    async fn already_connected(
        &self,
        id: WorkspaceId,
        owner: UserId,
    ) -> Result<Option<ConnectedWorkspace>, String> {
        // Side by side: each call of a tool comes here.
        let (row, client) = tokio::join!(self.usable(id, owner), self.connected(id));
        let (row, client) = (row?, client.map_err(|error| in_words(error.into()))?);
        if client.is_some() {
            self.note_use(&row).await;
        }
        Ok(client.map(|client| ConnectedWorkspace {
            client,
            branch: row.branch,
        }))
    }

    /// Notes that the workspace is used; often enough for those that stop when nobody uses them.
    async fn note_use(&self, row: &WorkspaceRow) {
        let now = self.clock.now();
        let is_noted = row.last_used_at.is_some_and(|at| now - at < USE_INTERVAL);
        if is_noted {
            return;
        }
        if let Err(error) = workspaces::touch(&self.db, row.id, now).await {
            tracing::warn!(%error, workspace_id = %row.id, "the use of a workspace cannot be noted");
        }
    }

    /// The workspace, as long as its owner lets this person work in it.
    async fn usable(&self, id: WorkspaceId, person: UserId) -> Result<WorkspaceRow, String> {
        let row = reload(&self.db, id)
            .await
            .map_err(|error| in_words(error.into()))?;
        let row = row.ok_or_else(|| GONE.to_owned())?;
        if self.may(&row, person, WorkspacePermission::Ssh).await? {
            Ok(row)
        } else {
            Err(NOT_SHARED.to_owned())
        }
    }

    /// Whether this person may have it started.
    async fn startable(&self, row: &WorkspaceRow, person: UserId) -> Result<(), String> {
        if self.may(row, person, WorkspacePermission::Update).await? {
            Ok(())
        } else {
            Err(ASLEEP.to_owned())
        }
    }

    async fn may(
        &self,
        row: &WorkspaceRow,
        person: UserId,
        permission: WorkspacePermission,
    ) -> Result<bool, String> {
        let permissions = permissions_of(&self.db, row, person)
            .await
            .map_err(|error| in_words(error.into()))?;
        Ok(permissions.is_some_and(|all| all.contains(&permission)))
    }

    /// Waits for an agent whose process runs.
    async fn comes_back(&self, row: &WorkspaceRow) -> Result<bool, WorkspaceError> {
        let Some(agent) = agents::current(&self.db, row.id).await? else {
            return Ok(false);
        };
        let status = self.backend().status(row.id.0).await?;
        if status
            != (Status::Running {
                agent_id: agent.id.0,
            })
        {
            return Ok(false);
        }
        Ok(self
            .hub()
            .client(agent.id.0)
            .wait_until_connected(RECONNECT_DEADLINE)
            .await
            .is_ok())
    }
}

pub(super) fn in_words(error: WorkspaceError) -> String {
    match error {
        WorkspaceError::Store(error) if error.kind() == FailureKind::Internal => {
            tracing::error!(%error, "a workspace cannot be read");
            "Something went wrong on the server. Try again.".to_owned()
        }
        error => error.message(),
    }
}
