//! One repository: its branch, what changed in it, and the button that asks for a commit.

use leptos::prelude::*;
use sdk::git::{OmittedFile, RepositoryChanges};

use super::comment::outdated;
use super::commit;
use super::file_blocks::file_blocks;
use super::file_list::FileList;
use super::files::Files;
use super::highlights::Highlights;
use super::reading::Reading;
use super::review::Review;
use super::tabs::element_id;
use crate::components::button::Button;
use crate::components::chat::changes::Changes;
use crate::components::chat::tool_card::counts;
use crate::components::chat::words;
use crate::components::control_flow::Show;
use crate::components::feedback::EmptyState;
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::plain::plain;
use crate::view;

/// The repository.
#[component]
pub fn RepositoryView(
    changes: Changes,
    highlights: Highlights,
    reading: Reading,
    root: String,
    is_one_of_several: Memo<bool>,
    on_commit: Callback<String>,
    can_commit: Signal<bool>,
) -> impl IntoView {
    let (id, label) = (element_id(&root, "panel"), element_id(&root, "tab"));
    let own_root = StoredValue::new(root.clone());
    let repository = Memo::new(move |_| {
        changes.repositories.with(|known| {
            let found = known.iter().find(|repository| repository.repo_root == root);
            found.cloned().unwrap_or_default()
        })
    });
    let files = Memo::new(move |_| repository.with(Files::of));
    let count = Memo::new(move |_| {
        let known = files.with(|files| files.list.len());
        let all = || {
            repository.with(|it| number(it.changed_files - it.omitted_files.min(it.changed_files)))
        };
        if changes.are_cut.get() {
            all().max(known)
        } else {
            known
        }
    });
    let is_unchanged = Memo::new(move |_| repository.with(|known| known.changed_files == 0));
    let ask = move |_| {
        let request = repository
            .with_untracked(|known| commit::request(known, is_one_of_several.get_untracked()));
        on_commit.run(request);
    };
    // Its list of names stays open while other files change.
    let left_out = Memo::new(move |_| repository.with(|it| (it.omitted_files, it.omitted.clone())));
    let may_commit =
        move || can_commit.get() && repository.with(|known| known.uncommitted_files > 0);
    view! {
        <section class="repository" id=id
            role=move || is_one_of_several.get().then_some("tabpanel")
            aria-labelledby=move || is_one_of_several.get().then(|| label.clone())>
            <div class="summary">
                {move || repository.with(|known| head(known, is_one_of_several.get()))} <span class="spacer"></span>
                {move || repository.with(numbers)}
                <Show when=may_commit><Button is_small=true on_click=ask>"Ask to commit"</Button></Show>
            </div>
            {move || repository.with(details)}
            {move || left_out.with(|(files, named)| omitted(*files, named))}
            <Show when=move || is_unchanged.get()>
                <EmptyState name=Icon::GitBranch title="No changes yet" text="What the agent changes in the workspace appears here while it works."/>
            </Show>
            <FileList files count reading root=Some(own_root.get_value())/>
            {file_blocks(files, highlights, reading, Some(own_root.get_value()))}
            {move || changes.are_cut.get().then(|| rest_follows(files.with(|files| files.list.len()), count.get()))}
            {move || (!changes.are_cut.get()).then(|| lost_comments(reading.review, own_root, files))}
        </section>
    }
}

/// Stands below the beginning of many changes until the workspace has told the rest.
fn rest_follows(shown: usize, all: usize) -> Option<AnyView> {
    (shown < all).then(|| {
        let words =
            format!("The first {shown} of {all} files. The others follow once the page runs.");
        view! { <p class="file-note">{words}</p> }
    })
}

/// Comments on files in which nothing is changed any more.
fn lost_comments(review: Review, root: StoredValue<String>, files: Memo<Files>) -> Option<AnyView> {
    let lost = files.with(|files| root.with_value(|root| review.without_file(Some(root), files)));
    let count = words::count(lost.len(), "comment", "comments");
    outdated(
        review,
        lost,
        format!("{count} on files that are not changed now"),
    )
}

fn head(repository: &RepositoryChanges, is_one_of_several: bool) -> AnyView {
    let root = is_one_of_several.then(|| {
        let (title, root) = (repository.repo_root.clone(), repository.repo_root.clone());
        view! { <span class="place-folder" title=title>{icon_with_class(Icon::Folder, "icon icon-small")} <span>{root}</span></span> }
    });
    let branch = repository.branch.clone();
    let (title, words) = if branch.is_empty() {
        ("HEAD is detached".to_owned(), "no branch".to_owned())
    } else {
        (branch.clone(), branch)
    };
    let base = repository.base_commit.clone().map(|base| {
        let short: String = base.chars().take(8).collect();
        view! { <span class="base" title=base>"against " {plain("code", short)}</span> }
    });
    view! {
        {root}
        <span class="branch" title=title>{icon_with_class(Icon::GitBranch, "icon icon-small")} <span>{words}</span></span>
        {base}
    }
}

fn numbers(repository: &RepositoryChanges) -> Option<AnyView> {
    (repository.changed_files > 0).then(|| {
        let files = words::count(number(repository.changed_files), "file", "files");
        view! { <span class="summary-files">{files}</span>{counts(repository.additions, repository.deletions)} }
    })
}

/// What is not tracked, what is not committed, and where it comes from.
fn details(repository: &RepositoryChanges) -> Option<AnyView> {
    let mut parts = Vec::new();
    if repository.untracked_files > 0 {
        parts.push(words::count(
            number(repository.untracked_files),
            "untracked file",
            "untracked files",
        ));
    }
    if repository.changed_files > 0 && repository.uncommitted_files == 0 {
        parts.push("everything is committed".to_owned());
    } else if repository.uncommitted_files < repository.changed_files {
        parts.push(format!("{} not committed", repository.uncommitted_files));
    }
    if let Some(origin) = &repository.remote_origin {
        parts.push(format!("origin {origin}"));
    }
    let words = parts.join(" · ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let words: String = first.into_iter().chain(letters).collect();
    let title = words.clone();
    (!words.is_empty()).then(|| view! { <p class="repository-details" title=title>{words}</p> })
}

fn omitted(files: u32, named: &[OmittedFile]) -> Option<AnyView> {
    (files > 0).then(|| {
        let unnamed = number(files).saturating_sub(named.len());
        let files = words::count(number(files), "file is", "files are");
        let rows = named.iter().map(|file| {
            view! {
                <li>
                    <code>{file.path.clone()}</code> <span class="spacer"></span> {counts(file.additions, file.deletions)}
                </li>
            }
        });
        let rows = rows.collect_view();
        let names = (!named.is_empty()).then(|| {
            let rest = (unnamed > 0).then(|| view! { <li>{format!("and {unnamed} more")}</li> });
            view! { <details class="omitted-files"><summary>"Which ones"</summary><ul>{rows} {rest}</ul></details> }
        });
        view! {
            <div class="notice panel-notice" role="status">
                {icon(Icon::Info)} <p class="notice-title">"This diff is too large to show whole"</p>
                <p class="notice-detail">{format!("{files} left out. Look at them in the workspace.")}</p>
                {names}
            </div>
        }
    })
}

fn number(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
