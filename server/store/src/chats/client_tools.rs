//! The tools that a chat's client declared and runs itself. Written once, with the chat.

use sdk::chats::DynamicTool;
use sdk::ids::ChatId;
use sqlx::types::Json;

use crate::{Db, StoreError, Tx, on_reader, on_tx};

const GET: &str = "SELECT tools FROM chat_client_tools WHERE chat_id = $1";
const INSERT: &str = "INSERT INTO chat_client_tools (chat_id, tools) VALUES ($1, $2)";

/// The chat's tools; none for most chats.
pub async fn get(db: &Db, chat: ChatId) -> Result<Vec<DynamicTool>, StoreError> {
    let tools: Option<Json<Vec<DynamicTool>>> =
        on_reader!(db, pool => sqlx::query_scalar(GET).bind(chat.0).fetch_optional(pool).await?);
    Ok(tools.map(|tools| tools.0).unwrap_or_default())
}

/// Declares the tools of a new chat.
pub async fn insert(tx: &mut Tx, chat: ChatId, tools: &[DynamicTool]) -> Result<(), StoreError> {
    on_tx!(tx, connection => sqlx::query(INSERT)
        .bind(chat.0)
        .bind(Json(tools))
        .execute(connection)
        .await
        .map(|_| ())?);
    Ok(())
}

crate::statements![GET, INSERT];
