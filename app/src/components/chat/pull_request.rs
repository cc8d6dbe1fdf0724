//! The pull request of a chat's branch: in the list's rows and above the chat. Told by shapes and words, never by colour alone.

use leptos::prelude::*;
use sdk::chats::{Chat, ChatStatus};
use sdk::diff_statuses::{CheckState, DiffStatus, PullRequestState};

use super::chat_rows::status_icon;
use super::tool_card::counts;
use crate::components::icons::{Icon, icon_with_class};
use crate::view;

/// An idle chat's icon is its pull request's when it has one, any other's that of what it does.
pub fn icon_or_status(chat: &Chat) -> AnyView {
    let known = chat.diff_status.as_ref();
    let own = known.filter(|_| chat.status == ChatStatus::Waiting);
    let Some((icon, words)) = own.and_then(|known| icon_of(known)) else {
        return status_icon(chat.status);
    };
    let title = words.clone();
    view! {
        <span class="row-status-slot" title=title>{icon} <span class="visually-hidden">{words}</span></span>
    }
}

/// What a branch's pull request changes, and its checks.
pub fn numbers(chat: &Chat) -> Option<AnyView> {
    let known = chat.diff_status.as_ref()?;
    known.pull_request_state?;
    let files = known.changed_files;
    let checks = known.check_state.map(|state| {
        let (name, class, words) = match state {
            CheckState::Pending => (Icon::Clock, "icon row-checks paused", "Checks are running"),
            CheckState::Failure => (Icon::X, "icon row-checks failed", "Checks failed"),
            CheckState::Success => (Icon::Check, "icon row-checks done", "Checks passed"),
        };
        view! { <span title=words>{icon_with_class(name, class)} <span class="visually-hidden">{words}</span></span> }
    });
    Some(view! {
        <span class="row-diff">
            {counts(known.additions, known.deletions)} <span>{files} {if files == 1 { " file" } else { " files" }}</span> {checks}
        </span>
    })
}

/// The way to the pull request.
pub fn link(chat: &Chat) -> Option<AnyView> {
    let known = chat.diff_status.as_ref()?;
    let (icon, words) = icon_of(known)?;
    let title = words.clone();
    Some(view! {
        <a class="chip pull-request" href=known.url.clone() target="_blank" rel="noopener noreferrer" title=title>
            {icon} <span class="visually-hidden">{words}</span> <span aria-hidden="true">"#" {known.pr_number}</span>
        </a>
    })
}

/// Its state as an icon and in words; nothing without one.
pub fn icon_of(known: &DiffStatus) -> Option<(AnyView, String)> {
    let (name, class, state) = match known.pull_request_state? {
        PullRequestState::Merged => (Icon::GitMerge, "icon row-status merged", "Merged"),
        PullRequestState::Closed => (
            Icon::GitPullRequestClosed,
            "icon row-status closed",
            "Closed",
        ),
        PullRequestState::Open if known.pull_request_draft => {
            (Icon::GitPullRequestDraft, "icon row-status draft", "Draft")
        }
        PullRequestState::Open => (Icon::GitPullRequest, "icon row-status open", "Open"),
    };
    let number = known.pr_number.unwrap_or_default();
    let title = &known.pull_request_title;
    Some((
        icon_with_class(name, class).into_any(),
        format!("{state} pull request #{number}: {title}"),
    ))
}
