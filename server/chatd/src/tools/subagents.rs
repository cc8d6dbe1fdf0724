//! `spawn_agent`, `spawn_computer_use_agent`, `wait_agent`, `message_agent`, `interrupt_agent` and `list_agents`: how the agent of a root chat hands work to
//! others. Each works in a chat of its own below the root, in the same workspace, and hands nothing on. Only these chats can
//! be named; any other does not exist for them.

use std::time::Duration;

use async_trait::async_trait;
use sdk::chats::ChatError;
use sdk::ids::ChatId;
use sdk::parts::ToolCallPart;
use serde::Deserialize;
use serde_json::{Value, json};
use store::chats::{ChatMode, ChatRow, Status};

use super::arguments::parse;
use super::{Outcome, ToolContext};

/// The kind that `spawn_agent` begins when none is named.
const GENERAL: &str = "general";
/// Begins one that works on the desktop.
pub(super) const SPAWN_COMPUTER_USE: &str = "spawn_computer_use_agent";
const DEFAULT_WAIT: Duration = Duration::from_mins(5);
/// Less than a call may take at most.
const LONGEST_WAIT: Duration = Duration::from_mins(10);
const MAX_TITLE_CHARACTERS: usize = 80;
/// Longest report that is given to the model; all of it stands in the agent's chat.
const MAX_REPORT_BYTES: usize = 32 * 1024;

/// What an agent of type `general` is told beside the usual. Who explores or works on a desktop has instructions of its own.
pub(crate) const INSTRUCTIONS: &str = "\
Another agent handed you this work and reads only your last message. It does not answer questions: decide what you can, and \
report what you could not. You see nothing of its conversation, and you hand nothing on. Where there is a workspace, it and other agents work \
in it beside you: change only what your task needs, and leave changes that are not yours alone. The person whom all of you \
work for may write here too.\n\
Do the task, check it, and answer in your last message with what you did and found (path:line), how you checked it, and what is \
left.";

/// What an agent came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Waited {
    /// Its turn is over: its last words.
    Done(ChatRow, String),
    /// Its turn failed.
    Failed(ChatRow, ChatError),
    /// It is still at work.
    StillRunning(ChatRow),
    /// The wait was cancelled.
    Cancelled,
}

/// The chats to which the agent of a root chat hands work. Errors are words for the model.
#[async_trait]
pub trait Subagents: Send + Sync {
    /// Begins one, or gives the one that the same run of a call began before.
    async fn spawn(
        &self,
        id: ChatId,
        chat_mode: ChatMode,
        title: Option<String>,
        prompt: String,
    ) -> Result<ChatRow, String>;

    /// One of them.
    async fn find(&self, id: ChatId) -> Result<Option<ChatRow>, String>;

    /// All of them, the first one first.
    async fn list(&self) -> Result<Vec<ChatRow>, String>;

    /// Says something more to one; `true` when its turn was stopped for it.
    async fn message(&self, id: ChatId, text: String, interrupts: bool) -> Result<ChatRow, String>;

    /// Stops what one is doing.
    async fn interrupt(&self, id: ChatId) -> Result<ChatRow, String>;

    /// Waits until one is done, at most so long.
    async fn wait(
        &self,
        id: ChatId,
        at_most: Duration,
        context: &ToolContext,
    ) -> Result<Waited, String>;
}

#[derive(Deserialize)]
struct SpawnArguments {
    #[serde(default = "general", rename = "type")]
    kind: String,
    prompt: String,
    title: Option<String>,
}

fn general() -> String {
    GENERAL.to_owned()
}

#[derive(Deserialize)]
struct AgentArguments {
    chat_id: ChatId,
}

#[derive(Deserialize)]
struct WaitArguments {
    chat_id: ChatId,
    timeout_seconds: Option<u64>,
}

#[derive(Deserialize)]
struct MessageArguments {
    chat_id: ChatId,
    message: String,
    #[serde(default)]
    interrupt: bool,
}

/// Runs a call of these tools; `None` for one of others.
pub(super) async fn run(
    call: &ToolCallPart,
    context: &ToolContext,
) -> Option<Result<Outcome, Outcome>> {
    Some(match call.tool_name.as_str() {
        "spawn_agent" => spawn(call, ChatMode::General, context).await,
        SPAWN_COMPUTER_USE => spawn(call, ChatMode::ComputerUse, context).await,
        "wait_agent" => wait(call, context).await,
        "message_agent" => message(call, context).await,
        "interrupt_agent" => interrupt(call, context).await,
        "list_agents" => list(context).await,
        _ => return None,
    })
}

/// What became of an agent that a server began, or waited for, that is gone.
pub(super) async fn resume(call: &ToolCallPart, context: &ToolContext) -> Option<Outcome> {
    match call.tool_name.as_str() {
        "spawn_agent" | SPAWN_COMPUTER_USE => {
            let begun = context.agents.find(ChatId(context.run_id)).await.ok()??;
            Some(Outcome::success(told(&begun)))
        }
        // Nothing is begun by waiting or looking.
        "wait_agent" => Some(wait(call, context).await.unwrap_or_else(|refused| refused)),
        "list_agents" => Some(list(context).await.unwrap_or_else(|refused| refused)),
        _ => None,
    }
}

async fn spawn(
    call: &ToolCallPart,
    chat_mode: ChatMode,
    context: &ToolContext,
) -> Result<Outcome, Outcome> {
    let arguments: SpawnArguments = parse(call)?;
    let explore = kind(ChatMode::Explore);
    let chat_mode = match arguments.kind.as_str() {
        GENERAL => chat_mode,
        asked if asked == explore && chat_mode == ChatMode::General => ChatMode::Explore,
        asked => {
            return Err(Outcome::error(format!(
                "There is no type {asked:?} of agents here. Use {GENERAL:?} or {explore:?}; one that works on the desktop \
                 is begun with {SPAWN_COMPUTER_USE}, where that is offered."
            )));
        }
    };
    if arguments.prompt.trim().is_empty() {
        return Err(Outcome::error("Say in `prompt` what the agent is to do."));
    }
    let title = arguments.title.map(|title| {
        let words: Vec<_> = title.split_whitespace().collect();
        words.join(" ").chars().take(MAX_TITLE_CHARACTERS).collect()
    });
    let title = title.filter(|title: &String| !title.is_empty());
    // The run's own name: after a restart it is found again instead of begun again.
    let begun = context
        .agents
        .spawn(ChatId(context.run_id), chat_mode, title, arguments.prompt);
    let begun = begun.await.map_err(Outcome::error)?;
    Ok(Outcome::success(told(&begun)))
}

async fn wait(call: &ToolCallPart, context: &ToolContext) -> Result<Outcome, Outcome> {
    let arguments: WaitArguments = parse(call)?;
    let asked = arguments.timeout_seconds.map(Duration::from_secs);
    let at_most = asked.unwrap_or(DEFAULT_WAIT).min(LONGEST_WAIT);
    let waited = context
        .agents
        .wait(arguments.chat_id, at_most, context)
        .await;
    match waited.map_err(Outcome::error)? {
        Waited::Done(chat, report) => {
            let mut result = told(&chat);
            if let Some(fields) = result.as_object_mut() {
                fields.insert("report".to_owned(), cut(report).into());
            }
            Ok(Outcome::success(result))
        }
        Waited::Failed(chat, error) => Err(Outcome::error(format!(
            "The agent {:?} failed: {} Send it a message to let it go on, or do the work yourself.",
            chat.title, error.message
        ))),
        Waited::StillRunning(chat) => Err(Outcome::error(format!(
            "The agent {:?} is still at work after {} seconds. Wait again, or do something else meanwhile.",
            chat.title,
            at_most.as_secs()
        ))),
        Waited::Cancelled => Err(Outcome::stopped()),
    }
}

async fn message(call: &ToolCallPart, context: &ToolContext) -> Result<Outcome, Outcome> {
    let arguments: MessageArguments = parse(call)?;
    if arguments.message.trim().is_empty() {
        return Err(Outcome::error("Say something in `message`."));
    }
    let (id, interrupts) = (arguments.chat_id, arguments.interrupt);
    let sent = context
        .agents
        .message(id, arguments.message, interrupts)
        .await;
    let mut result = told(&sent.map_err(Outcome::error)?);
    if let Some(fields) = result.as_object_mut() {
        fields.insert("interrupted".to_owned(), interrupts.into());
    }
    Ok(Outcome::success(result))
}

async fn interrupt(call: &ToolCallPart, context: &ToolContext) -> Result<Outcome, Outcome> {
    let arguments: AgentArguments = parse(call)?;
    let stopped = context.agents.interrupt(arguments.chat_id).await;
    Ok(Outcome::success(told(&stopped.map_err(Outcome::error)?)))
}

async fn list(context: &ToolContext) -> Result<Outcome, Outcome> {
    let agents = context.agents.list().await.map_err(Outcome::error)?;
    let agents: Vec<_> = agents.iter().map(told).collect();
    Ok(Outcome::success(json!({ "agents": agents })))
}

fn told(chat: &ChatRow) -> Value {
    json!({
        "chat_id": chat.id,
        "title": chat.title,
        "status": status(chat),
        "type": kind(chat.chat_mode),
    })
}

const fn kind(mode: ChatMode) -> &'static str {
    match mode {
        ChatMode::General => GENERAL,
        ChatMode::ComputerUse | ChatMode::Explore => mode.as_str(),
    }
}

/// In words that tell a model what it can do.
const fn status(chat: &ChatRow) -> &'static str {
    match chat.status {
        Status::Waiting => "done",
        Status::Error => "failed",
        Status::Running | Status::Interrupting | Status::RequiresAction => "working",
    }
}

fn cut(mut report: String) -> String {
    if report.len() > MAX_REPORT_BYTES {
        report.truncate(report.floor_char_boundary(MAX_REPORT_BYTES));
        report.push_str("\n[cut here; ask the agent for the rest]");
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_report_is_cut_between_characters() {
        let long = format!("a{}", "ä".repeat(MAX_REPORT_BYTES));
        let short = cut(long);
        assert!(short.len() < MAX_REPORT_BYTES + 64);
        assert!(short.ends_with("[cut here; ask the agent for the rest]"));
        assert_eq!(cut("ä".to_owned()), "ä");
    }
}
