//! A run: its card in the list, and its steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::debug::{DebugRun, DebugRunDetail, DebugStep};
use sdk::ids::{ChatId, DebugRunId};

use super::read::{Reading, Seen};
use super::step::{StepBody, StepCard};
use super::{Body, words};
use crate::api::debug::{get_debug_run, get_debug_step};
use crate::components::badge::badge_with_icon;
use crate::components::button::Button;
use crate::components::control_flow::{For, Show};
use crate::components::feedback::{ErrorState, skeleton_rows};
use crate::components::icons::{Icon, icon};
use crate::components::relative_time::RelativeTime;
use crate::error::AppError;
use crate::view;

/// A run in the list. What it holds is drawn when it is first opened.
#[component]
pub fn RunCard(
    /// The run; nothing when it is gone.
    run: Memo<Option<DebugRun>>,
    /// Draws what it holds.
    body: Body,
) -> impl IntoView {
    let is_opened = RwSignal::new(false);
    let words = move || run.with(|run| run.as_ref().map(summary));
    view! {
        <li>
            <details class="debug-run" on:toggle=move |_| is_opened.set(true)>
                <summary>{move || words()}</summary>
                <Show when=move || is_opened.get()>{body.draw(run)}</Show>
            </details>
        </li>
    }
}

fn summary(run: &DebugRun) -> AnyView {
    let facts = words::facts(run).join(" · ");
    let label = words::label(run);
    let title = label.clone();
    view! {
        <span class="debug-chevron">{icon(Icon::ChevronRight)}</span>
        <span class="debug-run-words">
            <span class="debug-run-label" title=title>{label}</span>
            <span class="debug-run-facts">{facts}</span>
        </span>
        <span class="debug-run-state">
            {status(&run.status)}
            <span class="debug-run-time"><RelativeTime at=run.started_at/></span>
        </span>
    }
}

/// How far something is. What is not known is said in its own words, without an opinion.
pub(super) fn status(status: &str) -> AnyView {
    let (tone, mark, words) = words::status(status);
    badge_with_icon(tone, mark, words).into_any()
}

/// What an open run holds, read from the server.
#[component]
pub(super) fn RunBody(chat: ChatId, run: Memo<Option<DebugRun>>) -> impl IntoView {
    let id = run.with_untracked(|run| run.as_ref().map(|run| run.id));
    id.map(|id| view! { <ReadRun chat id run/> })
}

#[component]
fn ReadRun(chat: ChatId, id: DebugRunId, run: Memo<Option<DebugRun>>) -> impl IntoView {
    let detail = Reading::new(move || Box::pin(get_debug_run(chat, id, None)));
    let changed_at = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| run.updated_at)));
    Effect::new(move |_| {
        // Read, not only tracked: nothing follows its sources for a memo that nobody read.
        let _ = changed_at.get();
        detail.look();
    });
    let known = RwSignal::new(BTreeMap::<i32, DebugStep>::new());
    let has_earlier = RwSignal::new(false);
    let take = move |read: &DebugRunDetail| {
        let first = read.steps.first().map(|step| step.step_number);
        let lowest = known.with_untracked(|known| known.keys().next().copied());
        if lowest.is_none() || first <= lowest {
            has_earlier.set(read.has_earlier_steps);
        }
        known.update(|known| {
            let steps = read.steps.iter().cloned();
            known.extend(steps.map(|step| (step.step_number, step)));
        });
    };
    Effect::new(move |_| {
        detail.seen.with(|seen| {
            if let Some(read) = &seen.value {
                take(read);
            }
        });
    });
    let problem = RwSignal::new(None::<AppError>);
    let is_pending = RwSignal::new(false);
    let earlier = move |_| {
        let before = known.with_untracked(|known| known.keys().next().copied());
        is_pending.set(true);
        spawn_local(async move {
            let read = get_debug_run(chat, id, before).await;
            if is_pending.try_set(false).is_some() {
                return;
            }
            problem.set(read.as_ref().err().cloned());
            if let Ok(read) = read {
                take(&read);
            }
        });
    };
    let steps = Memo::new(move |_| known.with(|known| known.values().cloned().collect::<Vec<_>>()));
    let export = format!("/api/experimental/chats/{chat}/debug/export?run={id}");
    let on_retry = Callback::new(move |()| detail.look());
    let read_step = StepReader::new(move |number| {
        let seen = Reading::new(move || Box::pin(get_debug_step(chat, id, number)));
        (seen.seen.into(), Callback::new(move |()| seen.look()))
    });
    view! {
        <div class="debug-run-body">
            {move || detail.seen.with(Seen::warning)}
            {move || {
                let (is_known, error) = detail.seen.with(|seen| (seen.value.is_some(), seen.error.clone()));
                match (is_known, error) {
                    (true, _) => None,
                    (false, None) => Some(skeleton_rows(2).into_any()),
                    (false, Some(error)) => Some(view! { <ErrorState error on_retry/> }),
                }
            }}
            <Show when=move || detail.seen.with(|seen| seen.value.is_some())>
                <div class="debug-run-tools">
                    <Show when=move || has_earlier.get()>
                        <Button is_small=true disabled=is_pending on_click=earlier>"Show earlier steps"</Button>
                    </Show>
                    <span class="spacer"></span>
                    <a class="link debug-export" download="" rel="external" href=export.clone()>{icon(Icon::Download)} "Export run"</a>
                </div>
                {move || problem.get().map(|error| view! { <p class="debug-note" role="alert">{error.message}</p> })}
                <StepList run steps read=read_step/>
            </Show>
        </div>
    }
}

/// Reads what was asked and answered in a step; `Callback` reads it anew.
#[derive(Clone, Copy)]
pub struct StepReader(StoredValue<Read>);

type Read = Box<dyn Fn(i32) -> Reader + Send + Sync>;
type Reader = (Signal<Seen<crate::api::debug::DebugStepView>>, Callback<()>);

impl StepReader {
    /// With a way to read.
    pub fn new(read: impl Fn(i32) -> Reader + Send + Sync + 'static) -> Self {
        Self(StoredValue::new(Box::new(read)))
    }

    fn read(self, number: i32) -> Reader {
        self.0.with_value(|read| read(number))
    }
}

/// The steps of a run, with when each waited and answered.
#[component]
pub fn StepList(
    /// The run.
    run: Memo<Option<DebugRun>>,
    /// Its steps, the first one first.
    #[prop(into)]
    steps: Signal<Vec<DebugStep>>,
    /// Reads one.
    read: StepReader,
) -> impl IntoView {
    let numbers = Memo::new(move |_| {
        steps.with(|steps| {
            steps
                .iter()
                .map(|step| step.step_number)
                .collect::<Vec<_>>()
        })
    });
    let axis = Memo::new(move |_| steps.with(|steps| words::Axis::of(steps)));
    let model = Memo::new(move |_| {
        run.with(|run| {
            run.as_ref()
                .and_then(|run| run.model.clone())
                .unwrap_or_default()
        })
    });
    let row = move |number: i32| {
        let step = Memo::new(move |_| {
            steps.with(|steps| {
                let mut steps = steps.iter();
                steps.find(|step| step.step_number == number).cloned()
            })
        });
        let body = move || {
            let (seen, look) = read.read(number);
            // It is read anew when it changed; the outline tells.
            let changed_at =
                Memo::new(move |_| step.with(|step| step.as_ref().map(|step| step.updated_at)));
            Effect::new(move |_| {
                let _ = changed_at.get();
                look.run(());
            });
            view! { <StepBody seen model on_retry=look/> }
        };
        let body: ChildrenFn = Arc::new(body);
        view! { <StepCard step axis body/> }
    };
    let is_over = move || run.with(|run| run.as_ref().is_none_or(|run| run.finished_at.is_some()));
    view! {
        {move || numbers.with(Vec::is_empty).then(|| view! {
            <p class="debug-note">{if is_over() {
                "No call of a model is recorded in this run."
            } else {
                "The first call is being prepared."
            }}</p>
        })}
        <ol class="debug-steps" aria-label="Calls of the model"><For each=move || numbers.get() key=|number| *number children=row/></ol>
        {move || axis.with(|axis| axis.legend()).map(|legend| view! {
            <p class="debug-legend"><span class="debug-legend-wait"></span> "to the first token" <span class="debug-legend-answer"></span> {legend}</p>
        })}
    }
}
