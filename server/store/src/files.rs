//! Files of chats, smaller variants of their pictures, and the chats they were sent in.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use sdk::files::ChatFile;
use sdk::ids::{ChatId, FileId, OrganizationId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::dialect::hex_ids;
use crate::{Db, StoreError, Tx, on_reader, on_tx, on_writer};

const INSERT: &str = "INSERT INTO chat_files (id, owner_id, organization_id, name, mimetype, size_bytes, created_at, data) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const INSERT_VARIANT: &str =
    "INSERT INTO chat_file_variants (file_id, variant, mimetype, data) VALUES ($1, $2, $3, $4)";
const COUNT_UNSENT: &str = "SELECT COUNT(*) FROM chat_files f WHERE owner_id = $1 \
     AND NOT EXISTS (SELECT 1 FROM chat_file_links l WHERE l.file_id = f.id)";
const READ: &str = "SELECT name, mimetype, data FROM chat_files WHERE id = $1 AND owner_id = $2";
const READ_VARIANT: &str = "SELECT f.name, v.mimetype, v.data FROM chat_file_variants v \
     JOIN chat_files f ON f.id = v.file_id WHERE v.file_id = $1 AND f.owner_id = $2 AND v.variant = $3";
const OF_CHAT: &str = "SELECT f.id, f.owner_id, f.organization_id, f.name, f.mimetype, f.created_at \
     FROM chat_file_links l JOIN chat_files f ON f.id = l.file_id WHERE l.chat_id = $1 AND l.is_attachment \
     ORDER BY l.created_at, f.id";
const COUNT_LINKS: &str =
    "SELECT COUNT(*) FROM chat_file_links WHERE chat_id = $1 AND is_attachment";
const LINK: &str = "INSERT INTO chat_file_links (chat_id, file_id, created_at) \
     SELECT $1, id, $3 FROM chat_files WHERE id = $2 ON CONFLICT (chat_id, file_id) DO NOTHING";
const LINK_SCREENSHOT: &str = "INSERT INTO chat_file_links (chat_id, file_id, created_at, is_attachment) \
     VALUES ($1, $2, $3, FALSE)";
const DELETE_SCREENSHOTS: &str = "DELETE FROM chat_files WHERE id IN (SELECT file_id FROM chat_file_links \
     WHERE chat_id = $1 AND NOT is_attachment ORDER BY created_at DESC, file_id DESC LIMIT 100 OFFSET $2)";
const UNLINK: &str = "DELETE FROM chat_file_links WHERE chat_id = $1 AND file_id = $2";
const DELETE_UNSENT: &str = "DELETE FROM chat_files WHERE id = $1 AND owner_id = $2 \
     AND NOT EXISTS (SELECT 1 FROM chat_file_links l WHERE l.file_id = chat_files.id)";
const DELETE_OLD: &str = "DELETE FROM chat_files WHERE id IN (SELECT id FROM chat_files f WHERE created_at < $1 \
     AND NOT EXISTS (SELECT 1 FROM chat_file_links l WHERE l.file_id = f.id) ORDER BY created_at LIMIT $2)";

macro_rules! owned {
    ($files:literal) => {
        concat!(
            "SELECT id, owner_id, organization_id, name, mimetype, created_at FROM chat_files \
             WHERE owner_id = $1 AND id ",
            $files
        )
    };
}
const OWNED_SQLITE: &str = owned!("IN (SELECT unhex(value) FROM json_each($2))");
const OWNED_POSTGRES: &str = owned!("= ANY($2)");

macro_rules! linked {
    ($files:literal) => {
        concat!(
            "SELECT file_id FROM chat_file_links WHERE chat_id = $1 AND file_id ",
            $files
        )
    };
}
const LINKED_SQLITE: &str = linked!("IN (SELECT unhex(value) FROM json_each($2))");
const LINKED_POSTGRES: &str = linked!("= ANY($2)");

/// A smaller picture of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// For the page.
    Thumbnail,
    /// For models, which refuse or shrink larger ones.
    Model,
}

impl Variant {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Thumbnail => "thumbnail",
            Self::Model => "model",
        }
    }
}

/// Bytes with what they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// Media type.
    pub media_type: String,
    /// The bytes.
    pub data: Vec<u8>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Content({}, {} bytes)",
            self.media_type,
            self.data.len()
        )
    }
}

/// A file that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub content: Content,
    /// Smaller pictures of it.
    pub variants: Vec<(Variant, Content)>,
}

/// A file as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFile {
    /// Its name.
    pub name: String,
    /// What was asked for.
    pub content: Content,
}

#[derive(FromRow)]
struct RawFile {
    id: Uuid,
    owner_id: Uuid,
    organization_id: Uuid,
    name: String,
    mimetype: String,
    created_at: DateTime<Utc>,
}

impl From<RawFile> for ChatFile {
    fn from(raw: RawFile) -> Self {
        Self {
            id: FileId(raw.id),
            owner_id: UserId(raw.owner_id),
            organization_id: OrganizationId(raw.organization_id),
            name: raw.name,
            mime_type: raw.mimetype,
            created_at: raw.created_at,
        }
    }
}

#[derive(FromRow)]
struct RawContent {
    name: String,
    mimetype: String,
    data: Vec<u8>,
}

impl From<RawContent> for ReadFile {
    fn from(raw: RawContent) -> Self {
        Self {
            name: raw.name,
            content: Content {
                media_type: raw.mimetype,
                data: raw.data,
            },
        }
    }
}

/// Stores a file.
pub async fn insert(tx: &mut Tx, file: &ChatFile, new: &NewFile) -> Result<(), StoreError> {
    let size_bytes = i64::try_from(new.content.data.len()).unwrap_or(i64::MAX);
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(file.id.0)
        .bind(file.owner_id.0)
        .bind(file.organization_id.0)
        .bind(&file.name)
        .bind(&file.mime_type)
        .bind(size_bytes)
        .bind(file.created_at)
        .bind(&new.content.data)
        .execute(connection)
        .await
        .map(drop)?);
    for (variant, content) in &new.variants {
        on_tx!(tx, connection => sqlx::query(INSERT_VARIANT)
            .bind(file.id.0)
            .bind(variant.as_str())
            .bind(&content.media_type)
            .bind(&content.data)
            .execute(connection)
            .await
            .map(drop)?);
    }
    Ok(())
}

/// How many files of a person stand in no chat.
pub async fn count_unsent(tx: &mut Tx, owner: UserId) -> Result<u64, StoreError> {
    let count: i64 = on_tx!(tx, connection => sqlx::query_scalar(COUNT_UNSENT)
        .bind(owner.0)
        .fetch_one(connection)
        .await?);
    Ok(u64::try_from(count).unwrap_or_default())
}

/// A person's file; anybody else's is not there.
pub async fn read(db: &Db, id: FileId, owner: UserId) -> Result<Option<ReadFile>, StoreError> {
    let raw: Option<RawContent> = on_reader!(db, pool => sqlx::query_as(READ)
        .bind(id.0)
        .bind(owner.0)
        .fetch_optional(pool)
        .await?);
    Ok(raw.map(ReadFile::from))
}

/// A smaller picture of a person's picture; `None` also when the picture is small itself.
pub async fn read_variant(
    db: &Db,
    id: FileId,
    owner: UserId,
    variant: Variant,
) -> Result<Option<ReadFile>, StoreError> {
    let raw: Option<RawContent> = on_reader!(db, pool => sqlx::query_as(READ_VARIANT)
        .bind(id.0)
        .bind(owner.0)
        .bind(variant.as_str())
        .fetch_optional(pool)
        .await?);
    Ok(raw.map(ReadFile::from))
}

/// Those of these files that are a person's, in no order.
pub async fn owned(db: &Db, owner: UserId, ids: &[FileId]) -> Result<Vec<ChatFile>, StoreError> {
    let rows: Vec<RawFile> = match db {
        Db::Sqlite { reader, .. } => {
            sqlx::query_as(OWNED_SQLITE)
                .bind(owner.0)
                .bind(hex_ids(ids.iter().map(|id| id.0)))
                .fetch_all(reader)
                .await?
        }
        Db::Postgres(pool) => {
            let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
            sqlx::query_as(OWNED_POSTGRES)
                .bind(owner.0)
                .bind(ids)
                .fetch_all(pool)
                .await?
        }
    };
    Ok(rows.into_iter().map(ChatFile::from).collect())
}

/// The files that were sent in a chat, the first one first.
pub async fn of_chat(db: &Db, chat: ChatId) -> Result<Vec<ChatFile>, StoreError> {
    let rows: Vec<RawFile> = on_reader!(db, pool => sqlx::query_as(OF_CHAT)
        .bind(chat.0)
        .fetch_all(pool)
        .await?);
    Ok(rows.into_iter().map(ChatFile::from).collect())
}

/// Which of these files count as sent in the chat.
pub async fn linked(db: &Db, chat: ChatId, ids: &[FileId]) -> Result<Vec<FileId>, StoreError> {
    let rows: Vec<Uuid> = match db {
        Db::Sqlite { reader, .. } => {
            sqlx::query_scalar(LINKED_SQLITE)
                .bind(chat.0)
                .bind(hex_ids(ids.iter().map(|id| id.0)))
                .fetch_all(reader)
                .await?
        }
        Db::Postgres(pool) => {
            let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
            sqlx::query_scalar(LINKED_POSTGRES)
                .bind(chat.0)
                .bind(ids)
                .fetch_all(pool)
                .await?
        }
    };
    Ok(rows.into_iter().map(FileId).collect())
}

/// Counts files as sent in a chat: all of them, or none when it would hold more than `limit`.
pub async fn link(
    tx: &mut Tx,
    chat: ChatId,
    ids: &[FileId],
    limit: usize,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut added = Vec::new();
    for id in ids {
        let rows = on_tx!(tx, connection => sqlx::query(LINK)
            .bind(chat.0)
            .bind(id.0)
            .bind(now)
            .execute(connection)
            .await?
            .rows_affected());
        if rows > 0 {
            added.push(*id);
        }
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    if added.is_empty() || count_links(tx, chat).await? <= limit {
        return Ok(true);
    }
    for id in added {
        on_tx!(tx, connection => sqlx::query(UNLINK)
            .bind(chat.0)
            .bind(id.0)
            .execute(connection)
            .await
            .map(drop)?);
    }
    Ok(false)
}

/// Keeps a picture of a desktop for a chat, which does not count among the files that were sent in it. Of these the chat
/// keeps the newest `kept`; older ones are removed.
pub async fn link_screenshot(
    tx: &mut Tx,
    chat: ChatId,
    file: FileId,
    kept: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(LINK_SCREENSHOT)
        .bind(chat.0)
        .bind(file.0)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)?);
    on_tx!(tx, connection => sqlx::query(DELETE_SCREENSHOTS)
        .bind(chat.0)
        .bind(kept)
        .execute(connection)
        .await
        .map(drop)?);
    Ok(())
}

async fn count_links(tx: &mut Tx, chat: ChatId) -> Result<i64, StoreError> {
    Ok(on_tx!(tx, connection => sqlx::query_scalar(COUNT_LINKS)
        .bind(chat.0)
        .fetch_one(connection)
        .await?))
}

/// Removes a person's file that stands in no chat; `false` when there is none.
pub async fn delete_unsent(db: &Db, id: FileId, owner: UserId) -> Result<bool, StoreError> {
    let deleted = on_writer!(db, pool => sqlx::query(DELETE_UNSENT)
        .bind(id.0)
        .bind(owner.0)
        .execute(pool)
        .await?
        .rows_affected());
    Ok(deleted > 0)
}

/// Removes files from before a time that stand in no chat, at most `limit`; gives how many.
pub async fn delete_old(db: &Db, before: DateTime<Utc>, limit: i64) -> Result<u64, StoreError> {
    Ok(on_writer!(db, pool => sqlx::query(DELETE_OLD)
        .bind(before)
        .bind(limit)
        .execute(pool)
        .await?
        .rows_affected()))
}

crate::statements![
    INSERT,
    INSERT_VARIANT,
    COUNT_UNSENT,
    READ,
    READ_VARIANT,
    OF_CHAT,
    COUNT_LINKS,
    LINK,
    LINK_SCREENSHOT,
    DELETE_SCREENSHOTS,
    UNLINK,
    DELETE_UNSENT,
    DELETE_OLD;
    OWNED_SQLITE => OWNED_POSTGRES,
    LINKED_SQLITE => LINKED_POSTGRES
];
