//! What git hosts say by themselves: that something changed at a branch or a pull request.

use chrono::{DateTime, Utc};
use sdk::ids::ChatId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Db, StoreError, on_reader, on_writer};

const OF_BRANCH: &str = "SELECT d.chat_id, d.git_remote_origin FROM chat_diff_statuses d \
     JOIN chats t ON t.id = d.chat_id WHERE d.git_branch = $1 AND d.chat_id > $2 AND NOT t.archived \
     ORDER BY d.chat_id LIMIT $3";
const OF_PULL_REQUEST: &str = "SELECT d.chat_id, d.git_remote_origin FROM chat_diff_statuses d \
     JOIN chats t ON t.id = d.chat_id WHERE d.pr_number = $1 AND d.chat_id > $2 AND NOT t.archived \
     ORDER BY d.chat_id LIMIT $3";

/// When the next look may be: now, when the one that was planned last is; or `$4`.
macro_rules! planned {
    () => {
        "CASE WHEN hinted_at IS NULL OR hinted_at <= $3 THEN $2 WHEN hinted_at > $2 THEN hinted_at ELSE $4 END"
    };
}

/// What waits for somebody to act is not helped by a look.
const HINT: &str = concat!(
    "UPDATE chat_diff_statuses SET marks = marks + 1, hinted_at = ",
    planned!(),
    ", stale_at = CASE WHEN stale_at < ",
    planned!(),
    " THEN stale_at ELSE ",
    planned!(),
    " END WHERE chat_id = $1 AND (problem IS NULL OR problem NOT IN ('unknown_host', 'suspended', 'no_token', \
     'bad_credentials', 'forbidden'))"
);

/// A chat, and where its branch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The chat.
    pub chat_id: ChatId,
    /// The address of its remote.
    pub git_remote_origin: String,
}

/// What a host may have spoken of, at whatever remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'a> {
    /// A branch.
    Branch(&'a str),
    /// A pull request that is known of a branch.
    PullRequest(i32),
}

/// When a look that a host asked for may be.
#[derive(Clone, Copy, Debug)]
pub struct Hint {
    /// Now.
    pub now: DateTime<Utc>,
    /// A look that was asked for after this is followed by another one no sooner than at `later`.
    pub recently: DateTime<Utc>,
    /// When then.
    pub later: DateTime<Utc>,
}

#[derive(FromRow)]
struct Raw {
    chat_id: Uuid,
    git_remote_origin: String,
}

/// Chats that are not archived and work on what was named, at whatever remote, by id: at most `limit` after `after`.
pub async fn list_named(
    db: &Db,
    named: Named<'_>,
    after: Option<ChatId>,
    limit: i64,
) -> Result<Vec<Reference>, StoreError> {
    let after = after.map_or_else(Uuid::nil, |chat| chat.0);
    let rows: Vec<Raw> = match named {
        Named::Branch(branch) => on_reader!(db, pool => sqlx::query_as(OF_BRANCH)
            .bind(branch)
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await?),
        Named::PullRequest(number) => on_reader!(db, pool => sqlx::query_as(OF_PULL_REQUEST)
            .bind(number)
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await?),
    };
    let references = rows.into_iter().map(|raw| Reference {
        chat_id: ChatId(raw.chat_id),
        git_remote_origin: raw.git_remote_origin,
    });
    Ok(references.collect())
}

/// Makes a chat's branch due, unless that waits for somebody to act. Whether it did.
pub async fn hint(db: &Db, chat: ChatId, hint: Hint) -> Result<bool, StoreError> {
    let changed = on_writer!(db, pool => sqlx::query(HINT)
        .bind(chat.0)
        .bind(hint.now)
        .bind(hint.recently)
        .bind(hint.later)
        .execute(pool)
        .await?
        .rows_affected());
    Ok(changed > 0)
}

crate::statements![OF_BRANCH, OF_PULL_REQUEST, HINT];
