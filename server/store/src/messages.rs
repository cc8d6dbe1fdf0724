//! Messages of chats. Rows are inserted and marked deleted, never changed otherwise; ids grow in the order of
//! commits within a chat, `revision` is the chat's version at the row's last change.

pub mod content;
pub mod diff_comments;
pub mod prompts;

use chrono::{DateTime, Utc};
use sdk::ids::{ChatId, MessageId, ModelConfigId, UserId};
use sdk::messages::{CutShort, Message, MessageUsage, Role};
use sdk::parts::{CONTENT_VERSION, Part};
use uuid::Uuid;

use crate::costs::{self, Call};
use crate::{Db, StoreError, Tx, on_reader, on_tx, search};

macro_rules! message_columns {
    () => {
        "id, chat_id, model_config_id, created_by, role, CAST(content AS TEXT) AS content, content_version, revision, \
         input_tokens, output_tokens, total_tokens, reasoning_tokens, cache_creation_tokens, cache_read_tokens, context_limit, \
         cut_short, runtime_ms, compressed, deleted, created_at"
    };
}

macro_rules! shown {
    () => {
        " FROM chat_messages WHERE chat_id = $1 AND visibility IN ('user', 'both')"
    };
}

const INSERT: &str = "INSERT INTO chat_messages (chat_id, model_config_id, created_by, role, content, \
     content_version, visibility, revision, input_tokens, output_tokens, total_tokens, reasoning_tokens, \
     cache_creation_tokens, cache_read_tokens, context_limit, cut_short, runtime_ms, compressed, deleted, \
     created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, FALSE, $19) RETURNING id, (SELECT owner_id FROM chats WHERE chats.id = $1)";
const DELETE_FROM: &str = "UPDATE chat_messages SET deleted = TRUE, revision = $3 WHERE chat_id = $1 AND id >= $2 AND NOT deleted";
const GET: &str = concat!("SELECT ", message_columns!(), shown!(), " AND id = $2");
const BETWEEN: &str = concat!(
    "SELECT ",
    message_columns!(),
    shown!(),
    " AND NOT deleted AND id < $2 AND id > $3 ORDER BY id DESC LIMIT $4"
);
const AFTER: &str = concat!(
    "SELECT ",
    message_columns!(),
    shown!(),
    " AND NOT deleted AND id > $2 ORDER BY id LIMIT $3"
);
const CHANGED_SINCE: &str = concat!(
    "SELECT ",
    message_columns!(),
    shown!(),
    // Rows are only ever inserted with the newest revision, so this is the order of ids, read from one index.
    " AND NOT deleted AND revision > $2 AND id > $3 ORDER BY revision, id LIMIT $4"
);
const FIRST_DELETED_SINCE: &str =
    concat!("SELECT MIN(id)", shown!(), " AND deleted AND revision > $2");
const NEWEST_ALIVE_UP_TO: &str = concat!(
    "SELECT COALESCE(MAX(id), 0)",
    shown!(),
    " AND NOT deleted AND id <= $2"
);
const PROMPT: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM chat_messages WHERE chat_id = $1 AND visibility IN ('model', 'both') AND NOT deleted \
     AND ((role = 'system' AND NOT compressed) OR id >= COALESCE((SELECT MAX(id) FROM chat_messages WHERE \
     chat_id = $1 AND compressed AND visibility IN ('model', 'both') AND NOT deleted), 0)) ORDER BY id"
);
const PROMPT_SINCE: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM chat_messages WHERE chat_id = $1 AND visibility IN ('model', 'both') AND revision > $2 \
     ORDER BY revision, id"
);
const LAST_STEP: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM chat_messages WHERE chat_id = $1 AND visibility IN ('model', 'both') AND NOT deleted AND id >= \
     COALESCE((SELECT MAX(id) FROM chat_messages WHERE chat_id = $1 AND role = 'assistant' AND NOT deleted), 0) \
     ORDER BY id"
);

/// Who sees a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// People only.
    User,
    /// The model only.
    Model,
    /// Both.
    Both,
}

impl Visibility {
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Model => "model",
            Self::Both => "both",
        }
    }
}

/// A message to insert.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Who it is from.
    pub role: Role,
    /// Its parts.
    pub content: Vec<Part>,
    /// Who sees it.
    pub visibility: Visibility,
    /// The model that wrote it or that it is sent to.
    pub model_config_id: Option<ModelConfigId>,
    /// The person who wrote it.
    pub created_by: Option<UserId>,
    /// Tokens used.
    pub usage: MessageUsage,
    /// What it cost, in millionths of a dollar; unknown when `None`. Kept in the ledger, see [`costs`].
    pub total_cost_micros: Option<i64>,
    /// Why an answer has no end.
    pub cut_short: Option<CutShort>,
    /// How long it took.
    pub runtime_ms: Option<i64>,
    /// A summary that stands for everything before it.
    pub compressed: bool,
}

impl NewMessage {
    /// A message that people and the model see.
    pub fn new(role: Role, content: Vec<Part>) -> Self {
        Self {
            role,
            content,
            visibility: Visibility::Both,
            model_config_id: None,
            created_by: None,
            usage: MessageUsage::default(),
            total_cost_micros: None,
            cut_short: None,
            runtime_ms: None,
            compressed: false,
        }
    }
}

/// A stored message: what clients see and what only the server needs. Parts still hold internal fields.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRow {
    /// The message.
    pub message: Message,
    /// The chat's version at the row's last change.
    pub revision: i64,
    /// A summary that replaces what is before it.
    pub compressed: bool,
    /// Removed by an edit.
    pub deleted: bool,
}

#[derive(sqlx::FromRow)]
struct RawMessage {
    id: i64,
    chat_id: Uuid,
    model_config_id: Option<Uuid>,
    created_by: Option<Uuid>,
    role: String,
    content: String,
    content_version: i32,
    revision: i64,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    total_tokens: Option<i64>,
    reasoning_tokens: Option<i64>,
    cache_creation_tokens: Option<i64>,
    cache_read_tokens: Option<i64>,
    context_limit: Option<i64>,
    cut_short: Option<String>,
    runtime_ms: Option<i64>,
    compressed: bool,
    deleted: bool,
    created_at: DateTime<Utc>,
}

impl TryFrom<RawMessage> for MessageRow {
    type Error = StoreError;

    fn try_from(raw: RawMessage) -> Result<Self, StoreError> {
        let role = Role::parse(&raw.role).ok_or_else(|| StoreError::Corrupt {
            table: "chat_messages",
            detail: format!("role {}", raw.role),
        })?;
        let usage = MessageUsage {
            input_tokens: raw.input_tokens,
            output_tokens: raw.output_tokens,
            total_tokens: raw.total_tokens,
            reasoning_tokens: raw.reasoning_tokens,
            cache_creation_tokens: raw.cache_creation_tokens,
            cache_read_tokens: raw.cache_read_tokens,
            context_limit: raw.context_limit,
        };
        let cut_short = raw.cut_short.map(|name| {
            CutShort::parse(&name).ok_or_else(|| StoreError::Corrupt {
                table: "chat_messages",
                detail: format!("cut_short {name}"),
            })
        });
        let message = Message {
            id: MessageId(raw.id),
            chat_id: raw.chat_id.into(),
            created_by: raw.created_by.map(Into::into),
            model_config_id: raw.model_config_id.map(Into::into),
            created_at: raw.created_at,
            role,
            content: content::decode("chat_messages", raw.content_version, &raw.content)?,
            usage: (usage != MessageUsage::default()).then_some(usage),
            cut_short: cut_short.transpose()?,
            runtime_ms: raw.runtime_ms,
            rendered: Vec::new(),
        };
        Ok(Self {
            message,
            revision: raw.revision,
            compressed: raw.compressed,
            deleted: raw.deleted,
        })
    }
}

fn rows(raw: Vec<RawMessage>) -> Result<Vec<MessageRow>, StoreError> {
    raw.into_iter().map(MessageRow::try_from).collect()
}

/// Inserts messages in order and returns them as they are stored. Answers are booked with what they used.
pub async fn insert(
    tx: &mut Tx,
    chat: ChatId,
    revision: i64,
    now: DateTime<Utc>,
    messages: Vec<NewMessage>,
) -> Result<Vec<Message>, StoreError> {
    let mut inserted = Vec::with_capacity(messages.len());
    let mut searchable = Vec::new();
    for new in messages {
        let (id, owner) = insert_one(tx, chat, revision, now, &new).await?;
        if new.visibility != Visibility::Model {
            searchable.push((owner, inserted.len()));
        }
        inserted.push(Message {
            id,
            chat_id: chat,
            created_by: new.created_by,
            model_config_id: new.model_config_id,
            created_at: now,
            role: new.role,
            content: new.content,
            usage: (new.usage != MessageUsage::default()).then_some(new.usage),
            cut_short: new.cut_short,
            runtime_ms: new.runtime_ms,
            rendered: Vec::new(),
        });
    }
    for (owner, position) in searchable {
        if let Some(message) = inserted.get(position) {
            search::insert(tx, owner, message).await?;
        }
    }
    Ok(inserted)
}

async fn insert_one(
    tx: &mut Tx,
    chat: ChatId,
    revision: i64,
    now: DateTime<Utc>,
    new: &NewMessage,
) -> Result<(MessageId, UserId), StoreError> {
    let content = content::encode(&new.content)?;
    let (id, owner): (i64, Uuid) = on_tx!(tx, connection => sqlx::query_as(INSERT)
        .bind(chat.0)
        .bind(new.model_config_id.map(|id| id.0))
        .bind(new.created_by.map(|id| id.0))
        .bind(new.role.as_str())
        .bind(&content)
        .bind(i32::from(CONTENT_VERSION))
        .bind(new.visibility.as_str())
        .bind(revision)
        .bind(new.usage.input_tokens)
        .bind(new.usage.output_tokens)
        .bind(new.usage.total_tokens)
        .bind(new.usage.reasoning_tokens)
        .bind(new.usage.cache_creation_tokens)
        .bind(new.usage.cache_read_tokens)
        .bind(new.usage.context_limit)
        .bind(new.cut_short.map(CutShort::as_str))
        .bind(new.runtime_ms)
        .bind(new.compressed)
        .bind(now)
        .fetch_one(connection)
        .await?);
    if let (Role::Assistant, Some(model_config_id)) = (new.role, new.model_config_id) {
        let call = Call {
            model_config_id,
            usage: new.usage,
            total_cost_micros: new.total_cost_micros,
            runtime_ms: new.runtime_ms,
        };
        costs::book(tx, chat, now, &call).await?;
    }
    Ok((MessageId(id), owner.into()))
}

/// Marks a message and everything after it as deleted; how many there were.
pub async fn delete_from(
    tx: &mut Tx,
    chat: ChatId,
    from: MessageId,
    revision: i64,
) -> Result<u64, StoreError> {
    search::delete_from(tx, chat, from).await?;
    Ok(on_tx!(tx, connection => sqlx::query(DELETE_FROM)
        .bind(chat.0)
        .bind(from.0)
        .bind(revision)
        .execute(connection)
        .await?
        .rows_affected()))
}

/// One message of a chat that clients see or saw, deleted or not.
pub async fn get_in(
    tx: &mut Tx,
    chat: ChatId,
    id: MessageId,
) -> Result<Option<MessageRow>, StoreError> {
    let raw: Option<RawMessage> = on_tx!(tx, connection => sqlx::query_as(GET)
        .bind(chat.0)
        .bind(id.0)
        .fetch_optional(connection)
        .await?);
    raw.map(MessageRow::try_from).transpose()
}

/// Messages that clients see with ids below `before`, newest first.
pub async fn before(
    db: &Db,
    chat: ChatId,
    before: MessageId,
    limit: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    between(db, chat, MessageId(0), before, limit).await
}

/// Messages that clients see with ids above `after` and below `before`, newest first.
pub async fn between(
    db: &Db,
    chat: ChatId,
    after: MessageId,
    before: MessageId,
    limit: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    rows(on_reader!(db, pool => sqlx::query_as(BETWEEN)
        .bind(chat.0)
        .bind(before.0)
        .bind(after.0)
        .bind(limit)
        .fetch_all(pool)
        .await?))
}

/// Messages that clients see with ids above `after`, oldest first.
pub async fn after(
    db: &Db,
    chat: ChatId,
    after: MessageId,
    limit: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    rows(on_reader!(db, pool => sqlx::query_as(AFTER)
        .bind(chat.0)
        .bind(after.0)
        .bind(limit)
        .fetch_all(pool)
        .await?))
}

/// The same, as the transaction sees it.
pub async fn after_in(
    tx: &mut Tx,
    chat: ChatId,
    after: MessageId,
    limit: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    rows(on_tx!(tx, connection => sqlx::query_as(AFTER)
        .bind(chat.0)
        .bind(after.0)
        .bind(limit)
        .fetch_all(connection)
        .await?))
}

/// Messages that clients see with ids above `after` that were inserted after `revision` and are still there, in order
/// of id.
pub async fn changed_since(
    tx: &mut Tx,
    chat: ChatId,
    revision: i64,
    after: MessageId,
    limit: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    rows(on_tx!(tx, connection => sqlx::query_as(CHANGED_SINCE)
        .bind(chat.0)
        .bind(revision)
        .bind(after.0)
        .bind(limit)
        .fetch_all(connection)
        .await?))
}

/// The first message that clients saw and that was deleted after `revision`.
pub async fn first_deleted_since(
    tx: &mut Tx,
    chat: ChatId,
    revision: i64,
) -> Result<Option<MessageId>, StoreError> {
    let first: Option<i64> = on_tx!(tx, connection => sqlx::query_scalar(FIRST_DELETED_SINCE)
        .bind(chat.0)
        .bind(revision)
        .fetch_one(connection)
        .await?);
    Ok(first.map(MessageId))
}

/// The newest message that clients see, not deleted, with an id of at most `id`; 0 = none.
pub async fn newest_alive_up_to(
    tx: &mut Tx,
    chat: ChatId,
    id: MessageId,
) -> Result<MessageId, StoreError> {
    let newest: i64 = on_tx!(tx, connection => sqlx::query_scalar(NEWEST_ALIVE_UP_TO)
        .bind(chat.0)
        .bind(id.0)
        .fetch_one(connection)
        .await?);
    Ok(MessageId(newest))
}

/// What the model sees: system rows and everything from the last summary on.
pub async fn prompt(db: &Db, chat: ChatId) -> Result<Vec<MessageRow>, StoreError> {
    rows(on_reader!(db, pool => sqlx::query_as(PROMPT).bind(chat.0).fetch_all(pool).await?))
}

/// Rows for the model that were inserted or deleted after `revision`, in the order of that.
pub async fn prompt_since(
    db: &Db,
    chat: ChatId,
    revision: i64,
) -> Result<Vec<MessageRow>, StoreError> {
    rows(on_reader!(db, pool => sqlx::query_as(PROMPT_SINCE)
        .bind(chat.0)
        .bind(revision)
        .fetch_all(pool)
        .await?))
}

/// The last answer and what follows it; everything when there is no answer yet.
pub async fn last_step(tx: &mut Tx, chat: ChatId) -> Result<Vec<MessageRow>, StoreError> {
    rows(
        on_tx!(tx, connection => sqlx::query_as(LAST_STEP).bind(chat.0).fetch_all(connection).await?),
    )
}

crate::statements![
    INSERT,
    DELETE_FROM,
    GET,
    BETWEEN,
    AFTER,
    CHANGED_SINCE,
    FIRST_DELETED_SINCE,
    NEWEST_ALIVE_UP_TO,
    PROMPT,
    PROMPT_SINCE,
    LAST_STEP
];
