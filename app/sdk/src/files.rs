//! Files of chats: attached to messages by people, handed over by agents.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{FileId, OrganizationId, UserId};

/// Largest file.
pub const MAX_FILE_BYTES: u64 = 10 * 1024 * 1024;

/// Files of one chat.
pub const MAX_FILES_OF_A_CHAT: usize = 50;

/// What may be attached.
pub const MEDIA_TYPES: [&str; 8] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "text/plain",
    "text/markdown",
    "text/csv",
    "application/json",
];

/// Whether it is shown as a picture.
pub fn is_picture(media_type: &str) -> bool {
    media_type.starts_with("image/")
}

/// Where a file's bytes are.
pub fn address(id: FileId) -> String {
    format!("/api/experimental/chats/files/{id}")
}

/// Where a small picture of a picture is.
pub fn thumbnail_address(id: FileId) -> String {
    format!("/api/v2/files/{id}/thumbnail")
}

/// The answer to an upload.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadedFile {
    /// Names the file in messages.
    pub id: FileId,
}

/// What is known of a file besides its bytes.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatFile {
    /// Id.
    pub id: FileId,
    /// Who may read it.
    pub owner_id: UserId,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub mime_type: String,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

/// The organization that a file is uploaded to.
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadQuery {
    /// Its id.
    pub organization: OrganizationId,
}
