//! Tables of costs: by model, by chat and by person, all with the same columns.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::api::costs::CostRow;
use crate::components::control_flow::Show;
use crate::components::table::Table;
use crate::view;

/// Rows shown before the reader asks for the rest: those that cost most.
const SHOWN_ROWS: usize = 20;

/// Headings by model.
pub const MODELS: &[&str] = &headings("Model");
/// Headings by chat.
pub const CHATS: &[&str] = &headings("Chat");
/// Headings by person.
pub const PEOPLE: &[&str] = &headings("Person");

const fn headings(of: &str) -> [&str; 7] {
    [
        of,
        "Cost",
        "Input",
        "Output",
        "Cache read",
        "Cache write",
        "Messages",
    ]
}

/// A table with its title.
pub fn cost_table(
    title: &'static str,
    headings: &'static [&'static str],
    rows: Vec<CostRow>,
) -> AnyView {
    let count = rows.len();
    let is_whole = RwSignal::new(count <= SHOWN_ROWS);
    let rows = move || {
        let shown = if is_whole.get() { count } else { SHOWN_ROWS };
        rows.iter()
            .take(shown)
            .map(|row| line(row.clone(), headings))
            .collect_view()
    };
    view! {
        <section class="settings-section">
            <h2 class="settings-section-title">{title}</h2>
            <div class="card cost-list">
                <Table label=title headings=headings>{move || rows()}</Table>
                <Show when=move || !is_whole.get()>
                    <button type="button" class="diff-more" on:click=move |_| is_whole.set(true)>
                        {format!("Show all {count}")}
                    </button>
                </Show>
            </div>
        </section>
    }
    .into_any()
}

fn line(row: CostRow, headings: &'static [&'static str]) -> AnyView {
    let cells = row
        .cells
        .into_iter()
        .zip(headings.iter().skip(1))
        .map(|(cell, heading)| view! { <td class="cell-number" data-label=*heading>{cell}</td> })
        .collect_view();
    let name = if row.href.is_empty() {
        row.name.into_any()
    } else {
        view! { <A href=row.href>{row.name}</A> }.into_any()
    };
    let note = (!row.note.is_empty()).then(|| view! { <span class="cell-note">{row.note}</span> });
    view! { <tr><td class="cell-main">{name}{note}</td>{cells}</tr> }.into_any()
}
