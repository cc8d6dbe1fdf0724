//! What an agent that a chat started is doing, for its card there.

use leptos::prelude::*;
use sdk::chats::ChatStatus;
use sdk::ids::ChatId;
use serde::{Deserialize, Serialize};

use crate::api::codec::Page;
use crate::error::AppError;

/// What a line of a card holds.
#[cfg(feature = "ssr")]
const LINE_CHARACTERS: usize = 200;

/// An agent at work, or what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentNews {
    /// The title of its chat.
    pub title: String,
    /// What it is doing.
    pub status: ChatStatus,
    /// The last line of what it said, or what it does; empty before the first step.
    pub last_line: String,
    /// What it has cost so far, in words; empty = no model was called.
    pub cost: String,
}

/// What a chat's agent is doing now.
#[server(name = GetAgentNews, prefix = "/api/page", endpoint = "agent_news", protocol = Page)]
pub async fn agent_news(chat_id: ChatId) -> Result<AgentNews, AppError> {
    let (platform, actor) = crate::api::signed_in()?;
    let news = platform.get_chat_news(&actor, chat_id).await;
    let news = news.map_err(crate::api::failed)?;
    let chat = news.chat;
    let last_line = match chat.last_error {
        Some(error) if chat.status == ChatStatus::Error => error,
        _ => last_line(&news.newest),
    };
    Ok(AgentNews {
        title: chat.title,
        status: chat.status,
        last_line,
        cost: crate::api::costs::words::of_chat(&news.cost),
    })
}

/// The newest thing that the agent said or did; messages come newest first.
#[cfg(feature = "ssr")]
fn last_line(messages: &[sdk::messages::Message]) -> String {
    use sdk::messages::Role;
    use sdk::parts::Part;

    let answers = messages
        .iter()
        .filter(|message| message.role == Role::Assistant);
    let mut parts = answers.flat_map(|message| message.content.iter().rev());
    let line = parts.find_map(|part| match part {
        Part::Text { text } => {
            let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
            Some(line.trim().to_owned())
        }
        Part::ToolCall(call) => Some(match first_argument(call.args.as_ref()) {
            Some(argument) => format!("{}: {argument}", call.tool_name),
            None => call.tool_name.clone(),
        }),
        _ => None,
    });
    let line = line.unwrap_or_default();
    match line.char_indices().nth(LINE_CHARACTERS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// What a call is about: the command or the path, in one line.
#[cfg(feature = "ssr")]
fn first_argument(args: Option<&serde_json::Value>) -> Option<String> {
    let text = ["command", "path", "url"]
        .into_iter()
        .find_map(|name| args?.get(name)?.as_str())?;
    text.lines().next().map(str::to_owned)
}
