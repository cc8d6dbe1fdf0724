//! From what is configured and a chat's rows to what the model is asked: instructions, facts, and a history that
//! providers accept.
//!
//! The history is repaired on the way: open calls get an answer, answers without a call get one, empty parts go.
//! What was built is kept for the chat's next turn (`kept`).

pub(crate) mod attachments;
mod instructions;
pub(crate) mod kept;
pub(crate) mod preview;
mod quotes;
pub mod visible;

use std::sync::Arc;

use std::collections::HashSet;

use llm::{Content, SystemBlock, ToolResultContent};
use sdk::messages::Role;
use sdk::parts::{Part, ToolCallPart, ToolResultPart};
use serde_json::Value;
use store::messages::MessageRow;

use crate::tools::computer;

pub use instructions::{DEFAULT_SYSTEM_PROMPT, Instructions};

/// Text that stands for a tool's missing answer.
const NO_RESULT: &str = "This call was not answered. It may or may not have taken effect.";

/// A history ready to be sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// Instructions.
    pub system: Vec<SystemBlock>,
    /// The conversation.
    pub messages: Arc<Vec<llm::Message>>,
    /// Ids of all tool calls in it.
    pub call_ids: HashSet<String>,
    /// Files that stand in it, in order.
    attachments: Vec<attachments::Attachment>,
    /// Whether the history has calls whose ids are not in `call_ids`, because a summary stands for them.
    pub is_abridged: bool,
    /// How many of the first blocks of `system` are configured for all chats of the owner.
    instruction_blocks: usize,
    /// Whether the last block of `system` holds facts.
    has_facts: bool,
    /// About how much memory the conversation takes.
    bytes: usize,
}

/// Builds the prompt from the rows that the model sees. What is configured is set by the turn.
pub fn build(rows: &[MessageRow], facts: Option<String>) -> Prompt {
    let mut prompt = Prompt::default();
    for row in rows {
        if row.message.role == Role::System && !row.compressed {
            prompt.system.push(SystemBlock::new(row.message.text()));
        }
    }
    if let Some(facts) = facts {
        prompt.set_facts(facts);
    }
    prompt.is_abridged = rows.iter().any(|row| row.compressed);
    for row in rows
        .iter()
        .filter(|row| row.message.role != Role::System || row.compressed)
    {
        prompt.push(row.message.role, &row.message.content);
    }
    prompt.close_calls();
    prompt
}

impl Prompt {
    /// What is configured now, instead of what was configured before.
    pub fn set_instructions(&mut self, instructions: &Instructions) {
        let blocks = instructions.blocks();
        let count = blocks.len();
        self.system.splice(..self.instruction_blocks, blocks);
        self.instruction_blocks = count;
    }

    /// What is known of the workspace now, instead of what was known before.
    pub fn set_facts(&mut self, facts: String) {
        self.forget_facts();
        self.system.push(SystemBlock::new(facts));
        self.has_facts = true;
    }

    /// Nothing is known of the workspace.
    pub(crate) fn forget_facts(&mut self) {
        if self.has_facts {
            self.system.pop();
        }
        self.has_facts = false;
    }

    /// Whether the model has answered in what it is to see.
    pub(crate) fn has_answer(&self) -> bool {
        let mut roles = self.messages.iter().map(|message| message.role);
        roles.any(|role| role == llm::Role::Assistant)
    }

    /// Appends a message.
    pub fn push(&mut self, role: Role, parts: &[Part]) {
        match role {
            Role::Assistant => {
                self.close_calls();
                self.push_content(
                    llm::Role::Assistant,
                    parts.iter().filter_map(assistant_content).collect(),
                );
            }
            Role::Tool => {
                for part in parts {
                    // What the provider ran itself is not ours to answer.
                    if let Part::ToolResult(result) = part
                        && !result.provider_executed
                    {
                        self.push_result(result);
                    }
                }
            }
            Role::User | Role::System => {
                self.close_calls();
                let content = self.user_contents(parts);
                self.push_content(llm::Role::User, content);
            }
        }
    }

    /// What a person said; where files stand is noted.
    fn user_contents(&mut self, parts: &[Part]) -> Vec<Content> {
        let mut contents = Vec::new();
        for part in parts {
            if let Part::File(file) = part
                && let Some(file_id) = file.file_id
            {
                self.attachments.push(attachments::Attachment {
                    file_id,
                    name: file.name.clone().unwrap_or_else(|| "a file".to_owned()),
                    message: self.messages.len(),
                    piece: contents.len(),
                    is_screenshot: false,
                });
            }
            contents.extend(user_content(part));
        }
        contents
    }

    /// Answers the calls of the last answer that have none.
    pub fn close_calls(&mut self) {
        for (id, name) in self.open_calls() {
            self.push_content(llm::Role::Tool, vec![error_content(&id, &name)]);
        }
    }

    fn open_calls(&self) -> Vec<(String, String)> {
        let answered: HashSet<&str> = self
            .messages
            .iter()
            .rev()
            .take_while(|message| message.role == llm::Role::Tool)
            .flat_map(|message| &message.content)
            .filter_map(|content| match content {
                Content::ToolResult { tool_call_id, .. } => Some(tool_call_id.as_str()),
                _ => None,
            })
            .collect();
        let last = self
            .messages
            .iter()
            .rev()
            .find(|message| message.role != llm::Role::Tool);
        let Some(last) = last.filter(|message| message.role == llm::Role::Assistant) else {
            return Vec::new();
        };
        last.content
            .iter()
            .filter_map(|content| match content {
                Content::ToolCall { id, name, .. } if !answered.contains(id.as_str()) => {
                    Some((id.clone(), name.clone()))
                }
                _ => None,
            })
            .collect()
    }

    fn push_result(&mut self, result: &ToolResultPart) {
        let is_open = self
            .open_calls()
            .iter()
            .any(|(id, _)| *id == result.tool_call_id);
        if !is_open {
            if self.call_ids.contains(&result.tool_call_id) {
                return;
            }
            let call = ToolCallPart {
                tool_call_id: result.tool_call_id.clone(),
                tool_name: result.tool_name.clone(),
                ..ToolCallPart::default()
            };
            self.push(Role::Assistant, &[Part::ToolCall(call)]);
        }
        let picture = computer::picture_of(&result.tool_name, result.result.as_ref());
        let text = match (&picture, &result.result) {
            (Some((_, words)), _) => words.clone(),
            (None, Some(Value::String(text))) => text.clone(),
            (None, Some(value)) => value.to_string(),
            (None, None) => NO_RESULT.to_owned(),
        };
        let content = Content::ToolResult {
            tool_call_id: result.tool_call_id.clone(),
            name: result.tool_name.clone(),
            content: vec![ToolResultContent::Text(text)],
            is_error: result.is_error,
        };
        self.push_content(llm::Role::Tool, vec![content]);
        if let Some((file_id, _)) = picture
            && let Some(last) = self.messages.last()
        {
            self.attachments.push(attachments::Attachment {
                file_id,
                name: "screenshot".to_owned(),
                message: self.messages.len() - 1,
                piece: last.content.len() - 1,
                is_screenshot: true,
            });
        }
    }

    fn push_content(&mut self, role: llm::Role, content: Vec<Content>) {
        if content.is_empty() {
            return;
        }
        for piece in &content {
            self.bytes += content_bytes(piece);
            if let Content::ToolCall { id, .. } | Content::ProviderCall { id, .. } = piece {
                self.call_ids.insert(id.clone());
            }
        }
        // Copies only while a call is still being made of it, as an interrupted one may.
        let messages = Arc::make_mut(&mut self.messages);
        match messages.last_mut() {
            // Results of one step belong together.
            Some(last) if last.role == role && role == llm::Role::Tool => {
                last.content.extend(content);
            }
            _ => messages.push(llm::Message { role, content }),
        }
    }
}

fn content_bytes(content: &Content) -> usize {
    /// What a piece takes beside its text.
    const EACH: usize = 96;
    let besides = match content {
        Content::Reasoning {
            provider_metadata: Some(metadata),
            ..
        } => metadata.to_string().len(),
        Content::ToolCall { id, .. } | Content::ProviderCall { id, .. } => id.len(),
        Content::ProviderResult { result, .. } => result.to_string().len(),
        _ => 0,
    };
    content.size_bytes() + besides + EACH
}

fn error_content(id: &str, name: &str) -> Content {
    Content::ToolResult {
        tool_call_id: id.to_owned(),
        name: name.to_owned(),
        content: vec![ToolResultContent::Text(NO_RESULT.to_owned())],
        is_error: true,
    }
}

fn assistant_content(part: &Part) -> Option<Content> {
    match part {
        Part::Text { text } => (!text.trim().is_empty()).then(|| Content::Text(text.clone())),
        Part::Reasoning(reasoning) => {
            let is_empty =
                reasoning.text.trim().is_empty() && reasoning.provider_metadata.is_none();
            (!is_empty).then(|| Content::Reasoning {
                text: reasoning.text.clone(),
                provider_metadata: reasoning.provider_metadata.clone(),
            })
        }
        // What a provider ran itself goes back to it, and to no other.
        Part::ToolCall(call) if call.provider_executed => Some(Content::ProviderCall {
            id: call.tool_call_id.clone(),
            name: call.tool_name.clone(),
            arguments: call.args.as_ref().map(Value::to_string).unwrap_or_default(),
            provider_metadata: call.provider_metadata.clone(),
        }),
        Part::ToolResult(result) if result.provider_executed => Some(Content::ProviderResult {
            tool_call_id: result.tool_call_id.clone(),
            name: result.tool_name.clone(),
            result: result.result.clone().unwrap_or_default(),
            is_error: result.is_error,
            provider_metadata: result.provider_metadata.clone(),
        }),
        Part::Source(source) => source.provider_metadata.is_some().then(|| Content::Source {
            url: source.url.clone(),
            title: source.title.clone(),
            provider_metadata: source.provider_metadata.clone(),
        }),
        Part::ToolCall(call) => Some(Content::ToolCall {
            id: call.tool_call_id.clone(),
            name: call.tool_name.clone(),
            arguments: match &call.args {
                Some(args @ Value::Object(_)) => args.to_string(),
                _ => "{}".to_owned(),
            },
        }),
        _ => None,
    }
}

fn user_content(part: &Part) -> Option<Content> {
    match part {
        Part::Text { text } => (!text.trim().is_empty()).then(|| Content::Text(text.clone())),
        Part::FileReference(lines) => Some(Content::Text(quotes::reference(lines))),
        Part::DiffComment(comment) => Some(Content::Text(quotes::comment(comment))),
        Part::File(file) => {
            let name = file.name.as_deref().unwrap_or("a file");
            Some(Content::Text(format!(
                "[attached: {name}, {}]",
                file.media_type
            )))
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "prompt/tests.rs"]
mod tests;
