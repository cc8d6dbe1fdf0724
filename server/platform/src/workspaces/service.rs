//! What workspaces need to be worked on: the backend, the connected agents, and one turn for each workspace.
//!
//! Only the holder of a workspace's turn starts, stops or deletes it. Everything durable is in the database; a
//! server that starts again finds running agents by the backend's records.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sdk::ids::{BuildId, UserId, WorkspaceId};
use sdk::workspaces::{Sandbox, UnsavedWork};
use store::workspaces::{WorkspaceRow, agents};
use store::{Clock, Db, Notice, Notices, StoreError};
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;
use workspace::backend::{self, Backend, BackendError};
use workspace::connection::{AgentClient, ConnectionState, Hub};

use super::WorkspaceError;
use crate::background::Background;
use crate::external_auth::Links;

/// What is being stopped or deleted by somebody else is done within this time.
const TURN_DEADLINE: Duration = Duration::from_secs(30);

/// The service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Workspaces(Arc<Rooms>);

pub(crate) struct Rooms {
    pub(super) db: Db,
    pub(super) notices: Notices,
    pub(super) clock: Clock,
    pub(super) access_url: Url,
    pub(super) links: Links,
    pub(super) background: Background,
    hub: Hub,
    backend: Arc<dyn Backend>,
    turns: Mutex<HashMap<WorkspaceId, Arc<tokio::sync::Mutex<()>>>>,
    /// Ends the start that is under way.
    starts: Mutex<HashMap<WorkspaceId, CancellationToken>>,
    /// What this process works on.
    builds: Mutex<HashMap<BuildId, WorkspaceRow>>,
}

/// Holding it means to be the only one who starts, stops or deletes this workspace.
pub(super) type Turn = OwnedMutexGuard<()>;

impl fmt::Debug for Workspaces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Workspaces")
            .field("access_url", &self.0.access_url.as_str())
            .finish_non_exhaustive()
    }
}

impl std::ops::Deref for Workspaces {
    type Target = Rooms;

    fn deref(&self) -> &Rooms {
        &self.0
    }
}

impl Workspaces {
    /// A service on this database and backend. Nothing is looked at before [`Self::start_following`].
    pub(crate) fn new(
        db: &Db,
        notices: &Notices,
        links: &Links,
        backend: Arc<dyn Backend>,
        options: &crate::PlatformOptions,
    ) -> Self {
        Self(Arc::new(Rooms {
            db: db.clone(),
            notices: notices.clone(),
            clock: options.clock.clone(),
            access_url: options.access_url.clone(),
            background: Background::default(),
            links: links.clone(),
            hub: Hub::default(),
            backend,
            turns: Mutex::default(),
            starts: Mutex::default(),
            builds: Mutex::default(),
        }))
    }

    /// Ends what it does in the background. Agents and their processes live on and connect to the next server.
    pub(crate) async fn shut_down(&self) {
        self.hub.disconnect_all();
        self.background.shut_down().await;
        self.end_own_builds().await;
    }
}

impl Rooms {
    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        self.backend.as_ref()
    }

    /// This process works on a build from now on.
    pub(super) fn build_begins(&self, id: BuildId, row: &WorkspaceRow) {
        self.builds().insert(id, row.clone());
    }

    /// The build has ended.
    pub(super) fn build_ends(&self, id: BuildId) {
        self.builds().remove(&id);
    }

    /// What this process still works on, which it does no more.
    pub(super) fn take_builds(&self) -> HashMap<BuildId, WorkspaceRow> {
        std::mem::take(&mut *self.builds())
    }

    fn builds(&self) -> MutexGuard<'_, HashMap<BuildId, WorkspaceRow>> {
        self.builds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody else works on this workspace.
    pub(super) async fn turn(&self, id: WorkspaceId) -> Turn {
        self.turn_of(id).lock_owned().await
    }

    /// The turn, if nobody has it.
    pub(super) fn try_turn(&self, id: WorkspaceId) -> Option<Turn> {
        self.turn_of(id).try_lock_owned().ok()
    }

    fn turn_of(&self, id: WorkspaceId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody holds or waits for what only the map knows.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(id).or_default().clone()
    }

    /// The turn of who stops or deletes: a start that is under way ends for it.
    pub(super) async fn turn_over(&self, id: WorkspaceId) -> Result<Turn, WorkspaceError> {
        if let Some(start) = self.starts().get(&id) {
            start.cancel();
        }
        timeout(TURN_DEADLINE, self.turn(id))
            .await
            .map_err(|_| WorkspaceError::Busy)
    }

    /// What ends the start that begins now; it is forgotten with the guard.
    pub(super) fn start_begins(&self, id: WorkspaceId) -> StartGuard<'_> {
        let cancel = CancellationToken::new();
        self.starts().insert(id, cancel.clone());
        StartGuard {
            rooms: self,
            id,
            cancel,
        }
    }

    fn starts(&self) -> MutexGuard<'_, HashMap<WorkspaceId, CancellationToken>> {
        self.starts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The agent of a workspace when it is connected now.
    pub(super) async fn connected(
        &self,
        id: WorkspaceId,
    ) -> Result<Option<AgentClient>, StoreError> {
        let Some(agent) = agents::current(&self.db, id).await? else {
            return Ok(None);
        };
        let is_connected = matches!(
            self.hub.state(agent.id.0),
            ConnectionState::Connected { .. }
        );
        Ok(is_connected.then(|| self.hub.client(agent.id.0)))
    }

    pub(super) async fn unsaved_work(
        &self,
        id: WorkspaceId,
    ) -> Result<UnsavedWork, WorkspaceError> {
        match self.backend().unsaved_work(id.0).await {
            Ok(work) => Ok(describe_work(work)),
            // It never was started, or its files are gone already.
            Err(BackendError::NotFound { .. }) => Ok(UnsavedWork::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells open pages that the workspace looks different now.
    pub(super) fn announce(&self, workspace_id: WorkspaceId, owner_id: UserId) {
        self.notices.publish(Notice::WorkspaceChanged {
            workspace_id,
            owner_id,
        });
    }
}

/// A start that can be ended.
pub(super) struct StartGuard<'a> {
    rooms: &'a Rooms,
    id: WorkspaceId,
    /// Cancelled when somebody stops or deletes the workspace meanwhile.
    pub(super) cancel: CancellationToken,
}

impl Drop for StartGuard<'_> {
    fn drop(&mut self) {
        self.rooms.starts().remove(&self.id);
    }
}

pub(super) fn describe_sandbox(sandbox: backend::Sandbox) -> Sandbox {
    match sandbox {
        backend::Sandbox::Bubblewrap => Sandbox::Bubblewrap,
        backend::Sandbox::None { reason } => Sandbox::None { reason },
    }
}

fn describe_work(work: backend::UnsavedWork) -> UnsavedWork {
    UnsavedWork {
        uncommitted_files: work.uncommitted_files,
        uncommitted_count: work.uncommitted_count,
        unmerged_commits: work.unmerged_commits,
        unmerged_count: work.unmerged_count,
        unknown_because: work.unknown_because,
    }
}
