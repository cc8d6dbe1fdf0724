//! Messages that wait until the running turn is over. Order is `position`; only `chatd::state` writes here.

use chrono::{DateTime, Utc};
use sdk::ids::{ChatId, ModelConfigId, QueuedMessageId, UserId};
use sdk::messages::QueuedMessage;
use sdk::parts::{CONTENT_VERSION, Part};
use uuid::Uuid;

use crate::messages::content;
use crate::{Db, StoreError, Tx, on_reader, on_tx};

macro_rules! queued_columns {
    () => {
        "id, chat_id, position, CAST(content AS TEXT) AS content, model_config_id, created_by, created_at"
    };
}

const LIST: &str = concat!(
    "SELECT ",
    queued_columns!(),
    " FROM chat_queued_messages WHERE chat_id = $1 ORDER BY position"
);
const COUNT: &str = "SELECT COUNT(*) FROM chat_queued_messages WHERE chat_id = $1";
const APPEND: &str = "INSERT INTO chat_queued_messages (chat_id, position, content, model_config_id, created_by, \
     created_at) VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM chat_queued_messages WHERE chat_id = $1), \
     $2, $3, $4, $5) RETURNING id";
const DELETE: &str = "DELETE FROM chat_queued_messages WHERE chat_id = $1 AND id = $2";
const CLEAR: &str = "DELETE FROM chat_queued_messages WHERE chat_id = $1";
const MOVE_TO_HEAD: &str = "UPDATE chat_queued_messages SET position = (SELECT MIN(position) - 1 FROM \
     chat_queued_messages WHERE chat_id = $1) WHERE chat_id = $1 AND id = $2";

const EDIT: &str = "UPDATE chat_queued_messages SET content = $3, model_config_id = $4 WHERE chat_id = $1 AND id = $2";
const MOVE_TO_END: &str = "UPDATE chat_queued_messages SET position = (SELECT MAX(position) + 1 FROM \
     chat_queued_messages WHERE chat_id = $1) WHERE chat_id = $1 AND id = $2";

/// A message to queue.
#[derive(Clone, Debug)]
pub struct NewQueued {
    /// Its parts.
    pub content: Vec<Part>,
    /// The model it will be sent to.
    pub model_config_id: Option<ModelConfigId>,
    /// Who wrote it.
    pub created_by: Option<UserId>,
    /// Now.
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct RawQueued {
    id: i64,
    chat_id: Uuid,
    content: String,
    model_config_id: Option<Uuid>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl TryFrom<RawQueued> for QueuedMessage {
    type Error = StoreError;

    fn try_from(raw: RawQueued) -> Result<Self, StoreError> {
        Ok(Self {
            id: QueuedMessageId(raw.id),
            chat_id: raw.chat_id.into(),
            created_by: raw.created_by.map(Into::into),
            model_config_id: raw.model_config_id.map(Into::into),
            content: content::decode("chat_queued_messages", CONTENT_VERSION.into(), &raw.content)?,
            created_at: raw.created_at,
        })
    }
}

/// The queue in order.
pub async fn list(db: &Db, chat: ChatId) -> Result<Vec<QueuedMessage>, StoreError> {
    let rows: Vec<RawQueued> =
        on_reader!(db, pool => sqlx::query_as(LIST).bind(chat.0).fetch_all(pool).await?);
    rows.into_iter().map(QueuedMessage::try_from).collect()
}

/// The queue in order, as the transaction sees it.
pub async fn list_in(tx: &mut Tx, chat: ChatId) -> Result<Vec<QueuedMessage>, StoreError> {
    let rows: Vec<RawQueued> =
        on_tx!(tx, connection => sqlx::query_as(LIST).bind(chat.0).fetch_all(connection).await?);
    rows.into_iter().map(QueuedMessage::try_from).collect()
}

/// How many messages wait.
pub async fn count(tx: &mut Tx, chat: ChatId) -> Result<i64, StoreError> {
    Ok(
        on_tx!(tx, connection => sqlx::query_scalar(COUNT).bind(chat.0).fetch_one(connection).await?),
    )
}

/// Adds a message at the end.
pub async fn append(
    tx: &mut Tx,
    chat: ChatId,
    queued: &NewQueued,
) -> Result<QueuedMessageId, StoreError> {
    let content = content::encode(&queued.content)?;
    let id: i64 = on_tx!(tx, connection => sqlx::query_scalar(APPEND)
        .bind(chat.0)
        .bind(&content)
        .bind(queued.model_config_id.map(|id| id.0))
        .bind(queued.created_by.map(|id| id.0))
        .bind(queued.created_at)
        .fetch_one(connection)
        .await?);
    Ok(QueuedMessageId(id))
}

/// Removes a message; false when it is not there.
pub async fn delete(tx: &mut Tx, chat: ChatId, id: QueuedMessageId) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(DELETE)
        .bind(chat.0)
        .bind(id.0)
        .execute(connection)
        .await?
        .rows_affected());
    Ok(changed == 1)
}

/// Removes all messages; how many there were.
pub async fn clear(tx: &mut Tx, chat: ChatId) -> Result<u64, StoreError> {
    Ok(
        on_tx!(tx, connection => sqlx::query(CLEAR).bind(chat.0).execute(connection).await?.rows_affected()),
    )
}

/// Puts a message first; false when it is not there.
pub async fn move_to_head(
    tx: &mut Tx,
    chat: ChatId,
    id: QueuedMessageId,
) -> Result<bool, StoreError> {
    let changed = on_tx!(tx, connection => sqlx::query(MOVE_TO_HEAD)
        .bind(chat.0)
        .bind(id.0)
        .execute(connection)
        .await?
        .rows_affected());
    Ok(changed == 1)
}

/// Writes a message's content and model; its place and its author stay.
pub async fn edit(tx: &mut Tx, message: &QueuedMessage) -> Result<(), StoreError> {
    let content = content::encode(&message.content)?;
    on_tx!(tx, connection => sqlx::query(EDIT)
        .bind(message.chat_id.0)
        .bind(message.id.0)
        .bind(&content)
        .bind(message.model_config_id.map(|id| id.0))
        .execute(connection)
        .await
        .map(|_| ())?);
    Ok(())
}

/// Brings the queue into this order: each message in turn goes behind all others.
pub async fn reorder(
    tx: &mut Tx,
    chat: ChatId,
    order: &[QueuedMessageId],
) -> Result<(), StoreError> {
    for id in order {
        on_tx!(tx, connection => sqlx::query(MOVE_TO_END)
            .bind(chat.0)
            .bind(id.0)
            .execute(connection)
            .await
            .map(|_| ())?);
    }
    Ok(())
}

crate::statements![
    LIST,
    COUNT,
    APPEND,
    DELETE,
    CLEAR,
    MOVE_TO_HEAD,
    EDIT,
    MOVE_TO_END
];
