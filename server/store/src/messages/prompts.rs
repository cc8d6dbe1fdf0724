//! What a person wrote in a chat, for going back to it while writing.

use sdk::ids::{ChatId, MessageId, UserId};

use super::content;
use crate::{Db, StoreError, on_reader};

macro_rules! list {
    ($parts:literal) => {
        concat!(
            "SELECT id, CAST(content AS TEXT) FROM chat_messages WHERE chat_id = $1 AND role = 'user' \
             AND created_by = $2 AND visibility IN ('user', 'both') AND NOT deleted AND content_version = 1 \
             AND id < $3 AND EXISTS (SELECT 1 FROM ",
            $parts,
            " = 'text') ORDER BY id DESC LIMIT $4"
        )
    };
}

const LIST_SQLITE: &str = list!("json_each(content) part WHERE json_extract(part.value, '$.type')");
const LIST_POSTGRES: &str = list!("jsonb_array_elements(content) part WHERE part ->> 'type'");

/// Ids and texts of a person's messages below `before` that have a text, newest first.
pub async fn list(
    db: &Db,
    chat: ChatId,
    author: UserId,
    before: MessageId,
    limit: i64,
) -> Result<Vec<(MessageId, String)>, StoreError> {
    let statement = match db {
        Db::Sqlite { .. } => LIST_SQLITE,
        Db::Postgres(_) => LIST_POSTGRES,
    };
    let rows: Vec<(i64, String)> = on_reader!(db, pool => sqlx::query_as(statement)
        .bind(chat.0)
        .bind(author.0)
        .bind(before.0)
        .bind(limit)
        .fetch_all(pool)
        .await?);
    let messages = content::decode_rows(rows)?.into_iter();
    Ok(messages
        .map(|(id, parts)| (id, sdk::parts::text_of(&parts)))
        .collect())
}

crate::statements![; LIST_SQLITE => LIST_POSTGRES];
