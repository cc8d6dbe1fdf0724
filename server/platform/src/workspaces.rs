//! Workspaces: where agents work. Each belongs to a person, who may share it; owners of the deployment may look after all
//! of them. What each may do is decided in `shares`.
//!
//! The methods here check and answer; `service` does the work, one build of a workspace at a time, in the
//! background. `chatd` reaches the agents through [`Platform::workspace_source`].

mod connect;
mod error;
mod follow;
pub(crate) mod for_agents;
mod requests;
mod run;
pub(crate) mod service;
mod shares;
pub mod terminals;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chatd::sources::WorkspaceSource;
use sdk::ids::{AgentId, BuildId, WorkspaceId};
use sdk::workspace_shares::WorkspacePermission as Permission;
use sdk::workspaces::{
    Build, BuildLog, CreateBuild, CreateWorkspace, HeldLimits, ListWorkspaces, ReadBuildLog,
    Sandbox, Transition, UnsavedWork, UpdateWorkspace, Workspace, WorkspaceMode, WorkspaceStatus,
};
use store::StoreError;
use store::templates::{self, TemplateRow};
use store::workspaces::builds;
use store::workspaces::{self, WorkspaceRow, agents};
use workspace::connection::{AgentClient, Hub};

pub use self::error::WorkspaceError;
pub(crate) use self::requests::{allowed_folder, check_name};
pub(crate) use self::shares::permissions_of;
use crate::templates::parameters;
use crate::{Actor, Platform, credentials};
pub use shares::Standing;

const MAX_LISTED: u32 = 100;
const MAX_BUILDS: i64 = 50;
const LONGEST_LOG_WAIT: Duration = Duration::from_secs(30);
const LOG_POLL: Duration = Duration::from_millis(250);

impl Platform {
    /// The caller's workspaces, or those that others share with them, newest first.
    pub async fn list_workspaces(
        &self,
        actor: &Actor,
        query: &ListWorkspaces,
    ) -> Result<Vec<Workspace>, WorkspaceError> {
        let limit = query.limit.unwrap_or(MAX_LISTED).clamp(1, MAX_LISTED);
        let latest = builds::latest_of_person(&self.0.db, actor.user_id).await?;
        // Afterwards: a build ends after the workspace shows what came of it.
        let (db, limit) = (&self.0.db, i64::from(limit));
        let rows = if query.shared {
            workspaces::list_shared_with(db, actor.user_id, query.after_id, limit).await?
        } else {
            workspaces::list_of_owner(db, actor.user_id, query.after_id, limit).await?
        };
        let mut latest: HashMap<WorkspaceId, Build> = latest.into_iter().collect();
        Ok(rows
            .into_iter()
            .map(|row| {
                let build = latest.remove(&row.id);
                describe(row, build)
            })
            .collect())
    }

    /// A workspace that the caller may see.
    pub async fn get_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<Workspace, WorkspaceError> {
        let row = self
            .permitted_workspace(actor, id, Permission::Read)
            .await?;
        self.with_latest_build(row).await
    }

    /// Makes a workspace and begins to start it.
    pub async fn create_workspace(
        &self,
        actor: &Actor,
        request: CreateWorkspace,
    ) -> Result<Workspace, WorkspaceError> {
        let title = request
            .name
            .clone()
            .unwrap_or_else(|| "workspace".to_owned());
        self.create_workspace_for_chat(actor, request, &title).await
    }

    /// The same, with the branch of a worktree called after a chat's title.
    pub async fn create_workspace_for_chat(
        &self,
        actor: &Actor,
        request: CreateWorkspace,
        title: &str,
    ) -> Result<Workspace, WorkspaceError> {
        let service = &self.0.workspaces;
        let checked = requests::check(&self.0.db, service, actor, request).await?;
        let id = WorkspaceId::generate();
        let now = self.0.clock.now();
        let row = WorkspaceRow {
            id,
            owner_id: actor.user_id,
            organization_id: actor.organization_id,
            name: checked
                .name
                .unwrap_or_else(|| requests::made_up_name(checked.folder.as_deref(), id)),
            mode: checked.mode,
            folder: checked.folder,
            working_directory: String::new(),
            branch: None,
            base_commit: None,
            status: WorkspaceStatus::Queued,
            status_reason: None,
            status_since: now,
            sandbox: None,
            deleted: false,
            created_at: now,
            updated_at: now,
            template_id: checked.template_id,
            parameters: checked.parameters,
            last_used_at: Some(now),
        };
        let mut tx = self.0.db.begin().await?;
        workspaces::insert(&mut tx, &row)
            .await
            .map_err(WorkspaceError::from_write)?;
        tx.commit().await?;
        service.begin(&row, Transition::Start, title).await?;
        self.get_workspace(actor, id).await
    }

    /// Gives a workspace another name.
    pub async fn update_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        change: UpdateWorkspace,
    ) -> Result<Workspace, WorkspaceError> {
        let row = self
            .permitted_workspace(actor, id, Permission::Update)
            .await?;
        if let Some(name) = change.name {
            let name = requests::check_name(&name)
                .map_err(|detail| WorkspaceError::invalid("name", detail))?;
            workspaces::rename(&self.0.db, id, &name, self.0.clock.now())
                .await
                .map_err(WorkspaceError::from_write)?;
            self.0.workspaces.announce(id, row.owner_id);
        }
        self.get_workspace(actor, id).await
    }

    /// Stops a workspace and removes what Switchyard made of it. Refused when work would be lost, unless forced.
    pub async fn delete_workspace(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        force: bool,
    ) -> Result<(), WorkspaceError> {
        let row = self
            .permitted_workspace(actor, id, Permission::Delete)
            .await?;
        self.0.workspaces.delete(&row, force).await
    }

    /// What deleting would lose.
    pub async fn get_unsaved_work(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<UnsavedWork, WorkspaceError> {
        let row = self
            .permitted_workspace(actor, id, Permission::Read)
            .await?;
        self.0.workspaces.unsaved_work(row.id).await
    }

    /// Begins to start or stop a workspace, or deletes it. One that runs is started anew only with other parameters: a page
    /// that shows an old state must not end what runs.
    pub async fn create_build(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        request: CreateBuild,
    ) -> Result<Build, WorkspaceError> {
        let needed = match request.transition {
            Transition::Start | Transition::Stop => Permission::Update,
            Transition::Delete => Permission::Delete,
        };
        let row = self.permitted_workspace(actor, id, needed).await?;
        if request.transition == Transition::Delete {
            self.0
                .workspaces
                .refuse_to_lose_work(row.id, request.force)
                .await?;
        }
        if request.transition == Transition::Start
            && request.parameters.is_empty()
            && row.status == WorkspaceStatus::Ready
            && self.0.workspaces.connected(row.id).await?.is_some()
        {
            return Err(WorkspaceError::Running);
        }
        let row = self.with_parameters(row, &request).await?;
        let title = row.name.clone();
        self.0
            .workspaces
            .begin(&row, request.transition, &title)
            .await
    }

    /// The row with the values that a start changes.
    async fn with_parameters(
        &self,
        row: WorkspaceRow,
        request: &CreateBuild,
    ) -> Result<WorkspaceRow, WorkspaceError> {
        if request.parameters.is_empty() {
            return Ok(row);
        }
        let refused = |detail| Err(WorkspaceError::invalid("parameters", detail));
        if request.transition != Transition::Start {
            return refused("Parameters can be given for a start only.");
        }
        let Some(template) = template_of(&self.0.db, &row).await? else {
            return refused("The workspace was not made from a template and has no parameters.");
        };
        let mut given = row.parameters.clone();
        // What the template does not know any more is no longer asked for.
        given.retain(|name, _| template.parameters.iter().any(|known| known.name == *name));
        given.extend(request.parameters.clone());
        let parameters =
            parameters::resolve(&template.parameters, &given).map_err(WorkspaceError::Invalid)?;
        workspaces::set_parameters(&self.0.db, row.id, &parameters, self.0.clock.now()).await?;
        Ok(WorkspaceRow { parameters, ..row })
    }

    /// A workspace's builds, newest first; also of a deleted one.
    pub async fn list_builds(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<Vec<Build>, WorkspaceError> {
        let row = self.recorded_workspace(actor, id).await?;
        Ok(builds::list(&self.0.db, row.id, MAX_BUILDS).await?)
    }

    /// A build's log from an offset on; waits for more while the build runs. Also of a deleted workspace.
    pub async fn get_build_log(
        &self,
        actor: &Actor,
        id: WorkspaceId,
        build: BuildId,
        query: ReadBuildLog,
    ) -> Result<BuildLog, WorkspaceError> {
        let row = self.recorded_workspace(actor, id).await?;
        let wait = Duration::from_secs(query.wait_seconds).min(LONGEST_LOG_WAIT);
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let log = builds::get_log(&self.0.db, row.id, build)
                .await?
                .ok_or(WorkspaceError::NoBuild)?;
            let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
            let text = log
                .text
                .get(log.text.floor_char_boundary(offset)..)
                .unwrap_or_default();
            if !text.is_empty() || log.is_finished || tokio::time::Instant::now() >= deadline {
                let next_offset = log.text.len() as u64;
                return Ok(BuildLog {
                    text: text.to_owned(),
                    next_offset,
                    is_finished: log.is_finished,
                });
            }
            tokio::time::sleep(LOG_POLL).await;
        }
    }

    /// What stands between the commands of workspaces and the server's machine; the page says it loudly when nothing
    /// does.
    pub fn workspace_sandbox(&self) -> Sandbox {
        service::describe_sandbox(self.0.workspaces.backend().sandbox())
    }

    /// What the processes of a workspace that is started now may take; the page says it, and loudly what does not hold.
    pub fn workspace_limits(&self) -> HeldLimits {
        let held = self.0.workspaces.backend().held_limits();
        HeldLimits {
            words: held.words,
            missing: held.missing,
        }
    }

    /// Where the chat daemon gets its workspaces from.
    pub fn workspace_source(&self) -> Arc<dyn WorkspaceSource> {
        Arc::new(self.0.workspaces.clone())
    }

    /// The agent of a workspace when it is connected now; starts nothing. For the panels of a page.
    pub async fn connected_agent(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<Option<AgentClient>, WorkspaceError> {
        let (_, client) = self.looked_into(actor, id).await?;
        Ok(client)
    }

    /// The same, with the workspace as it stands.
    pub(crate) async fn looked_into(
        &self,
        actor: &Actor,
        id: WorkspaceId,
    ) -> Result<(WorkspaceRow, Option<AgentClient>), WorkspaceError> {
        let needed = [Permission::ApplicationConnect, Permission::Ssh];
        let row = self.workspace_for_any(actor, id, &needed).await?;
        let client = self.0.workspaces.connected(row.id).await?;
        Ok((row, client))
    }

    /// The agent of a token: `None` for a token that never was, [`WorkspaceError::AgentGone`] for one that holds no
    /// longer.
    pub async fn authenticate_agent(&self, token: &str) -> Result<Option<AgentId>, WorkspaceError> {
        match agents::find(&self.0.db, &credentials::hash(token)).await? {
            None => Ok(None),
            Some(agent) if agent.stopped_at.is_some() => Err(WorkspaceError::AgentGone),
            Some(agent) => Ok(Some(agent.id)),
        }
    }

    /// Where connected agents are registered.
    pub fn agent_hub(&self) -> &Hub {
        self.0.workspaces.hub()
    }

    async fn with_latest_build(&self, row: WorkspaceRow) -> Result<Workspace, WorkspaceError> {
        let build = builds::list(&self.0.db, row.id, 1).await?.pop();
        // Once more: a build ends after the workspace shows what came of it, so what is read now is not older.
        let row = reload(&self.0.db, row.id).await?.unwrap_or(row);
        Ok(describe(row, build))
    }
}

fn describe(row: WorkspaceRow, latest_build: Option<Build>) -> Workspace {
    Workspace {
        id: row.id,
        name: row.name,
        owner_id: row.owner_id,
        organization_id: row.organization_id,
        template_id: row.template_id,
        parameters: row.parameters,
        mode: row.mode,
        folder: row.folder,
        working_directory: row.working_directory,
        branch: row.branch,
        base_commit: row.base_commit,
        status: row.status,
        status_reason: row.status_reason,
        status_since: row.status_since,
        sandbox: row.sandbox,
        latest_build,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// What a backend makes a workspace from.
fn source_of(
    row: &WorkspaceRow,
    template: Option<&TemplateRow>,
    title: &str,
) -> workspace::backend::Source {
    use workspace::backend::Source;
    if let Some(template) = template
        && let Some(url) = &template.repository_url
    {
        return Source::Clone {
            url: url.clone(),
            branch: template.branch.clone(),
        };
    }
    match (row.mode, &row.folder) {
        (WorkspaceMode::Worktree, Some(folder)) => Source::Worktree {
            folder: folder.into(),
            title: title.to_owned(),
        },
        (WorkspaceMode::Direct, Some(folder)) => Source::Direct {
            folder: folder.into(),
        },
        _ => Source::Empty,
    }
}

/// The template that a workspace was made from, deleted or not.
async fn template_of(
    db: &store::Db,
    row: &WorkspaceRow,
) -> Result<Option<TemplateRow>, StoreError> {
    match row.template_id {
        Some(id) => templates::get(db, id).await,
        None => Ok(None),
    }
}

/// Reads a row that must be there.
async fn reload(db: &store::Db, id: WorkspaceId) -> Result<Option<WorkspaceRow>, StoreError> {
    Ok(workspaces::get(db, id).await?.filter(|row| !row.deleted))
}
