//! Calls with which an agent that plans turns to the person.

use std::fmt::Write as _;

use serde_json::Value;

use super::ToolRun;
use super::body::{Body, error_text};
use super::describe::{Summary, answer, answer_text, summary};
use crate::components::icons::Icon;

/// `propose_plan`.
pub(super) fn propose_plan(run: &ToolRun) -> Summary {
    summary(
        run,
        Icon::List,
        ["Proposing", "Proposed", "Could not propose"],
        "a plan".to_owned(),
    )
}

/// The plan.
pub(super) fn plan(run: &ToolRun) -> Body {
    match answer_text(run, "content") {
        Some(plan) => Body::Plan(plan),
        None => Body::Text(error_text(run).unwrap_or_default()),
    }
}

/// `ask_user_question`.
pub(super) fn ask_user_question(run: &ToolRun) -> Summary {
    summary(
        run,
        Icon::MessageSquare,
        ["Asking", "Asked", "Could not ask"],
        "you".to_owned(),
    )
}

/// The questions with their options.
pub(super) fn questions(run: &ToolRun) -> Body {
    let mut text = error_text(run).unwrap_or_default();
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let words = |value: &Value, name| value.get(name).and_then(Value::as_str).map(str::to_owned);
    for question in list(answer(run, "questions")) {
        let _ = writeln!(text, "{}", words(&question, "question").unwrap_or_default());
        for option in list(question.get("options")) {
            let _ = writeln!(text, "  · {}", words(&option, "label").unwrap_or_default());
        }
    }
    Body::Text(text)
}
