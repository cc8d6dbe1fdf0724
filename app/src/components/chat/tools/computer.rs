//! What an agent does on a desktop.

use serde_json::Value;

use super::ToolRun;
use super::body::Body;
use super::describe::{Summary, answer, argument, summary, text_of};
use super::files::file_body;
use crate::components::icons::Icon;

/// The action in a few words.
pub(super) fn computer(run: &ToolRun) -> Summary {
    let mut object = argument(run, "action").replace('_', " ");
    let place = run
        .call
        .args
        .as_ref()
        .and_then(|args| args.get("coordinate"));
    if let Some(Value::Array(place)) = place {
        let place: Vec<_> = place.iter().filter_map(text_of).collect();
        object = format!("{object} at {}", place.join(", "));
    }
    let text = argument(run, "text");
    if !text.is_empty() {
        object = format!("{object}: {text}");
    }
    let words = ["On the desktop", "On the desktop", "Failed on the desktop"];
    summary(run, Icon::Monitor, words, object)
}

/// The screen after it.
pub(super) fn screen(run: &ToolRun) -> Body {
    file_body(run, answer(run, "screenshot"))
}
