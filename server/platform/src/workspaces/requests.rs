//! Checking what a new workspace shall be made from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sdk::ids::{TemplateId, WorkspaceId};
use sdk::workspaces::{CreateWorkspace, WorkspaceMode};
use store::templates::{self, TemplateRow};
use store::{Db, allowed_folders};
use workspace::backend::Source;

use super::WorkspaceError;
use super::service::Workspaces;
use crate::allowed_folders::MAX_FOLDERS;
use crate::templates::parameters;
use crate::{Actor, Failure as _};

const MAX_NAME_CHARACTERS: usize = 64;
/// What a made-up name keeps of the template's.
const TEMPLATE_NAME_CHARACTERS: usize = 27;

/// A request that can be carried out.
pub(super) struct Checked {
    pub(super) name: Option<String>,
    pub(super) mode: WorkspaceMode,
    pub(super) folder: Option<String>,
    pub(super) template_id: Option<TemplateId>,
    pub(super) parameters: BTreeMap<String, String>,
}

pub(super) async fn check(
    db: &Db,
    service: &Workspaces,
    actor: &Actor,
    request: CreateWorkspace,
) -> Result<Checked, WorkspaceError> {
    let name = request.name.as_deref().map(check_name).transpose();
    let name = name.map_err(|detail| WorkspaceError::invalid("name", detail))?;
    if let Some(id) = request.template_id {
        return of_template(db, actor, id, name, request).await;
    }
    if !request.parameters.is_empty() {
        return Err(WorkspaceError::invalid(
            "parameters",
            "Parameters belong to a template; name one.",
        ));
    }
    let Some(folder) = request.folder else {
        return match request.mode {
            None | Some(WorkspaceMode::Empty) => Ok(Checked {
                name,
                mode: WorkspaceMode::Empty,
                folder: None,
                template_id: None,
                parameters: BTreeMap::new(),
            }),
            Some(_) => Err(WorkspaceError::invalid(
                "folder",
                "Choose an allowed folder: this mode needs one.",
            )),
        };
    };
    let folder = allowed_folder(db, &folder)
        .await
        .map_err(|detail| WorkspaceError::invalid("folder", detail))?;
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
            .check(&worktree)
            .await
            .map(|()| WorkspaceMode::Worktree),
        Some(WorkspaceMode::Direct) => backend.check(&direct).await.map(|()| WorkspaceMode::Direct),
        None if backend.check(&worktree).await.is_ok() => Ok(WorkspaceMode::Worktree),
        None => backend.check(&direct).await.map(|()| WorkspaceMode::Direct),
    };
    let mode = mode.map_err(|error| WorkspaceError::invalid("folder", error.to_string()))?;
    Ok(Checked {
        name,
        mode,
        folder: Some(folder.display().to_string()),
        template_id: None,
        parameters: BTreeMap::new(),
    })
}

/// A workspace as a template of the caller's organization says.
async fn of_template(
    db: &Db,
    actor: &Actor,
    id: TemplateId,
    name: Option<String>,
    request: CreateWorkspace,
) -> Result<Checked, WorkspaceError> {
    let row = templates::get(db, id).await?.filter(|row| {
        row.organization_id == actor.organization_id && !row.deleted && !row.deprecated
    });
    let row = row.ok_or_else(|| {
        WorkspaceError::invalid(
            "template_id",
            "There is no such template, or it is not to be used any more. Choose another one.",
        )
    })?;
    for (field, is_given) in [
        ("folder", request.folder.is_some()),
        ("mode", request.mode.is_some()),
    ] {
        if is_given {
            let detail = "The template decides this; leave it out.";
            return Err(WorkspaceError::invalid(field, detail));
        }
    }
    let parameters = parameters::resolve(&row.parameters, &request.parameters)
        .map_err(WorkspaceError::Invalid)?;
    Ok(Checked {
        name: Some(name.unwrap_or_else(|| name_of_template(&row))),
        mode: if row.folder.is_some() {
            WorkspaceMode::Worktree
        } else {
            WorkspaceMode::Empty
        },
        folder: row.folder,
        template_id: Some(id),
        parameters,
    })
}

/// The template's name and four random digits.
fn name_of_template(row: &TemplateRow) -> String {
    let base: String = row.name.chars().take(TEMPLATE_NAME_CHARACTERS).collect();
    format!("{base}-{:04x}", rand::random::<u16>())
}

/// The real folder when it is an allowed one or lies in one. Others are refused alike, whether they exist or not.
pub(crate) async fn allowed_folder(db: &Db, folder: &str) -> Result<PathBuf, String> {
    let refused = || "This folder is not allowed. Ask an owner to allow it.".to_owned();
    let real = Path::new(folder)
        .is_absolute()
        .then(|| Path::new(folder).canonicalize().ok())
        .flatten();
    let real = real.ok_or_else(refused)?;
    let allowed = allowed_folders::list(db, MAX_FOLDERS)
        .await
        .map_err(|error| error.message())?;
    let is_allowed = allowed.iter().any(|row| real.starts_with(&row.path));
    if is_allowed && real.to_str().is_some() {
        Ok(real)
    } else {
        Err(refused())
    }
}

/// A name that can stand in a URL and in a file's name.
pub(crate) fn check_name(name: &str) -> Result<String, &'static str> {
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
