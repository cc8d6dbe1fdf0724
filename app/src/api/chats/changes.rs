//! What changed in a chat's workspace, for the first paint, and its lines with colours. Server only.

mod marked;

use std::collections::HashMap;
use std::time::Duration;

use platform::render::{highlight_lines, offload};
use platform::{Actor, Platform};
use sdk::git::RepositoryChanges;
use sdk::ids::ChatId;
use sdk::workspaces::{Workspace, WorkspaceStatus};
use tokio::time::timeout;

use self::marked::marked;
use super::HighlightedFile;
use crate::components::chat::git_panel::{BLOCK_FILES, FIRST_LINES};
use crate::diff::index::beginning;
use crate::diff::{self, DiffFile, LineKind, changed_ranges};

/// Diffs that are larger together keep their plain lines: colours would cost more than they help.
const MAX_COLOURED_BYTES: usize = 1024 * 1024;

/// Diffs up to this size travel whole with the page.
const MAX_FIRST_BYTES: usize = 128 * 1024;

/// The first paint does not wait longer than this for the workspace; the watch brings the rest.
const FIRST_SNAPSHOT_WITHIN: Duration = Duration::from_millis(300);

/// The changes, if the workspace is awake and answers at once.
pub async fn first_snapshot(
    platform: &Platform,
    actor: &Actor,
    chat_id: ChatId,
    workspace: Option<&Workspace>,
) -> Option<Vec<RepositoryChanges>> {
    if workspace.is_none_or(|workspace| workspace.status != WorkspaceStatus::Ready) {
        return None;
    }
    let snapshot = timeout(FIRST_SNAPSHOT_WITHIN, platform.git_changes(actor, chat_id)).await;
    snapshot.ok().and_then(Result::ok)
}

/// Leaves the beginning of diffs that are large, whole files of them; whether anything was left out. A page draws no more
/// than that before its script runs, and hears the rest from the git watch.
pub fn cut(changes: &mut [RepositoryChanges]) -> bool {
    let mut is_cut = false;
    for repository in changes {
        let text = repository.unified_diff.as_deref().unwrap_or_default();
        if text.len() > MAX_FIRST_BYTES
            && let Some(beginning) = beginning(text, FIRST_LINES, BLOCK_FILES)
        {
            repository.unified_diff = Some(beginning.to_owned());
            is_cut = true;
        }
    }
    is_cut
}

/// The lines of the changes' files as highlighted HTML.
pub async fn highlight(changes: &[RepositoryChanges]) -> Vec<HighlightedFile> {
    let diffs = changes
        .iter()
        .filter_map(|repository| repository.unified_diff.clone());
    highlight_diffs(diffs.collect()).await
}

/// The lines of diffs' files as highlighted HTML. Without it, when it takes too long, the page shows plain lines.
pub async fn highlight_diffs(diffs: Vec<String>) -> Vec<HighlightedFile> {
    let size: usize = diffs.iter().map(String::len).sum();
    if size == 0 || size > MAX_COLOURED_BYTES {
        return Vec::new();
    }
    let coloured = offload(move || diffs.iter().flat_map(|diff| highlight_diff(diff)).collect());
    coloured.await.unwrap_or_default()
}

/// Lines of one text as highlighted HTML; none when it takes too long.
pub async fn highlight_text(path: String, lines: Vec<String>) -> Vec<String> {
    let size: usize = lines.iter().map(String::len).sum();
    if size > MAX_COLOURED_BYTES {
        return Vec::new();
    }
    let coloured = offload(move || {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        highlight_lines(&path, &lines)
    });
    coloured.await.unwrap_or_default()
}

fn highlight_diff(text: &str) -> Vec<HighlightedFile> {
    diff::parse(text)
        .iter()
        .filter(|file| file.line_count() > 0)
        .map(|file| HighlightedFile {
            path: file.path().to_owned(),
            lines: highlight_file(file),
        })
        .collect()
}

/// Each hunk is read twice, as it was and as it is: a removed line must not open a string in the new text.
fn highlight_file(file: &DiffFile) -> Vec<String> {
    let mut lines = Vec::with_capacity(file.line_count());
    for hunk in &file.hunks {
        let mut old = side(file, hunk, LineKind::Removed);
        let mut new = side(file, hunk, LineKind::Added);
        let ranges = changed_ranges(&hunk.lines);
        for (position, (line, marks)) in hunk.lines.iter().zip(ranges).enumerate() {
            let side = if line.kind == LineKind::Removed {
                &mut old
            } else {
                &mut new
            };
            let html = side.remove(&position).unwrap_or_default();
            lines.push(if marks.is_empty() {
                html
            } else {
                marked(&html, &marks)
            });
        }
    }
    lines
}

fn side(file: &DiffFile, hunk: &diff::Hunk, kind: LineKind) -> HashMap<usize, String> {
    let chosen: Vec<(usize, &str)> = hunk
        .lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.kind == kind || line.kind == LineKind::Context)
        .map(|(position, line)| (position, line.text.as_str()))
        .collect();
    let texts: Vec<&str> = chosen.iter().map(|(_, text)| *text).collect();
    let html = highlight_lines(file.path(), &texts);
    chosen
        .into_iter()
        .map(|(position, _)| position)
        .zip(html)
        .collect()
}
