//! What agents may do with templates and workspaces: what the owner of their chat may, and of templates only those on
//! the deployment's list. A list that cannot be read allows nothing.

#[cfg(test)]
mod tests;

use std::sync::Weak;

use async_trait::async_trait;
use chatd::sources::{OwnWorkspaces, WorkspaceRefused};
use sdk::ids::{BuildId, TemplateId, UserId, WorkspaceId};
use sdk::templates::Template;
use sdk::users::UserStatus;
use sdk::workspaces::{Build, BuildLog, CreateBuild, CreateWorkspace, ReadBuildLog, Workspace};
use store::{StoreError, chat_config, users};

use super::WorkspaceError;
use crate::actor::Via;
use crate::open::Inner;
use crate::{Actor, Failure, FailureKind, Platform};

const NOT_ALLOWED: &str = "Agents may not use this template. Choose one of list_templates.";

/// The platform as tools of chats see it. It does not keep the platform alive, which holds the tools.
#[derive(Clone, Debug)]
pub(crate) struct ForAgents(Weak<Inner>);

impl ForAgents {
    pub(crate) fn new(inner: &Weak<Inner>) -> Self {
        Self(inner.clone())
    }

    fn platform(&self) -> Result<Platform, WorkspaceRefused> {
        let inner = self.0.upgrade();
        inner
            .map(Platform)
            .ok_or_else(|| words("The server is being stopped."))
    }

    /// The platform, and the chat's owner as who asks.
    async fn on_behalf_of(&self, owner: UserId) -> Result<(Platform, Actor), WorkspaceRefused> {
        let platform = self.platform()?;
        let user = users::get(&platform.0.db, owner).await;
        let user = user.map_err(|error| refused(&error))?;
        let user = user.filter(|user| user.status == UserStatus::Active);
        let user = user.ok_or_else(|| {
            words(
                "The owner of this chat is no longer active, so nothing can be done in their name.",
            )
        })?;
        let actor = Actor {
            user_id: user.id,
            organization_id: user.organization_id,
            role: user.role,
            agents_access: user.agents_access,
            via: Via::Agent,
            address: None,
        };
        Ok((platform, actor))
    }
}

#[async_trait]
impl OwnWorkspaces for ForAgents {
    async fn list_templates(&self, owner: UserId) -> Result<Vec<Template>, WorkspaceRefused> {
        let (platform, actor) = self.on_behalf_of(owner).await?;
        let allowed = Allowed::read(&platform).await?;
        let templates = platform
            .list_templates(&actor)
            .await
            .map_err(|error| refused(&error))?;
        let mut usable: Vec<Template> = templates
            .into_iter()
            // Who sees the settings sees those too.
            .filter(|template| !template.deprecated && allowed.contains(template.id))
            .collect();
        // Stable: those with equally many stay in the order of their names.
        usable.sort_by_key(|template| std::cmp::Reverse(template.active_developers));
        Ok(usable)
    }

    async fn get_workspace(
        &self,
        owner: UserId,
        id: WorkspaceId,
    ) -> Result<Option<Workspace>, WorkspaceRefused> {
        let (platform, actor) = self.on_behalf_of(owner).await?;
        match platform.get_workspace(&actor, id).await {
            Ok(workspace) => Ok(Some(workspace)),
            Err(WorkspaceError::NotFound) => Ok(None),
            Err(error) => Err(refused(&error)),
        }
    }

    async fn create_workspace(
        &self,
        owner: UserId,
        request: CreateWorkspace,
        title: &str,
    ) -> Result<Workspace, WorkspaceRefused> {
        let (platform, actor) = self.on_behalf_of(owner).await?;
        let allowed = Allowed::read(&platform).await?;
        if !request.template_id.is_some_and(|id| allowed.contains(id)) {
            return Err(words(NOT_ALLOWED));
        }
        let made = platform.create_workspace_for_chat(&actor, request, title);
        made.await.map_err(|error| refused(&error))
    }

    async fn create_build(
        &self,
        owner: UserId,
        id: WorkspaceId,
        request: CreateBuild,
    ) -> Result<Build, WorkspaceRefused> {
        let (platform, actor) = self.on_behalf_of(owner).await?;
        match platform.create_build(&actor, id, request).await {
            Ok(build) => Ok(build),
            Err(error) => {
                let is_busy = matches!(error, WorkspaceError::Busy);
                Err(WorkspaceRefused {
                    is_busy,
                    ..refused(&error)
                })
            }
        }
    }

    async fn get_build_log(
        &self,
        owner: UserId,
        id: WorkspaceId,
        build: BuildId,
        query: ReadBuildLog,
    ) -> Result<BuildLog, WorkspaceRefused> {
        let (platform, actor) = self.on_behalf_of(owner).await?;
        let log = platform.get_build_log(&actor, id, build, query).await;
        log.map_err(|error| refused(&error))
    }
}

/// The templates that agents may use.
struct Allowed(Vec<TemplateId>);

impl Allowed {
    async fn read(platform: &Platform) -> Result<Self, WorkspaceRefused> {
        let listed = chat_config::get_template_allowlist(&platform.0.db).await;
        listed.map(Self).map_err(|error| unreadable(&error))
    }

    fn contains(&self, id: TemplateId) -> bool {
        self.0.is_empty() || self.0.contains(&id)
    }
}

fn unreadable(error: &StoreError) -> WorkspaceRefused {
    tracing::error!(%error, "the list of templates for agents cannot be read");
    words(
        "Which templates agents may use could not be read, so none may be used now. Try again, or tell the user.",
    )
}

fn words(message: &str) -> WorkspaceRefused {
    WorkspaceRefused {
        message: message.to_owned(),
        ..WorkspaceRefused::default()
    }
}

fn refused(error: &impl Failure) -> WorkspaceRefused {
    if error.kind() == FailureKind::Internal {
        tracing::error!(%error, "a tool of a chat failed inside");
    }
    WorkspaceRefused {
        message: error.message(),
        validations: error.validations(),
        is_busy: false,
    }
}
