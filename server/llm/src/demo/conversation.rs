//! What the script reads from a conversation: the person's last message, how many steps followed it, their results.

use serde_json::Value;

use crate::replay::split_result;
use crate::{Content, Message, Request, Role};

/// A view of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conversation<'a> {
    request: &'a Request,
    /// Messages after the person's last one.
    turn: &'a [Message],
}

/// A tool's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToolAnswer {
    pub name: String,
    pub text: String,
    pub is_error: bool,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(request: &'a Request) -> Self {
        let after = request
            .messages
            .iter()
            .rposition(|message| message.role == Role::User)
            .map_or(0, |last| last + 1);
        Self {
            request,
            turn: request.messages.get(after..).unwrap_or_default(),
        }
    }

    /// Text of the person's last message.
    pub(super) fn last_words(&self) -> String {
        let last = self
            .request
            .messages
            .iter()
            .rfind(|message| message.role == Role::User);
        last.map(text).unwrap_or_default()
    }

    /// Text of the person's first message.
    pub(super) fn first_words(&self) -> String {
        let first = self
            .request
            .messages
            .iter()
            .find(|message| message.role == Role::User);
        first.map(text).unwrap_or_default()
    }

    /// How many pictures the person's last message has.
    pub(super) fn image_count(&self) -> usize {
        let last = self
            .request
            .messages
            .iter()
            .rfind(|message| message.role == Role::User);
        last.map_or(0, |message| {
            message
                .content
                .iter()
                .filter(|content| matches!(content, Content::Image { .. }))
                .count()
        })
    }

    /// Steps the model has taken since.
    pub(super) fn step(&self) -> usize {
        self.turn
            .iter()
            .filter(|message| message.role == Role::Assistant)
            .count()
    }

    /// Answers of all tools since, oldest first.
    pub(super) fn answers(&self) -> Vec<ToolAnswer> {
        self.turn.iter().flat_map(answers).collect()
    }

    /// Answers to the calls of the last step.
    pub(super) fn last_answers(&self) -> Vec<ToolAnswer> {
        let after = self
            .turn
            .iter()
            .rposition(|message| message.role == Role::Assistant)
            .map_or(0, |last| last + 1);
        self.turn.iter().skip(after).flat_map(answers).collect()
    }

    pub(super) fn has_tool(&self, name: &str) -> bool {
        self.request.tools.iter().any(|tool| tool.name == name)
    }

    /// Whether tools would find no workspace to work in; the tool that makes one says so.
    pub(super) fn lacks_workspace(&self) -> bool {
        let tools = &self.request.tools;
        let create = tools.iter().find(|tool| tool.name == "create_workspace");
        create.is_some_and(|tool| tool.description.contains("has no workspace"))
    }

    /// Whether a tool's schema speaks of a field, at any depth.
    pub(super) fn tool_takes(&self, name: &str, field: &str) -> bool {
        let tool = self.request.tools.iter().find(|tool| tool.name == name);
        tool.is_some_and(|tool| {
            tool.input_schema
                .to_string()
                .contains(&format!("\"{field}\""))
        })
    }
}

impl ToolAnswer {
    /// A string field of an answer in JSON; of plain text the whole.
    pub(super) fn field(&self, name: &str) -> String {
        match serde_json::from_str::<Value>(&self.text) {
            Ok(Value::Object(fields)) => fields
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            _ => self.text.clone(),
        }
    }
}

fn text(message: &Message) -> String {
    let texts = message.content.iter().filter_map(|content| match content {
        Content::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn answers(message: &Message) -> Vec<ToolAnswer> {
    let results = message.content.iter().filter_map(|content| match content {
        Content::ToolResult {
            name,
            content,
            is_error,
            ..
        } => Some(ToolAnswer {
            name: name.clone(),
            text: split_result(content).0,
            is_error: *is_error,
        }),
        _ => None,
    });
    results.collect()
}
