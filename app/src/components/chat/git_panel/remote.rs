//! What a chat's branch changes at its git host: its pull request, or what was pushed. Asked of the host when it is looked at.

use leptos::prelude::*;
use leptos::task::spawn_local;
use sdk::diff_statuses::DiffStatus;
use sdk::git::RepositoryChanges;
use sdk::ids::ChatId;

use super::comment::outdated;
use super::file_blocks::file_blocks;
use super::file_list::FileList;
use super::files::Files;
use super::highlights::Highlights;
use super::reading::Reading;
use super::tabs::element_id;
use crate::api::chats::{RemoteDiff, remote_diff};
use crate::components::chat::changes::Changes;
use crate::components::chat::pull_request::icon_of;
use crate::components::chat::tool_card::counts;
use crate::components::chat::words;
use crate::components::feedback::{EmptyState, ErrorState, skeleton_rows};
use crate::components::icons::{Icon, icon_with_class};
use crate::error::AppError;
use crate::view;

/// Stands for the git host where repositories are named by their paths.
pub const REMOTE: &str = "remote";

/// What is known of it. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Remote {
    /// What its host told last; nothing while nothing was pushed.
    pub status: Memo<Option<DiffStatus>>,
    /// What the host answered.
    pub answer: RwSignal<Option<Result<RemoteDiff, AppError>>>,
    chat: Option<ChatId>,
    is_asking: RwSignal<bool>,
    /// How often the reader asked for a new look.
    looks: RwSignal<u32>,
    /// Its diff, like that of a repository.
    pub changes: Changes,
}

impl Remote {
    /// Nothing asked yet. Without a chat nobody is asked.
    pub fn new(
        chat: Option<ChatId>,
        status: impl Fn() -> Option<DiffStatus> + Send + Sync + 'static,
    ) -> Self {
        // The list of chats may tell of it before this page has come to life.
        let is_alive = RwSignal::new(false);
        Effect::new(move |_| is_alive.set(true));
        let is_pushed = |status: &DiffStatus| status.url.is_some();
        Self {
            status: Memo::new(move |_| is_alive.get().then(&status)?.filter(is_pushed)),
            answer: RwSignal::new(None),
            chat,
            is_asking: RwSignal::new(false),
            looks: RwSignal::new(0),
            changes: Changes::new(Some(Vec::new()), Vec::new()),
        }
    }

    /// What its tab says.
    pub fn words(self) -> String {
        self.status.with(|status| {
            let number = status.as_ref().and_then(|status| status.pr_number);
            number.map_or_else(
                || "Pushed branch".to_owned(),
                |number| format!("Pull request #{number}"),
            )
        })
    }

    /// Added and removed lines.
    pub fn counts(self) -> Option<(u32, u32)> {
        self.status.with(|status| {
            let status = status.as_ref()?;
            (status.changed_files > 0).then_some((status.additions, status.deletions))
        })
    }

    /// Where it was pushed to.
    pub fn origin(self) -> Option<String> {
        self.answer.with(|answer| {
            let answer = answer.as_ref()?.as_ref().ok()?;
            answer.remote_origin.clone()
        })
    }

    /// Asks again, where it is looked at.
    pub fn refresh(self) {
        self.looks.update(|looks| *looks += 1);
    }

    fn ask(self) {
        let Some(chat) = self.chat.filter(|_| !self.is_asking.get_untracked()) else {
            return;
        };
        self.is_asking.set(true);
        spawn_local(async move {
            let answer = remote_diff(chat).await;
            if self.is_asking.try_set(false).is_none() {
                self.take(answer);
            }
        });
    }

    /// Shows an answer. What was seen before stays when another one does not come.
    pub fn take(self, answer: Result<RemoteDiff, AppError>) {
        if let Ok(remote) = &answer {
            let shown = RepositoryChanges {
                unified_diff: remote.diff.clone(),
                ..RepositoryChanges::default()
            };
            self.changes.repositories.set(vec![shown]);
        }
        self.answer.set(Some(answer));
    }
}

/// The view.
pub fn remote_view(remote: Remote, reading: Reading) -> AnyView {
    let highlights = Highlights::new(remote.changes);
    let files = Memo::new(move |_| {
        let repositories = remote.changes.repositories;
        repositories.with(|known| known.first().map(Files::of).unwrap_or_default())
    });
    Effect::new(move |_| {
        // A push, a review, another state: the diff may be another one, too.
        remote.status.track();
        remote.looks.track();
        remote.ask();
    });
    let count = Memo::new(move |_| files.with(|files| files.list.len()));
    let (id, label) = (element_id(REMOTE, "panel"), element_id(REMOTE, "tab"));
    view! {
        <section class="repository" id=id role="tabpanel" aria-labelledby=label>
            <div class="summary">{move || head(remote)}</div>
            {move || state(remote, files)}
            <FileList files count reading root=None/>
            {file_blocks(files, highlights, reading, None)}
            {move || {
                let review = reading.review;
                let lost = files.with(|files| review.without_file(None, files));
                let count = words::count(lost.len(), "comment", "comments");
                outdated(review, lost, format!("{count} on files that are not changed now"))
            }}
        </section>
    }
}

/// What it is, from where to where.
fn head(remote: Remote) -> Option<AnyView> {
    let status = remote.status.get()?;
    let answer = remote.answer.get().and_then(Result::ok);
    let title = status.pr_number.map_or_else(
        || "Pushed branch".to_owned(),
        |number| format!("#{number} {}", status.pull_request_title),
    );
    let state = icon_of(&status).map(|(icon, words)| {
        let tip = words.clone();
        view! { <span class="row-status-slot" title=tip>{icon} <span class="visually-hidden">{words}</span></span> }
    });
    let branch = answer.and_then(|answer| Some((answer.branch?, answer.base_branch)));
    let branch = branch.map(|(branch, base)| {
        let words = base.map_or_else(|| branch.clone(), |base| format!("{branch} → {base}"));
        let tip = words.clone();
        view! { <span class="branch" title=tip>{icon_with_class(Icon::GitBranch, "icon icon-small")} <span>{words}</span></span> }
    });
    let open = if status.pr_number.is_some() {
        "View pull request"
    } else {
        "View branch"
    };
    let tip = title.clone();
    Some(view! {
        {state} <span class="remote-title" title=tip>{title}</span> <span class="spacer"></span>
        {remote.counts().map(|(added, removed)| counts(added, removed))}
        <a class="button button-small" href=status.url target="_blank" rel="noopener noreferrer">{open}</a>
        {branch}
    })
}

/// What is said in place of files, or above them.
fn state(remote: Remote, files: Memo<Files>) -> Option<AnyView> {
    let on_retry = Callback::new(move |()| remote.refresh());
    match remote.answer.get() {
        None => Some(skeleton_rows(4).into_any()),
        Some(Err(error)) => Some(view! { <ErrorState error on_retry/> }),
        Some(Ok(answer)) if answer.diff.is_none() && answer.branch.is_some() => Some(view! {
            <EmptyState name=Icon::GitPullRequest title="The git host is not asked"
                text="Its diff is shown with a token for the host. Give one under Settings, Git hosts."/>
        }),
        Some(Ok(_)) if files.with(|files| files.list.is_empty()) => Some(view! {
            <EmptyState name=Icon::GitPullRequest title="No pushed changes yet"
                text="What the agent pushes appears here, as the git host shows it."/>
        }),
        Some(Ok(_)) => None,
    }
}
