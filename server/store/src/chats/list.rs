//! The list of a person's chats: root chats paged by key, pinned ones first, and the chats they spawned.
//!
//! One statement for each kind of page, read from the index `chats_list` in its order; filters that are not asked for
//! are switched off by their parameters. [`Wanted`] says how words are found.

use chrono::{DateTime, Utc};
use sdk::ids::{ChatId, UserId};
use serde_json::{Value, json};
use sqlx::types::Json;

use super::{ChatRow, RawChat, Status, chat_columns};
use crate::dialect::hex_ids;
use crate::search::{Wanted, contains_pattern, fold};
use crate::{Db, StoreError, on_reader};

macro_rules! unread_of {
    ($chat:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM chat_messages m WHERE m.chat_id = ",
            $chat,
            ".id AND m.id > ",
            $chat,
            ".last_read_message_id AND m.role = 'assistant' AND NOT m.deleted)"
        )
    };
}

/// Whether the labels hold every `[key, value]` of `$6`; a null value stands for any.
macro_rules! has_labels {
    (sqlite) => {
        " AND NOT EXISTS (SELECT 1 FROM json_each($6) wanted WHERE NOT EXISTS (SELECT 1 FROM json_each(chats.labels) had \
         WHERE had.key = json_extract(wanted.value, '$[0]') AND (json_extract(wanted.value, '$[1]') IS NULL \
         OR had.value = json_extract(wanted.value, '$[1]'))))"
    };
    (postgres) => {
        " AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements($6) wanted WHERE NOT EXISTS \
         (SELECT 1 FROM jsonb_each_text(chats.labels) had WHERE had.key = wanted.value ->> 0 \
         AND (wanted.value ->> 1 IS NULL OR had.value = wanted.value ->> 1)))"
    };
}

/// Whether each of the `$11` `[title pattern, query]` of `$10` is found in a title or a message of the chat's tree.
macro_rules! has_words {
    // `CROSS JOIN` keeps the order of the tables: the words first, then what holds them.
    (sqlite) => {
        " AND ($11 = 0 OR chats.id IN (SELECT root FROM (SELECT w.key AS word, COALESCE(t.root_chat_id, t.id) AS root \
         FROM json_each($10) w CROSS JOIN chats t WHERE t.owner_id = $1 \
         AND t.title_search LIKE json_extract(w.value, '$[0]') ESCAPE '!' \
         UNION SELECT w.key, COALESCE(t.root_chat_id, t.id) FROM json_each($10) w CROSS JOIN chat_search_index i \
         CROSS JOIN chat_search s CROSS JOIN chats t WHERE i.chat_search_index MATCH json_extract(w.value, '$[1]') \
         AND s.message_id = i.rowid AND t.id = s.chat_id AND t.owner_id = $1) \
         GROUP BY root HAVING COUNT(*) = $11))"
    };
    (postgres) => {
        " AND ($11 = 0 OR chats.id IN (SELECT root FROM (SELECT w.key AS word, COALESCE(t.root_chat_id, t.id) AS root \
         FROM jsonb_array_elements($10) WITH ORDINALITY w (value, key) JOIN chats t ON t.owner_id = $1 \
         AND t.title_search LIKE w.value ->> 0 ESCAPE '!' \
         UNION SELECT w.key, COALESCE(t.root_chat_id, t.id) \
         FROM jsonb_array_elements($10) WITH ORDINALITY w (value, key) \
         JOIN chat_search s ON array_to_tsvector(string_to_array(s.words, ' ')) @@ (w.value ->> 1)::tsquery \
         JOIN chats t ON t.id = s.chat_id AND t.owner_id = $1) found \
         GROUP BY root HAVING COUNT(*) = $11))"
    };
}

/// Whether the tree has a pull request or branch of `$12` to `$16`: number, state, title, address, remote.
macro_rules! has_pull_request {
    () => {
        " AND (($12 = 0 AND $13 = '' AND $14 = '' AND $15 = '' AND $16 = '') \
         OR chats.id IN (SELECT COALESCE(t.root_chat_id, t.id) FROM chats t JOIN chat_diff_statuses d ON d.chat_id = t.id \
         WHERE t.owner_id = $1 AND ($12 = 0 OR d.pr_number = $12) AND ($13 = '' OR d.pull_request_state = $13 \
         OR ($13 = 'draft' AND d.pull_request_state = 'open' AND d.pull_request_draft)) \
         AND ($14 = '' OR LOWER(d.pull_request_title) LIKE $14 ESCAPE '!') AND ($15 = '' OR LOWER(d.url) LIKE $15 ESCAPE '!') \
         AND ($16 = '' OR LOWER(d.git_remote_origin) LIKE $16 ESCAPE '!')))"
    };
}

/// Pinned rows first; `chats_list` has this order.
macro_rules! pins_first {
    () => {
        "CASE WHEN pin_order > 0 THEN 0 ELSE 1 END, pin_order, updated_at DESC, id DESC"
    };
}

/// Of the numbers -1 stands for both, 0 for no and 1 for yes.
macro_rules! page {
    ($dialect:ident, $further:expr, $order:expr) => {
        concat!(
            "SELECT c.*, ",
            unread_of!("c"),
            " AS has_unread FROM (SELECT ",
            chat_columns!(),
            " FROM chats WHERE owner_id = $1 AND parent_chat_id IS NULL AND archived = $2 \
             AND ($3 = '' OR status = $3) AND ($4 < 0 OR (worker_id IS NOT NULL) = ($4 = 1)) \
             AND ($5 = '' OR title_search LIKE $5 ESCAPE '!')",
            has_labels!($dialect),
            " AND ($7 = '' OR last_model_config_id IN (SELECT m.id FROM model_configs m \
             WHERE LOWER(m.model) LIKE $7 ESCAPE '!' OR LOWER(m.display_name) LIKE $7 ESCAPE '!')) \
             AND ($8 < 0 OR (pin_order > 0) = ($8 = 1)) AND ($9 < 0 OR ",
            unread_of!("chats"),
            " = ($9 = 1))",
            has_words!($dialect),
            has_pull_request!(),
            $further,
            " ORDER BY ",
            $order,
            " LIMIT $17 OFFSET $18) c ORDER BY ",
            $order
        )
    };
}

macro_rules! first {
    ($dialect:ident) => {
        page!($dialect, "", pins_first!())
    };
}

/// What follows a pinned row: older ones of the same pin, later pins and everything unpinned.
macro_rules! after_pinned {
    ($dialect:ident) => {
        page!(
            $dialect,
            " AND (pin_order = 0 OR pin_order > $21 \
              OR (pin_order = $21 AND (updated_at, id) < ($19, $20)))",
            pins_first!()
        )
    };
}

/// What follows an unpinned row: older unpinned ones.
macro_rules! after_unpinned {
    ($dialect:ident) => {
        page!(
            $dialect,
            " AND pin_order = 0 AND (updated_at, id) < ($19, $20) AND $21 = 0",
            "updated_at DESC, id DESC"
        )
    };
}

const FIRST_PAGE_SQLITE: &str = first!(sqlite);
const FIRST_PAGE_POSTGRES: &str = first!(postgres);
const AFTER_PINNED_SQLITE: &str = after_pinned!(sqlite);
const AFTER_PINNED_POSTGRES: &str = after_pinned!(postgres);
const AFTER_UNPINNED_SQLITE: &str = after_unpinned!(sqlite);
const AFTER_UNPINNED_POSTGRES: &str = after_unpinned!(postgres);

macro_rules! children {
    ($roots:literal) => {
        concat!(
            "SELECT c.*, ",
            unread_of!("c"),
            " AS has_unread FROM (SELECT ",
            chat_columns!(),
            " FROM chats WHERE root_chat_id ",
            $roots,
            " AND archived = $2) c ORDER BY c.created_at DESC, c.id DESC"
        )
    };
}

const CHILDREN_SQLITE: &str = children!("IN (SELECT unhex(value) FROM json_each($1))");
const CHILDREN_POSTGRES: &str = children!("= ANY($1)");
const CHANGED_SINCE: &str = concat!(
    "SELECT ",
    chat_columns!(),
    " FROM chats WHERE owner_id = $1 AND changed_at > $2 ORDER BY changed_at DESC LIMIT $3"
);
const UNREAD: &str = concat!("SELECT ", unread_of!("c"), " FROM chats c WHERE c.id = $1");

/// What to list.
#[derive(Clone, Debug)]
pub struct ListChats {
    /// Whose.
    pub owner_id: UserId,
    /// Which of them.
    pub filter: ChatFilter,
    /// At most this many.
    pub limit: i64,
    /// Rows to skip.
    pub offset: i64,
    /// Only rows after this one.
    pub after: Option<ChatRow>,
}

/// Which chats; all conditions hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatFilter {
    /// Put away or not.
    pub archived: bool,
    /// Only chats that do this.
    pub status: Option<Status>,
    /// Only chats that a worker owns, or only those that none does.
    pub is_owned: Option<bool>,
    /// Only chats whose title contains this.
    pub title_contains: Option<String>,
    /// Only chats with these labels; without a value any value of the key is meant.
    pub labels: Vec<(String, Option<String>)>,
    /// Only chats whose last model's name contains this.
    pub model_contains: Option<String>,
    /// Only pinned or only other chats.
    pub is_pinned: Option<bool>,
    /// Only chats with an answer that was not read, or only those without.
    pub has_unread: Option<bool>,
    /// Only chats with all of these in their titles or messages, or those of chats they spawned.
    pub words: Vec<Wanted>,
    /// Only chats with such a pull request or branch, or that spawned one with it.
    pub pull_request: PullRequestFilter,
}

/// Which pull requests or branches; all conditions hold together, of one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullRequestFilter {
    /// Its number.
    pub number: Option<i64>,
    /// What has become of it.
    pub state: Option<PullRequestWanted>,
    /// Its title contains this.
    pub title_contains: Option<String>,
    /// Its address, or that of the branch, contains this.
    pub url_contains: Option<String>,
    /// The address of the branch's remote contains this.
    pub repository_contains: Option<String>,
}

/// What is to have become of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullRequestWanted {
    /// It can be merged or is a draft.
    Open,
    /// It is a draft.
    Draft,
    /// It was merged.
    Merged,
    /// It was closed and not merged.
    Closed,
}

impl PullRequestWanted {
    /// As people and the database write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Draft => "draft",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }

    /// Reads it.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Draft, Self::Merged, Self::Closed]
            .into_iter()
            .find(|state| state.as_str().eq_ignore_ascii_case(text))
    }
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
    let statement = match (db, query.after.as_ref().map(|after| after.pin_order > 0)) {
        (Db::Sqlite { .. }, None) => FIRST_PAGE_SQLITE,
        (Db::Sqlite { .. }, Some(true)) => AFTER_PINNED_SQLITE,
        (Db::Sqlite { .. }, Some(false)) => AFTER_UNPINNED_SQLITE,
        (Db::Postgres(_), None) => FIRST_PAGE_POSTGRES,
        (Db::Postgres(_), Some(true)) => AFTER_PINNED_POSTGRES,
        (Db::Postgres(_), Some(false)) => AFTER_UNPINNED_POSTGRES,
    };
    let filter = &query.filter;
    let title = pattern(filter.title_contains.as_deref());
    let model = pattern(filter.model_contains.as_deref());
    let pull_request_title = pattern(filter.pull_request.title_contains.as_deref());
    let url = pattern(filter.pull_request.url_contains.as_deref());
    let repository = pattern(filter.pull_request.repository_contains.as_deref());
    let words = words_json(db, query);
    let rows: Vec<RawListed> = on_reader!(db, pool => {
        let mut statement = sqlx::query_as(statement)
            .bind(query.owner_id.0)
            .bind(filter.archived)
            .bind(filter.status.map_or("", Status::as_str))
            .bind(switch(filter.is_owned))
            .bind(title)
            .bind(Json(&filter.labels))
            .bind(model)
            .bind(switch(filter.is_pinned))
            .bind(switch(filter.has_unread))
            .bind(Json(words))
            .bind(i64::try_from(filter.words.len()).unwrap_or(i64::MAX))
            .bind(filter.pull_request.number.unwrap_or(0))
            .bind(filter.pull_request.state.map_or("", PullRequestWanted::as_str))
            .bind(pull_request_title)
            .bind(url)
            .bind(repository)
            .bind(query.limit)
            .bind(query.offset);
        if let Some(after) = &query.after {
            statement = statement
                .bind(after.updated_at)
                .bind(after.id.0)
                .bind(after.pin_order);
        }
        statement.fetch_all(pool).await?
    });
    rows.into_iter().map(ListedChat::try_from).collect()
}

/// The chats that these roots spawned, newest first.
pub async fn children(
    db: &Db,
    roots: &[ChatId],
    archived: bool,
) -> Result<Vec<ListedChat>, StoreError> {
    let rows: Vec<RawListed> = match db {
        Db::Sqlite { reader, .. } => {
            sqlx::query_as(CHILDREN_SQLITE)
                .bind(hex_ids(roots.iter().map(|id| id.0)))
                .bind(archived)
                .fetch_all(reader)
                .await?
        }
        Db::Postgres(pool) => {
            let roots: Vec<uuid::Uuid> = roots.iter().map(|id| id.0).collect();
            sqlx::query_as(CHILDREN_POSTGRES)
                .bind(roots)
                .bind(archived)
                .fetch_all(pool)
                .await?
        }
    };
    rows.into_iter().map(ListedChat::try_from).collect()
}

/// A person's chats that changed in what lists show after a time, the newest change first.
pub async fn changed_since(
    db: &Db,
    owner: UserId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<ChatRow>, StoreError> {
    let rows: Vec<RawChat> = on_reader!(db, pool => sqlx::query_as(CHANGED_SINCE)
        .bind(owner.0)
        .bind(since)
        .bind(limit)
        .fetch_all(pool)
        .await?);
    rows.into_iter().map(ChatRow::try_from).collect()
}

/// Whether a chat has an answer that was not read.
pub async fn has_unread(db: &Db, chat: ChatId) -> Result<bool, StoreError> {
    let unread: Option<bool> =
        on_reader!(db, pool => sqlx::query_scalar(UNREAD).bind(chat.0).fetch_optional(pool).await?);
    Ok(unread.unwrap_or(false))
}

fn words_json(db: &Db, query: &ListChats) -> Vec<Value> {
    let owner = query.owner_id;
    let words = query.filter.words.iter();
    words
        .map(|wanted| {
            let text_query = match db {
                Db::Sqlite { .. } => wanted.fts5_query(owner),
                Db::Postgres(_) => wanted.tsquery(owner),
            };
            json!([wanted.title_pattern(), text_query])
        })
        .collect()
}

fn pattern(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| contains_pattern(&fold(text)))
}

const fn switch(wanted: Option<bool>) -> i32 {
    match wanted {
        None => -1,
        Some(false) => 0,
        Some(true) => 1,
    }
}

crate::statements![
    UNREAD, CHANGED_SINCE;
    FIRST_PAGE_SQLITE => FIRST_PAGE_POSTGRES,
    AFTER_PINNED_SQLITE => AFTER_PINNED_POSTGRES,
    AFTER_UNPINNED_SQLITE => AFTER_UNPINNED_POSTGRES,
    CHILDREN_SQLITE => CHILDREN_POSTGRES
];
