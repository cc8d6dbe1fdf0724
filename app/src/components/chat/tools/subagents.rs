//! Calls with which an agent hands work to others.

use super::ToolRun;
use super::body::{Body, error_text};
use super::describe::{Summary, answer_text, argument, summary};
use crate::components::icons::Icon;

/// One of them.
pub(super) fn subagent(run: &ToolRun) -> Summary {
    let words = match run.call.tool_name.as_str() {
        "spawn_agent" | "spawn_computer_use_agent" => [
            "Handing work to an agent",
            "Handed work to the agent",
            "Could not hand work over",
        ],
        "wait_agent" => [
            "Waiting for an agent",
            "Report of the agent",
            "No report of the agent",
        ],
        "message_agent" => [
            "Writing to an agent",
            "Wrote to the agent",
            "Could not write to the agent",
        ],
        _ => [
            "Stopping an agent",
            "Stopped the agent",
            "Could not stop the agent",
        ],
    };
    let title = answer_text(run, "title").unwrap_or_else(|| argument(run, "title"));
    summary(run, Icon::Users, words, title)
}

/// What it was told, or what it reported.
pub(super) fn report(run: &ToolRun) -> Body {
    let id = answer_text(run, "chat_id").or_else(|| Some(argument(run, "chat_id")));
    let said = || format!("{}{}", argument(run, "prompt"), argument(run, "message"));
    let text = error_text(run).or_else(|| answer_text(run, "report"));
    Body::Agent {
        id: id.filter(|id| !id.is_empty()),
        text: text.unwrap_or_else(said),
    }
}
