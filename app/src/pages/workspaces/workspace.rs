//! One workspace: its state, what can be done with it, a build's log, all builds.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use sdk::ids::{BuildId, WorkspaceId};
use sdk::workspaces::{Build, BuildStatus, Transition, Workspace, WorkspaceStatus};

use super::follow::Opened;
use super::list::{Allowed, new_chat};
use super::{facts, lost_note};
use crate::api::workspaces::{WorkspaceView, view_workspace};
use crate::components::button::{Button, ButtonKind};
use crate::components::chat::words;
use crate::components::control_flow::Show;
use crate::components::feedback::{EmptyState, FormError, Notice, NoticeKind};
use crate::components::form::on_answer;
use crate::components::icons::{Icon, icon};
use crate::components::loaded::{fresh, loaded};
use crate::components::page_header::PageHeader;
use crate::components::relative_time::{RelativeTime, browser_now_ms};
use crate::components::table::Table;
use crate::components::workspaces::actions::{Actions, power};
use crate::components::workspaces::build_log::BuildLogView;
use crate::components::workspaces::delete::DeleteWorkspace;
use crate::components::workspaces::sharing::SharedWith;
use crate::components::workspaces::state;
use crate::error::{AppError, ErrorCode};
use crate::pages::parts::terminals;
use crate::session::use_hydrated;
use crate::view;

const PAGE: &str = "workspace";
const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

/// The page.
#[component]
pub fn WorkspacePage() -> impl IntoView {
    let (parameters, query) = (use_params_map(), use_query_map());
    let wanted = Memo::new(move |_| {
        let id = parameters.with(|map| map.get("id")?.parse::<WorkspaceId>().ok());
        let build = query.with(|map| map.get("build")?.parse::<BuildId>().ok());
        (id, build)
    });
    let workspace = Resource::new(
        move || wanted.get(),
        |(id, build)| async move {
            let id = id.ok_or_else(|| {
                AppError::new(
                    ErrorCode::NotFound,
                    "There is no workspace at this address.",
                )
            })?;
            view_workspace(id, build).await
        },
    );
    loaded(workspace, StoredValue::default(), move |view| {
        let is_named = wanted
            .get_untracked()
            .1
            .is_some_and(|build| view.shown == Some(build));
        fresh(move || opened(view, is_named))
    })
}

fn opened(view: WorkspaceView, is_named: bool) -> AnyView {
    let row = view.row.clone();
    let may = Allowed::of(&row.permissions);
    let (acl, limits) = (view.acl.clone(), view.limits.clone());
    let (id, name) = (row.workspace.id, row.workspace.name.clone());
    let open = Opened::new(view, is_named);
    open.follow();
    let actions = Actions::new();
    on_answer(actions.start, PAGE, move |_| open.look());
    on_answer(actions.stop, PAGE, move |_| open.look());
    let navigate = StoredValue::new(use_navigate());
    let on_deleted = Callback::new(move |()| {
        navigate.with_value(|navigate| navigate("/workspaces", NavigateOptions::default()));
    });
    let status = Signal::derive(move || open.workspace.with(|workspace| workspace.status));
    let hydrated = use_hydrated();
    let ask = move |_| actions.asked.set(Some(open.workspace.get_untracked()));
    let now = running_clock(open);
    let about = move || {
        let row = crate::api::workspaces::WorkspaceRow {
            workspace: open.workspace.get(),
            ..row.clone()
        };
        facts(row, limits.clone())
    };
    let label = Signal::derive(move || log_label(open));
    let workspace = Signal::derive(move || Some(open.workspace.get()));
    view! {
        <PageHeader title=name.clone()>
            <div class="cell-buttons">
                {may.ssh.then(|| view! { <a class="button" href=new_chat(id)>{icon(Icon::Plus)} "New chat"</a> })}
                {may.update.then(|| power(id, name, status, actions, false))}
                {may.delete.then(|| view! {
                    <Button kind=ButtonKind::Plain disabled=Signal::derive(move || !hydrated.get()) on_click=ask>
                        {icon(Icon::Trash2)} "Delete"
                    </Button>
                })}
            </div>
        </PageHeader>
        <div class="stack workspace-page" id=PAGE>
            <p class="workspace-now">
                {move || open.workspace.with(|workspace| state::dot(workspace.status))}
                <span class="muted">
                    {move || now_in_words(&open.workspace.get())} " · "
                    {move || open.workspace.with(|workspace| view! { <RelativeTime at=workspace.status_since/> })}
                </span>
            </p>
            {lost_note(open.is_lost)}
            <Show when=move || open.is_gone.get()>
                <Notice kind=NoticeKind::Warning title="This workspace was deleted."/>
            </Show>
            <FormError error=actions.error()/>
            {move || reason(&open.workspace.get())}
            <div class="card">
                <div class="card-head"><h2>{move || label.get()}</h2></div>
                <BuildLogView log=open.log label/>
            </div>
            {may.ssh.then(|| terminal(workspace))}
            <section class="card" aria-labelledby="builds-title">
                <div class="card-head"><h2 id="builds-title">"Builds"</h2></div>
                {move || builds_table(id, open.builds.get(), open.shown.get(), now)}
            </section>
            {acl.map(|acl| view! { <SharedWith id acl/> })}
            <section class="card" aria-labelledby="about-title">
                <div class="card-head"><h2 id="about-title">"About"</h2></div>
                <div class="card-body">{about}</div>
            </section>
        </div>
        <DeleteWorkspace asked=actions.asked on_deleted/>
    }
}

fn terminal(workspace: Signal<Option<Workspace>>) -> AnyView {
    let hydrated = use_hydrated();
    let has_terminal = RwSignal::new(false);
    view! {
        <section class="card" aria-labelledby="terminal-title">
            <div class="card-head">
                <h2 id="terminal-title">"Terminal"</h2>
                <span class="spacer"></span>
                <Show when=move || !has_terminal.get()>
                    <Button kind=ButtonKind::Plain is_small=true disabled=Signal::derive(move || !hydrated.get())
                        on_click=move |_| has_terminal.set(true)>"Open a terminal"</Button>
                </Show>
            </div>
            <div class="terminals workspace-terminals" hidden=move || !has_terminal.get()>
                {terminals(workspace, has_terminal.into())}
            </div>
        </section>
    }
}

/// The browser's clock by the second, while a build runs.
fn running_clock(open: Opened) -> RwSignal<Option<i64>> {
    let now = RwSignal::new(None);
    let is_running = Memo::new(move |_| {
        let mut is_running = false;
        open.builds
            .with(|builds| is_running = builds.iter().any(|it| it.status == BuildStatus::Running));
        is_running
    });
    Effect::new(move |_| {
        if !is_running.get() {
            return;
        }
        let tick = move || {
            let _ = now.try_set(Some(browser_now_ms()));
        };
        tick();
        if let Ok(handle) = set_interval_with_handle(tick, SECOND) {
            on_cleanup(move || handle.clear());
        }
    });
    now
}

fn now_in_words(workspace: &Workspace) -> &'static str {
    match workspace.status {
        WorkspaceStatus::Ready => "Its agent is connected.",
        WorkspaceStatus::Reconnecting => {
            "The connection to its agent is lost; it reconnects by itself."
        }
        WorkspaceStatus::Stopped => "It starts again when its chat goes on.",
        WorkspaceStatus::Failed => "The last start failed. Its files stay.",
        WorkspaceStatus::Deleted => "",
        other => other.start_in_words().unwrap_or_default(),
    }
}

/// Why the workspace is in its state, all of it.
fn reason(workspace: &Workspace) -> Option<AnyView> {
    let reason = workspace.status_reason.clone()?;
    let (kind, title) = if workspace.status == WorkspaceStatus::Failed {
        (NoticeKind::Error, "The workspace could not be made ready")
    } else {
        (NoticeKind::Info, "Why it is in this state")
    };
    Some(view! { <Notice kind title><pre>{reason}</pre></Notice> })
}

fn log_label(open: Opened) -> String {
    let shown = open.shown.get();
    let of = open.builds.with(|builds| {
        let build = builds.iter().find(|build| Some(build.id) == shown);
        build.map(|build| build.transition)
    });
    match of {
        Some(Transition::Start) => "Log of the start",
        Some(Transition::Stop) => "Log of the stop",
        Some(Transition::Delete) => "Log of the deletion",
        None => "Log",
    }
    .to_owned()
}

/// All builds, newest first.
pub fn builds_table(
    id: WorkspaceId,
    builds: Vec<Build>,
    shown: Option<BuildId>,
    now: RwSignal<Option<i64>>,
) -> AnyView {
    if builds.is_empty() {
        return view! { <EmptyState name=Icon::Terminal title="No builds yet" text="Every start, stop and deletion stands here with its log."/> };
    }
    let rows = builds
        .into_iter()
        .map(|build| build_row(id, build, shown, now))
        .collect_view();
    view! {
        <Table label="Builds" headings=&["Build", "State", "When", "Took", ""]>
            {rows}
        </Table>
    }
}

fn build_row(
    id: WorkspaceId,
    build: Build,
    shown: Option<BuildId>,
    now: RwSignal<Option<i64>>,
) -> AnyView {
    let is_shown = shown == Some(build.id);
    let what = match build.transition {
        Transition::Start => "Start",
        Transition::Stop => "Stop",
        Transition::Delete => "Delete",
    };
    let (class, words) = match build.status {
        BuildStatus::Running => ("dot dot-amber", "running"),
        BuildStatus::Succeeded => ("dot dot-green", "done"),
        BuildStatus::Failed => ("dot dot-red", "failed"),
    };
    let reason = build.reason.as_deref().map(state::first_words);
    let at = build.created_at;
    let path = format!("/workspaces/{id}?build={}", build.id);
    let log = if is_shown {
        view! { <span class="muted">"Shown above"</span> }
    } else {
        view! { <A href=path attr:class="link" attr:aria-label=format!("Log of the {} {}", what.to_lowercase(), crate::components::relative_time::exact(&at))>"Log"</A> }
    };
    view! {
        <tr>
            <td class="cell-main">{what}</td>
            <td class="cell-state">
                <span class="workspace-state"><span class=class aria-hidden="true"></span> {words}</span>
                {reason.map(|reason| view! { <span class="cell-note cell-reason">{reason}</span> })}
            </td>
            <td class="cell-time" data-label="When"><RelativeTime at/></td>
            <td class="cell-time" data-label="Took">{move || took(&build, now.get())}</td>
            <td class="cell-actions">{log}</td>
        </tr>
    }
}

/// How long a build took, or how long it has been running.
fn took(build: &Build, now_ms: Option<i64>) -> String {
    let began_ms = build.created_at.timestamp_millis();
    match (build.finished_at, now_ms) {
        (Some(finished_at), _) => words::duration(finished_at.timestamp_millis() - began_ms),
        (None, Some(now_ms)) => words::clock((now_ms - began_ms) / 1000),
        (None, None) => "…".to_owned(),
    }
}
