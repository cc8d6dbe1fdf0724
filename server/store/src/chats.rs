//! Chats: one row each, read whole, locked, changed in memory and written back.
//!
//! Only `chatd::state` writes these rows, through [`lock`] and [`save`] inside one transaction. Lists are in
//! [`list`] and [`by_workspace`], what a worker claims in [`claim`], small writes outside the state machine in
//! [`details`], the tools of clients in [`client_tools`], who has a title made in [`title_locks`].

pub mod by_workspace;
pub mod claim;
pub mod client_tools;
pub mod details;
pub mod list;
pub mod retention;
mod row;
pub mod title_locks;

pub(crate) use row::RawChat;
pub use row::{ChatMode, ChatRow, Status};

use chrono::{DateTime, Utc};
use sdk::ids::ChatId;
use sqlx::types::Json;

use crate::{Db, StoreError, Tx, on_reader, on_tx, search};

/// The columns of a chat, in the order of [`row::RawChat`].
macro_rules! chat_columns {
    () => {
        "id, owner_id, organization_id, workspace_id, build_id, agent_id, parent_chat_id, root_chat_id, title, \
         is_title_fallback, status, status_since, last_error, last_model_config_id, labels, client_type, archived, \
         archive_requested, pin_order, last_read_message_id, worker_id, runner_id, snapshot_version, \
         history_version, queue_version, generation_attempt, retry_state, retry_state_version, \
         requires_action_deadline_at, created_at, updated_at, compaction_request, changed_at, plan_mode, mcp_server_ids, \
         chat_mode"
    };
}
pub(crate) use chat_columns;

const GET: &str = concat!("SELECT ", chat_columns!(), " FROM chats WHERE id = $1");
const GET_LOCKED: &str = concat!(
    "SELECT ",
    chat_columns!(),
    " FROM chats WHERE id = $1 FOR UPDATE"
);
const INSERT: &str = concat!(
    "INSERT INTO chats (",
    chat_columns!(),
    ", title_search) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
     $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)"
);
const SAVE: &str = "UPDATE chats SET title = $2, is_title_fallback = $3, status = $4, status_since = $5, \
     last_error = $6, last_model_config_id = $7, labels = $8, archived = $9, archive_requested = $10, \
     pin_order = $11, workspace_id = $12, build_id = $13, agent_id = $14, worker_id = $15, runner_id = $16, \
     snapshot_version = $17, history_version = $18, queue_version = $19, generation_attempt = $20, \
     retry_state = $21, retry_state_version = $22, requires_action_deadline_at = $23, updated_at = $24, \
     title_search = $25, compaction_request = $26, changed_at = $27, plan_mode = $28, mcp_server_ids = $29 WHERE id = $1";
macro_rules! family {
    ($lock:literal) => {
        concat!(
            "SELECT ",
            chat_columns!(),
            " FROM chats WHERE id = $1 OR root_chat_id = $1 ORDER BY created_at, id",
            $lock
        )
    };
}
const FAMILY: &str = family!("");
const FAMILY_LOCKED: &str = family!(" FOR UPDATE");
const SET_ARCHIVED: &str = "UPDATE chats SET archived = $2, archive_requested = FALSE, \
     pin_order = CASE WHEN $2 THEN 0 ELSE pin_order END, snapshot_version = snapshot_version + 1, updated_at = $3, \
     changed_at = $3 WHERE (id = $1 OR root_chat_id = $1) AND archived <> $2";

/// A chat by its id.
pub async fn get(db: &Db, id: ChatId) -> Result<Option<ChatRow>, StoreError> {
    let raw: Option<RawChat> =
        on_reader!(db, pool => sqlx::query_as(GET).bind(id.0).fetch_optional(pool).await?);
    raw.map(ChatRow::try_from).transpose()
}

/// A chat by its id, as the transaction sees it.
pub async fn get_in(tx: &mut Tx, id: ChatId) -> Result<Option<ChatRow>, StoreError> {
    let raw: Option<RawChat> =
        on_tx!(tx, connection => sqlx::query_as(GET).bind(id.0).fetch_optional(connection).await?);
    raw.map(ChatRow::try_from).transpose()
}

/// A chat, locked until the transaction ends. SQLite's write transactions exclude each other anyway.
pub async fn lock(tx: &mut Tx, id: ChatId) -> Result<Option<ChatRow>, StoreError> {
    let raw: Option<RawChat> = match tx {
        Tx::Sqlite(transaction) => {
            sqlx::query_as(GET)
                .bind(id.0)
                .fetch_optional(&mut **transaction)
                .await?
        }
        Tx::Postgres(transaction) => {
            sqlx::query_as(GET_LOCKED)
                .bind(id.0)
                .fetch_optional(&mut **transaction)
                .await?
        }
    };
    raw.map(ChatRow::try_from).transpose()
}

/// A new chat.
pub async fn insert(tx: &mut Tx, chat: &ChatRow) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(chat.id.0)
        .bind(chat.owner_id.0)
        .bind(chat.organization_id.0)
        .bind(chat.workspace_id.map(|id| id.0))
        .bind(chat.build_id.map(|id| id.0))
        .bind(chat.agent_id.map(|id| id.0))
        .bind(chat.parent_chat_id.map(|id| id.0))
        .bind(chat.root_chat_id.map(|id| id.0))
        .bind(&chat.title)
        .bind(chat.is_title_fallback)
        .bind(chat.status.as_str())
        .bind(chat.status_since)
        .bind(chat.last_error.as_ref().map(Json))
        .bind(chat.last_model_config_id.0)
        .bind(Json(&chat.labels))
        .bind(row::client_type_name(chat.client_type))
        .bind(chat.archived)
        .bind(chat.archive_requested)
        .bind(chat.pin_order)
        .bind(chat.last_read_message_id.0)
        .bind(chat.worker_id.map(|id| id.0))
        .bind(chat.runner_id.map(|id| id.0))
        .bind(chat.snapshot_version)
        .bind(chat.history_version)
        .bind(chat.queue_version)
        .bind(chat.generation_attempt)
        .bind(chat.retry_state.as_ref().map(Json))
        .bind(chat.retry_state_version)
        .bind(chat.requires_action_deadline_at)
        .bind(chat.created_at)
        .bind(chat.updated_at)
        .bind(chat.compaction_request.as_deref())
        .bind(chat.changed_at)
        .bind(chat.plan_mode.as_str())
        .bind(Json(&chat.mcp_server_ids))
        .bind(chat.chat_mode.as_str())
        .bind(search::fold(&chat.title))
        .execute(connection)
        .await
        .map(|_| ())?);
    Ok(())
}

/// Writes back everything that a transition may change.
pub async fn save(tx: &mut Tx, chat: &ChatRow) -> Result<(), StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(SAVE)
        .bind(chat.id.0)
        .bind(&chat.title)
        .bind(chat.is_title_fallback)
        .bind(chat.status.as_str())
        .bind(chat.status_since)
        .bind(chat.last_error.as_ref().map(Json))
        .bind(chat.last_model_config_id.0)
        .bind(Json(&chat.labels))
        .bind(chat.archived)
        .bind(chat.archive_requested)
        .bind(chat.pin_order)
        .bind(chat.workspace_id.map(|id| id.0))
        .bind(chat.build_id.map(|id| id.0))
        .bind(chat.agent_id.map(|id| id.0))
        .bind(chat.worker_id.map(|id| id.0))
        .bind(chat.runner_id.map(|id| id.0))
        .bind(chat.snapshot_version)
        .bind(chat.history_version)
        .bind(chat.queue_version)
        .bind(chat.generation_attempt)
        .bind(chat.retry_state.as_ref().map(Json))
        .bind(chat.retry_state_version)
        .bind(chat.requires_action_deadline_at)
        .bind(chat.updated_at)
        .bind(search::fold(&chat.title))
        .bind(chat.compaction_request.as_deref())
        .bind(chat.changed_at)
        .bind(chat.plan_mode.as_str())
        .bind(Json(&chat.mcp_server_ids))
        .execute(connection)
        .await?
        .rows_affected());
    match changed {
        1 => Ok(()),
        changed => Err(StoreError::RowCount {
            statement: "chats::save",
            changed,
            expected: 1,
        }),
    }
}

/// A root chat and everything it spawned, the root first.
pub async fn family(db: &Db, root: ChatId) -> Result<Vec<ChatRow>, StoreError> {
    let raw: Vec<RawChat> =
        on_reader!(db, pool => sqlx::query_as(FAMILY).bind(root.0).fetch_all(pool).await?);
    raw.into_iter().map(ChatRow::try_from).collect()
}

/// A root chat and everything it spawned, the root first, all locked until the transaction ends.
pub async fn lock_family(tx: &mut Tx, root: ChatId) -> Result<Vec<ChatRow>, StoreError> {
    let raw: Vec<RawChat> = match tx {
        Tx::Sqlite(transaction) => {
            sqlx::query_as(FAMILY)
                .bind(root.0)
                .fetch_all(&mut **transaction)
                .await?
        }
        Tx::Postgres(transaction) => {
            sqlx::query_as(FAMILY_LOCKED)
                .bind(root.0)
                .fetch_all(&mut **transaction)
                .await?
        }
    };
    raw.into_iter().map(ChatRow::try_from).collect()
}

/// Puts a root chat and everything it spawned away, or takes it out again, in one statement; members that are there
/// already stay as they are. How many changed.
pub async fn set_archived(
    tx: &mut Tx,
    root: ChatId,
    archived: bool,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    Ok(on_tx!(tx, connection => sqlx::query(SET_ARCHIVED)
        .bind(root.0)
        .bind(archived)
        .bind(now)
        .execute(connection)
        .await?
        .rows_affected()))
}

crate::statements![GET, INSERT, SAVE, FAMILY, SET_ARCHIVED; GET => GET_LOCKED, FAMILY => FAMILY_LOCKED];
