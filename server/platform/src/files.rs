//! Files of chats: people upload them, send them in messages, and see them again. A file is for its owner alone; for anybody
//! else it does not exist.

#[cfg(test)]
mod tests;

use std::time::Duration;

use chatd::files::{Refused, accept};
use chrono::TimeDelta;
use sdk::errors::Validation;
use sdk::files::{ChatFile, MAX_FILES_OF_A_CHAT, UploadedFile};
use sdk::ids::{ChatId, FileId, OrganizationId};
use sdk::permissions::Permission;
pub use store::files::ReadFile;
use store::files::{self, Variant};
use store::{StoreError, users};

use crate::{Actor, Failure, FailureKind, Platform};

/// Files of one person that stand in no chat.
const MAX_UNSENT: u64 = 200;
/// How long files are kept that stand in no chat.
const UNSENT_DAYS: i64 = 7;
/// How often it is looked whether some are older.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// Files removed in one go: whoever else wants to write waits for it.
const BATCH: i64 = 20;

/// Why something about files failed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file was not taken.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Their account may not use agents.
    #[error(
        "Your account may not use agents. Ask an owner or administrator of this deployment for access."
    )]
    NoAgentsAccess,
    /// Not the caller's organization.
    #[error("You do not belong to this organization. Upload the file to yours.")]
    ForeignOrganization,
    /// As many as there may be.
    #[error("You have {MAX_UNSENT} files that were not sent yet. Send or remove some of them.")]
    TooMany,
    /// No such file for the caller.
    #[error("There is no such file.")]
    NotFound,
    /// It was sent.
    #[error("There is no such file that was not sent yet. Files of messages stay with their chat.")]
    NotUnsent,
    /// It is no picture.
    #[error("The file is not a picture.")]
    NotAPicture,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for FileError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Refused(Refused::TooLarge) => FailureKind::TooLarge,
            Self::Refused(Refused::Inside) => FailureKind::Internal,
            Self::Refused(_) | Self::NotAPicture => FailureKind::Invalid,
            Self::ForeignOrganization | Self::NoAgentsAccess => FailureKind::Forbidden,
            Self::TooMany => FailureKind::Conflict,
            Self::NotFound | Self::NotUnsent => FailureKind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn validations(&self) -> Vec<Validation> {
        let field = match self {
            Self::Refused(Refused::Nameless) => "filename",
            Self::Refused(_) => "file",
            _ => return Vec::new(),
        };
        vec![Validation {
            field: field.to_owned(),
            detail: self.to_string(),
        }]
    }
}

impl Platform {
    /// Takes a file, to be sent in a message later. `declared` is the media type that the caller says.
    pub async fn upload_file(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        name: &str,
        declared: &str,
        data: Vec<u8>,
    ) -> Result<UploadedFile, FileError> {
        actor.require(Permission::UseAgents, FileError::NoAgentsAccess)?;
        if organization != actor.organization_id {
            return Err(FileError::ForeignOrganization);
        }
        let new = accept(name, Some(declared), data).await?;
        let file = ChatFile {
            id: FileId::generate(),
            owner_id: actor.user_id,
            organization_id: organization,
            name: new.name.clone(),
            mime_type: new.content.media_type.clone(),
            created_at: self.0.clock.now(),
        };
        let mut tx = self.0.db.begin().await?;
        // The lock keeps two uploads from both being the last one.
        users::lock(&mut tx, actor.user_id)
            .await?
            .ok_or(FileError::NotFound)?;
        if files::count_unsent(&mut tx, actor.user_id).await? >= MAX_UNSENT {
            return Err(FileError::TooMany);
        }
        files::insert(&mut tx, &file, &new).await?;
        tx.commit().await?;
        Ok(UploadedFile { id: file.id })
    }

    /// The caller's file.
    pub async fn read_file(&self, actor: &Actor, id: FileId) -> Result<ReadFile, FileError> {
        let file = files::read(&self.0.db, id, actor.user_id).await?;
        file.ok_or(FileError::NotFound)
    }

    /// A small picture of the caller's picture; the picture itself when it is small.
    pub async fn read_thumbnail(&self, actor: &Actor, id: FileId) -> Result<ReadFile, FileError> {
        let (db, owner) = (&self.0.db, actor.user_id);
        if let Some(small) = files::read_variant(db, id, owner, Variant::Thumbnail).await? {
            return Ok(small);
        }
        let file = self.read_file(actor, id).await?;
        if sdk::files::is_picture(&file.content.media_type) {
            Ok(file)
        } else {
            Err(FileError::NotAPicture)
        }
    }

    /// Removes a file of the caller that was not sent.
    pub async fn delete_file(&self, actor: &Actor, id: FileId) -> Result<(), FileError> {
        if files::delete_unsent(&self.0.db, id, actor.user_id).await? {
            Ok(())
        } else {
            Err(FileError::NotUnsent)
        }
    }

    /// What to tell the sender of these files: the chat held too many already.
    pub(crate) async fn unlinked_files(
        &self,
        chat: ChatId,
        ids: &[FileId],
    ) -> Result<Vec<String>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let linked = files::linked(&self.0.db, chat, ids).await?;
        if ids.iter().all(|id| linked.contains(id)) {
            return Ok(Vec::new());
        }
        Ok(vec![format!(
            "This chat holds {MAX_FILES_OF_A_CHAT} files already. Those of this message can be read for {UNSENT_DAYS} days only; \
             go on in a new chat to keep more."
        )])
    }

    /// Looks again and again, first at once.
    pub(crate) fn start_removing_unsent_files(&self) {
        let platform = self.clone();
        self.0.background.spawn(async move {
            loop {
                match platform.remove_unsent_files().await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(count, "files that stood in no chat were removed"),
                    Err(error) => {
                        tracing::warn!(%error, "files that stand in no chat could not be removed; tried again in an hour");
                    }
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
    }

    /// Removes the files that stand in no chat and are too old; gives how many.
    pub(crate) async fn remove_unsent_files(&self) -> Result<u64, StoreError> {
        let before = self.0.clock.now() - TimeDelta::days(UNSENT_DAYS);
        let mut count = 0;
        loop {
            let removed = files::delete_old(&self.0.db, before, BATCH).await?;
            if removed == 0 {
                return Ok(count);
            }
            count += removed;
        }
    }
}
