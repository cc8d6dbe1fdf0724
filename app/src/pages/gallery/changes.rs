//! Diffs, and what the right panel says of a workspace's changes.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use sdk::diff_statuses::{DiffStatus, PullRequestState};
use sdk::git::{GitWatchProblem, OmittedFile, RepositoryChanges};
use sdk::ids::ChatId;
use sdk::messages::Role;
use sdk::parts::{DiffComment, DiffSide, InputPart, Part};
use sdk::workspaces::{Sandbox, Workspace, WorkspaceStatus};

use super::{part, samples};
use crate::api::chats::{HighlightedFile, Picture, RemoteDiff};
use crate::components::chat::attachments::{Attachments, Progress};
use crate::components::chat::changes::{Changes, Problem};
use crate::components::chat::context::Agents;
use crate::components::chat::diff_lines::DiffLines;
use crate::components::chat::git_panel::{
    ChangesView, DiffView, Place, RegionState, Regions, Remote, Review, Viewed, drawn_pictures,
};
use crate::diff;
use crate::error::{AppError, ErrorCode};
use crate::view;

const EDITED: &str = "diff --git a/src/lib.rs b/src/lib.rs\n--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -3,4 +3,5 @@ pub fn greet\n /// A greeting for a name.\n-    format!(\"Hello, {name}\")\n+    format!(\"Good day, {name}\")\n+    // as they wish\n }\n@@ -40,1 +41,1 @@ mod tests\n-last\n\\ No newline at end of file\n+last one\n";
const OTHERS: &str = "diff --git a/NEWS.md b/NEWS.md\nnew file mode 100644\n--- /dev/null\n+++ b/NEWS.md\n@@ -0,0 +1,1 @@\n+# News\n\
    diff --git a/OLD.md b/OLD.md\ndeleted file mode 100644\n--- a/OLD.md\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-# Old\n\
    diff --git a/docs/a-very-long-folder-name/that-goes-on/begin.md b/docs/start.md\nsimilarity index 100%\nrename from docs/a-very-long-folder-name/that-goes-on/begin.md\nrename to docs/start.md\n\
    diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n\
    diff --git a/vendor/words b/vendor/words\nindex 0a1b2c3..89abcde 160000\n--- a/vendor/words\n+++ b/vendor/words\n@@ -1 +1 @@\n-Subproject commit 0a1b2c3d4e5f60718293a4b5c6d7e8f901234567\n+Subproject commit 89abcdef0123456789abcdef0123456789abcdef\n\
    diff --git a/logo.png b/logo.png\nindex 1111111..2222222 100644\nBinary files a/logo.png and b/logo.png differ\n";

/// A chat that nobody asks about.
const NOBODY: ChatId = ChatId(uuid::Uuid::nil());
const NARROW: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAKklEQVR42mMwCb1IU8QwasGoBaMWjFowasGoBaMWjFowasGoBaMWDBULAAO6aEyBJj7vAAAAAElFTkSuQmCC";
const WIDE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAAAgCAIAAAAt/+nTAAAAOElEQVR42u3PQQkAAAgEsEthI9vY/20Gn8JgBZaafi0CAgICAgICAgICAgICAgICAgICAgICAlcLhXo4W25DwmAAAAAASUVORK5CYII=";

/// Lines of a diff: with numbers and colours, without either, and more than are shown at first.
pub fn lines() -> impl IntoView {
    let lines: Vec<_> = (1..=700).map(|number| format!("+line {number}")).collect();
    let lines = lines.join("\n");
    let long = format!("--- /dev/null\n+++ b/long.txt\n@@ -0,0 +1,700 @@\n{lines}\n");
    let file = |text: &str| Arc::new(diff::parse(text).into_iter().next().unwrap_or_default());
    part(
        "Diffs",
        view! {
            <div class="stack">
                <div class="card"><DiffLines file=file(EDITED)/></div>
                <div class="card gallery-long"><DiffLines file=file(&long)/></div>
            </div>
        },
    )
}

/// A piece of HTML for each line of `EDITED`.
fn coloured() -> Vec<String> {
    let said = |words: &str| {
        format!("    format!(<span class=\"hl-string\">\"{words}, {{name}}\"</span>)")
    };
    vec![
        "<span class=\"hl-comment\">/// A greeting for a name.</span>".to_owned(),
        said("Hello"),
        said("Good day"),
        "    <span class=\"hl-comment\">// as they wish</span>".to_owned(),
        "}".to_owned(),
        "last".to_owned(),
        "last one".to_owned(),
    ]
}

/// The panel in every state.
pub fn panels() -> impl IntoView {
    let now = Agents::expect().now.get_untracked();
    let sample = |status| samples::workspace(status, now);
    let review = review(now);
    let panel = |changes, workspace| panel(changes, workspace, review, Remote::new(None, || None));
    let mut unprotected = sample(WorkspaceStatus::Ready);
    unprotected.sandbox = Some(Sandbox::None {
        reason: "bubblewrap is not installed. Install it to keep agents apart.".to_owned(),
    });
    let ready = || Some(sample(WorkspaceStatus::Ready));
    let unknown = || Changes::new(None, Vec::new());
    let known = |repositories: Vec<RepositoryChanges>| Changes::new(Some(repositories), Vec::new());
    let pushed = |answer| self::panel(unknown(), ready(), review, pushed(answer));
    let stopped = || Some(sample(WorkspaceStatus::Stopped));
    let starting = Some(sample(WorkspaceStatus::Starting));
    view! {
        {part("Changes", view! {
            <div class="gallery-grid">
                <div class="stack">{panel(changed(), Some(unprotected))}</div>
                <div class="stack">{panel(several(), ready())}{panel(known(vec![committed()]), ready())}</div>
            </div>
        })}
        {part("Changes: a pull request", view! {
            <div class="gallery-grid">
                <div class="stack">{pushed(Some(Ok(pushed_diff(Some(EDITED)))))}{pushed(None)}</div>
                <div class="stack">
                    {pushed(Some(Ok(pushed_diff(Some("")))))}{pushed(Some(Ok(pushed_diff(None))))}
                    {pushed(Some(Err(AppError::new(ErrorCode::Unavailable, "The git host refused the token (401). Give another one under Settings, Git hosts."))))}
                </div>
            </div>
        })}
        {part("Changes: comments on lines", view! { <div class="gallery-grid">{panel(known(vec![reviewed()]), ready())}</div> })}
        {part("Changes: side by side", view! {
            {drawn(changed(), ready(), review, Remote::new(None, || None), DiffView::of(true))}
            {drawn(known(vec![reviewed()]), ready(), review, Remote::new(None, || None), DiffView::of(true))}
        })}
        {part("Changes: what is not shown", view! { <div class="gallery-grid">{between(review, false)}</div>{between(review, true)} })}
        {part("Changes: pictures", view! { <div class="gallery-grid">{pictures()}</div> })}
        {part("Changes: nothing to show, nothing new", view! {
            <div class="gallery-grid">
                <div class="stack">
                    {panel(known(vec![unchanged()]), ready())}{panel(known(Vec::new()), ready())}
                    {panel(unknown(), ready())}{panel(unknown(), None)}{panel(unknown(), starting)}
                </div>
                <div class="stack">
                    {panel(away(now), ready())}{panel(failed(), ready())}
                    {panel(known(vec![committed()]), stopped())}{panel(unknown(), stopped())}
                    {panel(unknown(), Some(sample(WorkspaceStatus::Failed)))}
                </div>
            </div>
        })}
    }
}

fn panel(
    changes: Changes,
    workspace: Option<Workspace>,
    review: Review,
    remote: Remote,
) -> AnyView {
    drawn(changes, workspace, review, remote, DiffView::of(false))
}

fn drawn(
    changes: Changes,
    workspace: Option<Workspace>,
    review: Review,
    remote: Remote,
    view: DiffView,
) -> AnyView {
    let regions = Regions::new(NOBODY, false, changes, remote);
    with_regions(changes, workspace, review, remote, view, regions)
}

fn with_regions(
    changes: Changes,
    workspace: Option<Workspace>,
    review: Review,
    remote: Remote,
    view: DiffView,
    regions: Regions,
) -> AnyView {
    let (workspace, on_commit) = (Signal::stored(workspace), Callback::new(|_: String| {}));
    let can_commit = Signal::stored(true);
    view! { <div class="card"><ChangesView changes workspace review viewed=Viewed::new(None) regions view remote on_commit can_commit/></div> }
}

/// Pictures before and after, alone, while they are read, and when they cannot be shown.
fn pictures() -> AnyView {
    let picture = |address: &str, width_px, size_bytes| {
        Some(Ok(Picture {
            address: address.to_owned(),
            size_bytes,
            width_px: Some(width_px),
            height_px: Some(32),
        }))
    };
    let too_large = "The file is larger than 10 MiB; look at it in the workspace";
    let refused = Some(Err(AppError::new(ErrorCode::TooLarge, too_large)));
    let drawn = |before: Option<Option<_>>, after: Option<Option<_>>| {
        let sides = drawn_pictures(before.map(ArcRwSignal::new), after.map(ArcRwSignal::new));
        view! { <div class="card">{sides}</div> }
    };
    view! {
        <div class="stack">
            {drawn(Some(picture(NARROW, 32, 84)), Some(picture(WIDE, 64, 12_595)))}
            {drawn(None, Some(picture(WIDE, 64, 12_595)))}
        </div>
        <div class="stack">{drawn(Some(picture(NARROW, 32, 84)), Some(refused))}{drawn(Some(None), None)}</div>
    }
}

/// What is not shown between changes: as it is at first, while it is read, and when that fails.
fn between(review: Review, is_split: bool) -> AnyView {
    let hunk = |line: u32, section: &str| {
        format!(
            "@@ -{line},7 +{line},7 @@ {section}\n     let a = 1;\n     let b = 2;\n     let c = 3;\n-    a + b\n+    a + b + c\n }}\n \n /// Next.\n"
        )
    };
    let head = "diff --git a/src/sum.rs b/src/sum.rs\nindex 1111111..2222222 100644\n--- a/src/sum.rs\n+++ b/src/sum.rs\n";
    let hunks = [
        hunk(43, "pub fn sum() -> u64 {"),
        hunk(
            90,
            "pub fn sum_of_all_that_there_is(first: u64, second: u64, third: u64) -> u64 {",
        ),
        hunk(120, ""),
        hunk(5000, ""),
    ];
    let repository = RepositoryChanges {
        unified_diff: Some(format!("{head}{}", hunks.concat())),
        ..committed()
    };
    let changes = Changes::new(Some(vec![repository.clone()]), Vec::new());
    let remote = Remote::new(None, || None);
    let regions = Regions::new(NOBODY, true, changes, remote);
    let place = Place {
        root: Some(repository.repo_root),
        path: "src/sum.rs".to_owned(),
    };
    let failed = "The workspace is stopped. It starts with the next message.".to_owned();
    regions.note(&place, 2, Some(RegionState::Reading));
    regions.note(&place, 3, Some(RegionState::Failed(failed)));
    regions.note(&place, 4, Some(RegionState::Changed));
    with_regions(
        changes,
        None,
        review,
        remote,
        DiffView::of(is_split),
        regions,
    )
}

/// A pull request as its host answers.
fn pushed(answer: Option<Result<RemoteDiff, AppError>>) -> Remote {
    let status = DiffStatus {
        url: Some("https://git.example.com/acme/greeter/pull/7".to_owned()),
        pull_request_state: Some(PullRequestState::Open),
        pull_request_title: "Greet people in their own language".to_owned(),
        additions: 3,
        deletions: 2,
        changed_files: 1,
        pr_number: Some(7),
        ..DiffStatus::new(NOBODY)
    };
    let remote = Remote::new(None, move || Some(status.clone()));
    if let Some(answer) = answer {
        remote.take(answer);
    }
    remote
}

fn pushed_diff(diff: Option<&str>) -> RemoteDiff {
    RemoteDiff {
        branch: Some("switchyard/greet-politely-4f2a".to_owned()),
        base_branch: Some("main".to_owned()),
        remote_origin: None,
        diff: diff.map(str::to_owned),
    }
}

/// Comments in every state, and the box of one more.
fn review(now: DateTime<Utc>) -> Review {
    let comment = |side, start_line, end_line, content: &str, hunk: &str| DiffComment {
        file_name: "src/lib.rs".to_owned(),
        start_line,
        end_line,
        side,
        content: content.to_owned(),
        diff_hunk: Some(hunk.to_owned()),
        repo_root: Some(REVIEWED.to_owned()),
        blob: None,
    };
    let moved = samples::HUNK.replace("+3,5", "+13,5");
    let changed = samples::HUNK.replace("Good day", "Hi");
    let gone = DiffComment {
        file_name: "src/gone.rs".to_owned(),
        ..comment(DiffSide::New, 4, 4, "Is this needed?", samples::HUNK)
    };
    let sent = vec![
        Part::DiffComment(comment(
            DiffSide::New,
            4,
            5,
            "Use the title here, when there is one.\nSee the notes.",
            samples::HUNK,
        )),
        Part::DiffComment(comment(DiffSide::New, 15, 15, "Say why.", &moved)),
        Part::DiffComment(comment(DiffSide::New, 4, 4, "Too short.", &changed)),
        Part::DiffComment(gone),
    ];
    let chat = samples::chat(99, "Greet politely", sdk::chats::ChatStatus::Waiting, now);
    let messages = vec![samples::message(950, Role::User, sent, now)];
    let open = samples::open(&chat, messages);
    let attachments = Attachments::new("switchyard-gallery");
    let draft = comment(
        DiffSide::Old,
        4,
        4,
        "Keep this one for children.",
        samples::HUNK,
    );
    let ready = Progress::Ready(InputPart::DiffComment(draft));
    attachments.add("src/lib.rs:4".to_owned(), String::new(), ready);
    let review = Review::new(attachments, open.messages, open.queue, Signal::stored(true));
    let empty = comment(DiffSide::New, 6, 6, "", samples::HUNK);
    review.open.set(Some(Arc::new(empty)));
    review
}

const REVIEWED: &str = "/srv/reviewed";

fn reviewed() -> RepositoryChanges {
    RepositoryChanges {
        repo_root: REVIEWED.to_owned(),
        ..committed()
    }
}

fn unchanged() -> RepositoryChanges {
    RepositoryChanges {
        repo_root: "/srv/greeter".to_owned(),
        branch: "switchyard/greet-politely-4f2a".to_owned(),
        base_commit: Some("7466d35aa0".to_owned()),
        ..RepositoryChanges::default()
    }
}

fn repository() -> RepositoryChanges {
    RepositoryChanges {
        unified_diff: Some(format!("{EDITED}{OTHERS}")),
        changed_files: 10,
        additions: 5,
        deletions: 4,
        omitted_files: 3,
        omitted: [
            ("assets/routes.json", 90_112),
            ("package-lock.json", 24_007),
        ]
        .map(|(path, additions)| OmittedFile {
            path: path.to_owned(),
            additions,
            deletions: 0,
        })
        .to_vec(),
        untracked_files: 1,
        uncommitted_files: 6,
        remote_origin: Some("https://git.example.com/acme/greeter.git".to_owned()),
        ..unchanged()
    }
}

fn committed() -> RepositoryChanges {
    RepositoryChanges {
        unified_diff: Some(EDITED.to_owned()),
        changed_files: 1,
        additions: 3,
        deletions: 2,
        ..unchanged()
    }
}

fn changed() -> Changes {
    let highlight = HighlightedFile {
        path: "src/lib.rs".to_owned(),
        lines: coloured(),
    };
    Changes::new(Some(vec![repository()]), vec![highlight])
}

/// Two of one name, one in no branch, and more than are shown.
fn several() -> Changes {
    let other = |root: &str, branch: &str| RepositoryChanges {
        repo_root: root.to_owned(),
        branch: branch.to_owned(),
        uncommitted_files: 1,
        ..committed()
    };
    let one = other("/home/agent/clients/acme/protocol", "trunk");
    let another = other("/home/agent/clients/other/protocol", "");
    let changes = Changes::new(Some(vec![unchanged(), one, another]), Vec::new());
    changes.omitted.set(2);
    changes
}

fn away(now: DateTime<Utc>) -> Changes {
    let changes = Changes::new(Some(vec![committed()]), Vec::new());
    changes.problem.set(Some(Problem {
        message: "The workspace's agent lost its connection. It connects again by itself."
            .to_owned(),
        reason: Some(GitWatchProblem::Reconnecting),
        since: Some(now - TimeDelta::minutes(3)),
    }));
    changes
}

fn failed() -> Changes {
    let changes = Changes::new(None, Vec::new());
    changes.problem.set(Some(Problem {
        message: "/srv/greeter: git status failed: fatal: index file corrupt".to_owned(),
        reason: None,
        since: None,
    }));
    changes
}
