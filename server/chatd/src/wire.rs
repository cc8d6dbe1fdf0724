//! Rows as clients see them.

use sdk::chats::{Chat, ChatStatus};
use sdk::messages::{Message, QueuedMessage};
use sdk::parts::Part;
use store::chats::{ChatRow, Status};

/// The status on the wire: a running chat that no worker owns is pending.
pub fn status(chat: &ChatRow) -> ChatStatus {
    match chat.status {
        Status::Waiting => ChatStatus::Waiting,
        Status::Running if chat.worker_id.is_none() => ChatStatus::Pending,
        Status::Running => ChatStatus::Running,
        Status::Interrupting => ChatStatus::Interrupting,
        Status::RequiresAction => ChatStatus::RequiresAction,
        Status::Error => ChatStatus::Error,
    }
}

/// The chat, without its children and what its git host knows of it.
pub fn chat(row: ChatRow, has_unread: bool) -> Chat {
    Chat {
        status: status(&row),
        id: row.id,
        organization_id: row.organization_id,
        owner_id: row.owner_id,
        workspace_id: row.workspace_id,
        build_id: row.build_id,
        agent_id: row.agent_id,
        parent_chat_id: row.parent_chat_id,
        root_chat_id: row.root_chat_id.unwrap_or(row.id),
        last_model_config_id: row.last_model_config_id,
        title: row.title,
        status_since: Some(row.status_since),
        last_error: row.last_error.as_ref().map(|error| error.message.clone()),
        last_error_info: row.last_error,
        created_at: row.created_at,
        updated_at: row.updated_at,
        archived: row.archived,
        pin_order: row.pin_order,
        labels: row.labels,
        plan_mode: row.plan_mode,
        mcp_server_ids: row.mcp_server_ids,
        has_unread,
        client_type: row.client_type,
        diff_status: None,
        files: Vec::new(),
        children: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A message without internal fields.
pub fn message(mut message: Message) -> Message {
    message.content = message.content.into_iter().map(Part::for_client).collect();
    message
}

/// A queued message without internal fields.
pub fn queued(mut message: QueuedMessage) -> QueuedMessage {
    message.content = message.content.into_iter().map(Part::for_client).collect();
    message
}
