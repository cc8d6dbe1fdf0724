//! What the pages of workspaces show around them: names of templates, chats and owners, builds, logs. Server only.

use std::collections::HashMap;

use futures::future::join_all;
use platform::workspaces::WorkspaceError;
use platform::{Actor, Platform};
use sdk::chats::ChatsByWorkspace;
use sdk::ids::{BuildId, TemplateId, WorkspaceId};
use sdk::workspace_shares::WorkspacePermission;
use sdk::workspaces::{
    Build, BuildLog, CreateBuild, ListWorkspaces, ReadBuildLog, Transition, Workspace,
    WorkspaceStatus,
};

use super::{
    ChatName, LogPiece, OfferedWorkspace, TemplateName, WorkspaceNews, WorkspaceRow, WorkspaceView,
    log,
};
use crate::api::{failed, signed_in};
use crate::error::AppError;

/// How long the answer waits for more of a log: the state of the workspace is told with it.
const LOG_WAIT_SECONDS: u64 = 1;
/// Workspaces that are offered to a chat, of the reader's own and of others.
const OFFERED: u32 = 20;

pub(super) async fn rows(
    platform: &Platform,
    actor: &Actor,
    workspaces: Vec<Workspace>,
) -> Result<Vec<WorkspaceRow>, AppError> {
    if workspaces.is_empty() {
        return Ok(Vec::new());
    }
    let templates = templates(platform, actor, &workspaces).await?;
    let mut chats = chats(platform, actor, &workspaces).await?;
    let mut rows = Vec::with_capacity(workspaces.len());
    for workspace in workspaces {
        let standing = platform.get_workspace_standing(actor, &workspace).await;
        let standing = standing.map_err(failed)?;
        rows.push(WorkspaceRow {
            template: workspace
                .template_id
                .and_then(|id| templates.get(&id).cloned()),
            chat: chats.remove(&workspace.id),
            owner: standing.owner,
            permissions: standing.permissions,
            workspace: readable(workspace),
        });
    }
    Ok(rows)
}

async fn listed(
    platform: &Platform,
    actor: &Actor,
    shared: bool,
    limit: u32,
) -> Result<Vec<Workspace>, AppError> {
    let query = ListWorkspaces {
        limit: Some(limit),
        shared,
        ..ListWorkspaces::default()
    };
    platform
        .list_workspaces(actor, &query)
        .await
        .map_err(failed)
}

pub(super) async fn is_any_shared(platform: &Platform, actor: &Actor) -> Result<bool, AppError> {
    let first = listed(platform, actor, true, 1).await?;
    Ok(!first.is_empty())
}

/// Workspaces in which a chat of the reader may work: `wanted` first, then their own, then those of others.
pub async fn offered(
    platform: &Platform,
    actor: &Actor,
    wanted: Option<WorkspaceId>,
) -> Result<Vec<OfferedWorkspace>, AppError> {
    let mut workspaces = listed(platform, actor, false, OFFERED).await?;
    workspaces.extend(listed(platform, actor, true, OFFERED).await?);
    if let Some(id) = wanted
        && workspaces.iter().all(|workspace| workspace.id != id)
        && let Ok(workspace) = platform.get_workspace(actor, id).await
    {
        workspaces.insert(0, workspace);
    }
    let mut offered = Vec::with_capacity(workspaces.len());
    for workspace in workspaces {
        // What is not theirs any more is not offered.
        let Ok(standing) = platform.get_workspace_standing(actor, &workspace).await else {
            continue;
        };
        let may_work = standing.permissions.contains(&WorkspacePermission::Ssh);
        if may_work && workspace.status != WorkspaceStatus::Deleted {
            offered.push(OfferedWorkspace {
                id: workspace.id,
                owner: standing.owner,
                name: workspace.name,
            });
        }
    }
    Ok(offered)
}

async fn templates(
    platform: &Platform,
    actor: &Actor,
    workspaces: &[Workspace],
) -> Result<HashMap<TemplateId, TemplateName>, AppError> {
    if workspaces.iter().all(|it| it.template_id.is_none()) {
        return Ok(HashMap::new());
    }
    let templates = platform.list_templates(actor).await.map_err(failed)?;
    let name = |template: sdk::templates::Template| {
        let title = template.title().to_owned();
        let icon = template.icon;
        (template.id, TemplateName { title, icon })
    };
    Ok(templates.into_iter().map(name).collect())
}

async fn chats(
    platform: &Platform,
    actor: &Actor,
    workspaces: &[Workspace],
) -> Result<HashMap<WorkspaceId, ChatName>, AppError> {
    let ids: Vec<String> = workspaces.iter().map(|it| it.id.to_string()).collect();
    let query = ChatsByWorkspace {
        workspace_ids: ids.join(","),
    };
    let chats = platform
        .list_chats_by_workspace(actor, query)
        .await
        .map_err(failed)?;
    let named = chats.into_iter().map(|(workspace, id)| async move {
        // A chat that was deleted meanwhile is none.
        let chat = platform.get_chat(actor, id).await.ok()?;
        let title = chat.title;
        Some((workspace, ChatName { id, title }))
    });
    Ok(join_all(named).await.into_iter().flatten().collect())
}

pub(super) async fn view(
    platform: &Platform,
    actor: &Actor,
    id: WorkspaceId,
    wanted: Option<BuildId>,
) -> Result<WorkspaceView, AppError> {
    let builds = builds(platform, actor, id).await?;
    let shown = wanted
        .filter(|wanted| builds.iter().any(|build| build.id == *wanted))
        .or_else(|| super::telling(&builds));
    let log = piece(platform, actor, (id, shown), ReadBuildLog::default()).await?;
    let workspace = platform.get_workspace(actor, id).await.map_err(failed)?;
    let acl = match platform.get_workspace_acl(actor, id).await {
        Ok(acl) => Some(acl),
        Err(WorkspaceError::NotYours) => None,
        Err(error) => return Err(failed(error)),
    };
    let mut rows = rows(platform, actor, vec![workspace]).await?;
    let row = rows.pop().ok_or_else(gone)?;
    Ok(WorkspaceView {
        row,
        acl,
        limits: platform.workspace_limits(),
        builds,
        shown,
        log,
    })
}

pub(super) async fn news(
    platform: &Platform,
    actor: &Actor,
    id: WorkspaceId,
    build: Option<BuildId>,
    offset: u64,
) -> Result<WorkspaceNews, AppError> {
    let query = ReadBuildLog {
        offset,
        wait_seconds: LOG_WAIT_SECONDS,
    };
    // The log first: what is told with it is not older.
    let log = piece(platform, actor, (id, build), query).await?;
    let builds = builds(platform, actor, id).await?;
    let workspace = platform.get_workspace(actor, id).await.map_err(failed)?;
    Ok(WorkspaceNews {
        workspace: readable(workspace),
        builds,
        log,
    })
}

async fn builds(
    platform: &Platform,
    actor: &Actor,
    id: WorkspaceId,
) -> Result<Vec<Build>, AppError> {
    let builds = platform.list_builds(actor, id).await.map_err(failed)?;
    let builds = builds.into_iter().map(|build| Build {
        reason: build.reason.as_deref().map(sentence),
        ..build
    });
    Ok(builds.collect())
}

async fn piece(
    platform: &Platform,
    actor: &Actor,
    (id, build): (WorkspaceId, Option<BuildId>),
    query: ReadBuildLog,
) -> Result<LogPiece, AppError> {
    let Some(build) = build else {
        return Ok(LogPiece {
            is_finished: true,
            ..LogPiece::default()
        });
    };
    let BuildLog {
        text,
        next_offset,
        is_finished,
    } = platform
        .get_build_log(actor, id, build, query)
        .await
        .map_err(failed)?;
    let (end, is_cut) = log::end_of(&text);
    Ok(LogPiece {
        text: log::readable(end),
        next_offset,
        is_finished,
        is_cut,
    })
}

/// Begins a build.
pub(super) async fn build(id: WorkspaceId, transition: Transition) -> Result<Build, AppError> {
    let (platform, actor) = signed_in()?;
    let request = CreateBuild {
        transition,
        parameters: std::collections::BTreeMap::default(),
        force: false,
    };
    platform
        .create_build(&actor, id, request)
        .await
        .map_err(failed)
}

fn readable(workspace: Workspace) -> Workspace {
    Workspace {
        status_reason: workspace.status_reason.as_deref().map(sentence),
        ..workspace
    }
}

/// A reason that can be read; it begins a sentence here.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    log::readable(&(first.unwrap_or_default() + letters.as_str()))
}

fn gone() -> AppError {
    AppError::new(
        crate::error::ErrorCode::NotFound,
        "There is no such workspace.",
    )
}
