//! Server functions of workspaces: the list, one with its builds and a log, starting, stopping and deleting.

#[cfg(feature = "ssr")]
pub(super) mod around;
#[cfg(any(feature = "ssr", test))]
mod log;
pub mod sharing;

use leptos::prelude::*;
use sdk::ids::{BuildId, ChatId, WorkspaceId};
use sdk::workspace_shares::{WorkspaceAcl, WorkspacePermission};
use sdk::workspaces::{Build, HeldLimits, Transition, UnsavedWork, Workspace};
use serde::{Deserialize, Serialize};

use crate::api::codec::{Page, PageJson};
use crate::error::AppError;

/// Workspaces of a page of the list.
pub const WORKSPACES_PER_PAGE: u32 = 25;

/// What the page shows of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateName {
    /// What people read.
    pub title: String,
    /// An emoji.
    pub icon: String,
}

/// A chat that works in a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatName {
    /// Its id.
    pub id: ChatId,
    /// Its title.
    pub title: String,
}

/// A workspace with what stands around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceRow {
    /// The workspace; what programs said in its reasons is made readable.
    pub workspace: Workspace,
    /// The template it was made from, as long as the reader may see it.
    pub template: Option<TemplateName>,
    /// The reader's newest chat that works in it.
    pub chat: Option<ChatName>,
    /// Whose it is, when it is not the reader's.
    pub owner: Option<String>,
    /// What the reader may do with it.
    pub permissions: Vec<WorkspacePermission>,
}

/// A workspace in which the reader's chats may work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedWorkspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Whose it is, when it is not the reader's.
    pub owner: Option<String>,
}

impl OfferedWorkspace {
    /// What stands in a list to choose from.
    pub fn label(&self) -> String {
        match &self.owner {
            Some(owner) => format!("{} · of {owner}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceList {
    /// Newest first.
    pub rows: Vec<WorkspaceRow>,
    /// The next page begins after this one; nothing when this is the last page.
    pub next_after_id: Option<WorkspaceId>,
    /// Whether anybody shares a workspace with the reader.
    pub is_any_shared: bool,
}

/// Some of a build's log, made readable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPiece {
    /// The lines.
    pub text: String,
    /// Where to ask next.
    pub next_offset: u64,
    /// Whether no more will come.
    pub is_finished: bool,
    /// Whether earlier lines were left out.
    pub is_cut: bool,
}

/// One workspace with everything its page shows first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// The workspace and what stands around it.
    pub row: WorkspaceRow,
    /// With whom it is shared, when the reader may share it.
    pub acl: Option<WorkspaceAcl>,
    /// What its processes may take, as of a start now.
    pub limits: HeldLimits,
    /// Its builds, newest first.
    pub builds: Vec<Build>,
    /// The build whose log is shown.
    pub shown: Option<BuildId>,
    /// That build's log.
    pub log: LogPiece,
}

/// What became of a workspace since it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceNews {
    /// The workspace.
    pub workspace: Workspace,
    /// Its builds, newest first.
    pub builds: Vec<Build>,
    /// What the log said since.
    pub log: LogPiece,
}

/// The build whose log tells most: the newest start, which says how the workspace came to be what it is.
pub fn telling(builds: &[Build]) -> Option<BuildId> {
    let start = builds
        .iter()
        .find(|build| build.transition == Transition::Start);
    start.or(builds.first()).map(|build| build.id)
}

/// A page of the reader's own workspaces, or of those that others share with them.
#[server(name = ListWorkspaces, prefix = "/api/page", endpoint = "list_workspaces", protocol = Page)]
pub async fn list_workspaces(
    after_id: Option<WorkspaceId>,
    shared: bool,
) -> Result<WorkspaceList, AppError> {
    let (platform, actor) = super::signed_in()?;
    let query = sdk::workspaces::ListWorkspaces {
        after_id,
        limit: Some(WORKSPACES_PER_PAGE + 1),
        shared,
    };
    let mut workspaces = platform
        .list_workspaces(&actor, &query)
        .await
        .map_err(super::failed)?;
    let page = usize::try_from(WORKSPACES_PER_PAGE).unwrap_or(usize::MAX);
    let has_more = workspaces.len() > page;
    workspaces.truncate(page);
    let next_after_id = workspaces.last().map(|last| last.id).filter(|_| has_more);
    let is_any_shared =
        !workspaces.is_empty() && shared || around::is_any_shared(&platform, &actor).await?;
    let rows = around::rows(&platform, &actor, workspaces).await?;
    Ok(WorkspaceList {
        rows,
        next_after_id,
        is_any_shared,
    })
}

/// Workspaces in which the reader's chats may work: the newest, and `wanted` if it is one.
#[server(name = OfferWorkspaces, prefix = "/api/page", endpoint = "offered_workspaces", protocol = Page)]
pub async fn offered_workspaces(
    wanted: Option<WorkspaceId>,
) -> Result<Vec<OfferedWorkspace>, AppError> {
    let (platform, actor) = super::signed_in()?;
    around::offered(&platform, &actor, wanted).await
}

/// A workspace with its builds and the log of `build_id`, or of the build that tells most without one.
#[server(name = ViewWorkspace, prefix = "/api/page", endpoint = "view_workspace", protocol = Page)]
pub async fn view_workspace(
    workspace_id: WorkspaceId,
    build_id: Option<BuildId>,
) -> Result<WorkspaceView, AppError> {
    let (platform, actor) = super::signed_in()?;
    around::view(&platform, &actor, workspace_id, build_id).await
}

/// Waits a moment for more of a build's log, then tells of that and of everything else that may have changed.
#[server(name = FollowWorkspace, prefix = "/api/page", endpoint = "follow_workspace", protocol = Page)]
pub async fn follow_workspace(
    workspace_id: WorkspaceId,
    build_id: Option<BuildId>,
    offset: u64,
) -> Result<WorkspaceNews, AppError> {
    let (platform, actor) = super::signed_in()?;
    around::news(&platform, &actor, workspace_id, build_id, offset).await
}

/// Begins to start a workspace.
#[server(name = StartWorkspace, prefix = "/api/page", endpoint = "start_workspace", output = PageJson)]
pub async fn start_workspace(workspace_id: WorkspaceId) -> Result<Build, AppError> {
    around::build(workspace_id, Transition::Start).await
}

/// Begins to stop a workspace; a start that is under way ends.
#[server(name = StopWorkspace, prefix = "/api/page", endpoint = "stop_workspace", output = PageJson)]
pub async fn stop_workspace(workspace_id: WorkspaceId) -> Result<Build, AppError> {
    around::build(workspace_id, Transition::Stop).await
}

/// What deleting a workspace would lose.
#[server(name = FindUnsavedWork, prefix = "/api/page", endpoint = "unsaved_work", protocol = Page)]
pub async fn unsaved_work(workspace_id: WorkspaceId) -> Result<UnsavedWork, AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .get_unsaved_work(&actor, workspace_id)
        .await
        .map_err(super::failed)
}

/// Deletes a workspace; refused when work would be lost, unless `force` says that this is known.
#[server(name = RemoveWorkspace, prefix = "/api/page", endpoint = "delete_workspace", protocol = Page)]
pub async fn delete_workspace(workspace_id: WorkspaceId, force: bool) -> Result<(), AppError> {
    let (platform, actor) = super::signed_in()?;
    platform
        .delete_workspace(&actor, workspace_id, force)
        .await
        .map_err(super::failed)
}
