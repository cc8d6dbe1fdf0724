//! How it can be with a desktop, and why there is none.

use leptos::prelude::*;
use sdk::workspaces::WorkspaceStatus;

use super::part;
use crate::components::desktop::{State, asleep, bar, note};
use crate::view;

/// Each state in words.
pub fn states() -> impl IntoView {
    let bars: Vec<_> = [(false, false), (true, false), (true, true)]
        .into_iter()
        .map(|(has_control, has_copied)| {
            let bar = bar(
                Signal::stored(State::Open),
                Signal::stored(has_control),
                Signal::stored(has_copied),
            );
            view! { <div class="card">{bar}</div> }
        })
        .collect();
    let lost = "The connection to the workspace is lost. Its desktop goes on; connect again.";
    let states = [
        State::Connecting,
        State::Reconnecting {
            attempt: "2".to_owned(),
            reason: lost.to_owned(),
        },
        State::Disconnected {
            reason: String::new(),
        },
        State::Refused {
            reason: "Desktops are switched off. An owner switches them on under Settings → Agents."
                .to_owned(),
        },
        State::ProgramsMissing,
    ];
    let notes: Vec<_> = states
        .iter()
        .map(|state| view! { <div class="card">{note(state, Callback::new(|()| {}))}</div> })
        .collect();
    let reasons: Vec<_> = [
        WorkspaceStatus::Stopped,
        WorkspaceStatus::Starting,
        WorkspaceStatus::Deleted,
    ]
    .into_iter()
    .map(|status| view! { <div class="card">{asleep(status)}</div> })
    .collect();
    part(
        "Desktop",
        view! { <div class="stack">{bars}{notes}{reasons}</div> },
    )
}
