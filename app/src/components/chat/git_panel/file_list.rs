//! The files of a diff as a list: how far the reader is with them, each found by a part of its path and gone to by a click.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

use super::file::file_name;
use super::review::Place;
use super::viewed::Viewed;
use crate::components::chat::tool_card::counts;
use crate::components::control_flow::{For, Show};
use crate::components::icons::{Icon, icon_with_class};
use crate::diff::DiffFile;
use crate::view;

/// With fewer files the diff itself is found as quickly.
const FEWEST: usize = 2;
/// From here on files are searched.
const SEARCHED_FROM: usize = 8;
/// Files listed at once.
const SHOWN: usize = 200;

/// The list, folded at first.
#[component]
pub fn FileList(
    /// The files in the order of the diff.
    files: Memo<Vec<Arc<DiffFile>>>,
    /// Which were looked through.
    viewed: Viewed,
    /// The work tree; none for what a git host shows.
    root: Option<String>,
) -> impl IntoView {
    let root = StoredValue::new(root);
    let query = RwSignal::new(String::new());
    let count = Memo::new(move |_| files.with(Vec::len));
    let is_viewed = move |file: &DiffFile| {
        let place = Place {
            root: root.get_value(),
            path: file.path().to_owned(),
        };
        viewed.holds(&place, file)
    };
    let viewed_count =
        move || files.with(|files| files.iter().filter(|file| is_viewed(file.as_ref())).count());
    let found = Memo::new(move |_| {
        let words = query.get().to_lowercase();
        files.with(|files| {
            let files = files.iter().enumerate();
            let found = files.filter(|(_, file)| file.path().to_lowercase().contains(words.trim()));
            found
                .map(|(position, file)| (position, Arc::clone(file)))
                .collect::<Vec<_>>()
        })
    });
    let shown = move || found.with(|found| found.iter().take(SHOWN).cloned().collect::<Vec<_>>());
    let rest = move || match found.with(Vec::len) {
        0 => Some("No file has this in its path.".to_owned()),
        all if all > SHOWN => Some(format!("{} more: search for them.", all - SHOWN)),
        _ => None,
    };
    let row = move |(position, file): (usize, Arc<DiffFile>)| {
        let name = file_name(&file);
        let numbers = counts(file.additions, file.deletions);
        let mark = move || {
            is_viewed(&file).then(|| {
                view! {
                    {icon_with_class(Icon::Check, "icon icon-small")}
                    <span class="visually-hidden">"viewed"</span>
                }
            })
        };
        view! {
            <li>
                <button type="button" class="file-list-row" on:click=move |event| go_to(&event, position)>
                    {name} <span class="spacer"></span> {move || mark()} {numbers}
                </button>
            </li>
        }
    };
    view! {
        <Show when=move || { count.get() >= FEWEST }>
            <details class="file-list">
                <summary>
                    {icon_with_class(Icon::ChevronRight, "icon icon-small chevron")} "Files" <span class="spacer"></span>
                    {move || format!("{} of {} viewed", viewed_count(), count.get())}
                </summary>
                <Show when=move || { count.get() >= SEARCHED_FROM }>
                    <input type="search" class="input" placeholder="Find a file" aria-label="Find a file" autocomplete="off"
                        prop:value=move || query.get() on:input=move |event| query.set(event_target_value(&event))/>
                </Show>
                <ul><For each=shown key=|(position, file)| (*position, Arc::as_ptr(file) as usize) children=row/></ul>
                {move || rest().map(|words| view! { <p class="file-note">{words}</p> })}
            </details>
        </Show>
    }
}

/// Brings a file's diff to the top of the panel, and the keyboard with it.
fn go_to(event: &web_sys::MouseEvent, position: usize) {
    let row: Element = event_target(event);
    let repository = row.closest(".repository").ok().flatten();
    let sections = repository.and_then(|it| it.query_selector_all(".file-section").ok());
    let section = sections.and_then(|sections| sections.get(u32::try_from(position).ok()?));
    let Some(section) = section.and_then(|it| it.dyn_into::<Element>().ok()) else {
        return;
    };
    section.scroll_into_view();
    if let Ok(Some(head)) = section.query_selector("summary")
        && let Ok(head) = head.dyn_into::<HtmlElement>()
    {
        let _ = head.focus();
    }
}
