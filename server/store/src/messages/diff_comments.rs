//! Comments on lines of a diff among what people said in a chat.

use sdk::ids::{ChatId, MessageId};
use sdk::parts::Part;

use super::content;
use crate::{Db, StoreError, on_reader};

macro_rules! list {
    ($parts:literal) => {
        concat!(
            "SELECT id, CAST(content AS TEXT) FROM chat_messages WHERE chat_id = $1 AND role = 'user' \
             AND visibility IN ('user', 'both') AND NOT deleted AND content_version = 1 AND id < $2 \
             AND EXISTS (SELECT 1 FROM ",
            $parts,
            " = 'diff-comment') ORDER BY id DESC LIMIT $3"
        )
    };
}

const LIST_SQLITE: &str = list!("json_each(content) part WHERE json_extract(part.value, '$.type')");
const LIST_POSTGRES: &str = list!("jsonb_array_elements(content) part WHERE part ->> 'type'");

/// Messages below `before` that hold comments, newest first, with all of their parts.
pub async fn list(
    db: &Db,
    chat: ChatId,
    before: MessageId,
    limit: i64,
) -> Result<Vec<(MessageId, Vec<Part>)>, StoreError> {
    let statement = match db {
        Db::Sqlite { .. } => LIST_SQLITE,
        Db::Postgres(_) => LIST_POSTGRES,
    };
    let rows: Vec<(i64, String)> = on_reader!(db, pool => sqlx::query_as(statement)
        .bind(chat.0)
        .bind(before.0)
        .bind(limit)
        .fetch_all(pool)
        .await?);
    content::decode_rows(rows)
}

crate::statements![; LIST_SQLITE => LIST_POSTGRES];
