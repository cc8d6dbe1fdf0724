//! The files of a diff as a list: how far the reader is with them, each found by a part of its path and gone to by a click.

use std::sync::Arc;

use leptos::prelude::*;
use web_sys::Element;

use super::file::file_name;
use super::files::Files;
use super::reading::{Reading, go_to_file};
use super::review::Place;
use super::windows::Windows;
use crate::components::chat::tool_card::counts;
use crate::components::control_flow::{For, Show};
use crate::components::icons::{Icon, icon_with_class};
use crate::diff::index::IndexedFile;
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
    files: Memo<Files>,
    /// How many there are; more than those while only the beginning is known.
    count: Memo<usize>,
    /// Which were looked through.
    reading: Reading,
    /// The work tree; none for what a git host shows.
    root: Option<String>,
) -> impl IntoView {
    let root = StoredValue::new(root);
    let query = RwSignal::new(String::new());
    // Without a script its rows lead nowhere: they are drawn when it is opened.
    let is_opened = RwSignal::new(false);
    let place_of = move |file: &IndexedFile| Place {
        root: root.get_value(),
        path: file.path().to_owned(),
    };
    let is_viewed = move |file: &IndexedFile| reading.viewed.holds(&place_of(file), file);
    let viewed_count = move || {
        let is_viewed = |file: &&Arc<IndexedFile>| is_viewed(file.as_ref());
        files.with(|files| files.list.iter().filter(is_viewed).count())
    };
    let found = Memo::new(move |_| {
        let words = query.get().to_lowercase();
        files.with(|files| {
            let files = files.list.iter().enumerate();
            let found = files.filter(|(_, file)| file.path().to_lowercase().contains(words.trim()));
            found
                .map(|(position, file)| (position, Arc::clone(file)))
                .collect::<Vec<_>>()
        })
    });
    let shown = move || {
        let most = if is_opened.get() { SHOWN } else { 0 };
        found.with(|found| found.iter().take(most).cloned().collect::<Vec<_>>())
    };
    let rest = move || match found.with(Vec::len) {
        0 => Some("No file has this in its path.".to_owned()),
        all if all > SHOWN => Some(format!("{} more: search for them.", all - SHOWN)),
        _ => None,
    };
    let row = move |(position, file): (usize, Arc<IndexedFile>)| {
        let name = file_name(&file.head);
        let numbers = counts(file.head.additions, file.head.deletions);
        let place = place_of(&file);
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
                <button type="button" class="file-list-row" on:click=move |event| go_to(reading.windows, &event, place.clone(), position)>
                    {name} <span class="spacer"></span> {move || mark()} {numbers}
                </button>
            </li>
        }
    };
    view! {
        <Show when=move || { count.get() >= FEWEST }>
            <details class="file-list" on:toggle=move |_| is_opened.set(true)>
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
fn go_to(windows: Windows, event: &web_sys::MouseEvent, place: Place, position: usize) {
    let row: Element = event_target(event);
    if let Some(repository) = row.closest(".repository").ok().flatten() {
        go_to_file(windows, &repository, place, position, true);
    }
}
