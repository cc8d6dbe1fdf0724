//! What the panel says when there is nothing to show, or not all of it, or nothing new comes.

use leptos::prelude::*;
use sdk::git::GitWatchProblem;
use sdk::workspaces::{Workspace, WorkspaceStatus};

use crate::components::chat::changes::{Changes, Problem};
use crate::components::chat::words;
use crate::components::feedback::{EmptyState, skeleton_rows};
use crate::components::icons::{Icon, icon};
use crate::components::plain::plain;
use crate::components::relative_time::RelativeTime;
use crate::view;

const RECONNECTING: &str = "Reconnecting to the workspace";

/// Why nothing new comes, when something is shown or something is wrong.
pub fn problem(changes: Changes, workspace: Signal<Option<Workspace>>) -> Option<AnyView> {
    let status = workspace.with(|workspace| {
        let workspace = workspace.as_ref()?;
        Some((workspace.status, workspace.status_since))
    });
    let (status, status_since) = status?;
    if matches!(status, WorkspaceStatus::Stopped | WorkspaceStatus::Failed) {
        let has_something = changes.repositories.with(|known| !known.is_empty());
        return has_something.then(stopped);
    }
    if let Some(problem) = changes.problem.get() {
        return Some(problem_view(problem));
    }
    (status == WorkspaceStatus::Reconnecting).then(|| {
        problem_view(Problem {
            message:
                "The connection to the workspace's agent is lost; it connects again by itself."
                    .to_owned(),
            reason: Some(GitWatchProblem::Reconnecting),
            since: Some(status_since),
        })
    })
}

fn stopped() -> AnyView {
    view! {
        <div class="notice panel-notice" role="status">
            {icon(Icon::Info)} <p class="notice-title">"The workspace is stopped"</p>
            <p class="notice-detail">"This is what was seen last. The workspace starts with the next message."</p>
        </div>
    }
}

fn problem_view(problem: Problem) -> AnyView {
    let Problem {
        message,
        reason,
        since,
    } = problem;
    if reason != Some(GitWatchProblem::Reconnecting) {
        return view! {
            <div class="notice notice-warning panel-notice" role="status">{icon(Icon::TriangleAlert)}{plain("p", message)}</div>
        };
    }
    let since = since.map(|at| view! { ", lost " <RelativeTime at/> });
    view! {
        <div class="notice notice-warning panel-notice" role="status">
            {icon(Icon::TriangleAlert)} <p class="notice-title">{RECONNECTING} {since}</p> <p class="notice-detail">{message}</p>
        </div>
    }
}

/// What is beyond the limit.
pub fn omitted(repositories: u32) -> Option<AnyView> {
    (repositories > 0).then(|| {
        let number = usize::try_from(repositories).unwrap_or(usize::MAX);
        let words = words::count(number, "more repository", "more repositories");
        view! {
            <div class="notice panel-notice" role="status">
                {icon(Icon::Info)} <p class="notice-title">{format!("{words} not shown")}</p>
                <p class="notice-detail">"A chat shows 20 repositories at most. Look at the others in the workspace."</p>
            </div>
        }
    })
}

/// Stands where repositories would.
pub fn nothing(changes: Changes, workspace: Signal<Option<Workspace>>) -> Option<AnyView> {
    if changes.repositories.with(|known| !known.is_empty()) {
        return None;
    }
    let status = workspace.with(|workspace| workspace.as_ref().map(|workspace| workspace.status));
    let Some(status) = status else {
        return Some(empty(
            Icon::Folder,
            "No workspace",
            "This chat talks only. Start a chat with a folder or an empty workspace to let an agent change files.",
        ));
    };
    if let Some(words) = status.start_in_words() {
        return Some(empty(
            Icon::GitBranch,
            words,
            "What the agent changes appears here as soon as the workspace is ready.",
        ));
    }
    match status {
        WorkspaceStatus::Ready if changes.is_known.get() => Some(empty(
            Icon::GitBranch,
            "No repository",
            "The folder is in no git repository. One that the agent makes, or works in, appears here.",
        )),
        // What is wrong stands above.
        WorkspaceStatus::Ready | WorkspaceStatus::Reconnecting if changes.has_failed() => None,
        WorkspaceStatus::Ready | WorkspaceStatus::Reconnecting => Some(skeleton_rows(4).into_any()),
        WorkspaceStatus::Failed => Some(empty(
            Icon::TriangleAlert,
            "The workspace could not be started",
            "Its page says why. The next message starts it again.",
        )),
        _ => Some(empty(
            Icon::GitBranch,
            "The workspace is stopped",
            "It starts with the next message; what changed in it is shown then.",
        )),
    }
}

fn empty(name: Icon, title: &'static str, text: &'static str) -> AnyView {
    view! { <EmptyState name title text/> }
}
