//! The branch that each chat works on, and since when what is known of it at its git host is out of date.

use chrono::{DateTime, Utc};
use sdk::ids::ChatId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, on_reader, on_writer};

const GET: &str = "SELECT chat_id, git_branch, git_remote_origin, stale_at, created_at, updated_at \
     FROM chat_diff_statuses WHERE chat_id = $1";
const MARK_STALE: &str = "INSERT INTO chat_diff_statuses (chat_id, git_branch, git_remote_origin, stale_at, created_at, \
     updated_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (chat_id) DO UPDATE SET \
     git_branch = CASE WHEN excluded.git_branch = '' THEN chat_diff_statuses.git_branch ELSE excluded.git_branch END, \
     git_remote_origin = CASE WHEN excluded.git_remote_origin = '' THEN chat_diff_statuses.git_remote_origin \
     ELSE excluded.git_remote_origin END, \
     stale_at = excluded.stale_at, updated_at = excluded.updated_at";

/// What is known of a chat's branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffStatusRow {
    /// The chat.
    pub chat_id: ChatId,
    /// The branch.
    pub git_branch: String,
    /// The address of its remote.
    pub git_remote_origin: String,
    /// Since when it has to be asked for anew.
    pub stale_at: DateTime<Utc>,
    /// When it was first known.
    pub created_at: DateTime<Utc>,
    /// When somebody last worked on it.
    pub updated_at: DateTime<Utc>,
}

/// A branch of a chat that was just worked on.
#[derive(Clone, Copy, Debug)]
pub struct StaleReference<'a> {
    /// The chat.
    pub chat_id: ChatId,
    /// The branch; empty keeps what is known.
    pub git_branch: &'a str,
    /// The address of its remote; empty keeps what is known.
    pub git_remote_origin: &'a str,
    /// Since when it has to be asked for anew.
    pub stale_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

#[derive(FromRow)]
struct Raw {
    chat_id: Uuid,
    git_branch: String,
    git_remote_origin: String,
    stale_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Raw> for DiffStatusRow {
    fn from(raw: Raw) -> Self {
        Self {
            chat_id: ChatId(raw.chat_id),
            git_branch: raw.git_branch,
            git_remote_origin: raw.git_remote_origin,
            stale_at: raw.stale_at,
            created_at: raw.created_at,
            updated_at: raw.updated_at,
        }
    }
}

/// What is known of a chat's branch, if anything.
pub async fn get(db: &Db, chat: ChatId) -> Result<Option<DiffStatusRow>, StoreError> {
    let raw: Option<Raw> = on_reader!(db, pool =>
        sqlx::query_as(GET).bind(chat.0).fetch_optional(pool).await?);
    Ok(raw.map(DiffStatusRow::from))
}

/// Notes that a chat's branch changed at its git host, or may have.
pub async fn mark_stale(db: &Db, reference: StaleReference<'_>) -> Result<(), StoreError> {
    on_writer!(db, pool => sqlx::query(MARK_STALE)
        .bind(reference.chat_id.0)
        .bind(reference.git_branch)
        .bind(reference.git_remote_origin)
        .bind(reference.stale_at)
        .bind(reference.now)
        .execute(pool)
        .await
        .map(drop)?);
    Ok(())
}

crate::statements![GET, MARK_STALE];
