//! Cards of tool calls: one line until opened, many in a row folded into one.

use std::sync::Arc;

use leptos::html::Details;
use leptos::prelude::*;
use sdk::ids::WorkspaceId;

use super::tools::{ToolRun, ToolState, describe};
use super::words;
use crate::components::control_flow::{For, Show};
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::pages::parts::tool_body;
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

/// Where the chat's agent works, by context.
#[derive(Clone, Copy)]
pub struct WorkPlace {
    /// The folder; paths below it are shown without it.
    pub folder: Signal<Option<String>>,
    /// The workspace; there is one as soon as its making has begun.
    pub workspace_id: Signal<Option<WorkspaceId>>,
}

/// A path as it is shown: without the folder that the agent works in.
pub fn short_path(object: &str, place: Option<WorkPlace>) -> String {
    let Some(folder) = place.and_then(|place| place.folder.get()) else {
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
    let place = use_context::<WorkPlace>();
    let summary = Memo::new(move |_| run.with(|run| describe(run)));
    let state = Memo::new(move |_| run.with(|run| run.state));
    // Drawn anew when it changes, not with each piece of output: what spins would begin again.
    let outcome = Memo::new(move |_| run.with(|run| Outcome::of(run)));
    // A command or a build opens by itself when it begins to print while the reader watches; nothing closes by itself.
    let opened_by_itself = Memo::new(move |was: Option<&bool>| {
        was.copied().unwrap_or(false) || run.with(|run| run.opens_itself())
    });
    let card = NodeRef::<Details>::new();
    let opened_by_reader = RwSignal::new(false);
    let note_opening = move || {
        // A browser tells of it later; the card may be gone by then.
        let card = card.try_get_untracked().flatten();
        if card.is_some_and(|card| card.open()) {
            opened_by_reader.set(true);
        }
    };
    // It may have been opened before the page came to life.
    card.on_load(move |_| note_opening());
    let is_wanted = Memo::new(move |_| opened_by_itself.get() || opened_by_reader.get());
    view! {
        <details
            class="tool"
            node_ref=card
            data-state=move || state.get().label()
            open=move || opened_by_itself.get()
            on:toggle=move |_| note_opening()
        >
            <summary>
                {move || icon(summary.get().icon)} <span class="tool-verb">{move || summary.get().verb}</span>
                <span class="tool-object" title=move || summary.get().object>
                    {move || summary.with(|summary| short_path(&summary.object, place))}
                </span> {move || summary.get().counts.map(|(added, removed)| counts(added, removed))}
                {move || mark(outcome.get())}
                <span class="tool-time">{move || time(&run.get())}</span>
            </summary>
            <div class="tool-body">{tool_body(run, place, is_wanted.into())}</div>
        </details>
    }
}

/// Added and removed lines, said and shown.
pub fn counts(added: u32, removed: u32) -> impl IntoView {
    view! {
        <span class="counts">
            {(added > 0)
                .then(|| view! { <span class="added"><span class="visually-hidden">"added "</span>{format!("+{added}")}</span> })}
            {(removed > 0)
                .then(|| view! { <span class="removed"><span class="visually-hidden">"removed "</span>{format!("−{removed}")}</span> })}
        </span>
    }
}

/// What the mark of a call tells.
#[derive(Clone, Copy, PartialEq)]
struct Outcome {
    state: ToolState,
    goes_on: bool,
    is_command: bool,
}

impl Outcome {
    fn of(run: &ToolRun) -> Self {
        Self {
            state: run.state,
            goes_on: run.goes_on(),
            is_command: run.is_command(),
        }
    }
}

fn mark(outcome: Outcome) -> AnyView {
    let state = outcome.state;
    let (class, name, words) = match state {
        ToolState::Preparing | ToolState::Running => {
            ("tool-mark running", Icon::LoaderCircle, state.label())
        }
        ToolState::Done if outcome.goes_on => ("tool-mark", Icon::Clock, "goes on"),
        ToolState::Done if outcome.is_command => ("tool-mark done", Icon::Check, "succeeded"),
        ToolState::Done => ("tool-mark done", Icon::Check, "done"),
        ToolState::Failed => ("tool-mark failed", Icon::X, "failed"),
        ToolState::Interrupted => ("tool-mark interrupted", Icon::Square, "interrupted"),
    };
    let is_running = state.is_open();
    let is_quiet = is_running || class == "tool-mark done";
    view! {
        <span class=class>
            {icon_with_class(name, if is_running { "icon icon-small spin" } else { "icon icon-small" })}
            <span class:visually-hidden=is_quiet>{words}</span>
        </span>
    }
}

fn time(run: &ToolRun) -> String {
    run.duration_ms().map(words::duration).unwrap_or_default()
}
