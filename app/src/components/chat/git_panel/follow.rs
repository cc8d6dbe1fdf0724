//! Follows the workspace while it runs, and says why nothing is heard when nothing is. Browser only.

use chrono::DateTime;
use leptos::prelude::*;
use sdk::git::{GitWatchMessage, GitWatchProblem};
use sdk::ids::ChatId;
use sdk::workspaces::{Workspace, WorkspaceStatus};

use crate::components::chat::changes::{Changes, Problem};
use crate::components::relative_time::browser_now_ms;
use crate::live::git;
use crate::live::socket::Connection;

const LOST: &str = "What is shown may be old. The connection is tried again by itself.";

/// Follows from when the workspace is ready until it is not, or the current owner is cleaned up.
pub fn while_it_runs(changes: Changes, chat: ChatId, workspace: Signal<Option<Workspace>>) {
    // A workspace that is not there yet refuses the watch; one that lost its agent is heard of when that is back.
    let is_followed = Memo::new(move |before: Option<&bool>| {
        let status = workspace.with(|workspace| workspace.as_ref().map(|known| known.status));
        match status {
            Some(WorkspaceStatus::Ready) => true,
            Some(WorkspaceStatus::Reconnecting) => before.copied().unwrap_or(false),
            _ => false,
        }
    });
    Effect::new(move |_| {
        // What was wrong with another run of it is over.
        changes.problem.set(None);
        if is_followed.get() {
            git::follow(changes.socket, chat, move |message| take(changes, message));
        }
    });
    Effect::new(move |_| {
        let is_lost = matches!(changes.socket.connection.get(), Connection::Waiting { .. });
        let is_news =
            is_followed.get_untracked() && !changes.problem.with_untracked(Option::is_some);
        if is_lost && is_news {
            changes.problem.set(Some(Problem {
                message: LOST.to_owned(),
                reason: Some(GitWatchProblem::Reconnecting),
                since: DateTime::from_timestamp_millis(browser_now_ms()),
            }));
        }
    });
}

/// Asks the workspace for a new look.
pub fn refresh(changes: Changes) {
    git::refresh(changes.socket);
}

fn take(changes: Changes, message: GitWatchMessage) {
    match message {
        GitWatchMessage::Changes {
            repositories,
            omitted_repositories,
            ..
        } => {
            let _ = changes.problem.try_set(None);
            let _ = changes.is_known.try_set(true);
            let _ = changes.omitted.try_set(omitted_repositories);
            let _ = changes
                .repositories
                .try_update(|known| git::merge(known, repositories));
            // The first message of a connection tells everything.
            let _ = changes.are_cut.try_set(false);
        }
        GitWatchMessage::Error {
            message,
            reason,
            since,
        } => {
            let _ = changes.problem.try_set(Some(Problem {
                message,
                reason,
                since,
            }));
        }
    }
}
