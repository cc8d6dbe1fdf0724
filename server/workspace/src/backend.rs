//! Creating, starting, stopping and deleting workspaces.
//!
//! [`Backend`] is what the control plane needs of any kind of workspace; [`LocalBackend`] runs them on the server's
//! own machine. A backend keeps what it must know of a workspace in the workspace's own folder, so that a restart of
//! the server finds it again.

mod branch;
mod error;
mod guard;
mod inspect;
mod limits;
mod local;
mod machine;
mod network;
mod place;
mod record;
mod sandbox;
mod shared_git;
mod types;
mod unsaved;

pub use error::BackendError;
pub use limits::{HeldLimits, WorkspaceLimits};
pub use local::{LocalBackend, LocalOptions};
pub use network::NetworkOptions;
pub use types::{
    BuildEvent, BuildLog, Phase, Sandbox, Source, StartSpec, Started, Status, UnsavedWork,
};

use async_trait::async_trait;
use uuid::Uuid;

/// A kind of workspace.
#[async_trait]
pub trait Backend: Send + Sync {
    /// What stands between the commands of a workspace and the server's machine.
    fn sandbox(&self) -> Sandbox;

    /// What the processes of a workspace that is started now may take.
    fn held_limits(&self) -> HeldLimits;

    /// Whether a workspace can be made of a source, before anything is created: a refusal comes at once and with its reason.
    /// Somebody waits for it, so what takes longer in a large repository is left to the start.
    async fn check(&self, source: &Source) -> Result<(), BackendError>;

    /// Prepares the workspace's folder if it is new, and starts its agent. The agent connects on its own.
    async fn start(&self, spec: &StartSpec, log: &BuildLog) -> Result<Started, BackendError>;

    /// Ends the agent and every process in the workspace. Files stay. Stopping what is stopped is fine.
    async fn stop(&self, workspace_id: Uuid) -> Result<(), BackendError>;

    /// Stops the workspace and removes its files and its branch. Without `force` it refuses when there is work that
    /// is nowhere else.
    async fn delete(&self, workspace_id: Uuid, force: bool) -> Result<(), BackendError>;

    /// Whether the workspace exists and its agent's process runs.
    async fn status(&self, workspace_id: Uuid) -> Result<Status, BackendError>;

    /// What would be lost if the workspace was deleted now.
    async fn unsaved_work(&self, workspace_id: Uuid) -> Result<UnsavedWork, BackendError>;

    /// The end of what the agent wrote about itself, to say why it did not connect.
    async fn agent_log(&self, workspace_id: Uuid) -> String;
}
