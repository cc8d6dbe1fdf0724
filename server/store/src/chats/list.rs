//! The list of a person's chats: root chats paged by key, pinned ones first, and the chats they spawned.

use sdk::ids::{ChatId, UserId};
use uuid::Uuid;

use super::{ChatRow, RawChat, Status, chat_columns};
use crate::{Db, StoreError, on_reader};

macro_rules! has_unread {
    () => {
        "EXISTS (SELECT 1 FROM chat_messages m WHERE m.chat_id = c.id AND m.id > c.last_read_message_id \
         AND m.role = 'assistant' AND NOT m.deleted) AS has_unread"
    };
}

macro_rules! page {
    ($further:literal) => {
        concat!(
            "SELECT c.*, ",
            has_unread!(),
            " FROM (SELECT ",
            chat_columns!(),
            " FROM chats WHERE owner_id = $1 AND parent_chat_id IS NULL AND archived = $2 \
             AND ($3 = '' OR status = $3) AND ($4 = '' OR LOWER(title) LIKE $4 ESCAPE '!')",
            $further,
            " ORDER BY CASE WHEN pin_order > 0 THEN 0 ELSE 1 END, pin_order, updated_at DESC, id DESC \
             LIMIT $5 OFFSET $6) c \
             ORDER BY CASE WHEN c.pin_order > 0 THEN 0 ELSE 1 END, c.pin_order, c.updated_at DESC, c.id DESC"
        )
    };
}

const FIRST_PAGE: &str = page!("");
/// A pinned row is followed by later pins and by everything unpinned, an unpinned one by older unpinned ones.
const NEXT_PAGE: &str = page!(
    " AND ((pin_order = $7 AND (updated_at < $8 OR (updated_at = $8 AND id < $9))) \
       OR ($7 > 0 AND (pin_order = 0 OR pin_order > $7)))"
);
const CHILDREN: &str = concat!(
    "SELECT c.*, ",
    has_unread!(),
    " FROM (SELECT ",
    chat_columns!(),
    " FROM chats WHERE root_chat_id = $1 AND archived = $2) c ORDER BY c.created_at DESC, c.id DESC"
);
const HAS_CHILDREN: &str = "SELECT DISTINCT root_chat_id FROM chats WHERE owner_id = $1 AND root_chat_id IS NOT NULL AND archived = $2";
const UNREAD: &str = concat!("SELECT ", has_unread!(), " FROM chats c WHERE c.id = $1");

/// What to list.
#[derive(Clone, Debug)]
pub struct ListChats {
    /// Whose.
    pub owner_id: UserId,
    /// Put away or not.
    pub archived: bool,
    /// Only chats that do this.
    pub status: Option<Status>,
    /// Only chats whose title contains this.
    pub title_contains: Option<String>,
    /// At most this many.
    pub limit: i64,
    /// Rows to skip.
    pub offset: i64,
    /// Only rows after this one.
    pub after: Option<ChatRow>,
}

/// A chat and whether it has an answer that was not read.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedChat {
    /// The chat.
    pub chat: ChatRow,
    /// Whether an answer was not read.
    pub has_unread: bool,
}

#[derive(sqlx::FromRow)]
struct RawListed {
    #[sqlx(flatten)]
    chat: RawChat,
    has_unread: bool,
}

impl TryFrom<RawListed> for ListedChat {
    type Error = StoreError;

    fn try_from(raw: RawListed) -> Result<Self, StoreError> {
        Ok(Self {
            chat: raw.chat.try_into()?,
            has_unread: raw.has_unread,
        })
    }
}

/// A page of root chats.
pub async fn list(db: &Db, query: &ListChats) -> Result<Vec<ListedChat>, StoreError> {
    let status = query.status.map_or("", Status::as_str);
    let pattern = query
        .title_contains
        .as_deref()
        .map_or_else(String::new, like_pattern);
    let rows: Vec<RawListed> = match &query.after {
        None => on_reader!(db, pool => sqlx::query_as(FIRST_PAGE)
            .bind(query.owner_id.0)
            .bind(query.archived)
            .bind(status)
            .bind(&pattern)
            .bind(query.limit)
            .bind(query.offset)
            .fetch_all(pool)
            .await?),
        Some(after) => on_reader!(db, pool => sqlx::query_as(NEXT_PAGE)
            .bind(query.owner_id.0)
            .bind(query.archived)
            .bind(status)
            .bind(&pattern)
            .bind(query.limit)
            .bind(query.offset)
            .bind(after.pin_order)
            .bind(after.updated_at)
            .bind(after.id.0)
            .fetch_all(pool)
            .await?),
    };
    rows.into_iter().map(ListedChat::try_from).collect()
}

/// The chats that a root spawned, newest first.
pub async fn children(
    db: &Db,
    root: ChatId,
    archived: bool,
) -> Result<Vec<ListedChat>, StoreError> {
    let rows: Vec<RawListed> = on_reader!(db, pool => sqlx::query_as(CHILDREN)
        .bind(root.0)
        .bind(archived)
        .fetch_all(pool)
        .await?);
    rows.into_iter().map(ListedChat::try_from).collect()
}

/// The owner's root chats that spawned others, so that a list asks for children only where there are some.
pub async fn roots_with_children(
    db: &Db,
    owner: UserId,
    archived: bool,
) -> Result<Vec<ChatId>, StoreError> {
    let ids: Vec<Uuid> = on_reader!(db, pool => sqlx::query_scalar(HAS_CHILDREN)
        .bind(owner.0)
        .bind(archived)
        .fetch_all(pool)
        .await?);
    Ok(ids.into_iter().map(ChatId).collect())
}

/// Whether a chat has an answer that was not read.
pub async fn has_unread(db: &Db, chat: ChatId) -> Result<bool, StoreError> {
    let unread: Option<bool> =
        on_reader!(db, pool => sqlx::query_scalar(UNREAD).bind(chat.0).fetch_optional(pool).await?);
    Ok(unread.unwrap_or(false))
}

fn like_pattern(words: &str) -> String {
    let escaped: String = words
        .to_lowercase()
        .chars()
        .flat_map(|letter| {
            let escape = matches!(letter, '%' | '_' | '!').then_some('!');
            escape.into_iter().chain([letter])
        })
        .collect();
    format!("%{escaped}%")
}

crate::statements![FIRST_PAGE, NEXT_PAGE, CHILDREN, HAS_CHILDREN, UNREAD];
