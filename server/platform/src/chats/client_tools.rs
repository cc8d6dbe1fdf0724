//! Tools that a chat's client runs itself: what they must look like, and the client's answers.

use std::collections::HashSet;

use sdk::chats::DynamicTool;
use sdk::errors::Validation;
use sdk::ids::ChatId;
use sdk::messages::SubmitToolResults;

use super::ChatFailure;
use crate::{Actor, Platform};

const MAX_TOOLS: usize = 250;
const MAX_NAME_BYTES: usize = 64;

/// Checks what a client declares.
pub(super) fn check(tools: &[DynamicTool]) -> Result<(), ChatFailure> {
    if tools.len() > MAX_TOOLS {
        return Err(ChatFailure::field(
            "unsafe_dynamic_tools",
            "must be at most 250",
        ));
    }
    let mut names = HashSet::new();
    let mut refused = Vec::new();
    for (index, tool) in tools.iter().enumerate() {
        let mut refuse = |field: &str, detail: &str| {
            refused.push(Validation {
                field: format!("unsafe_dynamic_tools[{index}].{field}"),
                detail: detail.to_owned(),
            });
        };
        if !is_name(&tool.name) {
            refuse("name", "Use 1 to 64 letters, digits, _ or -.");
        } else if !names.insert(tool.name.as_str()) {
            refuse("name", "Another tool has this name. Choose another one.");
        }
        if tool.description.contains('\0') {
            refuse("description", "Remove the NUL characters.");
        }
        if !tool.input_schema.is_object() && !tool.input_schema.is_null() {
            refuse("input_schema", "Give a JSON schema object.");
        } else if tool.input_schema.to_string().contains("\\u0000") {
            refuse("input_schema", "Remove the NUL characters.");
        }
    }
    if refused.is_empty() {
        Ok(())
    } else {
        Err(ChatFailure::Invalid(refused))
    }
}

/// What every provider takes as a tool's name.
fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

impl Platform {
    /// The client's answers to the calls that the chat waits for: each call exactly once. The turn goes on.
    pub async fn submit_tool_results(
        &self,
        actor: &Actor,
        chat: ChatId,
        request: SubmitToolResults,
    ) -> Result<(), ChatFailure> {
        self.own_working_chat(actor, chat).await?;
        if request.results.is_empty() {
            return Err(ChatFailure::field(
                "results",
                "must hold an answer to each call",
            ));
        }
        self.0
            .daemon
            .submit_tool_results(chat, request.results)
            .await?;
        Ok(())
    }
}
