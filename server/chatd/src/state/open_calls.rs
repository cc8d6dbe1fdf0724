//! Tool calls that nobody answered. A history that a provider accepts has none, so every way that ends a turn or
//! adds a person's message answers them first.

use std::collections::HashSet;

use sdk::ids::ChatId;
use sdk::messages::{Message, Role};
use sdk::parts::{Part, ToolCallPart, ToolResultPart};
use sdk::stream::PendingToolCall;
use serde_json::json;
use store::messages::{self, MessageRow, NewMessage};
use store::{StoreError, Tx};

use super::change::{Change, Locked};
use super::error::StateError;

/// Why a call gets an answer that its tool did not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// A person stopped the turn.
    Interrupted,
    /// The server stopped while the tool ran.
    Restarted,
    /// A client was to answer and the chat went on without it.
    Cancelled,
    /// The turn failed.
    Failed,
}

impl Unanswered {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Interrupted => {
                "The user stopped this before it was done. It may have taken effect in part."
            }
            Self::Restarted => {
                "The server restarted while this ran. It may or may not have taken effect; check before repeating it."
            }
            Self::Cancelled => "Cancelled: the client did not answer this call.",
            Self::Failed => {
                "The turn failed before this was done. It may have taken effect in part."
            }
        }
    }
}

/// A tool's answer as a message.
pub fn result_message(result: ToolResultPart) -> NewMessage {
    NewMessage::new(Role::Tool, vec![Part::ToolResult(result)])
}

/// An error answer to a call.
pub fn error_result(call: &ToolCallPart, text: &str) -> ToolResultPart {
    ToolResultPart {
        tool_call_id: call.tool_call_id.clone(),
        tool_name: call.tool_name.clone(),
        result: Some(json!({ "error": text })),
        is_error: true,
        ..ToolResultPart::default()
    }
}

/// The calls of `parts` that none of `answered` answers; calls that the provider ran itself need no answer.
pub fn open_calls<'a>(
    parts: impl IntoIterator<Item = &'a Part>,
    answered: impl IntoIterator<Item = &'a Part>,
) -> Vec<ToolCallPart> {
    let answered: HashSet<&str> = answered
        .into_iter()
        .filter_map(|part| match part {
            Part::ToolResult(result) => Some(result.tool_call_id.as_str()),
            _ => None,
        })
        .collect();
    parts
        .into_iter()
        .filter_map(|part| match part {
            Part::ToolCall(call) if !call.provider_executed => Some(call),
            _ => None,
        })
        .filter(|call| !answered.contains(call.tool_call_id.as_str()))
        .cloned()
        .collect()
}

/// The calls that a client must answer, as clients see them; those of a chat in requires-action.
pub async fn pending(tx: &mut Tx, chat: ChatId) -> Result<Vec<PendingToolCall>, StoreError> {
    let step = messages::last_step(tx, chat).await?;
    Ok(open_in(&step)
        .into_iter()
        .map(|call| PendingToolCall {
            tool_call_id: call.tool_call_id,
            tool_name: call.tool_name,
            args: call.args.unwrap_or_default().to_string(),
        })
        .collect())
}

fn open_in(step: &[MessageRow]) -> Vec<ToolCallPart> {
    let parts = |role: Role| {
        step.iter()
            .filter(move |row| row.message.role == role)
            .flat_map(|row| &row.message.content)
    };
    open_calls(parts(Role::Assistant), parts(Role::Tool))
}

impl Change {
    /// The open calls of the history's last answer.
    pub async fn open_calls(&mut self, chat: ChatId) -> Result<Vec<ToolCallPart>, StateError> {
        let step = messages::last_step(&mut self.tx, chat).await?;
        Ok(open_in(&step))
    }

    /// Answers every open call of the history.
    pub(super) async fn answer_open_calls(
        &mut self,
        locked: &mut Locked,
        reason: Unanswered,
    ) -> Result<Vec<Message>, StateError> {
        let open = self.open_calls(locked.chat.id).await?;
        let answers = open
            .iter()
            .map(|call| answer(call, reason, self.now))
            .collect();
        self.insert_messages(locked, answers).await
    }
}

fn answer(
    call: &ToolCallPart,
    reason: Unanswered,
    now: chrono::DateTime<chrono::Utc>,
) -> NewMessage {
    result_message(ToolResultPart {
        interrupted: true,
        created_at: Some(now),
        ..error_result(call, reason.text())
    })
}
