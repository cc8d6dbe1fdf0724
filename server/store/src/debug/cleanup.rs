//! What is not kept: records of turns that are gone, of chats that were put away, of processes that died, and old ones.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sdk::debug::DebugStatus;
use sdk::ids::{ChatId, DebugRunId, MessageId, UserId};
use uuid::Uuid;

use super::{chunks, lock, runs};
use crate::{Db, StoreError, on_reader, on_tx};

/// Rows in one go: whoever else wants to write waits for it.
const BATCH: i64 = 100;

/// The edited message and all after it are gone; what replaces it has a greater id than any of them.
const DELETE_AFTER: &str = "DELETE FROM chat_debug_runs WHERE chat_id = $1 \
     AND (trigger_message_id >= $2 OR history_tip_message_id >= $2) \
     AND (started_at < $4 OR (COALESCE(trigger_message_id, 0) < $3 AND COALESCE(history_tip_message_id, 0) < $3))";
const DELETE_ALL: &str = "DELETE FROM chat_debug_runs WHERE chat_id = $1 AND started_at < $2";
const DELETE: &str = "DELETE FROM chat_debug_runs WHERE id = $1";
const STALE: &str = "SELECT r.id, r.chat_id, c.owner_id FROM chat_debug_runs r JOIN chats c ON c.id = r.chat_id \
     WHERE r.finished_at IS NULL AND r.updated_at < $1 ORDER BY r.updated_at LIMIT $2";
const OLD: &str =
    "SELECT id, chat_id FROM chat_debug_runs WHERE updated_at < $1 ORDER BY updated_at LIMIT $2";
const OF_ARCHIVED: &str = "SELECT r.id, r.chat_id FROM chat_debug_runs r JOIN chats c ON c.id = r.chat_id \
     WHERE c.archived AND r.started_at < $1 LIMIT $2";

/// A message that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The message that is gone, with all after it.
    pub from: MessageId,
    /// The one that stands for it.
    pub replaced_by: MessageId,
}

/// A run that nobody works on any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The run.
    pub run_id: DebugRunId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Whose chat it is.
    pub owner_id: UserId,
}

/// Deletes the runs of a chat that began before a time, or only those of turns that an edit took away; gives how many. After
/// an edit, runs that began later are deleted too when they know nothing of the new message, so that its own run stays.
pub async fn delete(
    db: &Db,
    chat: ChatId,
    edited: Option<Edited>,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    lock(&mut tx, chat).await?;
    let count = on_tx!(&mut tx, connection => {
        let statement = match edited {
            Some(edited) => sqlx::query(DELETE_AFTER)
                .bind(chat.0)
                .bind(edited.from.0)
                .bind(edited.replaced_by.0),
            None => sqlx::query(DELETE_ALL).bind(chat.0),
        };
        statement.bind(before).execute(connection).await?.rows_affected()
    });
    if count > 0 {
        chunks::delete_unused(&mut tx, chat).await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// Ends runs, and their steps, that gave no sign of life since `before`: at most a batch. Gives those that it ended.
pub async fn interrupt_stale(
    db: &Db,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Stale>, StoreError> {
    let rows: Vec<(Uuid, Uuid, Uuid)> = on_reader!(db, pool => sqlx::query_as(STALE)
        .bind(before)
        .bind(BATCH)
        .fetch_all(pool)
        .await?);
    let mut ended = Vec::new();
    for (run, chat, owner) in rows {
        let (run_id, chat_id) = (DebugRunId(run), ChatId(chat));
        let mut tx = db.begin().await?;
        lock(&mut tx, chat_id).await?;
        if runs::finish(&mut tx, (chat_id, run_id), DebugStatus::Interrupted, now).await? {
            ended.push(Stale {
                run_id,
                chat_id,
                owner_id: UserId(owner),
            });
        }
        tx.commit().await?;
    }
    Ok(ended)
}

/// Deletes runs that did not change since `before`, the oldest first: at most a batch. Gives how many.
pub async fn delete_old(db: &Db, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = on_reader!(db, pool => sqlx::query_as(OLD)
        .bind(before)
        .bind(BATCH)
        .fetch_all(pool)
        .await?);
    delete_each(db, rows).await
}

/// Deletes runs of archived chats that began before a time: at most a batch. Gives how many.
pub async fn delete_archived(db: &Db, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = on_reader!(db, pool => sqlx::query_as(OF_ARCHIVED)
        .bind(before)
        .bind(BATCH)
        .fetch_all(pool)
        .await?);
    delete_each(db, rows).await
}

/// Looks once at what is left of a chat, however many of its runs go.
async fn delete_each(db: &Db, rows: Vec<(Uuid, Uuid)>) -> Result<u64, StoreError> {
    let mut runs_by_chat: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (run, chat) in rows {
        runs_by_chat.entry(chat).or_default().push(run);
    }
    let mut count = 0;
    for (chat, runs) in runs_by_chat {
        let chat = ChatId(chat);
        let mut tx = db.begin().await?;
        lock(&mut tx, chat).await?;
        for run in runs {
            count += on_tx!(&mut tx, connection => sqlx::query(DELETE)
                .bind(run)
                .execute(connection)
                .await?
                .rows_affected());
        }
        chunks::delete_unused(&mut tx, chat).await?;
        tx.commit().await?;
    }
    Ok(count)
}

crate::statements![DELETE_AFTER, DELETE_ALL, DELETE, STALE, OLD, OF_ARCHIVED];
