//! What the card of a tool call shows when it is opened: it is drawn then, and not before.

use std::sync::Arc;

use leptos::prelude::*;

use super::agent_card::AgentCard;
use super::diff_lines::DiffLines;
use super::message::file;
use super::streaming_text::StreamingText;
use super::tool_card::{WorkPlace, counts, short_path};
use super::tools::{Body, ToolRun, ToolState};
use super::web_pages::page_list;
use crate::components::plain::plain;
use crate::diff::DiffFile;
use crate::view;

/// The content of a card.
#[component]
pub fn ToolBody(
    /// The call with what became of it.
    run: Signal<Arc<ToolRun>>,
    /// Where the chat's agent works.
    place: Option<WorkPlace>,
) -> impl IntoView {
    let body = Memo::new(move |_| run.with(|run| Body::of(run)));
    let state = Memo::new(move |_| run.with(|run| run.state));
    move || body.with(|body| draw(body, state.get(), place))
}

fn draw(body: &Body, state: ToolState, work_place: Option<WorkPlace>) -> AnyView {
    match body {
        Body::Command {
            command,
            folder,
            output,
            exit_code,
            notes,
        } => command_view(command, folder.as_deref(), output, *exit_code, notes, state),
        Body::Edits(files) if files.is_empty() => nothing(state),
        Body::Edits(files) => files
            .iter()
            .map(|file| edited_file(file, work_place))
            .collect_view()
            .into_any(),
        Body::Workspace {
            id,
            log,
            errors,
            note,
        } => {
            // The call tells which one it is when it ends; the chat knows it from the first line of the log on.
            let bound = || work_place.and_then(|place| place.workspace_id.get());
            let bound = state
                .is_open()
                .then(bound)
                .flatten()
                .map(|id| id.to_string());
            let id = id.clone().or(bound);
            workspace_view(id.as_deref(), log, errors, note.clone(), state)
        }
        Body::Plan(text) => {
            let text = text.clone();
            view! { <div class="tool-plan"><StreamingText text=Signal::derive(move || text.clone())/></div> }
        }
        Body::Agent { id, text } => {
            let text = text.clone();
            let card = id.as_ref().and_then(|id| id.parse().ok());
            view! {
                {card.map(|id| view! { <AgentCard id/> })}
                {(!text.is_empty()).then(|| view! {
                    <div class="tool-plan"><StreamingText text=Signal::derive(move || text.clone())/></div>
                })}
            }
        }
        Body::File(part) => view! { <div class="tool-file">{file(part)}</div> },
        Body::Pages(pages) if pages.is_empty() => nothing(state),
        Body::Pages(pages) => page_list(pages, "Pages that were found"),
        Body::Text(text) if text.is_empty() => nothing(state),
        Body::Text(text) => output_view(text, "Text"),
        Body::Json { arguments, result } => view! {
            <p class="tool-label">"Arguments"</p>
            {output_view(arguments, "Arguments")}
            <p class="tool-label">"Result"</p>
            {if result.is_empty() { nothing(state) } else { output_view(result, "Result") }}
        },
    }
}

fn nothing(state: ToolState) -> AnyView {
    let words = match state {
        ToolState::Preparing | ToolState::Running => "Nothing yet.",
        ToolState::Interrupted => "The turn was stopped before this call ended.",
        ToolState::Done | ToolState::Failed => "Nothing to show.",
    };
    view! { <p class="tool-note">{words}</p> }
}

fn command_view(
    command: &str,
    folder: Option<&str>,
    output: &str,
    exit_code: Option<i64>,
    notes: &[String],
    state: ToolState,
) -> AnyView {
    let prompt = (!command.is_empty()).then(|| {
        let command = command.to_owned();
        view! { <div class="tool-command" tabindex="0" role="group" aria-label="Command"><span aria-hidden="true">"$ "</span>{command}</div> }
    });
    let folder = folder.map(|folder| {
        view! { <p class="tool-note">"in " {plain("code", folder.to_owned())}</p> }
    });
    let printed = if output.is_empty() {
        nothing_printed(state)
    } else {
        output_view(output, "Output")
    };
    let ending = exit_code.map(|code| {
        let class = if code == 0 {
            "tool-exit"
        } else {
            "tool-exit failed"
        };
        view! { <p class=class>{format!("Exit code {code}")}</p> }
    });
    let notes = notes
        .iter()
        .cloned()
        .map(|note| view! { <p class="tool-note">{note}</p> })
        .collect_view();
    view! { {prompt}{folder}{printed}{notes}{ending} }
}

fn workspace_view(
    id: Option<&str>,
    log: &str,
    errors: &[String],
    note: Option<String>,
    state: ToolState,
) -> AnyView {
    let printed = if !log.is_empty() {
        output_view(log, "Build log")
    } else if state.is_open() || (errors.is_empty() && id.is_none()) {
        nothing(state)
    } else {
        ().into_any()
    };
    let errors = errors
        .iter()
        .cloned()
        .map(|error| view! { <p class="tool-exit failed">{error}</p> })
        .collect_view();
    let note = note.map(|note| view! { <p class="tool-note">{note}</p> });
    let link = id.map(|id| {
        view! { <p class="tool-note"><a class="link" href=format!("/workspaces/{id}")>"Open the workspace"</a></p> }
    });
    view! { {printed}{errors}{note}{link} }
}

fn nothing_printed(state: ToolState) -> AnyView {
    match state {
        ToolState::Done | ToolState::Failed => {
            view! { <p class="tool-note">"It printed nothing."</p> }
        }
        ToolState::Interrupted => nothing(state),
        ToolState::Preparing | ToolState::Running => {
            view! { <p class="tool-note">"No output yet."</p> }
        }
    }
}

fn output_view(text: &str, label: &'static str) -> AnyView {
    let text = text.to_owned();
    view! { <div class="tool-output" tabindex="0" role="group" aria-label=label>{text}</div> }
}

fn edited_file(file: &DiffFile, work_place: Option<WorkPlace>) -> AnyView {
    let path = file.path().to_owned();
    let name = short_path(&path, work_place);
    let (added, removed) = (file.additions, file.deletions);
    view! {
        <div class="tool-edit">
            <p class="tool-edit-name"><code title=path>{name}</code>{counts(added, removed)}</p>
            <DiffLines file=Arc::new(file.clone())/>
        </div>
    }
}
