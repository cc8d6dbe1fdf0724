//! The stream behind the git panel: a line whenever a repository looks different than in the line before.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use chrono::Utc;
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::{Stream, wrappers::ReceiverStream};

use super::{
    diff::{MAX_DIFF_BYTES, written_bytes},
    scanner::{KEPT_FOR, SCAN_PAUSE, Scanned, Scanner},
};
use crate::{
    agent::AgentState,
    protocol::{ChatScope, GitChanges, GitEvent, RepositoryChanges},
};

/// A scan happens at least this often.
const SCAN_INTERVAL: Duration = Duration::from_secs(30);

/// Lines of JSON until the reader goes away.
pub fn lines(
    state: AgentState,
    scope: ChatScope,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        tokio::select! {
            () = feed(&state.inner.scanner, &scope, &sender, SCAN_INTERVAL) => {}
            () = sender.closed() => {}
        }
    });
    ReceiverStream::new(receiver)
}

async fn feed(
    scanner: &Scanner,
    scope: &ChatScope,
    sender: &mpsc::Sender<Result<Bytes, Infallible>>,
    interval: Duration,
) {
    // Subscribed before the first scan: what is touched during it leads to another one.
    let mut ticks = scanner.ticks();
    let mut follower = scanner.follower();
    let mut shown = Shown::default();
    // What is known already is told at once, and looked at again then.
    let mut max_age = KEPT_FOR;
    loop {
        let begun = Instant::now();
        ticks.mark_unchanged();
        // Before the scan, so that what changes after it is heard of.
        follower.follow(&scanner.roots(scope).0).await;
        let scanned = scanner.scan(scope, max_age).await;
        for event in shown.take(scanned) {
            let Ok(mut line) = serde_json::to_vec(&event) else {
                return;
            };
            line.push(b'\n');
            if sender.send(Ok(Bytes::from(line))).await.is_err() {
                return;
            }
        }
        if max_age == KEPT_FOR {
            max_age = SCAN_PAUSE;
            continue;
        }
        let woken = tokio::time::timeout(interval, ticks.changed()).await;
        // Woken, only what was heard of is looked at again; else everything is.
        max_age = if woken.is_ok() { interval } else { SCAN_PAUSE };
        tokio::time::sleep_until(begun + SCAN_PAUSE).await;
    }
}

/// What the reader was told.
#[derive(Default)]
struct Shown {
    repositories: BTreeMap<String, Arc<RepositoryChanges>>,
    left_out: u64,
    problem: Option<String>,
    has_begun: bool,
}

impl Shown {
    /// What the reader must be told now; a sign of life when there is nothing.
    fn take(&mut self, scanned: Scanned) -> Vec<GitEvent> {
        let left_out = scanned.left_out;
        let (changed, problem) = self.compare(scanned);
        let mut events = Vec::new();
        if !changed.is_empty() || !self.has_begun || self.left_out != left_out {
            events = messages(changed, left_out);
        }
        (self.has_begun, self.left_out) = (true, left_out);
        if problem != self.problem {
            self.problem.clone_from(&problem);
            events.extend(problem.map(|message| GitEvent::Error { message }));
        }
        if events.is_empty() {
            events.push(GitEvent::Alive);
        }
        events
    }

    fn compare(&mut self, scanned: Scanned) -> (Vec<RepositoryChanges>, Option<String>) {
        let mut present = BTreeSet::new();
        let (mut changed, mut problem) = (Vec::new(), None);
        for (root, repository) in scanned.repositories {
            let root = root.display().to_string();
            match repository {
                Ok(repository) => {
                    if self.repositories.get(&root) != Some(&repository) {
                        changed.push(repository.as_ref().clone());
                        self.repositories.insert(root.clone(), repository);
                    }
                }
                Err(error) => {
                    problem = Some(format!("{root}: {error}"));
                    // Told anew when it can be looked at again, which ends the problem.
                    self.repositories.remove(&root);
                }
            }
            present.insert(root);
        }
        self.repositories.retain(|root, last| {
            let is_present = present.contains(root);
            if !is_present {
                changed.push(gone(last));
            }
            is_present
        });
        (changed, problem)
    }
}

/// Messages of which each holds one repository, or several whose diffs are as large as one may be.
fn messages(changed: Vec<RepositoryChanges>, left_out_repositories: u64) -> Vec<GitEvent> {
    let scanned_at = Utc::now();
    let mut batches: Vec<Vec<RepositoryChanges>> = vec![Vec::new()];
    let mut room = MAX_DIFF_BYTES;
    for repository in changed {
        let size = written_bytes(&repository.unified_diff);
        match batches.last_mut() {
            Some(batch) if batch.is_empty() || size <= room => {
                room = room.saturating_sub(size);
                batch.push(repository);
            }
            _ => {
                room = MAX_DIFF_BYTES.saturating_sub(size);
                batches.push(vec![repository]);
            }
        }
    }
    let message = |repositories| {
        GitEvent::Changes(GitChanges {
            scanned_at,
            repositories,
            left_out_repositories,
        })
    };
    batches.into_iter().map(message).collect()
}

fn gone(last: &RepositoryChanges) -> RepositoryChanges {
    RepositoryChanges {
        unified_diff: String::new(),
        files: Vec::new(),
        additions: 0,
        deletions: 0,
        left_out: None,
        untracked_files: 0,
        unlisted_files: 0,
        uncommitted_files: 0,
        removed: true,
        ..last.clone()
    }
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
    use std::path::PathBuf;

    use super::super::scanner::new_repository;
    use super::*;
    use crate::git_command::GitError;

    fn repository(root: &str, diff: &str) -> RepositoryChanges {
        serde_json::from_value(serde_json::json!({"repo_root": root, "unified_diff": diff}))
            .unwrap()
    }

    fn scanned(found: Vec<(&str, Result<&str, GitError>)>) -> Scanned {
        let state = |(root, diff): (&str, Result<&str, GitError>)| {
            (
                PathBuf::from(root),
                diff.map(|diff| Arc::new(repository(root, diff))),
            )
        };
        Scanned {
            repositories: found.into_iter().map(state).collect(),
            left_out: 0,
        }
    }

    fn told(events: &[GitEvent]) -> Vec<&str> {
        let names = events.iter().map(|event| match event {
            GitEvent::Changes(changes) => changes
                .repositories
                .iter()
                .map(|repository| repository.repo_root.as_str())
                .collect(),
            GitEvent::Error { .. } => vec!["error"],
            GitEvent::Alive => vec!["alive"],
        });
        names.flatten().collect()
    }

    #[test]
    fn tells_only_what_changed_and_that_a_repository_is_gone_once() {
        let mut shown = Shown::default();
        assert_eq!(
            told(&shown.take(scanned(vec![("/a", Ok("1")), ("/b", Ok("1"))]))),
            ["/a", "/b"]
        );
        assert_eq!(
            told(&shown.take(scanned(vec![("/a", Ok("1")), ("/b", Ok("2"))]))),
            ["/b"]
        );
        assert_eq!(
            told(&shown.take(scanned(vec![("/a", Ok("1")), ("/b", Ok("2"))]))),
            ["alive"]
        );
        let events = shown.take(scanned(vec![("/a", Ok("1"))]));
        assert!(
            matches!(&events[0], GitEvent::Changes(changes) if changes.repositories[0].removed)
        );
        assert_eq!(told(&shown.take(scanned(vec![("/a", Ok("1"))]))), ["alive"]);
    }

    #[test]
    fn a_repository_that_cannot_be_read_is_said_once_hides_no_other_and_comes_back() {
        let mut shown = Shown::default();
        let failing = || scanned(vec![("/a", Err(GitError::Missing)), ("/b", Ok("1"))]);
        assert_eq!(told(&shown.take(failing())), ["/b", "error"]);
        assert_eq!(told(&shown.take(failing())), ["alive"]);
        assert_eq!(
            told(&shown.take(scanned(vec![("/a", Ok("1")), ("/b", Ok("1"))]))),
            ["/a"]
        );
    }

    /// Written by another name, which lies in a folder that nobody listens to.
    #[tokio::test]
    async fn what_nothing_tells_of_is_found_by_the_regular_scan() {
        let (folder, root, scanner) = new_repository();
        std::fs::write(root.join("file"), "before\n").unwrap();
        std::fs::hard_link(root.join("file"), folder.path().join("other")).unwrap();

        let (sender, mut receiver) = mpsc::channel(1);
        let fed = tokio::spawn(async move {
            feed(&scanner, &ChatScope::default(), &sender, SCAN_PAUSE).await;
        });
        let mut shows = async |text: &str| {
            loop {
                let line = receiver.recv().await.unwrap().unwrap();
                if String::from_utf8_lossy(&line).contains(text) {
                    break;
                }
            }
        };
        shows("+before").await;
        // Scans after the first two find nothing new: whatever was noticed of the first writing is over.
        shows("alive").await;
        shows("alive").await;
        std::fs::write(folder.path().join("other"), "afterwards\n").unwrap();
        tokio::time::timeout(Duration::from_secs(20), shows("+afterwards"))
            .await
            .unwrap();
        fed.abort();
    }

    #[test]
    fn large_diffs_go_in_messages_of_their_own() {
        let large = "x".repeat(MAX_DIFF_BYTES / 2 + 1);
        let found = vec![
            ("/a", Ok(large.as_str())),
            ("/b", Ok("1")),
            ("/c", Ok(large.as_str())),
        ];
        let events = Shown::default().take(scanned(found));
        assert_eq!(events.len(), 2);
        assert_eq!(told(&events), ["/a", "/b", "/c"]);
    }
}
