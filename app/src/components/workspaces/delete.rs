//! Deleting a workspace, after a question that names what would be lost.

use leptos::prelude::*;
use sdk::workspaces::{UnsavedWork, Workspace, WorkspaceMode};

use crate::api::workspaces::{FindUnsavedWork, RemoveWorkspace};
use crate::components::dialog::{self, ConfirmDialog, Question};
use crate::components::form::{error_of, on_answer};
use crate::error::ErrorCode;
use crate::view;

const DIALOG: &str = "delete-workspace";
/// Files and commits that the question names; the rest is counted.
const NAMED: usize = 5;

/// The question. The work that would be lost is looked for while it stands.
#[component]
pub fn DeleteWorkspace(
    /// The workspace that it is about; asked each time that this is set.
    #[prop(into)]
    asked: Signal<Option<Workspace>>,
    /// Hears when it is gone.
    on_deleted: Callback<()>,
) -> impl IntoView {
    let workspace = RwSignal::new(None::<Workspace>);
    let look = ServerAction::<FindUnsavedWork>::new();
    let delete = ServerAction::<RemoveWorkspace>::new();
    let id = move || workspace.with_untracked(|workspace| workspace.as_ref().map(|found| found.id));
    let work = Signal::derive(move || look.value().get().and_then(Result::ok));
    let find = move || {
        if let Some(workspace_id) = id() {
            look.dispatch(FindUnsavedWork { workspace_id });
        }
    };
    Effect::new(move |_| {
        if let Some(asked) = asked.get() {
            workspace.set(Some(asked));
            delete.clear();
            look.clear();
            untrack(find);
            dialog::show(DIALOG);
        }
    });
    let confirm = move |()| {
        // Only what the question named may be lost; work that came since is refused and named first.
        let force = work.with_untracked(|work| work.as_ref().is_some_and(is_losing));
        if let Some(workspace_id) = id() {
            delete.dispatch(RemoveWorkspace {
                workspace_id,
                force,
            });
        }
    };
    on_answer(delete, DIALOG, move |()| {
        dialog::close(DIALOG);
        on_deleted.run(());
    });
    let is_refused = Memo::new(move |_| {
        error_of(delete)
            .get()
            .is_some_and(|error| error.code == ErrorCode::Conflict)
    });
    Effect::new(move |_| {
        if is_refused.get() {
            untrack(find);
        }
    });
    let error = Signal::derive(move || error_of(delete).get().or_else(|| error_of(look).get()));
    let pending = Signal::derive(move || {
        look.pending().get() || delete.pending().get() || work.with(Option::is_none)
    });
    let question = Signal::derive(move || {
        workspace.with(|workspace| {
            let workspace = workspace.as_ref();
            workspace.map(|workspace| work.with(|work| question_of(workspace, work.as_ref())))
        })
    });
    view! {
        <ConfirmDialog
            id=DIALOG
            question=Signal::derive(move || question.get().unwrap_or_default())
            pending
            error
            on_confirm=Callback::new(confirm)
        />
    }
}

fn is_losing(work: &UnsavedWork) -> bool {
    work.uncommitted_count > 0 || work.unmerged_count > 0 || work.unknown_because.is_some()
}

fn question_of(workspace: &Workspace, work: Option<&UnsavedWork>) -> Question {
    let title = format!("Delete the workspace {}?", workspace.name);
    let ends = "What runs in it is stopped. Its chats stay.";
    let Some(work) = work else {
        return Question {
            title,
            text: format!("{ends} Looking for work that would be lost…"),
            action: "Delete the workspace".to_owned(),
        };
    };
    let text = if workspace.mode == WorkspaceMode::Direct {
        format!("{ends} The folder and everything in it stay too: the agent works in it directly.")
    } else if is_losing(work) {
        format!("{ends} Lost for good: {}.", losses(work).join("; "))
    } else {
        format!(
            "{ends} Its files go, and nothing is lost: all work is in commits that other branches have too."
        )
    };
    let action = if is_losing(work) {
        "Delete and lose this work"
    } else {
        "Delete the workspace"
    };
    Question {
        title,
        text,
        action: action.to_owned(),
    }
}

fn losses(work: &UnsavedWork) -> Vec<String> {
    let mut losses = Vec::new();
    if work.uncommitted_count > 0 {
        let files = counted(work.uncommitted_count, "file", &work.uncommitted_files);
        losses.push(format!("changes that are not committed in {files}"));
    }
    if work.unmerged_count > 0 {
        let commits = counted(work.unmerged_count, "commit", &work.unmerged_commits);
        losses.push(format!("{commits} on no other branch"));
    }
    if let Some(reason) = &work.unknown_because {
        losses.push(format!(
            "perhaps more, because it cannot be found out ({reason})"
        ));
    }
    losses
}

/// `7 files (a, b, c, d, e and 2 more)`.
fn counted(count: u64, noun: &str, names: &[String]) -> String {
    let plural = if count == 1 { "" } else { "s" };
    let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let rest = count.saturating_sub(u64::try_from(named.len()).unwrap_or(u64::MAX));
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{count} {noun}{plural} ({}{more})", named.join(", "))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use serde_json::json;

    use super::*;

    fn workspace(mode: &str) -> Workspace {
        serde_json::from_value(json!({
            "id": "01900000-0000-7000-8000-000000000001",
            "name": "fix-it",
            "owner_id": "01900000-0000-7000-8000-000000000002",
            "organization_id": "01900000-0000-7000-8000-000000000003",
            "mode": mode,
            "working_directory": "/work/fix-it",
            "status": "ready",
            "status_since": "2026-01-01T00:00:00Z",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z"
        }))
        .unwrap()
    }

    fn names(count: u64) -> Vec<String> {
        (1..=count).map(|number| format!("file-{number}")).collect()
    }

    #[test]
    fn names_what_would_be_lost_and_counts_the_rest() {
        let work = UnsavedWork {
            uncommitted_files: names(7),
            uncommitted_count: 7,
            unmerged_commits: vec!["abc1234 Fix it".into()],
            unmerged_count: 1,
            ..UnsavedWork::default()
        };
        let asked = question_of(&workspace("worktree"), Some(&work));
        assert_eq!(asked.title, "Delete the workspace fix-it?");
        assert_eq!(
            asked.text,
            "What runs in it is stopped. Its chats stay. Lost for good: changes that are not committed in 7 files \
             (file-1, file-2, file-3, file-4, file-5 and 2 more); 1 commit (abc1234 Fix it) on no other branch."
        );
        assert_eq!(asked.action, "Delete and lose this work");
    }

    #[test]
    fn says_when_nothing_is_lost_and_when_nobody_knows() {
        let nothing = question_of(&workspace("worktree"), Some(&UnsavedWork::default()));
        assert!(nothing.text.contains("nothing is lost"), "{}", nothing.text);
        assert_eq!(nothing.action, "Delete the workspace");
        let direct = question_of(&workspace("direct"), Some(&UnsavedWork::default()));
        assert!(
            direct.text.contains("everything in it stay"),
            "{}",
            direct.text
        );
        let unknown = UnsavedWork {
            unknown_because: Some("git is gone".into()),
            ..UnsavedWork::default()
        };
        let asked = question_of(&workspace("empty"), Some(&unknown));
        assert!(asked.text.contains("git is gone"), "{}", asked.text);
        assert_eq!(asked.action, "Delete and lose this work");
        assert!(
            question_of(&workspace("empty"), None)
                .text
                .contains("Looking for")
        );
    }
}
