//! Which workspace and which model a chat may use.

use std::time::Duration;

use sdk::chats::CreateChat;
use sdk::errors::Validation;
use sdk::ids::{ModelConfigId, WorkspaceId};
use sdk::workspaces::CreateWorkspace;
use store::model_configs;

use super::ChatFailure;
use crate::workspaces::WorkspaceError;
use crate::{Actor, Failure as _, Platform};

/// How long to wait before a workspace that is being started is looked at again.
const BUSY_PAUSE: Duration = Duration::from_millis(200);

impl Platform {
    /// The workspace of a new chat: an existing one, a new one, or none.
    pub(super) async fn workspace_for(
        &self,
        actor: &Actor,
        request: &CreateChat,
        title: &str,
    ) -> Result<Option<WorkspaceId>, ChatFailure> {
        match (request.workspace_id, &request.new_workspace) {
            (Some(_), Some(_)) => Err(ChatFailure::field(
                "new_workspace",
                "Give either this or workspace_id, not both.",
            )),
            (Some(id), None) => self.usable_workspace(actor, id).await.map(Some),
            (None, Some(new)) => self
                .new_workspace(actor, new.clone(), title)
                .await
                .map(Some),
            (None, None) => Ok(None),
        }
    }

    /// A new workspace for a new chat; it starts while the first answer is made.
    async fn new_workspace(
        &self,
        actor: &Actor,
        request: CreateWorkspace,
        title: &str,
    ) -> Result<WorkspaceId, ChatFailure> {
        let made = self.create_workspace_for_chat(actor, request, title).await;
        made.map(|workspace| workspace.id)
            .map_err(|error| ChatFailure::Workspace {
                message: error.message(),
                kind: error.kind(),
                validations: in_new_workspace(error.validations()),
            })
    }

    /// Takes back the workspace of a chat that could not be made, as soon as it has started or failed to.
    pub(super) fn discard_workspace(&self, actor: Actor, id: WorkspaceId) {
        let platform = self.clone();
        self.0.background.spawn(async move {
            loop {
                match platform.delete_workspace(&actor, id, true).await {
                    Err(WorkspaceError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
                    Err(error) => {
                        tracing::warn!(%error, workspace = %id, "the workspace of a chat that was not made stays");
                        return;
                    }
                    Ok(()) => return,
                }
            }
        });
    }

    /// A workspace in which the caller's chats may work.
    pub(super) async fn usable_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<WorkspaceId, ChatFailure> {
        match self.attachable_workspace(actor, id).await {
            Ok(row) => Ok(row.id),
            Err(WorkspaceError::NotFound) => Err(ChatFailure::field(
                "workspace_id",
                "You have no such workspace. Choose another one.",
            )),
            Err(error) => Err(ChatFailure::Workspace {
                message: error.message(),
                kind: error.kind(),
                validations: error.validations(),
            }),
        }
    }

    /// The wished model, or the default one.
    pub(crate) async fn usable_model(
        &self,
        wished: Option<ModelConfigId>,
    ) -> Result<ModelConfigId, ChatFailure> {
        let row = match wished {
            Some(id) => {
                let row = model_configs::get(&self.0.db, id).await?;
                let usable = row.filter(|row| row.is_offered && !row.is_deleted);
                Some(usable.ok_or_else(|| {
                    ChatFailure::field(
                        "model_config_id",
                        "This model cannot be used. Choose another one.",
                    )
                })?)
            }
            None => model_configs::get_default(&self.0.db).await?,
        };
        row.map(|row| row.config.id).ok_or(ChatFailure::NoModel)
    }
}

/// Fields of the nested request, named as the caller wrote them.
fn in_new_workspace(validations: Vec<Validation>) -> Vec<Validation> {
    validations
        .into_iter()
        .map(|validation| Validation {
            field: format!("new_workspace.{}", validation.field),
            ..validation
        })
        .collect()
}
