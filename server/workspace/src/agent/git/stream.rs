//! The stream behind the git panel: a line whenever a repository looks different than in the line before.

use std::{
    collections::{BTreeMap, HashSet},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use chrono::Utc;
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::{Stream, wrappers::ReceiverStream};

use crate::{
    agent::AgentState,
    protocol::{ChatScope, GitChanges, GitEvent, RepositoryChanges},
};

/// A scan happens at least this often.
const SCAN_INTERVAL: Duration = Duration::from_secs(30);
/// And at most this often.
const SCAN_PAUSE: Duration = Duration::from_secs(1);

/// Lines of JSON until the reader goes away.
pub fn lines(
    state: AgentState,
    scope: ChatScope,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        tokio::select! {
            () = feed(&state, &scope, &sender) => {}
            () = sender.closed() => {}
        }
    });
    ReceiverStream::new(receiver)
}

async fn feed(
    state: &AgentState,
    scope: &ChatScope,
    sender: &mpsc::Sender<Result<Bytes, Infallible>>,
) {
    // Subscribed before the first scan: what is touched during it leads to another one.
    let mut ticks = state.inner.scanner.ticks();
    let mut shown = BTreeMap::new();
    let mut is_first = true;
    loop {
        let begun = Instant::now();
        ticks.mark_unchanged();
        let event = next_event(state, scope, &mut shown, is_first).await;
        is_first = false;
        let Ok(mut line) = serde_json::to_vec(&event) else {
            return;
        };
        line.push(b'\n');
        if sender.send(Ok(Bytes::from(line))).await.is_err() {
            return;
        }
        let _ = tokio::time::timeout(SCAN_INTERVAL, ticks.changed()).await;
        tokio::time::sleep_until(begun + SCAN_PAUSE).await;
    }
}

async fn next_event(
    state: &AgentState,
    scope: &ChatScope,
    shown: &mut BTreeMap<String, Arc<RepositoryChanges>>,
    is_first: bool,
) -> GitEvent {
    let scanned = match state.inner.scanner.scan(scope).await {
        Ok(scanned) => scanned,
        Err(error) => {
            return GitEvent::Error {
                message: error.to_string(),
            };
        }
    };
    let present: HashSet<String> = scanned
        .iter()
        .map(|repository| repository.repo_root.clone())
        .collect();
    let mut changed = Vec::new();
    for repository in scanned {
        if shown.get(&repository.repo_root) != Some(&repository) {
            changed.push(repository.as_ref().clone());
            shown.insert(repository.repo_root.clone(), repository);
        }
    }
    shown.retain(|root, last| {
        let is_present = present.contains(root);
        if !is_present {
            changed.push(gone(last));
        }
        is_present
    });
    if changed.is_empty() && !is_first {
        return GitEvent::Alive;
    }
    GitEvent::Changes(GitChanges {
        scanned_at: Utc::now(),
        repositories: changed,
    })
}

fn gone(last: &RepositoryChanges) -> RepositoryChanges {
    RepositoryChanges {
        unified_diff: String::new(),
        files: Vec::new(),
        additions: 0,
        deletions: 0,
        left_out: None,
        removed: true,
        ..last.clone()
    }
}
