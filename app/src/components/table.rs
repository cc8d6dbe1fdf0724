//! Tables that turn into a list of small cards on a phone.

use leptos::prelude::*;

use crate::view;

/// A table. Cells carry `data-label` for the narrow form; the last cell of a row holds its actions
/// (`class="cell-actions"`).
#[component]
pub fn Table(
    /// What it lists, for assistive technology.
    #[prop(into)]
    label: String,
    /// Headings of the columns; an empty one is the column of actions.
    headings: &'static [&'static str],
    /// Rows.
    children: Children,
) -> impl IntoView {
    let headings = headings
        .iter()
        .map(|heading| {
            if heading.is_empty() {
                view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> }
            } else {
                view! { <th scope="col">{*heading}</th> }
            }
        })
        .collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-stacked" aria-label=label>
                <thead>
                    <tr>{headings}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
