//! Cards of tool calls: one line until opened, many in a row folded into one.

use std::sync::Arc;

use leptos::prelude::*;

use super::diff_lines::DiffLines;
use super::message::file;
use super::streaming_text::StreamingText;
use super::tools::{Body, ToolRun, ToolState, describe};
use super::words;
use crate::components::control_flow::{For, Show};
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::plain::plain;
use crate::diff::DiffFile;
use crate::view;

/// How many calls of a group stay visible when it is folded.
const SHOWN_CALLS: usize = 4;

/// Calls that follow each other, as one card with a line for each.
#[component]
pub fn ToolGroup(
    /// The calls in order.
    #[prop(into)]
    runs: Signal<Vec<Arc<ToolRun>>>,
) -> impl IntoView {
    let hidden = Memo::new(move |_| runs.with(Vec::len).saturating_sub(SHOWN_CALLS));
    view! {
        <div class="tools">
            <Show when=move || { hidden.get() > 1 }>
                <details class="tools-fold">
                    <summary>
                        {icon_with_class(Icon::ChevronRight, "icon icon-small chevron")}
                        {move || format!("{} earlier steps", hidden.get())}
                    </summary>
                </details>
            </Show>
            <For each=move || runs.get() key=|run| run.call.tool_call_id.clone() let(run)>
                {
                    let id = run.call.tool_call_id.clone();
                    let latest = Memo::new_with_compare(
                        move |_| {
                            runs.with(|runs| runs.iter().find(|run| run.call.tool_call_id == id).cloned())
                                .unwrap_or_else(|| Arc::clone(&run))
                        },
                        |old: Option<&Arc<ToolRun>>, new: Option<&Arc<ToolRun>>| match (old, new) {
                            (Some(old), Some(new)) => !Arc::ptr_eq(old, new) && old != new,
                            _ => true,
                        },
                    );
                    view! { <ToolCard run=latest/> }
                }
            </For>
        </div>
    }
}

/// Where the chat's agent works, by context: paths below it are shown without it.
#[derive(Clone, Copy)]
pub struct WorkFolder(pub Signal<Option<String>>);

fn short_path(object: &str, folder: Option<WorkFolder>) -> String {
    let Some(folder) = folder.and_then(|folder| folder.0.get()) else {
        return object.to_owned();
    };
    object
        .strip_prefix(folder.as_str())
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(object)
        .to_owned()
}

/// One call.
#[component]
pub fn ToolCard(
    /// The call with what became of it.
    #[prop(into)]
    run: Signal<Arc<ToolRun>>,
) -> impl IntoView {
    let folder = use_context::<WorkFolder>();
    let described = Memo::new(move |_| run.with(|run| describe(run)));
    let summary = Memo::new(move |_| described.with(|(summary, _)| summary.clone()));
    let state = Memo::new(move |_| run.with(|run| run.state));
    let is_command =
        Memo::new(move |_| described.with(|(_, body)| matches!(body, Body::Command { .. })));
    let has_output = Memo::new(move |_| {
        described.with(|(_, body)| match body {
            Body::Command { output: text, .. } | Body::Workspace { log: text, .. } => {
                !text.is_empty()
            }
            _ => false,
        })
    });
    // What is handed to the person is there to be seen. Each action on a desktop has a picture: too many.
    let is_for_reader = Memo::new(move |_| {
        described.with(|(line, body)| match body {
            Body::Plan(_) => true,
            Body::File(_) => line.icon == Icon::Paperclip,
            _ => false,
        })
    });
    // A command or a build opens by itself when it begins to print while the reader watches; nothing closes by itself.
    let opened_by_output = Memo::new(move |was: Option<&bool>| {
        was.copied().unwrap_or(false)
            || is_for_reader.get()
            || (state.get() == ToolState::Running && has_output.get())
    });
    view! {
        <details class="tool" data-state=move || state.get().label() open=move || opened_by_output.get()>
            <summary>
                {move || icon(summary.get().icon)} <span class="tool-verb">{move || summary.get().verb}</span>
                <span class="tool-object" title=move || summary.get().object>
                    {move || summary.with(|summary| short_path(&summary.object, folder))}
                </span> {move || summary.get().counts.map(|(added, removed)| counts(added, removed))}
                {move || mark(state.get(), is_command.get())} <span class="tool-time">{move || time(&run.get())}</span>
            </summary>
            <div class="tool-body">{move || described.with(|(_, body)| draw(body, state.get(), folder))}</div>
        </details>
    }
}

/// Added and removed lines, said and shown.
pub fn counts(added: u32, removed: u32) -> impl IntoView {
    view! {
        <span class="counts">
            {(added > 0 || removed == 0)
                .then(|| view! { <span class="added"><span class="visually-hidden">"added "</span>{format!("+{added}")}</span> })}
            {(removed > 0)
                .then(|| view! { <span class="removed"><span class="visually-hidden">"removed "</span>{format!("−{removed}")}</span> })}
        </span>
    }
}

fn mark(state: ToolState, is_command: bool) -> AnyView {
    let (class, name, words) = match state {
        ToolState::Preparing | ToolState::Running => {
            ("tool-mark running", Icon::LoaderCircle, state.label())
        }
        ToolState::Done if is_command => ("tool-mark done", Icon::Check, "succeeded"),
        ToolState::Done => ("tool-mark done", Icon::Check, "done"),
        ToolState::Failed => ("tool-mark failed", Icon::X, "failed"),
        ToolState::Interrupted => ("tool-mark interrupted", Icon::Square, "interrupted"),
    };
    let is_running = state.is_open();
    view! {
        <span class=class>
            {icon_with_class(name, if is_running { "icon icon-small spin" } else { "icon icon-small" })}
            <span class:visually-hidden=state != ToolState::Failed && state != ToolState::Interrupted>{words}</span>
        </span>
    }
}

fn time(run: &ToolRun) -> String {
    run.duration_ms().map(words::duration).unwrap_or_default()
}

fn draw(body: &Body, state: ToolState, work_folder: Option<WorkFolder>) -> AnyView {
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
            .map(|file| edited_file(file, work_folder))
            .collect_view()
            .into_any(),
        Body::Workspace {
            id,
            log,
            errors,
            note,
        } => workspace_view(id.as_deref(), log, errors, note.clone(), state),
        Body::Plan(text) => {
            let text = text.clone();
            view! { <div class="tool-plan"><StreamingText text=Signal::derive(move || text.clone())/></div> }
        }
        Body::Agent { id, text } => {
            let text = text.clone();
            let link = id.as_ref().map(|id| {
                view! { <p class="tool-note"><a class="link" href=format!("/agents/{id}")>"Open its chat"</a></p> }
            });
            view! { <div class="tool-plan"><StreamingText text=Signal::derive(move || text.clone())/></div> {link} }
        }
        Body::File(part) => view! { <div class="tool-file">{file(part)}</div> },
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

fn edited_file(file: &DiffFile, work_folder: Option<WorkFolder>) -> AnyView {
    let path = file.path().to_owned();
    let name = short_path(&path, work_folder);
    let (added, removed) = (file.additions, file.deletions);
    view! {
        <div class="tool-edit">
            <p class="tool-edit-name"><code title=path>{name}</code>{counts(added, removed)}</p>
            <DiffLines file=Arc::new(file.clone())/>
        </div>
    }
}
