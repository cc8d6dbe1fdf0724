//! The list of chats and what stands beside it: rows in every state, workspaces in every state, empty lists.

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use sdk::chats::{Chat, ChatStatus};
use sdk::diff_statuses::{CheckState, DiffStatus, PullRequestState};
use sdk::workspaces::{Sandbox, WorkspaceStatus};

use super::{part, samples};
use crate::components::chat::chat_rows::{provide_row_actions, status_words};
use crate::components::chat::list_sections::ChatRows;
use crate::components::chat::pull_request;
use crate::components::chat::sidebar::{ListState, nothing_here, with_children};
use crate::components::chat::top_bar::pill;
use crate::components::feedback::skeleton_rows;
use crate::view;

const STATUSES: [ChatStatus; 7] = [
    ChatStatus::Waiting,
    ChatStatus::Pending,
    ChatStatus::Running,
    ChatStatus::Interrupting,
    ChatStatus::RequiresAction,
    ChatStatus::Paused,
    ChatStatus::Error,
];
const WORKSPACE_STATUSES: [WorkspaceStatus; 8] = [
    WorkspaceStatus::Queued,
    WorkspaceStatus::Starting,
    WorkspaceStatus::WaitingForAgent,
    WorkspaceStatus::Ready,
    WorkspaceStatus::Reconnecting,
    WorkspaceStatus::Stopped,
    WorkspaceStatus::Failed,
    WorkspaceStatus::Deleted,
];

/// Rows in every state, and the list while it loads.
pub fn rows(now: DateTime<Utc>) -> impl IntoView {
    let state = ListState::default();
    state.models.set(samples::catalogue());
    provide_context(state);
    provide_row_actions();
    let mut chats = chats(now);
    let families = families(now);
    state.fold(families[1].id, true);
    chats.extend(families);
    let rows =
        Memo::new(move |_| with_children(chats.clone(), |chat| state.is_unfolded(chat, None)));
    part(
        "Chats in the list",
        view! {
            <div class="gallery-grid">
                <div class="card gallery-list"><ChatRows rows/></div>
                <div class="card gallery-list">{skeleton_rows(8)}</div>
            </div>
        },
    )
}

fn chats(now: DateTime<Utc>) -> Vec<Chat> {
    let mut pinned = samples::chat(
        950,
        "Pinned, and with a title that is far too long for its row",
        ChatStatus::Waiting,
        now,
    );
    pinned.pin_order = 1;
    let mut unread = samples::chat(951, "Unread", ChatStatus::Waiting, now);
    unread.has_unread = true;
    let in_each_state = (952..).zip(STATUSES).map(|(number, status)| {
        let mut chat = samples::chat(number, status_words(status), status, now);
        if status == ChatStatus::Error {
            chat.last_error = Some("The provider refused the key (401)".to_owned());
        }
        chat
    });
    let mut chats = vec![pinned, unread];
    chats.extend(in_each_state);
    let mut old = samples::chat(960, "From last month", ChatStatus::Waiting, now);
    old.updated_at = now - Duration::days(30);
    chats.push(old);
    chats
}

/// Chats that started others, the first folded.
fn families(now: DateTime<Utc>) -> [Chat; 2] {
    let child = |number, title: &str, status, root: &Chat| {
        let mut child = samples::chat(number, title, status, now);
        child.parent_chat_id = Some(root.id);
        child.root_chat_id = root.id;
        child
    };
    [990, 994].map(|number| {
        let mut root = samples::chat(number, "It handed work to agents", ChatStatus::Running, now);
        root.has_unread = number == 990;
        root.children = vec![
            child(number + 1, "Read the docs", ChatStatus::Running, &root),
            child(
                number + 2,
                "Look for greetings that are written by hand",
                ChatStatus::Waiting,
                &root,
            ),
        ];
        root
    })
}

/// Pull requests in every state, in the list's rows and as the way to them above a chat.
pub fn pull_requests(now: DateTime<Utc>) -> impl IntoView {
    let state = ListState::default();
    state.models.set(samples::catalogue());
    provide_context(state);
    provide_row_actions();
    let chats = with_pull_requests(now);
    let links = chats.iter().map(pull_request::link).collect_view();
    let rows = Memo::new(move |_| chats.clone());
    part(
        "Pull requests of chats",
        view! {
            <div class="card gallery-list"><ChatRows rows/></div>
            <div class="gallery-row">{links}</div>
        },
    )
}

fn with_pull_requests(now: DateTime<Utc>) -> Vec<Chat> {
    use PullRequestState::{Closed, Merged, Open};
    let states = [
        (
            "Open, checks passed",
            Open,
            false,
            Some(CheckState::Success),
        ),
        ("Open, checks run", Open, false, Some(CheckState::Pending)),
        (
            "Draft, checks failed",
            Open,
            true,
            Some(CheckState::Failure),
        ),
        ("Merged", Merged, false, None),
        ("Closed", Closed, false, None),
    ];
    let of_each_state = (970..).zip(states);
    let mut chats: Vec<Chat> = of_each_state
        .map(|(number, (title, state, is_draft, check_state))| {
            let mut chat = samples::chat(number, title, ChatStatus::Waiting, now);
            chat.diff_status = Some(Box::new(DiffStatus {
                url: Some("https://github.com/ada/greeter/pull/412".to_owned()),
                pull_request_state: Some(state),
                pull_request_title: "Greet people in their own language".to_owned(),
                pull_request_draft: is_draft,
                additions: 1204,
                deletions: 38,
                changed_files: 17,
                pr_number: Some(412),
                check_state,
                ..DiffStatus::new(chat.id)
            }));
            chat
        })
        .collect();
    // What it does now tells more than what became of its branch.
    if let Some(mut busy) = chats.first().cloned() {
        busy.id = sdk::ids::ChatId(uuid::Uuid::from_u128(980));
        busy.status = ChatStatus::Running;
        "Busy, with an open one".clone_into(&mut busy.title);
        chats.push(busy);
    }
    chats
}

/// A workspace in every state, and one with nothing around it.
pub fn workspaces(now: DateTime<Utc>) -> impl IntoView {
    let in_each_state = WORKSPACE_STATUSES
        .map(|status| pill(&samples::workspace(status, now)))
        .into_iter()
        .collect_view();
    let mut unprotected = samples::workspace(WorkspaceStatus::Ready, now);
    unprotected.sandbox = Some(Sandbox::None {
        reason: "bubblewrap is not installed".to_owned(),
    });
    part(
        "Workspaces",
        view! { <div class="gallery-row">{in_each_state}{pill(&unprotected)}</div> },
    )
}

/// Lists without a row: nothing yet, nothing put away, nothing found.
pub fn empty() -> impl IntoView {
    let list = |query: &str, is_archive| {
        let state = ListState::default();
        state.query.set(query.to_owned());
        state.is_archive.set(is_archive);
        view! { <div class="card">{nothing_here(state)}</div> }
    };
    part(
        "Empty lists",
        view! { <div class="gallery-grid">{list("", false)}{list("", true)}{list("greeting", false)}</div> },
    )
}
