//! Calls with which an agent hands work to others.

use super::ToolRun;
use super::describe::{Body, Summary, answer_text, argument, error_text, summary};
use crate::components::icons::Icon;

/// One of them; `words` says it while it runs, when it is done, and when it failed.
pub(super) fn subagent(run: &ToolRun, words: [&str; 3]) -> (Summary, Body) {
    let title = answer_text(run, "title").unwrap_or_else(|| argument(run, "title"));
    let line = summary(run, Icon::Users, words, title);
    let id = answer_text(run, "chat_id").or_else(|| Some(argument(run, "chat_id")));
    let said = || format!("{}{}", argument(run, "prompt"), argument(run, "message"));
    let text = error_text(run).or_else(|| answer_text(run, "report"));
    let body = Body::Agent {
        id: id.filter(|id| !id.is_empty()),
        text: text.unwrap_or_else(said),
    };
    (line, body)
}
