//! The right panel: what changed in the chat's workspace, live.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::git::RepositoryChanges;
use sdk::workspaces::{Sandbox, Workspace};

use super::context::Agents;
use super::diff_lines::DiffLines;
use super::frame::{Edge, Side, toggle};
use super::tool_card::counts;
use super::words;
use crate::api::chats::{HighlightedFile, render_diff};
use crate::components::button::IconButton;
use crate::components::control_flow::{For, Show};
use crate::components::feedback::EmptyState;
use crate::components::icons::{Icon, icon, icon_with_class};
use crate::components::plain::plain;
use crate::diff::{self, DiffFile, FileChange};
use crate::live::chat::OpenChat;
use crate::live::git;
use crate::live::socket::Socket;
use crate::view;

/// Files with more lines than this start folded.
const LARGE_FILE_LINES: usize = 800;

type FileKey = (String, u64);

/// The changes of an open chat. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Changes {
    repositories: RwSignal<Vec<RepositoryChanges>>,
    highlighted: RwSignal<HashMap<FileKey, Arc<Vec<String>>>>,
    /// Why the workspace cannot be watched.
    pub error: RwSignal<Option<String>>,
    socket: Socket,
    is_due: StoredValue<bool>,
}

impl Changes {
    /// Starts with what the server rendered.
    pub fn new(repositories: Vec<RepositoryChanges>, highlights: Vec<HighlightedFile>) -> Self {
        let files: Vec<_> = repositories.iter().flat_map(files_of).collect();
        Self {
            highlighted: RwSignal::new(pair_highlights(&files, highlights)),
            repositories: RwSignal::new(repositories),
            error: RwSignal::new(None),
            socket: Socket::new(),
            is_due: StoredValue::new(false),
        }
    }

    /// Follows the workspace until the current owner is cleaned up. Browser only.
    pub fn follow(self, chat: OpenChat) {
        git::follow(
            self.socket,
            chat.id,
            move |changed| {
                let _ = self
                    .repositories
                    .try_update(|known| git::merge(known, changed));
                self.highlight_soon();
            },
            move |message| {
                let _ = self.error.try_set(message);
            },
        );
    }

    /// Whether the workspace said why it cannot be watched.
    pub fn has_failed(self) -> bool {
        self.error.with(Option::is_some)
    }

    /// Asks the workspace for a new look.
    pub fn refresh(self) {
        git::refresh(self.socket);
    }

    /// Added and removed lines of everything.
    pub fn totals(self) -> (u32, u32, u32) {
        self.repositories.with(|repositories| {
            repositories
                .iter()
                .fold((0, 0, 0), |(files, added, removed), repository| {
                    (
                        files + repository.changed_files,
                        added + repository.additions,
                        removed + repository.deletions,
                    )
                })
        })
    }

    /// Colours come a moment after the lines, from the server; one question at a time.
    fn highlight_soon(self) {
        if self.is_due.try_get_value() != Some(false) {
            return;
        }
        self.is_due.set_value(true);
        set_timeout(
            move || {
                if self.is_due.try_set_value(false).is_none() {
                    self.highlight();
                }
            },
            std::time::Duration::from_millis(150),
        );
    }

    fn highlight(self) {
        for repository in self.repositories.get_untracked() {
            let Some(text) = repository.unified_diff.clone() else {
                continue;
            };
            let files = files_of(&repository);
            let is_known = self
                .highlighted
                .with_untracked(|known| files.iter().all(|file| known.contains_key(&key_of(file))));
            if is_known {
                continue;
            }
            spawn_local(async move {
                // Without colours the lines are as readable.
                if let Ok(highlights) = render_diff(text).await {
                    let pairs = pair_highlights(&files, highlights);
                    let _ = self.highlighted.try_update(|known| known.extend(pairs));
                }
            });
        }
    }
}

fn files_of(repository: &RepositoryChanges) -> Vec<Arc<DiffFile>> {
    let text = repository.unified_diff.as_deref().unwrap_or_default();
    diff::parse(text).into_iter().map(Arc::new).collect()
}

fn key_of(file: &DiffFile) -> FileKey {
    let mut hasher = DefaultHasher::new();
    file.hash(&mut hasher);
    (file.path().to_owned(), hasher.finish())
}

fn pair_highlights(
    files: &[Arc<DiffFile>],
    highlights: Vec<HighlightedFile>,
) -> HashMap<FileKey, Arc<Vec<String>>> {
    let mut by_path: HashMap<String, Vec<String>> = highlights
        .into_iter()
        .map(|file| (file.path, file.lines))
        .collect();
    files
        .iter()
        .filter_map(|file| {
            let lines = by_path
                .remove(file.path())
                .filter(|lines| lines.len() == file.line_count())?;
            Some((key_of(file), Arc::new(lines)))
        })
        .collect()
}

/// The panel.
#[component]
pub fn GitPanel(
    /// The changes.
    changes: Changes,
    /// The chat's workspace.
    #[prop(into)]
    workspace: Signal<Option<Workspace>>,
) -> impl IntoView {
    let agents = Agents::expect();
    view! {
        <section class="right-panel git-panel" id="panel" aria-label="Changes">
            <Edge side=Side::Panel/>
            <div class="panel-head">
                <h2 class="panel-title">{icon(Icon::GitBranch)} "Changes"</h2>
                <span class="spacer"></span>
                <IconButton name=Icon::RefreshCw label="Look for changes now" on:click=move |_| changes.refresh()/>
                <IconButton name=Icon::X label="Close the panel" on:click=move |_| toggle(agents, Side::Panel)/>
            </div>
            <div class="panel-body" tabindex="-1"><ChangesView changes workspace/></div>
        </section>
    }
}

/// What the panel holds.
#[component]
pub fn ChangesView(
    /// The changes.
    changes: Changes,
    /// The chat's workspace.
    #[prop(into)]
    workspace: Signal<Option<Workspace>>,
) -> impl IntoView {
    let is_empty = Memo::new(move |_| changes.totals().0 == 0);
    view! {
        {move || workspace.get().map(|workspace| place(&workspace))}
        {move || changes.error.get().map(|message| view! {
            <div class="notice notice-warning panel-notice" role="status">{icon(Icon::TriangleAlert)}{plain("p", message)}</div>
        })}
        <For each=move || changes.repositories.get() key=|repository| repository.repo_root.clone() let(repository)>
            <Repository changes root=repository.repo_root/>
        </For>
        <Show when=move || is_empty.get()>{move || nothing(workspace.get().is_some())}</Show>
    }
}

fn nothing(has_workspace: bool) -> AnyView {
    if has_workspace {
        view! { <EmptyState name=Icon::GitBranch title="No changes yet" text="What the agent changes in the workspace appears here while it works."/> }
    } else {
        view! { <EmptyState name=Icon::Folder title="No workspace" text="This chat talks only. Start a chat with a folder or an empty workspace to let an agent change files."/> }
    }
}

/// Where the agent works, and how well it is kept apart.
fn place(workspace: &Workspace) -> AnyView {
    let folder = workspace
        .folder
        .clone()
        .unwrap_or_else(|| workspace.working_directory.clone());
    let sandbox = match &workspace.sandbox {
        Some(Sandbox::None { reason }) => Some(view! {
            <details class="unprotected">
                <summary class="badge badge-amber">{icon(Icon::ShieldAlert)} "No sandbox"</summary>
                {plain("p", reason.clone())}
            </details>
        }),
        _ => None,
    };
    view! {
        <div class="place">
            <span class="place-folder" title=workspace.working_directory.clone()>{icon_with_class(Icon::Folder, "icon icon-small")} <span>{folder}</span></span>
            {sandbox}
        </div>
    }
}

fn branch_view(branch: String) -> impl IntoView {
    let title = branch.clone();
    view! { <span class="branch" title=title>{icon_with_class(Icon::GitBranch, "icon icon-small")} <span>{branch}</span></span> }
}

#[component]
fn Repository(changes: Changes, root: String) -> impl IntoView {
    let repository = Memo::new(move |_| {
        changes.repositories.with(|known| {
            known
                .iter()
                .find(|repository| repository.repo_root == root)
                .cloned()
        })
    });
    let files = Memo::new(move |_| {
        repository.with(|repository| repository.as_ref().map(files_of).unwrap_or_default())
    });
    let branch = move || {
        repository.with(|repository| {
            repository
                .as_ref()
                .map(|repository| repository.branch.clone())
                .filter(|branch| !branch.is_empty())
        })
    };
    let base = move || {
        repository.with(|repository| {
            repository
                .as_ref()
                .and_then(|repository| repository.base_commit.clone())
        })
    };
    let numbers = move || {
        repository.with(|repository| {
            repository.as_ref().filter(|repository| repository.changed_files > 0).map(|repository| {
                let files = words::count(usize::try_from(repository.changed_files).unwrap_or(0), "file", "files");
                view! { <span class="summary-files">{files}</span>{counts(repository.additions, repository.deletions)} }
            })
        })
    };
    let omitted = move || {
        repository.with(|repository| {
            repository
                .as_ref()
                .map_or(0, |repository| repository.omitted_files)
        })
    };
    view! {
        <section class="repository">
            <div class="summary">
                {move || branch().map(branch_view)}
                {move || base().map(|base| view! { <span class="base" title=base.clone()>"against " {plain("code", base.chars().take(8).collect::<String>())}</span> })}
                <span class="spacer"></span> {move || numbers()}
            </div>
            {move || (omitted() > 0).then(|| view! {
                <div class="notice panel-notice" role="status">
                    {icon(Icon::Info)} <p class="notice-title">"This diff is too large to show whole"</p>
                    <p class="notice-detail">{format!("{} are left out. Look at them in the workspace.", words::count(usize::try_from(omitted()).unwrap_or(0), "file", "files"))}</p>
                </div>
            })}
            <For each=move || files.get() key=|file| file.path().to_owned() let(file)>
                <FileSection changes files file/>
            </For>
        </section>
    }
}

#[component]
fn FileSection(
    changes: Changes,
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
    let html = Memo::new(move |_| {
        let key = current.with(|file| key_of(file));
        changes.highlighted.with(|known| known.get(&key).cloned())
    });
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
