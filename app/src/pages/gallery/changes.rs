//! Diffs, and what the right panel says of a workspace's changes.

use std::sync::Arc;

use leptos::prelude::*;
use sdk::git::RepositoryChanges;
use sdk::workspaces::{Sandbox, WorkspaceStatus};

use super::{part, samples};
use crate::api::chats::HighlightedFile;
use crate::components::chat::context::Agents;
use crate::components::chat::diff_lines::DiffLines;
use crate::components::chat::git_panel::{Changes, ChangesView};
use crate::diff;
use crate::view;

const EDITED: &str = "diff --git a/src/lib.rs b/src/lib.rs\n--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -3,4 +3,5 @@ pub fn greet\n /// A greeting for a name.\n-    format!(\"Hello, {name}\")\n+    format!(\"Good day, {name}\")\n+    // as they wish\n }\n@@ -40,1 +41,1 @@ mod tests\n-last\n\\ No newline at end of file\n+last one\n";
const OTHERS: &str = "diff --git a/NEWS.md b/NEWS.md\nnew file mode 100644\n--- /dev/null\n+++ b/NEWS.md\n@@ -0,0 +1,1 @@\n+# News\n\
    diff --git a/OLD.md b/OLD.md\ndeleted file mode 100644\n--- a/OLD.md\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-# Old\n\
    diff --git a/docs/a-very-long-folder-name/that-goes-on/begin.md b/docs/start.md\nsimilarity index 100%\nrename from docs/a-very-long-folder-name/that-goes-on/begin.md\nrename to docs/start.md\n\
    diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n\
    diff --git a/logo.png b/logo.png\nindex 1111111..2222222 100644\nBinary files a/logo.png and b/logo.png differ\n";

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
                <div class="card"><DiffLines file=file(EDITED) html=Arc::new(coloured())/></div>
                <div class="card"><DiffLines file=file(EDITED) has_numbers=false/></div>
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

/// The panel: with changes of each kind, with none, without a workspace, failed.
pub fn panels() -> impl IntoView {
    let now = Agents::expect().now.get_untracked();
    let mut unprotected = samples::workspace(WorkspaceStatus::Ready, now);
    unprotected.sandbox = Some(Sandbox::None {
        reason: "bubblewrap is not installed. Install it to keep agents apart.".to_owned(),
    });
    let ready = Some(samples::workspace(WorkspaceStatus::Ready, now));
    let failed = Changes::new(Vec::new(), Vec::new());
    failed
        .error
        .set(Some("The workspace is not connected.".to_owned()));
    let none = || Changes::new(Vec::new(), Vec::new());
    let panel = |changes, workspace| {
        view! { <div class="card"><ChangesView changes workspace=Signal::stored(workspace)/></div> }
    };
    part(
        "Changes",
        view! {
            <div class="gallery-grid">
                {panel(changed(), Some(unprotected))}
                <div class="stack">{panel(none(), ready.clone())}{panel(none(), None)}{panel(failed, ready)}</div>
            </div>
        },
    )
}

fn changed() -> Changes {
    let repository = RepositoryChanges {
        repo_root: "/srv/greeter".to_owned(),
        branch: "switchyard/greet-politely-4f2a".to_owned(),
        base_commit: Some("7466d35aa0".to_owned()),
        unified_diff: Some(format!("{EDITED}{OTHERS}")),
        changed_files: 9,
        additions: 4,
        deletions: 3,
        omitted_files: 3,
        ..RepositoryChanges::default()
    };
    let highlight = HighlightedFile {
        path: "src/lib.rs".to_owned(),
        lines: coloured(),
    };
    Changes::new(vec![repository], vec![highlight])
}
