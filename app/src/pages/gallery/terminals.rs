//! How it can be with a terminal, and why there is none.

use leptos::prelude::*;
use sdk::ids::WorkspaceId;
use sdk::workspaces::WorkspaceStatus;
use uuid::Uuid;

use super::part;
use crate::components::terminals::{State, Ways, asleep, note};
use crate::view;

/// Each state in words.
pub fn states() -> impl IntoView {
    let ways = Ways {
        on_retry: Callback::new(|()| {}),
        on_new: Callback::new(|()| {}),
    };
    let states = [
        State::Connecting,
        State::Waiting {
            since: "14:03:12".to_owned(),
            reason: String::new(),
        },
        State::Waiting {
            since: "14:03:12".to_owned(),
            reason: "The connection to the workspace is lost. Its terminals go on; connect again."
                .to_owned(),
        },
        State::Ended {
            code: "130".to_owned(),
        },
        State::Refused {
            reason: "The workspace is shared with you without ssh. Ask its owner for it."
                .to_owned(),
        },
        State::Refused {
            reason: "20 terminals are open in this workspace; close one of them first.".to_owned(),
        },
    ];
    let notes: Vec<_> = states
        .iter()
        .map(|state| view! { <div class="card">{note(state, ways)}</div> })
        .collect();
    let reasons = [
        WorkspaceStatus::Stopped,
        WorkspaceStatus::Starting,
        WorkspaceStatus::Deleted,
    ];
    let reasons: Vec<_> = reasons
        .into_iter()
        .map(|status| view! { <div class="card">{asleep(WorkspaceId(Uuid::nil()), status)}</div> })
        .collect();
    part(
        "Terminals",
        view! { <div class="stack">{notes}{reasons}</div> },
    )
}
