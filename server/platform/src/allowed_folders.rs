//! Folders of the server's machine that local workspaces may use. Owners allow them, everybody chooses from them.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use sdk::allowed_folders::{AllowedFolder, CreateAllowedFolder};
use sdk::audit_log::AuditAction;
use sdk::errors::Validation;
use sdk::ids::AllowedFolderId;
use sdk::permissions::Permission;
use store::allowed_folders::{self, AllowedFolderRow};
use store::notices::ConfigKind;
use store::{Notice, StoreError};

use crate::audit_log::Change;
use crate::{Actor, Failure, FailureKind, Platform};

/// As many folders as there may be.
pub(crate) const MAX_FOLDERS: i64 = 500;

/// Why something about allowed folders failed.
#[derive(Debug, thiserror::Error)]
pub enum AllowedFolderError {
    /// The path cannot be allowed.
    #[error("The folder cannot be allowed. {0}")]
    Invalid(String),
    /// It is allowed already.
    #[error("This folder is allowed already.")]
    Taken,
    /// As many as there may be.
    #[error("There are {MAX_FOLDERS} allowed folders already. Remove one that is not needed.")]
    TooMany,
    /// No such folder.
    #[error("There is no such allowed folder.")]
    NotFound,
    /// Only owners may.
    #[error("Your role does not allow this. Ask an owner or administrator of this deployment.")]
    Forbidden,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for AllowedFolderError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Invalid(_) => FailureKind::Invalid,
            Self::Taken | Self::TooMany => FailureKind::Conflict,
            Self::NotFound => FailureKind::NotFound,
            Self::Forbidden => FailureKind::Forbidden,
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        match self {
            Self::Invalid(detail) => vec![Validation {
                field: "path".to_owned(),
                detail: detail.clone(),
            }],
            Self::Taken => vec![Validation {
                field: "path".to_owned(),
                detail: "This folder is allowed already.".to_owned(),
            }],
            _ => Vec::new(),
        }
    }
}

impl Platform {
    /// All allowed folders by path. Everybody who is signed in: they choose from them.
    pub async fn list_allowed_folders(
        &self,
        _actor: &Actor,
    ) -> Result<Vec<AllowedFolder>, AllowedFolderError> {
        let rows = allowed_folders::list(&self.0.db, MAX_FOLDERS).await?;
        Ok(rows.into_iter().map(describe).collect())
    }

    /// Allows a folder: an existing one, outside the server's data folder. Needs [`Permission::ManageSettings`].
    pub async fn create_allowed_folder(
        &self,
        actor: &Actor,
        request: CreateAllowedFolder,
    ) -> Result<AllowedFolder, AllowedFolderError> {
        actor.require(Permission::ManageSettings, AllowedFolderError::Forbidden)?;
        let path =
            check(&request.path, &self.0.options.data_dir).map_err(AllowedFolderError::Invalid)?;
        let known = allowed_folders::list(&self.0.db, MAX_FOLDERS).await?.len();
        if i64::try_from(known).is_ok_and(|known| known >= MAX_FOLDERS) {
            return Err(AllowedFolderError::TooMany);
        }
        let row = AllowedFolderRow {
            id: AllowedFolderId::generate(),
            path,
            created_at: self.0.clock.now(),
        };
        let mut tx = self.0.db.begin().await?;
        allowed_folders::insert(&mut tx, &row)
            .await
            .map_err(from_write)?;
        let change = Change::created(AuditAction::AllowedFolderCreate, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        self.publish_allowed_folders(row.id);
        Ok(describe(row))
    }

    /// Allows a folder no longer. Workspaces that use it go on. Needs [`Permission::ManageSettings`].
    pub async fn delete_allowed_folder(
        &self,
        actor: &Actor,
        id: AllowedFolderId,
    ) -> Result<(), AllowedFolderError> {
        actor.require(Permission::ManageSettings, AllowedFolderError::Forbidden)?;
        let mut tx = self.0.db.begin().await?;
        let row = allowed_folders::delete(&mut tx, id).await?;
        let row = row.ok_or(AllowedFolderError::NotFound)?;
        let change = Change::deleted(AuditAction::AllowedFolderDelete, &row);
        self.record(&mut tx, actor, change).await?;
        tx.commit().await?;
        self.publish_allowed_folders(id);
        Ok(())
    }

    fn publish_allowed_folders(&self, id: AllowedFolderId) {
        self.0.notices.publish(Notice::ConfigChanged {
            config: ConfigKind::AllowedFolders,
            id: Some(id.0),
        });
    }
}

/// The folder's real path, or what is wrong with it.
fn check(path: &str, data_dir: &Path) -> Result<String, String> {
    let asked = Path::new(path);
    if !asked.is_absolute() {
        return Err("Enter an absolute path, one that begins with /.".to_owned());
    }
    let real: PathBuf = asked.canonicalize().map_err(|_| {
        "There is no such folder on the server's machine. Check the path.".to_owned()
    })?;
    if !real.is_dir() {
        return Err("This is not a folder. Enter the path of one.".to_owned());
    }
    if real.parent().is_none() {
        return Err("This is the whole file system. Choose a folder in it.".to_owned());
    }
    if data_dir
        .canonicalize()
        .is_ok_and(|data_dir| real.starts_with(data_dir))
    {
        return Err("This is part of the server's data folder. Choose another one.".to_owned());
    }
    real.into_os_string()
        .into_string()
        .map_err(|_| "The folder's name is not UTF-8. Rename it or choose another one.".to_owned())
}

fn describe(row: AllowedFolderRow) -> AllowedFolder {
    // A look at the disk, not at git: a list of folders must not wait for programs.
    let folder = Path::new(&row.path);
    let is_git_repository = folder.join(".git").exists()
        || (folder.join("HEAD").is_file() && folder.join("objects").is_dir());
    AllowedFolder {
        id: row.id,
        is_git_repository,
        path: row.path,
        created_at: row.created_at,
    }
}

fn from_write(error: StoreError) -> AllowedFolderError {
    if error.unique_violation().is_some() {
        AllowedFolderError::Taken
    } else {
        error.into()
    }
}
