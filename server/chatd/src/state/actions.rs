//! Transitions of client tools: the model called a tool that the chat's client runs itself, the chat waits in
//! requires-action until the client answers, a person goes on without it, or the deadline passes.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sdk::errors::Validation;
use sdk::messages::ClientToolResult;
use sdk::parts::{ToolCallPart, ToolResultPart};
use store::chats::Status;
use store::messages::NewMessage;

use super::change::{Change, Fence, Locked};
use super::error::StateError;
use super::open_calls::{Unanswered, result_message};
use super::table;

/// How long a client may take to answer its calls.
pub const ACTION_DEADLINE: TimeDelta = TimeDelta::minutes(5);

impl Change {
    /// The model called a tool of the client.
    pub fn enter_action(&mut self, locked: &mut Locked, fence: &Fence) -> Result<(), StateError> {
        fence.check(&locked.chat)?;
        locked.enter(&table::ENTER_ACTION)?;
        locked.set_status(Status::RequiresAction);
        locked.chat.requires_action_deadline_at = Some(self.now + ACTION_DEADLINE);
        locked.clear_owner();
        locked.leave(&table::ENTER_ACTION)
    }

    /// A client answered its calls: each of them exactly once.
    pub async fn complete_action(
        &mut self,
        locked: &mut Locked,
        answers: Vec<ClientToolResult>,
    ) -> Result<(), StateError> {
        locked.enter(&table::COMPLETE_ACTION)?;
        let open = self.open_calls(locked.chat.id).await?;
        let results = pair(&open, answers, self.now)?;
        self.insert_messages(locked, results).await?;
        locked.set_status(Status::Running);
        locked.leave(&table::COMPLETE_ACTION)
    }

    /// The client did not answer in time.
    pub async fn cancel_action(&mut self, locked: &mut Locked) -> Result<(), StateError> {
        locked.enter(&table::CANCEL_ACTION)?;
        self.answer_open_calls(locked, Unanswered::Cancelled)
            .await?;
        locked.set_status(Status::Running);
        locked.leave(&table::CANCEL_ACTION)
    }
}

/// The answers as messages in the order of the calls, or what is wrong with them.
fn pair(
    open: &[ToolCallPart],
    answers: Vec<ClientToolResult>,
    now: DateTime<Utc>,
) -> Result<Vec<NewMessage>, StateError> {
    let mut problems = Vec::new();
    let mut by_call = HashMap::new();
    for (index, answer) in answers.into_iter().enumerate() {
        let id = answer.tool_call_id.clone();
        let is_open = open.iter().any(|call| call.tool_call_id == id);
        let detail = match (is_open, by_call.insert(id.clone(), answer)) {
            (false, _) => format!("no call {id:?} waits for an answer"),
            (true, Some(_)) => format!("the call {id:?} is answered twice"),
            (true, None) => continue,
        };
        problems.push(Validation {
            field: format!("results[{index}].tool_call_id"),
            detail,
        });
    }
    let mut results = Vec::with_capacity(open.len());
    for call in open {
        match by_call.remove(&call.tool_call_id) {
            Some(answer) => results.push(result(call, answer, now)),
            None => problems.push(Validation {
                field: "results".to_owned(),
                detail: format!("the call {:?} is not answered", call.tool_call_id),
            }),
        }
    }
    if problems.is_empty() {
        Ok(results)
    } else {
        Err(StateError::WrongToolResults(problems))
    }
}

fn result(call: &ToolCallPart, answer: ClientToolResult, now: DateTime<Utc>) -> NewMessage {
    result_message(ToolResultPart {
        tool_call_id: call.tool_call_id.clone(),
        tool_name: call.tool_name.clone(),
        result: Some(answer.output),
        is_error: answer.is_error,
        created_at: Some(now),
        ..ToolResultPart::default()
    })
}
