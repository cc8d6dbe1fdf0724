//! Checking what a new workspace shall be made from.

use std::path::{Path, PathBuf};

use sdk::ids::WorkspaceId;
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};
use store::{Db, allowed_folders};
use workspace::backend::Source;

use super::WorkspaceError;
use super::service::Workspaces;
use crate::allowed_folders::MAX_FOLDERS;

const MAX_NAME_CHARACTERS: usize = 64;

/// A request that can be carried out.
pub(super) struct Checked {
    pub(super) name: Option<String>,
    pub(super) mode: WorkspaceMode,
    pub(super) folder: Option<String>,
}

pub(super) async fn check(
    db: &Db,
    service: &Workspaces,
    request: CreateWorkspace,
) -> Result<Checked, WorkspaceError> {
    if request.template_id.is_some() {
        return Err(WorkspaceError::invalid(
            "template_id",
            "there is no such template",
        ));
    }
    let name = request.name.as_deref().map(check_name).transpose();
    let name = name.map_err(|detail| WorkspaceError::invalid("name", detail))?;
    let Some(folder) = request.folder else {
        return match request.mode {
            None | Some(WorkspaceMode::Empty) => Ok(Checked {
                name,
                mode: WorkspaceMode::Empty,
                folder: None,
            }),
            Some(_) => Err(WorkspaceError::invalid(
                "folder",
                "Choose an allowed folder: this mode needs one.",
            )),
        };
    };
    let folder = allowed(db, &folder).await?;
    let worktree = Source::Worktree {
        folder: folder.clone(),
        title: String::new(),
    };
    let direct = Source::Direct {
        folder: folder.clone(),
    };
    let backend = service.backend();
    let mode = match request.mode {
        Some(WorkspaceMode::Empty) => {
            return Err(WorkspaceError::invalid(
                "mode",
                "an empty workspace has no folder; leave one of them out",
            ));
        }
        Some(WorkspaceMode::Worktree) => backend
            .inspect(&worktree)
            .await
            .map(|_| WorkspaceMode::Worktree),
        Some(WorkspaceMode::Direct) => backend
            .inspect(&direct)
            .await
            .map(|_| WorkspaceMode::Direct),
        None if backend.inspect(&worktree).await.is_ok() => Ok(WorkspaceMode::Worktree),
        None => backend
            .inspect(&direct)
            .await
            .map(|_| WorkspaceMode::Direct),
    };
    let mode = mode.map_err(|error| WorkspaceError::invalid("folder", error.to_string()))?;
    Ok(Checked {
        name,
        mode,
        folder: Some(folder.display().to_string()),
    })
}

/// The real folder when it is an allowed one or lies in one. Others are refused alike, whether they exist or not.
async fn allowed(db: &Db, folder: &str) -> Result<PathBuf, WorkspaceError> {
    let refused = || {
        WorkspaceError::invalid(
            "folder",
            "This folder is not allowed. Ask an owner to allow it.",
        )
    };
    let real = Path::new(folder)
        .is_absolute()
        .then(|| Path::new(folder).canonicalize().ok())
        .flatten();
    let real = real.ok_or_else(refused)?;
    let allowed = allowed_folders::list(db, MAX_FOLDERS).await?;
    let is_allowed = allowed.iter().any(|row| real.starts_with(&row.path));
    if is_allowed && real.to_str().is_some() {
        Ok(real)
    } else {
        Err(refused())
    }
}

/// A name that can stand in a URL and in a file's name.
pub(super) fn check_name(name: &str) -> Result<String, &'static str> {
    let name = name.trim();
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let begins_well = name
        .chars()
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric());
    if begins_well && name.len() <= MAX_NAME_CHARACTERS && name.chars().all(is_plain) {
        Ok(name.to_owned())
    } else {
        Err(
            "Use 1 to 64 letters, digits, hyphens, dots or underscores, and begin with a letter or digit.",
        )
    }
}

/// The folder's name, as far as it may be used, and the random end of the id.
pub(super) fn made_up_name(folder: Option<&str>, id: WorkspaceId) -> String {
    let base = folder.and_then(|folder| Path::new(folder).file_name()?.to_str());
    let plain: String = base
        .unwrap_or("workspace")
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || "-_.".contains(*character))
        .take(MAX_NAME_CHARACTERS / 2)
        .collect();
    let plain = plain.trim_start_matches(['-', '_', '.']);
    let digits = id.0.simple().to_string();
    let end = digits
        .get(digits.len().saturating_sub(6)..)
        .unwrap_or_default();
    format!(
        "{}-{end}",
        if plain.is_empty() { "workspace" } else { plain }
    )
}
