//! A file of a repository's diff.

use std::sync::Arc;

use leptos::html::{Details, Div};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;

use super::comment::{comment_box, outdated};
use super::files::Files;
use super::highlights::Highlights;
use super::lines::{FileLines, file_lines};
use super::pictures::{pictures, sides};
use super::reading::Reading;
use super::regions::Regions;
use super::review::{Place, Shown, focus_box};
use super::windows::{GAP_PX, HEAD_PX, LINE_PX, keep_height};
use crate::components::chat::tool_card::counts;
use crate::components::chat::words;
use crate::components::icons::{Icon, icon_with_class};
use crate::diff::anchor::Placement;
use crate::diff::index::IndexedFile;
use crate::diff::regions::open;
use crate::diff::submodule::in_words;
use crate::diff::{DiffFile, FileChange};
use crate::view;

/// Files with more lines than this start folded.
pub const LARGE_FILE_LINES: usize = 800;

/// The file, folded or not.
#[component]
pub fn FileSection(
    highlights: Highlights,
    files: Memo<Files>,
    path: String,
    reading: Reading,
    root: Option<String>,
) -> impl IntoView {
    let Reading {
        review,
        viewed,
        windows,
        regions,
        ..
    } = reading;
    let place = StoredValue::new(Place {
        root,
        path: path.clone(),
    });
    let first_lines = files.with_untracked(|files| files.first_lines(&path));
    // One that is gone stays as it was until its view is.
    let current = Memo::new(move |before: Option<&Arc<IndexedFile>>| {
        let found = files.with(|files| files.get(&path).cloned());
        found
            .or_else(|| before.cloned())
            .unwrap_or_else(|| Arc::new(IndexedFile::of(&Arc::default())))
    });
    let read = Memo::new(move |_| {
        place.with_value(|place| current.with(|file| regions.read(place, file)))
    });
    let side = place.with_value(Regions::side);
    let opened = Memo::new(move |_| {
        current.with(|file| Arc::new(open(file.file(), side, read.get().as_deref())))
    });
    let file = Memo::new(move |_| opened.with(|opened| Arc::clone(&opened.file)));
    let html = Memo::new(move |_| current.with(|file| highlights.of(file)));
    let pushed_root = Memo::new(move |_| regions.pushed_root());
    let comments = Memo::new(move |_| {
        let pushed_root = pushed_root.get();
        place.with_value(|place| {
            current.with(|current| review.on_file(place, pushed_root.as_deref(), &current.head))
        })
    });
    let placed = Memo::new(move |_| {
        comments.with(|comments| {
            if comments.is_empty() {
                return Vec::new();
            }
            let (current, file) = (current.get(), file.get());
            let placed = comments.iter().map(|shown| {
                let found = regions.versions.place(&shown.comment, &current, &file);
                (shown.clone(), found)
            });
            // What is not found of a pull request is told there.
            let root = place.with_value(|place| place.root.clone());
            let is_told = |(shown, found): &(Shown, Placement)| {
                shown.comment.repo_root == root || *found != Placement::Outdated
            };
            placed.filter(is_told).collect()
        })
    });
    let lines = FileLines {
        reading,
        files,
        place,
        current,
        read,
        opened,
        file,
        html,
        placed,
    };
    let is_viewed = Memo::new(move |_| {
        place.with_value(|place| current.with(|file| viewed.holds(place, file)))
    });
    let is_open = place
        .with_value(|place| windows.fold(place))
        .unwrap_or_else(|| {
            let is_small = current.with_untracked(|file| file.line_count <= LARGE_FILE_LINES);
            is_small && !is_viewed.get_untracked()
        });
    let details = NodeRef::<Details>::new();
    let section = NodeRef::<Div>::new();
    let part = windows.part(first_lines > 0, move || section.get().map(Into::into));
    let is_unfolded = RwSignal::new(is_open);
    // What the page folds by itself is no choice of the reader's.
    let is_by_page = StoredValue::new(false);
    let on_toggle = move |_| {
        if let Some(details) = details.try_get_untracked().flatten() {
            if !is_by_page.get_value() {
                place.with_value(|place| windows.keep_fold(place, details.open()));
            }
            is_by_page.set_value(false);
            is_unfolded.set(details.open());
        }
    };
    let is_drawn = Memo::new(move |_| {
        // What is folded is drawn where the server draws it, for those who read without a script.
        let is_seen = part.is_near.get() && (is_unfolded.get() || first_lines > 0);
        is_seen || place.with_value(|place| windows.wants(place))
    });
    let is_empty =
        Memo::new(move |_| current.with(|file| file.line_count == 0 || file.head.is_submodule));
    let picture = Memo::new(move |_| {
        place.with_value(|place| current.with(|file| sides(regions, place, file)))
    });
    let body = move || {
        if is_empty.get() {
            return match picture.get() {
                Some(sides) => pictures(sides, is_drawn),
                None => current.with(file_note),
            };
        }
        if is_drawn.get() {
            return file_lines(lines, first_lines);
        }
        let likely_px = move || current.with(|it| it.line_count * LINE_PX + it.hunk_count * GAP_PX);
        let rest = NodeRef::<Div>::new();
        let height_px = move || Some(part.height_px(HEAD_PX, likely_px()));
        keep_height(move || rest.get().map(Into::into), height_px);
        view! { <div node_ref=rest></div> }
    };
    Effect::new(move |_| {
        if is_drawn.get() && !is_empty.get() {
            current.with(|file| highlights.ask_for(file));
        }
    });
    follow_by_versions(lines, comments, move || is_drawn.get() && !is_empty.get());
    // Comments on lines that were opened open them again.
    Effect::new(move |_| {
        if is_drawn.get() && !is_empty.get() {
            place.with_value(|place| {
                let (file, opened) = (current.get(), opened.get());
                placed.with(|placed| regions.open_for(place, &file, &opened, placed));
            });
        }
    });
    // What was looked through is folded; what has changed since is not.
    Effect::new(move |before: Option<bool>| {
        let is_viewed = is_viewed.get();
        let is_new = before.map_or_else(
            || is_viewed && place.with_value(|place| windows.fold(place)).is_none(),
            |before| before != is_viewed,
        );
        if is_new {
            place.with_value(|place| windows.forget_fold(place));
        }
        if is_new
            && let Some(details) = details.get_untracked()
            && details.open() == is_viewed
        {
            is_by_page.set_value(true);
            let _ = details.toggle_attribute_with_force("open", !is_viewed);
        }
        is_viewed
    });
    let mark = move |_| {
        let is_viewed = !is_viewed.get_untracked();
        place
            .with_value(|place| current.with_untracked(|file| viewed.mark(place, file, is_viewed)));
        if let Some(summary) = details
            .get_untracked()
            .and_then(|it| it.query_selector("summary").ok().flatten())
            && let Ok(summary) = summary.dyn_into::<web_sys::HtmlElement>()
        {
            let _ = summary.focus();
        }
    };
    let label = place.with_value(|place| format!("Viewed {}", place.path));
    view! {
        <div class="file-section" node_ref=section>
        <details class="file-head" open=is_open node_ref=details on:toggle=on_toggle>
            <summary>
                {icon_with_class(Icon::ChevronRight, "icon icon-small chevron")}
                {move || current.with(|file| file_name(&file.head))} <span class="spacer"></span>
                {move || current.with(|file| file_badge(&file.head))}
                {move || current.with(|file| numbers(&file.head))}
            </summary>
            {move || lost_box(lines)}
            {move || lost_comments(lines)}
            {move || body()}
        </details>
        <button type="button" class="file-viewed" aria-label=label aria-pressed=move || is_viewed.get().to_string() on:click=mark>
            {icon_with_class(Icon::Check, "icon icon-small")} "Viewed"
        </button>
        </div>
    }
}

/// Has the version kept that is written on, and asks where comments on other ones are as soon as the file is drawn.
fn follow_by_versions(
    lines: FileLines,
    comments: Memo<Vec<Shown>>,
    is_drawn: impl Fn() -> bool + Send + Sync + 'static,
) {
    let Reading {
        review, regions, ..
    } = lines.reading;
    let root = move || lines.place.with_value(|place| regions.root(place));
    Effect::new(move |_| {
        if is_drawn() {
            let (current, root) = (lines.current.get(), root());
            comments.with(|comments| {
                regions
                    .versions
                    .ask(root, current.path(), &current, comments);
            });
        }
    });
    Effect::new(move |_| {
        let Some(open) = review.open.get() else {
            return;
        };
        lines.place.with_value(|place| {
            if place.root == open.repo_root && place.path == open.file_name {
                regions.versions.keep(untrack(root), place, &open);
            }
        });
    });
}

/// Where a file was before; nothing when it is where it was.
fn old_path(file: &DiffFile) -> Option<&str> {
    let is_moved = matches!(file.change, FileChange::Renamed | FileChange::Copied);
    file.old_path.as_deref().filter(|_| is_moved)
}

/// A file's path in one line; of a renamed one both.
pub(super) fn file_title(file: &DiffFile) -> String {
    let path = file.path();
    old_path(file).map_or_else(|| path.to_owned(), |old| format!("{old} → {path}"))
}

/// A file's path, its name stronger than its folder; of a renamed one both.
pub(super) fn file_name(file: &DiffFile) -> AnyView {
    let path = file.path().to_owned();
    let (folder, name) = path
        .rsplit_once('/')
        .map_or((String::new(), path.clone()), |(folder, name)| {
            (format!("{folder}/"), name.to_owned())
        });
    let old = old_path(file).map(str::to_owned);
    view! {
        <span class="file-name" title=file_title(file)>
            {old.map(|old| view! { <span class="file-folder">{format!("{old} → ")}</span> })}
            <span class="file-folder">{folder}</span><span class="file-leaf">{name}</span>
        </span>
    }
}

fn numbers(file: &DiffFile) -> Option<AnyView> {
    (file.additions + file.deletions > 0 && !file.is_submodule)
        .then(|| counts(file.additions, file.deletions).into_any())
}

fn file_badge(file: &DiffFile) -> Option<AnyView> {
    let (class, words) = match file.change {
        FileChange::Added if file.is_submodule => ("badge badge-green", "new submodule"),
        FileChange::Deleted if file.is_submodule => ("badge badge-red", "deleted submodule"),
        _ if file.is_submodule => ("badge badge-purple", "submodule"),
        FileChange::Added => ("badge badge-green", "new"),
        FileChange::Deleted => ("badge badge-red", "deleted"),
        FileChange::Renamed => ("badge badge-purple", "renamed"),
        FileChange::Copied => ("badge badge-purple", "copied"),
        FileChange::ModeOnly => ("badge", "permissions"),
        FileChange::Modified if file.is_binary => ("badge", "binary"),
        FileChange::Modified => return None,
    };
    Some(view! { <span class=class>{words}</span> })
}

/// The box whose lines have changed while it was open: what is in it can still be sent.
fn lost_box(lines: FileLines) -> Option<AnyView> {
    if lines.open_range()? != Placement::Outdated {
        return None;
    }
    if lines.reading.review.is_writing.get_value() {
        focus_box();
    }
    Some(view! {
        <div class="note">
            <p class="comment-hint">"These lines have changed meanwhile. The comment will be marked as outdated."</p>
            {comment_box(lines.reading.review, || ())}
        </div>
    })
}

/// Comments on lines that are not there any more.
fn lost_comments(lines: FileLines) -> Option<AnyView> {
    let lost = lines.placed.with(|placed| {
        let lost = placed.iter().filter(|(_, it)| *it == Placement::Outdated);
        lost.map(|(shown, _)| shown.clone()).collect::<Vec<_>>()
    });
    let words = words::count(lost.len(), "outdated comment", "outdated comments");
    outdated(lines.reading.review, lost, words)
}

/// Stands where lines would.
fn file_note(indexed: &Arc<IndexedFile>) -> AnyView {
    let file = &indexed.head;
    let words = match file.change {
        _ if file.is_submodule => in_words(indexed.file()),
        _ if file.is_binary => "A binary file; its content is not shown.".to_owned(),
        FileChange::ModeOnly => format!(
            "Permissions changed from {} to {}.",
            file.old_mode.as_deref().unwrap_or("?"),
            file.new_mode.as_deref().unwrap_or("?")
        ),
        FileChange::Renamed | FileChange::Copied => "The content is the same.".to_owned(),
        _ => "The file is empty.".to_owned(),
    };
    view! { <p class="file-note">{words}</p> }
}
