//! Transitions of what the model sees of the history: a summary in its place, or nothing of it.
//!
//! The prompt begins at the newest compressed row, so a summary is a hidden row that only the model sees; people see
//! a tool card beside it and keep the whole history.

use sdk::messages::{Message, Role};
use sdk::parts::{Part, ToolCallPart, ToolResultPart};
use serde_json::{Value, json};
use store::chats::Status;
use store::messages::{NewMessage, Visibility};
use uuid::Uuid;

use super::change::{Change, Fence, Locked};
use super::error::StateError;
use super::open_calls::{Unanswered, result_message};
use super::table;

pub use sdk::parts::{CHAT_CLEARED as CLEARED, CHAT_SUMMARIZED as SUMMARIZED};

impl Change {
    /// W, E0 → R0 · E1 → R1: the next thing that the worker does is a summary.
    pub async fn request_compaction(
        &mut self,
        locked: &mut Locked,
        instructions: String,
    ) -> Result<(), StateError> {
        locked.enter(&table::REQUEST_COMPACTION)?;
        self.answer_open_calls(locked, Unanswered::Failed).await?;
        locked.chat.updated_at = self.now;
        locked.next_attempt();
        locked.set_status(Status::Running);
        locked.chat.compaction_request = Some(instructions);
        locked.leave(&table::REQUEST_COMPACTION)
    }

    /// The rows of a summary, or of its failure; a request for one is fulfilled.
    pub async fn commit_compaction(
        &mut self,
        locked: &mut Locked,
        fence: &Fence,
        rows: Vec<NewMessage>,
    ) -> Result<Vec<Message>, StateError> {
        let inserted = self.commit_step(locked, fence, rows).await?;
        locked.chat.compaction_request = None;
        Ok(inserted)
    }

    /// W → W · E0 → W: the model sees nothing of what was said so far.
    pub async fn clear_context(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        locked.enter(&table::CLEAR_CONTEXT)?;
        self.answer_open_calls(locked, Unanswered::Failed).await?;
        let mut rows = vec![compressed(String::new())];
        rows.extend(card(
            CLEARED,
            json!({}),
            json!({ "ok": true }),
            false,
            self.now,
        ));
        self.insert_messages(locked, rows).await?;
        locked.chat.updated_at = self.now;
        locked.set_status(Status::Waiting);
        locked.leave(&table::CLEAR_CONTEXT)
    }
}

/// The row that stands for everything before it; an empty text says nothing to the model.
pub fn compressed(text: String) -> NewMessage {
    let content = if text.is_empty() {
        Vec::new()
    } else {
        vec![Part::text(text)]
    };
    NewMessage {
        visibility: Visibility::Model,
        compressed: true,
        ..NewMessage::new(Role::User, content)
    }
}

/// A call and its result that only people see.
pub fn card(
    tool_name: &str,
    arguments: Value,
    result: Value,
    is_error: bool,
    now: chrono::DateTime<chrono::Utc>,
) -> [NewMessage; 2] {
    let tool_call_id = format!("call_{}", Uuid::now_v7().simple());
    let call = ToolCallPart {
        tool_call_id: tool_call_id.clone(),
        tool_name: tool_name.to_owned(),
        args: Some(arguments),
        created_at: Some(now),
        ..ToolCallPart::default()
    };
    let answer = ToolResultPart {
        tool_call_id,
        tool_name: tool_name.to_owned(),
        result: Some(result),
        is_error,
        created_at: Some(now),
        ..ToolResultPart::default()
    };
    let shown = |message| NewMessage {
        visibility: Visibility::User,
        ..message
    };
    [
        shown(NewMessage::new(Role::Assistant, vec![Part::ToolCall(call)])),
        shown(result_message(answer)),
    ]
}
