//! Workspaces in every state, logs, builds.

use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use sdk::ids::{BuildId, ChatId, TemplateId, UserId, WorkspaceId};
use sdk::workspace_shares::{WorkspacePermission, WorkspaceShare};
use sdk::workspaces::{
    Build, BuildStatus, HeldLimits, Sandbox, Transition, WorkspaceMode, WorkspaceStatus,
};
use uuid::Uuid;

use super::{part, samples};
use crate::api::workspaces::{ChatName, LogPiece, TemplateName, WorkspaceRow};
use crate::components::workspaces::actions::Actions;
use crate::components::workspaces::build_log::{BuildLogView, ShownLog};
use crate::components::workspaces::sharing::{ShareActions, shares_table};
use crate::pages::workspaces::{builds_table, facts, table};
use crate::view;

const STATUSES: [WorkspaceStatus; 10] = [
    WorkspaceStatus::Queued,
    WorkspaceStatus::Cloning,
    WorkspaceStatus::SettingUp,
    WorkspaceStatus::Starting,
    WorkspaceStatus::WaitingForAgent,
    WorkspaceStatus::Ready,
    WorkspaceStatus::Reconnecting,
    WorkspaceStatus::Stopped,
    WorkspaceStatus::Failed,
    WorkspaceStatus::Deleted,
];
const FAILURE: &str = "The setup script ended with exit status: 1. Its last lines: npm error code ERESOLVE, npm error ERESOLVE could not resolve";

/// A row for each state.
pub fn list(now: DateTime<Utc>) -> impl IntoView {
    let rows = (1..)
        .zip(STATUSES)
        .map(|(number, status)| row(number, status, now))
        .collect();
    let actions = Actions::new();
    part(
        "Workspaces in the list",
        view! { <div class="card">{table(RwSignal::new(rows), actions)}</div> },
    )
}

fn row(number: u128, status: WorkspaceStatus, now: DateTime<Utc>) -> WorkspaceRow {
    let mut workspace = samples::workspace(status, now);
    workspace.id = WorkspaceId(Uuid::from_u128(number));
    workspace.name = format!("greeter-{number:04x}");
    if status == WorkspaceStatus::Failed {
        workspace.status_reason = Some(FAILURE.to_owned());
    }
    let is_of_template = number.is_multiple_of(2);
    let is_of_lost_template = number.is_multiple_of(3);
    let has_chat = !number.is_multiple_of(4);
    if is_of_template || is_of_lost_template {
        workspace.template_id = Some(TemplateId(Uuid::nil()));
        workspace.mode = WorkspaceMode::Empty;
    }
    WorkspaceRow {
        template: is_of_template.then(|| TemplateName {
            title: "Website".to_owned(),
            icon: "🌐".to_owned(),
        }),
        chat: has_chat.then(|| ChatName {
            id: ChatId(Uuid::nil()),
            title: "Greet politely, and with a title that is longer than its column".to_owned(),
        }),
        owner: (number == 5).then(|| "Grace Hopper".to_owned()),
        permissions: WorkspacePermission::ALL.to_vec(),
        workspace,
    }
}

/// A log that is empty, one that grows, one that is long, one of a stranger.
pub fn logs() -> impl IntoView {
    let log = |label: &'static str, text: &str, is_finished, is_cut| {
        let piece = LogPiece {
            text: text.to_owned(),
            next_offset: 1,
            is_finished,
            is_cut,
        };
        view! { <div class="card"><BuildLogView log=ShownLog::new(piece) label=label.to_owned()/></div> }
    };
    let long: Vec<String> = (1..=400)
        .map(|line| format!("[{line}/400] Compiling a crate with a name that says what it is for"))
        .collect();
    let long = long.join("\n");
    let odd = "npm warn \\u{1b}]8;;http://evil\\u{7}<script>alert(1)</script>\n".to_owned()
        + &"a-word-without-an-end-".repeat(30);
    part(
        "Logs of builds",
        view! {
            <div class="gallery-grid">
                {log("A log that grows", "", false, false)}
                {log("An empty log", "", true, false)}
                {log("A long log", &long, true, true)}
                {log("A log with odd words", &odd, true, false)}
            </div>
        },
    )
}

/// Builds of each kind.
pub fn builds(now: DateTime<Utc>) -> impl IntoView {
    let build = |number: u128, transition, status, seconds: Option<i64>| Build {
        id: BuildId(Uuid::from_u128(number)),
        transition,
        status,
        reason: (status == BuildStatus::Failed).then(|| FAILURE.to_owned()),
        created_at: now - Duration::minutes(3),
        finished_at: seconds.map(|seconds| now - Duration::minutes(3) + Duration::seconds(seconds)),
    };
    let builds = vec![
        build(4, Transition::Start, BuildStatus::Running, None),
        build(3, Transition::Stop, BuildStatus::Succeeded, Some(0)),
        build(2, Transition::Start, BuildStatus::Failed, Some(75)),
        build(1, Transition::Start, BuildStatus::Succeeded, Some(4)),
    ];
    let shown = Some(BuildId(Uuid::from_u128(4)));
    let id = WorkspaceId(Uuid::nil());
    let clock = RwSignal::new(Some(now.timestamp_millis()));
    let none = builds_table(id, Vec::new(), None, clock);
    part(
        "Builds",
        view! {
            <div class="stack">
                <div class="card">{builds_table(id, builds, shown, clock)}</div>
                <div class="card">{none}</div>
            </div>
        },
    )
}

/// What is known about a workspace.
pub fn about(now: DateTime<Utc>) -> impl IntoView {
    let mut row = row(2, WorkspaceStatus::Ready, now);
    row.workspace.sandbox = Some(Sandbox::None {
        reason: "bubblewrap is not installed".to_owned(),
    });
    row.workspace.parameters = [("region", "eu"), ("cores", "4")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let limits = |words: &str, missing: Option<&str>| HeldLimits {
        words: words.to_owned(),
        missing: missing.map(str::to_owned),
    };
    let held = limits("at most 12 GiB of memory, at most 4096 processes", None);
    let not_held = limits(
        "no limit of memory, no limit of processes",
        Some(
            "memory (no control group may be made here); processes (no control group may be made here)",
        ),
    );
    let of_another = WorkspaceRow {
        owner: Some("Grace Hopper".to_owned()),
        ..row.clone()
    };
    let of_another = facts(of_another, not_held);
    row.workspace.sandbox = Some(Sandbox::Bubblewrap);
    let own = facts(row, held);
    part(
        "About a workspace",
        view! {
            <div class="card"><div class="card-body">{of_another}</div></div>
            <div class="card"><div class="card-body">{own}</div></div>
        },
    )
}

/// People that a workspace is shared with, and none.
pub fn shares() -> impl IntoView {
    let share = |number: u128, username: &str, name: &str, permissions: &[WorkspacePermission]| {
        WorkspaceShare {
            id: UserId(Uuid::from_u128(number)),
            username: username.to_owned(),
            name: name.to_owned(),
            permissions: permissions.to_vec(),
        }
    };
    let some = vec![
        share(1, "ada", "Ada Lovelace", &WorkspacePermission::ALL),
        share(2, "grace", "", &[WorkspacePermission::Read]),
    ];
    let actions = ShareActions {
        change: Callback::new(|_| {}),
        unshare: Callback::new(|_| {}),
    };
    part(
        "Shared with",
        view! {
            <div class="card">{shares_table(some, actions)}</div>
            <div class="card">{shares_table(Vec::new(), actions)}</div>
        },
    )
}
