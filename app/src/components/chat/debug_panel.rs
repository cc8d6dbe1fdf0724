//! What models were asked in a chat and what they answered: runs, their steps, the HTTP requests of each.
//!
//! A part of its own (`pages::parts`). It reads anew when the chat's stream tells of a record, never by the clock, and only
//! while it is shown. Everything in it was said by models, providers and people: it is shown as text, and what a newer server
//! knows more is shown in its own words.

mod attempts;
mod change;
mod read;
mod run;
mod step;
mod text;
mod transcript;
pub mod words;

use leptos::prelude::*;
use sdk::debug::DebugRun;
use sdk::ids::ChatId;

use self::read::Reading;
pub use self::read::Seen;
use self::run::RunBody;
pub use self::run::{RunCard, StepList, StepReader};
pub use self::step::StepBody;
use crate::api::debug::list_debug_runs;
use crate::components::button::IconButton;
use crate::components::control_flow::For;
use crate::components::feedback::{EmptyState, ErrorState, Notice, NoticeKind, skeleton_rows};
use crate::components::icons::{Icon, icon};
use crate::components::plain::plain;
use crate::live::chat::OpenChat;
use crate::live::socket::Connection;
use crate::view;

/// The panel.
#[component]
pub fn DebugPanel(
    /// The chat.
    chat: OpenChat,
    /// Whether its stream is followed.
    is_live: bool,
    /// Whether the reader looks at it.
    is_shown: Signal<bool>,
) -> impl IntoView {
    let id = chat.id;
    let runs = Reading::new(move || Box::pin(list_debug_runs(id)));
    // What was told while the connection was lost is told to nobody.
    let is_connected =
        Memo::new(move |_| is_live && chat.socket.connection.get() == Connection::Open);
    Effect::new(move |_| {
        let _ = (chat.debug_told.get(), is_connected.get());
        if is_shown.get() {
            runs.look();
        }
    });
    let on_retry = Callback::new(move |()| runs.look());
    let body = Body::new(move |run| view! { <RunBody chat=id run/> });
    view! { <RunsView chat=id seen=runs.seen on_retry body/> }
}

/// Draws what an open run holds.
#[derive(Clone, Copy)]
pub struct Body(StoredValue<Draw>);

type Draw = Box<dyn Fn(Memo<Option<DebugRun>>) -> AnyView + Send + Sync>;

impl Body {
    /// With a way to draw it.
    pub fn new(draw: impl Fn(Memo<Option<DebugRun>>) -> AnyView + Send + Sync + 'static) -> Self {
        Self(StoredValue::new(Box::new(draw)))
    }

    fn draw(self, run: Memo<Option<DebugRun>>) -> AnyView {
        self.0.with_value(|draw| draw(run))
    }
}

/// The runs, and what is said when there are none to show.
#[component]
pub fn RunsView(
    /// The chat.
    chat: ChatId,
    /// What was read.
    #[prop(into)]
    seen: Signal<Seen<Vec<DebugRun>>>,
    /// Reads again.
    on_retry: Callback<()>,
    /// Draws what an open run holds.
    body: Body,
) -> impl IntoView {
    let query = RwSignal::new(String::new());
    let shown = Memo::new(move |_| {
        let query = query.get();
        seen.with(|seen| {
            let runs = seen.value.as_deref().unwrap_or_default().iter();
            let found = runs.filter(|run| words::is_found(run, &query));
            found.map(|run| run.id).collect::<Vec<_>>()
        })
    });
    let has_runs = Memo::new(move |_| {
        seen.with(|seen| seen.value.as_ref().is_some_and(|runs| !runs.is_empty()))
    });
    let row = move |id| {
        let run = Memo::new(move |_| {
            seen.with(|seen| {
                let mut runs = seen.value.as_deref().unwrap_or_default().iter();
                runs.find(|run| run.id == id).cloned()
            })
        });
        view! { <RunCard run body/> }
    };
    view! {
        <div class="debug-bar">
            <div class="debug-search">
                {icon(Icon::Search)}
                <input type="search" class="input" placeholder="Search runs" aria-label="Search runs" autocomplete="off"
                    prop:value=move || query.get() on:input=move |event| query.set(event_target_value(&event))/>
            </div>
            <IconButton name=Icon::RefreshCw label="Read the runs again" on_click=move |_| on_retry.run(())/>
            <a class="button button-small" class:hidden=move || !has_runs.get() download="" rel="external"
                href=format!("/api/experimental/chats/{chat}/debug/export") title="Everything that is recorded of this chat, as JSON">
                {icon(Icon::Download)} "Export chat"
            </a>
        </div>
        <div class="debug-body" tabindex="-1">
            {move || seen.with(Seen::warning)}
            {move || note(seen, has_runs, on_retry)}
            <ol class="debug-runs" aria-label="Runs, the newest first"><For each=move || shown.get() key=|id| *id children=row/></ol>
            {move || (has_runs.get() && shown.with(Vec::is_empty)).then(|| view! {
                <p class="debug-note">"No run has these words in its label, model or state."</p>
            })}
        </div>
    }
}

/// Stands where runs would.
fn note(
    seen: Signal<Seen<Vec<DebugRun>>>,
    has_runs: Memo<bool>,
    on_retry: Callback<()>,
) -> Option<AnyView> {
    if has_runs.get() {
        return None;
    }
    let (is_known, error) = seen.with(|seen| (seen.value.is_some(), seen.error.clone()));
    Some(match (is_known, error) {
        (true, _) => view! {
            <EmptyState
                name=Icon::Activity
                title="Nothing is recorded yet"
                text="Send a message: what the model is asked and answers appears here while it happens. What was said before recording was switched on is not here."
            />
        },
        (false, None) => skeleton_rows(4).into_any(),
        (false, Some(error)) => view! { <ErrorState error on_retry/> },
    })
}

impl<T> Seen<T> {
    /// Says that what is shown was read before.
    fn warning(&self) -> Option<AnyView> {
        let error = self.error.as_ref().filter(|_| self.value.is_some())?;
        let message = error.message.clone();
        Some(view! {
            <div class="panel-notice">
                <Notice kind=NoticeKind::Warning title="Not read anew: this is what was seen before">{plain("p", message)}</Notice>
            </div>
        })
    }
}
