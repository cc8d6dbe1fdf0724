//! The reader's workspaces: the list, kept fresh while it is looked at. `workspace` is the page of one of them.

mod facts;
mod follow;
mod list;
mod workspace;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;
use sdk::ids::WorkspaceId;

pub use facts::facts;
pub use list::table;
pub use workspace::{WorkspacePage, builds_table};

use crate::api::workspaces::{WorkspaceList, WorkspaceRow, list_workspaces};
use crate::components::control_flow::Show;
use crate::components::feedback::{EmptyState, FormError, Notice, NoticeKind};
use crate::components::form::on_answer;
use crate::components::icons::{Icon, icon};
use crate::components::loaded::{fresh, loaded};
use crate::components::page_header::PageHeader;
use crate::components::workspaces::actions::Actions;
use crate::components::workspaces::delete::DeleteWorkspace;
use crate::pages::settings::places;
use crate::view;

const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(3);
const PAGE: &str = "workspaces";

/// The page.
#[component]
pub fn WorkspacesPage() -> impl IntoView {
    let query = use_query_map();
    let wanted = Memo::new(move |_| {
        query.with(|query| Wanted {
            after_id: query.get("after").and_then(|id| id.parse().ok()),
            shared: query.get("shared").is_some(),
        })
    });
    let workspaces = Resource::new(
        move || wanted.get(),
        |wanted| list_workspaces(wanted.after_id, wanted.shared),
    );
    view! {
        <PageHeader title=places::WORKSPACES.title lead=places::WORKSPACES.lead/>
        {loaded(workspaces, StoredValue::default(), move |list| {
            let wanted = wanted.get_untracked();
            fresh(move || opened(list, wanted))
        })}
    }
}

/// Which part of the list the address asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Wanted {
    after_id: Option<WorkspaceId>,
    shared: bool,
}

impl Wanted {
    fn path(shared: bool, after_id: Option<WorkspaceId>) -> String {
        let after = after_id.map(|id| format!("after={id}"));
        let shared = shared.then(|| "shared=true".to_owned());
        let query: Vec<String> = shared.into_iter().chain(after).collect();
        if query.is_empty() {
            "/workspaces".to_owned()
        } else {
            format!("/workspaces?{}", query.join("&"))
        }
    }
}

fn opened(list: WorkspaceList, wanted: Wanted) -> AnyView {
    let WorkspaceList {
        rows,
        next_after_id,
        is_any_shared,
    } = list;
    let rows = RwSignal::new(rows);
    let is_lost = RwSignal::new(false);
    let actions = Actions::new();
    let look = move || look(rows, is_lost, wanted);
    on_answer(actions.start, PAGE, move |_| look());
    on_answer(actions.stop, PAGE, move |_| look());
    keep_looking(look);
    let on_deleted = Callback::new(move |()| look());
    let is_empty = Memo::new(move |_| rows.with(Vec::is_empty));
    view! {
        <div class="stack" id=PAGE>
            {lost_note(is_lost)}
            <FormError error=actions.error()/>
            {(is_any_shared || wanted.shared).then(|| whose(wanted.shared))}
            <div class="card">
                <Show when=move || !is_empty.get()>{table(rows, actions)}</Show>
                <Show when=move || is_empty.get()>{nothing(wanted.shared)}</Show>
                {pages(wanted, next_after_id)}
            </div>
        </div>
        <DeleteWorkspace asked=actions.asked on_deleted/>
    }
}

/// Told where the page shows what it knew last.
pub(super) fn lost_note(is_lost: RwSignal<bool>) -> AnyView {
    view! {
        <Show when=move || is_lost.get()>
            <Notice kind=NoticeKind::Warning title="The server cannot be reached. This is what was known last; the page goes on trying."/>
        </Show>
    }
}

/// Links, so that they work without a script.
fn whose(shared: bool) -> AnyView {
    let link = |of_others: bool, words: &'static str| {
        view! {
            <a class="tab" href=Wanted::path(of_others, None) aria-current=(shared == of_others).then_some("page")>{words}</a>
        }
    };
    view! {
        <nav class="tabs" aria-label="Whose workspaces">
            {link(false, "Yours")} {link(true, "Shared with you")}
        </nav>
    }
}

fn nothing(shared: bool) -> AnyView {
    if shared {
        return view! { <EmptyState name=Icon::Terminal title="Nothing is shared with you" text="Workspaces that others share with you stand here."/> };
    }
    view! {
        <EmptyState name=Icon::Terminal title="No workspaces" text="A chat that works on something makes one. Start a chat in a folder, from a template or in an empty workspace.">
            <a class="button" href="/agents">{icon(Icon::Plus)} "New chat"</a>
        </EmptyState>
    }
}

/// Links, so that they work without a script; nothing when everything is on one page.
fn pages(wanted: Wanted, next_after_id: Option<WorkspaceId>) -> Option<AnyView> {
    if wanted.after_id.is_none() && next_after_id.is_none() {
        return None;
    }
    let first = wanted.after_id.map(|_| {
        view! { <A href=Wanted::path(wanted.shared, None) attr:class="button">"First page"</A> }
    });
    let next = next_after_id.map(|id| {
        view! { <A href=Wanted::path(wanted.shared, Some(id)) attr:class="button">"Next page"</A> }
    });
    Some(view! { <nav class="pager" aria-label="Pages of workspaces">{first}{next}</nav> })
}

/// Looks while the page is seen.
fn keep_looking(look: impl Fn() + Copy + 'static) {
    Effect::new(move |_| {
        let seen = move || {
            if !document().hidden() {
                look();
            }
        };
        if let Ok(handle) = set_interval_with_handle(seen, LOOK_EVERY) {
            on_cleanup(move || handle.clear());
        }
    });
}

fn look(rows: RwSignal<Vec<WorkspaceRow>>, is_lost: RwSignal<bool>, wanted: Wanted) {
    spawn_local(async move {
        let seen = list_workspaces(wanted.after_id, wanted.shared).await;
        if is_lost.try_set(seen.is_err()).is_some() {
            return;
        }
        if let Ok(seen) = seen
            && rows.with_untracked(|rows| *rows != seen.rows)
        {
            rows.set(seen.rows);
        }
    });
}
