//! The audit log, for owners: who changed what, and what it was before. Links and plain forms, so that all of it works
//! without a script.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;

use crate::api::audit_log::{AuditChange, AuditPage, AuditQuery, AuditRow, PAGE, list_audit_log};
use crate::components::feedback::EmptyState;
use crate::components::icons::{Icon, icon};
use crate::components::loaded::loaded;
use crate::components::page_header::PageHeader;
use crate::components::relative_time::RelativeTime;
use crate::components::table::Table;
use crate::pages::settings::places;
use crate::view;

/// The page.
#[component]
pub fn AuditLogPage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| {
        map.with(|map| {
            let of = |name: &str| map.get(name).unwrap_or_default();
            AuditQuery {
                actor: of("actor"),
                action: of("action"),
                kind: of("kind"),
                from: of("from"),
                to: of("to"),
                before: of("before"),
            }
        })
    });
    let focus = StoredValue::new(String::new());
    let log = Resource::new(move || query.get(), list_audit_log);
    view! {
        <PageHeader title=places::AUDIT_LOG.title lead=places::AUDIT_LOG.lead/>
        {loaded(log, focus, content)}
    }
}

/// The form and the entries.
pub fn content(page: AuditPage) -> AnyView {
    let AuditPage {
        query,
        actions,
        kinds,
        rows,
        newest,
        older,
    } = page;
    let is_narrowed = query != AuditQuery::default();
    let list = if rows.is_empty() {
        nothing(is_narrowed)
    } else {
        let rows = rows.into_iter().map(line).collect_view();
        view! {
            <div class="card audit-list">
                <Table label="Audit log" headings=&["When", "Who", "What", "Target", "From"]>
                    {rows}
                </Table>
                {pager(newest, older)}
            </div>
        }
        .into_any()
    };
    view! {
        {filter(query, actions, kinds, is_narrowed)}
        {list}
    }
    .into_any()
}

fn nothing(is_narrowed: bool) -> AnyView {
    let (title, text) = if is_narrowed {
        (
            "Nothing found",
            "No entry is like that. Ask for fewer things at once, or for other days.",
        )
    } else {
        (
            "Nothing was changed yet",
            "As soon as somebody changes a setting, a user or a model, it is told here.",
        )
    };
    view! { <div class="card"><EmptyState name=Icon::FileText title=title text=text/></div> }
        .into_any()
}

fn filter(
    query: AuditQuery,
    actions: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    is_narrowed: bool,
) -> AnyView {
    let all = is_narrowed.then(|| view! { <A href=PAGE attr:class="button">"Show all"</A> });
    view! {
        <form class="audit-filter" method="get" action=PAGE>
            <label>"Who"<input class="input" type="search" name="actor" value=query.actor placeholder="User name"/></label>
            {select("What", "action", actions, query.action)}
            {select("Target", "kind", kinds, query.kind)}
            <label>"From"<input class="input" type="date" name="from" value=query.from/></label>
            <label>"To"<input class="input" type="date" name="to" value=query.to/></label>
            <div class="audit-filter-buttons"><button class="button">{icon(Icon::Search)} "Find"</button>{all}</div>
        </form>
    }
    .into_any()
}

fn select(
    label: &'static str,
    name: &'static str,
    options: Vec<(String, String)>,
    chosen: String,
) -> AnyView {
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{words}</option> }
        })
        .collect_view();
    view! {
        <label>
            {label}
            <span class="select">
                <select class="input" name=name>
                    <option value="">"Anything"</option>
                    {options}
                </select>
                {icon(Icon::ChevronDown)}
            </span>
        </label>
    }
    .into_any()
}

fn pager(newest: String, older: String) -> Option<AnyView> {
    if newest.is_empty() && older.is_empty() {
        return None;
    }
    let link = |href: String, words: &'static str| {
        (!href.is_empty()).then(|| view! { <A href=href attr:class="button">{words}</A> })
    };
    Some(
        view! { <nav class="pager" aria-label="Pages of the log">{link(newest, "Newest")}{link(older, "Show more")}</nav> }
            .into_any(),
    )
}

fn line(row: AuditRow) -> AnyView {
    let via = (!row.via.is_empty()).then(|| view! { <span class="cell-note">{row.via}</span> });
    let what = if row.changes.is_empty() {
        row.action.into_any()
    } else {
        let changes = row.changes.into_iter().map(change).collect_view();
        view! {
            <details class="audit-entry">
                <summary>{icon(Icon::ChevronRight)}{row.action}</summary>
                <dl>{changes}</dl>
            </details>
        }
        .into_any()
    };
    view! {
        <tr>
            <td class="cell-time" data-label="When"><RelativeTime at=row.at/></td>
            <td data-label="Who"><span>{row.who}{via}</span></td>
            <td class="cell-main">{what}</td>
            <td data-label="Target"><span class="audit-target">{row.target}<span class="cell-note">{row.kind}</span></span></td>
            <td class="audit-from" data-label="From">{row.from}</td>
        </tr>
    }
    .into_any()
}

/// Where a side is missing, the field was not there.
fn change(change: AuditChange) -> AnyView {
    let side = |class: &'static str, words: &'static str, text: Option<String>| {
        view! {
            <dd class=class>
                <span class="audit-side">{words}</span>
                {text.map_or_else(|| view! { <span class="audit-none">"not there"</span> }.into_any(), |text| view! { <pre>{text}</pre> }.into_any())}
            </dd>
        }
    };
    view! {
        <div class="audit-change">
            <dt>{change.field}</dt>
            {side("audit-before", "Before", change.before)}
            {side("audit-after", "After", change.after)}
        </div>
    }
    .into_any()
}
