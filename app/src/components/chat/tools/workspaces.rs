//! Calls that look for templates and make, start or stop a workspace.

use std::fmt::Write as _;

use serde_json::Value;

use super::ToolRun;
use super::body::{Body, error_text};
use super::describe::{Summary, answer, answer_text, argument, summary, text_of};
use crate::components::chat::words;
use crate::components::icons::Icon;

/// `list_templates`.
pub(super) fn list_templates(run: &ToolRun) -> Summary {
    let found = answer(run, "total_count")
        .and_then(Value::as_u64)
        .and_then(|count| usize::try_from(count).ok());
    let object = match found {
        Some(count) => words::count(count, "template", "templates"),
        None => "templates".to_owned(),
    };
    summary(
        run,
        Icon::List,
        ["Looking for", "Found", "Could not look for"],
        object,
    )
}

/// The templates that were found.
pub(super) fn templates(run: &ToolRun) -> Body {
    let mut text = error_text(run)
        .or_else(|| answer_text(run, "hint"))
        .unwrap_or_default();
    for template in list(run, "templates") {
        let developers = template
            .get("active_developers")
            .and_then(Value::as_u64)
            .and_then(|count| usize::try_from(count).ok())
            .map(|count| words::count(count, "developer", "developers"));
        let name = field(template, "display_name").unwrap_or_default();
        let _ = writeln!(text, "{name} · {}", developers.unwrap_or_default());
        if let Some(description) = field(template, "description") {
            let _ = writeln!(text, "    {description}");
        }
    }
    Body::Text(text)
}

/// `read_template`.
pub(super) fn read_template(run: &ToolRun) -> Summary {
    let name = answer(run, "template").and_then(|template| field(template, "display_name"));
    summary(
        run,
        Icon::FileText,
        [
            "Reading template",
            "Read template",
            "Could not read template",
        ],
        name.unwrap_or_else(|| argument(run, "template_id")),
    )
}

/// What the template is, and what it asks for.
pub(super) fn template(run: &ToolRun) -> Body {
    let template = answer(run, "template");
    let mut text = error_text(run).unwrap_or_default();
    if let Some(description) = template.and_then(|template| field(template, "description")) {
        let _ = writeln!(text, "{description}");
    }
    for parameter in list(run, "parameters") {
        let name = field(parameter, "name").unwrap_or_default();
        let kind = field(parameter, "type").unwrap_or_default();
        let is_required = parameter.get("required").and_then(Value::as_bool);
        let default = field(parameter, "default").map(|value| format!(", usually {value}"));
        let needed = is_required.unwrap_or(false).then_some(", required");
        let _ = writeln!(
            text,
            "{name}: {kind}{}{}",
            needed.unwrap_or_default(),
            default.unwrap_or_default()
        );
    }
    Body::Text(text)
}

/// `create_workspace`, `start_workspace` and `stop_workspace`.
pub(super) fn workspace(run: &ToolRun, icon: Icon, verbs: [&str; 3]) -> Summary {
    let name = answer_text(run, "workspace_name").unwrap_or_default();
    let mut line = summary(run, icon, verbs, name);
    if let Some(verb) = exception(run) {
        verb.clone_into(&mut line.verb);
    }
    line
}

/// The log of the build, and how it ended.
pub(super) fn build(run: &ToolRun) -> Body {
    let streamed = run
        .result
        .as_ref()
        .and_then(|result| result.result_delta.clone());
    let error = error_text(run).or_else(|| answer_text(run, "error"));
    let refused = list(run, "validations").iter().filter_map(|validation| {
        let detail = field(validation, "detail")?;
        Some(match field(validation, "field") {
            Some(name) => format!("{name}: {detail}"),
            None => detail,
        })
    });
    Body::Workspace {
        id: answer_text(run, "workspace_id"),
        log: answer_text(run, "log").or(streamed).unwrap_or_default(),
        errors: error.into_iter().chain(refused).collect(),
        note: answer_text(run, "hint"),
    }
}

/// Words for an answer that says other than the call wished, without a failure.
fn exception(run: &ToolRun) -> Option<&'static str> {
    let is = |name: &str| answer(run, name).and_then(Value::as_bool);
    if answer(run, "error").is_some() {
        return None;
    }
    match answer(run, "status").and_then(Value::as_str)? {
        _ if is("no_build") == Some(true) => Some("Already running: workspace"),
        _ if is("already_stopped") == Some(true) => Some("Already stopped: workspace"),
        "ready" if is("created") == Some(false) => Some("Found workspace"),
        "stopped" if is("created") == Some(false) => Some("Found stopped workspace"),
        "queued" | "cloning" | "setting_up" | "starting" | "waiting_for_agent" => {
            Some("Still preparing workspace")
        }
        _ => None,
    }
}

fn list<'run>(run: &'run ToolRun, name: &str) -> &'run [Value] {
    answer(run, name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn field(value: &Value, name: &str) -> Option<String> {
    text_of(value.get(name)?).filter(|text| !text.is_empty())
}
