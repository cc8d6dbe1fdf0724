//! Which chat works in a workspace.

use sdk::ids::{ChatId, UserId, WorkspaceId};
use uuid::Uuid;

use crate::dialect::hex_ids;
use crate::{Db, StoreError};

macro_rules! newest {
    ($workspaces:literal) => {
        concat!(
            "SELECT workspace_id, id FROM (SELECT workspace_id, id, ROW_NUMBER() OVER (PARTITION BY workspace_id \
             ORDER BY updated_at DESC, id DESC) AS place FROM chats WHERE owner_id = $1 AND parent_chat_id IS NULL \
             AND NOT archived AND workspace_id ",
            $workspaces,
            ") newest WHERE place = 1"
        )
    };
}

const NEWEST_SQLITE: &str = newest!("IN (SELECT unhex(value) FROM json_each($2))");
const NEWEST_POSTGRES: &str = newest!("= ANY($2)");

/// A person's root chat of the newest change in each of these workspaces, archived ones left out.
pub async fn newest(
    db: &Db,
    owner: UserId,
    workspaces: &[WorkspaceId],
) -> Result<Vec<(WorkspaceId, ChatId)>, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = match db {
        Db::Sqlite { reader, .. } => {
            sqlx::query_as(NEWEST_SQLITE)
                .bind(owner.0)
                .bind(hex_ids(workspaces.iter().map(|id| id.0)))
                .fetch_all(reader)
                .await?
        }
        Db::Postgres(pool) => {
            let ids: Vec<Uuid> = workspaces.iter().map(|id| id.0).collect();
            sqlx::query_as(NEWEST_POSTGRES)
                .bind(owner.0)
                .bind(ids)
                .fetch_all(pool)
                .await?
        }
    };
    let pair = |(workspace, chat)| (WorkspaceId(workspace), ChatId(chat));
    Ok(rows.into_iter().map(pair).collect())
}

crate::statements![; NEWEST_SQLITE => NEWEST_POSTGRES];
