//! The files of a diff in their folders: how far the reader is with them, each found by a part of its path and gone to by a
//! click.

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;
use web_sys::Element;

use super::file::file_title;
use super::files::Files;
use super::reading::{Reading, go_to_file};
use super::review::Place;
use super::windows::Windows;
use crate::components::chat::tool_card::counts;
use crate::components::control_flow::{For, Show};
use crate::components::icons::{Icon, icon_with_class};
use crate::diff::index::IndexedFile;
use crate::diff::tree::{TreeFile, TreeFolder, TreeRow, tree_rows};
use crate::view;

/// With fewer files the diff itself is found as quickly.
const FEWEST: usize = 2;
/// From here on files are searched.
const SEARCHED_FROM: usize = 8;
/// Rows drawn at once. Folders of a diff with more files are folded at first.
const SHOWN: usize = 200;
/// Rows in so many folders stand further right for each of them (`changes.css`), deeper ones no more.
const MOST_INDENTS: usize = 8;

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
    // Folders that the reader folded or opened, in what is searched and in the whole.
    let turned = RwSignal::new(HashMap::<(bool, String), bool>::new());
    // How the others are stays as it was at first: a file more must not turn the whole tree.
    let begins_open = StoredValue::new(None::<bool>);
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
    let is_searched = Memo::new(move |_| query.with(|query| !query.trim().is_empty()));
    let rows = Memo::new_with_compare(
        move |_| {
            if !is_opened.get() {
                return Vec::new();
            }
            let found = found.get();
            let is_searched = is_searched.get();
            let begins_open = begins_open.get_value().unwrap_or_else(|| {
                let is_short = files.with(|files| files.list.len() <= SHOWN);
                begins_open.set_value(Some(is_short));
                is_short
            });
            turned.with(|turned| {
                tree_rows(found, |path| {
                    let chosen = turned.get(&(is_searched, path.to_owned()));
                    chosen.copied().unwrap_or(is_searched || begins_open)
                })
            })
        },
        |_, _| true,
    );
    let shown = move || rows.with(|rows| rows.iter().take(SHOWN).cloned().collect::<Vec<_>>());
    let rest = move || {
        let more = rows.with(Vec::len).saturating_sub(SHOWN);
        if found.with(Vec::is_empty) {
            return Some("No file has this in its path.".to_owned());
        }
        (more > 0).then(|| format!("{more} more: search for them."))
    };
    let folders = Memo::new(move |_| {
        let folder = |row: &TreeRow| match row {
            TreeRow::Folder(folder) => Some((folder.path.clone(), folder.clone())),
            TreeRow::File(_) => None,
        };
        rows.with(|rows| rows.iter().filter_map(folder).collect::<HashMap<_, _>>())
    });
    let turn = Callback::new(move |folder: TreeFolder| {
        let key = (is_searched.get_untracked(), folder.path);
        turned.update(|turned| {
            turned.insert(key, !folder.is_open);
        });
    });
    let row = move |row: TreeRow| {
        let TreeFile {
            depth,
            position,
            file,
        } = match row {
            TreeRow::Folder(folder) => return folder_row(folder, folders, turn),
            TreeRow::File(file) => file,
        };
        let title = file_title(&file.head);
        let path = file.path();
        let slash = path.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, name) = path.split_at(slash);
        let (folder, name) = (folder.to_owned(), name.to_owned());
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
                <button type="button" class="file-list-row" title=title data-depth=depth.min(MOST_INDENTS)
                    on:click=move |event| go_to(reading.windows, &event, place.clone(), position)>
                    <span class="file-list-name"><span class="visually-hidden">{folder}</span>{name}</span> <span class="spacer"></span>
                    {move || mark()} {numbers}
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
                <ul><For each=shown key=key children=row/></ul>
                {move || rest().map(|words| view! { <p class="file-note">{words}</p> })}
            </details>
        </Show>
    }
}

/// A folder's row stays while what it says changes: who folds it keeps the focus on it.
fn folder_row(
    first: TreeFolder,
    folders: Memo<HashMap<String, TreeFolder>>,
    turn: Callback<TreeFolder>,
) -> AnyView {
    let path = first.path.clone();
    let folder = Memo::new(move |_| {
        let known = folders.with(|folders| folders.get(&path).cloned());
        known.unwrap_or_else(|| first.clone())
    });
    let words = move || match folder.with(|folder| folder.file_count) {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    view! {
        <li>
            <button type="button" class="file-list-row file-list-folder" title=move || folder.with(|folder| folder.path.clone())
                data-depth=move || folder.with(|folder| folder.depth.min(MOST_INDENTS))
                aria-expanded=move || folder.with(|folder| folder.is_open.to_string())
                on:click=move |_| turn.run(folder.get_untracked())>
                {icon_with_class(Icon::ChevronRight, "icon icon-small chevron")}
                <span class="file-list-name">{move || folder.with(|folder| folder.name.clone())}</span>
                <span class="file-list-count">{words}</span> <span class="spacer"></span>
                {move || folder.with(|folder| counts(folder.additions, folder.deletions).into_any())}
            </button>
        </li>
    }
}

/// What makes a row another one.
fn key(row: &TreeRow) -> (Option<String>, usize, usize, usize) {
    match row {
        TreeRow::Folder(folder) => (Some(folder.path.clone()), 0, 0, 0),
        TreeRow::File(file) => {
            let file_address = Arc::as_ptr(&file.file) as usize;
            (None, file.position, file.depth, file_address)
        }
    }
}

/// Brings a file's diff to the top of the panel, and the keyboard with it.
fn go_to(windows: Windows, event: &web_sys::MouseEvent, place: Place, position: usize) {
    let row: Element = event_target(event);
    if let Some(repository) = row.closest(".repository").ok().flatten() {
        go_to_file(windows, &repository, place, position, true);
    }
}
