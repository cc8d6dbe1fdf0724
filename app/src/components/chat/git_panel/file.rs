//! A file of a repository's diff.

use std::sync::Arc;

use leptos::prelude::*;

use super::highlights::Highlights;
use crate::components::chat::diff_lines::DiffLines;
use crate::components::chat::tool_card::counts;
use crate::components::icons::{Icon, icon_with_class};
use crate::diff::{DiffFile, FileChange};
use crate::view;

/// Files with more lines than this start folded.
const LARGE_FILE_LINES: usize = 800;

/// The file, folded or not.
#[component]
pub fn FileSection(
    highlights: Highlights,
    files: Memo<Vec<Arc<DiffFile>>>,
    file: Arc<DiffFile>,
) -> impl IntoView {
    let path = file.path().to_owned();
    let is_open = file.line_count() <= LARGE_FILE_LINES;
    let first = Arc::clone(&file);
    let current = Memo::new(move |_| {
        files
            .with(|files| files.iter().find(|file| file.path() == path).cloned())
            .unwrap_or_else(|| Arc::clone(&first))
    });
    let html = Memo::new(move |_| current.with(|file| highlights.of(file)));
    view! {
        <details class="file-head" open=is_open>
            <summary>
                {icon_with_class(Icon::ChevronRight, "icon icon-small chevron")}
                {move || current.with(|file| file_name(file))} <span class="spacer"></span>
                {move || current.with(|file| file_badge(file))}
                {move || current.with(|file| (file.additions + file.deletions > 0).then(|| counts(file.additions, file.deletions)))}
            </summary>
            {move || file_body(current.get(), html.get())}
        </details>
    }
}

fn file_name(file: &DiffFile) -> AnyView {
    let path = file.path().to_owned();
    let (folder, name) = path
        .rsplit_once('/')
        .map_or((String::new(), path.clone()), |(folder, name)| {
            (format!("{folder}/"), name.to_owned())
        });
    let old = file
        .old_path
        .clone()
        .filter(|_| matches!(file.change, FileChange::Renamed | FileChange::Copied));
    let title = old
        .as_ref()
        .map_or_else(|| path.clone(), |old| format!("{old} → {path}"));
    view! {
        <span class="file-name" title=title>
            {old.map(|old| view! { <span class="file-folder">{format!("{old} → ")}</span> })}
            <span class="file-folder">{folder}</span><span class="file-leaf">{name}</span>
        </span>
    }
}

fn file_badge(file: &DiffFile) -> Option<AnyView> {
    let (class, words) = match file.change {
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

fn file_body(file: Arc<DiffFile>, html: Option<Arc<Vec<String>>>) -> AnyView {
    if file.line_count() == 0 {
        let words = match file.change {
            _ if file.is_binary => "A binary file; its content is not shown.".to_owned(),
            FileChange::ModeOnly => format!(
                "Permissions changed from {} to {}.",
                file.old_mode.as_deref().unwrap_or("?"),
                file.new_mode.as_deref().unwrap_or("?")
            ),
            FileChange::Renamed | FileChange::Copied => "The content is the same.".to_owned(),
            _ => "The file is empty.".to_owned(),
        };
        return view! { <p class="file-note">{words}</p> };
    }
    match html {
        Some(html) => view! { <DiffLines file html/> },
        None => view! { <DiffLines file/> },
    }
}
